//! Counts over the cases of a campaign.

use super::ranges::Ranges;
use super::run::Cells;
use super::save::{Shown, describe};
use crate::diff::{Case, Differ, Difference, Judged, LOADING, Trace, Verdict, outcome_name};
use crate::generate::{allows, count_operators};
use etalon_adapters::{Features, Outcome};
use etalon_module::Opcode;
use etalon_record::{Aspect, Coverage, Finding, Generator, LawCoverage};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Counts over cases, and of each kind of divergence the case with the lowest number. Adding up tallies gives the same in any
/// order, so neither threads nor interruptions show in a sum.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Tally {
    /// The modules that were finished.
    pub(crate) finished: Ranges,
    /// Kinds of divergence, by what their cases have in common.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) kinds: BTreeMap<String, Kind>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) poisoned: BTreeMap<String, u64>,
    /// By engine, how many globals and memories it did not tell.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) untold: BTreeMap<String, u64>,
    pub(crate) timed_out: u64,
    pub(crate) operators: BTreeMap<String, u64>,
    /// What each generator did.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) generators: BTreeMap<String, Generator>,
    /// What the laws of gas-1 were checked on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) laws: Option<LawCoverage>,
    /// How the actions of the first engine ended.
    pub(crate) outcomes: BTreeMap<String, u64>,
}

/// Divergences with the same symptoms, and the case that stands for them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kind {
    /// The case's number, from which it can be made again.
    pub(crate) number: u64,
    pub(crate) difference: Difference,
    /// In how many modules it showed.
    pub(crate) cases: u64,
    /// The finding before it is reduced.
    pub(crate) finding: Finding,
}

impl Tally {
    /// The tally of one case.
    pub(crate) fn of(
        differ: &Differ,
        features: Features,
        number: u64,
        case: &Case,
        judged: &Judged,
    ) -> Self {
        let mut tally = Tally { finished: Ranges::of(number), ..Tally::default() };
        count_operators(&case.wasm, features, &mut tally.operators);
        // Only the first engine is counted: the others did the same, or the case diverged.
        for (i, step) in judged.traces.iter().take(1).flat_map(|t| t.steps.iter().enumerate()) {
            let name = outcome_name(i, &step.outcome);
            *tally.outcomes.entry(name).or_default() += 1;
        }
        tally.laws = judged.laws.as_ref().map(|laws| laws.coverage.clone());
        let untold = differ.untold(judged).into_iter();
        tally.untold = untold.map(|(name, count)| (name.to_owned(), count)).collect();
        let (engine, difference) = match &judged.verdict {
            Verdict::Agree => return tally,
            Verdict::Poisoned(policy) => {
                tally.poisoned.insert(policy.name().to_owned(), 1);
                return tally;
            }
            Verdict::TimedOut { step, partly } => {
                tally.timed_out = 1;
                if !partly {
                    return tally;
                }
                (0, Difference { aspect: Aspect::Time, step: *step })
            }
            Verdict::Diverged { engine, difference } => (*engine, difference.clone()),
        };
        let signature = signature(differ, judged, engine, &difference);
        let shown = Shown { original: case, case, judged, cause: None, since: None, cases: 1 };
        let (finding, _) = describe(differ, shown);
        let kind = Kind { number, difference, cases: 1, finding };
        tally.kinds.insert(signature, kind);
        tally
    }

    /// Adds what the generator of the module did. In a tally of one module, the operators are its own.
    pub(crate) fn generated(&mut self, profile: &str, cells: &Cells, case: &Case, judged: &Judged) {
        let mut ended = BTreeMap::<&str, BTreeMap<String, u64>>::new();
        let steps = judged.traces.first().map_or(&[][..], |trace| &trace.steps[1..]);
        for (call, step) in case.calls.iter().zip(steps) {
            let outcomes = ended.entry(&call.export).or_default();
            *outcomes.entry(step.outcome.kind().to_string()).or_default() += 1;
        }
        let one = self.generators.entry(profile.to_owned()).or_default();
        one.modules += 1;
        one.cases += steps.len() as u64;
        for (func, op, kind) in cells {
            // Of the whole module, but for an export that has no name.
            if func.is_empty() && !ended.contains_key("") {
                *one.cells.entry(format!("{op} {kind}")).or_default() += 1;
            }
            for (outcome, count) in ended.get(&**func).into_iter().flatten() {
                *one.cells.entry(format!("{op} {kind} {outcome}")).or_default() += count;
            }
        }
    }

    /// How many modules were finished.
    pub(crate) fn modules(&self) -> u64 {
        self.finished.count()
    }

