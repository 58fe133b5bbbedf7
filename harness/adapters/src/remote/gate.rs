//! What an engine of somebody else's is given, and what its refusals mean.

use crate::outcome::{Outcome, Rejection};
use etalon::unstable::module::Module;
use etalon::{Features, LoadError, LoadErrorKind};

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
        let lacking = || match Module::new(wasm, Features::all()) {
            Ok(module) => module.lacking(self.implemented),
            // A proposal that nobody here knows: nor does this engine, for all that its refusal says.
            Err(LoadError { kind: LoadErrorKind::Unsupported { feature }, .. }) => Some(feature),
            Err(_) => None,
        };
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A type of the proposal of custom descriptors, which no tier of ours knows: a structure that describes another.
    const DESCRIPTOR: &[u8] = b"\0asm\x01\0\0\0\x01\x0b\x01\x4e\x02\x4d\x01\x5f\0\x4c\0\x5f\0";

    #[test]
    fn a_refusal_of_what_nobody_knows_says_nothing_of_the_module() {
        let gate = Gate { allowed: Features::all(), implemented: Features::wasm3() };
        let refusal = |wasm| {
            let said = Outcome::Rejected(Rejection::MalformedOrInvalid("what is 0x4d?".into()));
            gate.refused(wasm, said, |said| said)
        };
        for (wasm, feature) in [(DESCRIPTOR, Some("custom-descriptors")), (b"\0asn", None)] {
            let named = match refusal(wasm) {
                Outcome::Rejected(Rejection::Unsupported { feature, .. }) => Some(feature),
                _ => None,
            };
            assert_eq!(named.as_deref(), feature);
        }
    }
}
