//! The differential executor: the same case on several engines, and what they part in.
//!
//! A [`Case`] is a module and a sequence of calls. Each engine runs it in a session of its own and leaves a [`Trace`];
//! traces are compared step by step, in the order of [`etalon_record::Aspect`]. What the specification leaves open is
//! not a divergence: it is named by a [`Policy`], and only between engines that are not ours.

mod case;
mod compare;
mod differ;
mod observe;
mod policy;
mod trace;

pub use case::{Call, Case};
pub use compare::{Comparison, Difference, Rules, compare};
pub use differ::{DiffOptions, Differ, Judged, Verdict};
pub use observe::{RunOptions, observe};
pub use policy::Policy;
pub use trace::{Step, Trace};
