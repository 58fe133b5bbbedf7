//! Artefacts in place of modules: the only file here with `unsafe` in it.
#![allow(unsafe_code)]

use crate::outcome::Rejection;
use crate::own::{OwnSession, rejection};
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
