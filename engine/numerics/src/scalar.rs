//! Which function of *Numerics* an operator on numbers is, by type.

use crate::Undefined;
use crate::conversion as convert;
use crate::float::{n32 as f32x, n64 as f64x};
use crate::integer::{n32 as i32x, n64 as i64x};
use Num::{F32, F64, I32, I64};
use etalon_module::Opcode;

/// A number with its type. Floats are bits, so that NaNs keep their payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Num {
    /// `i32`
    I32(u32),
    /// `i64`
    I64(u64),
    /// `f32`
    F32(u32),
    /// `f64`
    F64(u64),
}

fn float32(f: impl Fn(f32) -> f32, c: u32) -> Num {
    F32(f(f32::from_bits(c)).to_bits())
}

fn float64(f: impl Fn(f64) -> f64, c: u64) -> Num {
    F64(f(f64::from_bits(c)).to_bits())
}

fn floats32(f: impl Fn(f32, f32) -> f32, c1: u32, c2: u32) -> Num {
    F32(f(f32::from_bits(c1), f32::from_bits(c2)).to_bits())
}

fn floats64(f: impl Fn(f64, f64) -> f64, c1: u64, c2: u64) -> Num {
    F64(f(f64::from_bits(c1), f64::from_bits(c2)).to_bits())
}

/// `$unop_`: operators of one number, with a result of its type; `None` if the operator is none, or of another type.
#[inline(always)]
#[rustfmt::skip]
pub fn unop(op: Opcode, c: Num) -> Option<Num> {
    use Opcode as O;
    Some(match (op, c) {
        (O::I32Clz, I32(i)) => I32(i32x::iclz(i)),
        (O::I32Ctz, I32(i)) => I32(i32x::ictz(i)),
        (O::I32Popcnt, I32(i)) => I32(i32x::ipopcnt(i)),
        (O::I32Extend8S, I32(i)) => I32(i32x::iextend8_s(i)),
        (O::I32Extend16S, I32(i)) => I32(i32x::iextend16_s(i)),
        (O::I64Clz, I64(i)) => I64(i64x::iclz(i)),
        (O::I64Ctz, I64(i)) => I64(i64x::ictz(i)),
        (O::I64Popcnt, I64(i)) => I64(i64x::ipopcnt(i)),
        (O::I64Extend8S, I64(i)) => I64(i64x::iextend8_s(i)),
        (O::I64Extend16S, I64(i)) => I64(i64x::iextend16_s(i)),
        (O::I64Extend32S, I64(i)) => I64(i64x::iextend32_s(i)),
        (O::F32Abs, F32(z)) => F32(f32x::fabs(z)),
        (O::F32Neg, F32(z)) => F32(f32x::fneg(z)),
        (O::F32Sqrt, F32(z)) => float32(f32x::fsqrt, z),
        (O::F32Ceil, F32(z)) => float32(f32x::fceil, z),
        (O::F32Floor, F32(z)) => float32(f32x::ffloor, z),
        (O::F32Trunc, F32(z)) => float32(f32x::ftrunc, z),
        (O::F32Nearest, F32(z)) => float32(f32x::fnearest, z),
        (O::F64Abs, F64(z)) => F64(f64x::fabs(z)),
        (O::F64Neg, F64(z)) => F64(f64x::fneg(z)),
        (O::F64Sqrt, F64(z)) => float64(f64x::fsqrt, z),
        (O::F64Ceil, F64(z)) => float64(f64x::fceil, z),
        (O::F64Floor, F64(z)) => float64(f64x::ffloor, z),
        (O::F64Trunc, F64(z)) => float64(f64x::ftrunc, z),
        (O::F64Nearest, F64(z)) => float64(f64x::fnearest, z),
        _ => return None,
    })
}

