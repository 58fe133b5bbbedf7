//! The details behind the counts: failures, missing features, skips and expected failures, grouped so that what several
//! engines have in common is said once.

use std::collections::BTreeMap;

use etalon_record::{Failure, Note, Reached, Row, RuleCoverage};

use crate::across::Across;
use crate::history;
use crate::text::{list, number};
use crate::view::{File, View};

/// The failures of one script.
#[derive(Debug)]
pub(crate) struct FileFailures<'a> {
    pub(crate) suite: &'a str,
    pub(crate) file: &'a str,
    /// Sorted by line.
    pub(crate) assertions: Vec<FailedAssertion<'a>>,
    /// Failures that the rows count but do not describe: engine and how many.
    pub(crate) undescribed: Vec<(&'a str, u64)>,
}

/// One assertion that failed on one or more engines.
#[derive(Debug)]
pub(crate) struct FailedAssertion<'a> {
    pub(crate) line: u32,
    pub(crate) kind: &'a str,
    pub(crate) module: Option<&'a str>,
    pub(crate) text: Option<&'a str>,
    pub(crate) call: Option<&'a str>,
    pub(crate) expected: &'a str,
    /// Engines that did the same, in words, and what they did.
    pub(crate) got: Vec<(String, &'a str)>,
    /// The architectures and engines on which it fails, and the failure, as history is asked about them.
    pub(crate) places: Vec<(&'a str, &'a str)>,
    pub(crate) key: String,
}

/// How many different things that engines did at one assertion are told.
const MAX_GOT: usize = 32;

/// A row with the architecture that it is of.
type Cell<'a> = (&'a str, &'a Row);

/// The failures of every script that has any.
pub(crate) fn failures<'a>(view: &View<'a>) -> Vec<FileFailures<'a>> {
    let with_failures = |file: &&File<'a>| file.cells.iter().flatten().any(|row| row.failed > 0);
    let arch = view.record.arch.as_str();
    let of = |file: &File<'a>| {
        let cells: Vec<Cell<'a>> = file.cells.iter().flatten().map(|row| (arch, *row)).collect();
        file_failures((file.suite, file.name), &cells, false)
    };
    view.files().filter(with_failures).map(of).collect()
}

/// The failures of every script that has any, on all architectures.
pub(crate) fn failures_across<'a>(across: &Across<'a>) -> Vec<FileFailures<'a>> {
    let archs = across.archs();
    let mut all = Vec::new();
    for script in across.scripts() {
        let places = script.cells.iter().enumerate();
        let cells = places.filter_map(|(at, row)| Some((archs[at % archs.len()], (*row)?)));
        let cells: Vec<Cell<'a>> = cells.collect();
        if cells.iter().any(|(_, row)| row.failed > 0) {
            all.push(file_failures((script.suite, script.name), &cells, true));
        }
    }
    all
}

fn file_failures<'a>(
    (suite, file): (&'a str, &'a str),
    cells: &[Cell<'a>],
    with_archs: bool,
) -> FileFailures<'a> {
    let mut assertions: BTreeMap<_, (Vec<(Cell<'a>, &str)>, &Failure)> = BTreeMap::new();
    let mut undescribed = Vec::new();
    for (arch, row) in cells {
        for failure in &row.failures {
            let Failure { line, kind, module, text, call, expected, got } = failure;
            let key = (
                *line,
                kind.as_str(),
                module.as_deref(),
                (text.as_deref(), call.as_deref()),
                expected.as_str(),
            );
            let (seen, _) = assertions.entry(key).or_insert_with(|| (Vec::new(), failure));
            seen.push(((arch, *row), got.as_str()));
        }
        let described = row.failures.len() as u64;
        if row.failed > described {
            undescribed.push((row.engine.as_str(), row.failed - described));
        }
    }
    let failed = |((line, kind, module, (text, call), expected), of)| {
        let (seen, failure): (Vec<(Cell<'a>, &'a str)>, &Failure) = of;
        let key = history::key(failure);
        let mut places: Vec<(&str, &str)> =
            seen.iter().map(|((arch, row), _)| (*arch, row.engine.as_str())).collect();
        places.dedup();
        let got = alike(&seen, with_archs);
        FailedAssertion { line, kind, module, text, call, expected, got, places, key }
    };
    let assertions = assertions.into_iter().map(failed).collect();
    FileFailures { suite, file, assertions, undescribed }
}

/// Engines that did the same together, in the order in which they come.
fn alike<'a>(seen: &[(Cell<'a>, &'a str)], with_archs: bool) -> Vec<(String, &'a str)> {
    let mut all: BTreeMap<&str, (usize, Vec<Cell<'a>>)> = BTreeMap::new();
    for (at, (cell, got)) in seen.iter().enumerate() {
        all.entry(got).or_insert((at, Vec::new())).1.push(*cell);
    }
    let mut all: Vec<_> = all.into_iter().collect();
    all.sort_by_key(|(_, (at, _))| *at);
    let left = all.len().saturating_sub(MAX_GOT);
    all.truncate(MAX_GOT);
    let named = |(got, (_, cells)): (&'a str, (usize, Vec<Cell<'a>>))| {
        let mut engines: Vec<(&str, Vec<&str>)> = Vec::new();
        for (arch, row) in cells {
            match engines.iter_mut().find(|(engine, _)| *engine == row.engine) {
                Some((_, archs)) if archs.last() == Some(&arch) => {}
                Some((_, archs)) => archs.push(arch),
                None => engines.push((&row.engine, vec![arch])),
            }
        }
        let words = engines.iter().map(|(engine, archs)| match with_archs {
            true => format!("{engine} on {}", list(archs)),
            false => (*engine).to_owned(),
        });
        (words.collect::<Vec<_>>().join(", "), got)
    };
    let mut all: Vec<(String, &str)> = all.into_iter().map(named).collect();
    if left > 0 {
        all.push((format!("and {} more", number(left as u64)), "…"));
    }
    all
}

