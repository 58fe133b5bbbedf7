//! The oracle in pieces: paused again and again, and moved to new stores in between.
//!
//! It is an engine like any other, so every test of an engine can test it.

use crate::own::{OwnSession, noting};
use etalon::{
    FuncAddr, HostError, InvokeError, Module, PauseLimits, Progress, ResumeError, StartError, Stop,
    Store, Value,
};

impl OwnSession {
    /// Invokes a function in pieces. After pauses 1, 16, 256 and so on the session continues in a store that is
    /// restored from a snapshot: once in short calls, and rarely in long ones.
    pub(crate) fn invoke_in_pieces(
        &mut self,
        func: FuncAddr,
        args: &[Value],
        piece: u64,
    ) -> Result<Vec<Value>, InvokeError> {
        let execution = match self.store.start(func, args) {
            Ok(execution) => execution,
            // A host function that the module exports again.
            Err(StartError::NotTheOracles) => return self.store.invoke(func, args),
            Err(StartError::Invoke(error)) => return Err(error),
            Err(other) => return Err(Stop::crash(other.to_string()).into()),
        };
        let limits = PauseLimits::instructions(piece);
        let mut pauses = 0u64;
        loop {
            match self.store.resume(execution, &limits) {
                Ok(Progress::Done(values)) => return Ok(values),
                Ok(Progress::Paused(_)) => {
                    pauses += 1;
                    if pauses.is_power_of_two() && pauses.trailing_zeros().is_multiple_of(4) {
                        self.move_elsewhere()?;
                    }
                }
                // No other thread runs, so none can notify.
                Ok(Progress::Waiting(wait)) if wait.timeout < 0 => {
                    self.store.abandon(execution);
                    let text = "the only thread would wait for ever".to_owned();
                    return Err(Stop::Host(HostError(text)).into());
                }
                Ok(Progress::Waiting(_)) => {
                    self.store.time_out(execution);
                }
                Err(ResumeError::Stop(stop)) => return Err(stop.into()),
                Err(other) => return Err(Stop::crash(other.to_string()).into()),
            }
        }
    }

    /// Continues in a store that is restored from this one's snapshot.
    fn move_elsewhere(&mut self) -> Result<(), Stop> {
        let crash = |error: etalon::SnapshotError| Stop::crash(error.to_string());
        let bytes = self.store.snapshot().map_err(crash)?;
        let calls = &self.calls;
        let mut hosts = |import: &etalon::HostImport<'_>| Some(noting(calls, import));
        let restored = Store::restore(&self.engine, &bytes, &self.modules, &mut hosts);
        let before = std::mem::replace(&mut self.store, restored.map_err(crash)?);
        if let Some(tally) = &self.tally {
            tally.add(&before.usage());
        }
        Ok(())
    }

    /// Keeps a module for stores that are restored from snapshots.
    pub(crate) fn keep(&mut self, module: Module) {
        let digest = module.data().digest();
        let is_new = self.modules.iter().all(|m| m.data().digest() != digest);
        if self.piece.is_some() && is_new {
            self.modules.push(module);
        }
    }
}
