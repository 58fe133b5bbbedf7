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
/// otherwise. Where the operator is a constant, only its own part remains.
#[rustfmt::skip]
#[inline(always)]
pub fn unop(op: Opcode, a: u128) -> Option<u128> {
    Some(match op {
        O::V128Not => inot(a), // v128.not
        O::I8x16Abs => ivunop(iabs::<u8>, a), // i8x16.abs
        O::I16x8Abs => ivunop(iabs::<u16>, a), // i16x8.abs
        O::I32x4Abs => ivunop(iabs::<u32>, a), // i32x4.abs
        O::I64x2Abs => ivunop(iabs::<u64>, a), // i64x2.abs
        O::I8x16Neg => ivunop(ineg::<u8>, a), // i8x16.neg
        O::I16x8Neg => ivunop(ineg::<u16>, a), // i16x8.neg
        O::I32x4Neg => ivunop(ineg::<u32>, a), // i32x4.neg
        O::I64x2Neg => ivunop(ineg::<u64>, a), // i64x2.neg
        O::I8x16Popcnt => ivunop(i8x::ipopcnt, a), // i8x16.popcnt
        O::F32x4Abs => fvunop(f32x::fabs, a), // f32x4.abs
        O::F64x2Abs => fvunop(f64x::fabs, a), // f64x2.abs
        O::F32x4Neg => fvunop(f32x::fneg, a), // f32x4.neg
        O::F64x2Neg => fvunop(f64x::fneg, a), // f64x2.neg
        O::F32x4Sqrt => fvunop(f32x::fsqrt, a), // f32x4.sqrt
        O::F64x2Sqrt => fvunop(f64x::fsqrt, a), // f64x2.sqrt
        O::F32x4Ceil => fvunop(f32x::fceil, a), // f32x4.ceil
        O::F64x2Ceil => fvunop(f64x::fceil, a), // f64x2.ceil
        O::F32x4Floor => fvunop(f32x::ffloor, a), // f32x4.floor
        O::F64x2Floor => fvunop(f64x::ffloor, a), // f64x2.floor
        O::F32x4Trunc => fvunop(f32x::ftrunc, a), // f32x4.trunc
        O::F64x2Trunc => fvunop(f64x::ftrunc, a), // f64x2.trunc
        O::F32x4Nearest => fvunop(f32x::fnearest, a), // f32x4.nearest
        O::F64x2Nearest => fvunop(f64x::fnearest, a), // f64x2.nearest
        O::I16x8ExtendLowI8x16S => extend_half::<u8, u16>(Low, S, a), // i16x8.extend_low_i8x16_s
        O::I16x8ExtendHighI8x16S => extend_half::<u8, u16>(High, S, a), // i16x8.extend_high_i8x16_s
        O::I16x8ExtendLowI8x16U => extend_half::<u8, u16>(Low, U, a), // i16x8.extend_low_i8x16_u
        O::I16x8ExtendHighI8x16U => extend_half::<u8, u16>(High, U, a), // i16x8.extend_high_i8x16_u
        O::I32x4ExtendLowI16x8S => extend_half::<u16, u32>(Low, S, a), // i32x4.extend_low_i16x8_s
        // i32x4.extend_high_i16x8_s
        O::I32x4ExtendHighI16x8S => extend_half::<u16, u32>(High, S, a),
        O::I32x4ExtendLowI16x8U => extend_half::<u16, u32>(Low, U, a), // i32x4.extend_low_i16x8_u
        // i32x4.extend_high_i16x8_u
        O::I32x4ExtendHighI16x8U => extend_half::<u16, u32>(High, U, a),
        O::I64x2ExtendLowI32x4S => extend_half::<u32, u64>(Low, S, a), // i64x2.extend_low_i32x4_s
        // i64x2.extend_high_i32x4_s
        O::I64x2ExtendHighI32x4S => extend_half::<u32, u64>(High, S, a),
        O::I64x2ExtendLowI32x4U => extend_half::<u32, u64>(Low, U, a), // i64x2.extend_low_i32x4_u
        // i64x2.extend_high_i32x4_u
        O::I64x2ExtendHighI32x4U => extend_half::<u32, u64>(High, U, a),
        // i16x8.extadd_pairwise_i8x16_s
        O::I16x8ExtAddPairwiseI8x16S => extadd_pairwise::<u8, u16>(S, a),
        // i16x8.extadd_pairwise_i8x16_u
        O::I16x8ExtAddPairwiseI8x16U => extadd_pairwise::<u8, u16>(U, a),
        // i32x4.extadd_pairwise_i16x8_s
        O::I32x4ExtAddPairwiseI16x8S => extadd_pairwise::<u16, u32>(S, a),
        // i32x4.extadd_pairwise_i16x8_u
        O::I32x4ExtAddPairwiseI16x8U => extadd_pairwise::<u16, u32>(U, a),
        // i32x4.trunc_sat_f32x4_s
        O::I32x4TruncSatF32x4S => vcvtop(convert::i32_trunc_sat_f32_s, a),
        // i32x4.trunc_sat_f32x4_u
        O::I32x4TruncSatF32x4U => vcvtop(convert::i32_trunc_sat_f32_u, a),
        // i32x4.trunc_sat_f64x2_s_zero
        O::I32x4TruncSatF64x2SZero => vcvtop(convert::i32_trunc_sat_f64_s, a),
        // i32x4.trunc_sat_f64x2_u_zero
        O::I32x4TruncSatF64x2UZero => vcvtop(convert::i32_trunc_sat_f64_u, a),
        O::F32x4ConvertI32x4S => vcvtop(convert::f32_convert_i32_s, a), // f32x4.convert_i32x4_s
        O::F32x4ConvertI32x4U => vcvtop(convert::f32_convert_i32_u, a), // f32x4.convert_i32x4_u
        // f64x2.convert_low_i32x4_s
        O::F64x2ConvertLowI32x4S => vcvtop_half(Low, convert::f64_convert_i32_s, a),
        // f64x2.convert_low_i32x4_u
        O::F64x2ConvertLowI32x4U => vcvtop_half(Low, convert::f64_convert_i32_u, a),
        O::F32x4DemoteF64x2Zero => vcvtop(convert::f32_demote_f64, a), // f32x4.demote_f64x2_zero
        // f64x2.promote_low_f32x4
        O::F64x2PromoteLowF32x4 => vcvtop_half(Low, convert::f64_promote_f32, a),
        // i32x4.relaxed_trunc_f32x4_s
        O::I32x4RelaxedTruncF32x4S => relaxed::trunc_f32x4_s(DETERMINISTIC, a),
        // i32x4.relaxed_trunc_f32x4_u
        O::I32x4RelaxedTruncF32x4U => relaxed::trunc_f32x4_u(DETERMINISTIC, a),
        // i32x4.relaxed_trunc_f64x2_s_zero
        O::I32x4RelaxedTruncF64x2SZero => relaxed::trunc_f64x2_s_zero(DETERMINISTIC, a),
        // i32x4.relaxed_trunc_f64x2_u_zero
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
        O::V128And => iand(a, b), // v128.and
        O::V128AndNot => iandnot(a, b), // v128.andnot
        O::V128Or => ior(a, b), // v128.or
        O::V128Xor => ixor(a, b), // v128.xor
        O::I8x16Swizzle => ivswizzlop(iswizzle_lane, a, b), // i8x16.swizzle

        O::I8x16Add => ivbinop(i8x::iadd, a, b), // i8x16.add
        O::I16x8Add => ivbinop(i16x::iadd, a, b), // i16x8.add
        O::I32x4Add => ivbinop(i32x::iadd, a, b), // i32x4.add
        O::I64x2Add => ivbinop(i64x::iadd, a, b), // i64x2.add
        O::I8x16Sub => ivbinop(i8x::isub, a, b), // i8x16.sub
        O::I16x8Sub => ivbinop(i16x::isub, a, b), // i16x8.sub
        O::I32x4Sub => ivbinop(i32x::isub, a, b), // i32x4.sub
        O::I64x2Sub => ivbinop(i64x::isub, a, b), // i64x2.sub
        O::I16x8Mul => ivbinop(i16x::imul, a, b), // i16x8.mul
        O::I32x4Mul => ivbinop(i32x::imul, a, b), // i32x4.mul
        O::I64x2Mul => ivbinop(i64x::imul, a, b), // i64x2.mul
        O::I8x16AddSatS => ivbinopsx(iadd_sat::<u8>, S, a, b), // i8x16.add_sat_s
        O::I8x16AddSatU => ivbinopsx(iadd_sat::<u8>, U, a, b), // i8x16.add_sat_u
        O::I16x8AddSatS => ivbinopsx(iadd_sat::<u16>, S, a, b), // i16x8.add_sat_s
        O::I16x8AddSatU => ivbinopsx(iadd_sat::<u16>, U, a, b), // i16x8.add_sat_u
        O::I8x16SubSatS => ivbinopsx(isub_sat::<u8>, S, a, b), // i8x16.sub_sat_s
        O::I8x16SubSatU => ivbinopsx(isub_sat::<u8>, U, a, b), // i8x16.sub_sat_u
        O::I16x8SubSatS => ivbinopsx(isub_sat::<u16>, S, a, b), // i16x8.sub_sat_s
        O::I16x8SubSatU => ivbinopsx(isub_sat::<u16>, U, a, b), // i16x8.sub_sat_u
        O::I8x16MinS => ivbinopsx(imin::<u8>, S, a, b), // i8x16.min_s
        O::I8x16MinU => ivbinopsx(imin::<u8>, U, a, b), // i8x16.min_u
        O::I16x8MinS => ivbinopsx(imin::<u16>, S, a, b), // i16x8.min_s
        O::I16x8MinU => ivbinopsx(imin::<u16>, U, a, b), // i16x8.min_u
        O::I32x4MinS => ivbinopsx(imin::<u32>, S, a, b), // i32x4.min_s
        O::I32x4MinU => ivbinopsx(imin::<u32>, U, a, b), // i32x4.min_u
        O::I8x16MaxS => ivbinopsx(imax::<u8>, S, a, b), // i8x16.max_s
        O::I8x16MaxU => ivbinopsx(imax::<u8>, U, a, b), // i8x16.max_u
        O::I16x8MaxS => ivbinopsx(imax::<u16>, S, a, b), // i16x8.max_s
        O::I16x8MaxU => ivbinopsx(imax::<u16>, U, a, b), // i16x8.max_u
        O::I32x4MaxS => ivbinopsx(imax::<u32>, S, a, b), // i32x4.max_s
        O::I32x4MaxU => ivbinopsx(imax::<u32>, U, a, b), // i32x4.max_u
        O::I8x16AvgrU => ivbinop(iavgr::<u8>, a, b), // i8x16.avgr_u
        O::I16x8AvgrU => ivbinop(iavgr::<u16>, a, b), // i16x8.avgr_u
        O::I16x8Q15MulrSatS => ivbinop(iq15mulr_sat, a, b), // i16x8.q15mulr_sat_s

        O::I8x16NarrowI16x8S => vnarrowop::<u16, u8>(S, a, b), // i8x16.narrow_i16x8_s
        O::I8x16NarrowI16x8U => vnarrowop::<u16, u8>(U, a, b), // i8x16.narrow_i16x8_u
        O::I16x8NarrowI32x4S => vnarrowop::<u32, u16>(S, a, b), // i16x8.narrow_i32x4_s
        O::I16x8NarrowI32x4U => vnarrowop::<u32, u16>(U, a, b), // i16x8.narrow_i32x4_u
        O::I16x8ExtMulLowI8x16S => extmul::<u8, u16>(Low, S, a, b), // i16x8.extmul_low_i8x16_s
        O::I16x8ExtMulHighI8x16S => extmul::<u8, u16>(High, S, a, b), // i16x8.extmul_high_i8x16_s
        O::I16x8ExtMulLowI8x16U => extmul::<u8, u16>(Low, U, a, b), // i16x8.extmul_low_i8x16_u
        O::I16x8ExtMulHighI8x16U => extmul::<u8, u16>(High, U, a, b), // i16x8.extmul_high_i8x16_u
        O::I32x4ExtMulLowI16x8S => extmul::<u16, u32>(Low, S, a, b), // i32x4.extmul_low_i16x8_s
        O::I32x4ExtMulHighI16x8S => extmul::<u16, u32>(High, S, a, b), // i32x4.extmul_high_i16x8_s
        O::I32x4ExtMulLowI16x8U => extmul::<u16, u32>(Low, U, a, b), // i32x4.extmul_low_i16x8_u
        O::I32x4ExtMulHighI16x8U => extmul::<u16, u32>(High, U, a, b), // i32x4.extmul_high_i16x8_u
        O::I64x2ExtMulLowI32x4S => extmul::<u32, u64>(Low, S, a, b), // i64x2.extmul_low_i32x4_s
        O::I64x2ExtMulHighI32x4S => extmul::<u32, u64>(High, S, a, b), // i64x2.extmul_high_i32x4_s
        O::I64x2ExtMulLowI32x4U => extmul::<u32, u64>(Low, U, a, b), // i64x2.extmul_low_i32x4_u
        O::I64x2ExtMulHighI32x4U => extmul::<u32, u64>(High, U, a, b), // i64x2.extmul_high_i32x4_u
        O::I32x4DotI16x8S => dot::<u16, u32>(a, b), // i32x4.dot_i16x8_s

        O::F32x4Add => fvbinop(f32x::fadd, a, b), // f32x4.add
        O::F64x2Add => fvbinop(f64x::fadd, a, b), // f64x2.add
        O::F32x4Sub => fvbinop(f32x::fsub, a, b), // f32x4.sub
        O::F64x2Sub => fvbinop(f64x::fsub, a, b), // f64x2.sub
        O::F32x4Mul => fvbinop(f32x::fmul, a, b), // f32x4.mul
        O::F64x2Mul => fvbinop(f64x::fmul, a, b), // f64x2.mul
        O::F32x4Div => fvbinop(f32x::fdiv, a, b), // f32x4.div
        O::F64x2Div => fvbinop(f64x::fdiv, a, b), // f64x2.div
        O::F32x4Min => fvbinop(f32x::fmin, a, b), // f32x4.min
        O::F64x2Min => fvbinop(f64x::fmin, a, b), // f64x2.min
        O::F32x4Max => fvbinop(f32x::fmax, a, b), // f32x4.max
        O::F64x2Max => fvbinop(f64x::fmax, a, b), // f64x2.max
        O::F32x4PMin => fvbinop(float::f32_pmin, a, b), // f32x4.pmin
        O::F64x2PMin => fvbinop(float::f64_pmin, a, b), // f64x2.pmin
        O::F32x4PMax => fvbinop(float::f32_pmax, a, b), // f32x4.pmax
        O::F64x2PMax => fvbinop(float::f64_pmax, a, b), // f64x2.pmax

        O::I8x16Eq => ivrelop(i8x::ieq, a, b), // i8x16.eq
        O::I8x16Ne => ivrelop(i8x::ine, a, b), // i8x16.ne
        O::I8x16LtS => ivrelop(i8x::ilt_s, a, b), // i8x16.lt_s
        O::I8x16LtU => ivrelop(i8x::ilt_u, a, b), // i8x16.lt_u
        O::I8x16GtS => ivrelop(i8x::igt_s, a, b), // i8x16.gt_s
        O::I8x16GtU => ivrelop(i8x::igt_u, a, b), // i8x16.gt_u
        O::I8x16LeS => ivrelop(i8x::ile_s, a, b), // i8x16.le_s
        O::I8x16LeU => ivrelop(i8x::ile_u, a, b), // i8x16.le_u
        O::I8x16GeS => ivrelop(i8x::ige_s, a, b), // i8x16.ge_s
        O::I8x16GeU => ivrelop(i8x::ige_u, a, b), // i8x16.ge_u
        O::I16x8Eq => ivrelop(i16x::ieq, a, b), // i16x8.eq
        O::I16x8Ne => ivrelop(i16x::ine, a, b), // i16x8.ne
        O::I16x8LtS => ivrelop(i16x::ilt_s, a, b), // i16x8.lt_s
        O::I16x8LtU => ivrelop(i16x::ilt_u, a, b), // i16x8.lt_u
        O::I16x8GtS => ivrelop(i16x::igt_s, a, b), // i16x8.gt_s
        O::I16x8GtU => ivrelop(i16x::igt_u, a, b), // i16x8.gt_u
        O::I16x8LeS => ivrelop(i16x::ile_s, a, b), // i16x8.le_s
        O::I16x8LeU => ivrelop(i16x::ile_u, a, b), // i16x8.le_u
        O::I16x8GeS => ivrelop(i16x::ige_s, a, b), // i16x8.ge_s
        O::I16x8GeU => ivrelop(i16x::ige_u, a, b), // i16x8.ge_u
        O::I32x4Eq => ivrelop(i32x::ieq, a, b), // i32x4.eq
        O::I32x4Ne => ivrelop(i32x::ine, a, b), // i32x4.ne
        O::I32x4LtS => ivrelop(i32x::ilt_s, a, b), // i32x4.lt_s
        O::I32x4LtU => ivrelop(i32x::ilt_u, a, b), // i32x4.lt_u
        O::I32x4GtS => ivrelop(i32x::igt_s, a, b), // i32x4.gt_s
        O::I32x4GtU => ivrelop(i32x::igt_u, a, b), // i32x4.gt_u
        O::I32x4LeS => ivrelop(i32x::ile_s, a, b), // i32x4.le_s
        O::I32x4LeU => ivrelop(i32x::ile_u, a, b), // i32x4.le_u
        O::I32x4GeS => ivrelop(i32x::ige_s, a, b), // i32x4.ge_s
        O::I32x4GeU => ivrelop(i32x::ige_u, a, b), // i32x4.ge_u
        O::I64x2Eq => ivrelop(i64x::ieq, a, b), // i64x2.eq
        O::I64x2Ne => ivrelop(i64x::ine, a, b), // i64x2.ne
        O::I64x2LtS => ivrelop(i64x::ilt_s, a, b), // i64x2.lt_s
        O::I64x2GtS => ivrelop(i64x::igt_s, a, b), // i64x2.gt_s
        O::I64x2LeS => ivrelop(i64x::ile_s, a, b), // i64x2.le_s
        O::I64x2GeS => ivrelop(i64x::ige_s, a, b), // i64x2.ge_s
        O::F32x4Eq => fvrelop(f32x::feq, a, b), // f32x4.eq
        O::F32x4Ne => fvrelop(f32x::fne, a, b), // f32x4.ne
        O::F32x4Lt => fvrelop(f32x::flt, a, b), // f32x4.lt
        O::F32x4Gt => fvrelop(f32x::fgt, a, b), // f32x4.gt
        O::F32x4Le => fvrelop(f32x::fle, a, b), // f32x4.le
        O::F32x4Ge => fvrelop(f32x::fge, a, b), // f32x4.ge
        O::F64x2Eq => fvrelop(f64x::feq, a, b), // f64x2.eq
        O::F64x2Ne => fvrelop(f64x::fne, a, b), // f64x2.ne
        O::F64x2Lt => fvrelop(f64x::flt, a, b), // f64x2.lt
        O::F64x2Gt => fvrelop(f64x::fgt, a, b), // f64x2.gt
        O::F64x2Le => fvrelop(f64x::fle, a, b), // f64x2.le
        O::F64x2Ge => fvrelop(f64x::fge, a, b), // f64x2.ge

        O::I8x16RelaxedSwizzle => relaxed::swizzle(DETERMINISTIC, a, b), // i8x16.relaxed_swizzle
        O::F32x4RelaxedMin => relaxed::f32x4::min(DETERMINISTIC, a, b), // f32x4.relaxed_min
        O::F32x4RelaxedMax => relaxed::f32x4::max(DETERMINISTIC, a, b), // f32x4.relaxed_max
        O::F64x2RelaxedMin => relaxed::f64x2::min(DETERMINISTIC, a, b), // f64x2.relaxed_min
        O::F64x2RelaxedMax => relaxed::f64x2::max(DETERMINISTIC, a, b), // f64x2.relaxed_max
        // i16x8.relaxed_q15mulr_s
        O::I16x8RelaxedQ15mulrS => relaxed::q15mulr_s(DETERMINISTIC, a, b),
        // i16x8.relaxed_dot_i8x16_i7x16_s
        O::I16x8RelaxedDotI8x16I7x16S => relaxed::dot(DETERMINISTIC, a, b),
        _ => return None,
    })
}

