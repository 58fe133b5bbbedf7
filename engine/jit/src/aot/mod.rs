//! Ahead of time: compiled code in a file.

pub mod artefact;
mod key;
pub mod object_file;

pub use key::key;