    /// How many cases were compared: calls, which are the actions that did not load a module.
    pub(crate) fn cases(&self) -> u64 {
        let outcomes = self.outcomes.iter();
        outcomes.filter(|(name, _)| !name.starts_with(LOADING)).map(|(_, n)| n).sum()
    }

    /// Adds the tally of other cases.
    pub(crate) fn add(&mut self, other: Tally) {
        self.finished.extend(&other.finished);
        self.timed_out += other.timed_out;
        for (sum, counts) in [
            (&mut self.poisoned, other.poisoned),
            (&mut self.untold, other.untold),
            (&mut self.operators, other.operators),
            (&mut self.outcomes, other.outcomes),
        ] {
            for (name, count) in counts {
                *sum.entry(name).or_default() += count;
            }
        }
        if let Some(laws) = other.laws {
            self.laws.get_or_insert_default().add(laws);
        }
        for (name, other) in other.generators {
            let sum = self.generators.entry(name).or_default();
            sum.modules += other.modules;
            sum.cases += other.cases;
            for (cell, count) in other.cells {
                *sum.cells.entry(cell).or_default() += count;
            }
        }
        for (signature, kind) in other.kinds {
            match self.kinds.get_mut(&signature) {
                None => {
                    self.kinds.insert(signature, kind);
                }
                Some(known) => {
                    let cases = known.cases + kind.cases;
                    if kind.number < known.number {
                        *known = kind;
                    }
                    known.cases = cases;
                }
            }
        }
    }

    /// The kinds, in the order of the cases that stand for them.
    pub(crate) fn kinds_in_order(&self) -> Vec<&Kind> {
        let mut kinds: Vec<&Kind> = self.kinds.values().collect();
        kinds.sort_by_key(|kind| kind.number);
        kinds
    }

    /// Which of the operators that `features` allow were reached by the cases.
    pub(crate) fn coverage(&self, features: Features) -> Coverage {
        let allowed = Opcode::ALL.iter().filter(|op| allows(features, op.proposal()));
        let names: Vec<&str> = allowed.map(|op| op.name()).collect();
        let mut missing: Vec<String> = names
            .iter()
            .filter(|name| !self.operators.contains_key(**name))
            .map(|name| (*name).to_owned())
            .collect();
        missing.sort();
        Coverage {
            operators_total: names.len() as u64,
            operators_reached: (names.len() - missing.len()) as u64,
            missing,
            operators: self.operators.clone(),
            rules: None,
        }
    }
}

/// What divergences of the same kind have in common: which engines differ, in what aspect, at loading or at a call, and how each ended.
fn signature(differ: &Differ, judged: &Judged, engine: usize, difference: &Difference) -> String {
    let names: Vec<&str> = differ.names().collect();
    let mut signature = difference.aspect.name().to_owned();
    if difference.aspect == Aspect::Time {
        let late = |trace: &&Trace| trace.timed_out() == Some(difference.step);
        let late = judged.traces.iter().zip(names).filter(|(trace, _)| late(trace));
        let late: Vec<&str> = late.map(|(_, name)| name).collect();
        let place = if difference.step == 0 { "loading" } else { "a call" };
        return format!("{signature} {} in {place}", late.join(" "));
    }
    for i in [0, engine] {
        let step = judged.traces.get(i).and_then(|trace| trace.steps.get(difference.step));
        let ended = step.map(|step| match &step.outcome {
            // The text of a crash tells one bug from another; the numbers in it do not.
            Outcome::Crashed(text) => {
                format!("crashed {}", text.replace(|c: char| c.is_ascii_digit(), ""))
            }
            other => outcome_name(difference.step, other),
        });
        signature.push_str(&format!(" {} {}", names[i], ended.unwrap_or_default()));
    }
    signature
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::{Call, Step};

    /// Cells without a function are of the whole module, unless that is the name of an export.
    #[test]
    fn an_export_without_a_name_is_no_whole_module() {
        let returned = || Step::ended(Outcome::Returned(Vec::new()));
        let trace = Trace { steps: vec![returned(), returned()], not_compiled: 0 };
        let judged = Judged { traces: vec![trace], verdict: Verdict::Agree, laws: None };
        let cells: Cells = vec![(String::new(), "i32.add".into(), "constant".into())];
        for (export, expected) in [("", "i32.add constant returned"), ("s0", "i32.add constant")] {
            let call = Call { export: export.into(), args: Vec::new() };
            let mut tally = Tally::default();
            tally.generated("any", &cells, &Case::new("case", Vec::new(), vec![call]), &judged);
            let cells: Vec<_> = tally.generators["any"].cells.keys().collect();
            assert_eq!(cells, [expected]);
        }
    }
}
