//! Outcomes in the order of their jobs, whichever is there first.

use super::JobOutcome;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Gives outcomes on in order, and lets no job begin that is too far ahead.
pub(super) struct Order<T, S> {
    window: usize,
    state: Mutex<State<T, S>>,
    given: Condvar,
}

struct State<T, S> {
    /// The job whose outcome is given next.
    next: usize,
    waiting: BTreeMap<usize, JobOutcome<T>>,
    is_over: bool,
    sink: S,
}

impl<T, S: FnMut(usize, JobOutcome<T>) -> ControlFlow<()>> Order<T, S> {
    pub(super) fn new(window: usize, sink: S) -> Order<T, S> {
        let state = State { next: 0, waiting: BTreeMap::new(), is_over: false, sink };
        Order { window: window.max(1), state: Mutex::new(state), given: Condvar::new() }
    }

    /// Waits until a job may begin. `false` if it is not to.
    pub(super) fn may_begin(&self, number: usize) -> bool {
        let mut state = self.lock();
        while !state.is_over && number - state.next >= self.window {
            state = self.given.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        !state.is_over
    }

    /// Takes the outcome of a job, and gives on what is no longer waited for.
    pub(super) fn put(&self, number: usize, outcome: JobOutcome<T>) {
        let _told = Told(&self.given);
        let mut state = self.lock();
        let State { next, waiting, is_over, sink } = &mut *state;
        waiting.insert(number, outcome);
        while !*is_over && let Some(outcome) = waiting.remove(next) {
            // If it panics, that is the end, too.
            *is_over = true;
            *is_over = sink(*next, outcome).is_break();
            *next += 1;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T, S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever waits is told when this is dropped.
struct Told<'a>(&'a Condvar);

impl Drop for Told<'_> {
    fn drop(&mut self) {
        self.0.notify_all();
    }
}
