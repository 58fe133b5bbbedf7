//! When what fails began to fail, from records of earlier runs.

use std::collections::{BTreeMap, BTreeSet};

use etalon_record::{Failure, SuiteRecord, Totals};

use crate::error::RenderError;
use crate::limits;
use crate::verdict::Verdict;
use crate::view::View;

/// How many of the latest records a page lists.
pub(crate) const MAX_LISTED: usize = 100;

/// Earlier records, reduced to what they say of the assertions that fail now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// The earlier runs, the oldest first.
    pub(crate) runs: Vec<Run>,
    failing: BTreeMap<Assertion, Course>,
}

/// An earlier run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    /// The name of its record.
    pub(crate) name: String,
    pub(crate) arch: String,
    pub(crate) version: String,
    pub(crate) verdict: Verdict,
    pub(crate) totals: Totals,
}

/// An assertion on an engine. Lines move when scripts change, so its text names it where the record has one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Assertion {
    /// The architecture, suite, script and engine.
    place: [String; 4],
    key: String,
}

impl Assertion {
    fn new(place: [impl AsRef<str>; 4], key: &str) -> Self {
        Assertion { place: place.map(|name| name.as_ref().to_owned()), key: key.to_owned() }
    }
}

/// What the earlier runs say of an assertion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Course {
    /// The last run in which it did not fail.
    held: Option<usize>,
    /// The first of the runs since then in which it failed.
    began: Option<usize>,
}

impl History {
    /// A history that follows what fails in these records. Add the earlier ones with [`History::add`].
    pub fn of<'a>(records: impl IntoIterator<Item = &'a SuiteRecord>) -> Self {
        let mut history = Self::default();
        for record in records {
            for row in &record.rows {
                let place = [&record.arch, &row.suite, &row.file, &row.engine];
                for failure in &row.failures {
                    history.failing.entry(Assertion::new(place, &key(failure))).or_default();
                }
            }
        }
        history
    }

    /// Adds the record of the next run, which has a name that people know it by; the oldest comes first.
    ///
    /// # Errors
    /// If the record has too many engines for a report.
    pub fn add(
        &mut self,
        name: impl Into<String>,
        record: &SuiteRecord,
    ) -> Result<(), RenderError> {
        limits::check(record)?;
        let at = self.runs.len();
        let view = View::new(record);
        self.runs.push(Run {
            name: name.into(),
            arch: record.arch.clone(),
            version: record.tool.version.clone(),
            verdict: Verdict::of(&view),
            totals: view.totals,
        });
        // What a run did not come to says nothing, and neither does what it did not try.
        let mut judged = BTreeSet::new();
        let mut failed = BTreeSet::new();
        for row in &record.rows {
            let place = [&record.arch, &row.suite, &row.file, &row.engine].map(String::as_str);
            if row.skipped == 0 && row.timed_out == 0 {
                judged.insert(place);
            }
            failed.extend(row.failures.iter().map(|f| Assertion::new(place, &key(f))));
        }
        for (assertion, course) in &mut self.failing {
            if failed.contains(assertion) {
                course.began = course.began.or(Some(at));
            } else if judged.contains(&assertion.place.each_ref().map(String::as_str)) {
                *course = Course { held: Some(at), began: None };
            }
        }
        Ok(())
    }

    /// Since when an assertion fails, in words: by its architecture, suite, script and engine, and its [`key`].
    pub(crate) fn since(&self, place: [&str; 4], key: &str) -> Option<String> {
        let Course { held, began } = self.failing.get(&Assertion::new(place, key))?;
        let name = |at: usize| self.runs[at].name.as_str();
        Some(match (*began, *held) {
            (Some(began), Some(held)) => {
                format!("fails since {}, held in {}", name(began), name(held))
            }
            (Some(began), None) => format!("fails since {}, the first that has it", name(began)),
            (None, Some(held)) => format!("fails since this run, held in {}", name(held)),
            (None, None) => "fails since this run, the first that has it".to_owned(),
        })
    }
}

/// What names an assertion in its script.
pub(crate) fn key(failure: &Failure) -> String {
    let Failure { line, kind, text, expected, .. } = failure;
    text.clone().unwrap_or_else(|| format!("{line}: {kind}: {expected}"))
}

#[cfg(test)]
mod tests {
    use super::{History, key};
    use etalon_record::{Failure, Kind, Row, SuiteRecord, Tool};

    /// A run of one script: whether its assertion failed, in which line.
    fn run(failed: Option<u32>) -> SuiteRecord {
        let mut record = SuiteRecord::new(Kind::Spec, Tool::new("etalon", "0"), "x86_64");
        let failure = |line| Failure { line, text: Some("(f)".into()), ..Failure::default() };
        let failures: Vec<Failure> = failed.map(failure).into_iter().collect();
        record.rows.push(Row {
            passed: 1,
            failed: failures.len() as u64,
            failures,
            ..Row::new("s", "a", "jit")
        });
        record
    }

    fn said(runs: &[SuiteRecord]) -> Option<String> {
        let now = run(Some(9));
        let mut history = History::of([&now]);
        for (at, record) in runs.iter().enumerate() {
            history.add(format!("r{at}"), record).expect("it has few engines");
        }
        history.since(["x86_64", "s", "a", "jit"], &key(&now.rows[0].failures[0]))
    }

    #[test]
    fn a_failure_began_after_the_last_run_in_which_it_held() {
        let (held, fails) = (run(None), run(Some(3)));
        for (runs, expected) in [
            (vec![], "fails since this run, the first that has it"),
            (vec![held.clone()], "fails since this run, held in r0"),
            (vec![fails.clone(), fails.clone()], "fails since r0, the first that has it"),
            (
                vec![fails.clone(), held.clone(), fails.clone(), fails.clone()],
                "fails since r2, held in r1",
            ),
        ] {
            assert_eq!(said(&runs).as_deref(), Some(expected));
        }
        let mut elsewhere = held.clone();
        elsewhere.arch = "aarch64".into();
        let mut late = held.clone();
        late.rows[0].timed_out = 1;
        let mut absent = held.clone();
        absent.rows.clear();
        let runs = vec![held, fails, elsewhere, late, absent];
        let expected = "fails since r1, held in r0";
        assert_eq!(said(&runs).as_deref(), Some(expected), "what says nothing of it ends nothing");
    }
}
