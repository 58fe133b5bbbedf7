//! Which operation an operator is: the functions of the specification that take the operator.

use etalon_module::Opcode;

use super::bits::{iand, iandnot, ibitselect, inot, ior, iswizzle_lane, ivswizzlop, ixor};
use super::compare::{all_true, any_true, bitmask, fvrelop, ivrelop};
use super::convert::{self, extend_half, vcvtop, vcvtop_half, vnarrowop};
use super::float::{self, n32 as f32x, n64 as f64x};
use super::integer::{
    dot, extadd_pairwise, extend, extmul, iabs, iadd_sat, iavgr, imax, imin, ineg, iq15mulr_sat,
    isub_sat, n8 as i8x, n16 as i16x, n32 as i32x, n64 as i64x,
};
use super::lanes::{self, Half, Sx, fvbinop, fvunop, ivbinop, ivbinopsx, ivshiftop, ivunop};
use super::relaxed::{self, DETERMINISTIC};

use Half::{High, Low};
use Opcode as O;
use Sx::{S, U};

/// Operators from one vector to one vector: `$vvunop_`, `$vunop_`, and the conversions.
///
/// This and the next are inlined where they are called, because an optional vector comes back in memory
/// otherwise. They are large, so call them from one place.
#[rustfmt::skip]
#[inline(always)]
pub fn unop(op: Opcode, a: u128) -> Option<u128> {
    Some(match op {
        O::V128Not => inot(a),
        O::I8x16Abs => ivunop(iabs::<u8>, a),
        O::I16x8Abs => ivunop(iabs::<u16>, a),
        O::I32x4Abs => ivunop(iabs::<u32>, a),
        O::I64x2Abs => ivunop(iabs::<u64>, a),
        O::I8x16Neg => ivunop(ineg::<u8>, a),
        O::I16x8Neg => ivunop(ineg::<u16>, a),
        O::I32x4Neg => ivunop(ineg::<u32>, a),
        O::I64x2Neg => ivunop(ineg::<u64>, a),
        O::I8x16Popcnt => ivunop(i8x::ipopcnt, a),
        O::F32x4Abs => fvunop(f32x::fabs, a),
        O::F64x2Abs => fvunop(f64x::fabs, a),
        O::F32x4Neg => fvunop(f32x::fneg, a),
        O::F64x2Neg => fvunop(f64x::fneg, a),
        O::F32x4Sqrt => fvunop(f32x::fsqrt, a),
        O::F64x2Sqrt => fvunop(f64x::fsqrt, a),
        O::F32x4Ceil => fvunop(f32x::fceil, a),
        O::F64x2Ceil => fvunop(f64x::fceil, a),
        O::F32x4Floor => fvunop(f32x::ffloor, a),
        O::F64x2Floor => fvunop(f64x::ffloor, a),
        O::F32x4Trunc => fvunop(f32x::ftrunc, a),
        O::F64x2Trunc => fvunop(f64x::ftrunc, a),
        O::F32x4Nearest => fvunop(f32x::fnearest, a),
        O::F64x2Nearest => fvunop(f64x::fnearest, a),
        O::I16x8ExtendLowI8x16S => extend_half::<u8, u16>(Low, S, a),
        O::I16x8ExtendHighI8x16S => extend_half::<u8, u16>(High, S, a),
        O::I16x8ExtendLowI8x16U => extend_half::<u8, u16>(Low, U, a),
        O::I16x8ExtendHighI8x16U => extend_half::<u8, u16>(High, U, a),
        O::I32x4ExtendLowI16x8S => extend_half::<u16, u32>(Low, S, a),
        O::I32x4ExtendHighI16x8S => extend_half::<u16, u32>(High, S, a),
        O::I32x4ExtendLowI16x8U => extend_half::<u16, u32>(Low, U, a),
        O::I32x4ExtendHighI16x8U => extend_half::<u16, u32>(High, U, a),
        O::I64x2ExtendLowI32x4S => extend_half::<u32, u64>(Low, S, a),
        O::I64x2ExtendHighI32x4S => extend_half::<u32, u64>(High, S, a),
        O::I64x2ExtendLowI32x4U => extend_half::<u32, u64>(Low, U, a),
        O::I64x2ExtendHighI32x4U => extend_half::<u32, u64>(High, U, a),
        O::I16x8ExtAddPairwiseI8x16S => extadd_pairwise::<u8, u16>(S, a),
        O::I16x8ExtAddPairwiseI8x16U => extadd_pairwise::<u8, u16>(U, a),
        O::I32x4ExtAddPairwiseI16x8S => extadd_pairwise::<u16, u32>(S, a),
        O::I32x4ExtAddPairwiseI16x8U => extadd_pairwise::<u16, u32>(U, a),
        O::I32x4TruncSatF32x4S => vcvtop(convert::i32_trunc_sat_f32_s, a),
        O::I32x4TruncSatF32x4U => vcvtop(convert::i32_trunc_sat_f32_u, a),
        O::I32x4TruncSatF64x2SZero => vcvtop(convert::i32_trunc_sat_f64_s, a),
        O::I32x4TruncSatF64x2UZero => vcvtop(convert::i32_trunc_sat_f64_u, a),
        O::F32x4ConvertI32x4S => vcvtop(convert::f32_convert_i32_s, a),
        O::F32x4ConvertI32x4U => vcvtop(convert::f32_convert_i32_u, a),
        O::F64x2ConvertLowI32x4S => vcvtop_half(Low, convert::f64_convert_i32_s, a),
        O::F64x2ConvertLowI32x4U => vcvtop_half(Low, convert::f64_convert_i32_u, a),
        O::F32x4DemoteF64x2Zero => vcvtop(convert::f32_demote_f64, a),
        O::F64x2PromoteLowF32x4 => vcvtop_half(Low, convert::f64_promote_f32, a),
        O::I32x4RelaxedTruncF32x4S => relaxed::trunc_f32x4_s(DETERMINISTIC, a),
        O::I32x4RelaxedTruncF32x4U => relaxed::trunc_f32x4_u(DETERMINISTIC, a),
        O::I32x4RelaxedTruncF64x2SZero => relaxed::trunc_f64x2_s_zero(DETERMINISTIC, a),
        O::I32x4RelaxedTruncF64x2UZero => relaxed::trunc_f64x2_u_zero(DETERMINISTIC, a),
        _ => return None,
    })
}

