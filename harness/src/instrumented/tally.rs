//! Counts of what agrees.

use std::collections::BTreeMap;
use std::fmt;

/// What agrees on one engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Modules of which at least one call was compared.
    pub modules: u64,
    /// Calls whose gas was compared, each once however many limits it had.
    pub calls: u64,
    /// Runs of calls, each with a limit.
    pub limits: u64,
    /// Of these, how many consumed the same and ended alike.
    pub equal: u64,
    /// Those that did not.
    pub unequal: Vec<Unequal>,
    /// Those of which the engine is at fault: the oracle does with the copy what it does with the module.
    pub of_engine: Vec<Unequal>,
    /// What was not compared, by the reason.
    pub passed_over: BTreeMap<String, u64>,
}

/// A call that does not consume what our meter says, or ends otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unequal {
    /// The name of the case.
    pub case: String,
    /// The call, or `loading`.
    pub call: String,
    /// The limit.
    pub limit: u64,
    /// What the oracle says of the module.
    pub ours: String,
    /// What the engine says of the copy.
    pub theirs: String,
}

impl fmt::Display for Unequal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Unequal { case, call, limit, ours, theirs } = self;
        write!(f, "{case}, {call}, limit {limit}: {ours}; the copy: {theirs}")
    }
}

impl Agreement {
    /// Adds what was counted elsewhere.
    pub fn add(&mut self, other: Agreement) {
        self.modules += other.modules;
        self.calls += other.calls;
        self.limits += other.limits;
        self.equal += other.equal;
        self.unequal.extend(other.unequal);
        self.of_engine.extend(other.of_engine);
        for (why, count) in other.passed_over {
            *self.passed_over.entry(why).or_default() += count;
        }
    }

    pub(super) fn pass(&mut self, why: impl Into<String>) {
        *self.passed_over.entry(why.into()).or_default() += 1;
    }
}
