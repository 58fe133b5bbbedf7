//! Scripts: the language of the official test suite (`.wast`), run on any engine.
//!
//! [`run_script`] runs one script on one engine; [`run_suites`] and [`run_paths`] run many, on all cores, and write
//! the record. What an engine does is compared with what the script expects, by these rules:
//!
//! - *Malformed* and *invalid* are different verdicts of an engine: where a script expects one, the other does not pass.
//!   For an engine that does not tell them apart, either passes.
//! - A module that is refused because the engine lacks a feature never passes: the assertion is skipped under the
//!   feature's name, and so is everything that needs the module. But if the script is older than the feature, and the
//!   feature was disabled for it, the feature is not part of its language, and refusing the module is right.
//! - Texts of traps are compared as `texts.rs` says. Texts of rejections are not compared: every engine has its own.
//! - A crash of an engine always fails the assertion; no list of expected failures covers it.
//! - Threads of a script take turns at every access to a memory, in an order that a seed decides. So their outcomes are
//!   sequentially consistent, and the same every time. [`outcomes`] tries all orders.
//! - Only assertions count as passed or skipped. A module or an action that fails counts as one failure.

mod actions;
mod at;
mod book;
mod encode;
mod events;
mod glob;
mod interleave;
mod modules;
mod outcomes;
mod parse;
mod paths;
mod patterns;
mod run;
mod runner;
mod select;
mod source;
mod texts;
mod threads;
mod values;

pub use encode::modules_of;
pub use events::{Events, Silent};
pub use glob::Glob;
pub use outcomes::{Outcomes, outcomes};
pub use paths::scripts_in;
pub use run::{SuiteRun, run_paths, run_scripts, run_suites};
pub use runner::run_script;
pub use select::{Selection, SelectionError, Shard};
pub use source::{ScriptError, ScriptOptions, ScriptSource, features_named};
