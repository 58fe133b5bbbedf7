//! Compiled code of Wasmtime, in memory and in a file, for timing how long it takes to load it.
#![allow(unsafe_code)]

use std::io::Write;
use tempfile::NamedTempFile;
use wasmtime::{Engine, Error, Module};

/// The compiled code of a module of this process.
pub(super) struct Artefact {
    engine: Engine,
    bytes: Vec<u8>,
    /// Nobody but this user can write to it.
    file: NamedTempFile,
}

impl Artefact {
    /// What `Module::serialize` gives.
    pub(super) fn of(module: &Module) -> Result<Artefact, String> {
        let bytes = module.serialize().map_err(|error| format!("{error:#}"))?;
        let mut file = NamedTempFile::new().map_err(|error| error.to_string())?;
        file.write_all(&bytes).map_err(|error| error.to_string())?;
        Ok(Artefact { engine: module.engine().clone(), bytes, file })
    }

    /// A module of the bytes.
    pub(super) fn load(&self) -> Result<Module, Error> {
        // SAFETY: nothing makes an `Artefact` but `of`, which has the bytes from `serialize`, and nothing changes them.
        unsafe { Module::deserialize(&self.engine, &self.bytes) }
    }

    /// A module of the file, which is mapped.
    pub(super) fn load_file(&self) -> Result<Module, Error> {
        // SAFETY: `of` wrote to the file what `serialize` gave. It has a name that nobody can guess and belongs to this user, whom the
        // process trusts as it trusts whoever can change its own program; the field is private, and nothing here writes to it again.
        unsafe { Module::deserialize_file(&self.engine, self.file.path()) }
    }
}
