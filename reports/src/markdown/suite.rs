//! A suite record in Markdown.

use std::fmt::Write as _;

use etalon_record::{Standing, SuiteRecord, Totals, shared_parts};

use super::coverage::coverage;
use super::escape::{code, plain};
use crate::compare::Comparison;
use crate::findings::{self, Common, FailedAssertion, Listed};
use crate::text::{counted, number};
use crate::verdict::{Verdict, against_baseline, sentence};
use crate::view::{Suite, View};

/// How many failed assertions, and how many other entries of one list, are shown.
const MAX_ENTRIES: usize = 500;

/// The record as Markdown, with what changed since the baseline if there is a comparison.
///
/// Long lists are cut, with a note, because a job summary takes at most one megabyte. The HTML page has more.
#[must_use]
pub fn suite(record: &SuiteRecord, comparison: Option<&Comparison>) -> String {
    let view = View::new(record);
    let mut out = String::new();
    let _ = writeln!(out, "# Etalon on {}\n", plain(&record.arch));
    let _ = writeln!(out, "**{} {}**\n", Verdict::of(&view).symbol(), plain(&sentence(&view)));
    out.push_str(&origin(record));
    if let Some(comparison) = comparison {
        out.push_str(&changes(comparison));
    }
    out.push_str(&suites(&view));
    out.push_str(&not_passed(&view));
    out.push_str(&failures(&view));
    out.push_str(&listed("Timed out", &findings::timeouts(&view)));
    out.push_str(&listed("Unexpected passes", &findings::unexpected_passes(&view)));
    out.push_str(&listed("Expected failures", &findings::expected_failures(&view)));
    out.push_str(&common("Missing features", "feature", &findings::unsupported(&view)));
    out.push_str(&common("Skipped assertions", "reason", &findings::skips(&view)));
    out.push_str(&gas(&view));
    if let Some(reached) = &record.coverage {
        out.push_str(&coverage(reached));
    }
    out.push_str(&engines(&view));
    out
}

fn origin(record: &SuiteRecord) -> String {
    let schedule = record
        .schedule
        .as_ref()
        .map(|id| format!(" · gas schedule {}", code(id)))
        .unwrap_or_default();
    let limit = record
        .time_limit
        .as_ref()
        .map(|limit| format!(" · limit of time {}", plain(limit)))
        .unwrap_or_default();
    format!(
        "{} {} · `etalon {}` · {}{schedule}{limit}\n\n",
        plain(&record.tool.name),
        plain(&record.tool.version),
        record.record,
        plain(&record.arch)
    )
}

fn changes(comparison: &Comparison) -> String {
    let mut out = format!("## Against the baseline\n\n{}\n\n", against_baseline(comparison));
    for change in &comparison.regressions {
        let _ = writeln!(out, "- ✗ worse: {}", plain(&change.to_string()));
    }
    for change in &comparison.improvements {
        let _ = writeln!(out, "- ✓ better: {}", plain(&change.to_string()));
    }
    for note in &comparison.notes {
        let _ = writeln!(out, "- note: {}", plain(note));
    }
    if comparison != &Comparison::default() {
        out.push('\n');
    }
    out
}

fn suites(view: &View<'_>) -> String {
    if view.suites.is_empty() {
        return String::new();
    }
    let mut out = "## Suites\n\n| suite | files |".to_owned();
    for engine in &view.engines {
        let _ = write!(out, " {} |", plain(&engine.name));
    }
    out.push_str("\n| --- | ---: |");
    out.push_str(&" ---: |".repeat(view.engines.len()));
    out.push('\n');
    for suite in &view.suites {
        out.push_str(&suite_line(suite));
    }
    let _ = write!(
        out,
        "| **total** | {} / {} |",
        number(view.totals.files_passed),
        number(view.totals.files)
    );
    for engine in &view.engines {
        let _ = write!(out, " {} |", counts(&engine.totals));
    }
    out.push_str("\n\nFiles: passed by every engine / all. Engines: assertions passed / all.\n\n");
    out
}

