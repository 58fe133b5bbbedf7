//! Arrays ("Aggregate Instructions" in the specification), in the order that gas-1 section 5.1 sets: checks, charge,
//! effect.
//!
//! The store gives the bytes of an array and nothing more. What a bulk instruction checks and how it moves elements
//! is written here: elements lie one after the other, little-endian and without padding.

use super::Guest;
use super::memory::range;
use super::object::{gone, object, slots, value};
use super::roots::{references, slots_of};
use etalon_module::operator::Opcode;
use etalon_module::{CompType, StorageType, TypeId, ValType};
use etalon_runtime::{Heap, HeapAddr, Ref, Stop, Trap};
use std::ops::Range;

/// Bytes that are copied at once: a whole number of elements of every size.
const PIECE: usize = 4096;

/// Neighbouring elements of an array, known to be there.
struct Elements {
    array: HeapAddr,
    /// Their bytes in the array.
    bytes: Range<usize>,
    /// Bytes of one element.
    size: usize,
}

impl Elements {
    fn new(array: HeapAddr, elements: Range<usize>, size: usize) -> Elements {
        Elements { array, bytes: elements.start * size..elements.end * size, size }
    }

    fn read<'a>(&self, heap: &'a Heap) -> Result<&'a [u8], Stop> {
        let bytes = heap.get(self.array).and_then(|array| array.bytes().get(self.bytes.clone()));
        bytes.ok_or_else(gone)
    }

    fn write<'a>(&self, heap: &'a mut Heap) -> Result<&'a mut [u8], Stop> {
        let array = heap.get_mut(self.array);
        array.and_then(|array| array.bytes_mut().get_mut(self.bytes.clone())).ok_or_else(gone)
    }
}

impl Guest<'_> {
    /// The storage type of an array type's elements.
    fn element(&self, ty: TypeId) -> Result<StorageType, Stop> {
        match self.comp(ty) {
            CompType::Array(field) => Ok(field.storage),
            _ => Err(Stop::crash("the type is not an array type")),
        }
    }

    /// Elements of the array that a reference names, or the trap if the array ends before them.
    fn elements(&self, word: u64, start: u64, len: u64) -> Result<Elements, Stop> {
        let array = object(word)?;
        let heap = &self.store.heap;
        let count = heap.array_len(array).ok_or_else(gone)?;
        let elements = range(start, len, count.into()).ok_or(Stop::from(Trap::ArrayOutOfBounds))?;
        let ty = heap.get(array).ok_or_else(gone)?.ty();
        Ok(Elements::new(array, elements, size_of_element(self.element(ty)?)))
    }

    /// Allocates an array of zeros or nulls; gives all of its elements.
    fn new_array(&mut self, ty: TypeId, len: u64) -> Result<Elements, Stop> {
        let size = size_of_element(self.element(ty)?);
        let array = self.store.alloc_array(ty, len as u32, [0; 2])?;
        Ok(Elements::new(array, 0..len as usize, size))
    }

    /// The bytes of a data segment from which `len` elements are taken.
    fn data_range(&self, data: u64, start: u64, len: u64, size: usize) -> Result<Source, Stop> {
        let addr = self.store.instance(self.instance).data(data as u32).ok_or_else(gone)?;
        let all = self.store.datas.bytes(addr.index()).len() as u64;
        let part = len.checked_mul(size as u64).and_then(|bytes| range(start, bytes, all));
        let part = part.ok_or(Stop::from(Trap::MemoryOutOfBounds))?;
        Ok(Source { segment: addr.index(), part })
    }

    /// The references of an element segment that elements are taken from.
    fn elem_range(&self, elem: u64, start: u64, len: u64) -> Result<Source, Stop> {
        let addr = self.store.instance(self.instance).elems[elem as usize];
        let all = self.store.elems[addr.index()].refs.len() as u64;
        let part = range(start, len, all).ok_or(Stop::from(Trap::TableOutOfBounds))?;
        Ok(Source { segment: addr.index(), part })
    }

    /// Writes elements with the bytes of a data segment, which holds them as arrays do.
    fn write_data(&mut self, to: &Elements, from: Source) -> Result<(), Stop> {
        let bytes = self.store.datas.bytes(from.segment).get(from.part).ok_or_else(gone)?;
        let to = to.write(&mut self.store.heap)?;
        if to.len() != bytes.len() {
            return Err(gone());
        }
        to.copy_from_slice(bytes);
        Ok(())
    }

    /// Writes elements with the references of an element segment.
    fn write_refs(&mut self, to: &Elements, from: Source) -> Result<(), Stop> {
        let refs = self.store.elems[from.segment].refs.get(from.part).ok_or_else(gone)?;
        let words = to.write(&mut self.store.heap)?.as_chunks_mut().0;
        for (word, reference) in words.iter_mut().zip(refs) {
            *word = reference.to_bits().to_le_bytes();
        }
        Ok(())
    }
}

/// The part of a segment that an instruction takes elements from.
struct Source {
    segment: usize,
    part: Range<usize>,
}

