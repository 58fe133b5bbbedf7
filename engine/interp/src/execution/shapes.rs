//! The shapes of the loop's operations: how many operands, of which width, and what becomes of the result.
//!
//! They are written in terms of what the loop defines before its arms: `slot`, `set`, `jump`, `go_on` and `leave`.

// An operand, and a result, by width.
macro_rules! read {
    (32, $slot:expr) => {
        slot!($slot) as u32
    };
    (64, $slot:expr) => {
        slot!($slot)
    };
    (f32, $slot:expr) => {
        f32::from_bits(slot!($slot) as u32)
    };
    (f64, $slot:expr) => {
        f64::from_bits(slot!($slot))
    };
    (u32, $slot:expr) => {
        slot!($slot) as u32
    };
    (u64, $slot:expr) => {
        slot!($slot)
    };
}
macro_rules! write {
    (32, $slot:expr, $value:expr) => {
        set!($slot, u64::from($value))
    };
    (64, $slot:expr, $value:expr) => {
        set!($slot, $value)
    };
    (f32, $slot:expr, $value:expr) => {
        set!($slot, u64::from($value.to_bits()))
    };
    (f64, $slot:expr, $value:expr) => {
        set!($slot, $value.to_bits())
    };
    (u32, $slot:expr, $value:expr) => {
        set!($slot, u64::from($value))
    };
    (u64, $slot:expr, $value:expr) => {
        set!($slot, $value)
    };
}
// A constant operand: 32 bits, sign-extended to 64 where needed.
macro_rules! constant {
    (32, $value:expr) => {
        $value
    };
    (64, $value:expr) => {
        $value as i32 as u64
    };
}
// Two operands, a result of the same width, and no trap; with `_k` the second is a constant, here and below.
macro_rules! total {
    ($n:tt, $o:ident, $f:expr) => {
        write!($n, $o.dst, $f(read!($n, $o.a), read!($n, $o.b)))
    };
}
macro_rules! total_k {
    ($n:tt, $o:ident, $f:expr) => {
        write!($n, $o.dst, $f(read!($n, $o.a), constant!($n, $o.b)))
    };
}
// The value, or the loop ends with the trap.
macro_rules! or_trap {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(trap) => leave!(Exit::Trap(trap)),
        }
    };
}
// Two operands, and a result or a trap.
macro_rules! partial {
    ($n:tt, $o:ident, $f:expr) => {
        write!($n, $o.dst, or_trap!($f(read!($n, $o.a), read!($n, $o.b))))
    };
}
macro_rules! partial_k {
    ($n:tt, $o:ident, $f:expr) => {
        write!($n, $o.dst, or_trap!($f(read!($n, $o.a), constant!($n, $o.b))))
    };
}
// A comparison, of which the result is 0 or 1.
macro_rules! rel {
    ($n:tt, $o:ident, $f:expr) => {
        set!($o.dst, u64::from($f(read!($n, $o.a), read!($n, $o.b))))
    };
}
macro_rules! rel_k {
    ($n:tt, $o:ident, $f:expr) => {
        set!($o.dst, u64::from($f(read!($n, $o.a), constant!($n, $o.b))))
    };
}
// A comparison that branches.
macro_rules! branch {
    ($n:tt, $o:ident, $f:expr) => {
        if $f(read!($n, $o.a), read!($n, $o.b)) { jump!($o.target) } else { go_on!() }
    };
}
macro_rules! branch_k {
    ($n:tt, $o:ident, $f:expr) => {
        if $f(read!($n, $o.a), constant!($n, $o.b)) { jump!($o.target) } else { go_on!() }
    };
}
// One operand: a test, an operation, a conversion from one width to another, and one that may trap.
macro_rules! test {
    ($n:tt, $o:ident, $f:expr) => {
        set!($o.dst, u64::from($f(read!($n, $o.a))))
    };
}
macro_rules! unary {
    ($n:tt, $o:ident, $f:expr) => {
        write!($n, $o.dst, $f(read!($n, $o.a)))
    };
}
macro_rules! convert {
    ($from:tt => $to:tt, $o:ident, $function:expr) => {
        write!($to, $o.dst, $function(read!($from, $o.a)))
    };
}
macro_rules! convert_partial {
    ($from:tt => $to:tt, $o:ident, $function:expr) => {
        write!($to, $o.dst, or_trap!($function(read!($from, $o.a))))
    };
}
