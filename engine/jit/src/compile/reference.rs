//! "Reference Instructions", and the "Aggregate Instructions" that need no object.

use super::heap::Aggregate;
use super::object::Packed;
use super::translator::Translator;
use crate::abi::trap_code;
use crate::error::Failure;
use crate::libcalls::Builtins;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I8, I32, I64};
use cranelift_codegen::ir::{InstBuilder, Value};
use etalon_module::{CompType, HeapType, TypeUse};
use etalon_runtime::{DISPLAY, Trap};
use std::mem::offset_of;
use wasmparser::Operator as O;

/// The low bits of a reference that say what it is to.
const KINDS: i64 = 0b111;
/// Those of a small integer.
const I31: i64 = 2;
/// The bit by which the store marks a reference as externalised.
const EXTERNALISED: i64 = 0b1000;

impl Translator<'_> {
    /// Translates an operator of this file; gives false for any other.
    pub(super) fn reference_operator(&mut self, operator: &O<'_>) -> Result<bool, Failure> {
        match operator {
            O::RefNull { .. } => self.ref_null(),
            O::RefIsNull => self.ref_is_null(),
            O::RefFunc { function_index } => self.ref_func(*function_index),
            O::RefAsNonNull => self.ref_as_non_null(),
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
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// `ref.null`
    fn ref_null(&mut self) {
        let null = self.iconst(I64, 0);
        self.push(null);
    }

    /// `ref.is_null`
    fn ref_is_null(&mut self) {
        let reference = self.pop();
        let zero = self.iconst(I64, 0);
        let null = self.b.ins().icmp(IntCC::Equal, reference, zero);
        let null = self.b.ins().uextend(I32, null);
        self.push(null);
    }

    /// `ref.func`
    fn ref_func(&mut self, func: u32) {
        let (at, more) = self.env.layout.func(func);
        let mut word = self.vm_word(at);
        if more > 0 {
            let more = self.iconst(I64, more as i64);
            word = self.b.ins().iadd(word, more);
        }
        self.functions.insert(word, func);
        self.push(word);
    }

    /// `ref.as_non_null`
    fn ref_as_non_null(&mut self) {
        self.flush_gas();
        let reference = self.pop();
        self.b.ins().trapz(reference, trap_code(Trap::NullReference as u8));
        self.push(reference);
    }

    /// `ref.eq`
    fn ref_eq(&mut self) {
        self.int_compare(IntCC::Equal);
    }

    /// `ref.i31`
    fn ref_i31(&mut self) {
        let value = self.pop();
        // The mask, the kind and the place of the number are those of the store's references.
        let (mask, kind) = (self.iconst(I32, 0x7fff_ffff), self.iconst(I64, I31));
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

    /// Whether the topmost reference has a type, which stays (`Ref_ok`).
    fn matches(&mut self, ty: wasmparser::HeapType, nullable: bool) -> Result<Value, Failure> {
        let reference = *self.stack.last().ok_or_else(|| self.crash("no operand"))?;
        let ty = HeapType::from_decoder(ty).ok_or_else(|| self.crash("no heap type"))?;
        self.flush_gas();
        // Operands are of the same hierarchy as the type, and each hierarchy has one type that all of it has, and one that nothing has.
        let is_of_type = match ty {
            HeapType::Any | HeapType::Extern | HeapType::Func | HeapType::Exn => {
                let zero = self.iconst(I64, 0);
                self.b.ins().icmp(IntCC::NotEqual, reference, zero)
            }
            HeapType::None | HeapType::NoExtern | HeapType::NoFunc | HeapType::NoExn => {
                self.iconst(I8, 0)
            }
            HeapType::I31 => self.is_kind(reference, I31),
            HeapType::Struct => self.is_kind(reference, Aggregate::Struct.kind().into()),
            HeapType::Array => self.is_kind(reference, Aggregate::Array.kind().into()),
            HeapType::Eq => self.is_eq(reference),
            HeapType::Use(TypeUse::Idx(index)) => self.is_of(index, reference)?,
            HeapType::Use(_) => return Err(self.crash("a type that no module can name")),
        };
        if !nullable {
            return Ok(is_of_type);
        }
        let zero = self.iconst(I64, 0);
        let is_null = self.b.ins().icmp(IntCC::Equal, reference, zero);
        Ok(self.b.ins().bor(is_of_type, is_null))
    }

    /// Whether an internal reference is to something of a kind. The kind of null is none.
    fn is_kind(&mut self, reference: Value, kind: i64) -> Value {
        let (mask, kind) = (self.iconst(I64, KINDS), self.iconst(I64, kind));
        let low = self.b.ins().band(reference, mask);
        self.b.ins().icmp(IntCC::Equal, low, kind)
    }

    /// Whether an internal reference is a small integer, to a structure or to an array: their kinds are neighbours.
    fn is_eq(&mut self, reference: Value) -> Value {
        let kinds = [Aggregate::Struct, Aggregate::Array].map(|a| i64::from(a.kind()));
        debug_assert_eq!(kinds, [I31 + 1, I31 + 2]);
        let (mask, first) = (self.iconst(I64, KINDS), self.iconst(I64, I31));
        let low = self.b.ins().band(reference, mask);
        let place = self.b.ins().isub(low, first);
        let last = self.iconst(I64, 2);
        self.b.ins().icmp(IntCC::UnsignedLessThanOrEqual, place, last)
    }

    /// Whether a reference is to something of a defined type. What is no such object is taken for one in front of the first, where
    /// a header without a type is: so nothing branches.
    fn is_of(&mut self, ty: u32, reference: Value) -> Result<Value, Failure> {
        let module = self.module;
        let depth = self.depth_of(ty);
        let aggregate = match &module.flat_types[ty as usize].comp {
            CompType::Struct(_) if depth < DISPLAY => Aggregate::Struct,
            CompType::Array(_) if depth < DISPLAY => Aggregate::Array,
            _ => return Ok(self.asked(ty, reference)),
        };
        let is_kind = self.is_kind(reference, aggregate.kind().into());
        let kind = self.iconst(I64, aggregate.kind().into());
        let reference = self.b.ins().select(is_kind, reference, kind);
        let object = self.object(reference);
        let mut actual = self.header_type(object, aggregate);
        if !module.flat_types[ty as usize].is_final {
            actual = self.supertype(actual, depth);
        }
        let wanted = self.type_in_headers(ty);
        Ok(self.b.ins().icmp(IntCC::Equal, actual, wanted))
    }

    /// The same of a type that is a function's, or has more supertypes than the table of types: a routine knows.
    fn asked(&mut self, ty: u32, reference: Value) -> Value {
        let ty = self.vm_word(self.env.layout.ty(ty));
        let place = offset_of!(Builtins, object.is_of);
        let result = self.stopping_routine(place, &[reference, ty]);
        let zero = self.iconst(I64, 0);
        self.b.ins().icmp(IntCC::NotEqual, result, zero)
    }

    /// How many supertypes a type has above it.
    fn depth_of(&self, mut ty: u32) -> usize {
        let mut depth = 0;
        while let Some(TypeUse::Idx(above)) = self.module.flat_types[ty as usize].supertype {
            (ty, depth) = (above, depth + 1);
        }
        depth
    }

    /// `ref.test`
    fn ref_test(&mut self, ty: wasmparser::HeapType, nullable: bool) -> Result<(), Failure> {
        let matches = self.matches(ty, nullable)?;
        self.pop();
        let matches = self.b.ins().uextend(I32, matches);
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
        let zero = self.iconst(I8, 0);
        let condition = if wanted { IntCC::NotEqual } else { IntCC::Equal };
        let branch = self.b.ins().icmp(condition, matches, zero);
        self.branch_when(branch, depth)
    }

    /// `any.convert_extern`
    fn internalise(&mut self) {
        let word = self.pop();
        let mask = self.iconst(I64, !EXTERNALISED);
        let word = self.b.ins().band(word, mask);
        self.hold_reference(word);
        self.push(word);
    }

    /// `extern.convert_any`
    fn externalise(&mut self) {
        let word = self.pop();
        let bit = self.iconst(I64, EXTERNALISED);
        let external = self.b.ins().bor(word, bit);
        let word = self.b.ins().select(word, external, word);
        self.hold_reference(word);
        self.push(word);
    }
}
