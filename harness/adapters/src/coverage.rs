//! Coverage of the specification's rules, as the oracle tells it.

use etalon::{FuncAddr, Observer, Opcode, Rule, Site};
use std::sync::{Arc, Mutex, PoisonError};

/// Words of 64 rules each.
const WORDS: usize = Rule::ALL.len().div_ceil(64);

/// A set of rules.
type Rules = [u64; WORDS];

/// Which rules have been used, by which operators, summed over any number of sessions. Clones share
/// the sum.
#[derive(Clone, Debug, Default)]
pub struct RuleTally(Arc<Mutex<Used>>);

/// Rules by operator; those of no operator are at the end.
#[derive(Clone, Debug)]
struct Used(Vec<Rules>);

impl Default for Used {
    fn default() -> Self {
        Used(vec![[0; WORDS]; Opcode::ALL.len() + 1])
    }
}

fn contains(rules: &Rules, rule: Rule) -> bool {
    let at = rule as usize;
    rules[at / 64] >> (at % 64) & 1 == 1
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
        let is_used = |rule| used.0.iter().any(|rules| contains(rules, rule));
        Rule::ALL.iter().map(|rule| (rule.name(), is_used(*rule))).collect()
    }

    /// Every operator's name, and the rules that were told of it until the next one began.
    pub fn by_operator(&self) -> Vec<(&'static str, Vec<&'static str>)> {
        let used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |rules: &Rules| {
            Rule::ALL.iter().filter(|r| contains(rules, **r)).map(|r| r.name()).collect()
        };
        Opcode::ALL.iter().map(|op| (op.name(), of(&used.0[*op as usize]))).collect()
    }

    /// An observer of one session; its sum is added when the session ends.
    pub(crate) fn observer(&self) -> RuleObserver {
        RuleObserver { used: Used::default(), present: Opcode::ALL.len(), into: self.clone() }
    }
}

/// Notes the rules of one session: without a lock, since it is told every step.
#[derive(Debug)]
pub(crate) struct RuleObserver {
    used: Used,
    /// The row of the present operator.
    present: usize,
    into: RuleTally,
}

impl Observer for RuleObserver {
    fn operator(&mut self, _func: FuncAddr, _site: Site, opcode: Opcode) {
        self.present = opcode as usize;
    }

    fn rule(&mut self, rule: Rule) {
        let at = rule as usize;
        self.used.0[self.present][at / 64] |= 1 << (at % 64);
    }
}

impl Drop for RuleObserver {
    fn drop(&mut self) {
        let mut sum = self.into.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (sum, used) in sum.0.iter_mut().flatten().zip(self.used.0.iter().flatten()) {
            *sum |= used;
        }
    }
}