/// Operators from two vectors to one vector, but for `i8x16.shuffle`, which has an immediate:
/// `$vvbinop_`, `$vbinop_`, `$vrelop_`, `$vswizzlop_`, and those whose result has another shape.
#[rustfmt::skip]
#[inline(always)]
pub fn binop(op: Opcode, a: u128, b: u128) -> Option<u128> {
    Some(match op {
        O::V128And => iand(a, b),
        O::V128AndNot => iandnot(a, b),
        O::V128Or => ior(a, b),
        O::V128Xor => ixor(a, b),
        O::I8x16Swizzle => ivswizzlop(iswizzle_lane, a, b),

        O::I8x16Add => ivbinop(i8x::iadd, a, b),
        O::I16x8Add => ivbinop(i16x::iadd, a, b),
        O::I32x4Add => ivbinop(i32x::iadd, a, b),
        O::I64x2Add => ivbinop(i64x::iadd, a, b),
        O::I8x16Sub => ivbinop(i8x::isub, a, b),
        O::I16x8Sub => ivbinop(i16x::isub, a, b),
        O::I32x4Sub => ivbinop(i32x::isub, a, b),
        O::I64x2Sub => ivbinop(i64x::isub, a, b),
        O::I16x8Mul => ivbinop(i16x::imul, a, b),
        O::I32x4Mul => ivbinop(i32x::imul, a, b),
        O::I64x2Mul => ivbinop(i64x::imul, a, b),
        O::I8x16AddSatS => ivbinopsx(iadd_sat::<u8>, S, a, b),
        O::I8x16AddSatU => ivbinopsx(iadd_sat::<u8>, U, a, b),
        O::I16x8AddSatS => ivbinopsx(iadd_sat::<u16>, S, a, b),
        O::I16x8AddSatU => ivbinopsx(iadd_sat::<u16>, U, a, b),
        O::I8x16SubSatS => ivbinopsx(isub_sat::<u8>, S, a, b),
        O::I8x16SubSatU => ivbinopsx(isub_sat::<u8>, U, a, b),
        O::I16x8SubSatS => ivbinopsx(isub_sat::<u16>, S, a, b),
        O::I16x8SubSatU => ivbinopsx(isub_sat::<u16>, U, a, b),
        O::I8x16MinS => ivbinopsx(imin::<u8>, S, a, b),
        O::I8x16MinU => ivbinopsx(imin::<u8>, U, a, b),
        O::I16x8MinS => ivbinopsx(imin::<u16>, S, a, b),
        O::I16x8MinU => ivbinopsx(imin::<u16>, U, a, b),
        O::I32x4MinS => ivbinopsx(imin::<u32>, S, a, b),
        O::I32x4MinU => ivbinopsx(imin::<u32>, U, a, b),
        O::I8x16MaxS => ivbinopsx(imax::<u8>, S, a, b),
        O::I8x16MaxU => ivbinopsx(imax::<u8>, U, a, b),
        O::I16x8MaxS => ivbinopsx(imax::<u16>, S, a, b),
        O::I16x8MaxU => ivbinopsx(imax::<u16>, U, a, b),
        O::I32x4MaxS => ivbinopsx(imax::<u32>, S, a, b),
        O::I32x4MaxU => ivbinopsx(imax::<u32>, U, a, b),
        O::I8x16AvgrU => ivbinop(iavgr::<u8>, a, b),
        O::I16x8AvgrU => ivbinop(iavgr::<u16>, a, b),
        O::I16x8Q15MulrSatS => ivbinop(iq15mulr_sat, a, b),

        O::I8x16NarrowI16x8S => vnarrowop::<u16, u8>(S, a, b),
        O::I8x16NarrowI16x8U => vnarrowop::<u16, u8>(U, a, b),
        O::I16x8NarrowI32x4S => vnarrowop::<u32, u16>(S, a, b),
        O::I16x8NarrowI32x4U => vnarrowop::<u32, u16>(U, a, b),
        O::I16x8ExtMulLowI8x16S => extmul::<u8, u16>(Low, S, a, b),
        O::I16x8ExtMulHighI8x16S => extmul::<u8, u16>(High, S, a, b),
        O::I16x8ExtMulLowI8x16U => extmul::<u8, u16>(Low, U, a, b),
        O::I16x8ExtMulHighI8x16U => extmul::<u8, u16>(High, U, a, b),
        O::I32x4ExtMulLowI16x8S => extmul::<u16, u32>(Low, S, a, b),
        O::I32x4ExtMulHighI16x8S => extmul::<u16, u32>(High, S, a, b),
        O::I32x4ExtMulLowI16x8U => extmul::<u16, u32>(Low, U, a, b),
        O::I32x4ExtMulHighI16x8U => extmul::<u16, u32>(High, U, a, b),
        O::I64x2ExtMulLowI32x4S => extmul::<u32, u64>(Low, S, a, b),
        O::I64x2ExtMulHighI32x4S => extmul::<u32, u64>(High, S, a, b),
        O::I64x2ExtMulLowI32x4U => extmul::<u32, u64>(Low, U, a, b),
        O::I64x2ExtMulHighI32x4U => extmul::<u32, u64>(High, U, a, b),
        O::I32x4DotI16x8S => dot::<u16, u32>(a, b),

        O::F32x4Add => fvbinop(f32x::fadd, a, b),
        O::F64x2Add => fvbinop(f64x::fadd, a, b),
        O::F32x4Sub => fvbinop(f32x::fsub, a, b),
        O::F64x2Sub => fvbinop(f64x::fsub, a, b),
        O::F32x4Mul => fvbinop(f32x::fmul, a, b),
        O::F64x2Mul => fvbinop(f64x::fmul, a, b),
        O::F32x4Div => fvbinop(f32x::fdiv, a, b),
        O::F64x2Div => fvbinop(f64x::fdiv, a, b),
        O::F32x4Min => fvbinop(f32x::fmin, a, b),
        O::F64x2Min => fvbinop(f64x::fmin, a, b),
        O::F32x4Max => fvbinop(f32x::fmax, a, b),
        O::F64x2Max => fvbinop(f64x::fmax, a, b),
        O::F32x4PMin => fvbinop(float::f32_pmin, a, b),
        O::F64x2PMin => fvbinop(float::f64_pmin, a, b),
        O::F32x4PMax => fvbinop(float::f32_pmax, a, b),
        O::F64x2PMax => fvbinop(float::f64_pmax, a, b),

        O::I8x16Eq => ivrelop(i8x::ieq, a, b),
        O::I8x16Ne => ivrelop(i8x::ine, a, b),
        O::I8x16LtS => ivrelop(i8x::ilt_s, a, b),
        O::I8x16LtU => ivrelop(i8x::ilt_u, a, b),
        O::I8x16GtS => ivrelop(i8x::igt_s, a, b),
        O::I8x16GtU => ivrelop(i8x::igt_u, a, b),
        O::I8x16LeS => ivrelop(i8x::ile_s, a, b),
        O::I8x16LeU => ivrelop(i8x::ile_u, a, b),
        O::I8x16GeS => ivrelop(i8x::ige_s, a, b),
        O::I8x16GeU => ivrelop(i8x::ige_u, a, b),
        O::I16x8Eq => ivrelop(i16x::ieq, a, b),
        O::I16x8Ne => ivrelop(i16x::ine, a, b),
        O::I16x8LtS => ivrelop(i16x::ilt_s, a, b),
        O::I16x8LtU => ivrelop(i16x::ilt_u, a, b),
        O::I16x8GtS => ivrelop(i16x::igt_s, a, b),
        O::I16x8GtU => ivrelop(i16x::igt_u, a, b),
        O::I16x8LeS => ivrelop(i16x::ile_s, a, b),
        O::I16x8LeU => ivrelop(i16x::ile_u, a, b),
        O::I16x8GeS => ivrelop(i16x::ige_s, a, b),
        O::I16x8GeU => ivrelop(i16x::ige_u, a, b),
        O::I32x4Eq => ivrelop(i32x::ieq, a, b),
        O::I32x4Ne => ivrelop(i32x::ine, a, b),
        O::I32x4LtS => ivrelop(i32x::ilt_s, a, b),
        O::I32x4LtU => ivrelop(i32x::ilt_u, a, b),
        O::I32x4GtS => ivrelop(i32x::igt_s, a, b),
        O::I32x4GtU => ivrelop(i32x::igt_u, a, b),
        O::I32x4LeS => ivrelop(i32x::ile_s, a, b),
        O::I32x4LeU => ivrelop(i32x::ile_u, a, b),
        O::I32x4GeS => ivrelop(i32x::ige_s, a, b),
        O::I32x4GeU => ivrelop(i32x::ige_u, a, b),
        O::I64x2Eq => ivrelop(i64x::ieq, a, b),
        O::I64x2Ne => ivrelop(i64x::ine, a, b),
        O::I64x2LtS => ivrelop(i64x::ilt_s, a, b),
        O::I64x2GtS => ivrelop(i64x::igt_s, a, b),
        O::I64x2LeS => ivrelop(i64x::ile_s, a, b),
        O::I64x2GeS => ivrelop(i64x::ige_s, a, b),
        O::F32x4Eq => fvrelop(f32x::feq, a, b),
        O::F32x4Ne => fvrelop(f32x::fne, a, b),
        O::F32x4Lt => fvrelop(f32x::flt, a, b),
        O::F32x4Gt => fvrelop(f32x::fgt, a, b),
        O::F32x4Le => fvrelop(f32x::fle, a, b),
        O::F32x4Ge => fvrelop(f32x::fge, a, b),
        O::F64x2Eq => fvrelop(f64x::feq, a, b),
        O::F64x2Ne => fvrelop(f64x::fne, a, b),
        O::F64x2Lt => fvrelop(f64x::flt, a, b),
        O::F64x2Gt => fvrelop(f64x::fgt, a, b),
        O::F64x2Le => fvrelop(f64x::fle, a, b),
        O::F64x2Ge => fvrelop(f64x::fge, a, b),

        O::I8x16RelaxedSwizzle => relaxed::swizzle(DETERMINISTIC, a, b),
        O::F32x4RelaxedMin => relaxed::f32x4::min(DETERMINISTIC, a, b),
        O::F32x4RelaxedMax => relaxed::f32x4::max(DETERMINISTIC, a, b),
        O::F64x2RelaxedMin => relaxed::f64x2::min(DETERMINISTIC, a, b),
        O::F64x2RelaxedMax => relaxed::f64x2::max(DETERMINISTIC, a, b),
        O::I16x8RelaxedQ15mulrS => relaxed::q15mulr_s(DETERMINISTIC, a, b),
        O::I16x8RelaxedDotI8x16I7x16S => relaxed::dot(DETERMINISTIC, a, b),
        _ => return None,
    })
}