/// Operators from three vectors to one vector: `$vvternop_`, `$vternop_`.
#[rustfmt::skip]
#[inline]
pub fn ternop(op: Opcode, a: u128, b: u128, c: u128) -> Option<u128> {
    Some(match op {
        O::V128Bitselect => ibitselect(a, b, c), // v128.bitselect
        O::F32x4RelaxedMadd => relaxed::f32x4::madd(DETERMINISTIC, a, b, c), // f32x4.relaxed_madd
        // f32x4.relaxed_nmadd
        O::F32x4RelaxedNmadd => relaxed::f32x4::nmadd(DETERMINISTIC, a, b, c),
        O::F64x2RelaxedMadd => relaxed::f64x2::madd(DETERMINISTIC, a, b, c), // f64x2.relaxed_madd
        // f64x2.relaxed_nmadd
        O::F64x2RelaxedNmadd => relaxed::f64x2::nmadd(DETERMINISTIC, a, b, c),
        // i8x16.relaxed_laneselect
        O::I8x16RelaxedLaneselect => relaxed::laneselect::<u8>(DETERMINISTIC, a, b, c),
        // i16x8.relaxed_laneselect
        O::I16x8RelaxedLaneselect => relaxed::laneselect::<u16>(DETERMINISTIC, a, b, c),
        // i32x4.relaxed_laneselect
        O::I32x4RelaxedLaneselect => relaxed::laneselect::<u32>(DETERMINISTIC, a, b, c),
        // i64x2.relaxed_laneselect
        O::I64x2RelaxedLaneselect => relaxed::laneselect::<u64>(DETERMINISTIC, a, b, c),
        // i32x4.relaxed_dot_i8x16_i7x16_add_s
        O::I32x4RelaxedDotI8x16I7x16AddS => relaxed::dot_add(DETERMINISTIC, a, b, c),
        _ => return None,
    })
}