fn suite_line(suite: &Suite<'_>) -> String {
    let mut line = format!(
        "| {} | {} / {} |",
        plain(suite.name),
        number(suite.totals.files_passed),
        number(suite.totals.files)
    );
    for totals in &suite.by_engine {
        let _ = write!(line, " {} |", totals.as_ref().map_or_else(|| "–".to_owned(), counts));
    }
    line.push('\n');
    line
}

fn counts(totals: &Totals) -> String {
    let mut text = format!("{} / {}", number(totals.passed), number(totals.assertions));
    for (count, word) in [
        (totals.failed, "failed"),
        (totals.timed_out, "timed out"),
        (totals.unexpected_passes, "passed unexpectedly"),
        (totals.skipped, "skipped"),
        (totals.expected_failures, "expected to fail"),
    ] {
        if count > 0 {
            let _ = write!(text, ", {} {word}", number(count));
        }
    }
    text
}

fn not_passed(view: &View<'_>) -> String {
    let files: Vec<_> = view.files().filter(|file| file.standing() != Standing::Passed).collect();
    if files.is_empty() {
        return String::new();
    }
    let mut out = "## Files that did not pass everywhere\n\n| file |".to_owned();
    for engine in &view.engines {
        let _ = write!(out, " {} |", plain(&engine.name));
    }
    let _ = writeln!(out, "\n| --- |{}", " ---: |".repeat(view.engines.len()));
    for file in files.iter().take(MAX_ENTRIES) {
        let _ = write!(out, "| {}/{} |", plain(file.suite), plain(file.name));
        for cell in &file.cells {
            match cell {
                None => out.push_str(" – |"),
                Some(row) => {
                    let symbol = symbol(row.standing());
                    let _ = write!(
                        out,
                        " {symbol} {} / {} |",
                        number(row.passed),
                        number(row.assertions())
                    );
                }
            }
        }
        out.push('\n');
    }
    out.push_str(&left_out(files.len(), "file", "files"));
    out.push_str(
        "\n✓ passed · ✗ failed · ◷ timed out · ⊘ lacks a feature · ○ skipped in part or whole · – not run\n\n",
    );
    out
}

fn symbol(standing: Standing) -> &'static str {
    match standing {
        Standing::Passed => "✓",
        Standing::Skipped => "○",
        Standing::Unsupported => "⊘",
        Standing::TimedOut => "◷",
        Standing::Failed => "✗",
    }
}

fn failures(view: &View<'_>) -> String {
    let files = findings::failures(view);
    if files.is_empty() {
        return String::new();
    }
    let mut out =
        "## Failures\n\n| where | command | expected | got |\n| --- | --- | --- | --- |\n"
            .to_owned();
    let mut shown = 0;
    let mut all = 0;
    for file in &files {
        for failed in &file.assertions {
            all += 1;
            if shown == MAX_ENTRIES {
                continue;
            }
            shown += 1;
            let got: Vec<String> = failed
                .got
                .iter()
                .map(|(engine, got)| format!("{}: {}", plain(engine), code(got)))
                .collect();
            let module = failed.module.map(|name| format!(" {}", plain(name))).unwrap_or_default();
            let _ = writeln!(
                out,
                "| {}/{}:{}{module} | {} | {} | {} |",
                plain(file.suite),
                plain(file.file),
                failed.line,
                command(failed),
                code(failed.expected),
                got.join("<br>")
            );
        }
        for (engine, count) in &file.undescribed {
            let failures = counted(*count, "failure", "failures");
            let (suite, file) = (plain(file.suite), plain(file.file));
            let _ = writeln!(
                out,
                "| {suite}/{file} | | | {}: {failures} without a description |",
                plain(engine)
            );
        }
    }
    out.push_str(&left_out(all, "failed assertion", "failed assertions"));
    out.push('\n');
    out
}

