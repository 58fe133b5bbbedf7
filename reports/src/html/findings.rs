//! The details behind the counts: failures, missing features, skips, expected failures, gas.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::frame::shown;
use super::overview::{files, scroll};
use crate::findings::{self, Common, FailedAssertion, FileFailures, Listed};
use crate::history::History;
use crate::text::{anchor, counted, list, number};
use crate::view::View;

/// How many failed assertions the page shows: as many as a browser handles easily.
const MAX_FAILURES: usize = 10_000;
/// How many entries of one list the page shows.
const MAX_ENTRIES: usize = 5000;
/// With more files than this, the failures of each file are collapsed at first.
const MAX_OPEN: usize = 40;

/// Every failed assertion, file by file.
pub(super) fn failures(view: &View<'_>, history: Option<&History>) -> Markup {
    file_sections(&findings::failures(view), history)
}

/// The failures of files, in a section of their own.
pub(super) fn file_sections(all: &[FileFailures<'_>], history: Option<&History>) -> Markup {
    if all.is_empty() {
        return html! {};
    }
    let mut left = MAX_FAILURES;
    html! {
        section #failures {
            h2 { "Failures" }
            @let listed = listed_files(all);
            @for file in &all[..listed] { (file_failures(file, &mut left, all.len() <= MAX_OPEN, history)) }
            @if listed < all.len() { p.hint { "Failures of " (files(all.len() - listed)) " more are in the record." } }
        }
    }
}

/// How many files have room on the page with at least one of their failures.
fn listed_files(all: &[FileFailures<'_>]) -> usize {
    let mut room = MAX_FAILURES;
    let fits = |file: &&FileFailures<'_>| {
        let has_room = room > 0;
        room = room.saturating_sub(file.assertions.len().max(1));
        has_room
    };
    all.iter().take_while(fits).count()
}

/// The failures of one file, at most `left` of them; the number shown is subtracted from `left`.
fn file_failures(
    file: &FileFailures<'_>,
    left: &mut usize,
    open: bool,
    history: Option<&History>,
) -> Markup {
    let shown_here = file.assertions.len().min(*left);
    *left -= shown_here;
    let cut = (file.assertions.len() - shown_here) as u64;
    let rows = &file.assertions[..shown_here];
    html! {
        details.failures id=(anchor(&["failures", file.suite, file.file])) open[open] {
            summary {
                span.path { (shown(file.suite)) "/" b { (shown(file.file)) } } " "
                span.of { (counted(file.assertions.len() as u64, "assertion", "assertions")) }
            }
            @if !rows.is_empty() {
                (scroll("Failures of a file", &html! {
                    table {
                        thead {
                            tr {
                                th.count scope="col" { "line" } th scope="col" { "command" }
                                th scope="col" { "expected" } th scope="col" { "got" }
                            }
                        }
                        tbody { @for failed in rows { (failed_assertion(failed, file, history)) } }
                    }
                }))
            }
            @if cut > 0 { p.hint { (counted(cut, "failure", "failures")) " more are in the record." } }
            @for (engine, count) in &file.undescribed {
                p.hint { (shown(engine)) ": " (counted(*count, "failure", "failures")) " without a description." }
            }
            a.back href={ "#" (anchor(&["row", file.suite, file.file])) } { "to the file's row" }
        }
    }
}

fn failed_assertion(
    failed: &FailedAssertion<'_>,
    file: &FileFailures<'_>,
    history: Option<&History>,
) -> Markup {
    let since = |(arch, engine): &(&str, &str)| {
        let place = [*arch, file.suite, file.file, *engine];
        history.and_then(|history| history.since(place, &failed.key))
    };
    // Where it began at different times, each says where.
    let mut begun: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for place in &failed.places {
        if let Some(text) = since(place) {
            begun.entry(text).or_default().push(format!("{} on {}", place.1, place.0));
        }
    }
    html! {
        tr {
            td.count { (failed.line) }
            td {
                code.text { (shown(failed.text.unwrap_or(failed.kind))) }
                @if let Some(call) = failed.call { div.of { "calls " code.text { (shown(call)) } } }
                @if let Some(module) = failed.module { div.of { "module " (shown(module)) } }
                @for (text, places) in &begun {
                    div.since { @if begun.len() > 1 { (shown(&list(places))) ": " } (shown(text)) }
                }
            }
            td { code.text { (shown(failed.expected)) } }
            td {
                @for (engine, got) in &failed.got {
                    div.got { span.engine { (shown(engine)) } code.text { (shown(got)) } }
                }
            }
        }
    }
}

/// Commands that did not end within the limit.
pub(super) fn timeouts(view: &View<'_>) -> Markup {
    let hint = "Neither passed nor failed: they did not end within the limit. Whether they do depends on the machine.";
    listed("timed-out", "Timed out", hint, &findings::timeouts(view), view.totals.timed_out)
}

/// Expected failures that passed.
pub(super) fn unexpected_passes(view: &View<'_>) -> Markup {
    let hint = "Listed as failing, but they hold: the list is out of date.";
    listed(
        "unexpected",
        "Unexpected passes",
        hint,
        &findings::unexpected_passes(view),
        view.totals.unexpected_passes,
    )
}

