//! Why our own tiers refuse a module, with the kinds of the table of texts.

use crate::outcome::{Reason, Rejection};
use etalon::{LinkError, LoadErrorKind, ModuleError};

/// A module that does not load.
pub(crate) fn rejection(error: ModuleError) -> Rejection {
    let text = error.to_string();
    match error {
        // The rejection already names the phase, so the message does not repeat it.
        ModuleError::Load(error) => {
            let kind = error.fault.map(|fault| fault.name());
            let message = format!("{} (at offset {:#x})", error.message, error.offset);
            match error.kind {
                LoadErrorKind::Malformed => Rejection::Malformed(Reason::new(kind, message)),
                LoadErrorKind::Invalid => Rejection::Invalid(Reason::new(kind, message)),
                LoadErrorKind::Limit => Rejection::Limit(message),
                LoadErrorKind::Unsupported { feature } => {
                    Rejection::Unsupported { feature: feature.to_owned(), message: error.message }
                }
            }
        }
        // An artefact for another machine or schedule is refused by name and never run.
        ModuleError::Artefact(_) => {
            Rejection::Unsupported { feature: "artefact".to_owned(), message: text }
        }
        _ => Rejection::Limit(text),
    }
}

/// A module whose imports are missing or do not fit.
pub(crate) fn unlinkable(error: &LinkError) -> Rejection {
    let kind = match error {
        LinkError::Unknown { .. } => Some("unknown-import"),
        LinkError::Incompatible { .. } => Some("incompatible-import"),
        LinkError::OtherStore { .. } | LinkError::Forbidden { .. } | LinkError::Count { .. } => {
            None
        }
    };
    Rejection::Unlinkable(Reason::new(kind, error.to_string()))
}
