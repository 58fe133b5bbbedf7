//! The elements of one table: pages from the system, which are zero, and so null, and cost nothing until they are written.
#![allow(unsafe_code)]

use crate::system::{enlarge, map, unmap, whole_pages};
use rustix::mm::ProtFlags;
use std::io;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::atomic::AtomicU64;

/// Bytes of a word.
const WORD: usize = size_of::<u64>();
/// A table that grows by little often is given this much at once.
const STEP: usize = 1 << 20;

/// Words that are zero until they are written. Their address changes when they become more.
#[derive(Debug)]
pub(super) struct Words {
    base: NonNull<AtomicU64>,
    len: usize,
    /// Bytes of the mapping; 0 if there is none.
    mapped: usize,
}

// SAFETY: the words are atomic, owned by this value alone, and bound to no thread.
unsafe impl Send for Words {}
// SAFETY: as above; a shared reference gives access to atomic words only.
unsafe impl Sync for Words {}

impl Words {
    /// No words.
    pub(super) fn new() -> Words {
        Words { base: NonNull::dangling(), len: 0, mapped: 0 }
    }

    /// Makes room for so many words in all.
    pub(super) fn make_room(&mut self, len: usize) -> io::Result<()> {
        let beyond = || io::Error::other("size beyond the address space");
        let needed = len.checked_mul(WORD).ok_or_else(beyond)?;
        if needed <= self.mapped {
            return Ok(());
        }
        let ample = self.mapped.saturating_add(self.mapped.min(STEP));
        let bytes = whole_pages(needed.max(ample))?;
        let base = if self.mapped == 0 {
            map(bytes, ProtFlags::READ | ProtFlags::WRITE)?
        } else {
            // SAFETY: it is the whole mapping, and the exclusive reference is the only one.
            unsafe { enlarge(self.base.cast(), self.mapped, bytes)? }
        };
        (self.base, self.mapped) = (base.cast(), bytes);
        Ok(())
    }

    /// Sets how many words there are; new ones are zero. `None` if there is no room for them.
    pub(super) fn extend_to(&mut self, len: usize) -> Option<()> {
        let fits = len >= self.len && len.checked_mul(WORD)? <= self.mapped;
        (fits || len == self.len).then(|| self.len = len)
    }
}

impl Deref for Words {
    type Target = [AtomicU64];

    #[inline(always)]
    fn deref(&self) -> &[AtomicU64] {
        // SAFETY: the mapping has room for `len` words, or `len` is 0. It is aligned to pages, readable and writable as long
        // as this value, and any content is a word. It moves only by an exclusive reference.
        unsafe { std::slice::from_raw_parts(self.base.as_ptr(), self.len) }
    }
}

impl Drop for Words {
    fn drop(&mut self) {
        if self.mapped > 0 {
            // SAFETY: it is the whole mapping, and nothing refers to it any more.
            unsafe { unmap(self.base.cast(), self.mapped) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering::Relaxed;

    #[test]
    fn words_stay_and_new_ones_are_zero() {
        let mut words = Words::new();
        assert!(words.is_empty());
        assert_eq!(words.extend_to(1), None);
        let mut written = 0;
        for len in [1, 3, 512, 513, 100_000, 1_000_000] {
            words.make_room(len).unwrap();
            words.extend_to(len).unwrap();
            assert!(words.iter().take(written).all(|word| word.load(Relaxed) == 7));
            assert!(words[written..].iter().all(|word| word.load(Relaxed) == 0));
            words.iter().for_each(|word| word.store(7, Relaxed));
            written = len;
        }
        assert!(words.make_room(usize::MAX).is_err());
        assert!(words.make_room(1 << 58).is_err());
        assert_eq!(words.len(), 1_000_000);
        assert_eq!(words.extend_to(7), None, "words never become fewer");
    }
}
