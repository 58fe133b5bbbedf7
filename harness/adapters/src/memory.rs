//! What is compared of a memory where an engine has no digest of ours.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How many bytes a memory has, and their CRC-32, as zip, PNG and zlib have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemorySum {
    /// How many.
    pub bytes: u64,
    /// Of all of them.
    pub crc32: u32,
}

impl MemorySum {
    /// Bytes of the largest memory that is looked at.
    pub const MOST: usize = 16 << 20;

    /// The sum of a memory's bytes; `None` if there are too many.
    pub fn of(bytes: &[u8]) -> Option<MemorySum> {
        let crc32 = (bytes.len() <= MemorySum::MOST).then(|| crc32fast::hash(bytes))?;
        Some(MemorySum { bytes: bytes.len() as u64, crc32 })
    }
}

impl fmt::Display for MemorySum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "of {} bytes with CRC-32 {:08x}", self.bytes, self.crc32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_the_one_that_others_know() {
        let sum = MemorySum::of(b"123456789");
        assert_eq!(sum, Some(MemorySum { bytes: 9, crc32: 0xcbf4_3926 }));
        let text = sum.map(|sum| sum.to_string());
        assert_eq!(text.as_deref(), Some("of 9 bytes with CRC-32 cbf43926"));
        assert_eq!(MemorySum::of(&vec![0; MemorySum::MOST + 1]), None);
    }
}