/// Expected failures with their listed reasons.
pub(super) fn expected_failures(view: &View<'_>) -> Markup {
    let hint = "Known, with a reason; they do not fail the run.";
    listed(
        "expected",
        "Expected failures",
        hint,
        &findings::expected_failures(view),
        view.totals.expected_failures,
    )
}

fn listed(
    id: &str,
    title: &str,
    hint: &str,
    entries: &[Listed<'_>],
    counted_in_rows: u64,
) -> Markup {
    if entries.is_empty() && counted_in_rows == 0 {
        return html! {};
    }
    let described: usize = entries.iter().map(|entry| entry.engines.len()).sum();
    html! {
        section id=(id) {
            h2 { (title) }
            p.hint { (hint) }
            @if !entries.is_empty() {
                div.scroll tabindex="0" role="group" aria-label=(title) {
                    table {
                        thead { tr { th { "where" } th { "engines" } th { "reason" } } }
                        tbody {
                            @for entry in entries.iter().take(MAX_ENTRIES) {
                                tr {
                                    td {
                                        a href={ "#" (anchor(&["row", entry.suite, entry.file])) } {
                                            (shown(entry.suite)) "/" (shown(entry.file))
                                        }
                                        ":" (entry.line)
                                    }
                                    td { (shown(&entry.engines.join(", "))) }
                                    td { (shown(entry.reason)) }
                                }
                            }
                        }
                    }
                }
            }
            (cut(entries.len()))
            @if counted_in_rows > described as u64 {
                p.hint { (number(counted_in_rows - described as u64)) " without a description." }
            }
        }
    }
}

/// Features that engines lack.
pub(super) fn unsupported(view: &View<'_>) -> Markup {
    common("unsupported", "Missing features", "feature", &findings::unsupported(view), false)
}

/// Why assertions were skipped.
pub(super) fn skips(view: &View<'_>) -> Markup {
    let entries = findings::skips(view);
    if entries.is_empty() && view.totals.skipped > 0 {
        let skipped = counted(view.totals.skipped, "assertion was", "assertions were");
        return html! {
            section #skipped { h2 { "Skipped" } p { (skipped) " skipped; the record does not say why." } }
        };
    }
    common("skipped", "Skipped", "reason", &entries, true)
}

fn common(id: &str, title: &str, what: &str, entries: &[Common<'_>], with_count: bool) -> Markup {
    if entries.is_empty() {
        return html! {};
    }
    html! {
        section id=(id) {
            h2 { (title) }
            div.scroll tabindex="0" role="group" aria-label=(title) {
                table {
                    thead {
                        tr { th { (what) } th { "engine" } @if with_count { th.count { "times" } } th { "files" } }
                    }
                    tbody {
                        @for entry in entries.iter().take(MAX_ENTRIES) {
                            tr {
                                td { (shown(entry.what)) }
                                td { (shown(entry.engine)) }
                                @if with_count { td.count { (number(entry.count)) } }
                                td { (file_list(entry)) }
                            }
                        }
                    }
                }
            }
            (cut(entries.len()))
        }
    }
}

/// The files of an entry: a link if there is one, a collapsed list if there are more.
fn file_list(entry: &Common<'_>) -> Markup {
    let link = |(suite, file): &(&str, &str)| {
        html! { a href={ "#" (anchor(&["row", suite, file])) } { (shown(suite)) "/" (shown(file)) } }
    };
    match entry.files.as_slice() {
        [only] => link(only),
        many => html! {
            details.inline {
                summary { (files(many.len())) }
                ul { @for file in many.iter().take(MAX_ENTRIES) { li { (link(file)) } } }
            }
        },
    }
}

/// Whether the engines charged the same gas, and where not.
pub(super) fn gas(view: &View<'_>) -> Markup {
    let gas = view.gas;
    let none = gas.compared == 0 && gas.unequal.is_empty();
    html! {
        section #gas {
            h2 { "Gas" }
            @if none {
                p { "No gas was compared." }
            } @else {
                p { "Equal in " (number(gas.equal)) " of " (counted(gas.compared, "comparison", "comparisons")) "." }
            }
            @if !gas.unequal.is_empty() {
                div.scroll tabindex="0" role="group" aria-label="Scripts with unequal gas" {
                    table {
                        thead {
                            tr {
                                th { "file" }
                                @for engine in &view.engines { th.count { (shown(&engine.name)) } }
                            }
                        }
                        tbody {
                            @for unequal in gas.unequal.iter().take(MAX_ENTRIES) {
                                tr {
                                    td {
                                        a href={ "#" (anchor(&["row", &unequal.suite, &unequal.file])) } {
                                            (shown(&unequal.suite)) "/" (shown(&unequal.file))
                                        }
                                    }
                                    @for engine in &view.engines {
                                        td.count { (unequal.by_engine.get(&engine.name).map_or("–".into(), |gas| number(*gas))) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
            (cut(gas.unequal.len()))
        }
    }
}

fn cut(entries: usize) -> Markup {
    match entries.saturating_sub(MAX_ENTRIES) {
        0 => html! {},
        left => html! { p.hint { (number(left as u64)) " more are in the record." } },
    }
}
