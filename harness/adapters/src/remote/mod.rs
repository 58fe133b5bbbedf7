//! Engines in processes of their own, and the other side: an engine of this process as others see it.

mod child;
mod engine;
mod facts;
mod folder;
mod gate;
mod probe;
pub(crate) mod protocol;
mod serve;
mod session;
mod start;
mod texts;

pub(crate) use child::Launch;
pub use child::end_engines;
pub(crate) use engine::Remote;
pub(crate) use facts::{Facts, FunctionOf, spectest};
#[cfg(any(feature = "peer-wasmi", feature = "peer-wasmtime"))]
pub(crate) use gate::Gate;
pub(crate) use probe::none;
pub use probe::{PROBES, Probed, probe};
pub(crate) use protocol::{GlobalOf, TypeOf, value, value_text};
pub use serve::{answers, give_back, serve};
pub(crate) use start::LEAST;
pub use start::{start_no_more, start_within};
#[cfg(feature = "peer-wasmi")]
pub(crate) use texts::WASMI;
#[cfg(feature = "peer-wasmtime")]
pub(crate) use texts::WASMTIME;
pub(crate) use texts::{ANY, JSC, OURS, SPIDERMONKEY, TrapTexts, V8, WABT};
