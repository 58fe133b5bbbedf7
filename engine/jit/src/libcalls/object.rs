//! Structures and tests of references ("Aggregate Instructions", "Reference Instructions"), in the order that gas-1
//! section 5.1 sets: checks, charge, effect.

use super::Guest;
use super::roots::{references, slots_of};
use etalon_module::operator::Opcode;
use etalon_module::{CompType, TypeId};
use etalon_runtime::{HeapAddr, Ref, RefKind, Stop, Store};

impl Guest<'_> {
    pub(super) fn type_id(&self, index: u64) -> TypeId {
        self.store.instance(self.instance).types[index as usize]
    }

    pub(super) fn comp(&self, ty: TypeId) -> &CompType {
        &self.store.types.get(ty).comp
    }

    /// Slots of the fields of a structure type, and their number.
    fn fields(&self, ty: TypeId) -> Result<(usize, u64), Stop> {
        let CompType::Struct(fields) = self.comp(ty) else {
            return Err(Stop::crash("the type is not a structure type"));
        };
        Ok((fields.iter().map(|f| slots_of(f.storage)).sum(), fields.len() as u64))
    }
}

pub(super) fn gone() -> Stop {
    Stop::crash("an object is not in the heap, or not of its type")
}

/// The object of a reference that is not null.
pub(super) fn object(word: u64) -> Result<HeapAddr, Stop> {
    match Ref::from_bits(word).and_then(Ref::kind) {
        Some(RefKind::Struct(addr) | RefKind::Array(addr)) => Ok(addr),
        _ => Err(Stop::crash(format!("{word:#x} is no reference to an object"))),
    }
}

/// Slots that compiled code passes.
///
/// # Safety
/// There must be `len` of them.
pub(super) unsafe fn slots<'a>(address: u64, len: usize) -> &'a [u64] {
    // SAFETY: the caller's promise; the slots are on the stack of the code that waits for this.
    unsafe { std::slice::from_raw_parts(std::ptr::with_exposed_provenance(address as usize), len) }
}

/// One value that compiled code passes in two slots.
///
/// # Safety
/// There must be two.
pub(super) unsafe fn value(address: u64) -> [u64; 2] {
    // SAFETY: the caller's promise.
    let slots = unsafe { slots(address, 2) };
    [slots[0], slots[1]]
}

/// Whether a reference that is not null is to something of a defined type (`Ref_ok`).
fn is_of(store: &Store, word: u64, ty: u64) -> Result<u64, Stop> {
    let r =
        Ref::from_bits(word).ok_or_else(|| Stop::crash(format!("{word:#x} is no reference")))?;
    let actual = match r.kind() {
        Some(RefKind::Struct(addr) | RefKind::Array(addr)) => {
            store.heap.get(addr).map(|object| object.ty())
        }
        Some(RefKind::Func(addr)) => store.funcs.ty(addr),
        _ => None,
    };
    let wanted = TypeId(ty as u32);
    Ok(actual.is_some_and(|actual| store.types.matches_def(actual, wanted)).into())
}

/// `struct.new`, and `struct.new_default` where `at` is 0.
///
/// # Safety
/// `at` must be 0 or the address of the slots of the fields of the type, and `fp` must be the frame pointer of the stub through which compiled code called.
unsafe fn struct_new(mut guest: Guest<'_>, ty: u64, at: u64, fp: u64) -> Result<u64, Stop> {
    let ty = guest.type_id(ty);
    let (count, fields) = guest.fields(ty)?;
    // SAFETY: the caller's promise of `at`.
    let slots = if at == 0 { &[][..] } else { unsafe { slots(at, count) } };
    let held = |store: &Store| match &store.types.get(ty).comp {
        CompType::Struct(fields) => references(fields.iter().map(|f| f.storage), slots),
        _ => Vec::new(),
    };
    // SAFETY: the caller's promise of `fp`.
    unsafe { guest.collect_if_needed(fp, held) };
    guest.store.room_for_struct(ty)?;
    let op = if at == 0 { Opcode::StructNewDefault } else { Opcode::StructNew };
    guest.charge(op, fields)?;
    let addr = if at == 0 {
        guest.store.alloc_struct_default(ty)?
    } else {
        guest.store.alloc_struct(ty, slots)?
    };
    Ok(Ref::structure(addr).to_bits())
}

routines! {
    /// Whether a reference is to something of a canonical type.
    is_of(word, ty, c, d, e) = |g: Guest<'_>| is_of(g.store, word, ty);
    /// `struct.new`, and `struct.new_default` where the address of the fields is 0.
    struct_new(ty, at, c, d, fp) = |g: Guest<'_>| {
        // SAFETY: it is what this routine is promised.
        unsafe { struct_new(g, ty, at, fp) }
    };
}
