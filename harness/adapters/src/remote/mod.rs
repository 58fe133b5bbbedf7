//! Engines in processes of their own, and the other side: an engine of this process as others see it.

mod child;
mod engine;
mod facts;
mod probe;
mod protocol;
mod serve;
mod session;
mod texts;

pub(crate) use child::Launch;
pub(crate) use engine::Remote;
pub use probe::{PROBES, probe};
pub use serve::serve;
pub(crate) use texts::{ANY, TrapTexts, V8, WASMI, WASMTIME};
