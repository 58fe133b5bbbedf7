//! Structures and arrays (specification: *Runtime Structure*, "Aggregate Instances").

use crate::heap::layout::Field;
use etalon_module::TypeId;

/// Bytes of a header: the type and the length.
pub const HEADER: usize = 8;

/// What is in front of an object's fields or elements, as one word: the type plus 1 in its low half, so that a cell without an
/// object has 0 there, and the length of an array in its high half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) ty: TypeId,
    /// Elements of an array; 0 for a structure.
    pub(super) len: u32,
}

impl Header {
    /// The header of a word; `None` for that of a cell without an object.
    #[inline]
    pub(super) fn of_word(word: u64) -> Option<Header> {
        let ty = (word as u32).checked_sub(1)?;
        Some(Header { ty: TypeId(ty), len: (word >> 32) as u32 })
    }

    /// Its word.
    pub(super) fn word(self) -> u64 {
        (u64::from(self.ty.0) + 1) | (u64::from(self.len) << 32)
    }
}

/// A structure or an array.
#[derive(Clone, Copy, Debug)]
pub struct Object<'h> {
    pub(super) ty: TypeId,
    pub(super) bytes: &'h [u8],
}

impl<'h> Object<'h> {
    /// Its type.
    pub fn ty(self) -> TypeId {
        self.ty
    }

    /// Its fields or elements one after the other, little-endian and without padding.
    pub fn bytes(self) -> &'h [u8] {
        self.bytes
    }

    /// Reads the value at an offset; `None` beyond the end.
    #[inline]
    pub(super) fn load(self, offset: usize, field: Field) -> Option<[u64; 2]> {
        let rest = self.bytes.get(offset..)?;
        Some(match field.bytes {
            1 => [u64::from(*rest.first()?), 0],
            2 => [u16::from_le_bytes(*rest.first_chunk()?).into(), 0],
            4 => [u32::from_le_bytes(*rest.first_chunk()?).into(), 0],
            8 => [u64::from_le_bytes(*rest.first_chunk()?), 0],
            _ => {
                let both = u128::from_le_bytes(*rest.first_chunk()?);
                [both as u64, (both >> 64) as u64]
            }
        })
    }

    /// The word of the reference at an offset.
    pub(crate) fn word(self, offset: usize) -> u64 {
        let word = self.bytes.get(offset..).and_then(|rest| rest.first_chunk());
        word.map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }
}

/// A structure or an array, for writing.
#[derive(Debug)]
pub struct ObjectMut<'h> {
    pub(super) bytes: &'h mut [u8],
}

impl<'h> ObjectMut<'h> {
    /// Its fields or elements one after the other, little-endian and without padding. The bytes of a reference must stay the word
    /// of one.
    pub fn bytes_mut(self) -> &'h mut [u8] {
        self.bytes
    }

    /// Writes the value at an offset, truncated to the width stored there; `None` beyond the end.
    #[inline]
    pub(super) fn store(self, offset: usize, field: Field, value: [u64; 2]) -> Option<()> {
        write(self.bytes.get_mut(offset..)?, field, value)
    }
}

/// Writes a value at the start of `to`; `None` if it does not fit.
#[inline]
pub(super) fn write(to: &mut [u8], field: Field, [low, high]: [u64; 2]) -> Option<()> {
    match field.bytes {
        1 => *to.first_mut()? = low as u8,
        2 => *to.first_chunk_mut()? = (low as u16).to_le_bytes(),
        4 => *to.first_chunk_mut()? = (low as u32).to_le_bytes(),
        8 => *to.first_chunk_mut()? = low.to_le_bytes(),
        _ => *to.first_chunk_mut()? = (u128::from(low) | u128::from(high) << 64).to_le_bytes(),
    }
    Some(())
}
