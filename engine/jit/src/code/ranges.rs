//! Which addresses hold compiled code: read by the signal handler, which may neither lock nor
//! allocate.

use std::sync::Mutex;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

/// Ranges in one block of the list.
const BLOCK: usize = 64;

/// A block of ranges. Blocks are never freed, so that a reader needs no lock.
struct Block {
    /// Start and end of each range; an end of 0 marks a free place.
    ranges: [(AtomicUsize, AtomicUsize); BLOCK],
    next: AtomicPtr<Block>,
}

impl Block {
    const fn new() -> Block {
        Block {
            ranges: [const { (AtomicUsize::new(0), AtomicUsize::new(0)) }; BLOCK],
            next: AtomicPtr::new(std::ptr::null_mut()),
        }
    }

    fn next(&self) -> Option<&'static Block> {
        // SAFETY: only `insert` writes the pointer, to a block that it leaked.
        unsafe { self.next.load(Ordering::Acquire).as_ref() }
    }
}

static FIRST: Block = Block::new();
static WRITER: Mutex<()> = Mutex::new(());

fn blocks() -> impl Iterator<Item = &'static Block> {
    std::iter::successors(Some(&FIRST), |block| block.next())
}

/// Adds a range of code.
pub(crate) fn insert(start: usize, end: usize) {
    let _writer = WRITER.lock().unwrap_or_else(|e| e.into_inner());
    let mut last = &FIRST;
    for block in blocks() {
        last = block;
        for (from, to) in &block.ranges {
            if to.load(Ordering::Relaxed) == 0 {
                from.store(start, Ordering::Relaxed);
                to.store(end, Ordering::Release);
                return;
            }
        }
    }
    let block = Box::leak(Box::new(Block::new()));
    block.ranges[0] = (AtomicUsize::new(start), AtomicUsize::new(end));
    last.next.store(block, Ordering::Release);
}

/// Removes the range that starts there.
pub(crate) fn remove(start: usize) {
    let _writer = WRITER.lock().unwrap_or_else(|e| e.into_inner());
    for (from, to) in blocks().flat_map(|block| &block.ranges) {
        if to.load(Ordering::Relaxed) != 0 && from.load(Ordering::Relaxed) == start {
            to.store(0, Ordering::Release);
        }
    }
}

/// Whether an address is in compiled code. Safe in a signal handler.
pub(crate) fn contains(pc: usize) -> bool {
    blocks().flat_map(|block| &block.ranges).any(|(from, to)| {
        let end = to.load(Ordering::Acquire);
        pc < end && pc >= from.load(Ordering::Relaxed)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_come_and_go() {
        // Addresses that no code of this process has.
        let at = |i: usize| i * 16 + 1;
        for i in 0..200 {
            insert(at(i), at(i) + 8);
        }
        for i in 0..200 {
            assert!(contains(at(i)) && contains(at(i) + 7));
            assert!(!contains(at(i) + 8));
        }
        for i in 0..200 {
            remove(at(i));
            assert!(!contains(at(i)));
        }
    }
}
