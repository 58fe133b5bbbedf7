//! Structures ("Aggregate Instructions").

use super::allocate::{MOST_FIELDS, Maker};
use super::heap::{Aggregate, Place};
use super::translator::Translator;
use crate::abi::{AbiType, Region, slots, trap_code};
use crate::error::Failure;
use crate::libcalls::Builtins;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{InstBuilder, Value};
use etalon_module::operator::Opcode;
use etalon_module::{CompType, FieldType, StorageType};
use etalon_runtime::Trap;
use std::mem::offset_of;
use wasmparser::Operator as O;

/// How a packed field is widened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packed {
    /// With zeros, or not at all.
    Unsigned,
    /// With its sign.
    Signed,
}

pub(super) fn abi(storage: StorageType) -> AbiType {
    match storage {
        StorageType::I8 | StorageType::I16 => AbiType::I32,
        StorageType::Val(ty) => AbiType::of(ty),
    }
}

impl Translator<'_> {
    /// Translates an operator of this file; gives false for any other.
    pub(super) fn object_operator(&mut self, operator: &O<'_>) -> Result<bool, Failure> {
        match operator {
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
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn struct_fields(&self, ty: u32) -> Result<&[FieldType], Failure> {
        match &self.module.flat_types[ty as usize].comp {
            CompType::Struct(fields) => Ok(fields),
            _ => Err(self.crash("the type is not a structure type")),
        }
    }

    /// Writes values to slots on the stack; gives the address of the slots.
    pub(super) fn spill(&mut self, types: &[AbiType], values: &[Value]) -> Value {
        let room = self.room(types);
        let mut at = 0;
        for (ty, value) in types.iter().zip(values) {
            slots::write(&mut self.b, Region::Slots, *ty, *value, room, at);
            at += 8 * ty.slots() as i32;
        }
        room
    }

    /// Writes one value to two slots, as routines take it.
    pub(super) fn spill_one(&mut self, ty: AbiType, value: Value) -> Value {
        let room = self.room(&[AbiType::V128]);
        if ty != AbiType::V128 {
            let zero = self.iconst(I64, 0);
            self.store_word(Region::Slots, zero, room, 8);
        }
        slots::write(&mut self.b, Region::Slots, ty, value, room, 0);
        room
    }

    pub(super) fn check_null(&mut self, reference: Value, trap: Trap) {
        self.flush_gas();
        self.b.ins().trapz(reference, trap_code(trap as u8));
    }

    /// `struct.new` and `struct.new_default`
    fn struct_new(&mut self, ty: u32, default: bool) -> Result<(), Failure> {
        let fields = self.struct_fields(ty)?;
        // An operator of few bytes may make thousands of zeros, so only few fields are looked at each time.
        let is_large = fields.len() > MOST_FIELDS;
        let wanted = if default && is_large { &[] } else { fields };
        let storages: Vec<StorageType> = wanted.iter().map(|f| f.storage).collect();
        let values = (!default).then(|| self.pop_many(storages.len()));
        let op = if default { Opcode::StructNewDefault } else { Opcode::StructNew };
        let maker = Maker { op, aggregate: Aggregate::Struct, ty };
        let away = |this: &mut Self| {
            let room = match &values {
                Some(values) => {
                    let types: Vec<AbiType> = storages.iter().map(|s| abi(*s)).collect();
                    this.spill(&types, values)
                }
                None => this.iconst(I64, 0),
            };
            let ty = this.iconst(I64, ty.into());
            this.allocate(offset_of!(Builtins, object.struct_new), &[ty, room])
        };
        let reference = match is_large {
            true => away(self),
            false => self.new_fixed(maker, &storages, values.as_deref(), away),
        };
        self.push(reference);
        Ok(())
    }

    /// Where a field of a structure is, once the reference is known not to be null.
    fn field(
        &mut self,
        ty: u32,
        field: u32,
        reference: Value,
    ) -> Result<(StorageType, Place), Failure> {
        let storage = self.struct_fields(ty)?[field as usize].storage;
        let offset =
            self.env.declared.offsets.of(ty, field).ok_or_else(|| self.crash("no such field"))?;
        self.check_null(reference, Trap::NullStructureReference);
        let address = self.object(reference);
        Ok((storage, Place { address, offset: Aggregate::Struct.payload(offset as i32) }))
    }

    /// `struct.get`, `struct.get_s`, `struct.get_u`
    fn struct_get(&mut self, ty: u32, field: u32, packed: Packed) -> Result<(), Failure> {
        let reference = self.pop();
        let (storage, place) = self.field(ty, field, reference)?;
        let value = self.read_object(storage, packed, place);
        self.push_unpacked(storage, value);
        Ok(())
    }

    /// `struct.set`
    fn struct_set(&mut self, ty: u32, field: u32) -> Result<(), Failure> {
        let (reference, value) = self.pop2();
        let (storage, place) = self.field(ty, field, reference)?;
        self.write_object(storage, value, place);
        Ok(())
    }
}
