//! Structures, arrays and tests of references (specification chapters 4.6.5 and 4.6.6), in the order of gas-1
//! section 5.1: checks, charge, effect.

use super::memory::range;
use super::roots::{references, slots_of};
use super::{Guest, VmContext, run};
use crate::compile::heap_type_of_code;
use etalon_module::operator::Opcode;
use etalon_module::{
    Canonicalise, CompType, HeapType, RefType, StorageType, TypeId, TypeUse, ValType,
};
use etalon_runtime::{HeapAddr, Ref, RefKind, Stop, Store, Trap};

impl Guest<'_> {
    fn type_id(&self, index: u64) -> TypeId {
        self.store.instance(self.instance).types[index as usize]
    }

    fn comp(&self, ty: TypeId) -> &CompType {
        &self.store.types.get(ty).comp
    }

    /// What the elements of an array type are.
    fn element(&self, ty: TypeId) -> Result<StorageType, Stop> {
        match self.comp(ty) {
            CompType::Array(field) => Ok(field.storage),
            _ => Err(Stop::crash("the type is not an array's")),
        }
    }

    /// Bytes of an element of an array type, as data segments hold them.
    fn element_bytes(&self, ty: TypeId) -> Result<u64, Stop> {
        Ok(match self.element(ty)? {
            StorageType::I8 => 1,
            StorageType::I16 => 2,
            StorageType::Val(ValType::I32 | ValType::F32) => 4,
            StorageType::Val(ValType::V128) => 16,
            StorageType::Val(_) => 8,
        })
    }

    /// Slots of the fields of a structure type, and their number.
    fn fields(&self, ty: TypeId) -> Result<(usize, u64), Stop> {
        let CompType::Struct(fields) = self.comp(ty) else {
            return Err(Stop::crash("the type is not a structure's"));
        };
        Ok((fields.iter().map(|f| slots_of(f.storage)).sum(), fields.len() as u64))
    }

    /// The bytes that elements are taken from.
    fn data_bytes(&self, data: u64, start: u64, bytes: Option<u64>) -> Result<Vec<u8>, Stop> {
        let data = self.store.instance(self.instance).datas[data as usize];
        let all = self.store.datas[data.index()].bytes();
        let part = bytes.and_then(|bytes| range(start, bytes, all.len() as u64));
        Ok(all[part.ok_or(Stop::from(Trap::MemoryOutOfBounds))?].to_vec())
    }

    /// The references that elements are taken from.
    fn elem_refs(&self, elem: u64, start: u64, len: u64) -> Result<Vec<Ref>, Stop> {
        let elem = self.store.instance(self.instance).elems[elem as usize];
        let all = &self.store.elems[elem.index()].refs;
        let part = range(start, len, all.len() as u64);
        Ok(all[part.ok_or(Stop::from(Trap::TableOutOfBounds))?].to_vec())
    }

    /// An array of a reference, if it has the elements from `start` on.
    fn array_with(&self, word: u64, start: u64, len: u64) -> Result<HeapAddr, Stop> {
        let addr = object(word)?;
        let size = self.store.heap.array_len(addr).ok_or_else(gone)?;
        range(start, len, size.into()).ok_or(Stop::from(Trap::ArrayOutOfBounds))?;
        Ok(addr)
    }
}

fn gone() -> Stop {
    Stop::crash("an object is gone, or not of its type")
}

/// The object of a reference that is not null.
fn object(word: u64) -> Result<HeapAddr, Stop> {
    match Ref::from_bits(word).and_then(Ref::kind) {
        Some(RefKind::Struct(addr) | RefKind::Array(addr)) => Ok(addr),
        _ => Err(Stop::crash(format!("{word:#x} as an object"))),
    }
}

/// Slots that compiled code passes.
///
/// # Safety
/// There must be `len` of them.
unsafe fn slots<'a>(address: u64, len: usize) -> &'a [u64] {
    // SAFETY: the caller's promise; the slots are on the stack of the code that waits for this.
    unsafe { std::slice::from_raw_parts(std::ptr::with_exposed_provenance(address as usize), len) }
}

/// One value that compiled code passes in two slots.
///
/// # Safety
/// There must be two.
unsafe fn value(address: u64) -> [u64; 2] {
    // SAFETY: the caller's promise.
    let slots = unsafe { slots(address, 2) };
    [slots[0], slots[1]]
}

