//! What the laws of gas-1 were checked on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the laws of gas-1 were checked on, and how far that reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LawCoverage {
    /// How many modules were under the laws.
    pub modules: u64,
    /// How many modules were not, by the reason: `refused`, `endless`, `late`…
    pub left_out: BTreeMap<String, u64>,
    /// How many calls the modules under the laws had.
    pub calls: u64,
    /// How many runs were made of them, over all engines.
    pub runs: u64,
    /// How many limits below what a run consumes were tried, over all engines.
    pub limits: u64,
    /// How many calls of host functions one run of each module had.
    pub host_calls: u64,
    /// How often each operator was executed, as the oracle counts it in one run of each module.
    pub executed: BTreeMap<String, u64>,
    /// How many operators there are.
    pub operators_total: u64,
    /// The operators of D that were executed, of those that there are: how often.
    pub dynamic: BTreeMap<String, u64>,
    /// How many operators D has.
    pub dynamic_total: u64,
    /// How often calls and loading trapped, by the trap.
    pub traps: BTreeMap<String, u64>,
    /// By the id of the schedule, how many modules ran under it.
    pub schedules: BTreeMap<String, u64>,
    /// By the names of the engines, how many modules ran on them.
    pub settings: BTreeMap<String, u64>,
}

impl LawCoverage {
    /// Adds what other modules covered.
    pub fn add(&mut self, other: Self) {
        self.modules += other.modules;
        self.calls += other.calls;
        self.runs += other.runs;
        self.limits += other.limits;
        self.host_calls += other.host_calls;
        self.operators_total = self.operators_total.max(other.operators_total);
        self.dynamic_total = self.dynamic_total.max(other.dynamic_total);
        for (sum, counts) in [
            (&mut self.left_out, other.left_out),
            (&mut self.executed, other.executed),
            (&mut self.dynamic, other.dynamic),
            (&mut self.traps, other.traps),
            (&mut self.schedules, other.schedules),
            (&mut self.settings, other.settings),
        ] {
            for (name, count) in counts {
                *sum.entry(name).or_default() += count;
            }
        }
    }
}
