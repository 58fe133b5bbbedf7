//! The loop of `etalon fuzz`: generated cases on several engines, and what is saved of a divergence.

mod options;
mod reduce;
mod run;
mod save;
mod shrink;
mod tally;
pub mod targets;

pub use options::{FuzzError, FuzzOptions, NoProgress, Progress};
pub use reduce::reduce;
pub use run::{case_of, fuzz};
pub use save::{Found, save};
