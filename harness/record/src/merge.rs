//! Several records of one architecture as one.

use std::collections::BTreeSet;

use crate::SuiteRecord;

/// Why two records cannot be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// They were written on different architectures.
    #[error("records of different architectures: {first} and {second}")]
    Arch {
        /// The architecture of the first record.
        first: String,
        /// The architecture of the second.
        second: String,
    },
    /// Different versions of the program wrote them.
    #[error("records of different versions: {first} and {second}")]
    Version {
        /// The version of the first record.
        first: String,
        /// The version of the second.
        second: String,
    },
    /// They price operators differently, so their gas cannot be compared.
    #[error("records of different gas schedules: {first} and {second}")]
    Schedule {
        /// The schedule of the first record.
        first: String,
        /// The schedule of the second.
        second: String,
    },
    /// They had different limits of time.
    #[error("records of different limits of time: {first} and {second}")]
    TimeLimit {
        /// The limit of the first record.
        first: String,
        /// The limit of the second.
        second: String,
    },
    /// An engine of the same name is another build or has other settings.
    #[error(
        "the engine {name} is not the same in both records: version, parts, features or settings differ"
    )]
    Engine {
        /// The engine's name.
        name: String,
    },
    /// Both hold a row for the same script and engine.
    #[error("both records have a row for {suite}/{file} on {engine}")]
    Row {
        /// The suite.
        suite: String,
        /// The script.
        file: String,
        /// The engine's name.
        engine: String,
    },
}

impl SuiteRecord {
    /// Adds the rows and engines of `other`, and normalises: shards of one run become the whole run, runs of
    /// several engines become one comparison.
    ///
    /// Comparisons of gas are added up, not repeated: call [`SuiteRecord::compare_gas`] for those between the two
    /// records.
    ///
    /// # Errors
    /// If the records are not of one architecture, schedule and build, or overlap; `self` is then unchanged.
    pub fn merge(&mut self, other: Self) -> Result<(), MergeError> {
        self.check_mergeable(&other)?;
        for engine in other.engines {
            if self.engines.iter().all(|own| own.name != engine.name) {
                self.engines.push(engine);
            }
        }
        self.schedule = self.schedule.take().or(other.schedule);
        self.rows.extend(other.rows);
        self.not_run = self.not_run.saturating_add(other.not_run);
        self.interrupted |= other.interrupted;
        self.gas.compared = self.gas.compared.saturating_add(other.gas.compared);
        self.gas.equal = self.gas.equal.saturating_add(other.gas.equal);
        self.gas.unequal.extend(other.gas.unequal);
        match (&mut self.coverage, other.coverage) {
            (Some(own), Some(other)) => own.merge(&other),
            (own, other) => *own = own.take().or(other),
        }
        self.normalise();
        Ok(())
    }

    fn check_mergeable(&self, other: &Self) -> Result<(), MergeError> {
        if self.arch != other.arch {
            return Err(MergeError::Arch { first: self.arch.clone(), second: other.arch.clone() });
        }
        if self.tool != other.tool {
            let version = |record: &Self| format!("{} {}", record.tool.name, record.tool.version);
            return Err(MergeError::Version { first: version(self), second: version(other) });
        }
        if let (Some(first), Some(second)) = (&self.schedule, &other.schedule)
            && first != second
        {
            return Err(MergeError::Schedule { first: first.clone(), second: second.clone() });
        }
        if self.time_limit != other.time_limit {
            let limit = |record: &Self| record.time_limit.clone().unwrap_or_else(|| "none".into());
            return Err(MergeError::TimeLimit { first: limit(self), second: limit(other) });
        }
        for engine in &other.engines {
            if self.engines.iter().any(|own| own.name == engine.name && own != engine) {
                return Err(MergeError::Engine { name: engine.name.clone() });
            }
        }
        let own: BTreeSet<_> =
            self.rows.iter().map(|row| (&row.suite, &row.file, &row.engine)).collect();
        match other.rows.iter().find(|row| own.contains(&(&row.suite, &row.file, &row.engine))) {
            None => Ok(()),
            Some(row) => Err(MergeError::Row {
                suite: row.suite.clone(),
                file: row.file.clone(),
                engine: row.engine.clone(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::MergeError;
    use crate::{EngineInfo, GasAgreement, Kind, Row, SuiteRecord, Tool};

    fn record(engine: &str, file: &str) -> SuiteRecord {
        let mut record = SuiteRecord::new(Kind::Spec, Tool::new("etalon", "0"), "x86_64");
        record.engines.push(EngineInfo::new(engine, "1"));
        record.rows.push(Row { passed: 2, ..Row::new("s", file, engine) });
        record.gas = GasAgreement { compared: 1, equal: 1, unequal: Vec::new() };
        record.normalise();
        record
    }

    #[test]
    fn shards_add_up() -> Result<(), MergeError> {
        let mut whole = record("interp", "b");
        whole.merge(record("interp", "a"))?;
        whole.merge(record("jit", "a"))?;
        assert_eq!(whole.rows.iter().map(|r| r.file.as_str()).collect::<Vec<_>>(), ["a", "a", "b"]);
        assert_eq!(whole.engine_names(), ["interp", "jit"]);
        assert_eq!((whole.totals.files, whole.totals.passed, whole.gas.compared), (2, 6, 3));
        Ok(())
    }

    #[test]
    fn what_does_not_belong_together_is_refused_and_changes_nothing() {
        let original = record("interp", "a");
        let mut whole = original.clone();
        let overlapping = whole.merge(original.clone());
        assert!(matches!(overlapping, Err(MergeError::Row { file, .. }) if file == "a"));

        let mut elsewhere = record("interp", "b");
        elsewhere.arch = "aarch64".into();
        assert!(matches!(whole.merge(elsewhere), Err(MergeError::Arch { .. })));

        let mut older = record("interp", "b");
        older.tool.version = "0.9".into();
        assert!(matches!(whole.merge(older), Err(MergeError::Version { .. })));

        let mut rebuilt = record("interp", "b");
        rebuilt.engines[0].version = "2".into();
        assert!(
            matches!(whole.merge(rebuilt), Err(MergeError::Engine { name }) if name == "interp")
        );

        whole.schedule = Some("a@1".into());
        let mut priced = record("interp", "b");
        priced.schedule = Some("b@1".into());
        assert!(matches!(whole.merge(priced), Err(MergeError::Schedule { .. })));

        whole.schedule = None;
        let mut limited = record("interp", "b");
        limited.time_limit = Some("10s".into());
        assert!(matches!(whole.merge(limited), Err(MergeError::TimeLimit { .. })));
        assert_eq!(whole, original);
    }
}
