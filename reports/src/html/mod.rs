//! One self-contained HTML page: without other files or network access, and readable without scripts and on paper.

mod across;
mod across_matrix;
mod campaign;
mod coverage;
mod engines;
mod findings;
mod frame;
mod history;
mod matrix;
mod overview;

use etalon_record::SuiteRecord;
use maud::html;

pub(crate) use across::{Beside, page as page_across};
pub use campaign::campaign;
pub(crate) use campaign::missing_shards;

use frame::{frame, shown};

use crate::compare::Comparison;
use crate::history::History;
use crate::verdict::{Verdict, against_baseline, sentence};
use crate::view::View;

/// The record as one HTML page, with what changed since the baseline if there is a comparison.
///
/// Every text of the record is escaped, and a policy in the page forbids it to load anything.
#[must_use]
pub fn page(record: &SuiteRecord, comparison: Option<&Comparison>) -> String {
    with_history(record, comparison, None)
}

/// The same page, which says since when each assertion fails if there is a history.
pub(crate) fn with_history(
    record: &SuiteRecord,
    comparison: Option<&Comparison>,
    history: Option<&History>,
) -> String {
    let view = View::new(record);
    let verdict = Verdict::of(&view);
    let title = format!("Etalon on {}", record.arch);
    let body = html! {
        header.top {
            h1 { (shown(&title)) }
            (overview::origin(record))
        }
        p.verdict.(verdict.name()) { span.symbol aria-hidden="true" { (verdict.symbol()) } " " (shown(&sentence(&view))) }
        @if let Some(comparison) = comparison {
            p.verdict.second.(if comparison.is_clean() { "passed" } else { "failed" }) {
                span.symbol aria-hidden="true" { (if comparison.is_clean() { "✓" } else { "✗" }) } " "
                a href="#baseline" { (against_baseline(comparison)) }
            }
        }
        (overview::navigation(&view, comparison.is_some(), history.is_some()))
        main #main {
            (overview::totals(&view))
            @if let Some(comparison) = comparison { (overview::changes(comparison)) }
            (overview::suites(&view))
            (findings::failures(&view, history))
            (findings::timeouts(&view))
            (findings::unexpected_passes(&view))
            @if let Some(history) = history { (history::history(history)) }
            (matrix::matrix(&view))
            (findings::gas(&view))
            (coverage::coverage(record))
            (findings::unsupported(&view))
            (findings::skips(&view))
            (findings::expected_failures(&view))
            (engines::engines(&view))
        }
    };
    frame(&title, &body)
}
