//! Reading and writing objects. State only: an access out of bounds, or to an object of another kind,
//! gives `None`, and the tier decides what that means.
//!
//! A value is two slots; the second is 0 except for vectors. A packed field is zero-extended when read,
//! and truncated when written.

use crate::address::HeapAddr;
use crate::heap::Heap;
use crate::heap::layout::{Field, Layout};
use crate::heap::object::{Object, write};
use crate::reference::Ref;
use std::mem::take;
use std::ops::Range;

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

    /// Sets `len` elements to one value; none if one of them is beyond the end.
    pub fn array_fill(
        &mut self,
        addr: HeapAddr,
        start: u32,
        len: u32,
        value: [u64; 2],
    ) -> Option<()> {
        let element = self.element(self.get(addr)?)?;
        let cells = self.get_mut(addr)?.bytes.get_mut(range(element, start, len))?;
        fill(cells, element, value);
        Some(())
    }

    /// Copies `len` elements as if through a buffer; all or none. The elements of both arrays must
    /// have one size.
    pub fn array_copy(
        &mut self,
        (dst, dst_start): (HeapAddr, u32),
        (src, src_start): (HeapAddr, u32),
        len: u32,
    ) -> Option<()> {
        let element = self.element(self.get(dst)?)?;
        if self.element(self.get(src)?)?.bytes != element.bytes {
            return None;
        }
        let (to, from) = (range(element, dst_start, len), range(element, src_start, len));
        if dst == src {
            let bytes = &mut self.get_mut(dst)?.bytes;
            bytes.get(to.clone()).and(bytes.get(from.clone()))?;
            bytes.copy_within(from, to.start);
            return Some(());
        }
        // The target is taken out of the heap meanwhile: two objects cannot be borrowed at once.
        let mut bytes = take(&mut self.get_mut(dst)?.bytes);
        let copied = self.get(src).and_then(|src| {
            bytes.get_mut(to)?.copy_from_slice(src.bytes.get(from)?);
            Some(())
        });
        self.get_mut(dst)?.bytes = bytes;
        copied
    }

    /// Writes elements from the bytes of a data segment; all or none. The bytes must be a whole
    /// number of elements, and the elements no references.
    pub fn array_init_data(&mut self, addr: HeapAddr, start: u32, data: &[u8]) -> Option<()> {
        let element = self.element(self.get(addr)?)?;
        if element.is_ref || !data.len().is_multiple_of(element.bytes) {
            return None;
        }
        let len = u32::try_from(data.len() / element.bytes).ok()?;
        let cells = self.get_mut(addr)?.bytes.get_mut(range(element, start, len))?;
        cells.copy_from_slice(data);
        Some(())
    }

    /// Writes elements from the references of an element segment; all or none.
    pub fn array_init_elem(&mut self, addr: HeapAddr, start: u32, refs: &[Ref]) -> Option<()> {
        let element = self.element(self.get(addr)?).filter(|e| e.is_ref)?;
        let len = u32::try_from(refs.len()).ok()?;
        let cells = self.get_mut(addr)?.bytes.get_mut(range(element, start, len))?;
        for (cell, r) in cells.chunks_exact_mut(element.bytes).zip(refs) {
            cell.copy_from_slice(&r.to_bits().to_le_bytes());
        }
        Some(())
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

/// The bytes of `len` elements.
fn range(element: Field, start: u32, len: u32) -> Range<usize> {
    let start = start as usize * element.bytes;
    start..start + len as usize * element.bytes
}

/// Writes one value to every element.
pub(crate) fn fill(cells: &mut [u8], element: Field, value: [u64; 2]) {
    for cell in cells.chunks_exact_mut(element.bytes) {
        // The pieces are exactly as long as an element.
        let _ = write(cell, element, value);
    }
}
