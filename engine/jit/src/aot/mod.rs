//! Ahead of time: compiled code in a file.

pub mod artefact;
mod key;

pub use key::key;
