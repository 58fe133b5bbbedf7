//! Counts over the cases of a run.

use crate::diff::{Case, Differ, Difference, Judged, Verdict, outcome_name};
use crate::generate::count_operators;
use etalon_adapters::{Features, Outcome};
use etalon_module::Opcode;
use etalon_record::Coverage;
use std::collections::BTreeMap;

/// Counts of a run, and one case of each kind of divergence.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) cases: u64,
    pub(crate) kinds: BTreeMap<String, Kind>,
    pub(crate) poisoned: BTreeMap<String, u64>,
    operators: BTreeMap<String, u64>,
    outcomes: BTreeMap<String, u64>,
}

/// Divergences with the same symptoms, and the first case that showed them.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) number: u64,
    pub(crate) case: Case,
    pub(crate) difference: Difference,
    pub(crate) cases: u64,
}

impl Tally {
    /// Adds a judged case.
    pub(crate) fn add(
        &mut self,
        differ: &Differ,
        features: Features,
        number: u64,
        case: Case,
        judged: Judged,
    ) {
        self.cases += 1;
        count_operators(&case.wasm, features, &mut self.operators);
        // Only the first engine is counted: the others did the same, or the case diverged.
        for (i, step) in judged.traces.iter().take(1).flat_map(|t| t.steps.iter().enumerate()) {
            let name = outcome_name(i, &step.outcome);
            *self.outcomes.entry(name).or_default() += 1;
        }
        match &judged.verdict {
            Verdict::Agree => {}
            Verdict::Poisoned(policy) => {
                *self.poisoned.entry(policy.name().to_owned()).or_default() += 1;
            }
            Verdict::Diverged { engine, difference } => {
                let signature = signature(differ, &judged, *engine, difference);
                let difference = difference.clone();
                let kind = self.kinds.entry(signature).or_insert_with(|| Kind {
                    number,
                    case: case.clone(),
                    difference: difference.clone(),
                    cases: 0,
                });
                kind.cases += 1;
                // Threads finish in any order, so the case with the lowest number represents the kind.
                if number < kind.number {
                    (kind.number, kind.case, kind.difference) = (number, case, difference);
                }
            }
        }
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
            outcomes: self.outcomes.clone(),
            rules: None,
        }
    }
}

/// Whether a proposal of the decoder's list is enabled. Proposals that are always enabled count as version 1.0.
fn allows(features: Features, proposal: &str) -> bool {
    let name = match proposal {
        "mvp" => return true,
        "sign_extension" => "sign-extension-ops",
        "saturating_float_to_int" => "nontrapping-float-to-int-conversions",
        "legacy_exceptions" => "legacy-exceptions",
        other => return features.names().contains(&other.replace('_', "-").as_str()),
    };
    features.names().contains(&name)
}

/// What divergences of the same kind have in common: which engines differ, in what aspect, at loading or at a call, and how each ended.
fn signature(differ: &Differ, judged: &Judged, engine: usize, difference: &Difference) -> String {
    let names: Vec<&str> = differ.names().collect();
    let mut signature = difference.aspect.name().to_owned();
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
