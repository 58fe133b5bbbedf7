//! How much the jobs that run at the same time may have together.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Lets a job pass when there is room for it.
#[derive(Debug)]
pub(super) struct Gate {
    total: Option<usize>,
    free: Mutex<usize>,
    freed: Condvar,
}

/// Room that is a job's until this is dropped.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    gate: &'a Gate,
    bytes: usize,
}

impl Gate {
    pub(super) fn new(total: Option<usize>) -> Gate {
        Gate { total, free: Mutex::new(total.unwrap_or(0)), freed: Condvar::new() }
    }

    /// All that there is; `None` without a limit.
    pub(super) fn total(&self) -> Option<usize> {
        self.total
    }

    /// Waits until so many bytes, no more than there are in all, are free. Without a limit they always are.
    pub(super) fn pass(&self, bytes: usize) -> Pass<'_> {
        let Some(total) = self.total else { return Pass { gate: self, bytes: 0 } };
        let bytes = bytes.min(total);
        let mut free = self.lock();
        while *free < bytes {
            free = self.freed.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= bytes;
        Pass { gate: self, bytes }
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        *self.gate.lock() += self.bytes;
        self.gate.freed.notify_all();
    }
}
