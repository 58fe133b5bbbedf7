//! Structures and arrays (specification: *Runtime Structure*, "Aggregate Instances").

use crate::heap::layout::Field;
use etalon_module::TypeId;
use serde::{Deserialize, Serialize};

/// A structure or an array.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Object {
    pub(crate) ty: TypeId,
    pub(crate) bytes: Box<[u8]>,
}

impl Object {
    /// Its type.
    pub fn ty(&self) -> TypeId {
        self.ty
    }

    /// Its fields or elements one after the other, little-endian and without padding.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The same bytes, for writing. The bytes of a reference must stay the word of one.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Reads the value at an offset; `None` beyond the end.
    #[inline]
    pub(crate) fn load(&self, offset: usize, field: Field) -> Option<[u64; 2]> {
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

    /// Writes the value at an offset, truncated to the width stored there; `None` beyond the end.
    #[inline]
    pub(crate) fn store(&mut self, offset: usize, field: Field, value: [u64; 2]) -> Option<()> {
        write(self.bytes.get_mut(offset..)?, field, value)
    }

    /// The word of the reference at an offset.
    pub(crate) fn word(&self, offset: usize) -> u64 {
        let word = self.bytes.get(offset..).and_then(|rest| rest.first_chunk());
        word.map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }
}

/// Writes a value at the start of `to`; `None` if it does not fit.
#[inline]
pub(crate) fn write(to: &mut [u8], field: Field, [low, high]: [u64; 2]) -> Option<()> {
    match field.bytes {
        1 => *to.first_mut()? = low as u8,
        2 => *to.first_chunk_mut()? = (low as u16).to_le_bytes(),
        4 => *to.first_chunk_mut()? = (low as u32).to_le_bytes(),
        8 => *to.first_chunk_mut()? = low.to_le_bytes(),
        _ => *to.first_chunk_mut()? = (u128::from(low) | u128::from(high) << 64).to_le_bytes(),
    }
    Some(())
}
