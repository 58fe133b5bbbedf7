//! Renders records: HTML, JSON, JUnit, Markdown, SARIF, annotations.
//!
//! [`render_all`] gives all of them as the files of a folder; [`html`], [`markdown`] and [`junit`] are the pure functions behind
//! it. [`Baseline`] is the summary that is committed, and [`compare`] says what became worse since. This crate links
//! no engine: everything that it says is in a record.
#![forbid(unsafe_code)]

mod across;
mod cells;
mod compare;
mod error;
mod findings;
pub mod github;
mod history;
mod html;
mod junit;
mod limits;
mod markdown;
mod problems;
pub mod sarif;
mod summary;
mod text;
mod verdict;
mod view;
mod write;

pub use compare::{Change, Comparison, Measure, compare};
pub use error::RenderError;
pub use history::History;
pub use html::{campaign as campaign_html, page as html};
pub use junit::junit;
pub use markdown::{diff as diff_markdown, fuzz as fuzz_markdown, suite as markdown};
pub use summary::{Baseline, BaselineError, Counts, GasCounts};
pub use write::{Options, Page, Rendered, render_all, render_records};

/// The verdict on a record in one sentence, as at the top of every report.
#[must_use]
pub fn verdict(record: &etalon_record::SuiteRecord) -> String {
    verdict::sentence(&view::View::new(record))
}
