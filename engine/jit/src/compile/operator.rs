//! The table of operators: what each becomes. One arm an operator; the work is in the chapters' files.

use super::memory::Width;
use super::object::Packed;
use super::translator::Translator;
use crate::error::CompileError;
use crate::libcalls::Builtins;
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::immediates::{Ieee32, Ieee64};
use cranelift_codegen::ir::types::{F32, F64, I32, I64};
use std::mem::offset_of;
use wasmparser::Operator as O;

impl Translator<'_> {
    /// Translates an operator that can be reached.
    pub(super) fn operator(&mut self, operator: &O<'_>) -> Result<(), CompileError> {
        match operator {
            O::Unreachable => self.unreachable_trap(),
            // `nop`
            O::Nop => {}
            O::Block { blockty } => self.block(*blockty),
            O::Loop { blockty } => self.loop_(*blockty),
            O::If { blockty } => self.if_(*blockty),
            O::Else => self.else_(),
            O::End => self.end(),
            O::Br { relative_depth } => self.br(*relative_depth)?,
            O::BrIf { relative_depth } => self.br_if(*relative_depth)?,
            O::BrTable { targets } => self.br_table(targets)?,
            O::BrOnNull { relative_depth } => self.br_on_null(*relative_depth)?,
            O::BrOnNonNull { relative_depth } => self.br_on_non_null(*relative_depth)?,
            O::TryTable { try_table } => self.try_table(try_table)?,
            O::Throw { tag_index } => self.throw(*tag_index)?,
            O::ThrowRef => self.throw_ref(),
            O::Return => self.return_()?,
            O::Call { function_index } => self.call(*function_index),
            O::CallIndirect { type_index, table_index } => {
                self.call_indirect(*table_index, *type_index)?;
            }
            O::CallRef { type_index } => self.call_ref(*type_index),
            O::ReturnCall { function_index } => self.return_call(*function_index),
            O::ReturnCallIndirect { type_index, table_index } => {
                self.return_call_indirect(*table_index, *type_index)?;
            }
            O::ReturnCallRef { type_index } => self.return_call_ref(*type_index),
            // `drop`
            O::Drop => {
                self.pop();
            }
            O::Select => self.select(),
            O::TypedSelect { ty } => self.typed_select(*ty),
            O::LocalGet { local_index } => self.local_get(*local_index),
            O::LocalSet { local_index } => self.local_set(*local_index),
            O::LocalTee { local_index } => self.local_tee(*local_index),
            O::GlobalGet { global_index } => self.global_get(*global_index),
            O::GlobalSet { global_index } => self.global_set(*global_index),
            O::RefNull { .. } => self.ref_null(),
            O::RefIsNull => self.ref_is_null(),
            O::RefFunc { function_index } => self.ref_func(*function_index),
            O::RefAsNonNull => self.ref_as_non_null(),
            O::TableGet { table } => self.table_get(*table),
            O::TableSet { table } => self.table_set(*table),
            O::TableSize { table } => self.table_size(*table),
            O::TableGrow { table } => self.table_grow(*table),
            O::TableFill { table } => self.table_fill(*table),
            O::TableCopy { dst_table, src_table } => self.table_copy(*dst_table, *src_table),
            O::TableInit { elem_index, table } => self.table_init(*table, *elem_index),
            O::ElemDrop { elem_index } => self.elem_drop(*elem_index),
            O::MemorySize { mem, .. } => self.memory_size(*mem),
            O::MemoryGrow { mem, .. } => self.memory_grow(*mem),
            O::MemoryFill { mem } => self.memory_fill(*mem),
            O::MemoryDiscard { mem } => self.memory_discard(*mem),
            O::MemoryCopy { dst_mem, src_mem } => self.memory_copy(*dst_mem, *src_mem),
            O::MemoryInit { data_index, mem } => self.memory_init(*mem, *data_index),
            O::DataDrop { data_index } => self.data_drop(*data_index),
            // `i32.const`, `i64.const`, `f32.const`, `f64.const`
            O::I32Const { value } => {
                // The code generator takes the bits of a narrow constant without their sign.
                let value = self.iconst(I32, i64::from(*value as u32));
                self.push(value);
            }
            O::I64Const { value } => {
                let value = self.iconst(I64, *value);
                self.push(value);
            }
            O::F32Const { value } => {
                let value = self.b.ins().f32const(Ieee32::with_bits(value.bits()));
                self.push(value);
            }
            O::F64Const { value } => {
                let value = self.b.ins().f64const(Ieee64::with_bits(value.bits()));
                self.push(value);
            }
            other => return self.number(other),
        }
        Ok(())
    }

    /// Accesses to memory, arithmetic and conversions.
    fn number(&mut self, operator: &O<'_>) -> Result<(), CompileError> {
        match operator {
            // `i32.load`, `i64.load`, `f32.load`, `f64.load`, `i32.load8_s`, `i32.load8_u`
            O::I32Load { memarg } => self.load(I32, Width::Full, memarg)?,
            O::I64Load { memarg } => self.load(I64, Width::Full, memarg)?,
            O::F32Load { memarg } => self.load(F32, Width::Full, memarg)?,
            O::F64Load { memarg } => self.load(F64, Width::Full, memarg)?,
            O::I32Load8S { memarg } => self.load(I32, Width::Signed(8), memarg)?,
            O::I32Load8U { memarg } => self.load(I32, Width::Unsigned(8), memarg)?,
            // `i32.load16_s`, `i32.load16_u`, `i64.load8_s`, `i64.load8_u`, `i64.load16_s`
            O::I32Load16S { memarg } => self.load(I32, Width::Signed(16), memarg)?,
            O::I32Load16U { memarg } => self.load(I32, Width::Unsigned(16), memarg)?,
            O::I64Load8S { memarg } => self.load(I64, Width::Signed(8), memarg)?,
            O::I64Load8U { memarg } => self.load(I64, Width::Unsigned(8), memarg)?,
            O::I64Load16S { memarg } => self.load(I64, Width::Signed(16), memarg)?,
            // `i64.load16_u`, `i64.load32_s`, `i64.load32_u`
            O::I64Load16U { memarg } => self.load(I64, Width::Unsigned(16), memarg)?,
            O::I64Load32S { memarg } => self.load(I64, Width::Signed(32), memarg)?,
            O::I64Load32U { memarg } => self.load(I64, Width::Unsigned(32), memarg)?,
            // `i32.store`, `i64.store`, `f32.store`, `f64.store`, `i32.store8`, `i32.store16`
            O::I32Store { memarg } => self.store(None, memarg)?,
            O::I64Store { memarg } => self.store(None, memarg)?,
            O::F32Store { memarg } => self.store(None, memarg)?,
            O::F64Store { memarg } => self.store(None, memarg)?,
            O::I32Store8 { memarg } => self.store(Some(8), memarg)?,
            O::I32Store16 { memarg } => self.store(Some(16), memarg)?,
            // `i64.store8`, `i64.store16`, `i64.store32`
            O::I64Store8 { memarg } => self.store(Some(8), memarg)?,
            O::I64Store16 { memarg } => self.store(Some(16), memarg)?,
            O::I64Store32 { memarg } => self.store(Some(32), memarg)?,
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
            // `f32.eq`, `f64.eq`, `f32.ne`, `f64.ne`, `f32.lt`, `f64.lt`, `f32.gt`, `f64.gt`
            O::F32Eq | O::F64Eq => self.float_compare(FloatCC::Equal),
            O::F32Ne | O::F64Ne => self.float_compare(FloatCC::NotEqual),
            O::F32Lt | O::F64Lt => self.float_compare(FloatCC::LessThan),
            O::F32Gt | O::F64Gt => self.float_compare(FloatCC::GreaterThan),
            // `f32.le`, `f64.le`, `f32.ge`, `f64.ge`
            O::F32Le | O::F64Le => self.float_compare(FloatCC::LessThanOrEqual),
            O::F32Ge | O::F64Ge => self.float_compare(FloatCC::GreaterThanOrEqual),
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
            other => return self.conversion(other),
        }
        Ok(())
    }

    /// Conversions, and arithmetic in 128 bits.
    fn conversion(&mut self, operator: &O<'_>) -> Result<(), CompileError> {
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
            // `i32.extend8_s`, `i64.extend8_s`, `i32.extend16_s`, `i64.extend16_s`
            O::I32Extend8S | O::I64Extend8S => self.extend_from(8),
            O::I32Extend16S | O::I64Extend16S => self.extend_from(16),
            // `i64.extend32_s`
            O::I64Extend32S => self.extend_from(32),
            // `i64.add128`, `i64.sub128`, `i64.mul_wide_s`, `i64.mul_wide_u`
            O::I64Add128 => self.wide_binary(|b, x, y| b.ins().iadd(x, y)),
            O::I64Sub128 => self.wide_binary(|b, x, y| b.ins().isub(x, y)),
            O::I64MulWideS => self.wide_mul(true),
            O::I64MulWideU => self.wide_mul(false),
            other => return self.object(other),
        }
        Ok(())
    }

    /// Structures, arrays and tests of references.
    fn object(&mut self, operator: &O<'_>) -> Result<(), CompileError> {
        match operator {
            O::RefEq => self.ref_eq(),
            O::RefI31 => self.ref_i31(),
            O::I31GetS => self.i31_get(Packed::Signed),
            O::I31GetU => self.i31_get(Packed::Unsigned),
            O::AnyConvertExtern => self.internalise(),
            O::ExternConvertAny => self.externalise(),
            O::RefTestNonNull { hty } => self.ref_test(*hty, false)?,
            O::RefTestNullable { hty } => self.ref_test(*hty, true)?,
            O::RefCastNonNull { hty } => self.ref_cast(*hty, false)?,
            O::RefCastNullable { hty } => self.ref_cast(*hty, true)?,
            O::BrOnCast { relative_depth, to_ref_type, .. } => {
                self.br_on_cast(*relative_depth, *to_ref_type, true)?;
            }
            O::BrOnCastFail { relative_depth, to_ref_type, .. } => {
                self.br_on_cast(*relative_depth, *to_ref_type, false)?;
            }
            O::StructNew { struct_type_index } => self.struct_new(*struct_type_index, false)?,
            O::StructNewDefault { struct_type_index } => {
                self.struct_new(*struct_type_index, true)?
            }
            O::StructGet { struct_type_index, field_index }
            | O::StructGetU { struct_type_index, field_index } => {
                self.struct_get(*struct_type_index, *field_index, Packed::Unsigned)?;
            }
            O::StructGetS { struct_type_index, field_index } => {
                self.struct_get(*struct_type_index, *field_index, Packed::Signed)?;
            }
            O::StructSet { struct_type_index, field_index } => {
                self.struct_set(*struct_type_index, *field_index)?;
            }
            other => return self.array(other),
        }
        Ok(())
    }

    /// Arrays.
    fn array(&mut self, operator: &O<'_>) -> Result<(), CompileError> {
        match operator {
            O::ArrayNew { array_type_index } => self.array_new(*array_type_index, false)?,
            O::ArrayNewDefault { array_type_index } => self.array_new(*array_type_index, true)?,
            O::ArrayNewFixed { array_type_index, array_size } => {
                self.array_new_fixed(*array_type_index, *array_size)?;
            }
            O::ArrayNewData { array_type_index, array_data_index } => {
                let place = offset_of!(Builtins, array_new_data);
                self.array_new_from(place, *array_type_index, *array_data_index);
            }
            O::ArrayNewElem { array_type_index, array_elem_index } => {
                let place = offset_of!(Builtins, array_new_elem);
                self.array_new_from(place, *array_type_index, *array_elem_index);
            }
            O::ArrayGet { array_type_index } | O::ArrayGetU { array_type_index } => {
                self.array_get(*array_type_index, Packed::Unsigned)?;
            }
            O::ArrayGetS { array_type_index } => {
                self.array_get(*array_type_index, Packed::Signed)?;
            }
            O::ArraySet { array_type_index } => self.array_set(*array_type_index)?,
            O::ArrayLen => self.array_len(),
            O::ArrayFill { array_type_index } => self.array_fill(*array_type_index)?,
            O::ArrayCopy { .. } => self.array_copy(),
            O::ArrayInitData { array_data_index, .. } => {
                self.array_init(offset_of!(Builtins, array_init_data), *array_data_index);
            }
            O::ArrayInitElem { array_elem_index, .. } => {
                self.array_init(offset_of!(Builtins, array_init_elem), *array_elem_index);
            }
            other if self.atomic(other)? => {}
            other => return self.vector(other),
        }
        Ok(())
    }
}
