//! From a difference to its cause: the first instruction at which two engines part.
//!
//! Both run a copy of the module in which the values that instructions leave are handed to a host function
//! ([`instrument`]). The first of them that differs is the first wrong value, whatever follows from it. Where control parts
//! instead, it is the instruction that stands between the last point that both reached and the next.
//!
//! A copy is another program. Where the engines agree on it, the fault needs instructions to stand next to each other; then each
//! point is tried alone, and if that does not help either, the last instruction before the difference is named, with a word on it.
//!
//! An instruction may be right and read what a collection put in the place of an object that nobody held; then the one that made
//! the reference is named (`lost.rs`).

mod cause;
mod events;
mod instrument;
mod lost;
mod objects;
mod outside;
mod placement;
mod search;
mod values;
mod versions;

pub use cause::{Cause, Certainty, rules_of};
#[cfg(test)]
pub(crate) use instrument::What;
pub(crate) use instrument::{Chosen, GAS as COPY_GAS, MODULE as POINTS, Point, Way, instrument};
pub use placement::{Culprit, culprit};
pub use search::localise;
pub(crate) use values::{Known, known_values};
pub use versions::{AskedVersion, Since, Versions};
