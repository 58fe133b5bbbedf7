//! Modules with calls of their exports: regressions, programs and saved findings, all in one form.
//!
//! An entry is two files of the same name: a module (`.wat` or `.wasm`) and a `.toml` beside it; see [`Entry`].

mod entry;
mod error;
mod expect;
mod programs;
mod replay;

pub use entry::{Ending, Entry, EntryCall, EntryCause, EntryEngine, EntryFile, FINDING, Origin};
pub use error::EntryError;
pub use expect::{Expected, mismatch};
pub use programs::{programs_and_kernels, small_programs};
pub use replay::{Mismatch, replay};
