//! Reference instructions (specification chapter 4.6.7).

use super::Context;
use crate::observer::Rule;
use etalon_module::{HeapType, RefType, TypeUse};
use etalon_runtime::{Ref, RefKind, Stop, Store, Trap};

/// `Ref_ok` and `Reftype_sub`: whether a reference belongs to a canonical type.
pub(super) fn belongs(store: &Store, r: Ref, ty: RefType) -> Result<bool, Stop> {
    let dangles = || Stop::crash("a reference to nothing");
    let Some(kind) = r.kind() else {
        return Ok(ty.nullable);
    };
    let def = |id| HeapType::Use(TypeUse::Def(id));
    let heap = match kind {
        _ if r.is_externalised() => HeapType::Extern,
        RefKind::Func(addr) => def(store.funcs.get(addr.index()).ok_or_else(dangles)?.ty),
        RefKind::Struct(addr) | RefKind::Array(addr) => {
            def(store.heap.get(addr).ok_or_else(dangles)?.ty())
        }
        RefKind::I31(_) => HeapType::I31,
        RefKind::Exn(_) => HeapType::Exn,
        RefKind::Host(_) => HeapType::Any,
    };
    Ok(store.types.matches_heap(heap, ty.heap))
}

/// The rule by which two words of references are compared.
pub(super) fn rule_of_equality(a: u64, b: u64) -> Rule {
    match a == b {
        true if a == Ref::NULL.to_bits() => Rule::RefEqNull,
        true => Rule::RefEqTrue,
        false => Rule::RefEqFalse,
    }
}

impl Context<'_> {
    // spec: Step_pure/ref.as_non_null-null, Step_pure/ref.as_non_null-addr
    pub(super) fn ref_as_non_null(&mut self) -> Result<(), Stop> {
        if self.reference(0)?.is_null() {
            self.rule(Rule::RefAsNonNullNull);
            return Err(Trap::NullReference.into());
        }
        self.rule(Rule::RefAsNonNullAddr);
        Ok(())
    }

    // spec: Step_read/ref.test-true, Step_read/ref.test-false
    pub(super) fn ref_test(&mut self) -> Result<(), Stop> {
        let ty = self.program.casts[self.op.x as usize];
        let holds = belongs(self.store, self.reference(0)?, ty)?;
        self.rule(if holds { Rule::RefTestTrue } else { Rule::RefTestFalse });
        self.set(holds.into());
        Ok(())
    }

    // spec: Step_read/ref.cast-succeed, Step_read/ref.cast-fail
    pub(super) fn ref_cast(&mut self) -> Result<(), Stop> {
        let ty = self.program.casts[self.op.x as usize];
        if !belongs(self.store, self.reference(0)?, ty)? {
            self.rule(Rule::RefCastFail);
            return Err(Trap::CastFailure.into());
        }
        self.rule(Rule::RefCastSucceed);
        Ok(())
    }

    // spec: Step_pure/ref.i31
    pub(super) fn ref_i31(&mut self) -> Result<(), Stop> {
        self.rule(Rule::RefI31);
        let value = self.slots[0] as u32;
        self.set(Ref::i31(value).to_bits());
        Ok(())
    }

    // spec: Step_pure/i31.get-null, Step_pure/i31.get-num
    pub(super) fn i31_get(&mut self, signed: bool) -> Result<(), Stop> {
        match self.reference(0)?.kind() {
            Some(RefKind::I31(bits)) => {
                self.rule(Rule::I31GetNum);
                // The sign is bit 30.
                let value = if signed { ((bits << 1) as i32 >> 1) as u32 } else { bits };
                self.set(value.into());
                Ok(())
            }
            None => {
                self.rule(Rule::I31GetNull);
                Err(Trap::NullI31Reference.into())
            }
            Some(_) => Err(Stop::crash("i31.get of another reference")),
        }
    }

    // spec: Step_pure/any.convert_extern-null, Step_pure/any.convert_extern-addr
    pub(super) fn any_convert_extern(&mut self) -> Result<(), Stop> {
        let r = self.reference(0)?;
        self.rule(if r.is_null() {
            Rule::AnyConvertExternNull
        } else {
            Rule::AnyConvertExternAddr
        });
        self.set(r.internalise().to_bits());
        Ok(())
    }

    // spec: Step_pure/extern.convert_any-null, Step_pure/extern.convert_any-addr
    pub(super) fn extern_convert_any(&mut self) -> Result<(), Stop> {
        let r = self.reference(0)?;
        self.rule(if r.is_null() {
            Rule::ExternConvertAnyNull
        } else {
            Rule::ExternConvertAnyAddr
        });
        self.set(r.externalise().to_bits());
        Ok(())
    }
}
