//! What changed since the baseline.

use std::fmt;

use crate::summary::{Baseline, Counts};
use crate::text::{counted, number};

/// The difference of two summaries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// What became worse: any of them fails a run.
    pub regressions: Vec<Change>,
    /// What became better: the baseline is out of date.
    pub improvements: Vec<Change>,
    /// What changed without being better or worse: versions, the schedule, new suites.
    pub notes: Vec<String>,
}

/// A count that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The suite; absent if the count is of the whole run.
    pub suite: Option<String>,
    /// The engine; absent if the count is of the whole run.
    pub engine: Option<String>,
    /// What was counted.
    pub measure: Measure,
    /// The count in the baseline.
    pub before: u64,
    /// The count now.
    pub now: u64,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Measure {
    /// Scripts that were run. Fewer is worse; more is an improvement.
    Files,
    /// Scripts passed whole. Fewer is worse.
    FilesPassed,
    /// Assertions that held. Fewer is worse.
    Passed,
    /// Assertions that failed. More is worse.
    Failed,
    /// Assertions that were not tried. More is worse.
    Skipped,
    /// Assertions that failed as listed. More is worse.
    ExpectedFailures,
    /// Assertions that held although they are listed as failing. More is worse.
    UnexpectedPasses,
    /// Commands that did not end within the limit, which depends on the machine. More is worse.
    TimedOut,
    /// Comparisons of gas. Fewer is worse.
    GasCompared,
    /// Comparisons of gas that were not equal. More is worse.
    GasUnequal,
    /// The gas of a suite by the same schedule and with the same verdicts. Any change is worse.
    GasConsumed,
}

impl Measure {
    fn name(self) -> &'static str {
        match self {
            Self::Files => "files run",
            Self::FilesPassed => "files passed",
            Self::Passed => "assertions passed",
            Self::Failed => "assertions failed",
            Self::Skipped => "assertions skipped",
            Self::ExpectedFailures => "expected failures",
            Self::UnexpectedPasses => "unexpected passes",
            Self::TimedOut => "commands timed out",
            Self::GasCompared => "gas comparisons",
            Self::GasUnequal => "unequal gas comparisons",
            Self::GasConsumed => "gas consumed",
        }
    }

    /// Whether going from `before` to `now` is worse; they differ.
    fn is_worse(self, before: u64, now: u64) -> bool {
        match self {
            Self::Files | Self::FilesPassed | Self::Passed | Self::GasCompared => now < before,
            Self::Failed
            | Self::Skipped
            | Self::ExpectedFailures
            | Self::UnexpectedPasses
            | Self::TimedOut
            | Self::GasUnequal => now > before,
            Self::GasConsumed => true,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(suite), Some(engine)) = (&self.suite, &self.engine) {
            write!(f, "{suite} on {engine}: ")?;
        }
        let verb = if self.now < self.before { "fell" } else { "rose" };
        write!(
            f,
            "{} {verb} from {} to {}",
            self.measure.name(),
            number(self.before),
            number(self.now)
        )
    }
}

impl Comparison {
    /// Whether nothing became worse.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.regressions.is_empty()
    }

    fn measure(&mut self, place: Option<(&str, &str)>, measure: Measure, before: u64, now: u64) {
        if before == now {
            return;
        }
        let (suite, engine) =
            place.map(|(suite, engine)| (suite.to_owned(), engine.to_owned())).unzip();
        let change = Change { suite, engine, measure, before, now };
        if measure.is_worse(before, now) {
            self.regressions.push(change);
        } else {
            self.improvements.push(change);
        }
    }

    fn counts(&mut self, place: (&str, &str), before: &Counts, now: &Counts, same_schedule: bool) {
        let (old, new) = (&before.totals, &now.totals);
        for (measure, before, now) in [
            (Measure::Files, old.files, new.files),
            (Measure::FilesPassed, old.files_passed, new.files_passed),
            (Measure::Passed, old.passed, new.passed),
            (Measure::Failed, old.failed, new.failed),
            (Measure::Skipped, old.skipped, new.skipped),
            (Measure::ExpectedFailures, old.expected_failures, new.expected_failures),
            (Measure::UnexpectedPasses, old.unexpected_passes, new.unexpected_passes),
            (Measure::TimedOut, old.timed_out, new.timed_out),
        ] {
            self.measure(Some(place), measure, before, now);
        }
        // With other verdicts, other code ran, so another amount of gas is to be expected.
        if let (Some(before), Some(now)) = (before.gas_consumed, now.gas_consumed)
            && same_schedule
            && old == new
        {
            self.measure(Some(place), Measure::GasConsumed, before, now);
        }
    }
}

/// Compares a run with the baseline. A suite or engine that the baseline has and the run lacks is a regression.
#[must_use]
pub fn compare(baseline: &Baseline, now: &Baseline) -> Comparison {
    let mut comparison = Comparison { notes: notes(baseline, now), ..Comparison::default() };
    let same_schedule = baseline.schedule == now.schedule;
    for (suite, engines) in &baseline.suites {
        for (engine, before) in engines {
            let place = (suite.as_str(), engine.as_str());
            match now.suites.get(suite).and_then(|engines| engines.get(engine)) {
                Some(counts) => comparison.counts(place, before, counts, same_schedule),
                None => comparison.measure(Some(place), Measure::Files, before.totals.files, 0),
            }
        }
    }
    let unequal = |baseline: &Baseline| baseline.gas.compared.saturating_sub(baseline.gas.equal);
    comparison.measure(None, Measure::GasCompared, baseline.gas.compared, now.gas.compared);
    comparison.measure(None, Measure::GasUnequal, unequal(baseline), unequal(now));
    comparison
}

fn notes(baseline: &Baseline, now: &Baseline) -> Vec<String> {
    let mut notes = Vec::new();
    if baseline.arch != now.arch {
        notes.push(format!("the baseline is for {}, this run for {}", baseline.arch, now.arch));
    }
    if baseline.schedule != now.schedule {
        let id = |schedule: &Option<String>| schedule.clone().unwrap_or_else(|| "none".to_owned());
        notes.push(format!(
            "the gas schedule was {} and is {}",
            id(&baseline.schedule),
            id(&now.schedule)
        ));
    }
    for (engine, version) in &now.engines {
        match baseline.engines.get(engine) {
            Some(before) if before != version => {
                notes.push(format!("{engine} was {before} and is {version}"))
            }
            Some(_) => {}
            None => notes.push(format!("the engine {engine} is new")),
        }
    }
    let late = |side: &Baseline| {
        let counts = side.suites.values().flat_map(|engines| engines.values());
        counts.map(|counts| counts.totals.timed_out).sum::<u64>()
    };
    for (side, count) in [("the baseline", late(baseline)), ("this run", late(now))] {
        if count > 0 {
            notes.push(format!(
                "{} timed out in {side}: counts that follow from it depend on the speed of the machine",
                counted(count, "command", "commands")
            ));
        }
    }
    for suite in now.suites.keys().filter(|suite| !baseline.suites.contains_key(*suite)) {
        notes.push(format!("the suite {suite} is new"));
    }
    notes
}
