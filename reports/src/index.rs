//! The page over several architectures: links to their reports, and whether they agree.

use std::collections::BTreeMap;

use etalon_record::{Row, SuiteRecord};
use maud::{Markup, html};

use crate::html::{frame, shown};
use crate::text::{anchor, counted, number};
use crate::verdict::{Verdict, sentence};
use crate::view::View;

/// How many differing scripts of two architectures are listed.
const MAX_ENTRIES: usize = 1000;

/// A page that links `<arch>/index.html` of each record, and compares the first record with every other row by row.
#[must_use]
pub fn page(records: &[&SuiteRecord]) -> String {
    let body = html! {
        header.top { h1 { "Etalon" } }
        main {
            section {
                h2 { "Architectures" }
                @for record in records { (entry(record)) }
            }
            @if let [first, others @ ..] = records {
                @for other in others { (between(first, other)) }
            }
        }
    };
    frame("Etalon", &body)
}

fn entry(record: &SuiteRecord) -> Markup {
    let view = View::new(record);
    let verdict = Verdict::of(&view);
    html! {
        h3 { a href={ (anchor(&[&record.arch])) "/index.html" } { (shown(&record.arch)) } }
        p.verdict.(verdict.name()) { span.symbol { (verdict.symbol()) } " " (shown(&sentence(&view))) }
        p.hint {
            (shown(&record.tool.name)) " " (shown(&record.tool.version)) " · "
            (counted(view.totals.files, "file", "files")) " · "
            (counted(view.engines.len() as u64, "engine", "engines"))
        }
    }
}

/// How the rows of two architectures compare.
#[derive(Debug, Default, PartialEq, Eq)]
struct Agreement {
    /// Rows that both have.
    compared: u64,
    /// The rows in which they differ, and how.
    differences: Vec<(String, Vec<&'static str>)>,
}

fn compare_rows(first: &SuiteRecord, second: &SuiteRecord) -> Agreement {
    let key = |row: &Row| (row.suite.clone(), row.file.clone(), row.engine.clone());
    let others: BTreeMap<_, &Row> = second.rows.iter().map(|row| (key(row), row)).collect();
    let same_schedule = first.schedule == second.schedule;
    let mut agreement = Agreement::default();
    for row in &first.rows {
        let Some(other) = others.get(&key(row)) else { continue };
        agreement.compared += 1;
        let verdicts = |row: &Row| {
            [
                row.passed,
                row.failed,
                row.skipped,
                row.expected_failures,
                row.unexpected_passes,
                row.timed_out,
            ]
        };
        let mut in_what = Vec::new();
        if verdicts(row) != verdicts(other) {
            in_what.push("verdicts");
        }
        // What only one of them observed says nothing about their agreement.
        if differ(row.digest.as_ref(), other.digest.as_ref()) {
            in_what.push("digest");
        }
        if same_schedule && differ(row.gas_consumed, other.gas_consumed) {
            in_what.push("gas");
        }
        if !in_what.is_empty() {
            agreement
                .differences
                .push((format!("{}/{} on {}", row.suite, row.file, row.engine), in_what));
        }
    }
    agreement
}

fn differ<T: PartialEq>(first: Option<T>, second: Option<T>) -> bool {
    matches!((first, second), (Some(first), Some(second)) if first != second)
}

fn between(first: &SuiteRecord, second: &SuiteRecord) -> Markup {
    let agreement = compare_rows(first, second);
    let differing = agreement.differences.len() as u64;
    let rows = counted(agreement.compared, "row", "rows");
    html! {
        section {
            h2 { (shown(&first.arch)) " and " (shown(&second.arch)) }
            @if agreement.compared == 0 {
                p { "They have no row in common." }
            } @else if differing == 0 {
                p { span.symbol.passed { "✓" } " The same verdicts, digests and gas in all " (rows) " that both have." }
            } @else {
                p { span.symbol.failed { "✗" } " They differ in " (number(differing)) " of " (rows) " that both have." }
                table {
                    thead { tr { th { "file and engine" } th { "differs in" } } }
                    tbody {
                        @for (place, what) in agreement.differences.iter().take(MAX_ENTRIES) {
                            tr { td { (shown(place)) } td { (what.join(", ")) } }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use etalon_record::{Kind, Row, SuiteRecord, Tool};

    use super::{compare_rows, page};

    fn record(arch: &str, digest: &str, gas: Option<u64>) -> SuiteRecord {
        let mut record = SuiteRecord::new(Kind::Spec, Tool::new("etalon", "0"), arch);
        record.rows.push(Row {
            passed: 1,
            digest: Some(digest.into()),
            gas_consumed: gas,
            ..Row::new("s", "a", "interp")
        });
        record.rows.push(Row { passed: 1, ..Row::new("s", format!("only-{arch}"), "interp") });
        record
    }

    #[test]
    fn architectures_are_compared_in_what_both_observed() {
        let first = record("x86_64", "ab", Some(3));
        assert_eq!(compare_rows(&first, &record("aarch64", "ab", None)).differences, []);
        let other = compare_rows(&first, &record("aarch64", "cd", Some(4)));
        assert_eq!(other.compared, 1);
        assert_eq!(other.differences, [("s/a on interp".to_owned(), vec!["digest", "gas"])]);
        assert!(
            page(&[&first, &record("aarch64", "cd", None)]).contains("They differ in 1 of 1 row")
        );
    }
}
