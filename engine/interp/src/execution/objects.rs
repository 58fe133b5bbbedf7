//! One field or element of an object, the length of an array, and what a reference refers to, in the loop.
//!
//! Vectors, and all that allocates or works on many elements, are left to `aggregate.rs`. Each look into the heap is a function that
//! is not inlined and returns no more than registers hold: see `flow.rs`.

use super::flow::{Flow, Handler, Running, Slots, next};
use super::reference::belongs;
use super::slots::{get, set};
use crate::program::Step;
use etalon_module::{RefType, TypeRegistry};
use etalon_runtime::{Funcs, Heap, HeapAddr, Ref, RefKind, Trap};

fn structure(word: u64) -> Option<HeapAddr> {
    match Ref::from_bits(word)?.kind()? {
        RefKind::Struct(addr) => Some(addr),
        _ => None,
    }
}

fn array(word: u64) -> Option<HeapAddr> {
    match Ref::from_bits(word)?.kind()? {
        RefKind::Array(addr) => Some(addr),
        _ => None,
    }
}

#[inline(never)]
fn field(heap: &Heap, word: u64, field: u32) -> Option<u64> {
    heap.struct_get(structure(word)?, field).map(|[low, _]| low)
}

#[inline(never)]
fn set_field(heap: &mut Heap, word: u64, field: u32, value: u64) -> Option<()> {
    heap.struct_set(structure(word)?, field, [value, 0])
}

#[inline(never)]
fn element(heap: &Heap, word: u64, index: u32) -> Option<u64> {
    heap.array_get(array(word)?, index).map(|[low, _]| low)
}

#[inline(never)]
fn set_element(heap: &mut Heap, word: u64, index: u32, value: u64) -> Option<()> {
    heap.array_set(array(word)?, index, [value, 0])
}

#[inline(never)]
fn length(heap: &Heap, word: u64) -> Option<u32> {
    heap.array_len(array(word)?)
}

/// Whether a reference belongs to a type; `None` if it refers to nothing.
#[inline(never)]
pub(super) fn is_of(
    heap: &Heap,
    funcs: &Funcs,
    types: &TypeRegistry,
    word: u64,
    ty: &RefType,
) -> Option<bool> {
    belongs(heap, funcs, types, Ref::from_bits(word)?, *ty).ok()
}

/// An operation on a reference that is null, or to nothing.
#[cold]
#[inline(never)]
fn refuse<'a>(cx: &mut Running<'a>, code: &[Step], word: u64, null: Trap) -> Flow<'a> {
    if word == Ref::NULL.to_bits() {
        return cx.trap(code, null);
    }
    cx.crash(code, "a reference to an object that the heap does not have")
}

/// The same for an element, which may be beyond the end.
#[cold]
#[inline(never)]
fn refuse_element<'a>(cx: &mut Running<'a>, code: &[Step], word: u64, index: u32) -> Flow<'a> {
    if length(cx.heap, word).is_some_and(|len| index >= len) {
        return cx.trap(code, Trap::ArrayOutOfBounds);
    }
    refuse(cx, code, word, Trap::NullArrayReference)
}

/// What becomes of a packed value, which is read with zeros above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unpacked {
    /// It stays as it is, as all others do.
    Plain,
    Signed8,
    Signed16,
}

macro_rules! get_field {
    ($($narrow:ty)? as $as:ty) => {
        handler!(|cx, this, code, slots, memory| {
            let word = get(slots, this.y);
            match field(cx.heap, word, this.z) {
                Some(value) => set(slots, this.x, value $(as $narrow)? as $as),
                None => return refuse(cx, code, word, Trap::NullStructureReference),
            }
        })
    };
}
macro_rules! get_element {
    ($($narrow:ty)? as $as:ty) => {
        handler!(|cx, this, code, slots, memory| {
            let (word, index) = (get(slots, this.y), get(slots, this.b()));
            match element(cx.heap, word, index) {
                Some(value) => set(slots, this.x, value $(as $narrow)? as $as),
                None => return refuse_element(cx, code, word, index),
            }
        })
    };
}