/// `$binop_`: operators of two numbers, with a result of their type where it is defined; `None` if the operator is none, or of other types.
///
/// # Errors
/// Why there is no result.
#[inline(always)]
#[rustfmt::skip]
pub fn binop(op: Opcode, c1: Num, c2: Num) -> Option<Result<Num, Undefined>> {
    use Opcode as O;
    Some(Ok(match (op, c1, c2) {
        (O::I32Add, I32(i1), I32(i2)) => I32(i32x::iadd(i1, i2)),
        (O::I32Sub, I32(i1), I32(i2)) => I32(i32x::isub(i1, i2)),
        (O::I32Mul, I32(i1), I32(i2)) => I32(i32x::imul(i1, i2)),
        (O::I32DivS, I32(i1), I32(i2)) => return Some(i32x::idiv_s(i1, i2).map(I32)),
        (O::I32DivU, I32(i1), I32(i2)) => return Some(i32x::idiv_u(i1, i2).map(I32)),
        (O::I32RemS, I32(i1), I32(i2)) => return Some(i32x::irem_s(i1, i2).map(I32)),
        (O::I32RemU, I32(i1), I32(i2)) => return Some(i32x::irem_u(i1, i2).map(I32)),
        (O::I32And, I32(i1), I32(i2)) => I32(i32x::iand(i1, i2)),
        (O::I32Or, I32(i1), I32(i2)) => I32(i32x::ior(i1, i2)),
        (O::I32Xor, I32(i1), I32(i2)) => I32(i32x::ixor(i1, i2)),
        (O::I32Shl, I32(i1), I32(i2)) => I32(i32x::ishl(i1, i2)),
        (O::I32ShrS, I32(i1), I32(i2)) => I32(i32x::ishr_s(i1, i2)),
        (O::I32ShrU, I32(i1), I32(i2)) => I32(i32x::ishr_u(i1, i2)),
        (O::I32Rotl, I32(i1), I32(i2)) => I32(i32x::irotl(i1, i2)),
        (O::I32Rotr, I32(i1), I32(i2)) => I32(i32x::irotr(i1, i2)),
        (O::I64Add, I64(i1), I64(i2)) => I64(i64x::iadd(i1, i2)),
        (O::I64Sub, I64(i1), I64(i2)) => I64(i64x::isub(i1, i2)),
        (O::I64Mul, I64(i1), I64(i2)) => I64(i64x::imul(i1, i2)),
        (O::I64DivS, I64(i1), I64(i2)) => return Some(i64x::idiv_s(i1, i2).map(I64)),
        (O::I64DivU, I64(i1), I64(i2)) => return Some(i64x::idiv_u(i1, i2).map(I64)),
        (O::I64RemS, I64(i1), I64(i2)) => return Some(i64x::irem_s(i1, i2).map(I64)),
        (O::I64RemU, I64(i1), I64(i2)) => return Some(i64x::irem_u(i1, i2).map(I64)),
        (O::I64And, I64(i1), I64(i2)) => I64(i64x::iand(i1, i2)),
        (O::I64Or, I64(i1), I64(i2)) => I64(i64x::ior(i1, i2)),
        (O::I64Xor, I64(i1), I64(i2)) => I64(i64x::ixor(i1, i2)),
        (O::I64Shl, I64(i1), I64(i2)) => I64(i64x::ishl(i1, i2)),
        (O::I64ShrS, I64(i1), I64(i2)) => I64(i64x::ishr_s(i1, i2)),
        (O::I64ShrU, I64(i1), I64(i2)) => I64(i64x::ishr_u(i1, i2)),
        (O::I64Rotl, I64(i1), I64(i2)) => I64(i64x::irotl(i1, i2)),
        (O::I64Rotr, I64(i1), I64(i2)) => I64(i64x::irotr(i1, i2)),
        (O::F32Add, F32(z1), F32(z2)) => floats32(f32x::fadd, z1, z2),
        (O::F32Sub, F32(z1), F32(z2)) => floats32(f32x::fsub, z1, z2),
        (O::F32Mul, F32(z1), F32(z2)) => floats32(f32x::fmul, z1, z2),
        (O::F32Div, F32(z1), F32(z2)) => floats32(f32x::fdiv, z1, z2),
        (O::F32Min, F32(z1), F32(z2)) => floats32(f32x::fmin, z1, z2),
        (O::F32Max, F32(z1), F32(z2)) => floats32(f32x::fmax, z1, z2),
        (O::F32Copysign, F32(z1), F32(z2)) => F32(f32x::fcopysign(z1, z2)),
        (O::F64Add, F64(z1), F64(z2)) => floats64(f64x::fadd, z1, z2),
        (O::F64Sub, F64(z1), F64(z2)) => floats64(f64x::fsub, z1, z2),
        (O::F64Mul, F64(z1), F64(z2)) => floats64(f64x::fmul, z1, z2),
        (O::F64Div, F64(z1), F64(z2)) => floats64(f64x::fdiv, z1, z2),
        (O::F64Min, F64(z1), F64(z2)) => floats64(f64x::fmin, z1, z2),
        (O::F64Max, F64(z1), F64(z2)) => floats64(f64x::fmax, z1, z2),
        (O::F64Copysign, F64(z1), F64(z2)) => F64(f64x::fcopysign(z1, z2)),
        _ => return None,
    }))
}