/// Bytes of one element, in an array as in a data segment.
fn size_of_element(storage: StorageType) -> usize {
    match storage {
        StorageType::I8 => 1,
        StorageType::I16 => 2,
        StorageType::Val(ValType::I32 | ValType::F32) => 4,
        StorageType::Val(ValType::I64 | ValType::F64 | ValType::Ref(_)) => 8,
        StorageType::Val(ValType::V128) => 16,
    }
}

/// A value as memory has it: a narrower element keeps the first bytes.
fn little_endian([low, high]: [u64; 2]) -> [u8; 16] {
    (u128::from(low) | u128::from(high) << 64).to_le_bytes()
}

/// Sets every element to a value: once the first is set, what is set already is copied behind itself.
fn fill(cells: &mut [u8], size: usize, value: [u64; 2]) {
    let Some(first) = cells.get_mut(..size) else { return };
    first.copy_from_slice(&little_endian(value)[..size]);
    let mut done = size;
    while done < cells.len() {
        // The source stays in the processor's nearest cache.
        let more = done.min(PIECE).min(cells.len() - done);
        cells.copy_within(..more, done);
        done += more;
    }
}

/// Copies elements. Only within one array can source and target overlap, and a move within one slice allows for that.
/// Two arrays cannot be borrowed at once, so between them elements go through a buffer, piece by piece.
fn copy(heap: &mut Heap, to: &Elements, from: &Elements) -> Result<(), Stop> {
    if to.array == from.array {
        let bytes = heap.get_mut(to.array).ok_or_else(gone)?.bytes_mut();
        bytes.copy_within(from.bytes.clone(), to.bytes.start);
        return Ok(());
    }
    let mut buffer = [0; PIECE];
    let mut done = 0;
    while done < from.bytes.len() {
        let piece = &mut buffer[..PIECE.min(from.bytes.len() - done)];
        let place = done..done + piece.len();
        piece.copy_from_slice(from.read(heap)?.get(place.clone()).ok_or_else(gone)?);
        to.write(heap)?.get_mut(place).ok_or_else(gone)?.copy_from_slice(piece);
        done += piece.len();
    }
    Ok(())
}

/// `array.new`, and `array.new_default` where `at` is 0.
///
/// # Safety
/// `at` must be 0 or the address of two slots, and `fp` must be the frame pointer of the stub through which compiled code called.
unsafe fn array_new(
    mut guest: Guest<'_>,
    ty: u64,
    len: u64,
    at: u64,
    fp: u64,
) -> Result<u64, Stop> {
    let ty = guest.type_id(ty);
    let storage = guest.element(ty)?;
    // SAFETY: the caller's promise of `at`.
    let value = if at == 0 { [0; 2] } else { unsafe { value(at) } };
    // SAFETY: the caller's promise of `fp`.
    unsafe { guest.collect_if_needed(fp, |_| references([storage], &value)) };
    guest.store.room_for_array(ty, len as u32)?;
    let op = if at == 0 { Opcode::ArrayNewDefault } else { Opcode::ArrayNew };
    guest.charge(op, len)?;
    let elements = guest.new_array(ty, len)?;
    // Zeros are there already.
    if value != [0; 2] {
        fill(elements.write(&mut guest.store.heap)?, elements.size, value);
    }
    Ok(Ref::array(elements.array).to_bits())
}

/// `array.new_fixed`
///
/// # Safety
/// `at` must be the address of the slots of `len` elements of the type, and `fp` must be the frame pointer of the stub through which compiled code called.
unsafe fn array_new_fixed(
    mut guest: Guest<'_>,
    ty: u64,
    len: u64,
    at: u64,
    fp: u64,
) -> Result<u64, Stop> {
    let ty = guest.type_id(ty);
    let storage = guest.element(ty)?;
    let slots_of_element = slots_of(storage);
    // SAFETY: the caller's promise of `at`.
    let slots = unsafe { slots(at, len as usize * slots_of_element) };
    let held = |_: &_| references(std::iter::repeat_n(storage, len as usize), slots);
    // SAFETY: the caller's promise of `fp`.
    unsafe { guest.collect_if_needed(fp, held) };
    guest.store.room_for_array(ty, len as u32)?;
    guest.charge(Opcode::ArrayNewFixed, len)?;
    let elements = guest.new_array(ty, len)?;
    let size = elements.size;
    let cells = elements.write(&mut guest.store.heap)?.chunks_exact_mut(size);
    for (cell, slots) in cells.zip(slots.chunks_exact(slots_of_element)) {
        let value = [slots[0], slots.get(1).copied().unwrap_or(0)];
        cell.copy_from_slice(&little_endian(value)[..size]);
    }
    Ok(Ref::array(elements.array).to_bits())
}

