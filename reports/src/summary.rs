//! The summary: a record reduced to its counts, small enough to be committed as the baseline.

use std::collections::BTreeMap;

use etalon_record::{Format, SuiteRecord, Totals};
use serde::{Deserialize, Serialize};

use crate::error::RenderError;
use crate::view::View;

/// The counts of a run for each suite and engine. It holds nothing that differs between two runs of the same build, so
/// its text changes only with the results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// The version of the document.
    pub format: Format,
    /// The architecture.
    pub arch: String,
    /// The id of the gas schedule.
    #[serde(default)]
    pub schedule: Option<String>,
    /// The version of each engine.
    #[serde(default)]
    pub engines: BTreeMap<String, String>,
    /// Whether the engines charged the same.
    #[serde(default)]
    pub gas: GasCounts,
    /// The counts of each suite, by its name, for each engine, by its name.
    #[serde(default)]
    pub suites: BTreeMap<String, BTreeMap<String, Counts>>,
}

/// How many comparisons of gas were made, and how many were equal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GasCounts {
    /// How many comparisons were made.
    pub compared: u64,
    /// In how many all engines were equal.
    pub equal: u64,
}

/// The counts of one suite on one engine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// The sums over the scripts.
    #[serde(flatten)]
    pub totals: Totals,
    /// The gas of all scripts together, in units of the schedule; absent if none was metered.
    #[serde(default)]
    pub gas_consumed: Option<u64>,
}

impl Baseline {
    /// The summary of a record.
    #[must_use]
    pub fn of(record: &SuiteRecord) -> Self {
        let view = View::new(record);
        let mut suites: BTreeMap<String, BTreeMap<String, Counts>> = BTreeMap::new();
        for suite in &view.suites {
            for (column, totals) in suite.by_engine.iter().enumerate() {
                let Some(totals) = *totals else { continue };
                let gas = suite.files.iter().filter_map(|file| file.cells[column]?.gas_consumed);
                let gas_consumed = gas.reduce(u64::saturating_add);
                let counts = Counts { totals, gas_consumed };
                suites
                    .entry(suite.name.to_owned())
                    .or_default()
                    .insert(view.engines[column].name.clone(), counts);
            }
        }
        Self {
            format: record.format,
            arch: record.arch.clone(),
            schedule: record.schedule.clone(),
            engines: record
                .engines
                .iter()
                .map(|engine| (engine.name.clone(), engine.version.clone()))
                .collect(),
            gas: GasCounts { compared: record.gas.compared, equal: record.gas.equal },
            suites,
        }
    }

    /// The summary as JSON, as it is committed.
    ///
    /// # Errors
    /// If it cannot be written as JSON; no summary causes it.
    pub fn to_json(&self) -> Result<String, RenderError> {
        Ok(etalon_record::to_json(self)?)
    }

    /// Reads a committed summary.
    ///
    /// # Errors
    /// If the text is not JSON, or not a summary of a format that this build reads; with line and column.
    pub fn read(text: &str) -> Result<Self, BaselineError> {
        serde_json::from_str(text).map_err(BaselineError)
    }
}

/// A text is not a summary; the message names line and column.
#[derive(Debug, thiserror::Error)]
#[error("not a baseline: {0}")]
pub struct BaselineError(serde_json::Error);