/// `$testop_`: operators that test a number; `None` if the operator is none, or of another type.
#[inline(always)]
pub fn testop(op: Opcode, c: Num) -> Option<bool> {
    use Opcode as O;
    match (op, c) {
        (O::I32Eqz, I32(i)) => Some(i32x::ieqz(i)),
        (O::I64Eqz, I64(i)) => Some(i64x::ieqz(i)),
        _ => None,
    }
}

/// `$relop_`: operators that compare two numbers; `None` if the operator is none, or of other types.
#[inline(always)]
#[rustfmt::skip]
pub fn relop(op: Opcode, c1: Num, c2: Num) -> Option<bool> {
    use Opcode as O;
    let single = |holds: fn(f32, f32) -> bool, z1, z2| holds(f32::from_bits(z1), f32::from_bits(z2));
    let double = |holds: fn(f64, f64) -> bool, z1, z2| holds(f64::from_bits(z1), f64::from_bits(z2));
    Some(match (op, c1, c2) {
        (O::I32Eq, I32(i1), I32(i2)) => i32x::ieq(i1, i2),
        (O::I32Ne, I32(i1), I32(i2)) => i32x::ine(i1, i2),
        (O::I32LtS, I32(i1), I32(i2)) => i32x::ilt_s(i1, i2),
        (O::I32LtU, I32(i1), I32(i2)) => i32x::ilt_u(i1, i2),
        (O::I32GtS, I32(i1), I32(i2)) => i32x::igt_s(i1, i2),
        (O::I32GtU, I32(i1), I32(i2)) => i32x::igt_u(i1, i2),
        (O::I32LeS, I32(i1), I32(i2)) => i32x::ile_s(i1, i2),
        (O::I32LeU, I32(i1), I32(i2)) => i32x::ile_u(i1, i2),
        (O::I32GeS, I32(i1), I32(i2)) => i32x::ige_s(i1, i2),
        (O::I32GeU, I32(i1), I32(i2)) => i32x::ige_u(i1, i2),
        (O::I64Eq, I64(i1), I64(i2)) => i64x::ieq(i1, i2),
        (O::I64Ne, I64(i1), I64(i2)) => i64x::ine(i1, i2),
        (O::I64LtS, I64(i1), I64(i2)) => i64x::ilt_s(i1, i2),
        (O::I64LtU, I64(i1), I64(i2)) => i64x::ilt_u(i1, i2),
        (O::I64GtS, I64(i1), I64(i2)) => i64x::igt_s(i1, i2),
        (O::I64GtU, I64(i1), I64(i2)) => i64x::igt_u(i1, i2),
        (O::I64LeS, I64(i1), I64(i2)) => i64x::ile_s(i1, i2),
        (O::I64LeU, I64(i1), I64(i2)) => i64x::ile_u(i1, i2),
        (O::I64GeS, I64(i1), I64(i2)) => i64x::ige_s(i1, i2),
        (O::I64GeU, I64(i1), I64(i2)) => i64x::ige_u(i1, i2),
        (O::F32Eq, F32(z1), F32(z2)) => single(f32x::feq, z1, z2),
        (O::F32Ne, F32(z1), F32(z2)) => single(f32x::fne, z1, z2),
        (O::F32Lt, F32(z1), F32(z2)) => single(f32x::flt, z1, z2),
        (O::F32Gt, F32(z1), F32(z2)) => single(f32x::fgt, z1, z2),
        (O::F32Le, F32(z1), F32(z2)) => single(f32x::fle, z1, z2),
        (O::F32Ge, F32(z1), F32(z2)) => single(f32x::fge, z1, z2),
        (O::F64Eq, F64(z1), F64(z2)) => double(f64x::feq, z1, z2),
        (O::F64Ne, F64(z1), F64(z2)) => double(f64x::fne, z1, z2),
        (O::F64Lt, F64(z1), F64(z2)) => double(f64x::flt, z1, z2),
        (O::F64Gt, F64(z1), F64(z2)) => double(f64x::fgt, z1, z2),
        (O::F64Le, F64(z1), F64(z2)) => double(f64x::fle, z1, z2),
        (O::F64Ge, F64(z1), F64(z2)) => double(f64x::fge, z1, z2),
        _ => return None,
    })
}

