//! Engines in processes of their own, and the other side: an engine of this process as others see it.

mod child;
mod engine;
mod facts;
mod probe;
mod protocol;
mod serve;
mod session;
mod start;
mod texts;

pub(crate) use child::Launch;
pub(crate) use engine::Remote;
pub(crate) use facts::{Facts, FunctionOf, spectest};
pub(crate) use probe::none;
pub use probe::{PROBES, probe};
pub(crate) use protocol::{GlobalOf, TypeOf, value};
pub use serve::{answers, give_back, serve};
pub use start::start_within;
pub(crate) use texts::{ANY, TrapTexts, V8};
