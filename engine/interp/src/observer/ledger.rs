//! The second count of gas: what was executed, not what was charged.

use super::Observer;
use etalon_gas::Schedule;
use etalon_module::Opcode;
use etalon_runtime::{FuncAddr, Site};
use std::sync::Arc;

/// Adds up the weights of executed operators, one by one (gas-1, section 11: the law *ledger*).
#[derive(Clone, Debug)]
pub struct ExecutedLedger {
    schedule: Arc<Schedule>,
    weights: u64,
    entries: u64,
    dynamic: u64,
}

impl ExecutedLedger {
    /// An empty ledger.
    pub fn new(schedule: Arc<Schedule>) -> ExecutedLedger {
        ExecutedLedger { schedule, weights: 0, entries: 0, dynamic: 0 }
    }

    /// The weights of all operators executed, in gas.
    pub fn weights(&self) -> u64 {
        self.weights
    }

    /// What entering functions cost besides, in gas.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// What operators cost for what they touched, in gas.
    pub fn dynamic(&self) -> u64 {
        self.dynamic
    }

    /// All of it, in gas: what a run that ends normally consumes, host calls left out.
    pub fn total(&self) -> u64 {
        self.weights.saturating_add(self.entries).saturating_add(self.dynamic)
    }
}

impl Observer for ExecutedLedger {
    fn operator(&mut self, _func: FuncAddr, _site: Site, opcode: Opcode) {
        self.weights = self.weights.saturating_add(self.schedule.weight(opcode).into());
    }

    fn enter(&mut self, _func: FuncAddr, gas: u64) {
        self.entries = self.entries.saturating_add(gas);
    }

    fn dynamic_charge(&mut self, gas: u64) {
        self.dynamic = self.dynamic.saturating_add(gas);
    }
}
