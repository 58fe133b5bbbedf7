//! Comparisons: as operations with a result, and as branches.

use super::flow::{Flow, Handler, Handlers, Running, Slots, fall, jump, next};
use super::numeric::Width;
use super::slots::{Constant, get, set};
use crate::arithmetic::{float, integer};
use crate::program::Step;
use wasmparser::Operator;

/// The handlers of a comparison.
#[derive(Debug)]
pub(crate) struct Comparison {
    /// Gives 0 or 1.
    pub(crate) value: Handler,
    /// Jumps to `z` if it holds for `x` and `y`.
    pub(crate) branch: Handlers,
    /// The same with a constant for the second operand, for integers.
    pub(crate) constant: Option<WithConstant>,
}

/// The handlers of a comparison with a constant.
#[derive(Debug)]
pub(crate) struct WithConstant {
    /// The constant is in `z`.
    pub(crate) value: Handler,
    /// The constant is `y`, sign-extended.
    pub(crate) branch: Handlers,
    /// The constant is the `z` of the step behind.
    pub(crate) branch_wide: Handlers,
    /// First adds the constant `y` to `x`; the second operand is in the slot that `z` of the step behind names, or is that
    /// constant.
    pub(crate) add_and_branch: Handlers,
    pub(crate) add_and_branch_wide: Handlers,
}

// A comparison that branches.
macro_rules! branch {
    ($f:expr) => {
        handlers!(|cx, this, code, slots, memory| {
            if $f(get(slots, this.x), get(slots, this.y)) {
                jump::<CHARGES>(cx, this.z, slots, memory)
            } else {
                fall::<CHARGES>(cx, code, slots, memory)
            }
        })
    };
}
macro_rules! branch_k {
    ($f:expr) => {
        handlers!(|cx, this, code, slots, memory| {
            if $f(get(slots, this.x), Constant::constant(this.y as i16 as u32)) {
                jump::<CHARGES>(cx, this.z, slots, memory)
            } else {
                fall::<CHARGES>(cx, code, slots, memory)
            }
        })
    };
}
macro_rules! branch_wide_k {
    ($f:expr) => {
        handlers!(|cx, this, code, slots, memory| {
            let [_, rest @ ..] = code else { return cx.lost(code) };
            let [data, ..] = rest else { return cx.lost(code) };
            if $f(get(slots, this.x), Constant::constant(data.z)) {
                jump::<CHARGES>(cx, this.z, slots, memory)
            } else {
                fall::<CHARGES>(cx, rest, slots, memory)
            }
        })
    };
}
// The end of most loops: a count is changed and compared.
macro_rules! add_and_branch {
    ($add:expr, $f:expr, |$slots:ident, $data:ident| $second:expr) => {
        handlers!(|cx, this, code, $slots, memory| {
            let [_, rest @ ..] = code else { return cx.lost(code) };
            let [$data, ..] = rest else { return cx.lost(code) };
            let sum = $add(get($slots, this.x), Constant::constant(this.y as i16 as u32));
            set($slots, this.x, sum);
            if $f(sum, $second) {
                jump::<CHARGES>(cx, this.z, $slots, memory)
            } else {
                fall::<CHARGES>(cx, rest, $slots, memory)
            }
        })
    };
}
macro_rules! value {
    ($f:expr) => {
        handler!(|cx, this, code, slots, memory| {
            set(slots, this.x, $f(get(slots, this.y), get(slots, this.b())));
        })
    };
}
macro_rules! value_k {
    ($f:expr) => {
        handler!(|cx, this, code, slots, memory| {
            set(slots, this.x, $f(get(slots, this.y), Constant::constant(this.z)));
        })
    };
}
macro_rules! integers {
    ($width:ident::$f:ident) => {
        Comparison {
            value: value!(integer::$width::$f),
            branch: branch!(integer::$width::$f),
            constant: Some(WithConstant {
                value: value_k!(integer::$width::$f),
                branch: branch_k!(integer::$width::$f),
                branch_wide: branch_wide_k!(integer::$width::$f),
                add_and_branch: add_and_branch!(
                    integer::$width::add,
                    integer::$width::$f,
                    |slots, data| get(slots, data.b())
                ),
                add_and_branch_wide: add_and_branch!(
                    integer::$width::add,
                    integer::$width::$f,
                    |slots, data| Constant::constant(data.z)
                ),
            }),
        }
    };
}
macro_rules! floats {
    ($f:expr) => {
        Comparison { value: value!($f), branch: branch!($f), constant: None }
    };
}

