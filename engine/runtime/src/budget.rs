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
    /// How many have made something ready for a growth that has not come.
    ahead: AtomicU64,
}

impl Budget {
    pub(crate) fn new(name: &'static str, cap: u64) -> Budget {
        let [used, peak, ahead] = [0; 3].map(AtomicU64::new);
        Budget { name, cap, used, peak, ahead }
    }

    /// Bytes in use.
    pub(crate) fn used(&self) -> u64 {
        self.used.load(Relaxed)
    }

    /// The most bytes that were ever in use.
    pub(crate) fn peak(&self) -> u64 {
        self.peak.load(Relaxed)
    }

    /// One of those that it is for was ahead, and is or is not.
    pub(crate) fn count_ahead(&self, before: bool, after: bool) {
        match (before, after) {
            (false, true) => self.ahead.fetch_add(1, Relaxed),
            (true, false) => self.ahead.fetch_sub(1, Relaxed),
            _ => return,
        };
    }

    /// Whether something is ready for a growth that has not come.
    pub(crate) fn is_ahead(&self) -> bool {
        self.ahead.load(Relaxed) > 0
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
