//! One self-contained HTML page: without other files or network access, and readable without scripts and on paper.

mod campaign;
mod coverage;
mod engines;
mod findings;
mod frame;
mod matrix;
mod overview;

use etalon_record::SuiteRecord;
use maud::html;

pub use campaign::campaign;
pub(crate) use campaign::missing_shards;
pub(crate) use frame::{frame, shown};

use crate::compare::Comparison;
use crate::verdict::{Verdict, against_baseline, sentence};
use crate::view::View;

/// The record as one HTML page, with what changed since the baseline if there is a comparison.
///
/// Every text of the record is escaped, and a policy in the page forbids it to load anything.
#[must_use]
pub fn page(record: &SuiteRecord, comparison: Option<&Comparison>) -> String {
    let view = View::new(record);
    let verdict = Verdict::of(&view);
    let title = format!("Etalon on {}", record.arch);
    let body = html! {
        header.top {
            h1 { (shown(&title)) }
            (overview::origin(record))
        }
        p.verdict.(verdict.name()) { span.symbol { (verdict.symbol()) } " " (shown(&sentence(&view))) }
        @if let Some(comparison) = comparison {
            p.verdict.second.(if comparison.is_clean() { "passed" } else { "failed" }) {
                span.symbol { (if comparison.is_clean() { "✓" } else { "✗" }) } " "
                a href="#baseline" { (against_baseline(comparison)) }
            }
        }
        (overview::navigation(&view, comparison.is_some()))
        main {
            (overview::totals(&view))
            @if let Some(comparison) = comparison { (overview::changes(comparison)) }
            (overview::suites(&view))
            (findings::failures(&view))
            (findings::timeouts(&view))
            (findings::unexpected_passes(&view))
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