/// A line of a script, with the listed reason and the engines.
#[derive(Debug)]
pub(crate) struct Listed<'a> {
    pub(crate) suite: &'a str,
    pub(crate) file: &'a str,
    pub(crate) line: u32,
    pub(crate) reason: &'a str,
    pub(crate) engines: Vec<&'a str>,
}

/// Every expected failure.
pub(crate) fn expected_failures<'a>(view: &View<'a>) -> Vec<Listed<'a>> {
    listed(view, |row| &row.expected)
}

/// Every expected failure that passed.
pub(crate) fn unexpected_passes<'a>(view: &View<'a>) -> Vec<Listed<'a>> {
    listed(view, |row| &row.unexpected)
}

/// Every command that timed out.
pub(crate) fn timeouts<'a>(view: &View<'a>) -> Vec<Listed<'a>> {
    listed(view, |row| &row.timeouts)
}

fn listed<'a>(view: &View<'a>, notes: impl Fn(&'a Row) -> &'a [Note]) -> Vec<Listed<'a>> {
    let mut entries: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for file in view.files() {
        for row in file.cells.iter().flatten() {
            for note in notes(row) {
                let key = (file.suite, file.name, note.line, note.reason.as_str());
                entries.entry(key).or_default().push(&row.engine);
            }
        }
    }
    entries
        .into_iter()
        .map(|((suite, file, line, reason), mut engines)| {
            engines.dedup();
            Listed { suite, file, line, reason, engines }
        })
        .collect()
}

/// Files that have something in common: a feature that an engine lacks, or a reason for a skip.
#[derive(Debug)]
pub(crate) struct Common<'a> {
    /// The feature or the reason.
    pub(crate) what: &'a str,
    pub(crate) engine: &'a str,
    /// How many notes there are; for features, how many files.
    pub(crate) count: u64,
    /// Suite and file, sorted.
    pub(crate) files: Vec<(&'a str, &'a str)>,
}

/// Features that scripts need and engines lack.
pub(crate) fn unsupported<'a>(view: &View<'a>) -> Vec<Common<'a>> {
    common(view, |row| row.unsupported.iter().map(String::as_str).collect())
}

/// Reasons for which assertions were skipped.
pub(crate) fn skips<'a>(view: &View<'a>) -> Vec<Common<'a>> {
    common(view, |row| row.skips.iter().map(|note| note.reason.as_str()).collect())
}

fn common<'a>(view: &View<'a>, whats: impl Fn(&'a Row) -> Vec<&'a str>) -> Vec<Common<'a>> {
    let mut entries: BTreeMap<(&str, usize), Common<'a>> = BTreeMap::new();
    for file in view.files() {
        for (column, row) in file.cells.iter().enumerate() {
            let Some(row) = *row else { continue };
            for what in whats(row) {
                let entry = entries.entry((what, column)).or_insert_with(|| Common {
                    what,
                    engine: &row.engine,
                    count: 0,
                    files: Vec::new(),
                });
                entry.count += 1;
                if entry.files.last() != Some(&(file.suite, file.name)) {
                    entry.files.push((file.suite, file.name));
                }
            }
        }
    }
    entries.into_values().collect()
}

/// The counts of a coverage with their headings.
pub(crate) fn covered(coverage: &RuleCoverage) -> [(&'static str, &Reached); 3] {
    [
        ("Reduction rules reached", &coverage.rules),
        ("Numeric functions reached", &coverage.numerics),
        ("Rules and functions of each operator reached", &coverage.operators),
    ]
}

#[cfg(test)]
mod tests {
    use etalon_record::{Failure, Kind, Note, Row, SuiteRecord, Tool};

    use super::{expected_failures, failures, skips, unsupported};
    use crate::view::View;

    fn record() -> SuiteRecord {
        let mut record = SuiteRecord::new(Kind::Spec, Tool::new("etalon", "0"), "x86_64");
        for engine in ["interp", "jit"] {
            let failure = |line, got: &str| Failure { line, got: got.into(), ..Failure::default() };
            record.rows.push(Row {
                failed: 4,
                failures: vec![failure(9, engine), failure(3, "same")],
                expected: vec![Note::new(5, "outdated")],
                skips: vec![Note::new(1, "no threads"), Note::new(2, "no threads")],
                unsupported: vec!["threads".into()],
                ..Row::new("s", "a", engine)
            });
        }
        record
    }

    #[test]
    fn one_assertion_that_fails_on_two_engines_is_one_entry() {
        let record = record();
        let view = View::new(&record);
        let failures = failures(&view);
        assert_eq!(failures.len(), 1);
        let lines: Vec<_> = failures[0].assertions.iter().map(|a| a.line).collect();
        assert_eq!(lines, [3, 9]);
        let alike = &failures[0].assertions[0].got;
        assert_eq!(alike, &[("interp, jit".to_owned(), "same")]);
        let apart = &failures[0].assertions[1].got;
        assert_eq!(apart, &[("interp".to_owned(), "interp"), ("jit".to_owned(), "jit")]);
        assert_eq!(failures[0].undescribed, [("interp", 2), ("jit", 2)]);
    }

    #[test]
    fn reasons_gather_their_files_and_engines() {
        let record = record();
        let view = View::new(&record);
        assert_eq!(expected_failures(&view)[0].engines, ["interp", "jit"]);
        let skips = skips(&view);
        assert_eq!((skips.len(), skips[0].count, skips[0].files.len()), (2, 2, 1));
        assert_eq!(unsupported(&view)[1].engine, "jit");
    }
}
