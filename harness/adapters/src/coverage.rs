//! Coverage of the specification's rules, as the oracle counts it.

use etalon::unstable::{Opcode, Usage};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The rules of the specification that the oracle used, summed over any number of sessions. Clones share the sum.
#[derive(Clone, Debug, Default)]
pub struct RuleTally(Arc<Mutex<Usage>>);

impl RuleTally {
    /// Nothing used yet.
    pub fn new() -> RuleTally {
        RuleTally::default()
    }

    fn sum(&self) -> MutexGuard<'_, Usage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every rule's name, in the specification's order, and whether it was used in a session that has ended.
    pub fn rules(&self) -> Vec<(&'static str, bool)> {
        self.sum().names()
    }

    /// Every operator's name, and the rules that it used.
    pub fn by_operator(&self) -> Vec<(&'static str, Vec<&'static str>)> {
        let sum = self.sum();
        Opcode::ALL.iter().map(|op| (op.name(), sum.of_operator(*op))).collect()
    }

    /// A number that grows whenever a further rule is reached, by any operator.
    pub fn reached(&self) -> usize {
        let rules = self.rules().iter().filter(|(_, reached)| *reached).count();
        let by_operator: usize = self.by_operator().iter().map(|(_, rules)| rules.len()).sum();
        rules + by_operator
    }

    /// Adds the rules that a session used.
    pub(crate) fn add(&self, usage: &Usage) {
        self.sum().add(usage);
    }
}
