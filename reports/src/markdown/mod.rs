//! Markdown, for the summary of a job or a comment on a change.

mod coverage;
mod differential;
mod escape;
mod suite;

pub use differential::{diff, fuzz};
pub use suite::suite;
