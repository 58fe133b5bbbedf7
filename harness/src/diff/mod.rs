//! The differential executor: the same case on several engines, and where they differ.
//!
//! A [`Case`] is a module and a sequence of calls. Each engine runs it in a session of its own and leaves a [`Trace`];
//! traces are compared step by step, in the order of [`etalon_record::Aspect`]. A difference that the specification
//! allows is no divergence if a [`Policy`] covers it; between our own tiers no policy applies.

mod by_laws;
mod case;
mod compare;
mod differ;
mod observe;
mod open;
mod opinion;
mod policy;
mod ready;
mod trace;

pub use case::{Call, Case, MOST_CALLS, NotCallable, mentions_spectest};
pub use compare::{Comparison, Difference, Rules, compare};
pub(crate) use compare::{differing_host_call, same_traps};
pub use differ::{DiffOptions, Differ, Judged, Verdict};
pub use observe::{RunOptions, load, observe};
pub use opinion::SecondOpinion;
pub use policy::Policy;
pub(crate) use ready::Ready;
pub(crate) use trace::observation;
pub(crate) use trace::{LOADING, outcome_name};
pub use trace::{Step, Trace};
