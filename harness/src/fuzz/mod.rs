//! The loop of `etalon fuzz`: generated cases on several engines, and what is saved of a divergence.
//!
//! A campaign can be broken off at any moment and go on later. A finding is saved when it is found ([`save`]) and reduced
//! when all cases are done ([`reduce`](crate::reduce)); the journal in the folder of findings holds what was done until then.

mod campaign;
mod journal;
mod options;
mod outcomes;
mod ranges;
mod report;
mod rotation;
mod run;
mod save;
mod tally;
pub mod targets;

pub use journal::{JOURNAL, seed_in};
pub use options::{FuzzError, FuzzOptions, NoProgress, Progress, SoFar};
pub use outcomes::Outcomes;
pub use run::{case_of, fuzz};
pub use save::{Found, Shown, add_since, save};