/// Operators from three vectors to one vector: `$vvternop_`, `$vternop_`.
#[rustfmt::skip]
#[inline]
pub fn ternop(op: Opcode, a: u128, b: u128, c: u128) -> Option<u128> {
    Some(match op {
        O::V128Bitselect => ibitselect(a, b, c),
        O::F32x4RelaxedMadd => relaxed::f32x4::madd(DETERMINISTIC, a, b, c),
        O::F32x4RelaxedNmadd => relaxed::f32x4::nmadd(DETERMINISTIC, a, b, c),
        O::F64x2RelaxedMadd => relaxed::f64x2::madd(DETERMINISTIC, a, b, c),
        O::F64x2RelaxedNmadd => relaxed::f64x2::nmadd(DETERMINISTIC, a, b, c),
        O::I8x16RelaxedLaneselect => relaxed::laneselect::<u8>(DETERMINISTIC, a, b, c),
        O::I16x8RelaxedLaneselect => relaxed::laneselect::<u16>(DETERMINISTIC, a, b, c),
        O::I32x4RelaxedLaneselect => relaxed::laneselect::<u32>(DETERMINISTIC, a, b, c),
        O::I64x2RelaxedLaneselect => relaxed::laneselect::<u64>(DETERMINISTIC, a, b, c),
        O::I32x4RelaxedDotI8x16I7x16AddS => relaxed::dot_add(DETERMINISTIC, a, b, c),
        _ => return None,
    })
}

