//! Gas snapshots: the gas of each call of an entry, as text.

use crate::corpus::Entry;
use crate::diff::{RunOptions, observation, observe};
use crate::settings::usual_gas;
use etalon_adapters::{Adapter, AdapterError};
use std::fmt;
use thiserror::Error;

/// The gas of one action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GasLine {
    /// The export; absent for loading.
    pub export: Option<String>,
    /// The arguments.
    pub args: Vec<String>,
    /// How it ended, with its results.
    pub outcome: String,
    /// Gas of this action alone, in units of the schedule.
    pub gas: u64,
}

/// Why there are no lines.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SnapshotError {
    /// The engine cannot be set up.
    #[error(transparent)]
    Adapter(#[from] AdapterError),
    /// The engine does not meter.
    #[error("{0} does not meter gas")]
    Unmetered(String),
}

impl fmt::Display for GasLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.export {
            Some(export) => write!(f, "{export}({})", self.args.join(", "))?,
            None => f.write_str("instantiation")?,
        }
        write!(f, " {}: {} gas", self.outcome, self.gas)
    }
}

/// Runs an entry on an engine: loading, then each call of the one instance, under the default schedule.
///
/// # Errors
/// If the engine cannot be set up or does not meter.
pub fn gas_lines(entry: &Entry, adapter: &dyn Adapter) -> Result<Vec<GasLine>, SnapshotError> {
    let gas = Some(usual_gas(entry.file.gas));
    let options = RunOptions { features: entry.features, gas, state: false, time: None };
    let trace = observe(adapter, &options, &entry.case)?;
    let mut before = 0;
    let mut lines = Vec::new();
    for (number, step) in trace.steps.iter().enumerate() {
        let total = step.gas.ok_or_else(|| SnapshotError::Unmetered(adapter.info().name))?;
        let call = number.checked_sub(1).and_then(|i| entry.case.calls.get(i));
        let args = call.map_or(&[][..], |call| &call.args);
        // A gas snapshot leaves out globals and host calls.
        let mut seen = observation(step, None);
        seen.digests.clear();
        lines.push(GasLine {
            export: call.map(|call| call.export.clone()),
            args: args.iter().map(|v| v.to_record().to_string()).collect(),
            outcome: seen.to_string(),
            gas: total - before,
        });
        before = total;
    }
    Ok(lines)
}

/// The snapshot of an entry: the schedule's id, then a line for each action.
pub fn snapshot_text(entry: &Entry, lines: &[GasLine]) -> String {
    let mut text = format!("schedule {}\n", usual_gas(entry.file.gas).schedule.id());
    for line in lines {
        text.push_str(&format!("{line}\n"));
    }
    text
}