/// Gives compiled code a value in two slots.
///
/// # Safety
/// There must be room for two.
unsafe fn give(address: u64, value: [u64; 2]) {
    let slots = std::ptr::with_exposed_provenance_mut::<[u64; 2]>(address as usize);
    // SAFETY: the caller's promise; slots are aligned to words.
    unsafe { slots.write(value) };
}

/// `Ref_ok` for an instruction: whether a reference that is not null has a heap type.
fn matches(store: &Store, r: Ref, ty: HeapType) -> bool {
    use HeapType as H;
    let kind = r.kind();
    match ty {
        H::Any | H::Extern | H::Func | H::Exn => true,
        H::None | H::NoExtern | H::NoFunc | H::NoExn => false,
        H::Eq => matches!(kind, Some(RefKind::I31(_) | RefKind::Struct(_) | RefKind::Array(_))),
        H::I31 => matches!(kind, Some(RefKind::I31(_))),
        H::Struct => matches!(kind, Some(RefKind::Struct(_))),
        H::Array => matches!(kind, Some(RefKind::Array(_))),
        H::Use(TypeUse::Def(wanted)) => {
            let actual = match kind {
                Some(RefKind::Struct(addr) | RefKind::Array(addr)) => {
                    store.heap.get(addr).map(|object| object.ty())
                }
                Some(RefKind::Func(addr)) => store.funcs.get(addr.index()).map(|f| f.ty),
                _ => None,
            };
            actual.is_some_and(|actual| store.types.matches_def(actual, wanted))
        }
        H::Use(_) => false,
    }
}

fn test(guest: Guest<'_>, word: u64, code: u64, nullable: u64) -> Result<u64, Stop> {
    let r = Ref::from_bits(word).ok_or_else(|| Stop::crash(format!("{word:#x} as a reference")))?;
    if r.is_null() {
        return Ok(nullable);
    }
    let heap = heap_type_of_code(code).ok_or_else(|| Stop::crash("an unknown heap type"))?;
    let inst = guest.store.instance(guest.instance);
    let RefType { heap, .. } = RefType { nullable: false, heap }.canonical(&inst.types);
    Ok(matches(guest.store, r, heap).into())
}

/// Makes a structure; `at` is 0 for one of defaults.
fn struct_new(mut guest: Guest<'_>, ty: u64, at: u64, fp: u64) -> Result<u64, Stop> {
    let ty = guest.type_id(ty);
    let (count, fields) = guest.fields(ty)?;
    guest.store.room_for_struct(ty)?;
    let op = if at == 0 { Opcode::StructNewDefault } else { Opcode::StructNew };
    guest.charge(op, fields)?;
    // SAFETY: compiled code passes the slots of the type's fields.
    let slots = if at == 0 { &[][..] } else { unsafe { slots(at, count) } };
    let held = |store: &Store| match &store.types.get(ty).comp {
        CompType::Struct(fields) => references(fields.iter().map(|f| f.storage), slots),
        _ => Vec::new(),
    };
    // SAFETY: compiled code called through the stub that passes its frame pointer.
    unsafe { guest.collect_if_needed(fp, held) };
    let addr = if at == 0 {
        guest.store.alloc_struct_default(ty)?
    } else {
        guest.store.alloc_struct(ty, slots)?
    };
    Ok(Ref::structure(addr).to_bits())
}

/// Makes an array of one value; `at` is 0 for the default.
fn array_new(mut guest: Guest<'_>, ty: u64, len: u64, at: u64, fp: u64) -> Result<u64, Stop> {
    let (ty, length) = (guest.type_id(ty), len as u32);
    let storage = guest.element(ty)?;
    guest.store.room_for_array(ty, length)?;
    let op = if at == 0 { Opcode::ArrayNewDefault } else { Opcode::ArrayNew };
    guest.charge(op, len)?;
    // SAFETY: compiled code passes two slots.
    let value = if at == 0 { [0; 2] } else { unsafe { value(at) } };
    // SAFETY: compiled code called through the stub that passes its frame pointer.
    unsafe { guest.collect_if_needed(fp, |_| references([storage], &value)) };
    Ok(Ref::array(guest.store.alloc_array(ty, length, value)?).to_bits())
}

