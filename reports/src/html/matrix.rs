//! The table of files and engines.

use etalon_record::{Row, Standing};
use maud::{Markup, html};

use super::frame::shown;
use super::overview::{files, scroll, standing_sign, symbol};
use crate::limits::{self, MAX_SCRIPTS};
use crate::text::{anchor, counted, describe, number};
use crate::view::{File, FileGas, Suite, View};

/// Every file on every engine. The script of the page filters the rows by their `data-name` and `data-state`.
pub(super) fn matrix(view: &View<'_>) -> Markup {
    let all = view.files().count();
    let mut left = MAX_SCRIPTS;
    let table = html! {
        table.matrix {
            thead {
                tr {
                    th scope="col" { "file" }
                    @for engine in &view.engines {
                        th.count scope="col" {
                            (shown(&engine.name))
                            @if let Some(info) = engine.info { small { (shown(&info.version)) } }
                        }
                    }
                    th.count scope="col" { "gas" }
                }
            }
            @for suite in &view.suites {
                @let here = limits::take(&mut left, suite.files.len());
                @if here > 0 { (suite_rows(suite, here, view.engines.len())) }
            }
        }
    };
    section("Files on every engine", all, &table)
}

/// The section of all files, with a table of so many as a page shows of `all`.
pub(super) fn section(label: &str, all: usize, table: &Markup) -> Markup {
    html! {
        section #files {
            h2 { "Files" }
            p.hint.more { "The table scrolls sideways: →" }
            (controls())
            (scroll(label, table))
            @if all > MAX_SCRIPTS { p.hint { (files(all - MAX_SCRIPTS)) " more are in the record." } }
            (legend())
        }
    }
}

/// The filter of the table of files, which the script of the page shows.
fn controls() -> Markup {
    html! {
        div.controls hidden {
            label.search { span.sr { "Filter by name" } input #filter type="search" placeholder="Filter by name  ( / )"; }
            label { input #only-failures type="checkbox"; " only failures" }
            label { input #only-open type="checkbox"; " only what is not passed" }
            span #shown role="status" {}
        }
    }
}

/// What the signs mean.
fn legend() -> Markup {
    html! {
        p.legend {
            @for (standing, meaning) in [
                (Standing::Passed, "passed"),
                (Standing::Failed, "failed"),
                (Standing::TimedOut, "timed out"),
                (Standing::Unsupported, "lacks a feature"),
                (Standing::Skipped, "skipped in part or whole"),
            ] {
                span { (symbol(standing)) " " (meaning) }
            }
            span { "– not run" }
            span { "≠ gas differs" }
            span { "+n expected failures" }
        }
    }
}

fn suite_rows(suite: &Suite<'_>, here: usize, engines: usize) -> Markup {
    html! {
        tbody {
            tr.suite id=(anchor(&["suite", suite.name])) {
                th scope="rowgroup" colspan=(engines + 2) {
                    span.title {
                        button type="button" aria-expanded="true" { (shown(suite.name)) }
                        " " span.of { (number(suite.totals.files_passed)) " of " (files(suite.files.len())) " passed" }
                    }
                }
            }
            @for file in &suite.files[..here] { (file_row(file)) }
        }
    }
}

fn file_row(file: &File<'_>) -> Markup {
    // Different gas is a fault of its own, even if every assertion holds.
    let state = if file.is_faulty() { "failed" } else { standing_sign(file.standing()).0 };
    let id = anchor(&["row", file.suite, file.name]);
    html! {
        tr id=(id) data-name=(shown(&format!("{}/{}", file.suite, file.name))) data-state=(state) {
            th scope="row" { a.self href={ "#" (id) } { (shown(file.name)) } }
            @for cell in &file.cells {
                @match cell {
                    Some(row) => (cell_of(file, row)),
                    None => td.count.absent title="not run" { "–" },
                }
            }
            (gas_cell(file))
        }
    }
}

fn cell_of(file: &File<'_>, row: &Row) -> Markup {
    let standing = row.standing();
    let (class, sign) = standing_sign(standing);
    let counts = html! {
        (number(row.passed)) span.of { "/" (number(row.assertions())) }
        @if row.expected_failures > 0 {
            span.expected title=(counted(row.expected_failures, "expected failure", "expected failures")) {
                "+" (number(row.expected_failures))
            }
        }
        " " span.symbol { (sign) }
    };
    // A cell of a passed file needs no text, and hundreds of texts would make the page large.
    let title = (standing != Standing::Passed).then(|| shown(&describe(row)));
    html! {
        td.count.(class) title=[&title] {
            @if row.failed > 0 {
                a href={ "#" (anchor(&["failures", file.suite, file.name])) } { (counts) }
            } @else if row.timed_out > 0 {
                a href="#timed-out" { (counts) }
            } @else if row.unexpected_passes > 0 {
                a href="#unexpected" { (counts) }
            } @else {
                (counts)
            }
            @if let Some(title) = &title { span.sr { " " (title) } }
        }
    }
}

fn gas_cell(file: &File<'_>) -> Markup {
    match file.gas {
        FileGas::None => html! { td.count.absent title="not metered" { "–" } },
        FileGas::Agreed(amount) => html! { td.count.gas { (number(amount)) } },
        FileGas::Unequal => html! {
            td.count.failed { a href="#gas" { "≠" } }
        },
    }
}
