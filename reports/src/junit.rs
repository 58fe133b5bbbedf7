//! JUnit XML, for continuous integration: a test suite for each script, a test case for each engine.

use etalon_record::{Failure, Row, Standing, SuiteRecord};
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use crate::error::RenderError;
use crate::limits::MAX_SCRIPTS;
use crate::text::{counted, list, visible};
use crate::view::{File, View};

/// How many failures of one script are spelled out.
const MAX_FAILURES: usize = 1000;
/// How much of one text is shown, in characters.
const MAX_TEXT: usize = 2000;

/// The record as JUnit XML. Unequal gas is a test suite of its own. Of more scripts than readers take, those that did not
/// pass come first, and a test that is skipped says how many are left out.
///
/// # Errors
/// If the document cannot be written; characters that XML forbids are spelled out, so no record causes it.
pub fn junit(record: &SuiteRecord) -> Result<String, RenderError> {
    let view = View::new(record);
    let mut report = Report::new(format!("etalon {}", record.record));
    let mut files: Vec<&File<'_>> = view.files().collect();
    if files.len() > MAX_SCRIPTS {
        files.sort_by_key(|file| std::cmp::Reverse(file.standing()));
    }
    for file in files.iter().take(MAX_SCRIPTS) {
        let mut tests = TestSuite::new(shown(&format!("{}/{}", file.suite, file.name)));
        tests.add_property(Property::new("arch", shown(&record.arch)));
        tests.add_test_cases(file.cells.iter().flatten().map(|row| test_case(row)));
        report.add_test_suite(tests);
    }
    if files.len() > MAX_SCRIPTS {
        let left = counted((files.len() - MAX_SCRIPTS) as u64, "script is", "scripts are");
        let mut tests = TestSuite::new("left out");
        let status = skipped(&format!("{left} left out, for readers take no more"));
        tests.add_test_case(TestCase::new("left out", status));
        report.add_test_suite(tests);
    }
    if view.gas.compared > 0 || !view.gas.unequal.is_empty() {
        report.add_test_suite(gas_suite(&view));
    }
    Ok(report.to_string()?)
}

fn test_case(row: &Row) -> TestCase {
    let status = match row.standing() {
        Standing::Passed => TestCaseStatus::success(),
        Standing::Failed => failed(row),
        Standing::TimedOut => timed_out(row),
        Standing::Unsupported => skipped(&format!("unsupported: {}", list(&row.unsupported))),
        Standing::Skipped => {
            let mut reasons: Vec<&str> =
                row.skips.iter().map(|note| note.reason.as_str()).collect();
            reasons.sort_unstable();
            reasons.dedup();
            let skips = counted(row.skipped, "assertion", "assertions");
            skipped(&format!("{skips} skipped: {}", list(&reasons)))
        }
    };
    let mut case = TestCase::new(shown(&row.engine), status);
    case.set_classname(shown(&format!("{}.{}", row.suite, row.file)));
    case.set_assertions(usize::try_from(row.assertions()).unwrap_or(usize::MAX));
    if row.expected_failures > 0 {
        case.add_property(Property::new("expected failures", row.expected_failures.to_string()));
    }
    if let Some(gas) = row.gas_consumed {
        case.add_property(Property::new("gas", gas.to_string()));
    }
    case
}

fn failed(row: &Row) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    let mut message = Vec::new();
    if row.failed > 0 {
        let all = counted(row.assertions(), "assertion", "assertions");
        message.push(format!("{} of {all} failed", row.failed));
    }
    if row.timed_out > 0 {
        message.push(format!("{} timed out", row.timed_out));
    }
    if row.unexpected_passes > 0 {
        message.push(format!("{} passed unexpectedly", row.unexpected_passes));
    }
    let mut lines = Vec::new();
    for failure in row.failures.iter().take(MAX_FAILURES) {
        let Failure { line, kind, module, text, call, expected, got } = failure;
        let module = module.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
        let call = call.as_ref().map(|call| format!(", which calls {call}")).unwrap_or_default();
        let text = text.as_ref().unwrap_or(kind);
        lines.push(format!("line {line}: {text}{module}{call}: expected {expected}, got {got}"));
    }
    let left = row.failed.saturating_sub(lines.len() as u64);
    if left > 0 {
        lines.push(format!("and {} more", counted(left, "failure", "failures")));
    }
    for note in row.timeouts.iter().take(MAX_FAILURES) {
        lines.push(format!("line {}: timed out: {}", note.line, note.reason));
    }
    for note in row.unexpected.iter().take(MAX_FAILURES) {
        lines
            .push(format!("line {}: passes, but is listed as failing: {}", note.line, note.reason));
    }
    let lines: Vec<String> = lines.iter().map(|line| shown(line)).collect();
    let ty = if row.failed > 0 { "assertion" } else { "unexpected pass" };
    status.set_message(message.join("; ")).set_type(ty).set_description(lines.join("\n"));
    status
}

/// Not a failure but an error, in the words of JUnit: what was to be judged did not come to an end.
fn timed_out(row: &Row) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    let lines = row.timeouts.iter().take(MAX_FAILURES);
    let lines: Vec<String> =
        lines.map(|note| shown(&format!("line {}: {}", note.line, note.reason))).collect();
    let all = counted(row.assertions(), "assertion", "assertions");
    status
        .set_message(format!("{} of {all} timed out", row.timed_out))
        .set_type("timed out")
        .set_description(lines.join("\n"));
    status
}

fn skipped(message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(shown(message));
    status
}

fn gas_suite(view: &View<'_>) -> TestSuite {
    let mut tests = TestSuite::new("gas equality");
    let equal = counted(view.gas.equal, "comparison", "comparisons");
    let mut summary = TestCase::new(format!("{equal} equal"), TestCaseStatus::success());
    summary.set_classname("gas");
    tests.add_test_case(summary);
    for unequal in &view.gas.unequal {
        let amounts: Vec<String> =
            unequal.by_engine.iter().map(|(engine, amount)| format!("{engine} {amount}")).collect();
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(shown(&format!("gas differs: {}", list(&amounts)))).set_type("gas");
        let mut case = TestCase::new(shown(&unequal.file), status);
        case.set_classname(shown(&format!("{}.gas", unequal.suite)));
        tests.add_test_case(case);
    }
    tests
}

fn shown(text: &str) -> String {
    visible(text, MAX_TEXT)
}
