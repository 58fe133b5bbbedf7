//! Arrays ("Aggregate Instructions"): a routine reads, writes and makes them, as it does other objects.

use super::object::{Packed, abi};
use super::translator::Translator;
use crate::abi::AbiType;
use crate::error::Failure;
use crate::libcalls::Builtins;
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::types::{I32, I64};
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
        let room = if default {
            self.iconst(I64, 0)
        } else {
            let value = self.pop();
            self.spill_one(abi(storage), value)
        };
        let ty = self.iconst(I64, ty.into());
        let word = self.allocate(offset_of!(Builtins, array.new), &[ty, len, room]);
        self.push(word);
        Ok(())
    }

    /// `array.new_fixed`
    fn array_new_fixed(&mut self, ty: u32, len: u32) -> Result<(), Failure> {
        let types = vec![abi(self.element_type(ty)?); len as usize];
        let values = self.pop_many(types.len());
        let room = self.spill(&types, &values);
        let (ty, len) = (self.iconst(I64, ty.into()), self.iconst(I64, len.into()));
        let word = self.allocate(offset_of!(Builtins, array.new_fixed), &[ty, len, room]);
        self.push(word);
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
        let len = self.stopping_routine(offset_of!(Builtins, array.len), &[reference]);
        let len = self.b.ins().ireduce(I32, len);
        self.push(len);
    }

    /// `array.get`, `array.get_s`, `array.get_u`
    fn array_get(&mut self, ty: u32, packed: Packed) -> Result<(), Failure> {
        let storage = self.element_type(ty)?;
        let (reference, index) = self.pop2();
        self.check_null(reference, Trap::NullArrayReference);
        let index = self.b.ins().uextend(I64, index);
        let room = self.room(&[AbiType::V128]);
        self.stopping_routine(offset_of!(Builtins, array.get), &[reference, index, room]);
        let value = self.unpack(storage, packed, room);
        self.push_unpacked(storage, value);
        Ok(())
    }

    /// `array.set`
    fn array_set(&mut self, ty: u32) -> Result<(), Failure> {
        let storage = self.element_type(ty)?;
        let (reference, index, value) = self.pop3();
        self.check_null(reference, Trap::NullArrayReference);
        let index = self.b.ins().uextend(I64, index);
        let room = self.spill_one(abi(storage), value);
        self.stopping_routine(offset_of!(Builtins, array.set), &[reference, index, room]);
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
