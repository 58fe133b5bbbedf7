//! The oracle: the specification of WebAssembly, executed. Every other tier and engine is judged by what this one does.
//!
//! - The state is the specification's: a thread has frames, labels, handlers and typed values, and all of it is data.
//! - The program is the module's own text, instruction by instruction.
//! - Each instruction is one function, in the file of its chapter in `rules/`, whose comment names the official rules.
//! - Which rules are used is always counted, so coverage is that of the code that judges.
//! - What validation promises is checked all the same; where a promise is broken the answer is a *crash*, a bug of ours.
//!
//! Executions can be paused before any instruction, resumed, written down as data, and taken up elsewhere.
#![forbid(unsafe_code)]

mod configuration;
mod executions;
mod executor;
mod features;
mod image;
mod observer;
mod oracle;
mod pause;
mod rules;
mod step;
mod stop;
mod text;
mod thread;
mod usage;

pub use etalon_module::Rule;
pub use executions::{Progress, ResumeError, StartError};
pub use features::supported_features;
pub use image::{DamagedExecution, ExecutionsImage};
pub use observer::Observer;
pub use oracle::{Execution, Oracle};
pub use pause::{Pause, PauseLimits, PauseReason, PauseRequest};
pub use usage::Usage;
