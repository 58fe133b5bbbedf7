//! Chains: what feeds its own result, over and over, so that the time of one is its latency.

/// A link of a chain.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// The class of the operator (gas-1, *Schedule files*).
    pub class: &'static str,
    /// The operator.
    pub operator: &'static str,
    /// The type of what is passed on.
    ty: &'static str,
    /// What makes the next value of `$x`, of `$x` and `$y`; or with `set` in front, what is done instead.
    expression: &'static str,
}

/// Links in a turn of the loop.
pub(super) const LINKS: u32 = 64;

const fn link(
    class: &'static str,
    operator: &'static str,
    ty: &'static str,
    expression: &'static str,
) -> Link {
    Link { class, operator, ty, expression }
}

/// One for each class that makes code, and for the operators that cost unlike the others of their class.
#[rustfmt::skip]
pub const ALL: &[Link] = &[
    link("int-binop", "i32.add", "i32", "(i32.add (local.get $x) (local.get $y))"),
    link("int-binop", "i64.shr_s", "i64", "(i64.shr_s (local.get $x) (local.get $y))"),
    link("int-binop", "i32.shl", "i32", "(i32.shl (local.get $x) (local.get $y))"),
    link("int-binop", "i32.mul", "i32", "(i32.mul (local.get $x) (local.get $y))"),
    link("int-binop", "i64.mul", "i64", "(i64.mul (local.get $x) (local.get $y))"),
    link("int-binop", "i32.div_u", "i32", "(i32.div_u (local.get $x) (local.get $y))"),
    link("int-binop", "i64.div_s", "i64", "(i64.div_s (local.get $x) (local.get $y))"),
    link("int-binop", "i64.rem_u", "i64", "(i64.rem_u (local.get $x) (local.get $y))"),
    link("int-unop", "i32.clz", "i32", "(i32.xor (i32.clz (local.get $x)) (local.get $y))"),
    link("int-unop", "i64.popcnt", "i64", "(i64.xor (i64.popcnt (local.get $x)) (local.get $y))"),
    link("int-testop", "i32.eqz", "i32", "(i32.xor (i32.eqz (local.get $x)) (local.get $y))"),
    link("int-relop", "i64.lt_u", "i64", "(i64.xor (i64.extend_i32_u (i64.lt_u (local.get $x) (local.get $y))) (local.get $y))"),
    link("parametric", "select", "i32", "(select (local.get $y) (i32.add (local.get $x) (local.get $y)) (local.get $x))"),
    link("load", "i32.load", "i32", "(i32.load (local.get $x))"),
    link("load", "i64.load8_u", "i32", "(i32.wrap_i64 (i64.load8_u (local.get $x)))"),
    link("store", "i32.store", "i32", "set (i32.store (local.get $z) (local.get $x)) (local.set $x (i32.load (local.get $w)))"),
    link("table", "table.get", "i32", "(i32.add (local.get $x) (ref.is_null (table.get $t (i32.and (local.get $x) (i32.const 1)))))"),
    link("float-binop", "f32.add", "f32", "(f32.add (local.get $x) (local.get $y))"),
    link("float-binop", "f64.mul", "f64", "(f64.mul (local.get $x) (local.get $y))"),
    link("float-binop", "f64.div", "f64", "(f64.div (local.get $x) (local.get $y))"),
    link("float-binop", "f64.min", "f64", "(f64.min (local.get $x) (local.get $y))"),
    link("float-unop", "f64.sqrt", "f64", "(f64.sqrt (local.get $x))"),
    link("float-unop", "f64.floor", "f64", "(f64.floor (local.get $x))"),
    link("cvtop", "f64.convert_i32_s", "i32", "(i32.trunc_sat_f64_s (f64.convert_i32_s (local.get $x)))"),
    link("cvtop", "i32.trunc_f64_s", "i32", "(i32.trunc_f64_s (f64.convert_i32_s (local.get $x)))"),
    link("wide", "i64.mul_wide_u", "i64", "(i64.xor (i64.mul_wide_u (local.get $x) (local.get $y)))"),
    link("vector-bitwise", "v128.bitselect", "v128", "(v128.bitselect (local.get $x) (local.get $y) (local.get $x))"),
    link("vector-int-binop", "i32x4.add", "v128", "(i32x4.add (local.get $x) (local.get $y))"),
    link("vector-int-binop", "i32x4.mul", "v128", "(i32x4.mul (local.get $x) (local.get $y))"),
    link("vector-int-binop", "i64x2.mul", "v128", "(i64x2.mul (local.get $x) (local.get $y))"),
    link("vector-int-unop", "i32x4.abs", "v128", "(v128.xor (i32x4.abs (local.get $x)) (local.get $y))"),
    link("vector-int-unop", "i8x16.popcnt", "v128", "(v128.xor (i8x16.popcnt (local.get $x)) (local.get $y))"),
    link("vector-int-shift", "i32x4.shl", "v128", "(i32x4.shl (local.get $x) (i32.const 1))"),
    link("vector-int-extend", "i16x8.extadd_pairwise_i8x16_s", "v128", "(i16x8.extadd_pairwise_i8x16_s (local.get $x))"),
    link("vector-relop", "i32x4.gt_s", "v128", "(v128.xor (i32x4.gt_s (local.get $x) (local.get $y)) (local.get $y))"),
    link("vector-shuffle", "i8x16.shuffle", "v128", "(i8x16.shuffle 0 17 2 19 4 21 6 23 8 25 10 27 12 29 14 31 (local.get $x) (local.get $y))"),
    link("vector-lane", "i32x4.replace_lane", "v128", "(i32x4.replace_lane 1 (local.get $x) (i32x4.extract_lane 0 (local.get $x)))"),
    link("vector-testop", "i32x4.all_true", "v128", "(i32x4.replace_lane 0 (local.get $x) (i32x4.all_true (local.get $x)))"),
    link("vector-float-binop", "f64x2.add", "v128", "(f64x2.add (local.get $x) (local.get $y))"),
    link("vector-float-binop", "f32x4.div", "v128", "(f32x4.div (local.get $x) (local.get $y))"),
    link("vector-float-unop", "f64x2.sqrt", "v128", "(f64x2.sqrt (local.get $x))"),
    link("vector-cvtop", "f32x4.convert_i32x4_s", "v128", "(i32x4.trunc_sat_f32x4_s (f32x4.convert_i32x4_s (local.get $x)))"),
    link("branch", "br_if", "i32", "set (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 1664525)) (i32.const 1013904223))) (block (br_if 0 (i32.and (i32.shr_u (local.get $x) (i32.const 16)) (i32.const 1))) (local.set $x (i32.xor (local.get $x) (i32.const 1))))"),
    link("call", "call", "i32", "(call $f (local.get $x))"),
    link("call", "call_indirect", "i32", "(call_indirect $t (type $unary) (local.get $x) (i32.const 0))"),
    link("aggregate", "struct.get", "i32", "set (local.set $s (struct.get $self 0 (local.get $s)))"),
    link("allocation", "struct.new", "i32", "set (local.set $b (struct.new $box (local.get $x))) (local.set $x (struct.get $box 0 (local.get $b)))"),
    link("cast", "ref.cast", "i32", "set (local.set $s (ref.cast (ref $self) (struct.get $self 1 (local.get $s))))"),
    link("memory-bulk", "memory.copy", "i32", "set (memory.copy (i32.const 64) (i32.const 0) (i32.add (i32.const 64) (local.get $x)))"),
    link("atomic-load", "i32.atomic.load", "i32", "(i32.atomic.load (local.get $x))"),
    link("atomic-rmw", "i32.atomic.rmw.add", "i32", "(i32.and (i32.atomic.rmw.add (i32.const 8) (local.get $x)) (i32.const 0))"),
];