/// The command as it stands in the script, and the call that it makes.
fn command(failed: &FailedAssertion<'_>) -> String {
    let text = code(failed.text.unwrap_or(failed.kind));
    match failed.call {
        Some(call) => format!("{text}<br>calls {}", code(call)),
        None => text,
    }
}

fn listed(title: &str, entries: &[Listed<'_>]) -> String {
    if entries.is_empty() {
        return String::new();
    }
    let mut out = format!("## {title}\n\n| where | engines | reason |\n| --- | --- | --- |\n");
    for entry in entries.iter().take(MAX_ENTRIES) {
        let _ = writeln!(
            out,
            "| {}/{}:{} | {} | {} |",
            plain(entry.suite),
            plain(entry.file),
            entry.line,
            plain(&entry.engines.join(", ")),
            plain(entry.reason)
        );
    }
    out.push_str(&left_out(entries.len(), "entry", "entries"));
    out.push('\n');
    out
}

fn common(title: &str, what: &str, entries: &[Common<'_>]) -> String {
    if entries.is_empty() {
        return String::new();
    }
    let mut out =
        format!("## {title}\n\n| {what} | engine | times | files |\n| --- | --- | ---: | ---: |\n");
    for entry in entries.iter().take(MAX_ENTRIES) {
        let (times, files) = (number(entry.count), number(entry.files.len() as u64));
        let _ = writeln!(
            out,
            "| {} | {} | {times} | {files} |",
            plain(entry.what),
            plain(entry.engine)
        );
    }
    out.push_str(&left_out(entries.len(), "entry", "entries"));
    out.push('\n');
    out
}

fn gas(view: &View<'_>) -> String {
    let mut out = "## Gas\n\n".to_owned();
    if view.gas.compared == 0 && view.gas.unequal.is_empty() {
        out.push_str("No gas was compared.\n\n");
        return out;
    }
    let compared = counted(view.gas.compared, "comparison", "comparisons");
    let _ = writeln!(out, "Equal in {} of {compared}.\n", number(view.gas.equal));
    for unequal in view.gas.unequal.iter().take(MAX_ENTRIES) {
        let amounts: Vec<String> = unequal
            .by_engine
            .iter()
            .map(|(engine, gas)| format!("{} {}", plain(engine), number(*gas)))
            .collect();
        let _ = writeln!(
            out,
            "- ≠ {}/{}: {}",
            plain(&unequal.suite),
            plain(&unequal.file),
            amounts.join(", ")
        );
    }
    if !view.gas.unequal.is_empty() {
        out.push_str(&left_out(view.gas.unequal.len(), "entry", "entries"));
        out.push('\n');
    }
    out
}

fn engines(view: &View<'_>) -> String {
    if view.record.engines.is_empty() {
        return String::new();
    }
    let mut out = "## Engines\n\n| engine | version | built of |\n| --- | --- | --- |\n".to_owned();
    for engine in &view.record.engines {
        let parts: Vec<String> = engine.parts.iter().map(|part| plain(&part.to_string())).collect();
        let _ = writeln!(
            out,
            "| {} | {} | {} |",
            plain(&engine.name),
            plain(&engine.version),
            parts.join("<br>")
        );
    }
    out.push('\n');
    for (first, second) in crate::view::pairs(&view.record.engines) {
        let conclusion = shared_parts(first, second).conclusion();
        let _ = writeln!(
            out,
            "- **{} and {}.** {}",
            plain(&first.name),
            plain(&second.name),
            plain(&conclusion)
        );
    }
    out
}

/// A line that says how many entries a list has beyond those shown, if any.
fn left_out(all: usize, one: &str, many: &str) -> String {
    match all.saturating_sub(MAX_ENTRIES) {
        0 => String::new(),
        left => format!("\n… and {} more.\n", counted(left as u64, one, many)),
    }
}