/// `$vshiftop_`: all lanes by one amount, which is taken modulo the lane's width.
#[inline]
pub fn shift(op: Opcode, a: u128, n: u32) -> Option<u128> {
    Some(match op {
        O::I8x16Shl => ivshiftop(i8x::ishl, a, n),
        O::I8x16ShrS => ivshiftop(i8x::ishr_s, a, n),
        O::I8x16ShrU => ivshiftop(i8x::ishr_u, a, n),
        O::I16x8Shl => ivshiftop(i16x::ishl, a, n),
        O::I16x8ShrS => ivshiftop(i16x::ishr_s, a, n),
        O::I16x8ShrU => ivshiftop(i16x::ishr_u, a, n),
        O::I32x4Shl => ivshiftop(i32x::ishl, a, n),
        O::I32x4ShrS => ivshiftop(i32x::ishr_s, a, n),
        O::I32x4ShrU => ivshiftop(i32x::ishr_u, a, n),
        O::I64x2Shl => ivshiftop(i64x::ishl, a, n),
        O::I64x2ShrS => ivshiftop(i64x::ishr_s, a, n),
        O::I64x2ShrU => ivshiftop(i64x::ishr_u, a, n),
        _ => return None,
    })
}

/// Operators from a vector to an `i32`: tests, and `$vbitmaskop_`.
#[inline]
pub fn test(op: Opcode, a: u128) -> Option<u32> {
    Some(match op {
        O::V128AnyTrue => any_true(a),
        O::I8x16AllTrue => all_true::<u8>(a),
        O::I16x8AllTrue => all_true::<u16>(a),
        O::I32x4AllTrue => all_true::<u32>(a),
        O::I64x2AllTrue => all_true::<u64>(a),
        O::I8x16Bitmask => bitmask::<u8>(a),
        O::I16x8Bitmask => bitmask::<u16>(a),
        O::I32x4Bitmask => bitmask::<u32>(a),
        O::I64x2Bitmask => bitmask::<u64>(a),
        _ => return None,
    })
}

