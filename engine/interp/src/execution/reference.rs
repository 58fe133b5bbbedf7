//! Reference instructions ("Reference Instructions").

use super::Context;
use super::rare::{Rare, rare};
use etalon_module::{HeapType, Opcode as O, RefType, TypeRegistry, TypeUse};
use etalon_runtime::{Funcs, Heap, Ref, RefKind, Stop};

/// `Ref_ok` and `Reftype_sub`: whether a reference belongs to a canonical type.
pub(super) fn belongs(
    heap: &Heap,
    funcs: &Funcs,
    types: &TypeRegistry,
    r: Ref,
    ty: RefType,
) -> Result<bool, Stop> {
    let dangles = || Stop::crash("a reference to nothing");
    let Some(kind) = r.kind() else {
        return Ok(ty.nullable);
    };
    let def = |id| HeapType::Use(TypeUse::Def(id));
    let of = match kind {
        _ if r.is_externalised() => HeapType::Extern,
        RefKind::Func(addr) => def(funcs.ty(addr).ok_or_else(dangles)?),
        RefKind::Struct(addr) | RefKind::Array(addr) => {
            def(heap.get(addr).ok_or_else(dangles)?.ty())
        }
        RefKind::I31(_) => HeapType::I31,
        RefKind::Exn(_) => HeapType::Exn,
        RefKind::Host(_) => HeapType::Any,
    };
    Ok(types.matches_heap(of, ty.heap))
}

/// The rare instructions of this chapter.
pub(super) const RARE: &[(O, Rare)] = &[
    (O::AnyConvertExtern, rare(1, &[1], |c| c.any_convert_extern())),
    (O::ExternConvertAny, rare(1, &[1], |c| c.extern_convert_any())),
];

impl Context<'_> {
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
