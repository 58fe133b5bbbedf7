//! The size of an object on the GC heap as gas-1 counts it (§10), independent of what a tier really allocates.

/// Every object has one header.
const HEADER_BYTES: u64 = 16;
/// Objects are counted in whole words.
const WORD_BYTES: u64 = 8;

/// Bytes of an object whose fields or elements take `payload` bytes (§10 has the size of each storage type).
///
/// Saturates at the greatest multiple of eight, which exceeds every cap.
pub fn object_bytes(payload: u64) -> u64 {
    payload
        .checked_next_multiple_of(WORD_BYTES)
        .and_then(|words| words.checked_add(HEADER_BYTES))
        .unwrap_or(u64::MAX - (WORD_BYTES - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_whole_words_after_a_header() {
        for (payload, bytes) in [(0, 16), (1, 24), (8, 24), (9, 32), (4096, 4112)] {
            assert_eq!(object_bytes(payload), bytes);
        }
        assert_eq!(object_bytes(u64::MAX), u64::MAX - 7);
        assert_eq!(object_bytes(u64::MAX - 16), u64::MAX - 7);
    }
}
