//! Relaxed operators: each has one meaning on every machine, that of the deterministic profile.

use crate::compile::translator::Translator;
use crate::error::Failure;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F32X4, F64X2, I8X16, I16, I16X8, I32X4};
use cranelift_codegen::ir::{InstBuilder, Type, Value};
use wasmparser::Operator as O;

impl Translator<'_> {
    /// Translates a relaxed operator; gives false for any other.
    pub(super) fn vector_relaxed(&mut self, operator: &O<'_>) -> Result<bool, Failure> {
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
            O::F32x4RelaxedMadd => self.multiply_add(F32X4, false),
            O::F32x4RelaxedNmadd => self.multiply_add(F32X4, true),
            O::F64x2RelaxedMadd => self.multiply_add(F64X2, false),
            // `f64x2.relaxed_nmadd`
            O::F64x2RelaxedNmadd => self.multiply_add(F64X2, true),
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
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Relaxed `madd` and `nmadd`: the product is rounded before the sum, as the deterministic profile has it.
    fn multiply_add(&mut self, ty: Type, negate: bool) {
        let addend = self.pop_lanes(ty);
        self.v_binary(ty, |b, x, y| {
            let x = if negate { b.ins().fneg(x) } else { x };
            let product = b.ins().fmul(x, y);
            b.ins().fadd(product, addend)
        });
    }

    /// The saturated sums of neighbouring products of bytes, in 16 bits.
    fn byte_products(&mut self) -> Value {
        let (x, y) = self.pop_lanes2(I8X16);
        let b = &mut self.b;
        let (x_low, x_high) = (b.ins().swiden_low(x), b.ins().swiden_high(x));
        let (y_low, y_high) = (b.ins().swiden_low(y), b.ins().swiden_high(y));
        let low = b.ins().imul(x_low, y_low);
        let high = b.ins().imul(x_high, y_high);
        let sums = b.ins().iadd_pairwise(low, high);
        // Only twice the square of -128 is too great, and nothing else comes to the least number.
        let least = b.ins().iconst(I16, 0x8000);
        let least = b.ins().splat(I16X8, least);
        let is_too_great = b.ins().icmp(IntCC::Equal, sums, least);
        b.ins().bxor(sums, is_too_great)
    }

    /// `i16x8.relaxed_dot_i8x16_i7x16_s`
    fn relaxed_dot(&mut self) {
        let sums = self.byte_products();
        self.push_lanes(sums);
    }

    /// `i32x4.relaxed_dot_i8x16_i7x16_add_s`
    fn relaxed_dot_add(&mut self) {
        let addend = self.pop_lanes(I32X4);
        let sums = self.byte_products();
        let b = &mut self.b;
        let (low, high) = (b.ins().swiden_low(sums), b.ins().swiden_high(sums));
        let sums = b.ins().iadd_pairwise(low, high);
        let value = b.ins().iadd(sums, addend);
        self.push_lanes(value);
    }
}
