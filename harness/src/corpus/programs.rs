//! The programs of the corpus as cases, and the kernels of `bench`.

use super::Entry;
use crate::diff::{Call, Case};
use etalon_adapters::Features;
use etalon_module::{ExternKind, Module};
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

/// The small programs of `corpus/exhaustion`, by name: between them they execute every operator with a dynamic charge. Each export without
/// parameters is called once, in the order of the module.
///
/// # Panics
/// If the folder is not there, or a program is not valid: it is of the sources.
pub fn small_programs() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/exhaustion");
    let files = std::fs::read_dir(folder).expect("the folder is in the repository");
    let mut paths: Vec<_> = files.map(|file| file.expect("it can be listed").path()).collect();
    paths.sort();
    paths.iter().map(|path| small_program(path)).collect()
}

fn small_program(path: &Path) -> Case {
    let name = path.file_stem().expect("it has one").to_string_lossy().into_owned();
    let text = std::fs::read_to_string(path).expect("it can be read");
    let wasm = wat::parse_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let module = Module::new(&wasm, Features::all()).unwrap_or_else(|e| panic!("{name}: {e}"));
    let funcs = module.exports.iter().filter(|export| export.kind == ExternKind::Func);
    let callable = funcs.filter(|export| module.func_type(export.index).params.is_empty());
    let call = |name: &str| Call { export: name.to_owned(), args: Vec::new() };
    let calls = callable.map(|export| call(&export.name)).collect();
    Case::new(name, wasm, calls)
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_is_there() {
        assert!(super::programs_and_kernels().len() >= 30);
    }
}
