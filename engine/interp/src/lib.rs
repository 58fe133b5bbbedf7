//! The optimised interpreter: bodies are prepared into fused register operations.
//!
//! A function is *prepared* on its first call: its instructions become operations whose operands and
//! targets are resolved, several instructions one operation where that can be. Guest calls never use the
//! native stack: the machine is plain data. What this tier does is held against the oracle, as what any
//! other tier does is; it shares the numeric functions of vectors with it and nothing else of its own.
#![forbid(unsafe_code)]

mod arithmetic;
mod execution;
mod executor;
mod features;
mod gas;
mod machine;
mod prepare;
mod program;

pub use executor::Interp;
pub use features::supported_features;