/// `$cvtop__`: conversions, where they are defined; `None` if the operator is none, or of another type. Reinterpretation keeps the bits.
///
/// # Errors
/// Why there is no result.
#[inline(always)]
#[rustfmt::skip]
pub fn cvtop(op: Opcode, c: Num) -> Option<Result<Num, Undefined>> {
    use Opcode as O;
    let (single, double) = (f32::from_bits, f64::from_bits);
    let f32 = |z: f32| F32(z.to_bits());
    let f64 = |z: f64| F64(z.to_bits());
    Some(Ok(match (op, c) {
        (O::I32WrapI64, I64(i)) => I32(convert::i32_wrap_i64(i)),
        (O::I64ExtendI32S, I32(i)) => I64(convert::i64_extend_i32_s(i)),
        (O::I64ExtendI32U, I32(i)) => I64(convert::i64_extend_i32_u(i)),
        (O::I32TruncF32S, F32(z)) => return Some(convert::i32_trunc_f32_s(single(z)).map(I32)),
        (O::I32TruncF32U, F32(z)) => return Some(convert::i32_trunc_f32_u(single(z)).map(I32)),
        (O::I32TruncF64S, F64(z)) => return Some(convert::i32_trunc_f64_s(double(z)).map(I32)),
        (O::I32TruncF64U, F64(z)) => return Some(convert::i32_trunc_f64_u(double(z)).map(I32)),
        (O::I64TruncF32S, F32(z)) => return Some(convert::i64_trunc_f32_s(single(z)).map(I64)),
        (O::I64TruncF32U, F32(z)) => return Some(convert::i64_trunc_f32_u(single(z)).map(I64)),
        (O::I64TruncF64S, F64(z)) => return Some(convert::i64_trunc_f64_s(double(z)).map(I64)),
        (O::I64TruncF64U, F64(z)) => return Some(convert::i64_trunc_f64_u(double(z)).map(I64)),
        (O::I32TruncSatF32S, F32(z)) => I32(convert::i32_trunc_sat_f32_s(single(z))),
        (O::I32TruncSatF32U, F32(z)) => I32(convert::i32_trunc_sat_f32_u(single(z))),
        (O::I32TruncSatF64S, F64(z)) => I32(convert::i32_trunc_sat_f64_s(double(z))),
        (O::I32TruncSatF64U, F64(z)) => I32(convert::i32_trunc_sat_f64_u(double(z))),
        (O::I64TruncSatF32S, F32(z)) => I64(convert::i64_trunc_sat_f32_s(single(z))),
        (O::I64TruncSatF32U, F32(z)) => I64(convert::i64_trunc_sat_f32_u(single(z))),
        (O::I64TruncSatF64S, F64(z)) => I64(convert::i64_trunc_sat_f64_s(double(z))),
        (O::I64TruncSatF64U, F64(z)) => I64(convert::i64_trunc_sat_f64_u(double(z))),
        (O::F32ConvertI32S, I32(i)) => f32(convert::f32_convert_i32_s(i)),
        (O::F32ConvertI32U, I32(i)) => f32(convert::f32_convert_i32_u(i)),
        (O::F32ConvertI64S, I64(i)) => f32(convert::f32_convert_i64_s(i)),
        (O::F32ConvertI64U, I64(i)) => f32(convert::f32_convert_i64_u(i)),
        (O::F64ConvertI32S, I32(i)) => f64(convert::f64_convert_i32_s(i)),
        (O::F64ConvertI32U, I32(i)) => f64(convert::f64_convert_i32_u(i)),
        (O::F64ConvertI64S, I64(i)) => f64(convert::f64_convert_i64_s(i)),
        (O::F64ConvertI64U, I64(i)) => f64(convert::f64_convert_i64_u(i)),
        (O::F32DemoteF64, F64(z)) => f32(convert::f32_demote_f64(double(z))),
        (O::F64PromoteF32, F32(z)) => f64(convert::f64_promote_f32(single(z))),
        (O::I32ReinterpretF32, F32(z)) => I32(z),
        (O::I64ReinterpretF64, F64(z)) => I64(z),
        (O::F32ReinterpretI32, I32(i)) => F32(i),
        (O::F64ReinterpretI64, I64(i)) => F64(i),
        _ => return None,
    }))
}
