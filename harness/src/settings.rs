//! Defaults of the harness.

use etalon_adapters::{GasConfig, Schedule, TimeLimit};
use std::sync::Arc;
use std::time::Duration;

/// The gas limit of one case: enough for every program of the corpus, and low enough to end an endless loop soon.
pub const GAS_LIMIT: u64 = 10_000_000;

/// How long one action of a case may take.
pub const TIME_LIMIT: Duration = Duration::from_secs(10);

/// A limit as records have it: `10s`, `1m 30s`.
pub(crate) fn limit_text(time: &TimeLimit) -> Option<String> {
    time.each.map(|each| humantime::format_duration(each).to_string())
}

/// The gas schedule that is used if none is named.
///
/// # Panics
/// Never: it is built in.
pub fn default_schedule() -> Arc<Schedule> {
    Schedule::builtin(Schedule::DEFAULT).expect("the default schedule is built in")
}

/// The default schedule with a limit; [`GAS_LIMIT`] if none is given.
pub fn usual_gas(limit: Option<u64>) -> GasConfig {
    GasConfig { schedule: default_schedule(), limit: Some(limit.unwrap_or(GAS_LIMIT)) }
}
