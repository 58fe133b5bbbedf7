//! Scripts: the language of the official test suite (`.wast`), run on any engine.
//!
//! [`run_script`] runs one script on one engine; [`run_suites`] and [`run_paths`] run many, on all cores, and write
//! the record. What an engine does is compared with what the script expects, by these rules:
//!
//! - *Malformed* and *invalid* are different verdicts of an engine: where a script expects one, the other does not pass.
//!   For an engine that does not tell them apart, either passes.
//! - A module that is refused because the engine lacks a feature, or the feature is disabled, never passes: the
//!   assertion is skipped under the feature's name, and so is everything that needs the module. A limit of the engine
//!   never passes either.
//! - Texts of assertions are compared as `texts.rs` says: the reason that the script gives must be the engine's.
//! - A crash of an engine always fails the assertion; no list of expected failures covers it.
//! - Threads of a script take turns at every access to a memory, in an order that a seed decides. So their outcomes are
//!   sequentially consistent, and the same every time. [`outcomes`] tries all orders.
//! - Only assertions count as passed or skipped. A module or an action that fails counts as one failure.

mod actions;
mod argument;
mod at;
pub(crate) mod book;
mod cases;
mod encode;
mod events;
mod glob;
mod index;
mod interleave;
mod json;
mod modules;
mod outcomes;
mod parse;
mod paths;
mod patterns;
mod places;
mod run;
mod runner;
mod select;
mod source;
mod text_faults;
mod texts;
mod threads;
mod unfold;
mod values;

pub use argument::{ArgumentError, Parameter, parse_argument};
pub(crate) use cases::{ScriptModule, called_modules};
pub use encode::{EMPTY_MODULE, Refusal, is_blank, modules_of, refusals_of};
pub use events::{Events, Silent};
pub use glob::Glob;
pub use index::{INDEX, Index, IndexEntry};
pub(crate) use json::script_of;
pub use json::{
    Converted, JsonAction, JsonCommand, JsonForm, JsonModuleType, JsonScript, JsonText, JsonValue,
    convert,
};
pub use modules::imported_modules;
pub use outcomes::{Outcomes, outcomes};
pub use paths::scripts_in;
pub use places::{Place, TextFault, place, places, text_module};
pub use run::{SuiteRun, run_paths, run_scripts, run_suites};
pub use runner::run_script;
pub use select::{Selection, SelectionError, Shard};
pub use source::{ScriptError, ScriptOptions, ScriptSource, features_named};
pub use texts::TextRule;
pub use unfold::unfold;
