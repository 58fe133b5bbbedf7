//! Bits and integers.

use crate::compile::translator::Translator;
use crate::error::Failure;
use cranelift_codegen::ir::types::{I8X16, I16X8, I32, I32X4, I64X2};
use cranelift_codegen::ir::{InstBuilder, Type, Value};
use cranelift_frontend::FunctionBuilder;
use wasmparser::Operator as O;

impl<'a> Translator<'a> {
    /// Translates an operator on bits, a test or a shift; gives false for any other operator.
    pub(super) fn vector_bits(&mut self, operator: &O<'_>) -> Result<bool, Failure> {
        match operator {
            // `v128.not`, `v128.and`, `v128.andnot`, `v128.or`, `v128.xor`, `v128.bitselect`
            O::V128Not => self.v_unary(I8X16, |b, x| b.ins().bnot(x)),
            O::V128And => self.v_binary(I8X16, |b, x, y| b.ins().band(x, y)),
            O::V128AndNot => self.v_binary(I8X16, |b, x, y| b.ins().band_not(x, y)),
            O::V128Or => self.v_binary(I8X16, |b, x, y| b.ins().bor(x, y)),
            O::V128Xor => self.v_binary(I8X16, |b, x, y| b.ins().bxor(x, y)),
            O::V128Bitselect => self.bitselect(),
            // `v128.any_true`
            O::V128AnyTrue => self.test(I8X16, |b, x| {
                let any = b.ins().vany_true(x);
                b.ins().uextend(I32, any)
            }),
            // `i8x16.all_true`, `i16x8.all_true`, `i32x4.all_true`, `i64x2.all_true`
            O::I8x16AllTrue => self.all_true(I8X16),
            O::I16x8AllTrue => self.all_true(I16X8),
            O::I32x4AllTrue => self.all_true(I32X4),
            O::I64x2AllTrue => self.all_true(I64X2),
            // `i8x16.bitmask`, `i16x8.bitmask`, `i32x4.bitmask`, `i64x2.bitmask`
            O::I8x16Bitmask => self.test(I8X16, |b, x| b.ins().vhigh_bits(I32, x)),
            O::I16x8Bitmask => self.test(I16X8, |b, x| b.ins().vhigh_bits(I32, x)),
            O::I32x4Bitmask => self.test(I32X4, |b, x| b.ins().vhigh_bits(I32, x)),
            O::I64x2Bitmask => self.test(I64X2, |b, x| b.ins().vhigh_bits(I32, x)),
            // `i8x16.shl`, `i8x16.shr_s`, `i8x16.shr_u`, `i16x8.shl`, `i16x8.shr_s`, `i16x8.shr_u`
            O::I8x16Shl => self.shift(I8X16, |b, x, n| b.ins().ishl(x, n)),
            O::I8x16ShrS => self.shift(I8X16, |b, x, n| b.ins().sshr(x, n)),
            O::I8x16ShrU => self.shift(I8X16, |b, x, n| b.ins().ushr(x, n)),
            O::I16x8Shl => self.shift(I16X8, |b, x, n| b.ins().ishl(x, n)),
            O::I16x8ShrS => self.shift(I16X8, |b, x, n| b.ins().sshr(x, n)),
            O::I16x8ShrU => self.shift(I16X8, |b, x, n| b.ins().ushr(x, n)),
            // `i32x4.shl`, `i32x4.shr_s`, `i32x4.shr_u`, `i64x2.shl`, `i64x2.shr_s`, `i64x2.shr_u`
            O::I32x4Shl => self.shift(I32X4, |b, x, n| b.ins().ishl(x, n)),
            O::I32x4ShrS => self.shift(I32X4, |b, x, n| b.ins().sshr(x, n)),
            O::I32x4ShrU => self.shift(I32X4, |b, x, n| b.ins().ushr(x, n)),
            O::I64x2Shl => self.shift(I64X2, |b, x, n| b.ins().ishl(x, n)),
            O::I64x2ShrS => self.shift(I64X2, |b, x, n| b.ins().sshr(x, n)),
            O::I64x2ShrU => self.shift(I64X2, |b, x, n| b.ins().ushr(x, n)),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Translates arithmetic of integers; gives false for any other operator.
    pub(super) fn vector_integer(&mut self, operator: &O<'_>) -> Result<bool, Failure> {
        match operator {
            // `i8x16.abs`, `i8x16.neg`, `i8x16.popcnt`, `i8x16.add`, `i8x16.sub`
            O::I8x16Abs => self.v_unary(I8X16, |b, x| b.ins().iabs(x)),
            O::I8x16Neg => self.v_unary(I8X16, |b, x| b.ins().ineg(x)),
            O::I8x16Popcnt => self.v_unary(I8X16, |b, x| b.ins().popcnt(x)),
            O::I8x16Add => self.v_binary(I8X16, |b, x, y| b.ins().iadd(x, y)),
            O::I8x16Sub => self.v_binary(I8X16, |b, x, y| b.ins().isub(x, y)),
            // `i8x16.add_sat_s`, `i8x16.add_sat_u`, `i8x16.sub_sat_s`, `i8x16.sub_sat_u`
            O::I8x16AddSatS => self.v_binary(I8X16, |b, x, y| b.ins().sadd_sat(x, y)),
            O::I8x16AddSatU => self.v_binary(I8X16, |b, x, y| b.ins().uadd_sat(x, y)),
            O::I8x16SubSatS => self.v_binary(I8X16, |b, x, y| b.ins().ssub_sat(x, y)),
            O::I8x16SubSatU => self.v_binary(I8X16, |b, x, y| b.ins().usub_sat(x, y)),
            // `i8x16.avgr_u`, `i8x16.min_s`, `i8x16.min_u`, `i8x16.max_s`, `i8x16.max_u`
            O::I8x16AvgrU => self.v_binary(I8X16, |b, x, y| b.ins().avg_round(x, y)),
            O::I8x16MinS => self.v_binary(I8X16, |b, x, y| b.ins().smin(x, y)),
            O::I8x16MinU => self.v_binary(I8X16, |b, x, y| b.ins().umin(x, y)),
            O::I8x16MaxS => self.v_binary(I8X16, |b, x, y| b.ins().smax(x, y)),
            O::I8x16MaxU => self.v_binary(I8X16, |b, x, y| b.ins().umax(x, y)),
            // `i16x8.abs`, `i16x8.neg`, `i16x8.add`, `i16x8.sub`, `i16x8.mul`
            O::I16x8Abs => self.v_unary(I16X8, |b, x| b.ins().iabs(x)),
            O::I16x8Neg => self.v_unary(I16X8, |b, x| b.ins().ineg(x)),
            O::I16x8Add => self.v_binary(I16X8, |b, x, y| b.ins().iadd(x, y)),
            O::I16x8Sub => self.v_binary(I16X8, |b, x, y| b.ins().isub(x, y)),
            O::I16x8Mul => self.v_binary(I16X8, |b, x, y| b.ins().imul(x, y)),
            // `i16x8.add_sat_s`, `i16x8.add_sat_u`, `i16x8.sub_sat_s`, `i16x8.sub_sat_u`
            O::I16x8AddSatS => self.v_binary(I16X8, |b, x, y| b.ins().sadd_sat(x, y)),
            O::I16x8AddSatU => self.v_binary(I16X8, |b, x, y| b.ins().uadd_sat(x, y)),
            O::I16x8SubSatS => self.v_binary(I16X8, |b, x, y| b.ins().ssub_sat(x, y)),
            O::I16x8SubSatU => self.v_binary(I16X8, |b, x, y| b.ins().usub_sat(x, y)),
            // `i16x8.avgr_u`, `i16x8.min_s`, `i16x8.min_u`, `i16x8.max_s`, `i16x8.max_u`
            O::I16x8AvgrU => self.v_binary(I16X8, |b, x, y| b.ins().avg_round(x, y)),
            O::I16x8MinS => self.v_binary(I16X8, |b, x, y| b.ins().smin(x, y)),
            O::I16x8MinU => self.v_binary(I16X8, |b, x, y| b.ins().umin(x, y)),
            O::I16x8MaxS => self.v_binary(I16X8, |b, x, y| b.ins().smax(x, y)),
            O::I16x8MaxU => self.v_binary(I16X8, |b, x, y| b.ins().umax(x, y)),
            // `i16x8.q15mulr_sat_s`
            O::I16x8Q15MulrSatS => self.v_binary(I16X8, |b, x, y| b.ins().sqmul_round_sat(x, y)),
            // `i32x4.abs`, `i32x4.neg`, `i32x4.add`, `i32x4.sub`, `i32x4.mul`
            O::I32x4Abs => self.v_unary(I32X4, |b, x| b.ins().iabs(x)),
            O::I32x4Neg => self.v_unary(I32X4, |b, x| b.ins().ineg(x)),
            O::I32x4Add => self.v_binary(I32X4, |b, x, y| b.ins().iadd(x, y)),
            O::I32x4Sub => self.v_binary(I32X4, |b, x, y| b.ins().isub(x, y)),
            O::I32x4Mul => self.v_binary(I32X4, |b, x, y| b.ins().imul(x, y)),
            // `i32x4.min_s`, `i32x4.min_u`, `i32x4.max_s`, `i32x4.max_u`
            O::I32x4MinS => self.v_binary(I32X4, |b, x, y| b.ins().smin(x, y)),
            O::I32x4MinU => self.v_binary(I32X4, |b, x, y| b.ins().umin(x, y)),
            O::I32x4MaxS => self.v_binary(I32X4, |b, x, y| b.ins().smax(x, y)),
            O::I32x4MaxU => self.v_binary(I32X4, |b, x, y| b.ins().umax(x, y)),
            // `i64x2.abs`, `i64x2.neg`, `i64x2.add`, `i64x2.sub`, `i64x2.mul`
            O::I64x2Abs => self.v_unary(I64X2, |b, x| b.ins().iabs(x)),
            O::I64x2Neg => self.v_unary(I64X2, |b, x| b.ins().ineg(x)),
            O::I64x2Add => self.v_binary(I64X2, |b, x, y| b.ins().iadd(x, y)),
            O::I64x2Sub => self.v_binary(I64X2, |b, x, y| b.ins().isub(x, y)),
            O::I64x2Mul => self.v_binary(I64X2, |b, x, y| b.ins().imul(x, y)),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn all_true(&mut self, ty: Type) {
        self.test(ty, |b, x| {
            let all = b.ins().vall_true(x);
            b.ins().uextend(I32, all)
        });
    }

    fn shift(&mut self, ty: Type, f: impl FnOnce(&mut FunctionBuilder<'a>, Value, Value) -> Value) {
        let amount = self.pop();
        self.v_unary(ty, |b, x| f(b, x, amount));
    }
}
