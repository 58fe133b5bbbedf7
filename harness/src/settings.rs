//! Defaults of the harness.

use etalon_adapters::{GasConfig, Schedule, TimeLimit};
use std::sync::{Arc, LazyLock};
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

/// The default schedule with segments that end at every operator that may trap, under a name of its own.
pub const FINE: &str = "etalon-1-fine";

/// A schedule by its name: one that is built in, or [`FINE`].
pub fn named_schedule(name: &str) -> Option<Arc<Schedule>> {
    static MADE: LazyLock<Option<Arc<Schedule>>> = LazyLock::new(|| {
        let text = Schedule::builtin_text(Schedule::DEFAULT)?;
        let text = text.replace("cuts = \"coarse\"", "cuts = \"fine\"");
        let text = text.replace("name = \"etalon-1\"", &format!("name = {FINE:?}"));
        Schedule::parse(&text, FINE).ok().map(Arc::new)
    });
    if name == FINE { MADE.clone() } else { Schedule::builtin(name) }
}

/// The schedules that the laws of gas are checked under in turn: those that are built in, and fine cuts.
pub fn law_schedules() -> Vec<Arc<Schedule>> {
    let names = Schedule::BUILTIN.iter().copied().chain([FINE]);
    names.filter_map(named_schedule).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Where the text of the default schedule changes, the one that is made of it must not become the same.
    #[test]
    fn each_schedule_of_the_laws_is_another() {
        let schedules = law_schedules();
        let ids: BTreeSet<String> = schedules.iter().map(|s| s.id().to_string()).collect();
        assert_eq!(ids.len(), Schedule::BUILTIN.len() + 1);
        let fine = named_schedule(FINE).expect("it is made");
        assert!(fine.is_cut(etalon_module::Opcode::I32DivS), "it cuts where an operator may trap");
        assert!(fine.id().to_string().starts_with(FINE), "{}", fine.id());
    }
}
