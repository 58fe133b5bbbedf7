//! Structures ("Aggregate Instructions"), and the "Reference Instructions" that test types.
//!
//! Objects belong to the store, so a routine reads, writes and makes them. Checks that need no object are translated here.

use super::translator::Translator;
use crate::abi::{AbiType, Region, slots, trap_code};
use crate::error::Failure;
use crate::libcalls::Builtins;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I8, I16, I32, I64};
use cranelift_codegen::ir::{InstBuilder, Value};
use etalon_module::{CompType, FieldType, HeapType, StorageType, TypeUse};
use etalon_runtime::{Ref, Trap};
use std::mem::offset_of;
use wasmparser::Operator as O;

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

    /// The value of a field or an element that a routine left in slots.
    pub(super) fn unpack(&mut self, storage: StorageType, packed: Packed, room: Value) -> Value {
        let value = slots::read(&mut self.b, Region::Slots, abi(storage), room, 0);
        let narrow = match (storage, packed) {
            (StorageType::I8, Packed::Signed) => I8,
            (StorageType::I16, Packed::Signed) => I16,
            _ => return value,
        };
        let low = self.b.ins().ireduce(narrow, value);
        self.b.ins().sextend(I32, low)
    }

    pub(super) fn check_null(&mut self, reference: Value, trap: Trap) {
        self.flush_gas();
        self.b.ins().trapz(reference, trap_code(trap as u8));
    }

    /// `struct.new` and `struct.new_default`
    fn struct_new(&mut self, ty: u32, default: bool) -> Result<(), Failure> {
        let types: Vec<AbiType> = self.struct_fields(ty)?.iter().map(|f| abi(f.storage)).collect();
        let room = if default {
            self.iconst(I64, 0)
        } else {
            let values = self.pop_many(types.len());
            self.spill(&types, &values)
        };
        let ty = self.iconst(I64, ty.into());
        let word = self.allocate(offset_of!(Builtins, object.struct_new), &[ty, room]);
        self.push(word);
        Ok(())
    }

    /// `struct.get`, `struct.get_s`, `struct.get_u`
    fn struct_get(&mut self, ty: u32, field: u32, packed: Packed) -> Result<(), Failure> {
        let storage = self.struct_fields(ty)?[field as usize].storage;
        let reference = self.pop();
        self.check_null(reference, Trap::NullStructureReference);
        let room = self.room(&[AbiType::V128]);
        let field = self.iconst(I64, field.into());
        self.stopping_routine(offset_of!(Builtins, object.struct_get), &[reference, field, room]);
        let value = self.unpack(storage, packed, room);
        self.push_unpacked(storage, value);
        Ok(())
    }

    /// `struct.set`
    fn struct_set(&mut self, ty: u32, field: u32) -> Result<(), Failure> {
        let storage = self.struct_fields(ty)?[field as usize].storage;
        let (reference, value) = self.pop2();
        self.check_null(reference, Trap::NullStructureReference);
        let room = self.spill_one(abi(storage), value);
        let field = self.iconst(I64, field.into());
        self.stopping_routine(offset_of!(Builtins, object.struct_set), &[reference, field, room]);
        Ok(())
    }

    /// `ref.i31`
    fn ref_i31(&mut self) {
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
    fn i31_get(&mut self, packed: Packed) {
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
    fn ref_eq(&mut self) {
        self.int_compare(IntCC::Equal);
    }

    /// 1 if the topmost reference has a type, which stays.
    fn matches(&mut self, ty: wasmparser::HeapType, nullable: bool) -> Result<Value, Failure> {
        let reference = *self.stack.last().ok_or_else(|| self.crash("no operand"))?;
        let code = HeapType::from_decoder(ty).and_then(code_of_heap_type);
        let code = code.ok_or_else(|| self.crash("a heap type without a code"))?;
        let code = self.iconst(I64, code as i64);
        let nullable = self.iconst(I64, nullable.into());
        self.flush_gas();
        Ok(self
            .stopping_routine(offset_of!(Builtins, object.ref_test), &[reference, code, nullable]))
    }

    /// `ref.test`
    fn ref_test(&mut self, ty: wasmparser::HeapType, nullable: bool) -> Result<(), Failure> {
        let matches = self.matches(ty, nullable)?;
        self.pop();
        let matches = self.b.ins().ireduce(I32, matches);
        self.push(matches);
        Ok(())
    }

    /// `ref.cast`
    fn ref_cast(&mut self, ty: wasmparser::HeapType, nullable: bool) -> Result<(), Failure> {
        let matches = self.matches(ty, nullable)?;
        self.b.ins().trapz(matches, trap_code(Trap::CastFailure as u8));
        Ok(())
    }

    /// `br_on_cast`, and with `wanted` false `br_on_cast_fail`.
    fn br_on_cast(
        &mut self,
        depth: u32,
        ty: wasmparser::RefType,
        wanted: bool,
    ) -> Result<(), Failure> {
        let matches = self.matches(ty.heap_type(), ty.is_nullable())?;
        let zero = self.iconst(I64, 0);
        let condition = if wanted { IntCC::NotEqual } else { IntCC::Equal };
        let branch = self.b.ins().icmp(condition, matches, zero);
        self.branch_when(branch, depth)
    }

    /// `any.convert_extern`
    fn internalise(&mut self) {
        let word = self.pop();
        let mask = self.iconst(I64, !Self::EXTERNALISED);
        let word = self.b.ins().band(word, mask);
        self.hold_reference(word);
        self.push(word);
    }

    /// `extern.convert_any`
    fn externalise(&mut self) {
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