impl Link {
    /// A module that exports `run`, a function of a count of turns: each is [`LINKS`] links.
    pub(super) fn module(&self) -> String {
        let Link { ty, expression, .. } = self;
        let link = match expression.strip_prefix("set ") {
            Some(instead) => instead.to_owned(),
            None => format!("(local.set $x {expression})"),
        };
        let links = link.repeat(LINKS as usize);
        let (x, y) = match *ty {
            "i32" => ("(i32.const 0)", "(i32.const 3)"),
            "i64" => ("(i64.const 0)", "(i64.const 3)"),
            "f32" => ("(f32.const 1)", "(f32.const 1.0001)"),
            "f64" => ("(f64.const 1)", "(f64.const 1.0001)"),
            _ => ("(v128.const f32x4 1 1 1 1)", "(v128.const f32x4 1.01 1.01 1.01 1.01)"),
        };
        // What `run` gets are arguments of a function, so that the compiler knows nothing of them: not that `$z` and `$w` are one
        // address, where a load takes what was stored. `$f` has a loop so that it stays a call.
        format!(
            "(module (memory 1) (type $unary (func (param i32) (result i32)))
               (type $box (struct (field (mut i32))))
               (type $self (struct (field (mut (ref null $self))) (field (mut anyref))))
               (table $t 2 funcref) (elem (table $t) (i32.const 0) func $f)
               (func $f (type $unary)
                 (if (i32.lt_s (local.get 0) (i32.const 0)) (then (loop (br_if 0 (local.get 0)))))
                 (local.get 0))
               (func $go (param $n i32) (param $x {ty}) (param $y {ty}) (param $z i32) (param $w i32) (result {ty})
                 (local $b (ref null $box)) (local $s (ref null $self))
                 (local.set $s (struct.new_default $self))
                 (struct.set $self 0 (local.get $s) (local.get $s))
                 (struct.set $self 1 (local.get $s) (local.get $s))
                 (loop $l {links}
                   (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
                 (local.get $x))
               (func (export \"run\") (param i32) (drop (call $go (local.get 0) {x} {y} (i32.const 0) (i32.const 0)))))"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::{Effort, rate_link};
    use etalon::Schedule;
    use etalon::unstable::Opcode;
    use etalon::unstable::module::Class;
    use std::time::Duration;

    /// Classes that are in no chain, and why.
    const LEFT_OUT: &[(&str, &str)] = &[
        ("control", "makes no code, or is in every loop"),
        ("variable", "makes no code"),
        ("const", "makes no code"),
        ("reference", "makes no code, or a comparison with null"),
        ("vector-const", "loads a constant once"),
        ("memory", "is known to the compiler between two calls"),
        ("exception", "is a kernel"),
        ("legacy", "is not compiled"),
        ("table-bulk", "as memory-bulk"),
        ("array-bulk", "as memory-bulk"),
        ("segment", "nothing takes its result"),
        ("float-relop", "as int-relop, with a float for its result"),
        ("vector-load", "as load"),
        ("vector-load-lane", "as load and vector-lane"),
        ("vector-store", "as store"),
        ("vector-store-lane", "as store and vector-lane"),
        ("vector-relaxed", "as the operators that it stands for"),
        ("atomic-store", "as atomic-rmw"),
        ("atomic-wait", "sleeps"),
        ("fence", "nothing takes its result"),
    ];

    #[test]
    fn each_class_is_in_a_chain_or_left_out_for_a_reason() {
        for class in Class::ALL.iter().map(|class| class.name()) {
            let chains = ALL.iter().filter(|link| link.class == class).count();
            let left_out = LEFT_OUT.iter().filter(|(name, _)| *name == class).count();
            assert!((chains > 0) != (left_out > 0), "{class}: {chains} chains");
        }
        for link in ALL {
            let opcode = Opcode::ALL.iter().find(|op| op.name() == link.operator);
            let class = opcode.and_then(|op| op.class()).map(|class| class.name());
            assert_eq!(class, Some(link.class), "{}", link.operator);
        }
    }

    /// Each runs, costs gas and takes time.
    #[test]
    fn each_chain_runs() {
        let schedule = Schedule::builtin("default").expect("it is built in");
        let effort = Effort { sample: Duration::from_nanos(1), rounds: 1 };
        for link in ALL {
            let rated = rate_link(link, &schedule, effort);
            let rated = rated.unwrap_or_else(|error| panic!("{}: {error:#}", link.operator));
            assert!(rated.gas > 1.0 && rated.nanoseconds > 0.0, "{rated:?}");
        }
    }
}
