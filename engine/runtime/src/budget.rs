//! Bytes of a store's memories or tables, counted against a cap.

use crate::stop::{Exhaustion, Stop};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What all memories, or all tables, of a store take together. Each gives back what it took when it is dropped.
#[derive(Debug)]
pub(crate) struct Budget {
    /// What is said when it is spent.
    name: &'static str,
    cap: u64,
    used: AtomicU64,
    /// The most that was ever in use.
    peak: AtomicU64,
}

impl Budget {
    pub(crate) fn new(name: &'static str, cap: u64) -> Budget {
        Budget { name, cap, used: AtomicU64::new(0), peak: AtomicU64::new(0) }
    }

    /// Bytes in use.
    pub(crate) fn used(&self) -> u64 {
        self.used.load(Relaxed)
    }

    /// The most bytes that were ever in use.
    pub(crate) fn peak(&self) -> u64 {
        self.peak.load(Relaxed)
    }

    /// Whether so many more bytes can be taken.
    pub(crate) fn check(&self, bytes: u64) -> Result<(), Stop> {
        match self.used().checked_add(bytes) {
            Some(used) if used <= self.cap => Ok(()),
            _ => Err(Exhaustion::Limit(self.name).into()),
        }
    }

    /// Takes bytes that were checked.
    pub(crate) fn take(&self, bytes: u64) {
        let used = self.used.fetch_add(bytes, Relaxed).saturating_add(bytes);
        self.peak.fetch_max(used, Relaxed);
    }

    /// Gives bytes back that were taken.
    pub(crate) fn give(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Relaxed);
    }
}
