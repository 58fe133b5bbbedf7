//! Coverage of the specification's rules, as the oracle tells it.

use etalon::{Observer, Rule};
use std::sync::{Arc, Mutex, PoisonError};

/// Which rules have been used, summed over any number of sessions. Clones share the sum.
#[derive(Clone, Debug)]
pub struct RuleTally(Arc<Mutex<Vec<bool>>>);

impl Default for RuleTally {
    fn default() -> Self {
        RuleTally(Arc::new(Mutex::new(vec![false; Rule::ALL.len()])))
    }
}

impl RuleTally {
    /// Nothing used yet.
    pub fn new() -> RuleTally {
        RuleTally::default()
    }

    /// Every rule's name, in the specification's order, and whether it was used in a session that
    /// has ended.
    pub fn rules(&self) -> Vec<(&'static str, bool)> {
        let used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Rule::ALL.iter().map(|rule| (rule.name(), used[*rule as usize])).collect()
    }

    /// An observer of one session; its sum is added when the session ends.
    pub(crate) fn observer(&self) -> RuleObserver {
        RuleObserver { used: vec![false; Rule::ALL.len()], into: self.clone() }
    }
}

/// Notes the rules of one session: without a lock, since it is told every step.
#[derive(Debug)]
pub(crate) struct RuleObserver {
    used: Vec<bool>,
    into: RuleTally,
}

impl Observer for RuleObserver {
    fn rule(&mut self, rule: Rule) {
        self.used[rule as usize] = true;
    }
}

impl Drop for RuleObserver {
    fn drop(&mut self) {
        let mut sum = self.into.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (sum, used) in sum.iter_mut().zip(&self.used) {
            *sum |= used;
        }
    }
}
