//! Scripts: the language of the official test suite (`.wast`), run on any engine.
//!
//! [`run_script`] runs one script on one engine; [`run_suites`] and [`run_paths`] run many, on every core, and write
//! the record. What an engine did is held against what the script says, by these rules:
//!
//! - *Malformed* and *invalid* are different verdicts of an engine: one does not pass for the other. An engine that
//!   does not tell them apart passes for either.
//! - A module that is refused because the engine lacks a feature passes for nothing: the assertion is skipped, under
//!   the feature's name, and so is whatever needs that module. But a feature that the script itself is from before,
//!   and that was switched off for it, is no part of its language: refusing it is right.
//! - Texts of traps are compared as `texts.rs` says. Texts of refusals are not: every engine has its own.
//! - An engine that breaks down fails the assertion, always; no list of expected failures covers it.
//! - Threads of a script take turns, at every access to a memory, in an order that a seed decides: so what they come
//!   to is sequentially consistent, and the same every time. [`outcomes`] goes through all orders.
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
