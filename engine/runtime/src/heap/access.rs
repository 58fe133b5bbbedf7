//! Reading and writing one field or element. State only: an access out of bounds, or to an object of another kind,
//! gives `None`, and the tier decides what that means. Bulk instructions are each tier's own, by these accessors or on the
//! object's bytes ([`ObjectMut::bytes_mut`]).
//!
//! A value is two slots; the second is 0 except for vectors. A packed field is zero-extended when read,
//! and truncated when written.

use crate::address::HeapAddr;
use crate::heap::Heap;
use crate::heap::classes::UNIT;
use crate::heap::layout::{Field, Layout};
use crate::heap::object::{HEADER, Header, Object, ObjectMut, write};
use etalon_module::TypeId;
use std::ops::Range;

impl Heap {
    /// The object at an address; `None` if there is none.
    #[inline]
    pub fn get(&self, addr: HeapAddr) -> Option<Object<'_>> {
        let (header, bytes) = self.place(addr)?;
        Some(Object { ty: header.ty, bytes: self.arena.bytes().get(bytes)? })
    }

    /// The object at an address, for writing.
    #[inline]
    pub fn get_mut(&mut self, addr: HeapAddr) -> Option<ObjectMut<'_>> {
        let (_, bytes) = self.place(addr)?;
        Some(ObjectMut { bytes: self.arena.bytes_mut().get_mut(bytes)? })
    }

    /// The header of the object at an address, and where its fields or elements are.
    #[inline]
    fn place(&self, addr: HeapAddr) -> Option<(Header, Range<usize>)> {
        let at = addr.index() * UNIT;
        let header = self.arena.header(at)?;
        let start = at + HEADER;
        Some((header, start..start + self.layout(header.ty).bytes(header.len)))
    }

    /// A field of a structure.
    #[inline]
    pub fn struct_get(&self, addr: HeapAddr, field: u32) -> Option<[u64; 2]> {
        let object = self.get(addr)?;
        let field = self.field(object.ty, field)?;
        object.load(field.offset, field)
    }

    /// Sets a field of a structure.
    #[inline]
    pub fn struct_set(&mut self, addr: HeapAddr, field: u32, value: [u64; 2]) -> Option<()> {
        let field = self.field(self.get(addr)?.ty, field)?;
        self.get_mut(addr)?.store(field.offset, field, value)
    }

    /// Length of an array in elements.
    #[inline]
    pub fn array_len(&self, addr: HeapAddr) -> Option<u32> {
        let header = self.arena.header(addr.index() * UNIT)?;
        self.element(header.ty)?;
        Some(header.len)
    }

    /// An element of an array.
    #[inline]
    pub fn array_get(&self, addr: HeapAddr, index: u32) -> Option<[u64; 2]> {
        let object = self.get(addr)?;
        let element = self.element(object.ty)?;
        object.load(index as usize * element.bytes, element)
    }

    /// Sets an element of an array.
    #[inline]
    pub fn array_set(&mut self, addr: HeapAddr, index: u32, value: [u64; 2]) -> Option<()> {
        let element = self.element(self.get(addr)?.ty)?;
        self.get_mut(addr)?.store(index as usize * element.bytes, element, value)
    }

    #[inline]
    fn field(&self, ty: TypeId, field: u32) -> Option<Field> {
        match self.layout(ty) {
            Layout::Struct { fields, .. } => fields.get(field as usize).copied(),
            _ => None,
        }
    }

    #[inline]
    fn element(&self, ty: TypeId) -> Option<Field> {
        match self.layout(ty) {
            Layout::Array(element) => Some(*element),
            _ => None,
        }
    }
}

/// Writes one value to every element.
pub(super) fn fill(cells: &mut [u8], element: Field, value: [u64; 2]) {
    for cell in cells.chunks_exact_mut(element.bytes) {
        // The pieces are exactly as long as an element.
        let _ = write(cell, element, value);
    }
}
