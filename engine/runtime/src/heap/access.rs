//! Reading and writing one field or element. State only: an access out of bounds, or to an object of another kind,
//! gives `None`, and the tier decides what that means. Bulk instructions are each tier's own, by these accessors or on the
//! object's bytes ([`Object::bytes_mut`]).
//!
//! A value is two slots; the second is 0 except for vectors. A packed field is zero-extended when read,
//! and truncated when written.

use crate::address::HeapAddr;
use crate::heap::Heap;
use crate::heap::layout::{Field, Layout};
use crate::heap::object::{Object, write};

impl Heap {
    /// A field of a structure.
    #[inline]
    pub fn struct_get(&self, addr: HeapAddr, field: u32) -> Option<[u64; 2]> {
        let object = self.get(addr)?;
        let field = self.field(object, field)?;
        object.load(field.offset, field)
    }

    /// Sets a field of a structure.
    #[inline]
    pub fn struct_set(&mut self, addr: HeapAddr, field: u32, value: [u64; 2]) -> Option<()> {
        let field = self.field(self.get(addr)?, field)?;
        self.get_mut(addr)?.store(field.offset, field, value)
    }

    /// Length of an array in elements.
    #[inline]
    pub fn array_len(&self, addr: HeapAddr) -> Option<u32> {
        let object = self.get(addr)?;
        Some((object.bytes.len() / self.element(object)?.bytes) as u32)
    }

    /// An element of an array.
    #[inline]
    pub fn array_get(&self, addr: HeapAddr, index: u32) -> Option<[u64; 2]> {
        let object = self.get(addr)?;
        let element = self.element(object)?;
        object.load(index as usize * element.bytes, element)
    }

    /// Sets an element of an array.
    #[inline]
    pub fn array_set(&mut self, addr: HeapAddr, index: u32, value: [u64; 2]) -> Option<()> {
        let element = self.element(self.get(addr)?)?;
        self.get_mut(addr)?.store(index as usize * element.bytes, element, value)
    }

    #[inline]
    fn field(&self, object: &Object, field: u32) -> Option<Field> {
        match self.layout(object.ty) {
            Layout::Struct { fields, .. } => fields.get(field as usize).copied(),
            _ => None,
        }
    }

    #[inline]
    fn element(&self, object: &Object) -> Option<Field> {
        match self.layout(object.ty) {
            Layout::Array(element) => Some(*element),
            _ => None,
        }
    }
}

/// Writes one value to every element.
pub(crate) fn fill(cells: &mut [u8], element: Field, value: [u64; 2]) {
    for cell in cells.chunks_exact_mut(element.bytes) {
        // The pieces are exactly as long as an element.
        let _ = write(cell, element, value);
    }
}
