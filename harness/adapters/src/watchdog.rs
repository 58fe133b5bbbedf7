//! What ends a case that does not end by itself.

use etalon::{InterruptHandle, unstable};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long an engine may take for one action of a case, and who sees to it.
#[derive(Clone, Debug)]
pub struct TimeLimit {
    /// The limit; `None` if an action ends only when [`Watchdog::stop`] is called.
    pub each: Option<Duration>,
    /// Who interrupts.
    pub watchdog: Watchdog,
}

/// One thread that interrupts whatever runs too long. Clones are the same watchdog; it ends with the last of them.
///
/// Arming and disarming take a lock and a place in two trees. The thread is woken only for a deadline that is earlier than
/// all others, so it sleeps through cases that end in time.
#[derive(Clone, Debug)]
pub struct Watchdog(Arc<Owner>);

/// An action that is watched. When this is dropped the action may no longer be interrupted, and its store can be used again.
#[derive(Debug)]
pub struct Armed {
    shared: Arc<Shared>,
    number: u64,
    deadline: Option<Instant>,
}

#[derive(Debug)]
struct Owner(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The number of the next action.
    next: u64,
    /// The actions under way.
    armed: BTreeMap<u64, InterruptHandle>,
    /// When they are to be interrupted, those that were not yet.
    deadlines: BTreeSet<(Instant, u64)>,
    /// Until when the thread sleeps; `None` if nothing but a notice wakes it.
    wakes: Option<Instant>,
    /// Whether everything is to stop.
    stopped: bool,
    /// Whether the thread is to end.
    over: bool,
}

impl Watchdog {
    /// A watchdog with nothing to watch.
    ///
    /// # Errors
    /// If the system has no thread for it.
    pub fn new() -> io::Result<Watchdog> {
        let shared = Arc::new(Shared::default());
        let watched = Arc::clone(&shared);
        thread::Builder::new().name("watchdog".to_owned()).spawn(move || watched.watch())?;
        Ok(Watchdog(Arc::new(Owner(shared))))
    }

    /// Watches an action: interrupts it after some time, if that is given, and when everything is stopped.
    pub fn arm(&self, handle: InterruptHandle, after: Option<Duration>) -> Armed {
        let shared = Arc::clone(&self.0.0);
        // A limit beyond what a clock can tell is none.
        let deadline = after.and_then(|after| Instant::now().checked_add(after));
        let mut state = shared.lock();
        let number = state.next;
        state.next += 1;
        if state.stopped {
            handle.interrupt();
        }
        state.armed.insert(number, handle);
        if let Some(at) = deadline {
            state.deadlines.insert((at, number));
            if state.wakes.is_none_or(|wakes| at < wakes) {
                shared.changed.notify_one();
            }
        }
        drop(state);
        Armed { shared, number, deadline }
    }

    /// Interrupts what is under way, and whatever begins later.
    pub fn stop(&self) {
        let mut state = self.0.0.lock();
        state.stopped = true;
        state.armed.values().for_each(InterruptHandle::interrupt);
    }

    /// Whether everything is to stop.
    pub fn is_stopped(&self) -> bool {
        self.0.0.lock().stopped
    }
}

impl TimeLimit {
    /// Watches an action of the store that a handle belongs to.
    pub fn arm(&self, handle: InterruptHandle) -> Armed {
        self.watchdog.arm(handle, self.each)
    }
}

impl TimeLimit {
    /// Does work of the harness' own that no engine sees to, such as decoding a module, for as long as an action may take: `None` if it
    /// takes longer. It is done in a thread of its own, which is then left to itself, and told so by a handle.
    ///
    /// # Errors
    /// If the system has no thread left.
    ///
    /// # Panics
    /// If the work does.
    pub fn within<T: Send + 'static>(
        &self,
        work: impl FnOnce(&InterruptHandle) -> T + Send + 'static,
    ) -> io::Result<Option<T>> {
        let handle = unstable::interrupt_handle();
        let _armed = self.arm(handle.clone());
        unstable::until_interrupted(&handle, work)
    }
}

impl Armed {
    /// The action goes on in another store.
    pub fn moved(&self, handle: InterruptHandle) {
        let mut state = self.shared.lock();
        let before = state.armed.insert(self.number, handle.clone());
        if before.is_some_and(|before| before.is_interrupted()) {
            handle.interrupt();
        }
    }
}

impl Drop for Armed {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        if let Some(at) = self.deadline {
            state.deadlines.remove(&(at, self.number));
        }
        // Cleared under the lock: a late interrupt must not reach the next action of the store.
        if let Some(handle) = state.armed.remove(&self.number) {
            handle.clear();
        }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.lock().over = true;
        self.0.changed.notify_one();
    }
}

