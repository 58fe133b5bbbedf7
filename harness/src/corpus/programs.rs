//! What other engines are asked about: the programs of the corpus and the kernels of `bench`.

use super::Entry;
use crate::diff::Case;
use etalon_adapters::Features;
use std::path::{Path, PathBuf};

/// The programs and kernels with what they may use, where the sources of the harness lie; by name.
pub fn programs_and_kernels() -> Vec<(Features, Case)> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    let mut cases = Vec::new();
    for folder in ["programs", "kernels"].map(|name| corpus.join(name)) {
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut files: Vec<PathBuf> = files.map(|file| file.path()).collect();
        files.sort();
        for path in files.iter().filter(|path| path.extension().is_some_and(|e| e == "toml")) {
            if let Ok(entry) = Entry::read(path) {
                cases.push((entry.features, entry.case));
            }
        }
    }
    cases
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_is_there() {
        assert!(super::programs_and_kernels().len() >= 30);
    }
}
