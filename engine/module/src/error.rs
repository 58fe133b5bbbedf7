//! Why bytes are not a module that can be run.

use thiserror::Error;

/// The phase that refused the bytes, in the specification's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadErrorKind {
    /// The bytes are not in the binary format (chapter 5).
    Malformed,
    /// The bytes decode, but break a validation rule (chapter 3).
    Invalid,
    /// The module is valid with a feature that is switched off or not implemented here.
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
    /// Which phase refused.
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
