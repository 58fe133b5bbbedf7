//! Numeric instructions ("Numeric Instructions"): which function executes which.

use super::flow::{Flow, Handler, Running, Slots, next};
use super::slots::{Constant, get, set};
use crate::arithmetic::{conversion, float, integer};
use crate::program::Step;
use wasmparser::Operator;

/// The width of the operands of an integer operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    /// 32 bits.
    Narrow,
    /// 64 bits.
    Wide,
}

impl Width {
    /// Whether an operation can hold a constant: it has 32 bits, which are sign-extended.
    pub(crate) fn fits(self, value: u64) -> bool {
        self == Width::Narrow || value as u32 as i32 as u64 == value
    }
}

// Two operands, and no trap.
macro_rules! total {
    ($f:expr) => {
        handler!(|cx, this, code, slots, memory| {
            set(slots, this.x, $f(get(slots, this.y), get(slots, this.b())));
        })
    };
}
// The second is a constant, here and below.
macro_rules! total_k {
    ($f:expr) => {
        handler!(|cx, this, code, slots, memory| {
            set(slots, this.x, $f(get(slots, this.y), Constant::constant(this.z)));
        })
    };
}
// Two operands, and a result or a trap.
macro_rules! partial {
    ($f:expr) => {
        handler!(|cx, this, code, slots, memory| {
            match $f(get(slots, this.y), get(slots, this.b())) {
                Ok(value) => set(slots, this.x, value),
                Err(trap) => return cx.trap(code, trap),
            }
        })
    };
}
macro_rules! partial_k {
    ($f:expr) => {
        handler!(|cx, this, code, slots, memory| {
            match $f(get(slots, this.y), Constant::constant(this.z)) {
                Ok(value) => set(slots, this.x, value),
                Err(trap) => return cx.trap(code, trap),
            }
        })
    };
}
// One operand.
macro_rules! unary {
    ($f:expr) => {
        handler!(|cx, this, code, slots, memory| {
            set(slots, this.x, $f(get(slots, this.y)));
        })
    };
}
macro_rules! unary_partial {
    ($f:expr) => {
        handler!(|cx, this, code, slots, memory| {
            match $f(get(slots, this.y)) {
                Ok(value) => set(slots, this.x, value),
                Err(trap) => return cx.trap(code, trap),
            }
        })
    };
}
// Both forms of an integer operator.
macro_rules! narrow {
    ($form:ident, $form_k:ident, $f:ident) => {
        ($form!(integer::w32::$f), Some(($form_k!(integer::w32::$f), Width::Narrow)))
    };
}
macro_rules! wide {
    ($form:ident, $form_k:ident, $f:ident) => {
        ($form!(integer::w64::$f), Some(($form_k!(integer::w64::$f), Width::Wide)))
    };
}

/// Operators with two operands and one result, except comparisons: their handler, and that of their form with a constant
/// for the second if there is one.
#[rustfmt::skip]
pub(crate) fn binary(operator: &Operator<'_>) -> Option<(Handler, Option<(Handler, Width)>)> {
    use Operator as O;
    Some(match operator {
        O::I32Add => narrow!(total, total_k, add),
        O::I32Sub => narrow!(total, total_k, sub),
        O::I32Mul => narrow!(total, total_k, mul),
        O::I32And => narrow!(total, total_k, and),
        O::I32Or => narrow!(total, total_k, or),
        O::I32Xor => narrow!(total, total_k, xor),
        O::I32Shl => narrow!(total, total_k, shl),
        O::I32ShrS => narrow!(total, total_k, shr_s),
        O::I32ShrU => narrow!(total, total_k, shr_u),
        O::I32Rotl => narrow!(total, total_k, rotl),
        O::I32Rotr => narrow!(total, total_k, rotr),
        O::I32DivS => narrow!(partial, partial_k, div_s),
        O::I32DivU => narrow!(partial, partial_k, div_u),
        O::I32RemS => narrow!(partial, partial_k, rem_s),
        O::I32RemU => narrow!(partial, partial_k, rem_u),
        O::I64Add => wide!(total, total_k, add),
        O::I64Sub => wide!(total, total_k, sub),
        O::I64Mul => wide!(total, total_k, mul),
        O::I64And => wide!(total, total_k, and),
        O::I64Or => wide!(total, total_k, or),
        O::I64Xor => wide!(total, total_k, xor),
        O::I64Shl => wide!(total, total_k, shl),
        O::I64ShrS => wide!(total, total_k, shr_s),
        O::I64ShrU => wide!(total, total_k, shr_u),
        O::I64Rotl => wide!(total, total_k, rotl),
        O::I64Rotr => wide!(total, total_k, rotr),
        O::I64DivS => wide!(partial, partial_k, div_s),
        O::I64DivU => wide!(partial, partial_k, div_u),
        O::I64RemS => wide!(partial, partial_k, rem_s),
        O::I64RemU => wide!(partial, partial_k, rem_u),
        O::F32Add => (total!(float::w32::add), None),
        O::F32Sub => (total!(float::w32::sub), None),
        O::F32Mul => (total!(float::w32::mul), None),
        O::F32Div => (total!(float::w32::div), None),
        O::F32Min => (total!(float::w32::min), None),
        O::F32Max => (total!(float::w32::max), None),
        O::F32Copysign => (total!(float::w32::copysign), None),
        O::F64Add => (total!(float::w64::add), None),
        O::F64Sub => (total!(float::w64::sub), None),
        O::F64Mul => (total!(float::w64::mul), None),
        O::F64Div => (total!(float::w64::div), None),
        O::F64Min => (total!(float::w64::min), None),
        O::F64Max => (total!(float::w64::max), None),
        O::F64Copysign => (total!(float::w64::copysign), None),
        _ => return None,
    })
}

