//! The elements of one table. Those of a large one are pages from the system, which are zero, and so null, and cost nothing until they
//! are written. Those of a small one are memory of the allocator: to map pages, touch them and give them back takes longer than to clear it.
#![allow(unsafe_code)]

use crate::fault;
use crate::system::{enlarge, map, unmap, whole_pages};
// Of more bytes the pages are asked for that were touched, so they must be pages.
use crate::touched::SMALL;
use rustix::mm::ProtFlags;
use std::alloc::{Layout, alloc_zeroed, dealloc};
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
    /// Bytes of the memory, which is a mapping if they are more than [`SMALL`]; 0 if there is none.
    bytes: usize,
}

// SAFETY: the words are atomic, owned by this value alone, and bound to no thread.
unsafe impl Send for Words {}
// SAFETY: as above; a shared reference gives access to atomic words only.
unsafe impl Sync for Words {}

impl Words {
    /// No words.
    pub(super) fn new() -> Words {
        Words { base: NonNull::dangling(), len: 0, bytes: 0 }
    }

    /// Makes room for so many words in all.
    pub(super) fn make_room(&mut self, len: usize) -> io::Result<()> {
        let beyond = || io::Error::other("size beyond the address space");
        let needed = len.checked_mul(WORD).ok_or_else(beyond)?;
        if needed <= self.bytes {
            return Ok(());
        }
        let ample = self.bytes.saturating_add(self.bytes.min(STEP));
        let wanted = needed.max(ample);
        if self.bytes > SMALL {
            let bytes = whole_pages(wanted)?;
            // SAFETY: it is the whole mapping, and the exclusive reference is the only one.
            let base = unsafe { enlarge(self.base.cast(), self.bytes, bytes)? };
            (self.base, self.bytes) = (base.cast(), bytes);
            return Ok(());
        }
        let mut fresh = Words::fresh(wanted)?;
        // SAFETY: both have room for so many words, and the other memory is nobody else's yet.
        unsafe { fresh.base.copy_from_nonoverlapping(self.base, self.len) };
        fresh.len = self.len;
        *self = fresh;
        Ok(())
    }

    /// No words yet, in fresh memory with room for so many bytes, all zero.
    fn fresh(bytes: usize) -> io::Result<Words> {
        let (base, bytes) = match layout(bytes) {
            Some(layout) => {
                fault::may_fail()?;
                // SAFETY: the layout has a size.
                let base = unsafe { alloc_zeroed(layout) };
                let base = NonNull::new(base).ok_or(io::ErrorKind::OutOfMemory)?;
                (base, layout.size())
            }
            None => {
                let bytes = whole_pages(bytes)?;
                (map(bytes, ProtFlags::READ | ProtFlags::WRITE)?, bytes)
            }
        };
        Ok(Words { base: base.cast(), len: 0, bytes })
    }

    /// Sets how many words there are; new ones are zero. `None` if there is no room for them.
    pub(super) fn extend_to(&mut self, len: usize) -> Option<()> {
        let fits = len >= self.len && len.checked_mul(WORD)? <= self.bytes;
        (fits || len == self.len).then(|| self.len = len)
    }
}

impl Deref for Words {
    type Target = [AtomicU64];

    #[inline(always)]
    fn deref(&self) -> &[AtomicU64] {
        // SAFETY: the memory has room for `len` words, or `len` is 0. It is aligned to words, readable and writable as long
        // as this value, and any content is a word. It moves only by an exclusive reference.
        unsafe { std::slice::from_raw_parts(self.base.as_ptr(), self.len) }
    }
}

impl Drop for Words {
    fn drop(&mut self) {
        match layout(self.bytes) {
            // SAFETY: it was allocated with this layout, and nothing refers to it any more.
            Some(layout) => unsafe { dealloc(self.base.as_ptr().cast(), layout) },
            None if self.bytes > SMALL => {
                // SAFETY: it is the whole mapping, and nothing refers to it any more.
                unsafe { unmap(self.base.cast(), self.bytes) };
            }
            None => {}
        }
    }
}

/// What is asked of the allocator for so many bytes; `None` if that is nothing, or they are mapped.
fn layout(bytes: usize) -> Option<Layout> {
    let layout = Layout::from_size_align(bytes, WORD).ok()?;
    (1..=SMALL).contains(&bytes).then_some(layout)
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
        for len in [1, 3, 512, 513, 16_384, 16_385, 100_000, 1_000_000] {
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
