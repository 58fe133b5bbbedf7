//! Arrays ("Aggregate Instructions"). A routine does what takes many elements.

use super::allocate::Maker;
use super::heap::{Aggregate, Place, bytes_of};
use super::object::{Packed, abi};
use super::translator::Translator;
use crate::abi::{AbiType, trap_code};
use crate::error::Failure;
use crate::libcalls::Builtins;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{InstBuilder, Value};
use etalon_module::operator::Opcode;
use etalon_module::{CompType, StorageType};
use etalon_runtime::Trap;
use std::mem::offset_of;
use wasmparser::Operator as O;

impl Translator<'_> {
    /// Translates an operator of this file; gives false for any other.
    pub(super) fn array_operator(&mut self, operator: &O<'_>) -> Result<bool, Failure> {
        match operator {
            O::ArrayNew { array_type_index } => self.array_new(*array_type_index, false)?,
            O::ArrayNewDefault { array_type_index } => self.array_new(*array_type_index, true)?,
            O::ArrayNewFixed { array_type_index, array_size } => {
                self.array_new_fixed(*array_type_index, *array_size)?;
            }
            O::ArrayNewData { array_type_index, array_data_index } => {
                let place = offset_of!(Builtins, array.new_data);
                self.array_new_from(place, *array_type_index, *array_data_index);
            }
            O::ArrayNewElem { array_type_index, array_elem_index } => {
                let place = offset_of!(Builtins, array.new_elem);
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
                self.array_init(offset_of!(Builtins, array.init_data), *array_data_index);
            }
            O::ArrayInitElem { array_elem_index, .. } => {
                self.array_init(offset_of!(Builtins, array.init_elem), *array_elem_index);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn element_type(&self, ty: u32) -> Result<StorageType, Failure> {
        match &self.module.flat_types[ty as usize].comp {
            CompType::Array(field) => Ok(field.storage),
            _ => Err(self.crash("the type is not an array type")),
        }
    }

    /// `array.new` and `array.new_default`
    fn array_new(&mut self, ty: u32, default: bool) -> Result<(), Failure> {
        let storage = self.element_type(ty)?;
        let len = self.pop();
        let len = self.b.ins().uextend(I64, len);
        let value = (!default).then(|| self.pop());
        let op = if default { Opcode::ArrayNewDefault } else { Opcode::ArrayNew };
        let maker = Maker { op, aggregate: Aggregate::Array, ty };
        let reference = self.new_of_len(maker, storage, len, value, |this| {
            let room = match value {
                Some(value) => this.spill_one(abi(storage), value),
                None => this.iconst(I64, 0),
            };
            let ty = this.iconst(I64, ty.into());
            this.allocate(offset_of!(Builtins, array.new), &[ty, len, room])
        });
        self.push(reference);
        Ok(())
    }

    /// `array.new_fixed`
    fn array_new_fixed(&mut self, ty: u32, len: u32) -> Result<(), Failure> {
        let storages = vec![self.element_type(ty)?; len as usize];
        let values = self.pop_many(storages.len());
        let maker = Maker { op: Opcode::ArrayNewFixed, aggregate: Aggregate::Array, ty };
        let reference = self.new_fixed(maker, &storages, Some(&values), |this| {
            let types: Vec<AbiType> = storages.iter().map(|s| abi(*s)).collect();
            let room = this.spill(&types, &values);
            let (ty, len) = (this.iconst(I64, ty.into()), this.iconst(I64, len.into()));
            this.allocate(offset_of!(Builtins, array.new_fixed), &[ty, len, room])
        });
        self.push(reference);
        Ok(())
    }

    /// `array.new_data` or `array.new_elem`: `place` is the routine's.
    fn array_new_from(&mut self, place: usize, ty: u32, segment: u32) {
        let (start, len) = self.pop2();
        let (start, len) = (self.b.ins().uextend(I64, start), self.b.ins().uextend(I64, len));
        let (ty, segment) = (self.iconst(I64, ty.into()), self.iconst(I64, segment.into()));
        let word = self.allocate(place, &[ty, segment, start, len]);
        self.push(word);
    }

    /// `array.len`
    fn array_len(&mut self) {
        let reference = self.pop();
        self.check_null(reference, Trap::NullArrayReference);
        let array = self.object(reference);
        let len = self.header_len(array);
        self.push(len);
    }

    /// Where an element of an array is, once the array is known to have it.
    fn element_place(
        &mut self,
        ty: u32,
        reference: Value,
        index: Value,
    ) -> Result<(StorageType, Place), Failure> {
        let storage = self.element_type(ty)?;
        self.check_null(reference, Trap::NullArrayReference);
        let array = self.object(reference);
        let len = self.header_len(array);
        let beyond = self.b.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, index, len);
        self.b.ins().trapnz(beyond, trap_code(Trap::ArrayOutOfBounds as u8));
        let index = self.b.ins().uextend(I64, index);
        let log2 = self.iconst(I64, bytes_of(storage).trailing_zeros().into());
        let distance = self.b.ins().ishl(index, log2);
        let address = self.b.ins().iadd(array, distance);
        // A processor that speculates past the check must not reach memory of the host.
        let base = self.heap_base();
        let address = self.b.ins().select_spectre_guard(beyond, base, address);
        Ok((storage, Place { address, offset: Aggregate::Array.payload(0) }))
    }

    /// `array.get`, `array.get_s`, `array.get_u`
    fn array_get(&mut self, ty: u32, packed: Packed) -> Result<(), Failure> {
        let (reference, index) = self.pop2();
        let (storage, place) = self.element_place(ty, reference, index)?;
        let value = self.read_object(storage, packed, place);
        self.push_unpacked(storage, value);
        Ok(())
    }

    /// `array.set`
    fn array_set(&mut self, ty: u32) -> Result<(), Failure> {
        let (reference, index, value) = self.pop3();
        let (storage, place) = self.element_place(ty, reference, index)?;
        self.write_object(storage, value, place);
        Ok(())
    }

    /// `array.fill`
    fn array_fill(&mut self, ty: u32) -> Result<(), Failure> {
        let storage = self.element_type(ty)?;
        let (start, value, len) = self.pop3();
        let reference = self.pop();
        self.check_null(reference, Trap::NullArrayReference);
        let (start, len) = (self.b.ins().uextend(I64, start), self.b.ins().uextend(I64, len));
        let room = self.spill_one(abi(storage), value);
        let place = offset_of!(Builtins, array.fill);
        self.stopping_routine(place, &[reference, start, len, room]);
        Ok(())
    }

    /// `array.copy`
    fn array_copy(&mut self) {
        let (from, from_start, len) = self.pop3();
        let (to, to_start) = self.pop2();
        self.check_null(to, Trap::NullArrayReference);
        self.check_null(from, Trap::NullArrayReference);
        let to_start = self.b.ins().uextend(I64, to_start);
        let from_start = self.b.ins().uextend(I64, from_start);
        let len = self.b.ins().uextend(I64, len);
        let place = offset_of!(Builtins, array.copy);
        self.stopping_routine(place, &[to, to_start, from, from_start, len]);
    }

    /// `array.init_data` or `array.init_elem`: `place` is the routine's.
    fn array_init(&mut self, place: usize, segment: u32) {
        let (start, source, len) = self.pop3();
        let reference = self.pop();
        self.check_null(reference, Trap::NullArrayReference);
        let (start, source) = (self.b.ins().uextend(I64, start), self.b.ins().uextend(I64, source));
        let len = self.b.ins().uextend(I64, len);
        let segment = self.iconst(I64, segment.into());
        self.stopping_routine(place, &[reference, segment, start, source, len]);
    }
}
