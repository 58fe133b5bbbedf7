//! Integers of two widths.

use crate::compile::translator::Translator;
use crate::error::Failure;
use cranelift_codegen::ir::types::{I8X16, I16X8, I32X4};
use cranelift_codegen::ir::{InstBuilder, Type, Value};
use cranelift_frontend::FunctionBuilder;
use wasmparser::Operator as O;

impl<'a> Translator<'a> {
    /// Translates an operator whose result has lanes of another width; gives false for any other.
    pub(super) fn vector_width(&mut self, operator: &O<'_>) -> Result<bool, Failure> {
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
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn extended_mul(&mut self, ty: Type, widen: impl Fn(&mut FunctionBuilder<'a>, Value) -> Value) {
        self.v_binary(ty, |b, x, y| {
            let (x, y) = (widen(b, x), widen(b, y));
            b.ins().imul(x, y)
        });
    }

    fn add_pairs(
        &mut self,
        ty: Type,
        widen: impl FnOnce(&mut FunctionBuilder<'a>, Value) -> (Value, Value),
    ) {
        self.v_unary(ty, |b, x| {
            let (low, high) = widen(b, x);
            b.ins().iadd_pairwise(low, high)
        });
    }

    /// `i32x4.dot_i16x8_s`
    fn dot(&mut self) {
        self.v_binary(I16X8, |b, x, y| {
            let (x_low, x_high) = (b.ins().swiden_low(x), b.ins().swiden_high(x));
            let (y_low, y_high) = (b.ins().swiden_low(y), b.ins().swiden_high(y));
            let low = b.ins().imul(x_low, y_low);
            let high = b.ins().imul(x_high, y_high);
            b.ins().iadd_pairwise(low, high)
        });
    }
}
