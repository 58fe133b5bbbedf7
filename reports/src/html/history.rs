//! The earlier runs.

use maud::{Markup, html};

use super::frame::shown;
use super::overview::scroll;
use crate::history::{History, MAX_LISTED};
use crate::text::number;

/// The latest of the earlier runs, the newest first.
pub(super) fn history(history: &History) -> Markup {
    let left = history.runs.len().saturating_sub(MAX_LISTED);
    html! {
        section #history {
            h2 { "History" }
            @if history.runs.is_empty() { p { "There is no earlier record." } } @else {
                (scroll("Earlier runs", &html! {
                    table {
                        thead {
                            tr {
                                th scope="col" { "record" } th scope="col" { "architecture" } th scope="col" { "version" }
                                th.count scope="col" { "files passed" } th.count scope="col" { "failed" }
                                th.count scope="col" { "timed out" } th.count scope="col" { "skipped" }
                            }
                        }
                        tbody {
                            @for run in history.runs.iter().rev().take(MAX_LISTED) {
                                tr {
                                    th scope="row" {
                                        span.symbol.(run.verdict.name()) { (run.verdict.symbol()) } " "
                                        span.path { (shown(&run.name)) }
                                    }
                                    td { (shown(&run.arch)) } td { (shown(&run.version)) }
                                    td.count {
                                        (number(run.totals.files_passed)) span.of { " / " (number(run.totals.files)) }
                                    }
                                    td.count { (number(run.totals.failed)) } td.count { (number(run.totals.timed_out)) }
                                    td.count { (number(run.totals.skipped)) }
                                }
                            }
                        }
                    }
                }))
                @if left > 0 { p.hint { (number(left as u64)) " earlier records are not listed." } }
            }
        }
    }
}
