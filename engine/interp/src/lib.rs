//! The oracle: an interpreter in the words of the specification.
//!
//! Every rule of the specification's chapter 4.6 (*Instructions*) that it implements is named where
//! it is, as `spec: Step_pure/br_if-true`. What other tiers do is judged by what this one does.
//!
//! A function is *prepared* on its first call: its instructions become operations with their operands
//! and targets resolved. Guest calls never use the native stack: the machine is plain data.
#![forbid(unsafe_code)]

mod arithmetic;
mod execution;
mod executions;
mod executor;
mod features;
mod image;
mod machine;
mod observer;
mod prepare;
mod program;

pub use etalon_numerics::vector::relaxed_results;
pub use executions::{Execution, Progress, ResumeError, StartError};
pub use executor::Interp;
pub use features::supported_features;
pub use image::{DamagedExecution, ExecutionsImage};
pub use machine::{Pause, PauseLimits, PauseReason, PauseRequest};
pub use observer::{ExecutedLedger, Observer, Rule};
