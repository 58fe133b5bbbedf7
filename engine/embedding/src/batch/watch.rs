//! Who looks at the time while jobs run, and at the handles of others.

use crate::interrupt::InterruptHandle;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

/// How often it is looked.
const LOOKS: Duration = Duration::from_millis(5);

/// The jobs that are looked after.
#[derive(Debug, Default)]
pub(super) struct Watch {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    watched: Vec<Arc<Watched>>,
    /// Whether there is a thread that looks.
    has_thread: bool,
    is_over: bool,
}

/// A job that runs.
#[derive(Debug)]
struct Watched {
    /// What stops it.
    stop: InterruptHandle,
    deadline: Option<Instant>,
    /// Another handle that is to stop it.
    other: Option<InterruptHandle>,
    is_late: AtomicBool,
}

/// A job is looked after until this is dropped.
#[derive(Debug)]
pub(super) struct Guarded<'a> {
    watch: &'a Watch,
    watched: Arc<Watched>,
}

/// The thread ends when this is dropped.
#[derive(Debug)]
pub(super) struct Watching<'a>(&'a Watch);

impl Watch {
    /// Starts a thread that looks, if the system has one.
    pub(super) fn start<'scope, 'env>(
        &'scope self,
        scope: &'scope Scope<'scope, 'env>,
    ) -> Watching<'scope> {
        let spawned = thread::Builder::new().spawn_scoped(scope, || self.look());
        self.lock().has_thread = spawned.is_ok();
        Watching(self)
    }

    /// Whether somebody looks.
    pub(super) fn has_thread(&self) -> bool {
        self.lock().has_thread
    }

    /// Looks after a job; `None` if nobody is there to do so.
    pub(super) fn guard(
        &self,
        stop: InterruptHandle,
        time: Option<Duration>,
        other: Option<InterruptHandle>,
    ) -> Option<Guarded<'_>> {
        let mut state = self.lock();
        if !state.has_thread {
            return None;
        }
        // A time that no clock can tell is never up.
        let deadline = time.and_then(|time| Instant::now().checked_add(time));
        let watched = Arc::new(Watched { stop, deadline, other, is_late: AtomicBool::new(false) });
        watched.look(Instant::now());
        state.watched.push(Arc::clone(&watched));
        self.changed.notify_all();
        Some(Guarded { watch: self, watched })
    }

    fn look(&self) {
        let mut state = self.lock();
        while !state.is_over {
            let now = Instant::now();
            state.watched.iter().for_each(|watched| watched.look(now));
            state = if state.watched.is_empty() {
                self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
            } else {
                let waited = self.changed.wait_timeout(state, LOOKS);
                waited.unwrap_or_else(PoisonError::into_inner).0
            };
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watched {
    fn look(&self, now: Instant) {
        // What somebody else stopped before is not late.
        if self.stop.is_interrupted() {
            return;
        }
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.is_late.store(true, Relaxed);
            self.stop.interrupt();
        }
        if self.other.as_ref().is_some_and(InterruptHandle::is_interrupted) {
            self.stop.interrupt();
        }
    }
}

impl Guarded<'_> {
    /// Whether it was stopped because its time was up.
    pub(super) fn is_late(&self) -> bool {
        self.watched.is_late.load(Relaxed)
    }
}

impl Drop for Guarded<'_> {
    fn drop(&mut self) {
        self.watch.lock().watched.retain(|other| !Arc::ptr_eq(other, &self.watched));
    }
}

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        self.0.lock().is_over = true;
        self.0.changed.notify_all();
    }
}
