//! Compilation: Wasm functions to machine code.

mod allocate;
mod array;
mod atomic;
mod budget;
mod bulk;
mod call;
mod canonical;
mod control;
mod count;
mod cpu;
mod cuts;
mod depth;
mod due;
mod enter;
mod exception;
mod function;
mod gas;
mod generate;
#[cfg(test)]
mod growth;
mod heap;
mod inline;
pub(crate) mod isa;
mod joins;
mod known;
#[cfg(test)]
mod limits;
mod listing;
mod machine;
mod measure;
mod memory;
mod module;
mod nans;
mod numeric;
mod object;
mod one_by_one;
mod operator;
mod pinned;
mod raise;
mod reference;
mod roots;
mod table;
mod translator;
mod variable;
mod vector;
mod wide;

pub use budget::Budget;
pub use cpu::{CpuLevel, UnknownCpuLevel};
pub use listing::{Listed, Listing, listing};
pub use machine::{Machine, UnknownTarget};
pub(crate) use memory::may_tear as stores_may_tear;
pub use module::{CompileOptions, OptLevel, compile};
pub(crate) use module::{compile_raising, raising_layout};
pub use nans::Nans;
pub use one_by_one::{Level, OneByOne};
pub(crate) use raise::ROUTINES;

/// Proposals that another tier executes and whose operators the compiler refuses by name, as the decoder calls them.
#[cfg(test)]
const UNSUPPORTED_PROPOSALS: &[&str] = &["legacy_exceptions"];