/// `$vshiftop_`: all lanes by one amount, which is taken modulo the lane's width.
#[inline]
pub fn shift(op: Opcode, a: u128, n: u32) -> Option<u128> {
    Some(match op {
        O::I8x16Shl => ivshiftop(i8x::ishl, a, n),     // i8x16.shl
        O::I8x16ShrS => ivshiftop(i8x::ishr_s, a, n),  // i8x16.shr_s
        O::I8x16ShrU => ivshiftop(i8x::ishr_u, a, n),  // i8x16.shr_u
        O::I16x8Shl => ivshiftop(i16x::ishl, a, n),    // i16x8.shl
        O::I16x8ShrS => ivshiftop(i16x::ishr_s, a, n), // i16x8.shr_s
        O::I16x8ShrU => ivshiftop(i16x::ishr_u, a, n), // i16x8.shr_u
        O::I32x4Shl => ivshiftop(i32x::ishl, a, n),    // i32x4.shl
        O::I32x4ShrS => ivshiftop(i32x::ishr_s, a, n), // i32x4.shr_s
        O::I32x4ShrU => ivshiftop(i32x::ishr_u, a, n), // i32x4.shr_u
        O::I64x2Shl => ivshiftop(i64x::ishl, a, n),    // i64x2.shl
        O::I64x2ShrS => ivshiftop(i64x::ishr_s, a, n), // i64x2.shr_s
        O::I64x2ShrU => ivshiftop(i64x::ishr_u, a, n), // i64x2.shr_u
        _ => return None,
    })
}

