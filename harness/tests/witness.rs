//! wasmi as a witness of what all our tiers share, decoding and validation, and of what the oracle and the compiler do: the short
//! form of `make witness`.
#![allow(missing_docs)]

use etalon_adapters::{Adapter, GasConfig, adapter};
use etalon_harness::diff::{Case, DiffOptions, Differ, RunOptions, Verdict};
use etalon_harness::fuzz::case_of;
use etalon_harness::generate::{PROFILES, Stream};
use etalon_harness::script::{ScriptOptions, Selection, Silent, run_suites};
use etalon_harness::settings::default_schedule;
use etalon_harness::witness::{Mismatch, Questions, WitnessOptions, ask};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

fn engine(name: &str) -> Arc<dyn Adapter> {
    adapter(name).expect("the build has it")
}

/// What wasmi says against modules that are valid, and why it is mistaken.
const MISTAKEN: &[(&str, &str)] = &[(
    "invalid var_u32: integer representation too long",
    "limits of memories and tables are of 64 bits whatever the address type (Binary Format, Types: Limits)",
)];

/// Changed bytes above all: most are to be refused, and by both.
#[test]
fn wasmi_accepts_and_refuses_the_same_modules() {
    let questions = Questions::new(1);
    let modules = questions.scripts() as u64 + 6_000;
    let options = WitnessOptions { modules, jobs: 1, time: None };
    let (ours, witness) = (engine("oracle"), engine("here:wasmi"));
    let answers = ask(ours.as_ref(), witness.as_ref(), &questions, &options).expect("both open");
    let is_mistaken = |theirs: &str| MISTAKEN.iter().any(|(text, _)| theirs.contains(text));
    let mut said = Vec::new();
    for Mismatch { number, wasm, ours, theirs } in &answers.mismatches {
        if ours.is_none() && theirs.as_deref().is_some_and(is_mistaken) {
            continue;
        }
        said.push(format!("{number}: {wasm:02x?} {ours:?} {theirs:?}"));
    }
    assert!(said.is_empty(), "{said:#?}");
    assert!(answers.accepted > 2_000 && answers.refused > 7_000, "{answers:?}");
}

fn differ(names: &[&str]) -> Differ {
    let engines = names.iter().map(|name| engine(name)).collect();
    let gas = Some(GasConfig { schedule: default_schedule(), limit: Some(200_000) });
    let features = engine("here:wasmi").features();
    let run = RunOptions { features, gas, state: false, time: None };
    Differ::new(
        engines,
        DiffOptions { run, policies: BTreeSet::new(), trap_prefix: true, laws: false },
    )
}

/// Whether calls were compared, without those that have no end, which would only take the witness's time.
fn agree(case: &Case) -> bool {
    let mut case = case.clone();
    let first = differ(&["interp"]).judge(&case).expect("it can be set up");
    let mut steps = first.traces[0].steps.iter().skip(1);
    case.calls.retain(|_| steps.next().is_some_and(|step| step.outcome.goes_on()));
    let differ = differ(&["oracle", "jit", "here:wasmi"]);
    let judged = differ.judge(&case).expect("all can be set up");
    assert!(!matches!(judged.verdict, Verdict::Diverged { .. }), "{}: {judged:?}", case.name);
    judged.verdict == Verdict::Agree && judged.traces[2].steps.len() > 1
}

#[test]
fn wasmi_runs_generated_modules_as_ours_do() {
    let features = engine("here:wasmi").features();
    let mut compared = 0;
    for profile in
        PROFILES.iter().filter(|profile| !profile.is_sweep() && !profile.is_of_programs())
    {
        for number in 0..6 {
            let case = case_of(profile, features, 3, number, 1);
            compared += usize::from(agree(&case));
        }
    }
    assert!(compared > 50, "{compared} modules were compared");
}

#[test]
fn wasmi_runs_the_programs_of_the_corpus_as_ours_do() {
    let features = engine("here:wasmi").features();
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../corpus/programs"));
    let mut compared = 0;
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "wat") {
            continue;
        }
        let wasm = wat::parse_file(&path).expect("the text is a module");
        let mut stream = Stream::new("witness", 1, 0);
        let case = Case::of_exports(path.display().to_string(), wasm, features, &mut stream, 2);
        // What needs more than wasmi has does not load here.
        if let Ok(case) = case {
            compared += usize::from(agree(&Case { is_apart: true, ..case }));
        }
    }
    assert!(compared > 3, "{compared} programs were compared");
}

/// What it does not pass is told line by line, so that nothing hides behind it.
#[test]
fn wasmi_passes_the_scripts_of_the_second_version() {
    let witness = engine("here:wasmi");
    let selection = Selection { suites: vec!["wasm-v2".to_owned()], ..Selection::default() };
    let run = run_suites(&[witness.as_ref()], &selection, &ScriptOptions::default(), &Silent)
        .expect("the bundled suites");
    let mut failed = Vec::new();
    for row in &run.record.rows {
        for failure in &row.failures {
            failed.push(format!("{}:{}: {}", row.file, failure.line, failure.got));
        }
    }
    // Its limit of locals is below what makes a module malformed.
    failed.retain(|text| !text.contains("too many locals: locals exceed maximum"));
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(run.record.totals.passed > 26_000, "{:?}", run.record.totals);
}
