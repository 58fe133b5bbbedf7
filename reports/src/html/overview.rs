//! The head of the page: origin of the record, totals, suites.

use etalon_record::{Standing, SuiteRecord, Totals};
use maud::{Markup, html};

use super::frame::shown;
use crate::compare::Comparison;
use crate::findings;
use crate::text::{anchor, counted, number};
use crate::verdict::against_baseline;
use crate::view::View;

/// The program, command, architecture and schedule.
pub(super) fn origin(record: &SuiteRecord) -> Markup {
    html! {
        dl.origin {
            div { dt { "written by" } dd { (shown(&record.tool.name)) " " (shown(&record.tool.version)) } }
            div { dt { "command" } dd { code { "etalon " (record.record) } } }
            div { dt { "architecture" } dd { (shown(&record.arch)) } }
            @for engine in &record.engines {
                div { dt { (shown(&engine.name)) } dd { (shown(&engine.version)) } }
            }
            div {
                dt { "gas schedule" }
                dd {
                    @match &record.schedule {
                        Some(id) => code { (shown(id)) },
                        None => "none",
                    }
                }
            }
            @if let Some(limit) = &record.time_limit { div { dt { "limit of time" } dd { (shown(limit)) } } }
        }
    }
}

/// Links to the sections that the page has.
pub(super) fn navigation(view: &View<'_>, compared: bool, history: bool) -> Markup {
    let sections = [
        ("baseline", "Baseline", compared),
        ("suites", "Suites", true),
        ("failures", "Failures", view.totals.failed > 0),
        ("timed-out", "Timed out", view.totals.timed_out > 0),
        ("unexpected", "Unexpected passes", view.totals.unexpected_passes > 0),
        ("history", "History", history),
        ("files", "Files", true),
        ("gas", "Gas", true),
        ("rules", "Rules", view.record.coverage.is_some()),
        ("unsupported", "Missing features", !findings::unsupported(view).is_empty()),
        ("skipped", "Skipped", view.totals.skipped > 0),
        ("expected", "Expected failures", view.totals.expected_failures > 0),
        ("engines", "Engines", true),
    ];
    links(&sections)
}

/// Links to sections: their ids, their titles, and whether they are there.
pub(super) fn links(sections: &[(&str, &str, bool)]) -> Markup {
    html! {
        nav aria-label="Sections" {
            @for (id, title, _) in sections.iter().filter(|(_, _, present)| *present) {
                a href={ "#" (id) } { (title) }
            }
        }
    }
}

/// What may be wider than the screen, in a box that scrolls by itself, by the keyboard too.
pub(super) fn scroll(label: &str, inside: &Markup) -> Markup {
    html! { div.scroll tabindex="0" role="group" aria-label=(label) { (inside) } }
}

/// The counts of the whole record.
pub(super) fn totals(view: &View<'_>) -> Markup {
    let totals = &view.totals;
    let unequal =
        view.gas.compared.saturating_sub(view.gas.equal).max(view.gas.unequal.len() as u64);
    html! {
        section aria-label="Totals" {
            ul.tiles {
                (tile("files passed", totals.files_passed, Some(totals.files), "plain"))
                (tile("assertions passed", totals.passed, Some(totals.assertions), "plain"))
                (tile("failed", totals.failed, None, if totals.failed > 0 { "failed" } else { "none" }))
                @if totals.timed_out > 0 { (tile("timed out", totals.timed_out, None, "failed")) }
                @if totals.unexpected_passes > 0 {
                    (tile("unexpected passes", totals.unexpected_passes, None, "failed"))
                }
                (tile("skipped", totals.skipped, None, if totals.skipped > 0 { "skipped" } else { "none" }))
                (tile(
                    "expected failures",
                    totals.expected_failures,
                    None,
                    if totals.expected_failures > 0 { "plain" } else { "none" },
                ))
                (tile("gas equal", view.gas.equal, Some(view.gas.compared), if unequal > 0 { "failed" } else { "plain" }))
            }
            @if view.engines.len() > 1 {
                p.hint { "Assertions are counted once for each engine, files once." }
            }
        }
    }
}

pub(super) fn tile(label: &str, count: u64, of: Option<u64>, class: &str) -> Markup {
    html! {
        li.(class) {
            span.label { (label) }
            span.count { (number(count)) @if let Some(of) = of { small { " of " (number(of)) } } }
        }
    }
}

