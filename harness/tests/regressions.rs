//! Each file of `corpus/regressions`, `corpus/programs` and `corpus/kernels` on every tier of ours: they agree, and do as the file says.

use etalon_adapters::{Adapter, adapter};
use etalon_harness::corpus::{Entry, replay};
use libtest_mimic::{Arguments, Failed, Trial};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Our own tiers; those that no session of this machine can have are left out by the platform, not here.
const ENGINES: &[&str] = &["oracle", "interp", "jit", "aot", "auto", "mixed0", "mixed1", "mixed2"];

fn main() -> ExitCode {
    let args = Arguments::from_args();
    let mut trials = Vec::new();
    for folder in ["regressions", "programs", "kernels"] {
        for path in descriptions(folder) {
            let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned());
            let name = format!("{folder}/{}", stem.unwrap_or_default());
            trials.push(Trial::test(name, move || replays(&path)));
        }
    }
    trials.push(Trial::test("faults are named", faults_are_named));
    libtest_mimic::run(&args, trials).exit_code()
}

fn descriptions(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus").join(folder);
    let entries = std::fs::read_dir(&folder).expect("the folder is in the repository");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no entries in {}", folder.display());
    paths
}

fn replays(path: &Path) -> Result<(), Failed> {
    let entry = Entry::read(path)?;
    let engines: Vec<Arc<dyn Adapter>> =
        ENGINES.iter().map(|name| adapter(name)).collect::<Result<_, _>>()?;
    let mismatches = replay(&entry, &engines)?;
    if mismatches.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = mismatches.iter().map(ToString::to_string).collect();
    Err(lines.join("\n").into())
}

/// A description that is wrong says which file it is, and where it is wrong.
fn faults_are_named() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("x.toml");
    std::fs::write(path.with_extension("wat"), "(module)")?;
    for (text, fault) in [
        ("title = 3", "invalid type: integer `3`, expected a string"),
        ("titel = \"x\"", "unknown field `titel`"),
        ("title = \"x\"\nfeatures = [\"gd\"]", "there is no feature `gd`"),
        ("title = \"x\"\n[[call]]\nexport = \"f\"\nargs = [\"i32:x\"]", "call 1 of `f`: `i32:x`"),
        ("title = \"x\"\nload = { outcome = \"trap\" }", "unknown variant `trap`"),
    ] {
        std::fs::write(&path, text)?;
        let error = Entry::read(&path).err().ok_or(format!("taken: {text}"))?.to_string();
        if !error.contains(fault) || !error.contains("x.toml") {
            return Err(format!("{text}: {error}").into());
        }
    }
    std::fs::write(&path, "title = \"x\"")?;
    std::fs::write(path.with_extension("wat"), "(modul)")?;
    let error = Entry::read(&path).err().ok_or("taken: (modul)")?.to_string();
    if error.contains("x.wat") { Ok(()) } else { Err(error.into()) }
}
