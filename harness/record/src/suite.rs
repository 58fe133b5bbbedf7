//! The record of `etalon spec` and `etalon wast`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::row::{is_false, is_zero};
use crate::{EngineInfo, Fault, Format, GasAgreement, Kind, Row, RuleCoverage, Tool, Totals};

/// Scripts on engines: one row for each script and engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SuiteRecord {
    /// [`Kind::Spec`] or [`Kind::Wast`].
    pub record: Kind,
    /// The version of the document.
    pub format: Format,
    /// The program that wrote it.
    pub tool: Tool,
    /// The architecture that the engines ran on: `x86_64`, `aarch64`…
    pub arch: String,
    /// The engines that ran.
    #[serde(default)]
    pub engines: Vec<EngineInfo>,
    /// The id of the gas schedule; absent if nothing was metered.
    #[serde(default)]
    pub schedule: Option<String>,
    /// How long each command could take; absent if there was no limit. Whether one timed out depends on the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_limit: Option<String>,
    /// How many scripts, counted for each engine, were not run because the run was stopped before its end.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub not_run: u64,
    /// Whether a signal ended it; the record is then of what was done until then.
    #[serde(default, skip_serializing_if = "is_false")]
    pub interrupted: bool,
    /// The sums over the rows; [`SuiteRecord::normalise`] sets them.
    pub totals: Totals,
    /// Whether the engines charged the same gas.
    #[serde(default)]
    pub gas: GasAgreement,
    /// Which rules of the specification the scripts reached on the oracle; absent if they were not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<RuleCoverage>,
    /// One row for each script and engine.
    #[serde(default)]
    pub rows: Vec<Row>,
    /// Scripts that could not be run at all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
}

impl SuiteRecord {
    /// A record without rows.
    #[must_use]
    pub fn new(kind: Kind, tool: Tool, arch: impl Into<String>) -> Self {
        Self {
            record: kind,
            format: Format::default(),
            tool,
            arch: arch.into(),
            engines: Vec::new(),
            schedule: None,
            time_limit: None,
            not_run: 0,
            interrupted: false,
            totals: Totals::default(),
            gas: GasAgreement::default(),
            coverage: None,
            rows: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// Sorts everything whose order could depend on threads, and sets the totals.
    ///
    /// Rows are sorted by suite, file and engine, engines in the order of [`SuiteRecord::engines`] and unknown ones
    /// after them by name. Calling it again changes nothing.
    pub fn normalise(&mut self) {
        let order: Vec<String> = self.engine_names();
        let rank = |engine: &str| order.iter().position(|name| name == engine);
        self.rows.sort_by(|a, b| {
            (&a.suite, &a.file, rank(&a.engine)).cmp(&(&b.suite, &b.file, rank(&b.engine)))
        });
        for row in &mut self.rows {
            row.unsupported.sort();
            row.unsupported.dedup();
            row.failures.sort();
            row.skips.sort();
            row.expected.sort();
            row.unexpected.sort();
            row.timeouts.sort();
        }
        self.gas.unequal.sort();
        self.totals = Totals::of_rows(&self.rows);
    }

    /// Compares the gas of each file's rows and stores the result in [`SuiteRecord::gas`].
    pub fn compare_gas(&mut self) {
        self.gas = GasAgreement::of_rows(&self.rows);
    }

    /// The names of the engines: those that the record describes, in their order, then those that only rows name, sorted.
    #[must_use]
    pub fn engine_names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.engines.iter().map(|engine| engine.name.clone()).collect();
        let described: BTreeSet<&String> = names.iter().collect();
        let others: BTreeSet<&String> = self
            .rows
            .iter()
            .map(|row| &row.engine)
            .filter(|name| !described.contains(name))
            .collect();
        let others: Vec<String> = others.into_iter().cloned().collect();
        names.extend(others);
        names
    }

    /// The names of the suites, sorted.
    #[must_use]
    pub fn suite_names(&self) -> Vec<String> {
        let names: BTreeSet<&String> = self.rows.iter().map(|row| &row.suite).collect();
        names.into_iter().cloned().collect()
    }

    /// Whether nothing failed, timed out or was not run, no expected failure passed, and gas is equal.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let all_run = self.errors.is_empty() && self.not_run == 0;
        all_run && self.totals.is_clean() && self.gas.all_equal()
    }
}

#[cfg(test)]
mod tests {
    use super::SuiteRecord;
    use crate::{EngineInfo, Failure, Kind, Row, Tool};

    #[test]
    fn normalised_rows_do_not_depend_on_the_order_they_came_in() {
        let mut first = SuiteRecord::new(Kind::Spec, Tool::new("etalon", "0"), "x86_64");
        // Not in alphabetical order: the order of the engines is the order they were asked for.
        first.engines = vec![EngineInfo::new("jit", "0"), EngineInfo::new("interp", "0")];
        for (suite, file, engine) in [
            ("s", "b", "interp"),
            ("s", "a", "zz"),
            ("s", "b", "jit"),
            ("r", "c", "jit"),
            ("s", "a", "aa"),
        ] {
            let failures = [9, 2].map(|line| Failure { line, ..Failure::default() });
            first.rows.push(Row {
                failed: 2,
                failures: failures.into(),
                ..Row::new(suite, file, engine)
            });
        }
        let mut second = first.clone();
        second.rows.reverse();
        first.normalise();
        second.normalise();
        assert_eq!(first, second);
        let order: Vec<_> =
            first.rows.iter().map(|r| (r.file.as_str(), r.engine.as_str())).collect();
        assert_eq!(order, [("c", "jit"), ("a", "aa"), ("a", "zz"), ("b", "jit"), ("b", "interp")]);
        assert_eq!(first.rows[0].failures[0].line, 2);
        assert_eq!(first.totals.failed, 10);
    }

    #[test]
    fn unequal_gas_is_not_clean() {
        let mut record = SuiteRecord::new(Kind::Wast, Tool::new("etalon", "0"), "x86_64");
        for (engine, gas) in [("interp", 3), ("jit", 4)] {
            record.rows.push(Row {
                passed: 1,
                gas_consumed: Some(gas),
                ..Row::new("s", "f", engine)
            });
        }
        record.normalise();
        assert!(record.is_clean());
        record.compare_gas();
        assert!(!record.is_clean());
    }
}
