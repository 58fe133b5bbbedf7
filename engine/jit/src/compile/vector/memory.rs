//! Vectors in memory.

use crate::compile::memory::Width;
use crate::compile::translator::Translator;
use crate::error::Failure;
use cranelift_codegen::ir::types::{I8, I8X16, I16, I16X8, I32, I32X4, I64, I64X2};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value};
use cranelift_frontend::FunctionBuilder;
use wasmparser::{MemArg, Operator as O};

impl<'a> Translator<'a> {
    /// Translates a load or a store; gives false for any other operator.
    pub(super) fn vector_memory(&mut self, operator: &O<'_>) -> Result<bool, Failure> {
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
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Loads eight bytes and widens each lane.
    fn load_extended(
        &mut self,
        arg: &MemArg,
        f: impl FnOnce(&mut FunctionBuilder<'a>, MemFlagsData, Value, i32) -> Value,
    ) -> Result<(), Failure> {
        let index = self.pop();
        let (flags, address, offset) = self.access(arg, index, (8, false))?;
        let value = f(&mut self.b, flags, address, offset);
        self.push_lanes(value);
        Ok(())
    }

    /// Loads what one lane holds.
    fn load_scalar(&mut self, lane: Type, arg: &MemArg) -> Result<Value, Failure> {
        let index = self.pop();
        let (flags, address, offset) = self.access(arg, index, (lane.bytes(), false))?;
        Ok(self.b.ins().load(lane, flags, address, offset))
    }

    fn load_splat(&mut self, lane: Type, ty: Type, arg: &MemArg) -> Result<(), Failure> {
        let value = self.load_scalar(lane, arg)?;
        let vector = self.b.ins().splat(ty, value);
        self.push_lanes(vector);
        Ok(())
    }

    fn load_zero(&mut self, lane: Type, ty: Type, arg: &MemArg) -> Result<(), Failure> {
        let value = self.load_scalar(lane, arg)?;
        let vector = self.b.ins().scalar_to_vector(ty, value);
        self.push_lanes(vector);
        Ok(())
    }

    fn load_lane(&mut self, lane: Type, ty: Type, arg: &MemArg, at: u8) -> Result<(), Failure> {
        let vector = self.pop_lanes(ty);
        let value = self.load_scalar(lane, arg)?;
        let vector = self.b.ins().insertlane(vector, value, at);
        self.push_lanes(vector);
        Ok(())
    }

    fn store_lane(&mut self, ty: Type, arg: &MemArg, at: u8) -> Result<(), Failure> {
        let vector = self.pop_lanes(ty);
        let value = self.b.ins().extractlane(vector, at);
        self.push(value);
        self.store(None, arg)
    }
}
