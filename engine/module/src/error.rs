//! Why bytes are not a module that can be run.

use crate::fault::{self, Fault};
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
    /// The module exceeds a limit of the engine, and nothing is said about whether it is valid.
    Limit,
}

/// Why bytes are not a module that can be run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{} module: {message} (at offset {offset:#x})", self.kind.word())]
pub struct LoadError {
    /// Which phase rejected the module.
    pub kind: LoadErrorKind,
    /// Which rule of that phase it breaks, as far as the decoder tells.
    pub fault: Option<Fault>,
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
    /// What the decoder says of bytes that it cannot read.
    pub(crate) fn malformed(error: &wasmparser::Error) -> Self {
        Self::known(LoadErrorKind::Malformed, error, fault::of_decoder)
    }

    /// What the validator says of a module.
    pub(crate) fn invalid(error: &wasmparser::Error) -> Self {
        Self::known(LoadErrorKind::Invalid, error, fault::of_validator)
    }

    /// A feature is missing.
    pub(crate) fn unsupported(feature: &'static str, error: &wasmparser::Error) -> Self {
        let kind = LoadErrorKind::Unsupported { feature };
        LoadError { kind, fault: None, message: one_line(error), offset: error.offset() }
    }

    /// A message of the phase that ends in `kind`, unless it is about a limit.
    fn known(
        kind: LoadErrorKind,
        error: &wasmparser::Error,
        fault_of: fn(&str) -> Option<Fault>,
    ) -> Self {
        let (message, offset) = (one_line(error), error.offset());
        let fault = fault_of(&message);
        let is_limit = fault.is_none() && fault::is_limit(&message);
        let kind = if is_limit { LoadErrorKind::Limit } else { kind };
        LoadError { kind, fault, message, offset }
    }
}

/// The message, whatever the decoder's layout.
fn one_line(error: &wasmparser::Error) -> String {
    error.message().split_whitespace().collect::<Vec<_>>().join(" ")
}
