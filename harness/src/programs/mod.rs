//! Programs of WASI with what they are given, and what becomes of them: those of `corpus/wasi`.

mod entry;

pub use entry::{Expected, FolderOf, ProgramFile};
