//! The laws of gas-1 on every tier, over the programs of the corpus and over generated modules.

use etalon_adapters::{Adapter, Features, GasConfig, Schedule, adapter};
use etalon_harness::corpus::Entry;
use etalon_harness::diff::{Call, Case, DiffOptions, RunOptions};
use etalon_harness::fuzz::{FuzzOptions, NoProgress, case_of, fuzz};
use etalon_harness::gas::{Law, check_law, gas_by_function};
use etalon_harness::generate::Profile;
use etalon_harness::settings::{FINE, law_schedules, named_schedule, usual_gas};
use etalon_record::Tool;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// Enough for what generated modules do, and little enough for loops to end soon.
const LIMIT: u64 = 200_000;

fn engines() -> Vec<Arc<dyn Adapter>> {
    // On the last two, functions and loops change their tier in the midst of what is measured, by counts alone.
    ["oracle", "interp", "jit", "mixed0", "auto", "auto?hot=3&opt=none&sync=on"]
        .map(|name| adapter(name).expect("it is one of ours"))
        .into()
}

fn programs() -> Vec<(RunOptions, Case)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/programs");
    let mut programs = Vec::new();
    for file in std::fs::read_dir(folder).expect("the folder is in the repository") {
        let path = file.expect("the folder can be listed").path();
        if path.extension().is_some_and(|e| e == "toml") {
            let entry = Entry::read(&path).unwrap_or_else(|e| panic!("{e}"));
            let gas = Some(usual_gas(entry.file.gas));
            let options = RunOptions { features: entry.features, gas, state: true, time: None };
            programs.push((options, entry.case));
        }
    }
    assert!(!programs.is_empty());
    programs
}

fn generated(features: Features) -> Vec<(RunOptions, Case)> {
    let mut cases = Vec::new();
    // Under `flat` the numbers are others, and with them where gas runs out.
    for (name, schedule) in [
        ("wasm2", Schedule::DEFAULT),
        ("quiet", Schedule::DEFAULT),
        ("calls", "flat"),
        ("memory", Schedule::DEFAULT),
        ("traps", FINE),
    ] {
        let profile = Profile::named(name).expect("it is in the list");
        let schedule = named_schedule(schedule).expect("it has a name");
        let gas = Some(GasConfig { schedule, limit: Some(LIMIT) });
        let options = RunOptions { features, gas, state: true, time: None };
        for number in 0..12 {
            // The laws are about one meter over all calls.
            let case = Case { is_apart: false, ..case_of(profile, features, 11, number, 2) };
            cases.push((options.clone(), case));
        }
    }
    cases
}

fn holds(law: Law) {
    let engines = engines();
    let both = engines.iter().fold(Features::wasm2(), |set, e| set.intersection(e.features()));
    for (options, case) in programs().into_iter().chain(generated(both)) {
        for engine in &engines {
            let breach =
                check_law(law, engine.as_ref(), &options, &case).unwrap_or_else(|e| panic!("{e}"));
            if let Some(breach) = breach {
                panic!("{} on {}: {breach}", case.name, engine.info().name);
            }
        }
    }
}

#[test]
fn ledger() {
    holds(Law::Ledger);
}

#[test]
fn trap() {
    holds(Law::Trap);
}

/// Where no operator weighs anything, what is charged and what is executed are both 0: the bound is not strict.
#[test]
fn the_law_of_traps_where_segments_cost_nothing() {
    let wat = |body: &str| format!("(module (memory 1) (func (export \"f\") {body}))");
    let zero = "(drop (i32.div_s (i32.const 1) (i32.const 0))) (drop (memory.size))";
    for (schedule, body) in [
        ("wasmtime-48", "unreachable"),
        ("wasmtime-48", "nop nop unreachable"),
        ("wasmtime-48", zero),
        ("flat", zero),
        ("flat", "(drop (i32.load (i32.const -1))) nop nop nop"),
    ] {
        let wasm = wat::parse_str(wat(body)).expect("it is text");
        let call = Call { export: "f".into(), args: Vec::new() };
        let case = Case::new(body, wasm, vec![call]);
        let schedule = Schedule::builtin(schedule).expect("it is built in");
        let gas = Some(GasConfig { schedule, limit: None });
        let options = RunOptions { features: Features::wasm3(), gas, state: true, time: None };
        for engine in engines() {
            let breach = check_law(Law::Trap, engine.as_ref(), &options, &case);
            assert_eq!(breach.unwrap_or_else(|e| panic!("{e}")), None, "{body}");
        }
    }
}

