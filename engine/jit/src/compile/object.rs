//! "Aggregate Instructions", and the "Reference Instructions" that test types.
//!
//! Objects belong to the store, so a routine reads, writes and makes them. Checks that need no object are translated here.

use super::translator::Translator;
use crate::abi::{AbiType, Region, slots, trap_code};
use crate::error::CompileError;
use crate::libcalls::Builtins;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I8, I16, I32, I64};
use cranelift_codegen::ir::{InstBuilder, Value};
use etalon_module::{CompType, FieldType, HeapType, StorageType, TypeUse};
use etalon_runtime::{Ref, Trap};
use std::mem::offset_of;

/// Abstract heap types by their code. The codes after these are the indices of defined types.
const ABSTRACT: [HeapType; 12] = [
    HeapType::Any,
    HeapType::Eq,
    HeapType::I31,
    HeapType::Struct,
    HeapType::Array,
    HeapType::None,
    HeapType::Func,
    HeapType::NoFunc,
    HeapType::Extern,
    HeapType::NoExtern,
    HeapType::Exn,
    HeapType::NoExn,
];

/// The heap type of a code that compiled code passes.
pub(crate) fn heap_type_of_code(code: u64) -> Option<HeapType> {
    let code = usize::try_from(code).ok()?;
    match ABSTRACT.get(code) {
        Some(ty) => Some(*ty),
        None => Some(HeapType::Use(TypeUse::Idx(u32::try_from(code - ABSTRACT.len()).ok()?))),
    }
}

fn code_of_heap_type(ty: HeapType) -> Option<u64> {
    match ty {
        HeapType::Use(TypeUse::Idx(index)) => Some(ABSTRACT.len() as u64 + u64::from(index)),
        _ => ABSTRACT.iter().position(|t| *t == ty).map(|code| code as u64),
    }
}

/// How a packed field is widened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packed {
    /// With zeros, or not at all.
    Unsigned,
    /// With its sign.
    Signed,
}

fn abi(storage: StorageType) -> AbiType {
    match storage {
        StorageType::I8 | StorageType::I16 => AbiType::I32,
        StorageType::Val(ty) => AbiType::of(ty),
    }
}

