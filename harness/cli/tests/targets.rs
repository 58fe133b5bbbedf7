//! Artefacts for other machines: of every program of the corpus, for every target, on whatever machine.

mod program;

use etalon::{Config, Engine, Module, Tier};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

const TARGETS: [&str; 4] = [
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "riscv64gc-unknown-linux-gnu",
    "s390x-unknown-linux-gnu",
];

fn etalon(folder: &Path, words: &[&str]) -> Output {
    let mut command = program::etalon();
    command.args(words).current_dir(folder).env("NO_COLOR", "1").stdin(Stdio::null());
    command.output().unwrap()
}

/// What a command said that failed with a status.
fn refused(output: &Output, status: i32) -> String {
    assert_eq!(output.status.code(), Some(status), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// All modules of a folder of the corpus.
fn corpus(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus").join(folder);
    let entries = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let is_module = |path: &PathBuf| path.extension().is_some_and(|ext| ext == "wat");
    let mut modules: Vec<PathBuf> = entries.filter(is_module).collect();
    modules.sort();
    assert!(modules.len() > 5, "{folder}");
    modules
}

#[test]
fn the_corpus_compiles_for_every_target() {
    for file in [corpus("programs"), corpus("kernels")].concat() {
        let text = std::fs::read(&file).unwrap();
        for target in TARGETS {
            for metering in [false, true] {
                let mut config = Config::new();
                config.tier(Tier::Jit).consume_fuel(metering).target(target).unwrap();
                config.cpu_level(etalon::CpuLevel::Baseline);
                let made = || Engine::new(&config).unwrap().precompile(&text);
                let artefact = made().unwrap_or_else(|e| panic!("{}: {e}", file.display()));
                assert!(made().unwrap() == artefact, "{}, {target}", file.display());
                let about = etalon::unstable::about_artefact(&artefact).unwrap();
                assert_eq!((about.target.as_str(), about.schedule.is_some()), (target, metering));
            }
        }
    }
}

#[test]
fn for_this_machine_the_library_and_the_command_make_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let file = &corpus("programs")[0];
    std::fs::copy(file, folder.path().join("m.wat")).unwrap();
    let mut config = Config::new();
    config.tier(Tier::Jit).features(etalon::Features::wasm3());
    config.cpu_level(etalon::CpuLevel::Baseline);
    let module = Module::new(&Engine::new(&config).unwrap(), std::fs::read(file).unwrap()).unwrap();
    let artefact = module.to_artefact().unwrap();
    let here = etalon::unstable::about_artefact(&artefact).unwrap().target;
    for more in [&[][..], &["--target", &here]] {
        let words = ["compile", "m.wat", "-o", "m.etalon", "--cpu", "baseline"];
        let output = etalon(folder.path(), &[&words, more].concat());
        assert!(output.status.success(), "{output:?}");
        let made = std::fs::read(folder.path().join("m.etalon")).unwrap();
        assert!(made == artefact, "{more:?}");
    }
}

#[test]
fn an_artefact_for_another_machine_is_refused_where_it_does_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let text = r#"(module (func (export "f") (result i32) (i32.const 7)))"#;
    std::fs::write(folder.path().join("m.wat"), text).unwrap();
    let mut runs = 0;
    for target in TARGETS {
        let words = ["compile", "m.wat", "-o", "m.etalon", "--target", target, "--format", "json"];
        let made = etalon(folder.path(), &words);
        assert!(made.status.success(), "{made:?}");
        let document: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
        assert_eq!(document["target"], target);
        let words = ["run", "m.etalon", "--allow-precompiled", "--invoke", "f"];
        let run = etalon(folder.path(), &words);
        if run.status.success() {
            runs += 1;
            continue;
        }
        let said = refused(&run, 2);
        assert!(said.contains(&format!("the artefact is for {target}, this is ")), "{said}");
        let mut config = Config::new();
        config.target(target).unwrap();
        let error = Module::new(&Engine::new(&config).unwrap(), text).unwrap_err().to_string();
        assert!(error.starts_with(&format!("the engine is for {target}, ")), "{error}");
        let words = ["compile", "m.wat", "-o", "x", "--target", target, "--cpu", "native"];
        let said = refused(&etalon(folder.path(), &words), 2);
        assert!(said.contains(&format!("the code is for {target}: say baseline, ")), "{said}");
        assert!(!folder.path().join("x").exists());
    }
    assert!(runs <= 1, "at most one of them is this machine");
}
