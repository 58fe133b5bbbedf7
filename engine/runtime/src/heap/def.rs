//! What compiled code reads and writes of a heap.

use super::classes::CLASSES;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// Supertypes that a row of the table of types has room for. Deeper ones are looked up by a routine.
pub const DISPLAY: usize = 8;

/// A type's supertypes, the outermost first, then the type itself, then nothing: each as a header has it, and 0 for none.
pub type Display = [u32; DISPLAY];

/// Cells of one class that are free and zero, one after the other; as distances from the base of the heap.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Run {
    /// Where the next object will be.
    pub next: AtomicU64,
    /// Where the last cell ends.
    pub end: AtomicU64,
}

/// What compiled code reads and writes of a heap, at a fixed address as long as the heap lives. All of it is atomic only so that
/// compiled code may write it too.
#[derive(Debug)]
#[repr(C)]
pub struct HeapDef {
    /// Address of the first byte; never changes once it is not 0.
    pub base: AtomicUsize,
    /// Address of the first row of the table of types, by the type as a header has it; changes when types are added.
    pub displays: AtomicUsize,
    /// Bytes of all objects ever allocated, as gas-1 sizes them. It never falls.
    pub allocated: AtomicU64,
    /// As long as `allocated` does not exceed this, objects may be made without asking whether there is room or a collection is due.
    pub limit: AtomicU64,
    /// By class.
    pub runs: [Run; CLASSES],
}

impl HeapDef {
    pub(super) fn new() -> HeapDef {
        let [allocated, limit] = [0; 2].map(AtomicU64::new);
        let [base, displays] = [0; 2].map(AtomicUsize::new);
        HeapDef { base, displays, allocated, limit, runs: [const { Run::new() }; CLASSES] }
    }
}

impl Run {
    const fn new() -> Run {
        Run { next: AtomicU64::new(0), end: AtomicU64::new(0) }
    }

    /// Takes a cell; `None` if there is no more.
    #[inline]
    pub(super) fn take(&self, bytes: usize) -> Option<usize> {
        let next = self.next.load(Relaxed);
        let after = next + bytes as u64;
        (after <= self.end.load(Relaxed)).then(|| {
            self.next.store(after, Relaxed);
            next as usize
        })
    }

    /// Sets which cells are in it.
    pub(super) fn set(&self, next: usize, end: usize) {
        self.next.store(next as u64, Relaxed);
        self.end.store(end as u64, Relaxed);
    }
}