/// Operators with one operand and one result.
#[rustfmt::skip]
pub(crate) fn unary(operator: &Operator<'_>) -> Option<Handler> {
    use Operator as O;
    Some(match operator {
        O::I32Clz => unary!(integer::w32::clz),
        O::I32Ctz => unary!(integer::w32::ctz),
        O::I32Popcnt => unary!(integer::w32::popcnt),
        O::I32Extend8S => unary!(integer::w32::extend8_s),
        O::I32Extend16S => unary!(integer::w32::extend16_s),
        O::I64Clz => unary!(integer::w64::clz),
        O::I64Ctz => unary!(integer::w64::ctz),
        O::I64Popcnt => unary!(integer::w64::popcnt),
        O::I64Extend8S => unary!(integer::w64::extend8_s),
        O::I64Extend16S => unary!(integer::w64::extend16_s),
        O::I64Extend32S => unary!(integer::extend32_s),
        O::F32Ceil => unary!(float::w32::ceil),
        O::F32Floor => unary!(float::w32::floor),
        O::F32Trunc => unary!(float::w32::trunc),
        O::F32Nearest => unary!(float::w32::nearest),
        O::F32Sqrt => unary!(float::w32::sqrt),
        O::F32Abs => unary!(float::w32::abs),
        O::F32Neg => unary!(float::w32::neg),
        O::F64Ceil => unary!(float::w64::ceil),
        O::F64Floor => unary!(float::w64::floor),
        O::F64Trunc => unary!(float::w64::trunc),
        O::F64Nearest => unary!(float::w64::nearest),
        O::F64Sqrt => unary!(float::w64::sqrt),
        O::F64Abs => unary!(float::w64::abs),
        O::F64Neg => unary!(float::w64::neg),
        O::I32WrapI64 => unary!(conversion::i32_wrap_i64),
        O::I64ExtendI32S => unary!(conversion::i64_extend_i32_s),
        O::I64ExtendI32U => unary!(conversion::i64_extend_i32_u),
        O::F32ConvertI32S => unary!(conversion::f32_convert_i32_s),
        O::F32ConvertI32U => unary!(conversion::f32_convert_i32_u),
        O::F32ConvertI64S => unary!(conversion::f32_convert_i64_s),
        O::F32ConvertI64U => unary!(conversion::f32_convert_i64_u),
        O::F64ConvertI32S => unary!(conversion::f64_convert_i32_s),
        O::F64ConvertI32U => unary!(conversion::f64_convert_i32_u),
        O::F64ConvertI64S => unary!(conversion::f64_convert_i64_s),
        O::F64ConvertI64U => unary!(conversion::f64_convert_i64_u),
        O::F32DemoteF64 => unary!(conversion::f32_demote_f64),
        O::F64PromoteF32 => unary!(conversion::f64_promote_f32),
        O::I32TruncSatF32S => unary!(conversion::i32_trunc_sat_f32_s),
        O::I32TruncSatF32U => unary!(conversion::i32_trunc_sat_f32_u),
        O::I32TruncSatF64S => unary!(conversion::i32_trunc_sat_f64_s),
        O::I32TruncSatF64U => unary!(conversion::i32_trunc_sat_f64_u),
        O::I64TruncSatF32S => unary!(conversion::i64_trunc_sat_f32_s),
        O::I64TruncSatF32U => unary!(conversion::i64_trunc_sat_f32_u),
        O::I64TruncSatF64S => unary!(conversion::i64_trunc_sat_f64_s),
        O::I64TruncSatF64U => unary!(conversion::i64_trunc_sat_f64_u),
        O::I32TruncF32S => unary_partial!(conversion::i32_trunc_f32_s),
        O::I32TruncF32U => unary_partial!(conversion::i32_trunc_f32_u),
        O::I32TruncF64S => unary_partial!(conversion::i32_trunc_f64_s),
        O::I32TruncF64U => unary_partial!(conversion::i32_trunc_f64_u),
        O::I64TruncF32S => unary_partial!(conversion::i64_trunc_f32_s),
        O::I64TruncF32U => unary_partial!(conversion::i64_trunc_f32_u),
        O::I64TruncF64S => unary_partial!(conversion::i64_trunc_f64_s),
        O::I64TruncF64U => unary_partial!(conversion::i64_trunc_f64_u),
        _ => return None,
    })
}
