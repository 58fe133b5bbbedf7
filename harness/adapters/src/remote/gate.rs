//! What an engine of somebody else's is given, and what its refusals mean.

use crate::outcome::{Outcome, Rejection};
use etalon::Features;
use etalon::unstable::module::Module;

/// Which modules an engine is given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gate {
    /// What modules may use.
    pub(crate) allowed: Features,
    /// What the engine implements.
    pub(crate) implemented: Features,
}

impl Gate {
    /// A module that needs what modules may not use is refused, whatever the engine would say.
    pub(crate) fn admits(&self, wasm: &[u8]) -> Result<(), Outcome> {
        let Ok(module) = Module::new(wasm, Features::all()) else { return Ok(()) };
        match module.lacking(self.allowed) {
            None => Ok(()),
            Some(feature) => Err(unsupported(feature, "modules may not use it here")),
        }
    }

    /// A refusal, which says nothing of the module if that needs what the engine lacks; otherwise in the words of the table.
    pub(crate) fn refused(
        &self,
        wasm: &[u8],
        outcome: Outcome,
        in_our_words: impl FnOnce(Outcome) -> Outcome,
    ) -> Outcome {
        let Outcome::Rejected(rejection) = &outcome else { return outcome };
        let lacking = || Module::new(wasm, Features::all()).ok()?.lacking(self.implemented);
        match rejection {
            Rejection::Malformed(_) | Rejection::Invalid(_) | Rejection::MalformedOrInvalid(_)
                if let Some(feature) = lacking() =>
            {
                unsupported(feature, rejection.message())
            }
            _ => in_our_words(outcome),
        }
    }
}

fn unsupported(feature: &str, message: &str) -> Outcome {
    let (feature, message) = (feature.to_owned(), message.to_owned());
    Outcome::Rejected(Rejection::Unsupported { feature, message })
}
