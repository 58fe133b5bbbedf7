//! What the programs of the corpus cost: first the same on every tier, then the same as in `corpus/gas`.

use etalon_adapters::adapter;
use etalon_harness::corpus::Entry;
use etalon_harness::gas::{gas_lines, snapshot_text};
use libtest_mimic::{Arguments, Failed, Trial};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const ENGINES: &[&str] = &["oracle", "interp", "jit", "aot", "auto", "mixed0", "mixed1", "mixed2"];

fn main() -> ExitCode {
    let args = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/programs");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the folder is in the repository")
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    paths.sort();
    let trials = paths.into_iter().map(|path| {
        let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned());
        let name = stem.unwrap_or_default();
        Trial::test(name.clone(), move || snapshot(&name, &path))
    });
    libtest_mimic::run(&args, trials.collect()).exit_code()
}

fn snapshot(name: &str, path: &Path) -> Result<(), Failed> {
    let entry = Entry::read(path)?;
    let mut texts = Vec::new();
    for engine in ENGINES {
        let engine = adapter(engine)?;
        texts.push(snapshot_text(&entry, &gas_lines(&entry, engine.as_ref())?));
    }
    for (engine, text) in ENGINES.iter().zip(&texts) {
        if *text != texts[0] {
            return Err(format!("{} and {engine} differ:\n{}\n{text}", ENGINES[0], texts[0]).into());
        }
    }
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path("../../corpus/gas");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, texts[0]));
    Ok(())
}
