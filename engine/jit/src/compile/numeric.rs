//! "Numeric Instructions".

use super::translator::Translator;
use crate::error::Failure;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::immediates::{Ieee32, Ieee64};
use cranelift_codegen::ir::types::{F32, F64, I8, I16, I32, I64};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value};
use cranelift_frontend::FunctionBuilder;
use wasmparser::Operator as O;

impl<'a> Translator<'a> {
    /// Translates an operator on integers; gives false for any other.
    pub(super) fn integer_operator(&mut self, operator: &O<'_>) -> Result<bool, Failure> {
        match operator {
            // `i32.const`, `i64.const`
            O::I32Const { value } => {
                // The code generator takes the bits of a narrow constant without their sign.
                let value = self.iconst(I32, i64::from(*value as u32));
                self.push(value);
            }
            O::I64Const { value } => {
                let value = self.iconst(I64, *value);
                self.push(value);
            }
            // `i32.eqz`, `i64.eqz`, `i32.eq`, `i64.eq`, `i32.ne`, `i64.ne`, `i32.lt_s`, `i64.lt_s`
            O::I32Eqz | O::I64Eqz => self.eqz(),
            O::I32Eq | O::I64Eq => self.int_compare(IntCC::Equal),
            O::I32Ne | O::I64Ne => self.int_compare(IntCC::NotEqual),
            O::I32LtS | O::I64LtS => self.int_compare(IntCC::SignedLessThan),
            // `i32.lt_u`, `i64.lt_u`, `i32.gt_s`, `i64.gt_s`, `i32.gt_u`, `i64.gt_u`
            O::I32LtU | O::I64LtU => self.int_compare(IntCC::UnsignedLessThan),
            O::I32GtS | O::I64GtS => self.int_compare(IntCC::SignedGreaterThan),
            O::I32GtU | O::I64GtU => self.int_compare(IntCC::UnsignedGreaterThan),
            // `i32.le_s`, `i64.le_s`, `i32.le_u`, `i64.le_u`, `i32.ge_s`, `i64.ge_s`
            O::I32LeS | O::I64LeS => self.int_compare(IntCC::SignedLessThanOrEqual),
            O::I32LeU | O::I64LeU => self.int_compare(IntCC::UnsignedLessThanOrEqual),
            O::I32GeS | O::I64GeS => self.int_compare(IntCC::SignedGreaterThanOrEqual),
            // `i32.ge_u`, `i64.ge_u`
            O::I32GeU | O::I64GeU => self.int_compare(IntCC::UnsignedGreaterThanOrEqual),
            // `i32.clz`, `i64.clz`, `i32.ctz`, `i64.ctz`, `i32.popcnt`, `i64.popcnt`
            O::I32Clz | O::I64Clz => self.unary(|b, x| b.ins().clz(x)),
            O::I32Ctz | O::I64Ctz => self.unary(|b, x| b.ins().ctz(x)),
            O::I32Popcnt | O::I64Popcnt => self.unary(|b, x| b.ins().popcnt(x)),
            // `i32.add`, `i64.add`, `i32.sub`, `i64.sub`, `i32.mul`, `i64.mul`
            O::I32Add | O::I64Add => self.binary(|b, x, y| b.ins().iadd(x, y)),
            O::I32Sub | O::I64Sub => self.binary(|b, x, y| b.ins().isub(x, y)),
            O::I32Mul | O::I64Mul => self.binary(|b, x, y| b.ins().imul(x, y)),
            // `i32.and`, `i64.and`, `i32.or`, `i64.or`, `i32.xor`, `i64.xor`, `i32.shl`, `i64.shl`
            O::I32And | O::I64And => self.binary(|b, x, y| b.ins().band(x, y)),
            O::I32Or | O::I64Or => self.binary(|b, x, y| b.ins().bor(x, y)),
            O::I32Xor | O::I64Xor => self.binary(|b, x, y| b.ins().bxor(x, y)),
            O::I32Shl | O::I64Shl => self.binary(|b, x, y| b.ins().ishl(x, y)),
            // `i32.shr_s`, `i64.shr_s`, `i32.shr_u`, `i64.shr_u`, `i32.rotl`, `i64.rotl`
            O::I32ShrS | O::I64ShrS => self.binary(|b, x, y| b.ins().sshr(x, y)),
            O::I32ShrU | O::I64ShrU => self.binary(|b, x, y| b.ins().ushr(x, y)),
            O::I32Rotl | O::I64Rotl => self.binary(|b, x, y| b.ins().rotl(x, y)),
            // `i32.rotr`, `i64.rotr`
            O::I32Rotr | O::I64Rotr => self.binary(|b, x, y| b.ins().rotr(x, y)),
            // `i32.div_s`, `i64.div_s`, `i32.div_u`, `i64.div_u`, `i32.rem_s`, `i64.rem_s`
            O::I32DivS | O::I64DivS => self.trapping_binary(|b, x, y| b.ins().sdiv(x, y)),
            O::I32DivU | O::I64DivU => self.trapping_binary(|b, x, y| b.ins().udiv(x, y)),
            O::I32RemS | O::I64RemS => self.trapping_binary(|b, x, y| b.ins().srem(x, y)),
            // `i32.rem_u`, `i64.rem_u`
            O::I32RemU | O::I64RemU => self.trapping_binary(|b, x, y| b.ins().urem(x, y)),
            // `i32.extend8_s`, `i64.extend8_s`, `i32.extend16_s`, `i64.extend16_s`
            O::I32Extend8S | O::I64Extend8S => self.extend_from(8),
            O::I32Extend16S | O::I64Extend16S => self.extend_from(16),
            // `i64.extend32_s`
            O::I64Extend32S => self.extend_from(32),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Translates an operator on floats; gives false for any other.
    pub(super) fn float_operator(&mut self, operator: &O<'_>) -> Result<bool, Failure> {
        match operator {
            // `f32.const`, `f64.const`
            O::F32Const { value } => {
                let value = self.b.ins().f32const(Ieee32::with_bits(value.bits()));
                self.push(value);
            }
            O::F64Const { value } => {
                let value = self.b.ins().f64const(Ieee64::with_bits(value.bits()));
                self.push(value);
            }
            // `f32.eq`, `f64.eq`, `f32.ne`, `f64.ne`, `f32.lt`, `f64.lt`, `f32.gt`, `f64.gt`
            O::F32Eq | O::F64Eq => self.float_compare(FloatCC::Equal),
            O::F32Ne | O::F64Ne => self.float_compare(FloatCC::NotEqual),
            O::F32Lt | O::F64Lt => self.float_compare(FloatCC::LessThan),
            O::F32Gt | O::F64Gt => self.float_compare(FloatCC::GreaterThan),
            // `f32.le`, `f64.le`, `f32.ge`, `f64.ge`
            O::F32Le | O::F64Le => self.float_compare(FloatCC::LessThanOrEqual),
            O::F32Ge | O::F64Ge => self.float_compare(FloatCC::GreaterThanOrEqual),
            // `f32.abs`, `f64.abs`, `f32.neg`, `f64.neg`, `f32.ceil`, `f64.ceil`
            O::F32Abs | O::F64Abs => self.unary(|b, x| b.ins().fabs(x)),
            O::F32Neg | O::F64Neg => self.unary(|b, x| b.ins().fneg(x)),
            O::F32Ceil | O::F64Ceil => self.unary(|b, x| b.ins().ceil(x)),
            // `f32.floor`, `f64.floor`, `f32.trunc`, `f64.trunc`, `f32.nearest`, `f64.nearest`
            O::F32Floor | O::F64Floor => self.unary(|b, x| b.ins().floor(x)),
            O::F32Trunc | O::F64Trunc => self.unary(|b, x| b.ins().trunc(x)),
            O::F32Nearest | O::F64Nearest => self.unary(|b, x| b.ins().nearest(x)),
            // `f32.sqrt`, `f64.sqrt`, `f32.add`, `f64.add`, `f32.sub`, `f64.sub`
            O::F32Sqrt | O::F64Sqrt => self.unary(|b, x| b.ins().sqrt(x)),
            O::F32Add | O::F64Add => self.binary(|b, x, y| b.ins().fadd(x, y)),
            O::F32Sub | O::F64Sub => self.binary(|b, x, y| b.ins().fsub(x, y)),
            // `f32.mul`, `f64.mul`, `f32.div`, `f64.div`, `f32.min`, `f64.min`
            O::F32Mul | O::F64Mul => self.binary(|b, x, y| b.ins().fmul(x, y)),
            O::F32Div | O::F64Div => self.binary(|b, x, y| b.ins().fdiv(x, y)),
            O::F32Min | O::F64Min => self.binary(|b, x, y| b.ins().fmin(x, y)),
            // `f32.max`, `f64.max`, `f32.copysign`, `f64.copysign`
            O::F32Max | O::F64Max => self.binary(|b, x, y| b.ins().fmax(x, y)),
            O::F32Copysign | O::F64Copysign => self.binary(|b, x, y| b.ins().fcopysign(x, y)),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Translates a conversion; gives false for any other operator.
    pub(super) fn conversion_operator(&mut self, operator: &O<'_>) -> Result<bool, Failure> {
        match operator {
            // `i32.wrap_i64`, `i64.extend_i32_s`, `i64.extend_i32_u`
            O::I32WrapI64 => self.unary(|b, x| b.ins().ireduce(I32, x)),
            O::I64ExtendI32S => self.unary(|b, x| b.ins().sextend(I64, x)),
            O::I64ExtendI32U => self.unary(|b, x| b.ins().uextend(I64, x)),
            // `i32.trunc_f32_s`, `i32.trunc_f64_s`, `i32.trunc_sat_f32_s`, `i32.trunc_sat_f64_s`
            O::I32TruncF32S | O::I32TruncF64S => {
                self.trapping_unary(|b, x| b.ins().fcvt_to_sint(I32, x))
            }
            O::I32TruncSatF32S | O::I32TruncSatF64S => {
                self.unary(|b, x| b.ins().fcvt_to_sint_sat(I32, x))
            }
            // `i32.trunc_f32_u`, `i32.trunc_f64_u`, `i32.trunc_sat_f32_u`, `i32.trunc_sat_f64_u`
            O::I32TruncF32U | O::I32TruncF64U => {
                self.trapping_unary(|b, x| b.ins().fcvt_to_uint(I32, x))
            }
            O::I32TruncSatF32U | O::I32TruncSatF64U => {
                self.unary(|b, x| b.ins().fcvt_to_uint_sat(I32, x))
            }
            // `i64.trunc_f32_s`, `i64.trunc_f64_s`, `i64.trunc_sat_f32_s`, `i64.trunc_sat_f64_s`
            O::I64TruncF32S | O::I64TruncF64S => {
                self.trapping_unary(|b, x| b.ins().fcvt_to_sint(I64, x))
            }
            O::I64TruncSatF32S | O::I64TruncSatF64S => {
                self.unary(|b, x| b.ins().fcvt_to_sint_sat(I64, x))
            }
            // `i64.trunc_f32_u`, `i64.trunc_f64_u`, `i64.trunc_sat_f32_u`, `i64.trunc_sat_f64_u`
            O::I64TruncF32U | O::I64TruncF64U => {
                self.trapping_unary(|b, x| b.ins().fcvt_to_uint(I64, x))
            }
            O::I64TruncSatF32U | O::I64TruncSatF64U => {
                self.unary(|b, x| b.ins().fcvt_to_uint_sat(I64, x))
            }
            // `f32.convert_i32_s`, `f32.convert_i64_s`, `f32.convert_i32_u`, `f32.convert_i64_u`
            O::F32ConvertI32S | O::F32ConvertI64S => {
                self.unary(|b, x| b.ins().fcvt_from_sint(F32, x))
            }
            O::F32ConvertI32U | O::F32ConvertI64U => {
                self.unary(|b, x| b.ins().fcvt_from_uint(F32, x))
            }
            // `f64.convert_i32_s`, `f64.convert_i64_s`, `f64.convert_i32_u`, `f64.convert_i64_u`
            O::F64ConvertI32S | O::F64ConvertI64S => {
                self.unary(|b, x| b.ins().fcvt_from_sint(F64, x))
            }
            O::F64ConvertI32U | O::F64ConvertI64U => {
                self.unary(|b, x| b.ins().fcvt_from_uint(F64, x))
            }
            // `f32.demote_f64`, `f64.promote_f32`, `i32.reinterpret_f32`, `i64.reinterpret_f64`
            O::F32DemoteF64 => self.unary(|b, x| b.ins().fdemote(F32, x)),
            O::F64PromoteF32 => self.unary(|b, x| b.ins().fpromote(F64, x)),
            O::I32ReinterpretF32 => self.reinterpret(I32),
            O::I64ReinterpretF64 => self.reinterpret(I64),
            // `f32.reinterpret_i32`, `f64.reinterpret_i64`
            O::F32ReinterpretI32 => self.reinterpret(F32),
            O::F64ReinterpretI64 => self.reinterpret(F64),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn unary(&mut self, f: impl FnOnce(&mut FunctionBuilder<'a>, Value) -> Value) {
        let operand = self.pop();
        let result = f(&mut self.b, operand);
        self.push(result);
    }

    fn binary(&mut self, f: impl FnOnce(&mut FunctionBuilder<'a>, Value, Value) -> Value) {
        let (first, second) = self.pop2();
        let result = f(&mut self.b, first, second);
        self.push(result);
    }

    /// As [`unary`](Self::unary), for what may trap.
    fn trapping_unary(&mut self, f: impl FnOnce(&mut FunctionBuilder<'a>, Value) -> Value) {
        self.flush_gas();
        self.unary(f);
    }

    /// As [`binary`](Self::binary), for what may trap.
    fn trapping_binary(&mut self, f: impl FnOnce(&mut FunctionBuilder<'a>, Value, Value) -> Value) {
        self.flush_gas();
        self.binary(f);
    }

    pub(super) fn int_compare(&mut self, condition: IntCC) {
        self.binary(|b, x, y| {
            let holds = b.ins().icmp(condition, x, y);
            b.ins().uextend(I32, holds)
        });
    }

    fn float_compare(&mut self, condition: FloatCC) {
        self.binary(|b, x, y| {
            let holds = b.ins().fcmp(condition, x, y);
            b.ins().uextend(I32, holds)
        });
    }

    fn eqz(&mut self) {
        self.unary(|b, x| {
            let ty = b.func.dfg.value_type(x);
            let zero = b.ins().iconst(ty, 0);
            let holds = b.ins().icmp(IntCC::Equal, x, zero);
            b.ins().uextend(I32, holds)
        });
    }

    /// Takes the lowest bits as a signed number of the operand's own type.
    fn extend_from(&mut self, bits: u8) {
        self.unary(|b, x| {
            let ty = b.func.dfg.value_type(x);
            let narrow = match bits {
                8 => I8,
                16 => I16,
                _ => I32,
            };
            let low = b.ins().ireduce(narrow, x);
            b.ins().sextend(ty, low)
        });
    }

    fn reinterpret(&mut self, ty: Type) {
        self.unary(|b, x| b.ins().bitcast(ty, MemFlagsData::new(), x));
    }
}
