//! Runs an entry again.

use super::entry::Entry;
use super::expect::mismatch;
use crate::diff::{DiffOptions, Differ, RunOptions, Verdict};
use crate::settings::{named_schedule, usual_gas};
use etalon_adapters::{Adapter, AdapterError};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// A difference between an entry and what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The engine, or the two that differ.
    pub engines: String,
    /// The call, from 1; 0 is loading.
    pub step: usize,
    /// What was expected, and what happened.
    pub text: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            0 => write!(f, "{}, loading: {}", self.engines, self.text),
            call => write!(f, "{}, call {call}: {}", self.engines, self.text),
        }
    }
}

/// Runs an entry on those of `engines` that it is for. Each must do what is expected, and all must agree.
///
/// # Errors
/// If an engine cannot be set up.
pub fn replay(entry: &Entry, engines: &[Arc<dyn Adapter>]) -> Result<Vec<Mismatch>, AdapterError> {
    let wanted = &entry.file.engines;
    let engines: Vec<_> = engines
        .iter()
        .filter(|engine| wanted.is_empty() || wanted.contains(&engine.info().name))
        .cloned()
        .collect();
    let mut gas = usual_gas(entry.file.gas);
    if let Some(schedule) = entry.file.schedule.as_deref().and_then(named_schedule) {
        gas.schedule = schedule;
    }
    let options = DiffOptions {
        run: RunOptions { features: entry.features, gas: Some(gas), state: true, time: None },
        policies: BTreeSet::new(),
        trap_prefix: false,
        laws: entry.file.found.as_ref().is_some_and(|found| found.what.is_law()),
    };
    let differ = Differ::new(engines, options);
    let judged = differ.judge(&entry.case)?;
    let mut mismatches = Vec::new();
    if let Verdict::Diverged { engine, difference } = &judged.verdict {
        let divergence = differ.divergence(&entry.case, &judged, *engine, difference);
        let seen: Vec<String> =
            divergence.by_engine.iter().map(|(name, seen)| format!("{name} {seen}")).collect();
        mismatches.push(Mismatch {
            engines: differ.names().collect::<Vec<_>>().join(", "),
            step: difference.step,
            text: format!("{} differs: {}", divergence.what, seen.join(" | ")),
        });
    }
    for (name, trace) in differ.names().zip(&judged.traces) {
        for (step, expected) in entry.expected.iter().enumerate() {
            let text = match (trace.steps.get(step), expected) {
                (Some(seen), Some(expected)) => mismatch(seen, expected),
                (Some(_), None) => None,
                (None, _) => Some("not reached".to_owned()),
            };
            if let Some(text) = text {
                mismatches.push(Mismatch { engines: name.to_owned(), step, text });
                break;
            }
        }
    }
    Ok(mismatches)
}
