//! Reference Instructions.

use super::Extend;
use crate::configuration::{Configuration, Step, bug, crash};
use etalon_module::{HeapType, RefType, Rule, TypeUse};
use etalon_runtime::{Ref, RefKind, Trap, Value};

impl Configuration<'_> {
    /// `ref.null` gives the null reference. `Step_read/ref.null`
    pub(crate) fn ref_null(&mut self) -> Step {
        self.used(Rule::RefNull);
        self.push_ref(Ref::NULL)
    }

    /// `ref.func` gives a reference to a function. `Step_read/ref.func`
    pub(crate) fn ref_func(&mut self, index: u32) -> Step {
        self.used(Rule::RefFunc);
        let func = self.func_addr(index)?;
        self.push_ref(Ref::func(func))
    }

    /// `ref.is_null` tells whether a reference is null. `Step_pure/ref.is_null-true`, `Step_pure/ref.is_null-false`
    pub(crate) fn ref_is_null(&mut self) -> Step {
        let is_null = self.pop_ref()?.is_null();
        self.used(if is_null { Rule::RefIsNullTrue } else { Rule::RefIsNullFalse });
        self.push(Value::I32(is_null.into()))
    }

    /// `ref.as_non_null` traps if the reference is null. `Step_pure/ref.as_non_null-null`, `Step_pure/ref.as_non_null-addr`
    pub(crate) fn ref_as_non_null(&mut self) -> Step {
        let reference = self.pop_ref()?;
        self.check(!reference.is_null(), Rule::RefAsNonNullNull, Trap::NullReference)?;
        self.used(Rule::RefAsNonNullAddr);
        self.push_ref(reference)
    }

    /// `ref.eq` tells whether two references are the same; two nulls are.
    /// `Step_pure/ref.eq-null`, `Step_pure/ref.eq-true`, `Step_pure/ref.eq-false`
    pub(crate) fn ref_eq(&mut self) -> Step {
        let (second, first) = (self.pop_ref()?, self.pop_ref()?);
        let (rule, equal) = match first == second {
            true if first.is_null() => (Rule::RefEqNull, 1),
            true => (Rule::RefEqTrue, 1),
            false => (Rule::RefEqFalse, 0),
        };
        self.used(rule);
        self.push(Value::I32(equal))
    }

    /// `ref.test` tells whether a reference is of a type. `Step_read/ref.test-true`, `Step_read/ref.test-false`
    pub(crate) fn ref_test(&mut self, ty: u32) -> Step {
        let reference = self.pop_ref()?;
        let is_of_type = self.is_of_type(reference, ty)?;
        self.used(if is_of_type { Rule::RefTestTrue } else { Rule::RefTestFalse });
        self.push(Value::I32(is_of_type.into()))
    }

    /// `ref.cast` traps if the reference is not of the type. `Step_read/ref.cast-succeed`, `Step_read/ref.cast-fail`
    pub(crate) fn ref_cast(&mut self, ty: u32) -> Step {
        let reference = self.pop_ref()?;
        let is_of_type = self.is_of_type(reference, ty)?;
        self.check(is_of_type, Rule::RefCastFail, Trap::CastFailure)?;
        self.used(Rule::RefCastSucceed);
        self.push_ref(reference)
    }

    /// `ref.i31` keeps the lowest 31 bits of an integer. `Step_pure/ref.i31`
    pub(crate) fn ref_i31(&mut self) -> Step {
        self.used(Rule::RefI31);
        let bits = self.pop_i32()?;
        self.push_ref(Ref::i31(bits & 0x7fff_ffff))
    }

    /// `i31.get_s` and `i31.get_u` extend the 31 bits; they trap if the reference is null. `Step_pure/i31.get-null`, `Step_pure/i31.get-num`
    pub(crate) fn i31_get(&mut self, extend: Extend) -> Step {
        let bits = match self.pop_ref()?.kind() {
            Some(RefKind::I31(bits)) => bits,
            None => return self.traps(Rule::I31GetNull, Trap::NullI31Reference),
            Some(_) => return crash("i31.get of what is no i31"),
        };
        self.used(Rule::I31GetNum);
        self.push(Value::I32(match extend {
            // Bit 30 is the sign.
            Extend::Signed => ((bits << 1) as i32 >> 1) as u32,
            Extend::Unsigned => bits,
        }))
    }

    /// `any.convert_extern` takes an external reference for an internal one; null stays null.
    /// `Step_pure/any.convert_extern-null`, `Step_pure/any.convert_extern-addr`
    pub(crate) fn any_convert_extern(&mut self) -> Step {
        let reference = self.pop_ref()?;
        let is_null = reference.is_null();
        self.used(if is_null { Rule::AnyConvertExternNull } else { Rule::AnyConvertExternAddr });
        self.push_ref(reference.internalise())
    }

    /// `extern.convert_any` takes an internal reference for an external one; null stays null.
    /// `Step_pure/extern.convert_any-null`, `Step_pure/extern.convert_any-addr`
    pub(crate) fn extern_convert_any(&mut self) -> Step {
        let reference = self.pop_ref()?;
        let is_null = reference.is_null();
        self.used(if is_null { Rule::ExternConvertAnyNull } else { Rule::ExternConvertAnyAddr });
        self.push_ref(reference.externalise())
    }

    /// Whether a reference is of a type that the text names (`Ref_ok`).
    pub(super) fn is_of_type(&self, reference: Ref, ty: u32) -> Step<bool> {
        self.matches(reference, self.ref_type(ty)?)
    }

    /// Whether a reference is of a closed type: whether the type that it has is a subtype.
    pub(super) fn matches(&self, reference: Ref, ty: RefType) -> Step<bool> {
        let dangles = || bug("a reference to nothing");
        let defined = |id| HeapType::Use(TypeUse::Def(id));
        let heap = match reference.kind() {
            None => return Ok(ty.nullable),
            Some(_) if reference.is_externalised() => HeapType::Extern,
            Some(RefKind::Func(func)) => defined(self.store.funcs.ty(func).ok_or_else(dangles)?),
            Some(RefKind::Struct(addr) | RefKind::Array(addr)) => {
                defined(self.store.heap.get(addr).ok_or_else(dangles)?.ty())
            }
            Some(RefKind::I31(_)) => HeapType::I31,
            Some(RefKind::Exn(_)) => HeapType::Exn,
            Some(RefKind::Host(_)) => HeapType::Any,
        };
        Ok(self.store.types.matches_heap(heap, ty.heap))
    }
}