/// Operators from a number to a vector of equal lanes. The lane is in the lowest bits; those
/// above it are ignored, which is `$lpacknum_`.
#[inline]
pub fn splat(op: Opcode, bits: u64) -> Option<u128> {
    Some(match op {
        O::I8x16Splat => lanes::splat(bits as u8),
        O::I16x8Splat => lanes::splat(bits as u16),
        O::I32x4Splat | O::F32x4Splat => lanes::splat(bits as u32),
        O::I64x2Splat | O::F64x2Splat => lanes::splat(bits),
        _ => return None,
    })
}

/// Operators that take a lane out: as the result's bits, or, for stores, as the bits to be stored.
/// `None` also if there is no lane with that number, which validation excludes.
#[inline]
pub fn extract(op: Opcode, lane: u8, a: u128) -> Option<u64> {
    // What is narrower than i32 becomes an i32.
    let i32_bits = |i: u32| u64::from(i);
    match op {
        O::I8x16ExtractLaneS => lanes::extract::<u8>(a, lane).map(|c| i32_bits(extend(S, c))),
        O::I8x16ExtractLaneU => lanes::extract::<u8>(a, lane).map(|c| i32_bits(extend(U, c))),
        O::I16x8ExtractLaneS => lanes::extract::<u16>(a, lane).map(|c| i32_bits(extend(S, c))),
        O::I16x8ExtractLaneU => lanes::extract::<u16>(a, lane).map(|c| i32_bits(extend(U, c))),
        O::V128Store8Lane => lanes::extract::<u8>(a, lane).map(u64::from),
        O::V128Store16Lane => lanes::extract::<u16>(a, lane).map(u64::from),
        O::I32x4ExtractLane | O::F32x4ExtractLane | O::V128Store32Lane => {
            lanes::extract::<u32>(a, lane).map(u64::from)
        }
        O::I64x2ExtractLane | O::F64x2ExtractLane | O::V128Store64Lane => lanes::extract(a, lane),
        _ => None,
    }
}

