//! A short fuzz run of every profile over our own tiers: no findings, and not all the calls end alike.

use etalon_adapters::{Adapter, Features, adapter};
use etalon_harness::diff::{DiffOptions, RunOptions};
use etalon_harness::fuzz::{FuzzOptions, NoProgress, fuzz};
use etalon_harness::generate::{PROFILES, Profile};
use etalon_harness::settings::usual_gas;
use etalon_record::{FuzzRecord, Tool};
use libtest_mimic::{Arguments, Failed, Trial};
use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;

/// Modules of each profile, and of each whose modules have hundreds of cases.
const MODULES: u64 = 60;
const LARGE: u64 = 5;

fn main() -> ExitCode {
    let args = Arguments::from_args();
    let profiles = PROFILES.iter();
    let mut trials: Vec<Trial> =
        profiles.map(|profile| Trial::test(profile.name, || agrees(profile))).collect();
    trials.push(Trial::test("threads change nothing", threads_change_nothing));
    trials.push(Trial::test("regions of memories", regions_agree));
    libtest_mimic::run(&args, trials).exit_code()
}

fn run(profiles: Vec<&'static Profile>, cases: u64, jobs: usize) -> Result<FuzzRecord, Failed> {
    run_on(&["oracle", "interp", "jit", "auto", "mixed0"], profiles, cases, jobs)
}

fn run_on(
    engines: &[&str],
    profiles: Vec<&'static Profile>,
    cases: u64,
    jobs: usize,
) -> Result<FuzzRecord, Failed> {
    let engines: Vec<Arc<dyn Adapter>> =
        engines.iter().map(|name| adapter(name)).collect::<Result<_, _>>()?;
    let run = RunOptions {
        features: Features::wasm3(),
        gas: Some(usual_gas(Some(100_000))),
        state: true,
        time: None,
    };
    let diff = DiffOptions { run, policies: BTreeSet::new(), trap_prefix: false, laws: false };
    let usual = FuzzOptions::new(engines, profiles, diff);
    let options = FuzzOptions { modules: Some(cases), jobs, rounds: 2, ..usual };
    Ok(fuzz(&options, Tool::new("test", "0"), "any", &NoProgress)?)
}

fn agrees(profile: &'static Profile) -> Result<(), Failed> {
    let large = profile.is_sweep() || profile.calls > 1;
    let modules = if large { LARGE } else { MODULES };
    let record = run(vec![profile], modules, 1)?;
    if let Some(finding) = record.findings.first() {
        return Err(format!("{}: {:?} {:?}", finding.id, finding.operator, finding.summary).into());
    }
    let outcomes = &record.outcomes;
    let returned = outcomes.get("returned").copied().unwrap_or_default();
    let all = record.cases;
    // Modules that only trap or only return would prove little.
    if returned * 10 < all || all < modules {
        return Err(format!("{returned} of {all} calls returned: {outcomes:?}").into());
    }
    Ok(())
}

/// Ranges of their memories are protected: calls trap by either protection, and all tiers still agree.
fn regions_agree() -> Result<(), Failed> {
    let profiles = PROFILES.iter().filter(|p| ["single", "memory", "wasm2"].contains(&p.name));
    let engines = ["oracle", "interp", "jit", "aot", "auto", "mixed0", "paused:7"]
        .map(|e| format!("{e}?regions=on"));
    let engines = engines.each_ref().map(String::as_str);
    let record = run_on(&engines, profiles.collect(), 90, 2)?;
    if let Some(finding) = record.findings.first() {
        return Err(format!("{}: {:?} {:?}", finding.id, finding.operator, finding.summary).into());
    }
    for region in ["read-only", "inaccessible"] {
        let text = format!("forbidden access to region {region}");
        if !record.outcomes.keys().any(|name| name.ends_with(&text)) {
            return Err(format!("no {text}: {:?}", record.outcomes).into());
        }
    }
    Ok(())
}

fn threads_change_nothing() -> Result<(), Failed> {
    let record = |jobs| -> Result<FuzzRecord, Failed> { run(PROFILES.iter().collect(), 20, jobs) };
    if record(1)? == record(3)? { Ok(()) } else { Err("the records differ".into()) }
}