#[test]
fn knife_edge() {
    holds(Law::KnifeEdge);
}

#[test]
fn transparency() {
    holds(Law::Transparency);
}

#[test]
fn freshness() {
    holds(Law::Freshness);
}

#[test]
fn additivity() {
    holds(Law::Additivity);
}

/// Of each function, callees excluded, as the meter of each tier says it. That a share which moves is seen: `gas/by_function.rs`.
#[test]
fn gas_of_each_function_is_the_same_on_all_tiers() {
    let engines: Vec<_> = engines().into_iter().chain(adapter("aot")).collect();
    let both = engines.iter().fold(Features::wasm2(), |set, e| set.intersection(e.features()));
    let (mut functions, mut nested) = (0, 0);
    for (options, case) in programs().into_iter().chain(generated(both)) {
        let of = |engine: &dyn Adapter, options: &RunOptions| {
            gas_by_function(engine, options, &case).unwrap_or_else(|e| panic!("{e}"))
        };
        let Some(first) = of(engines[0].as_ref(), &options) else { continue };
        functions += first.keys().flatten().count();
        nested += usize::from(first.keys().flatten().count() > 1);
        for engine in &engines[1..] {
            let sums = of(engine.as_ref(), &options);
            assert_eq!(sums.as_ref(), Some(&first), "{} on {}", case.name, engine.info().name);
        }
    }
    assert!(functions > 100 && nested > 20, "{functions} {nested}");
}

/// A short campaign under the laws, with all schedules and settings in turn: `make gas-laws` is the long one.
#[test]
fn a_campaign_keeps_the_laws() {
    let engines = ["oracle", "interp", "jit", "aot", "auto"];
    let engines = engines.map(|name| adapter(name).expect("it is one of ours"));
    let features = engines.iter().fold(Features::all(), |set, e| set.intersection(e.features()));
    let run = RunOptions { features, gas: Some(usual_gas(Some(20_000))), state: true, time: None };
    let profiles = ["traps", "memory", "calls", "gc", "quiet"];
    let named = |name| Profile::named(name).expect("it is in the list");
    let diff = DiffOptions { run, policies: BTreeSet::new(), trap_prefix: false, laws: true };
    let usual = FuzzOptions::new(engines.into(), profiles.map(named).into(), diff);
    let (modules, schedules) = (Some(80), law_schedules());
    let options = FuzzOptions { seed: 20, modules, jobs: 2, schedules, ..usual };
    let record = fuzz(&options, Tool::new("test", "0"), "any", &NoProgress).expect("it runs");
    assert!(record.findings.is_empty() && record.timed_out == 0, "{:?}", record.findings);
    let laws = record.laws.expect("they were checked");
    assert_eq!(laws.modules + laws.left_out.values().sum::<u64>(), 80);
    assert_eq!(laws.schedules.len(), options.schedules.len(), "{:?}", laws.schedules);
    // As they are named, and five ways to set them otherwise: none of these profiles says that it ends, so none collects at each
    // allocation.
    assert_eq!(laws.settings.len(), 6, "{:?}", laws.settings);
    assert!(laws.limits > laws.modules && laws.runs > laws.limits, "{laws:?}");
    assert!(laws.executed.len() > 100 && !laws.dynamic.is_empty() && !laws.traps.is_empty());
}