/// `struct.get`, `struct.get_s`, `struct.get_u`: the number of the field is in `z`.
pub(crate) fn struct_get(unpacked: Unpacked) -> Handler {
    match unpacked {
        Unpacked::Plain => get_field!(as u64),
        Unpacked::Signed8 => get_field!(i8 as u32),
        Unpacked::Signed16 => get_field!(i16 as u32),
    }
}

/// `struct.set`: the reference is in `x`, the value in `y`, and the number of the field in `z`.
pub(crate) fn struct_set() -> Handler {
    handler!(|cx, this, code, slots, memory| {
        let word = get(slots, this.x);
        if set_field(cx.heap, word, this.z, get(slots, this.y)).is_none() {
            return refuse(cx, code, word, Trap::NullStructureReference);
        }
    })
}

/// `array.get`, `array.get_s`, `array.get_u`
pub(crate) fn array_get(unpacked: Unpacked) -> Handler {
    match unpacked {
        Unpacked::Plain => get_element!(as u64),
        Unpacked::Signed8 => get_element!(i8 as u32),
        Unpacked::Signed16 => get_element!(i16 as u32),
    }
}

/// `array.set`: the reference is in `x`, the index in `y`, and the value in `b`.
pub(crate) fn array_set() -> Handler {
    handler!(|cx, this, code, slots, memory| {
        let (word, index) = (get(slots, this.x), get(slots, this.y));
        if set_element(cx.heap, word, index, get(slots, this.b())).is_none() {
            return refuse_element(cx, code, word, index);
        }
    })
}

/// `array.len`
pub(crate) fn array_len() -> Handler {
    handler!(|cx, this, code, slots, memory| {
        let word = get(slots, this.y);
        match length(cx.heap, word) {
            Some(len) => set(slots, this.x, len),
            None => return refuse(cx, code, word, Trap::NullArrayReference),
        }
    })
}

/// `ref.as_non_null`
pub(crate) fn non_null() -> Handler {
    handler!(|cx, this, code, slots, memory| {
        let word: u64 = get(slots, this.y);
        if word == Ref::NULL.to_bits() {
            return cx.trap(code, Trap::NullReference);
        }
        set(slots, this.x, word);
    })
}

/// `ref.test` for nullable and non-nullable types: a row of the casts.
pub(crate) fn ref_test() -> Handler {
    handler!(|cx, this, code, slots, memory| {
        let Some(ty) = cx.program.casts.get(this.z as usize) else { return cx.lost(code) };
        match is_of(cx.heap, cx.funcs, cx.types, get(slots, this.y), ty) {
            Some(holds) => set(slots, this.x, holds),
            None => return cx.crash(code, "a test of a reference to nothing"),
        }
    })
}

/// `ref.cast` for nullable and non-nullable types
pub(crate) fn ref_cast() -> Handler {
    handler!(|cx, this, code, slots, memory| {
        let Some(ty) = cx.program.casts.get(this.z as usize) else { return cx.lost(code) };
        let word: u64 = get(slots, this.y);
        match is_of(cx.heap, cx.funcs, cx.types, word, ty) {
            Some(true) => set(slots, this.x, word),
            Some(false) => return cx.trap(code, Trap::CastFailure),
            None => return cx.crash(code, "a cast of a reference to nothing"),
        }
    })
}

/// `ref.i31`
pub(crate) fn ref_i31() -> Handler {
    handler!(|cx, this, code, slots, memory| {
        set(slots, this.x, Ref::i31(get(slots, this.y)).to_bits());
    })
}

// The 31 bits of a reference to a small integer.
macro_rules! i31 {
    (|$bits:ident| $value:expr) => {
        handler!(|cx, this, code, slots, memory| {
            let word = get(slots, this.y);
            match Ref::from_bits(word).and_then(Ref::kind) {
                Some(RefKind::I31($bits)) => set::<u32>(slots, this.x, $value),
                _ => return refuse(cx, code, word, Trap::NullI31Reference),
            }
        })
    };
}

/// `i31.get_s`: the sign is bit 30.
pub(crate) fn i31_get_s() -> Handler {
    i31!(|bits| ((bits << 1) as i32 >> 1) as u32)
}

/// `i31.get_u`
pub(crate) fn i31_get_u() -> Handler {
    i31!(|bits| bits)
}
