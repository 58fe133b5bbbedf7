//! Allocation. Nothing here collects: a tier calls [`Store::collect_if_needed`] first.
//!
//! Where an allocation has a dynamic charge, gas-1 §5 orders the check for room before the charge, and
//! the charge before the effect. So the check is a function of its own.

use crate::TagAddr;
use crate::address::{ExnAddr, HeapAddr};
use crate::exception::ExnInst;
use crate::heap::Heap;
use crate::heap::access::fill;
use crate::heap::layout::{Field, Layout};
use crate::heap::object::write;
use crate::stop::{Exhaustion, Stop};
use crate::store::Store;
use crate::value::Value;
use etalon_module::TypeId;

impl Store {
    /// Checks that there is room for a structure of a type.
    ///
    /// # Errors
    /// [`Exhaustion::Limit`] if the heap's cap would be exceeded; a crash if the type is not a
    /// structure type.
    pub fn room_for_struct(&mut self, ty: TypeId) -> Result<(), Stop> {
        let bytes = self.struct_bytes(ty)?;
        self.heap.check_room(bytes as u64)
    }

    /// Checks that there is room for an array of a type and length.
    ///
    /// # Errors
    /// [`Exhaustion::Limit`] if the heap's cap would be exceeded; a crash if the type is not an array
    /// type.
    pub fn room_for_array(&mut self, ty: TypeId, len: u32) -> Result<(), Stop> {
        let element = self.array_layout(ty)?;
        self.heap.check_room(u64::from(len) * element.bytes as u64)
    }

    /// Allocates a structure with the slots of its fields in order, two for each vector.
    ///
    /// # Errors
    /// As [`Store::room_for_struct`], and a host error if the host has no memory left; a crash also if the number of
    /// slots is wrong.
    pub fn alloc_struct(&mut self, ty: TypeId, slots: &[u64]) -> Result<HeapAddr, Stop> {
        self.room_for_struct(ty)?;
        let Layout::Struct { bytes, slots: count, .. } = *self.heap.layout(ty) else {
            return Err(not_a_struct(ty));
        };
        if slots.len() != count {
            return Err(wrong_slots(ty, slots));
        }
        let addr = self.heap.alloc(ty, 0, bytes)?;
        let Heap { layouts, arena, .. } = &mut self.heap;
        if let Some(Layout::Struct { fields, .. }) = layouts.get(ty.0 as usize) {
            let bytes = arena.payload_mut(addr, bytes).ok_or_else(lost)?;
            let mut rest = slots;
            for field in fields {
                let cell = bytes.get_mut(field.offset..).unwrap_or_default();
                rest = put(rest, cell, *field).ok_or_else(lost)?;
            }
        }
        Ok(addr)
    }

    /// Allocates a structure of zeros and nulls.
    ///
    /// # Errors
    /// As [`Store::room_for_struct`], and a host error if the host has no memory left.
    pub fn alloc_struct_default(&mut self, ty: TypeId) -> Result<HeapAddr, Stop> {
        self.room_for_struct(ty)?;
        let bytes = self.struct_bytes(ty)?;
        self.heap.alloc(ty, 0, bytes)
    }

    /// Allocates an array of `len` elements of one value.
    ///
    /// # Errors
    /// As [`Store::room_for_array`], and a host error if the host has no memory left.
    pub fn alloc_array(&mut self, ty: TypeId, len: u32, value: [u64; 2]) -> Result<HeapAddr, Stop> {
        self.room_for_array(ty, len)?;
        let element = self.array_layout(ty)?;
        let bytes = len as usize * element.bytes;
        let addr = self.heap.alloc(ty, len, bytes)?;
        // Zeros are there without being written.
        if value != [0, 0] {
            fill(self.heap.arena.payload_mut(addr, bytes).ok_or_else(lost)?, element, value);
        }
        Ok(addr)
    }

    /// Allocates an array with the slots of its elements in order, two for each vector.
    ///
    /// # Errors
    /// As [`Store::room_for_array`], and a host error if the host has no memory left; a crash also if the slots end in
    /// half a vector.
    pub fn alloc_array_fixed(&mut self, ty: TypeId, slots: &[u64]) -> Result<HeapAddr, Stop> {
        let element = self.array_layout(ty)?;
        let len = u32::try_from(slots.len() / element.slots())
            .map_err(|_| Exhaustion::Limit("the heap is full"))?;
        self.room_for_array(ty, len)?;
        if !slots.len().is_multiple_of(element.slots()) {
            return Err(wrong_slots(ty, slots));
        }
        let bytes = len as usize * element.bytes;
        let addr = self.heap.alloc(ty, len, bytes)?;
        let bytes = self.heap.arena.payload_mut(addr, bytes).ok_or_else(lost)?;
        let mut rest = slots;
        for cell in bytes.chunks_exact_mut(element.bytes) {
            rest = put(rest, cell, element).ok_or_else(lost)?;
        }
        Ok(addr)
    }

    /// Allocates an exception.
    ///
    /// # Errors
    /// [`Exhaustion::Limit`] if the heap's cap would be exceeded; a host error if the host has no memory left.
    pub fn alloc_exn(&mut self, tag: TagAddr, fields: Vec<Value>) -> Result<ExnAddr, Stop> {
        self.heap.alloc_exn(ExnInst { tag, fields })
    }

    /// The exception at an address; `None` if it was collected or never existed.
    pub fn exn(&self, addr: ExnAddr) -> Option<&ExnInst> {
        self.heap.exn(addr)
    }

    fn struct_bytes(&mut self, ty: TypeId) -> Result<usize, Stop> {
        self.heap.learn(&self.types);
        match self.heap.layout(ty) {
            Layout::Struct { bytes, .. } => Ok(*bytes),
            _ => Err(not_a_struct(ty)),
        }
    }

    fn array_layout(&mut self, ty: TypeId) -> Result<Field, Stop> {
        self.heap.learn(&self.types);
        match self.heap.layout(ty) {
            Layout::Array(element) => Ok(*element),
            _ => Err(Stop::crash(format!("{ty:?} is not an array type"))),
        }
    }
}

/// Writes the value at the front of `slots`; gives the slots after it.
fn put<'a>(slots: &'a [u64], cell: &mut [u8], field: Field) -> Option<&'a [u64]> {
    let (value, rest) = slots.split_at_checked(field.slots())?;
    write(cell, field, [value[0], value.get(1).copied().unwrap_or(0)])?;
    Some(rest)
}

fn not_a_struct(ty: TypeId) -> Stop {
    Stop::crash(format!("{ty:?} is not a structure type"))
}

fn lost() -> Stop {
    Stop::crash("a new object is not as large as its type")
}

fn wrong_slots(ty: TypeId, slots: &[u64]) -> Stop {
    Stop::crash(format!("{} slots for an object of {ty:?}", slots.len()))
}
