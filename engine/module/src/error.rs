//! Why bytes are not a module that can be run.

use thiserror::Error;

/// Which phase rejected the bytes, in the terms of the specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadErrorKind {
    /// The bytes are not in the binary format (specification: *Binary Format*).
    Malformed,
    /// The bytes decode, but break a validation rule (specification: *Validation*).
    Invalid,
    /// The module would be valid with a feature that is disabled or not implemented.
    Unsupported {
        /// The feature's name, as [`Features`](crate::Features) writes it.
        feature: &'static str,
    },
    /// The module exceeds an implementation limit.
    Limit,
}

/// Why bytes are not a module that can be run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{} module: {message} (at offset {offset:#x})", self.kind.word())]
pub struct LoadError {
    /// Which phase rejected the module.
    pub kind: LoadErrorKind,
    /// What was wrong.
    pub message: String,
    /// Where, in bytes from the start of the binary.
    pub offset: u64,
}

impl LoadErrorKind {
    /// `malformed`, `invalid`, `unsupported` or `too large a`.
    pub fn word(&self) -> &'static str {
        match self {
            LoadErrorKind::Malformed => "malformed",
            LoadErrorKind::Invalid => "invalid",
            LoadErrorKind::Unsupported { .. } => "unsupported",
            LoadErrorKind::Limit => "too large a",
        }
    }
}

impl LoadError {
    pub(crate) fn new(kind: LoadErrorKind, error: &wasmparser::Error) -> Self {
        // One line, whatever the decoder's layout.
        let message = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
        LoadError { kind, message, offset: error.offset() }
    }
}