/// `array.new_data`
///
/// # Safety
/// `fp` must be the frame pointer of the stub through which compiled code called.
unsafe fn array_new_data(
    mut guest: Guest<'_>,
    ty: u64,
    data: u64,
    start: u64,
    len: u64,
    fp: u64,
) -> Result<u64, Stop> {
    let ty = guest.type_id(ty);
    let size = size_of_element(guest.element(ty)?);
    let source = guest.data_range(data, start, len, size)?;
    // SAFETY: the caller's promise of `fp`.
    unsafe { guest.collect_if_needed(fp, |_| Vec::new()) };
    guest.store.room_for_array(ty, len as u32)?;
    guest.charge(Opcode::ArrayNewData, len)?;
    let elements = guest.new_array(ty, len)?;
    guest.write_data(&elements, source)?;
    Ok(Ref::array(elements.array).to_bits())
}

/// `array.new_elem`
///
/// # Safety
/// `fp` must be the frame pointer of the stub through which compiled code called.
unsafe fn array_new_elem(
    mut guest: Guest<'_>,
    ty: u64,
    elem: u64,
    start: u64,
    len: u64,
    fp: u64,
) -> Result<u64, Stop> {
    let ty = guest.type_id(ty);
    let source = guest.elem_range(elem, start, len)?;
    // The segment is a root, so its references need not be handed over.
    // SAFETY: the caller's promise of `fp`.
    unsafe { guest.collect_if_needed(fp, |_| Vec::new()) };
    guest.store.room_for_array(ty, len as u32)?;
    guest.charge(Opcode::ArrayNewElem, len)?;
    let elements = guest.new_array(ty, len)?;
    guest.write_refs(&elements, source)?;
    Ok(Ref::array(elements.array).to_bits())
}

/// `array.fill`
fn array_fill(
    mut guest: Guest<'_>,
    array: u64,
    start: u64,
    len: u64,
    value: [u64; 2],
) -> Result<u64, Stop> {
    let to = guest.elements(array, start, len)?;
    guest.charge(Opcode::ArrayFill, len)?;
    fill(to.write(&mut guest.store.heap)?, to.size, value);
    Ok(0)
}

/// `array.copy`
fn array_copy(mut guest: Guest<'_>, to: [u64; 2], from: [u64; 2], len: u64) -> Result<u64, Stop> {
    let to = guest.elements(to[0], to[1], len)?;
    let from = guest.elements(from[0], from[1], len)?;
    guest.charge(Opcode::ArrayCopy, len)?;
    if to.size != from.size {
        return Err(Stop::crash("a copy between elements of two sizes"));
    }
    copy(&mut guest.store.heap, &to, &from)?;
    Ok(0)
}

/// `array.init_data`
fn array_init_data(
    mut guest: Guest<'_>,
    array: u64,
    data: u64,
    at: [u64; 2],
    len: u64,
) -> Result<u64, Stop> {
    let to = guest.elements(array, at[0], len)?;
    let from = guest.data_range(data, at[1], len, to.size)?;
    guest.charge(Opcode::ArrayInitData, len)?;
    guest.write_data(&to, from)?;
    Ok(0)
}

/// `array.init_elem`
fn array_init_elem(
    mut guest: Guest<'_>,
    array: u64,
    elem: u64,
    at: [u64; 2],
    len: u64,
) -> Result<u64, Stop> {
    let to = guest.elements(array, at[0], len)?;
    let from = guest.elem_range(elem, at[1], len)?;
    guest.charge(Opcode::ArrayInitElem, len)?;
    guest.write_refs(&to, from)?;
    Ok(0)
}

routines! {
    /// `array.new`, and `array.new_default` where the address of the value is 0.
    new(ty, len, at, d, fp) = |g: Guest<'_>| {
        // SAFETY: it is what this routine is promised.
        unsafe { array_new(g, ty, len, at, fp) }
    };
    /// `array.new_fixed`
    new_fixed(ty, len, at, d, fp) = |g: Guest<'_>| {
        // SAFETY: it is what this routine is promised.
        unsafe { array_new_fixed(g, ty, len, at, fp) }
    };
    /// `array.new_data`
    new_data(ty, data, start, len, fp) = |g: Guest<'_>| {
        // SAFETY: it is what this routine is promised.
        unsafe { array_new_data(g, ty, data, start, len, fp) }
    };
    /// `array.new_elem`
    new_elem(ty, elem, start, len, fp) = |g: Guest<'_>| {
        // SAFETY: it is what this routine is promised.
        unsafe { array_new_elem(g, ty, elem, start, len, fp) }
    };
    /// `array.fill`: the value is in two slots.
    fill(word, start, len, at, e) = |g: Guest<'_>| {
        // SAFETY: the address of two slots is what this routine is promised.
        let new = unsafe { value(at) };
        array_fill(g, word, start, len, new)
    };
    /// `array.copy`
    copy(to, to_start, from, from_start, len) = |g: Guest<'_>| {
        array_copy(g, [to, to_start], [from, from_start], len)
    };
    /// `array.init_data`
    init_data(word, data, start, source, len) = |g: Guest<'_>| {
        array_init_data(g, word, data, [start, source], len)
    };
    /// `array.init_elem`
    init_elem(word, elem, start, source, len) = |g: Guest<'_>| {
        array_init_elem(g, word, elem, [start, source], len)
    };
}
