//! Whether a difference comes from what the specification leaves open.
//!
//! Bits of a NaN, a lane of a relaxed instruction or a page that was not to be had may flow anywhere. So the engines also run a copy
//! of the module in which NaNs are canonical, relaxed instructions are others that are not, and each growth that fails is told: what
//! differs in the copy too has another cause, unless other growths failed.

use super::compare::{Difference, Rules, first_difference};
use super::policy::Policy;
use super::trace::{Step, Trace};
use crate::rewrite::{GROWTH, Has, MADE, growths};
use etalon_adapters::Val;
use etalon_record::Aspect;

/// What two engines did in the copy.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) traces: [Trace; 2],
    /// What the module has that is open.
    pub(super) has: Has,
    pub(super) rules: Rules,
}

impl Decided {
    /// Why a difference in the module is allowed; `None` if nothing that is open explains it.
    pub(super) fn excuse(&self, difference: &Difference) -> Option<Policy> {
        if matches!(difference.aspect, Aspect::Crash | Aspect::Loading) {
            return None;
        }
        let [a, b] = self.traces.each_ref().map(|trace| trace.steps.get(difference.step));
        let (a, b) = (a?, b?);
        if !a.outcome.goes_on() || !b.outcome.goes_on() {
            return None;
        }
        let allows = |policy: Policy| self.rules.policies.contains(&policy).then_some(policy);
        if let (Some(a), Some(b)) = (grown(a), grown(b))
            && a != b
        {
            return allows(Policy::Grow);
        }
        if first_difference(a, b, &self.rules).is_some() {
            return None;
        }
        let made = |trace: &Trace| {
            let steps = trace.steps.iter().take(difference.step + 1);
            steps.into_iter().any(|step| told(step, MADE).is_some_and(|told| told != Val::I64(0)))
        };
        match self.has.nans && self.traces.iter().any(made) {
            true => allows(Policy::NanBits),
            false => self.has.relaxed.then(|| allows(Policy::Relaxed)).flatten(),
        }
    }
}

/// Which growths failed until after a step; `None` if it is not told, or what is told does not fit together: an engine that reads its
/// globals wrongly is not excused by what it reads there.
fn grown(step: &Step) -> Option<(i64, i32)> {
    let [grown, mixed, count] = GROWTH.map(|name| told(step, name));
    growths([grown?, mixed?, count?])
}

/// What a global of the copy told after a step.
fn told(step: &Step, name: &str) -> Option<Val> {
    step.globals.iter().find(|(global, _)| global == name).map(|(_, value)| *value)
}
