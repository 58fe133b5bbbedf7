//! Kernels: the modules of `corpus/kernels`, and any others of the same form.

use crate::corpus::EntryFile;
use etalon_record::KernelGroup;
use include_dir::{Dir, include_dir};
use thiserror::Error;

static CORPUS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../corpus/kernels");

/// A module that exports [`KERNEL_EXPORT`](etalon_adapters::KERNEL_EXPORT) and imports nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// Its name.
    pub name: String,
    /// What it mostly does; unknown of a module of the user's.
    pub group: Option<KernelGroup>,
    /// The module.
    pub wasm: Vec<u8>,
}

/// A kernel of the corpus cannot be read.
#[derive(Debug, Error)]
#[error("{name}: {error}")]
pub struct KernelError {
    /// The kernel.
    pub name: String,
    /// Where and why.
    pub error: String,
}

/// The kernels of the corpus, by name.
///
/// # Errors
/// If one is not in the text format, or its description has a fault.
pub fn kernels() -> Result<Vec<Kernel>, KernelError> {
    let mut kernels = Vec::new();
    for file in CORPUS.files().filter(|f| f.path().extension().is_some_and(|e| e == "wat")) {
        let stem = file.path().file_stem().map(|s| s.to_string_lossy().into_owned());
        let name = stem.unwrap_or_default();
        let fault = |error: String| KernelError { name: name.clone(), error };
        let wasm = wat::parse_bytes(file.contents()).map_err(|error| fault(error.to_string()))?;
        let description = CORPUS.get_file(file.path().with_extension("toml"));
        let text = description.and_then(|file| file.contents_utf8()).unwrap_or_default();
        let about: EntryFile = toml::from_str(text).map_err(|error| fault(error.to_string()))?;
        kernels.push(Kernel { name: name.clone(), group: about.group, wasm: wasm.into_owned() });
    }
    kernels.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(kernels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpus_has_kernels_of_each_group() -> Result<(), KernelError> {
        let kernels = kernels()?;
        assert!(kernels.len() >= 20);
        assert!(kernels.windows(2).all(|pair| pair[0].name < pair[1].name));
        for kernel in &kernels {
            assert!(kernel.group.is_some(), "{} is of no group", kernel.name);
        }
        for group in KernelGroup::ALL {
            assert!(kernels.iter().any(|k| k.group == Some(group)), "none is of {}", group.name());
        }
        Ok(())
    }
}