/// A comparison. Those of floats that begin with `Not` hold where the other does not, NaNs included; they only branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[rustfmt::skip]
pub(crate) enum Relation {
    I32Eq, I32Ne, I32LtS, I32LtU, I32GtS, I32GtU, I32LeS, I32LeU, I32GeS, I32GeU,
    I64Eq, I64Ne, I64LtS, I64LtU, I64GtS, I64GtU, I64LeS, I64LeU, I64GeS, I64GeU,
    F32Eq, F32Ne, F32Lt, F32Gt, F32Le, F32Ge,
    F32NotLt, F32NotGt, F32NotLe, F32NotGe,
    F64Eq, F64Ne, F64Lt, F64Gt, F64Le, F64Ge,
    F64NotLt, F64NotGt, F64NotLe, F64NotGe,
}

impl Relation {
    /// The comparison that an operator is; those with zero are comparisons with a constant.
    #[rustfmt::skip]
    pub(crate) fn of(operator: &Operator<'_>) -> Option<Relation> {
        use Operator as O;
        Some(match operator {
            O::I32Eq => Relation::I32Eq,
            O::I32Ne => Relation::I32Ne,
            O::I32LtS => Relation::I32LtS,
            O::I32LtU => Relation::I32LtU,
            O::I32GtS => Relation::I32GtS,
            O::I32GtU => Relation::I32GtU,
            O::I32LeS => Relation::I32LeS,
            O::I32LeU => Relation::I32LeU,
            O::I32GeS => Relation::I32GeS,
            O::I32GeU => Relation::I32GeU,
            O::I64Eq => Relation::I64Eq,
            O::I64Ne => Relation::I64Ne,
            O::I64LtS => Relation::I64LtS,
            O::I64LtU => Relation::I64LtU,
            O::I64GtS => Relation::I64GtS,
            O::I64GtU => Relation::I64GtU,
            O::I64LeS => Relation::I64LeS,
            O::I64LeU => Relation::I64LeU,
            O::I64GeS => Relation::I64GeS,
            O::I64GeU => Relation::I64GeU,
            O::RefEq => Relation::I64Eq,
            O::F32Eq => Relation::F32Eq,
            O::F32Ne => Relation::F32Ne,
            O::F32Lt => Relation::F32Lt,
            O::F32Gt => Relation::F32Gt,
            O::F32Le => Relation::F32Le,
            O::F32Ge => Relation::F32Ge,
            O::F64Eq => Relation::F64Eq,
            O::F64Ne => Relation::F64Ne,
            O::F64Lt => Relation::F64Lt,
            O::F64Gt => Relation::F64Gt,
            O::F64Le => Relation::F64Le,
            O::F64Ge => Relation::F64Ge,
            _ => return None,
        })
    }

    /// The width of a constant operand, for integers.
    pub(crate) fn width(self) -> Option<Width> {
        // Integers come first, those of 32 bits before those of 64.
        match self as u8 {
            n if n <= Relation::I32GeU as u8 => Some(Width::Narrow),
            n if n <= Relation::I64GeU as u8 => Some(Width::Wide),
            _ => None,
        }
    }

