//! Each program of `corpus/wasi` on every tier of ours: it does as its file says, on all alike, and costs what its snapshot says.

use etalon_adapters::{Features, adapter};
use etalon_harness::diff::{Case, DiffOptions, Differ, RunOptions};
use etalon_harness::programs::ProgramFile;
use etalon_harness::settings::usual_gas;
use libtest_mimic::{Arguments, Failed, Trial};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const ENGINES: &[&str] =
    &["oracle", "interp", "jit", "aot", "auto", "mixed0", "mixed1", "mixed2", "paused"];

fn main() -> ExitCode {
    let args = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/wasi");
    let mut paths: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("the folder is in the repository")
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    paths.sort();
    let trials = paths.into_iter().map(|path| {
        let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned());
        let name = stem.unwrap_or_default();
        Trial::test(name.clone(), move || runs(&name, &path))
    });
    libtest_mimic::run(&args, trials.collect()).exit_code()
}

fn runs(name: &str, path: &Path) -> Result<(), Failed> {
    let file: ProgramFile = toml::from_str(&fs::read_to_string(path)?)?;
    let wasm = wat::parse_file(path.with_extension("wat"))?;
    let features = Features::wasm3();
    let case = Case::of_program(name, wasm, features, file.setup(), "_start")?;
    let engines = ENGINES.iter().map(|name| adapter(name)).collect::<Result<_, _>>()?;
    let gas = usual_gas(None);
    let schedule = gas.schedule.id().to_string();
    let run = RunOptions { features, gas: Some(gas), state: true, time: None };
    let options = DiffOptions { run, policies: BTreeSet::new(), trap_prefix: false, laws: false };
    let differ = Differ::new(engines, options);
    let judged = differ.judge(&case)?;
    if let Some(divergence) = differ.divergence_in(&case, &judged) {
        return Err(format!("{divergence:#?}").into());
    }
    let last = judged.traces[0].steps.last().ok_or("nothing happened")?;
    let wrong = file.mismatches(last);
    if !wrong.is_empty() {
        return Err(wrong.join("\n").into());
    }
    let consumed = last.gas.ok_or("nothing was charged")?;
    let text = format!("{}\nschedule {schedule}\n{consumed} consumed\n", file.title);
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path("../../corpus/wasi/gas");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
    Ok(())
}
