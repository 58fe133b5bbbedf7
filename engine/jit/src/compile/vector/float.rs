//! Floats and conversions.

use crate::compile::translator::Translator;
use crate::error::Failure;
use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::types::{F32X4, F64X2, I8X16, I32X4, I64X2};
use cranelift_codegen::ir::{InstBuilder, Type, Value};
use cranelift_frontend::FunctionBuilder;
use wasmparser::Operator as O;

impl<'a> Translator<'a> {
    /// Translates arithmetic of floats, or a conversion; gives false for any other operator.
    pub(super) fn vector_float(&mut self, operator: &O<'_>) -> Result<bool, Failure> {
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
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// `pmin` and `pmax`: the second operand where the comparison holds, else the first, bit for bit.
    fn pseudo(
        &mut self,
        ty: Type,
        holds: impl FnOnce(&mut FunctionBuilder<'a>, Value, Value) -> Value,
    ) {
        let (first, second) = self.pop2();
        let (x, y) = (self.as_lanes(ty, first), self.as_lanes(ty, second));
        let mask = holds(&mut self.b, x, y);
        let mask = self.as_lanes(I8X16, mask);
        let value = self.b.ins().bitselect(mask, second, first);
        self.push(value);
    }

    /// `i32x4.trunc_sat_f64x2_s_zero` and `i32x4.trunc_sat_f64x2_u_zero`: converts to 64 bits, then narrows that and a
    /// vector of zeros.
    pub(super) fn truncate_doubles(&mut self, signed: bool) {
        let zeros = self.b.func.dfg.constants.insert(vec![0; 16].into());
        self.v_unary(F64X2, |b, x| {
            let zero = b.ins().vconst(I64X2, zeros);
            if signed {
                let wide = b.ins().fcvt_to_sint_sat(I64X2, x);
                b.ins().snarrow(wide, zero)
            } else {
                let wide = b.ins().fcvt_to_uint_sat(I64X2, x);
                b.ins().uunarrow(wide, zero)
            }
        });
    }
}
