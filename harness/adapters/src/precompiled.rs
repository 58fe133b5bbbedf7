//! Artefacts in place of modules: the only file here with `unsafe` in it.
#![allow(unsafe_code)]

use crate::outcome::Rejection;
use crate::own::OwnSession;
use crate::refusal::rejection;
use etalon::{Module, Tier, unstable};

impl OwnSession {
    /// The module of an artefact, with its code where the tier runs compiled code, if the user said that artefacts are trusted.
    pub(crate) fn precompiled(&self, bytes: &[u8]) -> Result<Module, Rejection> {
        if !self.trusts {
            return Err(Rejection::Unsupported {
                feature: "artefact".to_owned(),
                message:
                    "an artefact holds machine code, which is not run unless it is said to be \
                          trusted (--allow-precompiled)"
                        .to_owned(),
            });
        }
        if matches!(self.engine.tier(), Tier::Oracle | Tier::Interp) {
            let wasm = unstable::module_in_artefact(bytes);
            let wasm = wasm.map_err(|error| rejection(error.into()))?;
            return Module::from_binary(&self.engine, &wasm).map_err(rejection);
        }
        // SAFETY: the user said of these bytes that they are trusted as a program is: nothing sets the flag but the
        // option of the command line that says so.
        unsafe { Module::from_artefact(&self.engine, bytes) }.map_err(rejection)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Outcome, Rejection, Session, SessionConfig, adapter, trusting_adapter};
    use etalon::{Config, Engine, Module, Tier};

    fn artefact() -> Vec<u8> {
        let engine = Engine::new(Config::new().tier(Tier::Jit)).unwrap();
        Module::new(&engine, "(module (func))").unwrap().to_artefact().unwrap()
    }

    fn session(name: &str, trusts: bool) -> Box<dyn Session> {
        let adapter = if trusts { trusting_adapter(name) } else { adapter(name) }.unwrap();
        let config =
            SessionConfig { features: adapter.features(), gas: None, turns: false, time: None };
        adapter.session(&config).unwrap()
    }

    /// Whatever gives the bytes, a script or a file: nobody runs machine code unasked.
    #[test]
    fn an_artefact_is_refused_unless_it_is_trusted() {
        for name in ["oracle", "interp", "jit", "aot", "auto", "mixed1", "paused"] {
            let refused = |rejection: &Rejection| matches!(rejection, Rejection::Unsupported { feature, .. } if feature == "artefact");
            let mut session_of_default = session(name, false);
            match session_of_default.instantiate(&artefact()) {
                Err(Outcome::Rejected(rejection)) => assert!(refused(&rejection), "{name}"),
                other => panic!("{name}: {other:?}"),
            }
            match session_of_default.validate(&artefact()) {
                Err(Outcome::Rejected(rejection)) => assert!(refused(&rejection), "{name}"),
                other => panic!("{name}: {other:?}"),
            }
            let taken = session(name, true).instantiate(&artefact());
            assert!(taken.is_ok(), "{name}: {taken:?}");
        }
    }

    #[test]
    fn damage_is_told_by_name() {
        let mut bytes = artefact();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        for name in ["interp", "jit"] {
            match session(name, true).validate(&bytes) {
                Err(Outcome::Rejected(Rejection::Unsupported { message, .. })) => {
                    assert!(message.contains("digest"), "{message}");
                }
                other => panic!("{name}: {other:?}"),
            }
        }
    }
}
