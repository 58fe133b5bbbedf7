//! The oracle in pieces: paused again and again, and moved to new stores in between.
//!
//! It is an engine like any other, so every test of an engine can test it.

use crate::outcome::Outcome;
use crate::own_session::OwnSession;
use crate::own_values::returned;
use crate::watchdog::Armed;
use etalon::unstable::{self, Rebind};
use etalon::{Error, Execution, ExecutionError, Func, Module, PauseLimits, Progress, Store, Val};

/// Bytes of memories from which on a snapshot is worth a part of a second, if they are touched.
const LARGE: u64 = 64 << 20;

impl OwnSession {
    /// Invokes a function in pieces. After pauses 1, 16, 256 and so on the session continues in a store that is
    /// restored from a snapshot: once in short calls, and rarely in long ones. Where there is a limit of time, it is looked at
    /// in between, and stores with large memories stay where they are.
    pub(crate) fn invoke_in_pieces(
        &mut self,
        func: Func,
        args: &[Val],
        piece: u64,
        watched: Option<&Armed>,
    ) -> Outcome {
        let mut execution = match self.store.start(func, args) {
            Ok(execution) => execution,
            // A host function that the module exports again.
            Err(error) if error.is::<ExecutionError>() => return self.invoke_at_once(func, args),
            Err(error) => return self.stopped(&error),
        };
        let limits = PauseLimits::instructions(piece);
        let mut pauses = 0u64;
        loop {
            match self.store.resume(execution, &limits) {
                Ok(Progress::Done(values)) => return returned(&self.store, &values),
                Ok(Progress::Paused(_)) => {
                    pauses += 1;
                    let is_due =
                        pauses.is_power_of_two() && pauses.trailing_zeros().is_multiple_of(4);
                    if is_due && !(watched.is_some() && self.is_large()) {
                        match self.move_elsewhere(execution) {
                            Ok(Some(moved)) => execution = moved,
                            // The next piece says so.
                            Ok(None) => continue,
                            Err(error) => return Outcome::Crashed(format!("{error:#}")),
                        }
                        // The new store has a flag of its own.
                        if let Some((watched, handle)) =
                            watched.zip(self.store.interrupt_handle().ok())
                        {
                            watched.moved(handle);
                        }
                    }
                }
                // No other thread runs, so none can notify.
                Ok(Progress::Waiting(wait)) if wait.timeout < 0 => {
                    self.store.abandon(execution);
                    let text = "the only thread would wait for ever".to_owned();
                    return Outcome::HostError(text);
                }
                Ok(Progress::Waiting(_)) => {
                    self.store.time_out(execution);
                }
                Err(error) if error.is::<ExecutionError>() => {
                    return Outcome::Crashed(error.to_string());
                }
                Err(error) => return self.stopped(&error),
            }
        }
    }

    /// Whether a snapshot may take longer than a limit should.
    fn is_large(&self) -> bool {
        unstable::store_bytes(&self.store) > LARGE
    }

    /// Whether the time is over.
    fn is_over(&self) -> bool {
        self.store.interrupt_handle().is_ok_and(|handle| handle.is_interrupted())
    }

    /// Continues in a store that is restored from this one's snapshot: what the session knows of the old one is of the
    /// new one then. `None` if the time is over, and nothing has changed.
    fn move_elsewhere(&mut self, execution: Execution) -> Result<Option<Execution>, Error> {
        if self.is_over() {
            return Ok(None);
        }
        let at = self.store.paused().iter().position(|paused| *paused == execution);
        let bytes = self.store.snapshot()?;
        if self.is_over() {
            return Ok(None);
        }
        let calls = std::mem::take(self.store.data_mut());
        let restored = Store::restore(&self.engine, calls, &bytes, &self.modules, &self.hosts)?;
        let lost = || Error::msg("the restored store lacks something");
        let rebind = |linker: &etalon::Linker<_>| linker.clone().rebind(&restored).ok_or_else(lost);
        self.linker = rebind(&self.linker)?;
        self.spectest = rebind(&self.spectest)?;
        for linker in self.others.values_mut() {
            *linker = rebind(linker)?;
        }
        for instance in &mut self.instances {
            *instance = instance.rebind(&restored).ok_or_else(lost)?;
        }
        let before = std::mem::replace(&mut self.store, restored);
        if let Some(tally) = &self.tally {
            tally.add(&unstable::usage(&before));
        }
        at.and_then(|at| self.store.paused().get(at).copied()).map(Some).ok_or_else(lost)
    }

    /// Keeps a module for stores that are restored from snapshots.
    pub(crate) fn keep(&mut self, module: Module) {
        let digest = |module: &Module| unstable::module_data(module).digest();
        let is_new = self.modules.iter().all(|m| digest(m) != digest(&module));
        if self.piece.is_some() && is_new {
            self.modules.push(module);
        }
    }
}
