//! Observers: what watches the oracle while it runs.

mod functions;
mod ledger;
mod of_operator;
mod relaxed;
mod rule;
mod tell;

pub(crate) use functions::functions_of;
pub use ledger::ExecutedLedger;
pub(crate) use of_operator::{access_rules, rules_of};
pub(crate) use relaxed::visible_choice;
pub use rule::Rule;
pub(crate) use tell::{Crossed, tell, tell_all, tell_branch, tell_context, tell_tail_call};

use crate::program::Program;
use etalon_module::Opcode;
use etalon_runtime::{FuncAddr, Site};
use std::sync::{Arc, Mutex, PoisonError};

/// Something that is told what the oracle does, step by step.
///
/// With an observer every instruction is one operation, so nothing is told that a plain run would
/// not do, and outcome and gas are those of a plain run.
pub trait Observer {
    /// An instruction begins.
    fn operator(&mut self, func: FuncAddr, site: Site, opcode: Opcode) {
        _ = (func, site, opcode);
    }

    /// A rule of the specification was used. Rules that only say that another was used, as
    /// `Step/pure` and `Step/ctxt-label`, are told too.
    fn rule(&mut self, rule: Rule) {
        _ = rule;
    }

    /// A function of this tier is entered; `gas` is what its entry costs besides its instructions.
    fn enter(&mut self, func: FuncAddr, gas: u64) {
        _ = (func, gas);
    }

    /// A function of this tier returns.
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

/// What the machine's loop is compiled for: with an observer, or without any trace of one.
pub(crate) trait Watch {
    /// Whether anything is told.
    const ON: bool;

    /// The observer, if there is one.
    fn observer(&mut self) -> Option<&mut dyn Observer>;

    /// Whether the machine is to stop before an instruction, whose operation is at `pc`; `gas` is what
    /// is left.
    fn stops(&mut self, program: &Program, pc: u32, opcode: Opcode, gas: u64) -> bool {
        _ = (program, pc, opcode, gas);
        false
    }
}

/// Nobody watches.
#[derive(Debug)]
pub(crate) struct NoObserver;

impl Watch for NoObserver {
    const ON: bool = false;

    fn observer(&mut self) -> Option<&mut dyn Observer> {
        None
    }
}

/// An observer watches.
pub(crate) struct Watched<'a>(pub(crate) &'a mut (dyn Observer + Send));

impl Watch for Watched<'_> {
    const ON: bool = true;

    fn observer(&mut self) -> Option<&mut dyn Observer> {
        Some(self.0)
    }
}
