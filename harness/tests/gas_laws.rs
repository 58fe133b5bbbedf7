//! The laws of gas-1 on every tier, over the programs of the corpus and over generated modules.

use etalon_adapters::{Adapter, Features, GasConfig, Schedule, adapter};
use etalon_harness::corpus::Entry;
use etalon_harness::diff::{Call, Case, RunOptions};
use etalon_harness::fuzz::case_of;
use etalon_harness::gas::{Law, check_law};
use etalon_harness::generate::Profile;
use etalon_harness::settings::usual_gas;
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
    ] {
        let profile = Profile::named(name).expect("it is in the list");
        let schedule = Schedule::builtin(schedule).expect("it is built in");
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
