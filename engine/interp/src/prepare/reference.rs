//! Reference and aggregate instructions: structures, arrays, casts.

use super::{Builder, Refused, Result};
use crate::program::{Bin, Op};
use etalon_module::{Canonicalise, CompType, FieldType, HeapType, Opcode, RefType, StorageType};
use wasmparser::Operator;

impl Builder<'_> {
    pub(super) fn aggregate(&mut self, operator: &Operator<'_>, opcode: Opcode) -> Result<bool> {
        use Operator as O;
        match *operator {
            O::RefAsNonNull => self.slow(opcode, 1, &[1], 0, 0)?,
            O::RefEq => {
                let b = self.pop_read()?;
                let a = self.pop_read()?;
                self.push_result(|dst| Op::RefEq(Bin { dst, a, b }));
            }
            O::RefTestNonNull { hty } | O::RefCastNonNull { hty } => {
                let cast = self.cast(false, hty)?;
                self.slow(opcode, 1, &[1], cast, 0)?;
            }
            O::RefTestNullable { hty } | O::RefCastNullable { hty } => {
                let cast = self.cast(true, hty)?;
                self.slow(opcode, 1, &[1], cast, 0)?;
            }
            O::RefI31
            | O::I31GetS
            | O::I31GetU
            | O::AnyConvertExtern
            | O::ExternConvertAny
            | O::ArrayLen => self.slow(opcode, 1, &[1], 0, 0)?,
            _ => return Ok(self.structure(operator, opcode)? || self.array(operator, opcode)?),
        }
        Ok(true)
    }

    fn structure(&mut self, operator: &Operator<'_>, opcode: Opcode) -> Result<bool> {
        use Operator as O;
        match *operator {
            O::StructNew { struct_type_index: ty } => {
                let fields = self.fields(ty)?;
                let slots = fields.iter().map(|f| width(*f)).sum();
                let (count, ty) = (fields.len(), self.type_id(ty).0);
                self.slow(opcode, count, &[1], ty, slots)?;
            }
            O::StructNewDefault { struct_type_index: ty } => {
                let ty = self.type_id(ty).0;
                self.slow(opcode, 0, &[1], ty, 0)?;
            }
            O::StructGet { struct_type_index: ty, field_index }
            | O::StructGetS { struct_type_index: ty, field_index }
            | O::StructGetU { struct_type_index: ty, field_index } => {
                let field = self.field(ty, field_index)?;
                self.slow(opcode, 1, &[width(field)], packed_bits(field), field_index)?;
            }
            O::StructSet { struct_type_index: ty, field_index } => {
                let field = self.field(ty, field_index)?;
                self.slow(opcode, 2, &[], width(field), field_index)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn array(&mut self, operator: &Operator<'_>, opcode: Opcode) -> Result<bool> {
        use Operator as O;
        match *operator {
            O::ArrayNew { array_type_index: ty } => {
                let element = width(self.element(ty)?);
                let ty = self.type_id(ty).0;
                self.slow(opcode, 2, &[1], ty, element)?;
            }
            O::ArrayNewDefault { array_type_index: ty } => {
                let ty = self.type_id(ty).0;
                self.slow(opcode, 1, &[1], ty, 0)?;
            }
            O::ArrayNewFixed { array_type_index: ty, array_size } => {
                let element = width(self.element(ty)?);
                let ty = self.type_id(ty).0;
                self.slow(opcode, array_size as usize, &[1], ty, array_size * element)?;
            }
            O::ArrayNewData { array_type_index: ty, array_data_index } => {
                let data = self.instance.datas[array_data_index as usize].0;
                let ty = self.type_id(ty).0;
                self.slow(opcode, 2, &[1], ty, data)?;
            }
            O::ArrayNewElem { array_type_index: ty, array_elem_index } => {
                let elem = self.instance.elems[array_elem_index as usize].0;
                let ty = self.type_id(ty).0;
                self.slow(opcode, 2, &[1], ty, elem)?;
            }
            O::ArrayGet { array_type_index: ty }
            | O::ArrayGetS { array_type_index: ty }
            | O::ArrayGetU { array_type_index: ty } => {
                let element = self.element(ty)?;
                self.slow(opcode, 2, &[width(element)], packed_bits(element), width(element))?;
            }
            O::ArraySet { array_type_index: ty } => {
                let element = width(self.element(ty)?);
                self.slow(opcode, 3, &[], element, 0)?;
            }
            O::ArrayFill { array_type_index: ty } => {
                let element = width(self.element(ty)?);
                self.slow(opcode, 4, &[], element, 0)?;
            }
            O::ArrayCopy { .. } => self.slow(opcode, 5, &[], 0, 0)?,
            O::ArrayInitData { array_type_index: ty, array_data_index } => {
                let data = self.instance.datas[array_data_index as usize].0;
                let ty = self.type_id(ty).0;
                self.slow(opcode, 4, &[], ty, data)?;
            }
            O::ArrayInitElem { array_type_index: ty, array_elem_index } => {
                let elem = self.instance.elems[array_elem_index as usize].0;
                let ty = self.type_id(ty).0;
                self.slow(opcode, 4, &[], ty, elem)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// A row for a reference test.
    pub(super) fn cast(&mut self, nullable: bool, heap: wasmparser::HeapType) -> Result<u32> {
        let heap = HeapType::from_decoder(heap).ok_or(Refused("a heap type without a form"))?;
        let ty = RefType { nullable, heap }.canonical(&self.instance.types);
        self.program.casts.push(ty);
        Ok(self.program.casts.len() as u32 - 1)
    }

    fn fields(&self, ty: u32) -> Result<&[FieldType]> {
        match &self.module.flat_types[ty as usize].comp {
            CompType::Struct(fields) => Ok(fields),
            _ => Err(Refused("a type that is no structure type")),
        }
    }

    fn field(&self, ty: u32, field: u32) -> Result<FieldType> {
        self.fields(ty)?.get(field as usize).copied().ok_or(Refused("a field is missing"))
    }

    fn element(&self, ty: u32) -> Result<FieldType> {
        match self.module.flat_types[ty as usize].comp {
            CompType::Array(element) => Ok(element),
            _ => Err(Refused("a type that is no array type")),
        }
    }
}

/// The slots of a field's value.
fn width(field: FieldType) -> u32 {
    match field.storage {
        StorageType::Val(ty) => ty.slots() as u32,
        StorageType::I8 | StorageType::I16 => 1,
    }
}

/// The bits of a packed field; 0 for others.
fn packed_bits(field: FieldType) -> u32 {
    match field.storage {
        StorageType::I8 => 8,
        StorageType::I16 => 16,
        StorageType::Val(_) => 0,
    }
}
