//! The table of vector operators: what each becomes. The work is in `vector.rs`.

use super::memory::Width;
use super::translator::Translator;
use crate::error::CompileError;
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F32X4, F64X2, I8, I8X16, I16, I16X8, I32, I32X4, I64, I64X2};
use wasmparser::Operator as O;

impl Translator<'_> {
    /// Accesses to memory.
    pub(super) fn vector(&mut self, operator: &O<'_>) -> Result<(), CompileError> {
        match operator {
            // `v128.load`, `v128.store`
            O::V128Load { memarg } => self.load(I8X16, Width::Full, memarg)?,
            O::V128Store { memarg } => self.store(None, memarg)?,
            // `v128.load8x8_s`, `v128.load8x8_u`, `v128.load16x4_s`, `v128.load16x4_u`
            O::V128Load8x8S { memarg } => {
                self.load_extended(memarg, |b, f, p, at| b.ins().sload8x8(f, p, at))?
            }
            O::V128Load8x8U { memarg } => {
                self.load_extended(memarg, |b, f, p, at| b.ins().uload8x8(f, p, at))?
            }
            O::V128Load16x4S { memarg } => {
                self.load_extended(memarg, |b, f, p, at| b.ins().sload16x4(f, p, at))?
            }
            O::V128Load16x4U { memarg } => {
                self.load_extended(memarg, |b, f, p, at| b.ins().uload16x4(f, p, at))?
            }
            // `v128.load32x2_s`, `v128.load32x2_u`, `v128.load8_splat`, `v128.load16_splat`
            O::V128Load32x2S { memarg } => {
                self.load_extended(memarg, |b, f, p, at| b.ins().sload32x2(f, p, at))?
            }
            O::V128Load32x2U { memarg } => {
                self.load_extended(memarg, |b, f, p, at| b.ins().uload32x2(f, p, at))?
            }
            O::V128Load8Splat { memarg } => self.load_splat(I8, I8X16, memarg)?,
            O::V128Load16Splat { memarg } => self.load_splat(I16, I16X8, memarg)?,
            // `v128.load32_splat`, `v128.load64_splat`, `v128.load32_zero`, `v128.load64_zero`
            O::V128Load32Splat { memarg } => self.load_splat(I32, I32X4, memarg)?,
            O::V128Load64Splat { memarg } => self.load_splat(I64, I64X2, memarg)?,
            O::V128Load32Zero { memarg } => self.load_zero(I32, I32X4, memarg)?,
            O::V128Load64Zero { memarg } => self.load_zero(I64, I64X2, memarg)?,
            // `v128.load8_lane`, `v128.store8_lane`
            O::V128Load8Lane { memarg, lane } => self.load_lane(I8, I8X16, memarg, *lane)?,
            O::V128Store8Lane { memarg, lane } => self.store_lane(I8X16, memarg, *lane)?,
            // `v128.load16_lane`, `v128.store16_lane`
            O::V128Load16Lane { memarg, lane } => self.load_lane(I16, I16X8, memarg, *lane)?,
            O::V128Store16Lane { memarg, lane } => self.store_lane(I16X8, memarg, *lane)?,
            // `v128.load32_lane`, `v128.store32_lane`
            O::V128Load32Lane { memarg, lane } => self.load_lane(I32, I32X4, memarg, *lane)?,
            O::V128Store32Lane { memarg, lane } => self.store_lane(I32X4, memarg, *lane)?,
            // `v128.load64_lane`, `v128.store64_lane`
            O::V128Load64Lane { memarg, lane } => self.load_lane(I64, I64X2, memarg, *lane)?,
            O::V128Store64Lane { memarg, lane } => self.store_lane(I64X2, memarg, *lane)?,
            other => return self.lanes(other),
        }
        Ok(())
    }

    /// Constants and single lanes.
    fn lanes(&mut self, operator: &O<'_>) -> Result<(), CompileError> {
        match operator {
            // `v128.const`, `i8x16.shuffle`
            O::V128Const { value } => self.v128_const(value.bytes()),
            O::I8x16Shuffle { lanes } => self.shuffle(lanes),
            // `i8x16.extract_lane_s`, `i8x16.extract_lane_u`, `i16x8.extract_lane_s`
            O::I8x16ExtractLaneS { lane } => {
                self.extract(I8X16, *lane, |b, x| b.ins().sextend(I32, x))
            }
            O::I8x16ExtractLaneU { lane } => {
                self.extract(I8X16, *lane, |b, x| b.ins().uextend(I32, x))
            }
            O::I16x8ExtractLaneS { lane } => {
                self.extract(I16X8, *lane, |b, x| b.ins().sextend(I32, x))
            }
            // `i16x8.extract_lane_u`, `i32x4.extract_lane`, `i64x2.extract_lane`
            O::I16x8ExtractLaneU { lane } => {
                self.extract(I16X8, *lane, |b, x| b.ins().uextend(I32, x))
            }
            O::I32x4ExtractLane { lane } => self.extract(I32X4, *lane, |_, x| x),
            O::I64x2ExtractLane { lane } => self.extract(I64X2, *lane, |_, x| x),
            // `f32x4.extract_lane`, `f64x2.extract_lane`
            O::F32x4ExtractLane { lane } => self.extract(F32X4, *lane, |_, x| x),
            O::F64x2ExtractLane { lane } => self.extract(F64X2, *lane, |_, x| x),
            // `i8x16.replace_lane`, `i16x8.replace_lane`, `i32x4.replace_lane`
            O::I8x16ReplaceLane { lane } => self.replace(I8X16, *lane),
            O::I16x8ReplaceLane { lane } => self.replace(I16X8, *lane),
            O::I32x4ReplaceLane { lane } => self.replace(I32X4, *lane),
            // `i64x2.replace_lane`, `f32x4.replace_lane`, `f64x2.replace_lane`
            O::I64x2ReplaceLane { lane } => self.replace(I64X2, *lane),
            O::F32x4ReplaceLane { lane } => self.replace(F32X4, *lane),
            O::F64x2ReplaceLane { lane } => self.replace(F64X2, *lane),
            // `i8x16.splat`, `i16x8.splat`, `i32x4.splat`, `i64x2.splat`, `f32x4.splat`
            O::I8x16Splat => self.splat(I8X16),
            O::I16x8Splat => self.splat(I16X8),
            O::I32x4Splat => self.splat(I32X4),
            O::I64x2Splat => self.splat(I64X2),
            O::F32x4Splat => self.splat(F32X4),
            // `f64x2.splat`
            O::F64x2Splat => self.splat(F64X2),
            // `i8x16.swizzle`
            O::I8x16Swizzle => self.v_binary(I8X16, |b, x, y| b.ins().swizzle(x, y)),
            other => return self.vector_comparison(other),
        }
        Ok(())
    }

    /// Comparisons: all ones in a lane where they hold.
    fn vector_comparison(&mut self, operator: &O<'_>) -> Result<(), CompileError> {
        match operator {
            // `i8x16.eq`, `i8x16.ne`, `i8x16.lt_s`, `i8x16.lt_u`, `i8x16.gt_s`, `i8x16.gt_u`
            O::I8x16Eq => self.v_binary(I8X16, |b, x, y| b.ins().icmp(IntCC::Equal, x, y)),
            O::I8x16Ne => self.v_binary(I8X16, |b, x, y| b.ins().icmp(IntCC::NotEqual, x, y)),
            O::I8x16LtS => {
                self.v_binary(I8X16, |b, x, y| b.ins().icmp(IntCC::SignedLessThan, x, y))
            }
            O::I8x16LtU => {
                self.v_binary(I8X16, |b, x, y| b.ins().icmp(IntCC::UnsignedLessThan, x, y))
            }
            O::I8x16GtS => {
                self.v_binary(I8X16, |b, x, y| b.ins().icmp(IntCC::SignedGreaterThan, x, y))
            }
            O::I8x16GtU => {
                self.v_binary(I8X16, |b, x, y| b.ins().icmp(IntCC::UnsignedGreaterThan, x, y))
            }
            // `i8x16.le_s`, `i8x16.le_u`, `i8x16.ge_s`, `i8x16.ge_u`
            O::I8x16LeS => {
                self.v_binary(I8X16, |b, x, y| b.ins().icmp(IntCC::SignedLessThanOrEqual, x, y))
            }
            O::I8x16LeU => {
                self.v_binary(I8X16, |b, x, y| b.ins().icmp(IntCC::UnsignedLessThanOrEqual, x, y))
            }
            O::I8x16GeS => {
                self.v_binary(I8X16, |b, x, y| b.ins().icmp(IntCC::SignedGreaterThanOrEqual, x, y))
            }
            O::I8x16GeU => self
                .v_binary(I8X16, |b, x, y| b.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, x, y)),
            // `i16x8.eq`, `i16x8.ne`, `i16x8.lt_s`, `i16x8.lt_u`, `i16x8.gt_s`, `i16x8.gt_u`
            O::I16x8Eq => self.v_binary(I16X8, |b, x, y| b.ins().icmp(IntCC::Equal, x, y)),
            O::I16x8Ne => self.v_binary(I16X8, |b, x, y| b.ins().icmp(IntCC::NotEqual, x, y)),
            O::I16x8LtS => {
                self.v_binary(I16X8, |b, x, y| b.ins().icmp(IntCC::SignedLessThan, x, y))
            }
            O::I16x8LtU => {
                self.v_binary(I16X8, |b, x, y| b.ins().icmp(IntCC::UnsignedLessThan, x, y))
            }
            O::I16x8GtS => {
                self.v_binary(I16X8, |b, x, y| b.ins().icmp(IntCC::SignedGreaterThan, x, y))
            }
            O::I16x8GtU => {
                self.v_binary(I16X8, |b, x, y| b.ins().icmp(IntCC::UnsignedGreaterThan, x, y))
            }
            // `i16x8.le_s`, `i16x8.le_u`, `i16x8.ge_s`, `i16x8.ge_u`
            O::I16x8LeS => {
                self.v_binary(I16X8, |b, x, y| b.ins().icmp(IntCC::SignedLessThanOrEqual, x, y))
            }
            O::I16x8LeU => {
                self.v_binary(I16X8, |b, x, y| b.ins().icmp(IntCC::UnsignedLessThanOrEqual, x, y))
            }
            O::I16x8GeS => {
                self.v_binary(I16X8, |b, x, y| b.ins().icmp(IntCC::SignedGreaterThanOrEqual, x, y))
            }
            O::I16x8GeU => self
                .v_binary(I16X8, |b, x, y| b.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, x, y)),
            // `i32x4.eq`, `i32x4.ne`, `i32x4.lt_s`, `i32x4.lt_u`, `i32x4.gt_s`, `i32x4.gt_u`
            O::I32x4Eq => self.v_binary(I32X4, |b, x, y| b.ins().icmp(IntCC::Equal, x, y)),
            O::I32x4Ne => self.v_binary(I32X4, |b, x, y| b.ins().icmp(IntCC::NotEqual, x, y)),
            O::I32x4LtS => {
                self.v_binary(I32X4, |b, x, y| b.ins().icmp(IntCC::SignedLessThan, x, y))
            }
            O::I32x4LtU => {
                self.v_binary(I32X4, |b, x, y| b.ins().icmp(IntCC::UnsignedLessThan, x, y))
            }
            O::I32x4GtS => {
                self.v_binary(I32X4, |b, x, y| b.ins().icmp(IntCC::SignedGreaterThan, x, y))
            }
            O::I32x4GtU => {
                self.v_binary(I32X4, |b, x, y| b.ins().icmp(IntCC::UnsignedGreaterThan, x, y))
            }
            // `i32x4.le_s`, `i32x4.le_u`, `i32x4.ge_s`, `i32x4.ge_u`
            O::I32x4LeS => {
                self.v_binary(I32X4, |b, x, y| b.ins().icmp(IntCC::SignedLessThanOrEqual, x, y))
            }
            O::I32x4LeU => {
                self.v_binary(I32X4, |b, x, y| b.ins().icmp(IntCC::UnsignedLessThanOrEqual, x, y))
            }
            O::I32x4GeS => {
                self.v_binary(I32X4, |b, x, y| b.ins().icmp(IntCC::SignedGreaterThanOrEqual, x, y))
            }
            O::I32x4GeU => self
                .v_binary(I32X4, |b, x, y| b.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, x, y)),
            // `i64x2.eq`, `i64x2.ne`, `i64x2.lt_s`, `i64x2.gt_s`, `i64x2.le_s`, `i64x2.ge_s`
            O::I64x2Eq => self.v_binary(I64X2, |b, x, y| b.ins().icmp(IntCC::Equal, x, y)),
            O::I64x2Ne => self.v_binary(I64X2, |b, x, y| b.ins().icmp(IntCC::NotEqual, x, y)),
            O::I64x2LtS => {
                self.v_binary(I64X2, |b, x, y| b.ins().icmp(IntCC::SignedLessThan, x, y))
            }
            O::I64x2GtS => {
                self.v_binary(I64X2, |b, x, y| b.ins().icmp(IntCC::SignedGreaterThan, x, y))
            }
            O::I64x2LeS => {
                self.v_binary(I64X2, |b, x, y| b.ins().icmp(IntCC::SignedLessThanOrEqual, x, y))
            }
            O::I64x2GeS => {
                self.v_binary(I64X2, |b, x, y| b.ins().icmp(IntCC::SignedGreaterThanOrEqual, x, y))
            }
            // `f32x4.eq`, `f32x4.ne`, `f32x4.lt`, `f32x4.gt`, `f32x4.le`, `f32x4.ge`
            O::F32x4Eq => self.v_binary(F32X4, |b, x, y| b.ins().fcmp(FloatCC::Equal, x, y)),
            O::F32x4Ne => self.v_binary(F32X4, |b, x, y| b.ins().fcmp(FloatCC::NotEqual, x, y)),
            O::F32x4Lt => self.v_binary(F32X4, |b, x, y| b.ins().fcmp(FloatCC::LessThan, x, y)),
            O::F32x4Gt => self.v_binary(F32X4, |b, x, y| b.ins().fcmp(FloatCC::GreaterThan, x, y)),
            O::F32x4Le => {
                self.v_binary(F32X4, |b, x, y| b.ins().fcmp(FloatCC::LessThanOrEqual, x, y))
            }
            O::F32x4Ge => {
                self.v_binary(F32X4, |b, x, y| b.ins().fcmp(FloatCC::GreaterThanOrEqual, x, y))
            }
            // `f64x2.eq`, `f64x2.ne`, `f64x2.lt`, `f64x2.gt`, `f64x2.le`, `f64x2.ge`
            O::F64x2Eq => self.v_binary(F64X2, |b, x, y| b.ins().fcmp(FloatCC::Equal, x, y)),
            O::F64x2Ne => self.v_binary(F64X2, |b, x, y| b.ins().fcmp(FloatCC::NotEqual, x, y)),
            O::F64x2Lt => self.v_binary(F64X2, |b, x, y| b.ins().fcmp(FloatCC::LessThan, x, y)),
            O::F64x2Gt => self.v_binary(F64X2, |b, x, y| b.ins().fcmp(FloatCC::GreaterThan, x, y)),
            O::F64x2Le => {
                self.v_binary(F64X2, |b, x, y| b.ins().fcmp(FloatCC::LessThanOrEqual, x, y))
            }
            O::F64x2Ge => {
                self.v_binary(F64X2, |b, x, y| b.ins().fcmp(FloatCC::GreaterThanOrEqual, x, y))
            }
            other => return self.vector_integer(other),
        }
        Ok(())
    }

    /// Bits and integers.
    fn vector_integer(&mut self, operator: &O<'_>) -> Result<(), CompileError> {
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
            // `i8x16.all_true`, `i8x16.bitmask`, `i8x16.abs`, `i8x16.neg`, `i8x16.shl`
            O::I8x16AllTrue => self.test(I8X16, |b, x| {
                let all = b.ins().vall_true(x);
                b.ins().uextend(I32, all)
            }),
            O::I8x16Bitmask => self.test(I8X16, |b, x| b.ins().vhigh_bits(I32, x)),
            O::I8x16Abs => self.v_unary(I8X16, |b, x| b.ins().iabs(x)),
            O::I8x16Neg => self.v_unary(I8X16, |b, x| b.ins().ineg(x)),
            O::I8x16Shl => self.shift(I8X16, |b, x, n| b.ins().ishl(x, n)),
            // `i8x16.shr_s`, `i8x16.shr_u`, `i8x16.add`, `i8x16.sub`, `i8x16.add_sat_s`
            O::I8x16ShrS => self.shift(I8X16, |b, x, n| b.ins().sshr(x, n)),
            O::I8x16ShrU => self.shift(I8X16, |b, x, n| b.ins().ushr(x, n)),
            O::I8x16Add => self.v_binary(I8X16, |b, x, y| b.ins().iadd(x, y)),
            O::I8x16Sub => self.v_binary(I8X16, |b, x, y| b.ins().isub(x, y)),
            O::I8x16AddSatS => self.v_binary(I8X16, |b, x, y| b.ins().sadd_sat(x, y)),
            // `i8x16.add_sat_u`, `i8x16.sub_sat_s`, `i8x16.sub_sat_u`, `i8x16.avgr_u`
            O::I8x16AddSatU => self.v_binary(I8X16, |b, x, y| b.ins().uadd_sat(x, y)),
            O::I8x16SubSatS => self.v_binary(I8X16, |b, x, y| b.ins().ssub_sat(x, y)),
            O::I8x16SubSatU => self.v_binary(I8X16, |b, x, y| b.ins().usub_sat(x, y)),
            O::I8x16AvgrU => self.v_binary(I8X16, |b, x, y| b.ins().avg_round(x, y)),
            // `i8x16.min_s`, `i8x16.min_u`, `i8x16.max_s`, `i8x16.max_u`
            O::I8x16MinS => self.v_binary(I8X16, |b, x, y| b.ins().smin(x, y)),
            O::I8x16MinU => self.v_binary(I8X16, |b, x, y| b.ins().umin(x, y)),
            O::I8x16MaxS => self.v_binary(I8X16, |b, x, y| b.ins().smax(x, y)),
            O::I8x16MaxU => self.v_binary(I8X16, |b, x, y| b.ins().umax(x, y)),
            // `i16x8.all_true`, `i16x8.bitmask`, `i16x8.abs`, `i16x8.neg`, `i16x8.shl`
            O::I16x8AllTrue => self.test(I16X8, |b, x| {
                let all = b.ins().vall_true(x);
                b.ins().uextend(I32, all)
            }),
            O::I16x8Bitmask => self.test(I16X8, |b, x| b.ins().vhigh_bits(I32, x)),
            O::I16x8Abs => self.v_unary(I16X8, |b, x| b.ins().iabs(x)),
            O::I16x8Neg => self.v_unary(I16X8, |b, x| b.ins().ineg(x)),
            O::I16x8Shl => self.shift(I16X8, |b, x, n| b.ins().ishl(x, n)),
            // `i16x8.shr_s`, `i16x8.shr_u`, `i16x8.add`, `i16x8.sub`, `i16x8.mul`
            O::I16x8ShrS => self.shift(I16X8, |b, x, n| b.ins().sshr(x, n)),
            O::I16x8ShrU => self.shift(I16X8, |b, x, n| b.ins().ushr(x, n)),
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
            // `i32x4.all_true`, `i32x4.bitmask`, `i32x4.abs`, `i32x4.neg`, `i32x4.shl`
            O::I32x4AllTrue => self.test(I32X4, |b, x| {
                let all = b.ins().vall_true(x);
                b.ins().uextend(I32, all)
            }),
            O::I32x4Bitmask => self.test(I32X4, |b, x| b.ins().vhigh_bits(I32, x)),
            O::I32x4Abs => self.v_unary(I32X4, |b, x| b.ins().iabs(x)),
            O::I32x4Neg => self.v_unary(I32X4, |b, x| b.ins().ineg(x)),
            O::I32x4Shl => self.shift(I32X4, |b, x, n| b.ins().ishl(x, n)),
            // `i32x4.shr_s`, `i32x4.shr_u`, `i32x4.add`, `i32x4.sub`, `i32x4.mul`, `i32x4.min_s`
            O::I32x4ShrS => self.shift(I32X4, |b, x, n| b.ins().sshr(x, n)),
            O::I32x4ShrU => self.shift(I32X4, |b, x, n| b.ins().ushr(x, n)),
            O::I32x4Add => self.v_binary(I32X4, |b, x, y| b.ins().iadd(x, y)),
            O::I32x4Sub => self.v_binary(I32X4, |b, x, y| b.ins().isub(x, y)),
            O::I32x4Mul => self.v_binary(I32X4, |b, x, y| b.ins().imul(x, y)),
            O::I32x4MinS => self.v_binary(I32X4, |b, x, y| b.ins().smin(x, y)),
            // `i32x4.min_u`, `i32x4.max_s`, `i32x4.max_u`
            O::I32x4MinU => self.v_binary(I32X4, |b, x, y| b.ins().umin(x, y)),
            O::I32x4MaxS => self.v_binary(I32X4, |b, x, y| b.ins().smax(x, y)),
            O::I32x4MaxU => self.v_binary(I32X4, |b, x, y| b.ins().umax(x, y)),
            // `i64x2.all_true`, `i64x2.bitmask`, `i64x2.abs`, `i64x2.neg`, `i64x2.shl`
            O::I64x2AllTrue => self.test(I64X2, |b, x| {
                let all = b.ins().vall_true(x);
                b.ins().uextend(I32, all)
            }),
            O::I64x2Bitmask => self.test(I64X2, |b, x| b.ins().vhigh_bits(I32, x)),
            O::I64x2Abs => self.v_unary(I64X2, |b, x| b.ins().iabs(x)),
            O::I64x2Neg => self.v_unary(I64X2, |b, x| b.ins().ineg(x)),
            O::I64x2Shl => self.shift(I64X2, |b, x, n| b.ins().ishl(x, n)),
            // `i64x2.shr_s`, `i64x2.shr_u`, `i64x2.add`, `i64x2.sub`, `i64x2.mul`
            O::I64x2ShrS => self.shift(I64X2, |b, x, n| b.ins().sshr(x, n)),
            O::I64x2ShrU => self.shift(I64X2, |b, x, n| b.ins().ushr(x, n)),
            O::I64x2Add => self.v_binary(I64X2, |b, x, y| b.ins().iadd(x, y)),
            O::I64x2Sub => self.v_binary(I64X2, |b, x, y| b.ins().isub(x, y)),
            O::I64x2Mul => self.v_binary(I64X2, |b, x, y| b.ins().imul(x, y)),
            // `i8x16.popcnt`, `i16x8.q15mulr_sat_s`
            O::I8x16Popcnt => self.v_unary(I8X16, |b, x| b.ins().popcnt(x)),
            O::I16x8Q15MulrSatS => self.v_binary(I16X8, |b, x, y| b.ins().sqmul_round_sat(x, y)),
            other => return self.vector_width(other),
        }
        Ok(())
    }

    /// Integers of other widths.
    fn vector_width(&mut self, operator: &O<'_>) -> Result<(), CompileError> {
        match operator {
            // `i8x16.narrow_i16x8_s`, `i8x16.narrow_i16x8_u`
            O::I8x16NarrowI16x8S => self.v_binary(I16X8, |b, x, y| b.ins().snarrow(x, y)),
            O::I8x16NarrowI16x8U => self.v_binary(I16X8, |b, x, y| b.ins().unarrow(x, y)),
            // `i16x8.narrow_i32x4_s`, `i16x8.narrow_i32x4_u`, `i16x8.extend_low_i8x16_s`
            O::I16x8NarrowI32x4S => self.v_binary(I32X4, |b, x, y| b.ins().snarrow(x, y)),
            O::I16x8NarrowI32x4U => self.v_binary(I32X4, |b, x, y| b.ins().unarrow(x, y)),
            O::I16x8ExtendLowI8x16S => self.v_unary(I8X16, |b, x| b.ins().swiden_low(x)),
            // `i16x8.extmul_low_i8x16_s`, `i16x8.extend_low_i8x16_u`, `i16x8.extmul_low_i8x16_u`
            O::I16x8ExtMulLowI8x16S => self.extended_mul(I8X16, |b, x| b.ins().swiden_low(x)),
            O::I16x8ExtendLowI8x16U => self.v_unary(I8X16, |b, x| b.ins().uwiden_low(x)),
            O::I16x8ExtMulLowI8x16U => self.extended_mul(I8X16, |b, x| b.ins().uwiden_low(x)),
            // `i16x8.extend_high_i8x16_s`, `i16x8.extmul_high_i8x16_s`, `i16x8.extend_high_i8x16_u`
            O::I16x8ExtendHighI8x16S => self.v_unary(I8X16, |b, x| b.ins().swiden_high(x)),
            O::I16x8ExtMulHighI8x16S => self.extended_mul(I8X16, |b, x| b.ins().swiden_high(x)),
            O::I16x8ExtendHighI8x16U => self.v_unary(I8X16, |b, x| b.ins().uwiden_high(x)),
            // `i16x8.extmul_high_i8x16_u`, `i16x8.extadd_pairwise_i8x16_s`
            O::I16x8ExtMulHighI8x16U => self.extended_mul(I8X16, |b, x| b.ins().uwiden_high(x)),
            O::I16x8ExtAddPairwiseI8x16S => {
                self.add_pairs(I8X16, |b, x| (b.ins().swiden_low(x), b.ins().swiden_high(x)))
            }
            // `i16x8.extadd_pairwise_i8x16_u`
            O::I16x8ExtAddPairwiseI8x16U => {
                self.add_pairs(I8X16, |b, x| (b.ins().uwiden_low(x), b.ins().uwiden_high(x)))
            }
            // `i32x4.extend_low_i16x8_s`, `i32x4.extmul_low_i16x8_s`, `i32x4.extend_low_i16x8_u`
            O::I32x4ExtendLowI16x8S => self.v_unary(I16X8, |b, x| b.ins().swiden_low(x)),
            O::I32x4ExtMulLowI16x8S => self.extended_mul(I16X8, |b, x| b.ins().swiden_low(x)),
            O::I32x4ExtendLowI16x8U => self.v_unary(I16X8, |b, x| b.ins().uwiden_low(x)),
            // `i32x4.extmul_low_i16x8_u`, `i32x4.extend_high_i16x8_s`, `i32x4.extmul_high_i16x8_s`
            O::I32x4ExtMulLowI16x8U => self.extended_mul(I16X8, |b, x| b.ins().uwiden_low(x)),
            O::I32x4ExtendHighI16x8S => self.v_unary(I16X8, |b, x| b.ins().swiden_high(x)),
            O::I32x4ExtMulHighI16x8S => self.extended_mul(I16X8, |b, x| b.ins().swiden_high(x)),
            // `i32x4.extend_high_i16x8_u`, `i32x4.extmul_high_i16x8_u`
            O::I32x4ExtendHighI16x8U => self.v_unary(I16X8, |b, x| b.ins().uwiden_high(x)),
            O::I32x4ExtMulHighI16x8U => self.extended_mul(I16X8, |b, x| b.ins().uwiden_high(x)),
            // `i32x4.extadd_pairwise_i16x8_s`, `i32x4.extadd_pairwise_i16x8_u`
            O::I32x4ExtAddPairwiseI16x8S => {
                self.add_pairs(I16X8, |b, x| (b.ins().swiden_low(x), b.ins().swiden_high(x)))
            }
            O::I32x4ExtAddPairwiseI16x8U => {
                self.add_pairs(I16X8, |b, x| (b.ins().uwiden_low(x), b.ins().uwiden_high(x)))
            }
            // `i64x2.extend_low_i32x4_s`, `i64x2.extmul_low_i32x4_s`, `i64x2.extend_low_i32x4_u`
            O::I64x2ExtendLowI32x4S => self.v_unary(I32X4, |b, x| b.ins().swiden_low(x)),
            O::I64x2ExtMulLowI32x4S => self.extended_mul(I32X4, |b, x| b.ins().swiden_low(x)),
            O::I64x2ExtendLowI32x4U => self.v_unary(I32X4, |b, x| b.ins().uwiden_low(x)),
            // `i64x2.extmul_low_i32x4_u`, `i64x2.extend_high_i32x4_s`, `i64x2.extmul_high_i32x4_s`
            O::I64x2ExtMulLowI32x4U => self.extended_mul(I32X4, |b, x| b.ins().uwiden_low(x)),
            O::I64x2ExtendHighI32x4S => self.v_unary(I32X4, |b, x| b.ins().swiden_high(x)),
            O::I64x2ExtMulHighI32x4S => self.extended_mul(I32X4, |b, x| b.ins().swiden_high(x)),
            // `i64x2.extend_high_i32x4_u`, `i64x2.extmul_high_i32x4_u`
            O::I64x2ExtendHighI32x4U => self.v_unary(I32X4, |b, x| b.ins().uwiden_high(x)),
            O::I64x2ExtMulHighI32x4U => self.extended_mul(I32X4, |b, x| b.ins().uwiden_high(x)),
            // `i32x4.dot_i16x8_s`
            O::I32x4DotI16x8S => self.dot(),
            other => return self.vector_float(other),
        }
        Ok(())
    }

    /// Floats and conversions.
    fn vector_float(&mut self, operator: &O<'_>) -> Result<(), CompileError> {
        match operator {
            // `f32x4.ceil`, `f32x4.floor`, `f32x4.trunc`, `f32x4.nearest`, `f32x4.abs`, `f32x4.neg`
            O::F32x4Ceil => self.v_unary(F32X4, |b, x| b.ins().ceil(x)),
            O::F32x4Floor => self.v_unary(F32X4, |b, x| b.ins().floor(x)),
            O::F32x4Trunc => self.v_unary(F32X4, |b, x| b.ins().trunc(x)),
            O::F32x4Nearest => self.v_unary(F32X4, |b, x| b.ins().nearest(x)),
            O::F32x4Abs => self.v_unary(F32X4, |b, x| b.ins().fabs(x)),
            O::F32x4Neg => self.v_unary(F32X4, |b, x| b.ins().fneg(x)),
            // `f32x4.sqrt`, `f32x4.add`, `f32x4.sub`, `f32x4.mul`, `f32x4.div`, `f32x4.min`
            O::F32x4Sqrt => self.v_unary(F32X4, |b, x| b.ins().sqrt(x)),
            O::F32x4Add => self.v_binary(F32X4, |b, x, y| b.ins().fadd(x, y)),
            O::F32x4Sub => self.v_binary(F32X4, |b, x, y| b.ins().fsub(x, y)),
            O::F32x4Mul => self.v_binary(F32X4, |b, x, y| b.ins().fmul(x, y)),
            O::F32x4Div => self.v_binary(F32X4, |b, x, y| b.ins().fdiv(x, y)),
            O::F32x4Min => self.v_binary(F32X4, |b, x, y| b.ins().fmin(x, y)),
            // `f32x4.max`, `f32x4.pmin`, `f32x4.pmax`
            O::F32x4Max => self.v_binary(F32X4, |b, x, y| b.ins().fmax(x, y)),
            O::F32x4PMin => self.pseudo(F32X4, |b, x, y| b.ins().fcmp(FloatCC::LessThan, y, x)),
            O::F32x4PMax => self.pseudo(F32X4, |b, x, y| b.ins().fcmp(FloatCC::LessThan, x, y)),
            // `f64x2.ceil`, `f64x2.floor`, `f64x2.trunc`, `f64x2.nearest`, `f64x2.abs`, `f64x2.neg`
            O::F64x2Ceil => self.v_unary(F64X2, |b, x| b.ins().ceil(x)),
            O::F64x2Floor => self.v_unary(F64X2, |b, x| b.ins().floor(x)),
            O::F64x2Trunc => self.v_unary(F64X2, |b, x| b.ins().trunc(x)),
            O::F64x2Nearest => self.v_unary(F64X2, |b, x| b.ins().nearest(x)),
            O::F64x2Abs => self.v_unary(F64X2, |b, x| b.ins().fabs(x)),
            O::F64x2Neg => self.v_unary(F64X2, |b, x| b.ins().fneg(x)),
            // `f64x2.sqrt`, `f64x2.add`, `f64x2.sub`, `f64x2.mul`, `f64x2.div`, `f64x2.min`
            O::F64x2Sqrt => self.v_unary(F64X2, |b, x| b.ins().sqrt(x)),
            O::F64x2Add => self.v_binary(F64X2, |b, x, y| b.ins().fadd(x, y)),
            O::F64x2Sub => self.v_binary(F64X2, |b, x, y| b.ins().fsub(x, y)),
            O::F64x2Mul => self.v_binary(F64X2, |b, x, y| b.ins().fmul(x, y)),
            O::F64x2Div => self.v_binary(F64X2, |b, x, y| b.ins().fdiv(x, y)),
            O::F64x2Min => self.v_binary(F64X2, |b, x, y| b.ins().fmin(x, y)),
            // `f64x2.max`, `f64x2.pmin`, `f64x2.pmax`
            O::F64x2Max => self.v_binary(F64X2, |b, x, y| b.ins().fmax(x, y)),
            O::F64x2PMin => self.pseudo(F64X2, |b, x, y| b.ins().fcmp(FloatCC::LessThan, y, x)),
            O::F64x2PMax => self.pseudo(F64X2, |b, x, y| b.ins().fcmp(FloatCC::LessThan, x, y)),
            // `i32x4.trunc_sat_f32x4_s`, `i32x4.trunc_sat_f32x4_u`
            O::I32x4TruncSatF32x4S => {
                self.v_unary(F32X4, |b, x| b.ins().fcvt_to_sint_sat(I32X4, x))
            }
            O::I32x4TruncSatF32x4U => {
                self.v_unary(F32X4, |b, x| b.ins().fcvt_to_uint_sat(I32X4, x))
            }
            // `f32x4.convert_i32x4_s`, `f32x4.convert_i32x4_u`
            O::F32x4ConvertI32x4S => self.v_unary(I32X4, |b, x| b.ins().fcvt_from_sint(F32X4, x)),
            O::F32x4ConvertI32x4U => self.v_unary(I32X4, |b, x| b.ins().fcvt_from_uint(F32X4, x)),
            // `i32x4.trunc_sat_f64x2_s_zero`, `i32x4.trunc_sat_f64x2_u_zero`
            O::I32x4TruncSatF64x2SZero => self.truncate_doubles(true),
            O::I32x4TruncSatF64x2UZero => self.truncate_doubles(false),
            // `f64x2.convert_low_i32x4_s`, `f64x2.convert_low_i32x4_u`
            O::F64x2ConvertLowI32x4S => self.v_unary(I32X4, |b, x| {
                let low = b.ins().swiden_low(x);
                b.ins().fcvt_from_sint(F64X2, low)
            }),
            O::F64x2ConvertLowI32x4U => self.v_unary(I32X4, |b, x| {
                let low = b.ins().uwiden_low(x);
                b.ins().fcvt_from_uint(F64X2, low)
            }),
            // `f32x4.demote_f64x2_zero`, `f64x2.promote_low_f32x4`
            O::F32x4DemoteF64x2Zero => self.v_unary(F64X2, |b, x| b.ins().fvdemote(x)),
            O::F64x2PromoteLowF32x4 => self.v_unary(F32X4, |b, x| b.ins().fvpromote_low(x)),
            other => return self.relaxed(other),
        }
        Ok(())
    }

    /// Relaxed operators: each has one meaning on every machine, that of the deterministic profile.
    fn relaxed(&mut self, operator: &O<'_>) -> Result<(), CompileError> {
        match operator {
            // `i8x16.relaxed_swizzle`, `i32x4.relaxed_trunc_f32x4_s`, `i32x4.relaxed_trunc_f32x4_u`
            O::I8x16RelaxedSwizzle => self.v_binary(I8X16, |b, x, y| b.ins().swizzle(x, y)),
            O::I32x4RelaxedTruncF32x4S => {
                self.v_unary(F32X4, |b, x| b.ins().fcvt_to_sint_sat(I32X4, x));
            }
            O::I32x4RelaxedTruncF32x4U => {
                self.v_unary(F32X4, |b, x| b.ins().fcvt_to_uint_sat(I32X4, x));
            }
            // `i32x4.relaxed_trunc_f64x2_s_zero`, `i32x4.relaxed_trunc_f64x2_u_zero`
            O::I32x4RelaxedTruncF64x2SZero => self.truncate_doubles(true),
            O::I32x4RelaxedTruncF64x2UZero => self.truncate_doubles(false),
            // `f32x4.relaxed_madd`, `f32x4.relaxed_nmadd`, `f64x2.relaxed_madd`
            O::F32x4RelaxedMadd => self.multiply_add(F32X4, false)?,
            O::F32x4RelaxedNmadd => self.multiply_add(F32X4, true)?,
            O::F64x2RelaxedMadd => self.multiply_add(F64X2, false)?,
            // `f64x2.relaxed_nmadd`
            O::F64x2RelaxedNmadd => self.multiply_add(F64X2, true)?,
            // `i8x16.relaxed_laneselect`, `i16x8.relaxed_laneselect`, `i32x4.relaxed_laneselect`,
            // `i64x2.relaxed_laneselect`
            O::I8x16RelaxedLaneselect
            | O::I16x8RelaxedLaneselect
            | O::I32x4RelaxedLaneselect
            | O::I64x2RelaxedLaneselect => self.bitselect(),
            // `f32x4.relaxed_min`, `f32x4.relaxed_max`, `f64x2.relaxed_min`, `f64x2.relaxed_max`
            O::F32x4RelaxedMin => self.v_binary(F32X4, |b, x, y| b.ins().fmin(x, y)),
            O::F32x4RelaxedMax => self.v_binary(F32X4, |b, x, y| b.ins().fmax(x, y)),
            O::F64x2RelaxedMin => self.v_binary(F64X2, |b, x, y| b.ins().fmin(x, y)),
            O::F64x2RelaxedMax => self.v_binary(F64X2, |b, x, y| b.ins().fmax(x, y)),
            // `i16x8.relaxed_q15mulr_s`, `i16x8.relaxed_dot_i8x16_i7x16_s`
            O::I16x8RelaxedQ15mulrS => {
                self.v_binary(I16X8, |b, x, y| b.ins().sqmul_round_sat(x, y));
            }
            O::I16x8RelaxedDotI8x16I7x16S => self.relaxed_dot(),
            // `i32x4.relaxed_dot_i8x16_i7x16_add_s`
            O::I32x4RelaxedDotI8x16I7x16AddS => self.relaxed_dot_add(),
            other => return Err(self.unsupported(other)),
        }
        Ok(())
    }
}
