//! Pairs of instructions that one operation executes: a computation whose only use is in the next.
//!
//! Each saves the way of a number through its slot, and a jump. The pairs are those that compilers write: scaled indices,
//! sums of products, mixing of bits, and addresses that are sums.

use super::flow::{Flow, Handler, Handlers, Running, Slots, jump, next};
use super::slots::{Constant, get, set};
use crate::arithmetic::{float, integer};
use crate::program::Step;
use etalon_module::Opcode;

/// How an operation combines its own operand with what the inner one gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outer {
    Add,
    /// The inner result minus the operand.
    SubFrom,
    /// The operand minus the inner result.
    Sub,
    Mul,
    And,
    Or,
    Xor,
}

/// A type of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    I32,
    I64,
    F32,
    F64,
}

impl Outer {
    fn of(opcode: Opcode, inner_first: bool) -> Option<(Type, Outer)> {
        use Opcode as O;
        let sub = if inner_first { Outer::SubFrom } else { Outer::Sub };
        Some(match opcode {
            O::I32Add => (Type::I32, Outer::Add),
            O::I32Sub => (Type::I32, sub),
            O::I32And => (Type::I32, Outer::And),
            O::I32Or => (Type::I32, Outer::Or),
            O::I32Xor => (Type::I32, Outer::Xor),
            O::I64Add => (Type::I64, Outer::Add),
            O::I64Sub => (Type::I64, sub),
            O::I64And => (Type::I64, Outer::And),
            O::I64Or => (Type::I64, Outer::Or),
            O::I64Xor => (Type::I64, Outer::Xor),
            O::F32Add => (Type::F32, Outer::Add),
            O::F32Sub => (Type::F32, sub),
            O::F32Mul => (Type::F32, Outer::Mul),
            O::F64Add => (Type::F64, Outer::Add),
            O::F64Sub => (Type::F64, sub),
            O::F64Mul => (Type::F64, Outer::Mul),
            _ => return None,
        })
    }
}

// `y` and `c` are the operands of the inner operation, `b` is that of the outer one.
macro_rules! pair {
    ($outer:expr, $inner:expr) => {
        handler!(|cx, this, code, slots, memory| {
            let inner = $inner(get(slots, this.y), get(slots, this.c()));
            set(slots, this.x, $outer(get(slots, this.b()), inner));
        })
    };
}
// The second operand of the inner operation is a constant.
macro_rules! pair_k {
    ($outer:expr, $inner:expr) => {
        handler!(|cx, this, code, slots, memory| {
            let inner = $inner(get(slots, this.y), this.c().into());
            set(slots, this.x, $outer(get(slots, this.b()), inner));
        })
    };
}
/// All outer operations of integers around one inner one.
macro_rules! integers {
    ($pair:ident, $width:ident, $outer:ident, $inner:ident) => {
        match $outer {
            Outer::Add => $pair!(integer::$width::add, integer::$width::$inner),
            Outer::SubFrom => {
                $pair!(|b, inner| integer::$width::sub(inner, b), integer::$width::$inner)
            }
            Outer::Sub => $pair!(integer::$width::sub, integer::$width::$inner),
            Outer::And => $pair!(integer::$width::and, integer::$width::$inner),
            Outer::Or => $pair!(integer::$width::or, integer::$width::$inner),
            Outer::Xor => $pair!(integer::$width::xor, integer::$width::$inner),
            Outer::Mul => return None,
        }
    };
}
/// All outer operations of floats around one inner one. Sums and products do not depend on the order, NaNs included. Only the outer
/// one makes a NaN canonical: nobody sees the inner result.
macro_rules! floats {
    ($width:ident, $outer:ident, $inner:ident) => {
        match $outer {
            Outer::Add => pair!(float::$width::add, float::$width::any_nan::$inner),
            Outer::SubFrom => {
                pair!(|b, inner| float::$width::sub(inner, b), float::$width::any_nan::$inner)
            }
            Outer::Sub => pair!(float::$width::sub, float::$width::any_nan::$inner),
            Outer::Mul => pair!(float::$width::mul, float::$width::any_nan::$inner),
            _ => return None,
        }
    };
}

/// An operation around one of two slots. `inner_first` says that the inner result is the first operand.
pub(crate) fn pair(outer: Opcode, inner: Opcode, inner_first: bool) -> Option<Handler> {
    use Opcode as O;
    let (ty, outer) = Outer::of(outer, inner_first)?;
    Some(match (ty, inner) {
        (Type::I32, O::I32Add) => integers!(pair, w32, outer, add),
        (Type::I32, O::I32Mul) => integers!(pair, w32, outer, mul),
        (Type::I32, O::I32And) => integers!(pair, w32, outer, and),
        (Type::I32, O::I32Xor) => integers!(pair, w32, outer, xor),
        (Type::I64, O::I64Add) => integers!(pair, w64, outer, add),
        (Type::I64, O::I64Mul) => integers!(pair, w64, outer, mul),
        (Type::I64, O::I64And) => integers!(pair, w64, outer, and),
        (Type::I64, O::I64Xor) => integers!(pair, w64, outer, xor),
        (Type::F32, O::F32Add) => floats!(w32, outer, add),
        (Type::F32, O::F32Sub) => floats!(w32, outer, sub),
        (Type::F32, O::F32Mul) => floats!(w32, outer, mul),
        (Type::F64, O::F64Add) => floats!(w64, outer, add),
        (Type::F64, O::F64Sub) => floats!(w64, outer, sub),
        (Type::F64, O::F64Mul) => floats!(w64, outer, mul),
        _ => return None,
    })
}

/// An operation around one of a slot and a constant without a sign.
pub(crate) fn pair_with_constant(
    outer: Opcode,
    inner: Opcode,
    inner_first: bool,
) -> Option<Handler> {
    use Opcode as O;
    let (ty, outer) = Outer::of(outer, inner_first)?;
    Some(match (ty, inner) {
        (Type::I32, O::I32Shl) => integers!(pair_k, w32, outer, shl),
        (Type::I32, O::I32ShrU) => integers!(pair_k, w32, outer, shr_u),
        (Type::I32, O::I32ShrS) => integers!(pair_k, w32, outer, shr_s),
        (Type::I32, O::I32Rotl) => integers!(pair_k, w32, outer, rotl),
        (Type::I32, O::I32And) => integers!(pair_k, w32, outer, and),
        (Type::I32, O::I32Mul) => integers!(pair_k, w32, outer, mul),
        (Type::I64, O::I64Shl) => integers!(pair_k, w64, outer, shl),
        (Type::I64, O::I64ShrU) => integers!(pair_k, w64, outer, shr_u),
        (Type::I64, O::I64ShrS) => integers!(pair_k, w64, outer, shr_s),
        (Type::I64, O::I64Rotl) => integers!(pair_k, w64, outer, rotl),
        (Type::I64, O::I64And) => integers!(pair_k, w64, outer, and),
        (Type::I64, O::I64Mul) => integers!(pair_k, w64, outer, mul),
        _ => return None,
    })
}

/// `i32.add` of a constant to a local before `br`.
pub(crate) fn add_and_br() -> Handlers {
    handlers!(|cx, this, code, slots, memory| {
        let sum = integer::w32::add(get(slots, this.x), Constant::constant(this.y as i16 as u32));
        set(slots, this.x, sum);
        jump::<CHARGES>(cx, this.z, slots, memory)
    })
}
