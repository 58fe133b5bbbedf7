//! The optimised interpreter: bodies are prepared into fused register operations.
//!
//! A function is *prepared* at its first call: its instructions become operations whose operands and
//! targets are resolved, and several instructions become one operation where possible. Calls between
//! guest functions never use the native stack: the machine is plain data. Tests compare this tier with the
//! oracle, like every other tier. Apart from the store, the two share only the numeric functions of vectors.
#![forbid(unsafe_code)]

mod arithmetic;
mod cuts;
mod execution;
mod executor;
mod features;
mod gas;
mod machine;
mod prepare;
mod program;

pub use executor::Interp;
pub use features::supported_features;
