//! Instructions on objects and references that the loop executes itself.

use super::op::{Bin, Op, Un};
use super::{Builder, Refused, Result};
use crate::execution::memories::Which;
use crate::execution::objects::{self as h, Unpacked};
use etalon_module::{CompType, Opcode, StorageType, ValType};
use wasmparser::Operator;

impl Builder<'_> {
    /// An instruction on an object or reference; tells whether it is one of those. Vectors are left to functions outside of the loop.
    pub(super) fn object(&mut self, operator: &Operator<'_>, opcode: Opcode) -> Result<bool> {
        use Operator as O;
        let handler = match *operator {
            O::RefAsNonNull => h::non_null(),
            O::RefI31 => h::ref_i31(),
            O::I31GetS => h::i31_get_s(),
            O::I31GetU => h::i31_get_u(),
            O::ArrayLen => h::array_len(),
            _ => return self.with_immediates(operator, opcode),
        };
        let a = self.pop_read()?;
        self.push_result(|dst| Op::Unary(handler, Un { dst, a }));
        Ok(true)
    }

    fn with_immediates(&mut self, operator: &Operator<'_>, opcode: Opcode) -> Result<bool> {
        use Operator as O;
        let (handler, number) = match *operator {
            O::RefTestNonNull { hty } => (h::ref_test(), self.cast(false, hty)?),
            O::RefTestNullable { hty } => (h::ref_test(), self.cast(true, hty)?),
            O::RefCastNonNull { hty } => (h::ref_cast(), self.cast(false, hty)?),
            O::RefCastNullable { hty } => (h::ref_cast(), self.cast(true, hty)?),
            O::StructGet { struct_type_index: ty, field_index: field }
            | O::StructGetS { struct_type_index: ty, field_index: field }
            | O::StructGetU { struct_type_index: ty, field_index: field } => {
                let Some(unpacked) = self.unpacked(opcode, ty, field)? else { return Ok(false) };
                (h::struct_get(unpacked), field)
            }
            O::StructSet { struct_type_index, field_index: offset } => {
                if self.unpacked(opcode, struct_type_index, offset)?.is_none() {
                    return Ok(false);
                }
                let (value, addr) = (self.pop_read()?, self.pop_read()?);
                let (handler, memory) = (h::struct_set(), Which::Home);
                self.emit(Op::Store { handler, addr, value, offset, memory });
                return Ok(true);
            }
            _ => return self.element(operator, opcode),
        };
        let a = self.pop_read()?;
        self.push_result(|dst| Op::BinaryK { opcode, handler, o: Bin { dst, a, b: number } });
        Ok(true)
    }

    fn element(&mut self, operator: &Operator<'_>, opcode: Opcode) -> Result<bool> {
        use Operator as O;
        let (O::ArrayGet { array_type_index: ty }
        | O::ArrayGetS { array_type_index: ty }
        | O::ArrayGetU { array_type_index: ty }
        | O::ArraySet { array_type_index: ty }) = *operator
        else {
            return Ok(false);
        };
        let Some(unpacked) = self.unpacked(opcode, ty, 0)? else { return Ok(false) };
        if opcode == Opcode::ArraySet {
            let (value, index, array) = (self.pop_read()?, self.pop_read()?, self.pop_read()?);
            self.emit(Op::ArraySet { array, index, value });
            return Ok(true);
        }
        let handler = h::array_get(unpacked);
        let (b, a) = (self.pop_read()?, self.pop_read()?);
        self.push_result(|dst| Op::Binary { opcode, handler, o: Bin { dst, a, b } });
        Ok(true)
    }

    /// What becomes of a value that an instruction reads from a field or element; `None` if it is a vector.
    fn unpacked(&self, opcode: Opcode, ty: u32, field: u32) -> Result<Option<Unpacked>> {
        let storage = match &self.store.types.get(self.type_id(ty)).comp {
            CompType::Struct(fields) => fields.get(field as usize).map(|field| field.storage),
            CompType::Array(element) => Some(element.storage),
            CompType::Func(_) => None,
        };
        let is_signed = matches!(opcode, Opcode::StructGetS | Opcode::ArrayGetS);
        Ok(match storage.ok_or(Refused("a type of another kind"))? {
            StorageType::Val(ValType::V128) => None,
            StorageType::I8 if is_signed => Some(Unpacked::Signed8),
            StorageType::I16 if is_signed => Some(Unpacked::Signed16),
            _ => Some(Unpacked::Plain),
        })
    }
}