impl Translator<'_> {
    fn struct_fields(&self, ty: u32) -> Result<&[FieldType], CompileError> {
        match &self.module.flat_types[ty as usize].comp {
            CompType::Struct(fields) => Ok(fields),
            _ => Err(self.crash("the type is not a structure type")),
        }
    }

    fn element_type(&self, ty: u32) -> Result<StorageType, CompileError> {
        match &self.module.flat_types[ty as usize].comp {
            CompType::Array(field) => Ok(field.storage),
            _ => Err(self.crash("the type is not an array type")),
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
    fn spill_one(&mut self, ty: AbiType, value: Value) -> Value {
        let room = self.room(&[AbiType::V128]);
        if ty != AbiType::V128 {
            let zero = self.iconst(I64, 0);
            self.store_word(Region::Slots, zero, room, 8);
        }
        slots::write(&mut self.b, Region::Slots, ty, value, room, 0);
        room
    }

    /// The value of a field or an element that a routine left in slots.
    fn unpack(&mut self, storage: StorageType, packed: Packed, room: Value) -> Value {
        let value = slots::read(&mut self.b, Region::Slots, abi(storage), room, 0);
        let narrow = match (storage, packed) {
            (StorageType::I8, Packed::Signed) => I8,
            (StorageType::I16, Packed::Signed) => I16,
            _ => return value,
        };
        let low = self.b.ins().ireduce(narrow, value);
        self.b.ins().sextend(I32, low)
    }

    fn check_null(&mut self, reference: Value, trap: Trap) {
        self.flush_gas();
        self.b.ins().trapz(reference, trap_code(trap as u8));
    }

    /// `struct.new` and `struct.new_default`
    pub(super) fn struct_new(&mut self, ty: u32, default: bool) -> Result<(), CompileError> {
        let types: Vec<AbiType> = self.struct_fields(ty)?.iter().map(|f| abi(f.storage)).collect();
        let room = if default {
            self.iconst(I64, 0)
        } else {
            let values = self.pop_many(types.len());
            self.spill(&types, &values)
        };
        let ty = self.iconst(I64, ty.into());
        let word = self.allocate(offset_of!(Builtins, struct_new), &[ty, room]);
        self.push(word);
        Ok(())
    }

    /// `struct.get`, `struct.get_s`, `struct.get_u`
    pub(super) fn struct_get(
        &mut self,
        ty: u32,
        field: u32,
        packed: Packed,
    ) -> Result<(), CompileError> {
        let storage = self.struct_fields(ty)?[field as usize].storage;
        let reference = self.pop();
        self.check_null(reference, Trap::NullStructureReference);
        let room = self.room(&[AbiType::V128]);
        let field = self.iconst(I64, field.into());
        self.stopping_routine(offset_of!(Builtins, struct_get), &[reference, field, room]);
        let value = self.unpack(storage, packed, room);
        self.push_unpacked(storage, value);
        Ok(())
    }

    /// `struct.set`
    pub(super) fn struct_set(&mut self, ty: u32, field: u32) -> Result<(), CompileError> {
        let storage = self.struct_fields(ty)?[field as usize].storage;
        let (reference, value) = self.pop2();
        self.check_null(reference, Trap::NullStructureReference);
        let room = self.spill_one(abi(storage), value);
        let field = self.iconst(I64, field.into());
        self.stopping_routine(offset_of!(Builtins, struct_set), &[reference, field, room]);
        Ok(())
    }

    /// `array.new` and `array.new_default`
    pub(super) fn array_new(&mut self, ty: u32, default: bool) -> Result<(), CompileError> {
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
        let word = self.allocate(offset_of!(Builtins, array_new), &[ty, len, room]);
        self.push(word);
        Ok(())
    }

    /// `array.new_fixed`
    pub(super) fn array_new_fixed(&mut self, ty: u32, len: u32) -> Result<(), CompileError> {
        let types = vec![abi(self.element_type(ty)?); len as usize];
        let values = self.pop_many(types.len());
        let room = self.spill(&types, &values);
        let (ty, len) = (self.iconst(I64, ty.into()), self.iconst(I64, len.into()));
        let word = self.allocate(offset_of!(Builtins, array_new_fixed), &[ty, len, room]);
        self.push(word);
        Ok(())
    }

    /// `array.new_data` or `array.new_elem`: `place` is the routine's.
    pub(super) fn array_new_from(&mut self, place: usize, ty: u32, segment: u32) {
        let (start, len) = self.pop2();
        let (start, len) = (self.b.ins().uextend(I64, start), self.b.ins().uextend(I64, len));
        let (ty, segment) = (self.iconst(I64, ty.into()), self.iconst(I64, segment.into()));
        let word = self.allocate(place, &[ty, segment, start, len]);
        self.push(word);
    }

    /// `array.len`
    pub(super) fn array_len(&mut self) {
        let reference = self.pop();
        self.check_null(reference, Trap::NullArrayReference);
        let len = self.stopping_routine(offset_of!(Builtins, array_len), &[reference]);
        let len = self.b.ins().ireduce(I32, len);
        self.push(len);
    }

    /// `array.get`, `array.get_s`, `array.get_u`
    pub(super) fn array_get(&mut self, ty: u32, packed: Packed) -> Result<(), CompileError> {
        let storage = self.element_type(ty)?;
        let (reference, index) = self.pop2();
        self.check_null(reference, Trap::NullArrayReference);
        let index = self.b.ins().uextend(I64, index);
        let room = self.room(&[AbiType::V128]);
        self.stopping_routine(offset_of!(Builtins, array_get), &[reference, index, room]);
        let value = self.unpack(storage, packed, room);
        self.push_unpacked(storage, value);
        Ok(())
    }

    /// `array.set`
    pub(super) fn array_set(&mut self, ty: u32) -> Result<(), CompileError> {
        let storage = self.element_type(ty)?;
        let (reference, index, value) = self.pop3();
        self.check_null(reference, Trap::NullArrayReference);
        let index = self.b.ins().uextend(I64, index);
        let room = self.spill_one(abi(storage), value);
        self.stopping_routine(offset_of!(Builtins, array_set), &[reference, index, room]);
        Ok(())
    }

    /// `array.fill`
    pub(super) fn array_fill(&mut self, ty: u32) -> Result<(), CompileError> {
        let storage = self.element_type(ty)?;
        let (start, value, len) = self.pop3();
        let reference = self.pop();
        self.check_null(reference, Trap::NullArrayReference);
        let (start, len) = (self.b.ins().uextend(I64, start), self.b.ins().uextend(I64, len));
        let room = self.spill_one(abi(storage), value);
        let place = offset_of!(Builtins, array_fill);
        self.stopping_routine(place, &[reference, start, len, room]);
        Ok(())
    }

    /// `array.copy`
    pub(super) fn array_copy(&mut self) {
        let (from, from_start, len) = self.pop3();
        let (to, to_start) = self.pop2();
        self.check_null(to, Trap::NullArrayReference);
        self.check_null(from, Trap::NullArrayReference);
        let to_start = self.b.ins().uextend(I64, to_start);
        let from_start = self.b.ins().uextend(I64, from_start);
        let len = self.b.ins().uextend(I64, len);
        let place = offset_of!(Builtins, array_copy);
        self.stopping_routine(place, &[to, to_start, from, from_start, len]);
    }

    /// `array.init_data` or `array.init_elem`: `place` is the routine's.
    pub(super) fn array_init(&mut self, place: usize, segment: u32) {
        let (start, source, len) = self.pop3();
        let reference = self.pop();
        self.check_null(reference, Trap::NullArrayReference);
        let (start, source) = (self.b.ins().uextend(I64, start), self.b.ins().uextend(I64, source));
        let len = self.b.ins().uextend(I64, len);
        let segment = self.iconst(I64, segment.into());
        self.stopping_routine(place, &[reference, segment, start, source, len]);
    }

    /// `ref.i31`
    pub(super) fn ref_i31(&mut self) {
        let value = self.pop();
        // The mask, the kind and the place of the number are those of the store's references.
        let zero = i64::from_ne_bytes(Ref::i31(0).to_bits().to_ne_bytes());
        let (mask, kind) = (self.iconst(I32, 0x7fff_ffff), self.iconst(I64, zero));
        let bits = self.b.ins().band(value, mask);
        let bits = self.b.ins().uextend(I64, bits);
        let four = self.iconst(I64, 4);
        let word = self.b.ins().ishl(bits, four);
        let word = self.b.ins().bor(word, kind);
        self.push(word);
    }

    /// `i31.get_s` and `i31.get_u`
    pub(super) fn i31_get(&mut self, packed: Packed) {
        let reference = self.pop();
        self.check_null(reference, Trap::NullI31Reference);
        let four = self.iconst(I64, 4);
        let bits = self.b.ins().ushr(reference, four);
        let mut value = self.b.ins().ireduce(I32, bits);
        if packed == Packed::Signed {
            let one = self.iconst(I32, 1);
            let high = self.b.ins().ishl(value, one);
            value = self.b.ins().sshr(high, one);
        }
        self.push(value);
    }

    /// `ref.eq`
    pub(super) fn ref_eq(&mut self) {
        self.int_compare(IntCC::Equal);
    }

    /// 1 if the topmost reference has a type, which stays.
    fn matches(&mut self, ty: wasmparser::HeapType, nullable: bool) -> Result<Value, CompileError> {
        let reference = *self.stack.last().ok_or_else(|| self.crash("no operand"))?;
        let code = HeapType::from_decoder(ty).and_then(code_of_heap_type);
        let code = code.ok_or_else(|| self.crash("a heap type without a code"))?;
        let code = self.iconst(I64, code as i64);
        let nullable = self.iconst(I64, nullable.into());
        self.flush_gas();
        Ok(self.stopping_routine(offset_of!(Builtins, ref_test), &[reference, code, nullable]))
    }

    /// `ref.test`
    pub(super) fn ref_test(
        &mut self,
        ty: wasmparser::HeapType,
        nullable: bool,
    ) -> Result<(), CompileError> {
        let matches = self.matches(ty, nullable)?;
        self.pop();
        let matches = self.b.ins().ireduce(I32, matches);
        self.push(matches);
        Ok(())
    }

    /// `ref.cast`
    pub(super) fn ref_cast(
        &mut self,
        ty: wasmparser::HeapType,
        nullable: bool,
    ) -> Result<(), CompileError> {
        let matches = self.matches(ty, nullable)?;
        self.b.ins().trapz(matches, trap_code(Trap::CastFailure as u8));
        Ok(())
    }

    /// `br_on_cast`, and with `wanted` false `br_on_cast_fail`.
    pub(super) fn br_on_cast(
        &mut self,
        depth: u32,
        ty: wasmparser::RefType,
        wanted: bool,
    ) -> Result<(), CompileError> {
        let matches = self.matches(ty.heap_type(), ty.is_nullable())?;
        let zero = self.iconst(I64, 0);
        let condition = if wanted { IntCC::NotEqual } else { IntCC::Equal };
        let branch = self.b.ins().icmp(condition, matches, zero);
        self.branch_when(branch, depth)
    }

    /// `any.convert_extern`
    pub(super) fn internalise(&mut self) {
        let word = self.pop();
        let mask = self.iconst(I64, !Self::EXTERNALISED);
        let word = self.b.ins().band(word, mask);
        self.hold_reference(word);
        self.push(word);
    }

    /// `extern.convert_any`
    pub(super) fn externalise(&mut self) {
        let word = self.pop();
        let bit = self.iconst(I64, Self::EXTERNALISED);
        let external = self.b.ins().bor(word, bit);
        let word = self.b.ins().select(word, external, word);
        self.hold_reference(word);
        self.push(word);
    }

    /// The bit by which the store marks a reference as externalised.
    const EXTERNALISED: i64 = 0b1000;
}