/// Operators from a vector to an `i32`: tests, and `$vbitmaskop_`.
#[inline]
pub fn test(op: Opcode, a: u128) -> Option<u32> {
    Some(match op {
        O::V128AnyTrue => any_true(a),         // v128.any_true
        O::I8x16AllTrue => all_true::<u8>(a),  // i8x16.all_true
        O::I16x8AllTrue => all_true::<u16>(a), // i16x8.all_true
        O::I32x4AllTrue => all_true::<u32>(a), // i32x4.all_true
        O::I64x2AllTrue => all_true::<u64>(a), // i64x2.all_true
        O::I8x16Bitmask => bitmask::<u8>(a),   // i8x16.bitmask
        O::I16x8Bitmask => bitmask::<u16>(a),  // i16x8.bitmask
        O::I32x4Bitmask => bitmask::<u32>(a),  // i32x4.bitmask
        O::I64x2Bitmask => bitmask::<u64>(a),  // i64x2.bitmask
        _ => return None,
    })
}

/// Operators from a number to a vector of equal lanes. The lane is in the lowest bits; those
/// above it are ignored, which is `$lpacknum_`.
#[inline]
pub fn splat(op: Opcode, bits: u64) -> Option<u128> {
    Some(match op {
        O::I8x16Splat => lanes::splat(bits as u8),  // i8x16.splat
        O::I16x8Splat => lanes::splat(bits as u16), // i16x8.splat
        O::I32x4Splat | O::F32x4Splat => lanes::splat(bits as u32), // i32x4.splat, f32x4.splat
        O::I64x2Splat | O::F64x2Splat => lanes::splat(bits), // i64x2.splat, f64x2.splat
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
        // i8x16.extract_lane_s
        O::I8x16ExtractLaneS => lanes::extract::<u8>(a, lane).map(|c| i32_bits(extend(S, c))),
        // i8x16.extract_lane_u
        O::I8x16ExtractLaneU => lanes::extract::<u8>(a, lane).map(|c| i32_bits(extend(U, c))),
        // i16x8.extract_lane_s
        O::I16x8ExtractLaneS => lanes::extract::<u16>(a, lane).map(|c| i32_bits(extend(S, c))),
        // i16x8.extract_lane_u
        O::I16x8ExtractLaneU => lanes::extract::<u16>(a, lane).map(|c| i32_bits(extend(U, c))),
        O::V128Store8Lane => lanes::extract::<u8>(a, lane).map(u64::from), // v128.store8_lane
        O::V128Store16Lane => lanes::extract::<u16>(a, lane).map(u64::from), // v128.store16_lane
        // i32x4.extract_lane, f32x4.extract_lane, v128.store32_lane
        O::I32x4ExtractLane | O::F32x4ExtractLane | O::V128Store32Lane => {
            lanes::extract::<u32>(a, lane).map(u64::from)
        }
        // i64x2.extract_lane, f64x2.extract_lane, v128.store64_lane
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
        // i8x16.replace_lane, v128.load8_lane
        O::I8x16ReplaceLane | O::V128Load8Lane => lanes::replace(a, lane, bits as u8),
        // i16x8.replace_lane, v128.load16_lane
        O::I16x8ReplaceLane | O::V128Load16Lane => lanes::replace(a, lane, bits as u16),
        // i32x4.replace_lane, f32x4.replace_lane, v128.load32_lane
        O::I32x4ReplaceLane | O::F32x4ReplaceLane | O::V128Load32Lane => {
            lanes::replace(a, lane, bits as u32)
        }
        // i64x2.replace_lane, f64x2.replace_lane, v128.load64_lane
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
        O::V128Load8x8S => extend_half::<u8, u16>(Low, S, loaded), // v128.load8x8_s
        O::V128Load8x8U => extend_half::<u8, u16>(Low, U, loaded), // v128.load8x8_u
        O::V128Load16x4S => extend_half::<u16, u32>(Low, S, loaded), // v128.load16x4_s
        O::V128Load16x4U => extend_half::<u16, u32>(Low, U, loaded), // v128.load16x4_u
        O::V128Load32x2S => extend_half::<u32, u64>(Low, S, loaded), // v128.load32x2_s
        O::V128Load32x2U => extend_half::<u32, u64>(Low, U, loaded), // v128.load32x2_u
        O::V128Load8Splat => lanes::splat(bits as u8),             // v128.load8_splat
        O::V128Load16Splat => lanes::splat(bits as u16),           // v128.load16_splat
        O::V128Load32Splat => lanes::splat(bits as u32),           // v128.load32_splat
        O::V128Load64Splat => lanes::splat(bits),                  // v128.load64_splat
        O::V128Load32Zero => u128::from(bits as u32),              // v128.load32_zero
        O::V128Load64Zero => loaded,                               // v128.load64_zero
        _ => return None,
    })
}
