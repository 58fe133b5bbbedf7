//! One script on one engine.

use serde::{Deserialize, Serialize};

/// The verdicts of one script on one engine. The six counts are disjoint: each assertion is in one of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The suite of the script.
    pub suite: String,
    /// The script, relative to its suite.
    pub file: String,
    /// The engine's name.
    pub engine: String,
    /// Assertions that held.
    pub passed: u64,
    /// Assertions that did not, and were not expected to fail.
    pub failed: u64,
    /// Assertions that were not tried.
    pub skipped: u64,
    /// Assertions that failed as listed.
    pub expected_failures: u64,
    /// Assertions listed as expected failures that held: the list is out of date, and the run fails.
    #[serde(default)]
    pub unexpected_passes: u64,
    /// Commands that did not end within the limit. That depends on the machine, so a row with any is compared with care.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub timed_out: u64,
    /// The features that the script needs and the engine lacks.
    #[serde(default)]
    pub unsupported: Vec<String>,
    /// Each failed assertion.
    #[serde(default)]
    pub failures: Vec<Failure>,
    /// Why assertions were skipped.
    #[serde(default)]
    pub skips: Vec<Note>,
    /// Each expected failure and the reason it is listed with.
    #[serde(default)]
    pub expected: Vec<Note>,
    /// Each unexpected pass and the reason it is listed with.
    #[serde(default)]
    pub unexpected: Vec<Note>,
    /// Each command that timed out, and what the script expects of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timeouts: Vec<Note>,
    /// What the whole script charged, in units of the record's schedule; absent if the engine did not meter it,
    /// or did not run all of it.
    #[serde(default)]
    pub gas_consumed: Option<u64>,
    /// How many functions did not run where the engine was asked to run them: the compiler left them to the interpreter.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub not_compiled: u64,
    /// A digest of what could be observed of the script, for comparison between machines.
    #[serde(default)]
    pub digest: Option<String>,
}

/// Counts that are nearly always 0 are written only where they are not.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub(crate) fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What is nearly always false is written only where it is true.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub(crate) fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Row {
    /// A row with no verdicts yet.
    #[must_use]
    pub fn new(
        suite: impl Into<String>,
        file: impl Into<String>,
        engine: impl Into<String>,
    ) -> Self {
        Self { suite: suite.into(), file: file.into(), engine: engine.into(), ..Self::default() }
    }

    /// All assertions of the script, tried or not.
    #[must_use]
    pub fn assertions(&self) -> u64 {
        [
            self.passed,
            self.failed,
            self.skipped,
            self.expected_failures,
            self.unexpected_passes,
            self.timed_out,
        ]
        .into_iter()
        .fold(0, u64::saturating_add)
    }

    /// What is to be said of the row as a whole.
    #[must_use]
    pub fn standing(&self) -> Standing {
        if self.failed > 0 || self.unexpected_passes > 0 {
            Standing::Failed
        } else if self.timed_out > 0 {
            Standing::TimedOut
        } else if !self.unsupported.is_empty() {
            Standing::Unsupported
        } else if self.skipped > 0 {
            Standing::Skipped
        } else {
            Standing::Passed
        }
    }
}

/// What is to be said of a row as a whole; the worst that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Every assertion was tried, and ended as it should.
    Passed,
    /// Nothing failed, but some assertions were not tried.
    Skipped,
    /// Nothing failed, but the engine lacks a feature.
    Unsupported,
    /// Nothing failed, but something did not end within the limit: neither a pass nor a failure.
    TimedOut,
    /// Something failed, or passed that is listed as failing.
    Failed,
}

/// An assertion that did not hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Failure {
    /// The line of the command in the script, from 1.
    pub line: u32,
    /// The command: `assert_return`, `assert_trap`, `module`…
    pub kind: String,
    /// The text of the command, on one line, cut where it is long; absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The call that it makes, with the values of its arguments, or the global that it reads: `fac(i64:25)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// What the script asks for.
    pub expected: String,
    /// What the engine did.
    pub got: String,
    /// The name of the module that it was about, if the script gives one.
    #[serde(default)]
    pub module: Option<String>,
}

/// A line of a script and why it was not judged as usual.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Note {
    /// The line of the command in the script, from 1.
    pub line: u32,
    /// The reason.
    pub reason: String,
}

impl Note {
    /// A reason for the command in that line.
    #[must_use]
    pub fn new(line: u32, reason: impl Into<String>) -> Self {
        Self { line, reason: reason.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::{Row, Standing};

    #[test]
    fn the_worst_standing_wins() {
        let mut row = Row { passed: 4, expected_failures: 1, ..Row::new("s", "f", "e") };
        assert_eq!(row.standing(), Standing::Passed);
        row.skipped = 1;
        assert_eq!(row.standing(), Standing::Skipped);
        row.unsupported.push("gc".into());
        assert_eq!(row.standing(), Standing::Unsupported);
        row.timed_out = 2;
        assert_eq!(row.standing(), Standing::TimedOut);
        row.unexpected_passes = 1;
        assert_eq!(row.standing(), Standing::Failed);
        assert_eq!(row.assertions(), 9);
    }

    #[test]
    fn absurd_counts_do_not_overflow() {
        let row = Row { passed: u64::MAX, failed: 1, ..Row::new("s", "f", "e") };
        assert_eq!(row.assertions(), u64::MAX);
    }
}
