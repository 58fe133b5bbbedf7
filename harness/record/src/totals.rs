//! The sums of a suite record.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::row::is_zero;
use crate::{Row, Standing};

/// The sums over rows. `files` counts each script once however many engines ran it; the other counts add up over
/// engines, so that `assertions` is the sum of the counts after it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Scripts.
    pub files: u64,
    /// Scripts that every engine passed; see [`Standing::Passed`].
    pub files_passed: u64,
    /// Assertions, counted for each engine.
    pub assertions: u64,
    /// Assertions that held.
    pub passed: u64,
    /// Assertions that did not, and were not expected to fail.
    pub failed: u64,
    /// Assertions that were not tried.
    pub skipped: u64,
    /// Assertions that failed as listed.
    pub expected_failures: u64,
    /// Assertions listed as expected failures that held.
    #[serde(default)]
    pub unexpected_passes: u64,
    /// Commands that did not end within the limit.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub timed_out: u64,
}

impl Totals {
    /// The sums over `rows`.
    #[must_use]
    pub fn of_rows<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Self {
        let mut totals = Self::default();
        let mut files: BTreeMap<(&str, &str), bool> = BTreeMap::new();
        for row in rows {
            let all_passed = files.entry((&row.suite, &row.file)).or_insert(true);
            *all_passed &= row.standing() == Standing::Passed;
            for (sum, count) in [
                (&mut totals.assertions, row.assertions()),
                (&mut totals.passed, row.passed),
                (&mut totals.failed, row.failed),
                (&mut totals.skipped, row.skipped),
                (&mut totals.expected_failures, row.expected_failures),
                (&mut totals.unexpected_passes, row.unexpected_passes),
                (&mut totals.timed_out, row.timed_out),
            ] {
                *sum = sum.saturating_add(count);
            }
        }
        totals.files = files.len() as u64;
        totals.files_passed = files.values().filter(|passed| **passed).count() as u64;
        totals
    }

    /// Whether nothing failed, everything ended in time, and nothing passed that is listed as failing.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.failed == 0 && self.unexpected_passes == 0 && self.timed_out == 0
    }
}

#[cfg(test)]
mod tests {
    use super::Totals;
    use crate::Row;

    #[test]
    fn a_file_counts_once_and_passes_only_if_every_engine_passes_it() {
        let rows = [
            Row { passed: 3, ..Row::new("s", "a", "interp") },
            Row { passed: 2, failed: 1, ..Row::new("s", "a", "jit") },
            Row { passed: 5, expected_failures: 1, ..Row::new("s", "b", "interp") },
            Row { skipped: 2, unsupported: vec!["gc".into()], ..Row::new("s", "c", "interp") },
            Row { passed: 1, ..Row::new("t", "a", "interp") },
        ];
        let totals = Totals::of_rows(&rows);
        assert_eq!((totals.files, totals.files_passed), (4, 2));
        assert_eq!(totals.assertions, 15);
        assert_eq!(
            (totals.passed, totals.failed, totals.skipped, totals.expected_failures),
            (11, 1, 2, 1)
        );
        assert!(!totals.is_clean());
    }

    #[test]
    fn what_timed_out_is_not_clean_and_counts_as_neither_passed_nor_failed() {
        let totals = Totals::of_rows(&[Row { timed_out: 1, passed: 2, ..Row::new("s", "a", "e") }]);
        assert!(!totals.is_clean());
        assert_eq!((totals.files_passed, totals.assertions, totals.failed), (0, 3, 0));
    }

    #[test]
    fn an_unexpected_pass_is_not_clean() {
        let totals = Totals::of_rows(&[Row { unexpected_passes: 1, ..Row::new("s", "a", "e") }]);
        assert!(!totals.is_clean());
        assert_eq!(totals.files_passed, 0);
    }
}
