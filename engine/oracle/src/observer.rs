//! Observers: what watches the oracle while it runs.

use etalon_module::{Opcode, Rule};
use etalon_runtime::{FuncAddr, Site};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Something that is told what the oracle does, step by step. Nothing that the oracle does depends on it.
pub trait Observer {
    /// An instruction begins.
    fn operator(&mut self, _func: FuncAddr, _site: Site, _opcode: Opcode) {}

    /// A rule of the specification was applied.
    fn rule(&mut self, _rule: Rule) {}

    /// A function of the oracle is entered, by its index in its module; `gas` is what its entry costs besides its instructions.
    fn enter(&mut self, _func: FuncAddr, _index: u32, _gas: u64) {}

    /// A function of the oracle is left, by a return, a tail call, an exception or a trap.
    fn exit(&mut self, _func: FuncAddr) {}

    /// Gas was taken for what an instruction touched, besides its weight.
    fn dynamic_charge(&mut self, _gas: u64) {}
}

/// The observer of an oracle. Threads of one store take turns, so its lock is never waited for.
pub(crate) struct Watching(Mutex<Box<dyn Observer + Send>>);

impl Watching {
    pub(crate) fn new(observer: Box<dyn Observer + Send>) -> Watching {
        Watching(Mutex::new(observer))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Box<dyn Observer + Send>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Watching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watching")
    }
}
