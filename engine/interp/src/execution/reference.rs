//! Reference instructions ("Reference Instructions").

use super::Context;
use super::rare::{Rare, rare};
use etalon_module::{HeapType, Opcode as O, RefType, TypeUse};
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

/// The rare instructions of this chapter.
pub(super) const RARE: &[(O, Rare)] = &[
    (O::RefAsNonNull, rare(1, &[1], |c| c.ref_as_non_null())),
    (O::RefTestNonNull, rare(1, &[1], |c| c.ref_test())),
    (O::RefTestNullable, rare(1, &[1], |c| c.ref_test())),
    (O::RefCastNonNull, rare(1, &[1], |c| c.ref_cast())),
    (O::RefCastNullable, rare(1, &[1], |c| c.ref_cast())),
    (O::RefI31, rare(1, &[1], |c| c.ref_i31())),
    (O::I31GetS, rare(1, &[1], |c| c.i31_get(true))),
    (O::I31GetU, rare(1, &[1], |c| c.i31_get(false))),
    (O::AnyConvertExtern, rare(1, &[1], |c| c.any_convert_extern())),
    (O::ExternConvertAny, rare(1, &[1], |c| c.extern_convert_any())),
];

impl Context<'_> {
    /// `ref.as_non_null`
    fn ref_as_non_null(&mut self) -> Result<(), Stop> {
        if self.reference(0)?.is_null() {
            return Err(Trap::NullReference.into());
        }
        Ok(())
    }

    /// `ref.test` for nullable and non-nullable types
    fn ref_test(&mut self) -> Result<(), Stop> {
        let ty = self.program.casts[self.op.x as usize];
        let holds = belongs(self.store, self.reference(0)?, ty)?;
        self.set(holds.into());
        Ok(())
    }

    /// `ref.cast` for nullable and non-nullable types
    fn ref_cast(&mut self) -> Result<(), Stop> {
        let ty = self.program.casts[self.op.x as usize];
        if !belongs(self.store, self.reference(0)?, ty)? {
            return Err(Trap::CastFailure.into());
        }
        Ok(())
    }

    /// `ref.i31`
    fn ref_i31(&mut self) -> Result<(), Stop> {
        let value = self.slots[0] as u32;
        self.set(Ref::i31(value).to_bits());
        Ok(())
    }

    /// `i31.get_s`, `i31.get_u`
    fn i31_get(&mut self, signed: bool) -> Result<(), Stop> {
        match self.reference(0)?.kind() {
            Some(RefKind::I31(bits)) => {
                // The sign is bit 30.
                let value = if signed { ((bits << 1) as i32 >> 1) as u32 } else { bits };
                self.set(value.into());
                Ok(())
            }
            None => Err(Trap::NullI31Reference.into()),
            Some(_) => Err(Stop::crash("i31.get of another reference")),
        }
    }

    /// `any.convert_extern`
    fn any_convert_extern(&mut self) -> Result<(), Stop> {
        let r = self.reference(0)?;
        self.set(r.internalise().to_bits());
        Ok(())
    }

    /// `extern.convert_any`
    fn extern_convert_any(&mut self) -> Result<(), Stop> {
        let r = self.reference(0)?;
        self.set(r.externalise().to_bits());
        Ok(())
    }
}