/// What changed since the baseline.
pub(super) fn changes(comparison: &Comparison) -> Markup {
    html! {
        section #baseline {
            h2 { "Against the baseline" }
            p { (against_baseline(comparison)) }
            ul.changes {
                @for change in &comparison.regressions {
                    li.failed { span.symbol { "✗" } " worse: " (shown(&change.to_string())) }
                }
                @for change in &comparison.improvements {
                    li.passed { span.symbol { "✓" } " better: " (shown(&change.to_string())) }
                }
                @for note in &comparison.notes { li { (shown(note)) } }
            }
        }
    }
}

/// The counts of each suite.
pub(super) fn suites(view: &View<'_>) -> Markup {
    html! {
        section #suites {
            h2 { "Suites" }
            p.hint.more { "The table scrolls sideways: →" }
            div.scroll tabindex="0" role="group" aria-label="Suites on every engine" {
                table.sums {
                    thead {
                        tr {
                            th scope="col" { "suite" }
                            th.count scope="col" { "files passed" }
                            @for engine in &view.engines { th.count scope="col" { (shown(&engine.name)) } }
                        }
                    }
                    tbody {
                        @for suite in &view.suites {
                            tr {
                                th scope="row" {
                                    a href={ "#" (anchor(&["suite", suite.name])) } { (shown(suite.name)) }
                                }
                                td.count { (number(suite.totals.files_passed)) span.of { " / " (number(suite.totals.files)) } }
                                @for totals in &suite.by_engine { (sums_cell(totals.as_ref())) }
                            }
                        }
                    }
                    tfoot {
                        tr {
                            th scope="row" { "total" }
                            td.count { (number(view.totals.files_passed)) span.of { " / " (number(view.totals.files)) } }
                            @for engine in &view.engines { (sums_cell(Some(&engine.totals))) }
                        }
                    }
                }
            }
            p.hint { "Files: passed by every engine / all. Engines: assertions passed / all." }
        }
    }
}

fn sums_cell(totals: Option<&Totals>) -> Markup {
    match totals {
        Some(totals) => html! { td.count { (sums(totals)) } },
        None => html! { td.count.absent title="not run" { "–" } },
    }
}

/// The standing of what has these totals.
pub(super) fn standing_of(totals: &Totals) -> Standing {
    if totals.failed > 0 || totals.unexpected_passes > 0 {
        Standing::Failed
    } else if totals.timed_out > 0 {
        Standing::TimedOut
    } else if totals.skipped > 0 {
        Standing::Skipped
    } else {
        Standing::Passed
    }
}

/// Assertions passed of all, and what else they came to.
pub(super) fn sums(totals: &Totals) -> Markup {
    let others = [
        (totals.failed, "failed", "failed"),
        (totals.timed_out, "timed out", "failed"),
        (totals.unexpected_passes, "passed unexpectedly", "failed"),
        (totals.skipped, "skipped", "skipped"),
        (totals.expected_failures, "expected", "expected"),
    ];
    html! {
        (number(totals.passed)) span.of { " / " (number(totals.assertions)) }
        " " (symbol(standing_of(totals)))
        @if others.iter().any(|(count, ..)| *count > 0) {
            div.others {
                @for (count, word, class) in others.iter().filter(|(count, ..)| *count > 0) {
                    span.(class) { (number(*count)) " " (word) }
                }
            }
        }
    }
}

/// The sign of a standing; its shape means the same as its colour.
pub(super) fn symbol(standing: Standing) -> Markup {
    let (class, sign) = standing_sign(standing);
    let meaning = match standing {
        Standing::Passed => "passed",
        Standing::Skipped => "skipped",
        Standing::Unsupported => "lacks a feature",
        Standing::TimedOut => "timed out",
        Standing::Failed => "failed",
    };
    html! { span.symbol.(class) role="img" aria-label=(meaning) { (sign) } }
}

/// The class and the sign of a standing.
pub(super) fn standing_sign(standing: Standing) -> (&'static str, &'static str) {
    match standing {
        Standing::Passed => ("passed", "✓"),
        Standing::Skipped => ("skipped", "○"),
        Standing::Unsupported => ("unsupported", "⊘"),
        // A colour of its own would say less than the sign.
        Standing::TimedOut => ("failed", "◷"),
        Standing::Failed => ("failed", "✗"),
    }
}

/// `3 files`, for headings.
pub(super) fn files(count: usize) -> String {
    counted(count as u64, "file", "files")
}
