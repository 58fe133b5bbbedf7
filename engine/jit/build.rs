//! Tells the crate which sources it is built from. A cache of compiled code must not outlive a change of the compiler, and the version
//! of the package changes with a release only.

use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;
use std::path::{Path, PathBuf};

/// What decides which code is made, and what that code relies on: the compiler, and the crates that it knows.
const SOURCES: &[&str] =
    &["src", "../module/src", "../gas/src", "../runtime/src", "../../Cargo.lock"];

fn main() {
    let mut files = Vec::new();
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
        collect(Path::new(source), &mut files);
    }
    files.sort();
    // It finds a change and withstands nobody: who can change the sources needs no cache.
    let mut hasher = DefaultHasher::new();
    for file in files {
        let bytes = std::fs::read(&file).unwrap_or_default();
        hasher.write_usize(bytes.len());
        hasher.write(&bytes);
    }
    // Another compiler of Rust may lay out differently what the code reads.
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = std::process::Command::new(rustc).arg("-vV").output();
    hasher.write(&version.map(|output| output.stdout).unwrap_or_default());
    println!("cargo::rustc-env=ETALON_SOURCES={:016x}", hasher.finish());
}

/// The files in a folder, or the file itself.
fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    match std::fs::read_dir(path) {
        Ok(entries) => entries.flatten().for_each(|entry| collect(&entry.path(), files)),
        Err(_) => files.push(path.to_owned()),
    }
}
