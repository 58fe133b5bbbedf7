//! The harness: scripts, differential execution, generated modules, gas, benchmarks.
#![forbid(unsafe_code)]

pub mod bench;
pub mod corpus;
pub mod coverage;
pub mod diff;
pub mod fuzz;
pub mod gas;
pub mod generate;
pub mod instrumented;
pub mod localise;
pub mod programs;
pub mod reduce;
mod rewrite;
pub mod script;
pub mod settings;
mod threads;
pub mod value;
pub mod witness;

#[doc(hidden)]
pub use rewrite::{NanBits, with_nans};