impl Shared {
    /// No lock is held where anything can panic.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watch(&self) {
        let mut state = self.lock();
        while !state.over {
            let now = Instant::now();
            while let Some(&(at, number)) = state.deadlines.first()
                && at <= now
            {
                state.deadlines.pop_first();
                if let Some(handle) = state.armed.get(&number) {
                    handle.interrupt();
                }
            }
            state.wakes = state.deadlines.first().map(|(at, _)| *at);
            state = match state.wakes {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(at) => {
                    let left = at.saturating_duration_since(now);
                    let woken = self.changed.wait_timeout(state, left);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use etalon::{Config, Engine, Store};
    use std::sync::mpsc;

    fn handle() -> InterruptHandle {
        let engine = Engine::new(Config::new().interruptible(true)).unwrap();
        Store::new(&engine, ()).interrupt_handle().unwrap()
    }

    /// Waits until a flag is up, however long that takes.
    fn until_interrupted(handle: &InterruptHandle) {
        while !handle.is_interrupted() {
            thread::yield_now();
        }
    }

    #[test]
    fn what_is_over_time_is_interrupted_and_cleared_when_it_ends() {
        let (dog, late, never) = (Watchdog::new().unwrap(), handle(), handle());
        let patient = dog.arm(never.clone(), None);
        let long = dog.arm(never.clone(), Some(Duration::MAX));
        let armed = dog.arm(late.clone(), Some(Duration::ZERO));
        until_interrupted(&late);
        assert!(!never.is_interrupted(), "it has no limit that is ever reached");
        drop(armed);
        assert!(!late.is_interrupted(), "the next action of the store is not meant");
        drop((patient, long));
        let state = dog.0.0.lock();
        assert!(state.armed.is_empty() && state.deadlines.is_empty());
    }

    /// A deadline before all others wakes the thread, whatever it sleeps for.
    #[test]
    fn the_earliest_deadline_counts() {
        let dog = Watchdog::new().unwrap();
        let (slow, fast) = (handle(), handle());
        let first = dog.arm(slow.clone(), Some(Duration::from_secs(100_000)));
        while dog.0.0.lock().wakes.is_none() {
            thread::yield_now();
        }
        let second = dog.arm(fast.clone(), Some(Duration::ZERO));
        until_interrupted(&fast);
        assert!(!slow.is_interrupted());
        drop((first, second));
    }

    #[test]
    fn a_stop_reaches_what_runs_and_what_begins_later() {
        let dog = Watchdog::new().unwrap();
        let (before, after) = (handle(), handle());
        let first = dog.arm(before.clone(), None);
        assert!(!dog.is_stopped() && !before.is_interrupted());
        dog.stop();
        assert!(dog.is_stopped() && before.is_interrupted());
        let second = dog.clone().arm(after.clone(), Some(Duration::from_secs(100_000)));
        assert!(after.is_interrupted());
        drop((first, second));
        assert!(!before.is_interrupted() && !after.is_interrupted());
    }

    #[test]
    fn an_action_that_moves_takes_its_interrupt_along() {
        let dog = Watchdog::new().unwrap();
        let (old, new) = (handle(), handle());
        let armed = dog.arm(old, None);
        armed.moved(new.clone());
        assert!(!new.is_interrupted());
        dog.stop();
        assert!(new.is_interrupted());
        let newest = handle();
        armed.moved(newest.clone());
        assert!(newest.is_interrupted(), "it was to stop before it moved");
    }

    /// This work ends only after nobody waits for it any more: if that were waited for, this test would not end.
    #[test]
    fn work_beyond_the_limit_is_not_waited_for() {
        let stopped = Watchdog::new().unwrap();
        stopped.stop();
        for (each, watchdog) in
            [(Some(Duration::from_millis(1)), Watchdog::new().unwrap()), (None, stopped)]
        {
            let (hold, held) = mpsc::channel::<()>();
            let limit = TimeLimit { each, watchdog };
            assert!(limit.within(move |_| held.recv().is_ok()).unwrap().is_none());
            drop(hold);
        }
        let limit = TimeLimit { each: None, watchdog: Watchdog::new().unwrap() };
        assert_eq!(limit.within(|_| 7).unwrap(), Some(7));
    }

    /// The thread ends with its watchdog: this would hang otherwise, or leak.
    #[test]
    fn the_thread_ends_with_the_last_clone() {
        let dog = Watchdog::new().unwrap();
        let shared = Arc::downgrade(&dog.0.0);
        drop(dog);
        while shared.strong_count() > 0 {
            thread::yield_now();
        }
    }
}
