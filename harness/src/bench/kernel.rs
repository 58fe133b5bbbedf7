//! Kernels: the modules of `corpus/kernels`, and any others of the same form.

use include_dir::{Dir, include_dir};
use thiserror::Error;

static CORPUS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../corpus/kernels");

/// A module that exports [`KERNEL_EXPORT`](etalon_adapters::KERNEL_EXPORT) and imports nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// Its name.
    pub name: String,
    /// The module.
    pub wasm: Vec<u8>,
}

/// A kernel of the corpus is not in the text format.
#[derive(Debug, Error)]
#[error("{name}: {error}")]
pub struct KernelError {
    /// The kernel.
    pub name: String,
    /// Where and why.
    pub error: Box<wat::Error>,
}

/// The kernels of the corpus, by name.
///
/// # Errors
/// If one is not in the text format.
pub fn kernels() -> Result<Vec<Kernel>, KernelError> {
    let mut kernels = Vec::new();
    for file in CORPUS.files().filter(|f| f.path().extension().is_some_and(|e| e == "wat")) {
        let stem = file.path().file_stem().map(|s| s.to_string_lossy().into_owned());
        let name = stem.unwrap_or_default();
        match wat::parse_bytes(file.contents()) {
            Ok(wasm) => kernels.push(Kernel { name, wasm: wasm.into_owned() }),
            Err(error) => return Err(KernelError { name, error: Box::new(error) }),
        }
    }
    kernels.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(kernels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpus_has_kernels() -> Result<(), KernelError> {
        let kernels = kernels()?;
        assert!(kernels.len() >= 8);
        assert!(kernels.windows(2).all(|pair| pair[0].name < pair[1].name));
        Ok(())
    }
}
