//! Verdicts, and the row that sums them up.

use crate::script::at::At;
use crate::value::show_typed;
use etalon_adapters::{Outcome, Rejection};
use etalon_record::{Failure, Note, Row};
use etalon_spec_tests::ExpectedFailure;

/// The verdict on a directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It did what the script expects.
    Pass,
    /// It did not do what the script expects.
    Fail {
        /// What the script expects.
        expected: String,
        /// What happened.
        got: String,
    },
    /// The engine crashed.
    Broken {
        /// What the script expects.
        expected: String,
        /// How.
        got: String,
    },
    /// It did not end within the limit.
    TimedOut {
        /// What the script expects.
        expected: String,
    },
    /// Not tried: the engine lacks a feature.
    Skip {
        /// The feature.
        feature: String,
    },
    /// Not tried: the command in this line timed out, and what the store holds since then is not known.
    NotRun {
        /// The line.
        line: u32,
    },
}

impl Verdict {
    /// A pass if the condition holds, otherwise a failure.
    pub(crate) fn of(holds: bool, expected: impl FnOnce() -> String, outcome: &Outcome) -> Self {
        if holds { Verdict::Pass } else { Verdict::against(expected(), outcome) }
    }

    /// The verdict on an outcome that the script does not expect.
    pub(crate) fn against(expected: impl Into<String>, outcome: &Outcome) -> Self {
        let (expected, got) = (expected.into(), outcome_text(outcome));
        match outcome {
            Outcome::Rejected(Rejection::Unsupported { feature, .. }) => {
                Verdict::Skip { feature: feature.clone() }
            }
            Outcome::Crashed(_) => Verdict::Broken { expected, got },
            Outcome::TimedOut => Verdict::TimedOut { expected },
            _ => Verdict::Fail { expected, got },
        }
    }

    /// A failure in words.
    pub(crate) fn fail(expected: impl Into<String>, got: impl Into<String>) -> Self {
        Verdict::Fail { expected: expected.into(), got: got.into() }
    }
}

/// An outcome in words.
pub(crate) fn outcome_text(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Returned(values) => values_text("returned", values),
        Outcome::Trapped { text, .. } => format!("trapped: {text}"),
        Outcome::Threw(values) => values_text("threw", values),
        Outcome::Exited(status) => format!("exited with status {status}"),
        Outcome::Exhausted(what) => format!("exhausted: {what}"),
        Outcome::HostError(text) => format!("host error: {text}"),
        Outcome::Rejected(why) => format!("{}: {}", why.word(), why.message()),
        Outcome::Crashed(text) => format!("crashed: {text}"),
        Outcome::TimedOut => "timed out".to_owned(),
    }
}

fn values_text(verb: &str, values: &[etalon_adapters::Val]) -> String {
    let mut text = verb.to_owned();
    for value in values {
        text.push_str(&format!(" {}", show_typed(*value)));
    }
    text
}

/// The row of a script on an engine while it runs.
#[derive(Debug)]
pub(crate) struct Book {
    row: Row,
    expected: Vec<Entry>,
}

/// An expected failure, and whether it matches anything in the script.
#[derive(Debug)]
struct Entry {
    failure: ExpectedFailure,
    met: bool,
}

impl Book {
    /// An empty row, with the failures that are expected of this engine.
    pub(crate) fn new(row: Row, expected: &[ExpectedFailure]) -> Self {
        let expected = expected
            .iter()
            .filter(|failure| failure.applies_to(&row.engine))
            .map(|failure| Entry { failure: failure.clone(), met: false })
            .collect();
        Book { row, expected }
    }

    /// Adds a verdict.
    pub(crate) fn judge(&mut self, at: &At, verdict: Verdict) {
        let reason = self.expected_reason(at);
        match (verdict, reason) {
            (Verdict::Pass, Some(reason)) => {
                self.row.unexpected_passes += 1;
                self.row.unexpected.push(Note::new(at.line, reason));
            }
            (Verdict::Pass, None) => self.row.passed += u64::from(at.is_assertion()),
            (Verdict::Fail { .. }, Some(reason)) => {
                self.row.expected_failures += 1;
                self.row.expected.push(Note::new(at.line, reason));
            }
            (Verdict::Fail { expected, got }, None) | (Verdict::Broken { expected, got }, _) => {
                self.row.failed += 1;
                self.row.failures.push(Failure {
                    line: at.line,
                    kind: at.kind.to_owned(),
                    text: Some(at.text.clone()).filter(|text| !text.is_empty()),
                    call: at.call.clone(),
                    expected,
                    got,
                    module: at.module.clone(),
                });
            }
            (Verdict::TimedOut { expected }, _) => {
                self.row.timed_out += 1;
                let reason = format!("{}: expected {expected}", at.kind);
                self.row.timeouts.push(Note::new(at.line, reason));
            }
            (Verdict::NotRun { line }, _) => {
                if at.is_assertion() {
                    self.row.skipped += 1;
                    let reason = format!("not run: the command in line {line} timed out");
                    self.row.skips.push(Note::new(at.line, reason));
                }
            }
            (Verdict::Skip { feature }, _) => {
                if at.is_assertion() {
                    self.row.skipped += 1;
                    let reason = format!("unsupported: {feature}");
                    self.row.skips.push(Note::new(at.line, reason));
                }
                if !self.row.unsupported.contains(&feature) {
                    self.row.unsupported.push(feature);
                }
            }
        }
    }

    fn expected_reason(&mut self, at: &At) -> Option<String> {
        let engine = &self.row.engine;
        let mut reason = None;
        for entry in &mut self.expected {
            if entry.failure.covers(at.line, at.kind, engine) {
                entry.met = true;
                reason = Some(entry.failure.reason.clone());
            }
        }
        reason
    }

    /// The row. An expected failure that matches nothing in the script is itself a failure.
    pub(crate) fn finish(mut self) -> Row {
        for entry in self.expected.iter().filter(|entry| !entry.met) {
            self.row.failed += 1;
            self.row.failures.push(Failure {
                line: entry.failure.lines.first().copied().unwrap_or(0),
                kind: "expected failure".to_owned(),
                expected: format!("an assertion that fails: {}", entry.failure.reason),
                got: "no such assertion in the script".to_owned(),
                ..Failure::default()
            });
        }
        self.row
    }
}