fn array_new_fixed(mut guest: Guest<'_>, ty: u64, len: u64, at: u64, fp: u64) -> Result<u64, Stop> {
    let ty = guest.type_id(ty);
    let storage = guest.element(ty)?;
    let count = len as usize * slots_of(storage);
    guest.store.room_for_array(ty, len as u32)?;
    guest.charge(Opcode::ArrayNewFixed, len)?;
    // SAFETY: compiled code passes the slots of so many elements.
    let slots = unsafe { slots(at, count) };
    let held = |_: &_| references(std::iter::repeat_n(storage, len as usize), slots);
    // SAFETY: compiled code called through the stub that passes its frame pointer.
    unsafe { guest.collect_if_needed(fp, held) };
    let addr = guest.store.alloc_array_fixed(ty, slots)?;
    Ok(Ref::array(addr).to_bits())
}

fn array_new_data(
    mut guest: Guest<'_>,
    ty: u64,
    data: u64,
    start: u64,
    len: u64,
    fp: u64,
) -> Result<u64, Stop> {
    let ty = guest.type_id(ty);
    let bytes = len.checked_mul(guest.element_bytes(ty)?);
    let bytes = guest.data_bytes(data, start, bytes)?;
    guest.store.room_for_array(ty, len as u32)?;
    guest.charge(Opcode::ArrayNewData, len)?;
    // SAFETY: compiled code called through the stub that passes its frame pointer.
    unsafe { guest.collect_if_needed(fp, |_| Vec::new()) };
    let addr = guest.store.alloc_array(ty, len as u32, [0; 2])?;
    guest.store.heap.array_init_data(addr, 0, &bytes).ok_or_else(gone)?;
    Ok(Ref::array(addr).to_bits())
}

fn array_new_elem(
    mut guest: Guest<'_>,
    ty: u64,
    elem: u64,
    start: u64,
    len: u64,
    fp: u64,
) -> Result<u64, Stop> {
    let ty = guest.type_id(ty);
    let refs = guest.elem_refs(elem, start, len)?;
    guest.store.room_for_array(ty, len as u32)?;
    guest.charge(Opcode::ArrayNewElem, len)?;
    // The references are the segment's, which is a root.
    // SAFETY: compiled code called through the stub that passes its frame pointer.
    unsafe { guest.collect_if_needed(fp, |_| Vec::new()) };
    let addr = guest.store.alloc_array(ty, len as u32, [0; 2])?;
    guest.store.heap.array_init_elem(addr, 0, &refs).ok_or_else(gone)?;
    Ok(Ref::array(addr).to_bits())
}

fn array_fill(
    mut guest: Guest<'_>,
    array: u64,
    start: u64,
    len: u64,
    value: [u64; 2],
) -> Result<u64, Stop> {
    let addr = guest.array_with(array, start, len)?;
    guest.charge(Opcode::ArrayFill, len)?;
    guest.store.heap.array_fill(addr, start as u32, len as u32, value).ok_or_else(gone)?;
    Ok(0)
}

fn array_copy(mut guest: Guest<'_>, to: [u64; 2], from: [u64; 2], len: u64) -> Result<u64, Stop> {
    let target = (guest.array_with(to[0], to[1], len)?, to[1] as u32);
    let source = (guest.array_with(from[0], from[1], len)?, from[1] as u32);
    guest.charge(Opcode::ArrayCopy, len)?;
    guest.store.heap.array_copy(target, source, len as u32).ok_or_else(gone)?;
    Ok(0)
}

fn array_init_data(
    mut guest: Guest<'_>,
    array: u64,
    data: u64,
    at: [u64; 2],
    len: u64,
) -> Result<u64, Stop> {
    let addr = guest.array_with(array, at[0], len)?;
    let ty = guest.store.heap.get(addr).ok_or_else(gone)?.ty();
    let bytes = len.checked_mul(guest.element_bytes(ty)?);
    let bytes = guest.data_bytes(data, at[1], bytes)?;
    guest.charge(Opcode::ArrayInitData, len)?;
    guest.store.heap.array_init_data(addr, at[0] as u32, &bytes).ok_or_else(gone)?;
    Ok(0)
}

fn array_init_elem(
    mut guest: Guest<'_>,
    array: u64,
    elem: u64,
    at: [u64; 2],
    len: u64,
) -> Result<u64, Stop> {
    let addr = guest.array_with(array, at[0], len)?;
    let refs = guest.elem_refs(elem, at[1], len)?;
    guest.charge(Opcode::ArrayInitElem, len)?;
    guest.store.heap.array_init_elem(addr, at[0] as u32, &refs).ok_or_else(gone)?;
    Ok(0)
}

