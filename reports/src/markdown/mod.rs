//! Markdown, for the summary of a job or a comment on a change.

mod card;
mod coverage;
mod differential;
mod escape;
mod suite;

pub(crate) use card::Card;
pub use differential::{diff, fuzz};
pub use suite::suite;
