//! Differences of gas in the forms of others: Markdown, JUnit, SARIF, GitHub's annotations.

use super::told::{Compared, Told, moved, percent, summary};
use crate::escape;
use crate::fault::tool;
use anyhow::Result;
use etalon_audit::Difference;
use etalon_reports::github::{MOST_ANNOTATIONS, data, property};
use etalon_reports::sarif::{ascii, uri};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};
use std::fmt::Write;

/// Rows of a table in Markdown.
const MOST_ROWS: usize = 50;

/// A table for each file, with what moved most.
pub(super) fn markdown(told: &Told) -> String {
    let mut text = String::new();
    for Compared { file, engine, outcome, .. } in &told.files {
        let differences = outcome.differences();
        let verdict = if differences.is_empty() { "gas is unchanged" } else { "gas changed" };
        let _ = writeln!(text, "### {}, {engine}: {verdict}\n", code(&escape::line(file)));
        let mut rows = Vec::new();
        for difference in differences {
            rows.extend(markdown_rows(difference));
        }
        if rows.is_empty() {
            continue;
        }
        text += "| scenario, step | what | before | now | |\n|---|---|---:|---:|---:|\n";
        let more = rows.len().saturating_sub(MOST_ROWS);
        rows.iter().take(MOST_ROWS).for_each(|row| text += row);
        if more > 0 {
            let _ = writeln!(text, "\nand {more} more rows");
        }
        text.push('\n');
    }
    text
}

fn markdown_rows(difference: &Difference) -> Vec<String> {
    let Difference::Step { scenario, step, outcome, figures, functions, operators } = difference
    else {
        return vec![format!("| {} | | | | |\n", plain(&summary(difference)))];
    };
    let place = format!("{}, {}", plain(scenario), code(step));
    let mut rows = Vec::new();
    if let Some([before, now]) = outcome {
        rows.push(format!("| {place} | outcome | {} | {} | |\n", code(before), code(now)));
    }
    for (name, [before, now]) in figures {
        let change = percent(*before, *now).trim_start().to_owned();
        rows.push(format!("| {place} | {name} | {before} | {now} | {change} |\n"));
    }
    for (what, moved) in [("in", functions), ("by", operators)] {
        for row in moved.iter().take(3) {
            let (name, change) = (code(&row.name), row.by());
            let (before, now) = (row.before, row.now);
            rows.push(format!("| | {what} {name} | {before} | {now} | {change:+} |\n"));
        }
    }
    if rows.is_empty() {
        rows.push(format!("| {place} | the same sum, spent otherwise | | | |\n"));
    }
    rows
}

/// A text that means nothing in Markdown.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in escape::line(text).chars() {
        if "\\`*_{}[]<>()#+-.!|&~@".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A text as code, in a table too.
fn code(text: &str) -> String {
    if text.is_empty() {
        return "(no name)".to_owned();
    }
    let text = escape::line(text).replace('|', "\\|");
    let most = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(most + 1);
    if most == 0 { format!("{fence}{text}{fence}") } else { format!("{fence} {text} {fence}") }
}

/// A test suite for each file and tier, a test case for each difference, or one that passed.
pub(super) fn junit(told: &Told) -> Result<String> {
    let mut report = Report::new("etalon gas");
    for Compared { file, engine, outcome, .. } in &told.files {
        let mut suite = TestSuite::new(format!("{} ({engine})", escape::line(file)));
        let differences = outcome.differences();
        if differences.is_empty() {
            suite.add_test_case(TestCase::new("gas", TestCaseStatus::success()));
        }
        for difference in differences {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(escape::line(&summary(difference)));
            if let Difference::Step { functions, operators, .. } = difference {
                let rows = functions.iter().chain(operators);
                let rows: Vec<String> = rows.map(|row| escape::line(&moved(row))).collect();
                status.set_description(rows.join("\n"));
            }
            suite.add_test_case(TestCase::new(escape::line(&name_of(difference)), status));
        }
        report.add_test_suite(suite);
    }
    Ok(report.to_string()?)
}

fn name_of(difference: &Difference) -> String {
    match difference {
        Difference::Schedule { .. } => "schedule".to_owned(),
        Difference::Vanished { scenario }
        | Difference::New { scenario }
        | Difference::Steps { scenario, .. } => scenario.clone(),
        Difference::Step { scenario, step, .. } => format!("{scenario}: {step}"),
    }
}

/// One run with a result for each difference.
pub(super) fn sarif(told: &Told) -> Result<String> {
    let mut results = Vec::new();
    for Compared { file, outcome, .. } in &told.files {
        results.extend(outcome.differences().iter().map(|difference| result(file, difference)));
    }
    let tool = tool();
    let rule = json!({
        "id": "gas-changed",
        "shortDescription": { "text": "A call costs another amount of gas than its snapshot says" },
    });
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": tool.name, "version": tool.version, "rules": [rule] } },
            "results": results,
        }],
    });
    Ok(ascii(&serde_json::to_string_pretty(&document)?))
}

fn result(file: &str, difference: &Difference) -> Value {
    json!({
        "ruleId": "gas-changed",
        "level": "error",
        "message": { "text": summary(difference) },
        "locations": [{ "physicalLocation": { "artifactLocation": { "uri": uri(file) } } }],
    })
}

/// An annotation for each difference, as many as are shown, and what is left.
pub(super) fn github(told: &Told) -> String {
    let mut annotations = Vec::new();
    for Compared { file, outcome, .. } in &told.files {
        annotations.extend(outcome.differences().iter().map(|difference| {
            let message = data(&escape::line(&summary(difference)));
            let file = property(&escape::line(file));
            format!("::error file={file},title=gas changed::{message}\n")
        }));
    }
    let more = annotations.len().saturating_sub(MOST_ANNOTATIONS);
    if more > 0 {
        annotations.truncate(MOST_ANNOTATIONS - 1);
        annotations.push(format!("::error title=gas changed::and {} more\n", more + 1));
    }
    annotations.concat()
}
