//! Observers: what watches the oracle while it runs.

use etalon_module::{Opcode, Rule};
use etalon_runtime::{FuncAddr, Site};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Something that is told what the oracle does, step by step. Nothing that the oracle does depends on it.
pub trait Observer {
    /// An instruction begins.
    fn operator(&mut self, func: FuncAddr, site: Site, opcode: Opcode) {
        _ = (func, site, opcode);
    }

    /// A rule of the specification was applied.
    fn rule(&mut self, rule: Rule) {
        _ = rule;
    }

    /// A function of the oracle is entered; `gas` is what its entry costs besides its instructions.
    fn enter(&mut self, func: FuncAddr, gas: u64) {
        _ = (func, gas);
    }

    /// A function of the oracle is left, by a return, a tail call, an exception or a trap.
    fn exit(&mut self, func: FuncAddr) {
        _ = func;
    }

    /// Gas was taken for what an instruction touched, besides its weight.
    fn dynamic_charge(&mut self, gas: u64) {
        _ = gas;
    }
}

/// An observer that is read while the oracle holds it.
impl<T: Observer> Observer for Arc<Mutex<T>> {
    fn operator(&mut self, func: FuncAddr, site: Site, opcode: Opcode) {
        self.lock().unwrap_or_else(PoisonError::into_inner).operator(func, site, opcode);
    }

    fn rule(&mut self, rule: Rule) {
        self.lock().unwrap_or_else(PoisonError::into_inner).rule(rule);
    }

    fn enter(&mut self, func: FuncAddr, gas: u64) {
        self.lock().unwrap_or_else(PoisonError::into_inner).enter(func, gas);
    }

    fn exit(&mut self, func: FuncAddr) {
        self.lock().unwrap_or_else(PoisonError::into_inner).exit(func);
    }

    fn dynamic_charge(&mut self, gas: u64) {
        self.lock().unwrap_or_else(PoisonError::into_inner).dynamic_charge(gas);
    }
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
