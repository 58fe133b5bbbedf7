//! Why an entry of the corpus cannot be used.

use crate::value::ValueError;
use std::path::PathBuf;
use thiserror::Error;

/// A fault in one of an entry's two files. Each names the file.
#[derive(Debug, Error)]
pub enum EntryError {
    /// A file cannot be read.
    #[error("{}: {error}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The description is not TOML of the right form.
    #[error("{}: {error}", file.display())]
    Toml {
        /// The file.
        file: PathBuf,
        /// Where and why.
        error: Box<toml::de::Error>,
    },
    /// The module is not in the text format.
    #[error("{}: {error}", file.display())]
    Text {
        /// The file.
        file: PathBuf,
        /// Where and why.
        error: Box<wat::Error>,
    },
    /// A text is not a value.
    #[error("{}: call {call} of `{export}`: {error}", file.display())]
    Value {
        /// The file.
        file: PathBuf,
        /// Which call, from 1.
        call: usize,
        /// The export that is called.
        export: String,
        /// The value, and why.
        error: ValueError,
    },
    /// A name is unknown.
    #[error("{}: there is no {what} `{name}`", file.display())]
    Unknown {
        /// The file.
        file: PathBuf,
        /// What it should name.
        what: &'static str,
        /// The name.
        name: String,
    },
}
