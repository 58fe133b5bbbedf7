//! Constants and single lanes.

use crate::compile::translator::Translator;
use crate::error::Failure;
use cranelift_codegen::ir::types::{F32X4, F64X2, I8, I8X16, I16, I16X8, I32, I32X4, I64X2};
use cranelift_codegen::ir::{InstBuilder, Type, Value};
use cranelift_frontend::FunctionBuilder;
use wasmparser::Operator as O;

impl<'a> Translator<'a> {
    /// Translates a constant, or an operator that moves lanes; gives false for any other.
    pub(super) fn vector_lane(&mut self, operator: &O<'_>) -> Result<bool, Failure> {
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
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn v128_const(&mut self, bytes: &[u8; 16]) {
        let constant = self.b.func.dfg.constants.insert(bytes.to_vec().into());
        let value = self.b.ins().vconst(I8X16, constant);
        self.push(value);
    }

    fn shuffle(&mut self, which: &[u8; 16]) {
        let mask = self.b.func.dfg.immediates.push(which.to_vec().into());
        self.v_binary(I8X16, |b, x, y| b.ins().shuffle(x, y, mask));
    }

    fn extract(
        &mut self,
        ty: Type,
        lane: u8,
        f: impl FnOnce(&mut FunctionBuilder<'a>, Value) -> Value,
    ) {
        self.test(ty, |b, x| {
            let value = b.ins().extractlane(x, lane);
            f(b, value)
        });
    }

    /// The lowest bits of a number, if a lane is narrower than the number.
    fn lane_of(&mut self, ty: Type, value: Value) -> Value {
        match ty.lane_type() {
            narrow @ (I8 | I16) => self.b.ins().ireduce(narrow, value),
            _ => value,
        }
    }

    fn replace(&mut self, ty: Type, lane: u8) {
        let value = self.pop();
        let value = self.lane_of(ty, value);
        self.v_unary(ty, |b, x| b.ins().insertlane(x, value, lane));
    }

    fn splat(&mut self, ty: Type) {
        let value = self.pop();
        let value = self.lane_of(ty, value);
        let vector = self.b.ins().splat(ty, value);
        self.push_lanes(vector);
    }
}