/// Operators that put a lane in, from a number or, for loads, from what was loaded. The lane is in
/// the lowest bits; those above it are ignored. `None` also if there is no lane with that number,
/// which validation excludes.
#[inline]
pub fn replace(op: Opcode, lane: u8, a: u128, bits: u64) -> Option<u128> {
    match op {
        O::I8x16ReplaceLane | O::V128Load8Lane => lanes::replace(a, lane, bits as u8),
        O::I16x8ReplaceLane | O::V128Load16Lane => lanes::replace(a, lane, bits as u16),
        O::I32x4ReplaceLane | O::F32x4ReplaceLane | O::V128Load32Lane => {
            lanes::replace(a, lane, bits as u32)
        }
        O::I64x2ReplaceLane | O::F64x2ReplaceLane | O::V128Load64Lane => {
            lanes::replace(a, lane, bits)
        }
        _ => None,
    }
}

/// Loads that make a vector of 64 bits or fewer. What was loaded is in the lowest bits; those
/// above it are ignored.
#[inline]
pub fn extend_load(op: Opcode, bits: u64) -> Option<u128> {
    let loaded = u128::from(bits);
    Some(match op {
        O::V128Load8x8S => extend_half::<u8, u16>(Low, S, loaded),
        O::V128Load8x8U => extend_half::<u8, u16>(Low, U, loaded),
        O::V128Load16x4S => extend_half::<u16, u32>(Low, S, loaded),
        O::V128Load16x4U => extend_half::<u16, u32>(Low, U, loaded),
        O::V128Load32x2S => extend_half::<u32, u64>(Low, S, loaded),
        O::V128Load32x2U => extend_half::<u32, u64>(Low, U, loaded),
        O::V128Load8Splat => lanes::splat(bits as u8),
        O::V128Load16Splat => lanes::splat(bits as u16),
        O::V128Load32Splat => lanes::splat(bits as u32),
        O::V128Load64Splat => lanes::splat(bits),
        O::V128Load32Zero => u128::from(bits as u32),
        O::V128Load64Zero => loaded,
        _ => return None,
    })
}