    /// The comparison that holds where this one does not.
    #[rustfmt::skip]
    pub(crate) fn inverse(self) -> Relation {
        use Relation as R;
        match self {
            R::I32Eq => R::I32Ne,
            R::I32Ne => R::I32Eq,
            R::I32LtS => R::I32GeS,
            R::I32LtU => R::I32GeU,
            R::I32GtS => R::I32LeS,
            R::I32GtU => R::I32LeU,
            R::I32LeS => R::I32GtS,
            R::I32LeU => R::I32GtU,
            R::I32GeS => R::I32LtS,
            R::I32GeU => R::I32LtU,
            R::I64Eq => R::I64Ne,
            R::I64Ne => R::I64Eq,
            R::I64LtS => R::I64GeS,
            R::I64LtU => R::I64GeU,
            R::I64GtS => R::I64LeS,
            R::I64GtU => R::I64LeU,
            R::I64LeS => R::I64GtS,
            R::I64LeU => R::I64GtU,
            R::I64GeS => R::I64LtS,
            R::I64GeU => R::I64LtU,
            R::F32Eq => R::F32Ne,
            R::F32Ne => R::F32Eq,
            R::F32Lt => R::F32NotLt,
            R::F32NotLt => R::F32Lt,
            R::F32Gt => R::F32NotGt,
            R::F32NotGt => R::F32Gt,
            R::F32Le => R::F32NotLe,
            R::F32NotLe => R::F32Le,
            R::F32Ge => R::F32NotGe,
            R::F32NotGe => R::F32Ge,
            R::F64Eq => R::F64Ne,
            R::F64Ne => R::F64Eq,
            R::F64Lt => R::F64NotLt,
            R::F64NotLt => R::F64Lt,
            R::F64Gt => R::F64NotGt,
            R::F64NotGt => R::F64Gt,
            R::F64Le => R::F64NotLe,
            R::F64NotLe => R::F64Le,
            R::F64Ge => R::F64NotGe,
            R::F64NotGe => R::F64Ge,
        }
    }

    /// How it is executed.
    #[rustfmt::skip]
    pub(crate) fn comparison(self) -> Comparison {
        use Relation as R;
        match self {
            R::I32Eq => integers!(w32::eq),
            R::I32Ne => integers!(w32::ne),
            R::I32LtS => integers!(w32::lt_s),
            R::I32LtU => integers!(w32::lt_u),
            R::I32GtS => integers!(w32::gt_s),
            R::I32GtU => integers!(w32::gt_u),
            R::I32LeS => integers!(w32::le_s),
            R::I32LeU => integers!(w32::le_u),
            R::I32GeS => integers!(w32::ge_s),
            R::I32GeU => integers!(w32::ge_u),
            R::I64Eq => integers!(w64::eq),
            R::I64Ne => integers!(w64::ne),
            R::I64LtS => integers!(w64::lt_s),
            R::I64LtU => integers!(w64::lt_u),
            R::I64GtS => integers!(w64::gt_s),
            R::I64GtU => integers!(w64::gt_u),
            R::I64LeS => integers!(w64::le_s),
            R::I64LeU => integers!(w64::le_u),
            R::I64GeS => integers!(w64::ge_s),
            R::I64GeU => integers!(w64::ge_u),
            R::F32Eq => floats!(float::w32::eq),
            R::F32Ne => floats!(float::w32::ne),
            R::F32Lt => floats!(float::w32::lt),
            R::F32Gt => floats!(float::w32::gt),
            R::F32Le => floats!(float::w32::le),
            R::F32Ge => floats!(float::w32::ge),
            R::F32NotLt => floats!(|a, b| !float::w32::lt(a, b)),
            R::F32NotGt => floats!(|a, b| !float::w32::gt(a, b)),
            R::F32NotLe => floats!(|a, b| !float::w32::le(a, b)),
            R::F32NotGe => floats!(|a, b| !float::w32::ge(a, b)),
            R::F64Eq => floats!(float::w64::eq),
            R::F64Ne => floats!(float::w64::ne),
            R::F64Lt => floats!(float::w64::lt),
            R::F64Gt => floats!(float::w64::gt),
            R::F64Le => floats!(float::w64::le),
            R::F64Ge => floats!(float::w64::ge),
            R::F64NotLt => floats!(|a, b| !float::w64::lt(a, b)),
            R::F64NotGt => floats!(|a, b| !float::w64::gt(a, b)),
            R::F64NotLe => floats!(|a, b| !float::w64::le(a, b)),
            R::F64NotGe => floats!(|a, b| !float::w64::ge(a, b)),
        }
    }
}
