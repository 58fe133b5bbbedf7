//! What an engine did.

use crate::value::Val;
use etalon::Exhaustion;
use etalon_record::OutcomeKind;
use std::any::Any;

/// Between the traps that an engine does not tell apart.
pub(crate) const OR: &str = " or ";

/// The traps that the text of a trap may mean: one, if the engine tells traps apart as the official scripts do.
pub fn traps_in(text: &str) -> impl Iterator<Item = &str> {
    text.split(OR)
}

/// What an engine says of a module that it refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The kind of fault, by a name of the table of texts; `None` if the engine has only words for it.
    pub kind: Option<&'static str>,
    /// The engine's words.
    pub message: String,
}

impl Reason {
    /// A reason of a kind.
    pub fn new(kind: Option<&'static str>, message: impl Into<String>) -> Self {
        Reason { kind, message: message.into() }
    }
}

/// Only words.
impl From<String> for Reason {
    fn from(message: String) -> Self {
        Reason::new(None, message)
    }
}

/// Only words.
impl From<&str> for Reason {
    fn from(message: &str) -> Self {
        Reason::new(None, message)
    }
}

/// Why an engine did not accept a module, in the specification's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The bytes are not in the binary format.
    Malformed(Reason),
    /// The module breaks a validation rule.
    Invalid(Reason),
    /// The engine does not tell malformed from invalid.
    MalformedOrInvalid(Reason),
    /// Imports are missing or do not fit.
    Unlinkable(Reason),
    /// A feature is missing, by its name.
    Unsupported {
        /// The feature.
        feature: String,
        /// What the engine said.
        message: String,
    },
    /// A limit of the engine; nothing is said about whether the module is valid.
    Limit(String),
}

/// What an engine did with an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Returned values.
    Returned(Vec<Val>),
    /// Trapped, with the text of the trap and the place, if known.
    Trapped {
        /// The trap, in the words of the official scripts as far as the engine allows.
        text: String,
        /// Function index and offset in the module's bytes.
        site: Option<(u32, u32)>,
    },
    /// An exception that nobody caught, with its values where known.
    Threw(Vec<Val>),
    /// The program ended itself by WASI's `proc_exit`, with this status.
    Exited(u32),
    /// Gas, stack or another limit ran out; the text says which.
    Exhausted(String),
    /// A host function failed.
    HostError(String),
    /// The module was refused.
    Rejected(Rejection),
    /// The engine crashed: a bug of the engine.
    Crashed(String),
    /// The engine did not end in time.
    TimedOut,
}

impl Rejection {
    /// What the engine said.
    pub fn message(&self) -> &str {
        match self {
            Rejection::Malformed(reason)
            | Rejection::Invalid(reason)
            | Rejection::MalformedOrInvalid(reason)
            | Rejection::Unlinkable(reason) => &reason.message,
            Rejection::Limit(m) | Rejection::Unsupported { message: m, .. } => m,
        }
    }

    /// The kind of fault, if the engine names one.
    pub fn kind(&self) -> Option<&'static str> {
        match self {
            Rejection::Malformed(reason)
            | Rejection::Invalid(reason)
            | Rejection::MalformedOrInvalid(reason)
            | Rejection::Unlinkable(reason) => reason.kind,
            Rejection::Limit(_) | Rejection::Unsupported { .. } => None,
        }
    }

    /// The phase that rejected the module, in a word.
    pub fn word(&self) -> &'static str {
        match self {
            Rejection::Malformed(_) => "malformed",
            Rejection::Invalid(_) => "invalid",
            Rejection::MalformedOrInvalid(_) => "malformed or invalid",
            Rejection::Unlinkable(_) => "unlinkable",
            Rejection::Unsupported { .. } => "unsupported",
            Rejection::Limit(_) => "limit",
        }
    }
}

impl Outcome {
    /// The crash that a panic is.
    pub fn of_panic(payload: &(dyn Any + Send)) -> Outcome {
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Outcome::Crashed(format!("panic: {}", text.unwrap_or("without a message")))
    }

    /// Whether the state is defined after it, so that a further call may follow.
    pub fn goes_on(&self) -> bool {
        !matches!(
            self,
            Outcome::Exhausted(_) | Outcome::Crashed(_) | Outcome::TimedOut | Outcome::Rejected(_)
        )
    }

    /// Whether every tier that charges gas-1 leaves the same state behind, though nothing goes on: where anything but gas ran out.
    pub(crate) fn shows_state(&self) -> bool {
        matches!(self, Outcome::Exhausted(text) if text != Exhaustion::Gas.text())
    }

    /// The kind of the outcome, as records write it.
    pub fn kind(&self) -> OutcomeKind {
        match self {
            Outcome::Returned(_) => OutcomeKind::Returned,
            Outcome::Trapped { .. } => OutcomeKind::Trapped,
            Outcome::Threw(_) => OutcomeKind::Threw,
            Outcome::Exited(_) => OutcomeKind::Exited,
            Outcome::Exhausted(_) => OutcomeKind::Exhausted,
            Outcome::HostError(_) => OutcomeKind::HostError,
            Outcome::Rejected(Rejection::Unsupported { .. }) => OutcomeKind::Unsupported,
            Outcome::Rejected(_) => OutcomeKind::Rejected,
            Outcome::Crashed(_) => OutcomeKind::Crashed,
            Outcome::TimedOut => OutcomeKind::TimedOut,
        }
    }
}
