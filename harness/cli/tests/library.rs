//! Libraries with wasm.h that do harm: what happens in them is the outcome of a module, and of no other.

mod program;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Compiles the library of `fixtures/library.rs`. `None`, with the reason, where there is no compiler.
fn library(folder: &Path, more: &[&str]) -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/library.rs");
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let made = folder.join("libfake.so");
    let mut command = Command::new(rustc);
    command.args(["--edition", "2021", "--crate-type", "cdylib", "-Awarnings", "-o"]).arg(&made);
    match command.args(more).arg(source).output() {
        // Whoever runs the tests of a build elsewhere has no compiler; where they are built, there is one.
        Err(_) => None,
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            Some(made)
        }
    }
}

/// Asks the oracle and the library about a small module, a large one, which does the harm, and a small one again.
fn ask(folder: &Path, library: &Path, harm: &str, more: &[&str]) -> (Option<i32>, Value, String) {
    let text = format!("(module (memory 1) (data (i32.const 0) \"{}\"))", "x".repeat(600));
    for (name, text) in [("a.wat", "(module)"), ("b.wat", text.as_str()), ("c.wat", "(module)")] {
        std::fs::write(folder.join(name), text).expect("it is writable");
    }
    let mut command = program::etalon();
    command.args(["accepts", "oracle"]).arg(format!("capi:{}", library.display()));
    command.args(["a.wat", "b.wat", "c.wat", "--format", "json"]).args(more);
    let output = command.current_dir(folder).env("FAKE_WASM_H", harm).output().expect("it runs");
    let document = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code(), document, String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn harm_in_a_library_is_the_outcome_of_one_module() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let folder = folder.path();
    let Some(library) = library(folder, &[]) else { return };
    for (harm, status, verdict, reason) in [
        ("nothing", 0, "", ""),
        ("refuse", 1, "malformed or invalid", "gives no reason"),
        ("abort", 3, "crashed", "signal 6"),
        ("exit", 3, "crashed", "status 0"),
        ("memory", 3, "crashed", "signal 6"),
        // What it says is no answer, and harms nobody.
        ("print", 0, "", ""),
        ("flood", 0, "", ""),
    ] {
        let (code, document, stderr) = ask(folder, &library, harm, &[]);
        assert_eq!(code, Some(status), "{harm}: {document} {stderr}");
        let differences = document["differences"].as_array().expect("a list");
        let accepted = document["both_accept"].as_u64();
        if verdict.is_empty() {
            assert_eq!((differences.len(), accepted), (0, Some(3)), "{harm}: {document}");
            continue;
        }
        assert_eq!((differences.len(), accepted), (1, Some(2)), "{harm}: {document}");
        assert_eq!(differences[0]["file"], "b.wat");
        let said = &differences[0]["by_engine"][1];
        assert_eq!(said["verdict"], verdict, "{harm}: {said}");
        let told = said["reason"].as_str().unwrap_or_default();
        assert!(told.contains(reason), "{harm}: {said}");
    }
    let (code, document, _) = ask(folder, &library, "loop", &["--timeout", "300ms"]);
    assert_eq!(code, Some(3), "{document}");
    assert_eq!(document["differences"][0]["by_engine"][1]["verdict"], "timed-out");
    assert_eq!(document["both_accept"], 2);
}

#[test]
fn a_library_that_is_no_engine_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let folder = folder.path();
    let Some(whole) = library(folder, &[]) else { return };
    for (harm, reason) in
        [("no engine", "it makes no engine with these settings"), ("abort at start", "signal 6")]
    {
        let (code, _, stderr) = ask(folder, &whole, harm, &[]);
        assert!(code == Some(2) && stderr.contains(reason), "{harm}: {code:?} {stderr}");
    }
    let incomplete = library(folder, &["--cfg", "incomplete"]).expect("there was a compiler");
    let (code, _, stderr) = ask(folder, &incomplete, "nothing", &[]);
    assert!(code == Some(2) && stderr.contains("it has no wasm_byte_vec_delete"), "{stderr}");
}