/// Defines routines: each passes its words on to a body, which may use the store.
macro_rules! routines {
    ($($(#[$doc:meta])* $name:ident($a:ident, $b:ident, $c:ident, $d:ident, $e:ident) = $body:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// As for [`run`]; what is an address of slots must be one, and `fp` the frame pointer of the stub that
        /// calls this.
        pub(crate) unsafe extern "C" fn $name(
            vmctx: *mut VmContext,
            $a: u64,
            $b: u64,
            $c: u64,
            $d: u64,
            $e: u64,
        ) -> i64 {
            let _ = ($a, $b, $c, $d, $e);
            let body = $body;
            // SAFETY: the caller's promise.
            unsafe { run(vmctx, body) }
        }
    )*};
}

pub(super) mod routine {
    //! The routines themselves.
    use super::*;

    routines! {
        /// `ref.test` and its kin: a reference, a code of a heap type, whether null passes.
        ref_test(word, code, nullable, d, e) = |g: Guest<'_>| test(g, word, code, nullable);
        /// `struct.new`
        struct_new(ty, at, c, d, fp) = |g: Guest<'_>| super::struct_new(g, ty, at, fp);
        /// `struct.get`: the value goes to two slots.
        struct_get(word, field, at, d, e) = |g: Guest<'_>| {
            let found = g.store.heap.struct_get(object(word)?, field as u32).ok_or_else(gone)?;
            // SAFETY: compiled code reserved two slots.
            unsafe { give(at, found) };
            Ok(0)
        };
        /// `struct.set`: the value is in two slots.
        struct_set(word, field, at, d, e) = |g: Guest<'_>| {
            // SAFETY: compiled code passes two slots.
            let new = unsafe { value(at) };
            g.store.heap.struct_set(object(word)?, field as u32, new).ok_or_else(gone)?;
            Ok(0)
        };
        /// `array.new`
        array_new(ty, len, at, d, fp) = |g: Guest<'_>| super::array_new(g, ty, len, at, fp);
        /// `array.new_fixed`
        array_new_fixed(ty, len, at, d, fp) = |g: Guest<'_>| {
            super::array_new_fixed(g, ty, len, at, fp)
        };
        /// `array.new_data`
        array_new_data(ty, data, start, len, fp) = |g: Guest<'_>| {
            super::array_new_data(g, ty, data, start, len, fp)
        };
        /// `array.new_elem`
        array_new_elem(ty, elem, start, len, fp) = |g: Guest<'_>| {
            super::array_new_elem(g, ty, elem, start, len, fp)
        };
        /// `array.len`
        array_len(word, b, c, d, e) = |g: Guest<'_>| {
            Ok(g.store.heap.array_len(object(word)?).ok_or_else(gone)?.into())
        };
        /// `array.get`: the value goes to two slots.
        array_get(word, index, at, d, e) = |g: Guest<'_>| {
            let addr = g.array_with(word, index, 1)?;
            let found = g.store.heap.array_get(addr, index as u32).ok_or_else(gone)?;
            // SAFETY: compiled code reserved two slots.
            unsafe { give(at, found) };
            Ok(0)
        };
        /// `array.set`: the value is in two slots.
        array_set(word, index, at, d, e) = |g: Guest<'_>| {
            let addr = g.array_with(word, index, 1)?;
            // SAFETY: compiled code passes two slots.
            let new = unsafe { value(at) };
            g.store.heap.array_set(addr, index as u32, new).ok_or_else(gone)?;
            Ok(0)
        };
        /// `array.fill`: the value is in two slots.
        array_fill(word, start, len, at, e) = |g: Guest<'_>| {
            // SAFETY: compiled code passes two slots.
            let new = unsafe { value(at) };
            super::array_fill(g, word, start, len, new)
        };
        /// `array.copy`
        array_copy(to, to_start, from, from_start, len) = |g: Guest<'_>| {
            super::array_copy(g, [to, to_start], [from, from_start], len)
        };
        /// `array.init_data`
        array_init_data(word, data, start, source, len) = |g: Guest<'_>| {
            super::array_init_data(g, word, data, [start, source], len)
        };
        /// `array.init_elem`
        array_init_elem(word, elem, start, source, len) = |g: Guest<'_>| {
            super::array_init_elem(g, word, elem, [start, source], len)
        };
    }
}
