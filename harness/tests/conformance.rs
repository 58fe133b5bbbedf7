//! The official scripts and our own on our own tiers: each file on each tier, and the gas of each file.
//!
//! A file of which nothing can be tried on a tier is reported as ignored, with the features that are missing; the
//! skipped assertions of the others are counted at the end.

use etalon_adapters::{Adapter, GasConfig, OwnTier, Schedule, Tier, adapter};
use etalon_harness::script::{ScriptOptions, ScriptSource, Selection, run_script};
use etalon_record::Row;
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// The suites: patterns for their names.
const SUITES: &[&str] = &["wasm-*", "local", "proposals/*"];

/// The tiers, functions of all in one module, and the oracle in pieces that run in many stores.
const TIERS: &[&str] = &["oracle", "interp", "jit", "auto", "mixed0", "mixed1", "paused:997"];

/// The compiler with the least of the processor and checks in place of guards; every other way that it has for an operator.
const PLAIN: &str = "jit?bounds=explicit&cpu=baseline";

/// Starts of the names of scripts that are also run with a collection before every allocation: those that allocate.
const COLLECTING: &[&str] = &[
    "local/",
    "proposals/exceptions/",
    "proposals/function-references/",
    "proposals/gc/",
    "wasm-v3/return_call",
];

/// Bytes of stack for each script: the parser recurses.
const STACK_BYTES: usize = 64 << 20;

/// Sums over the trials of this process.
#[derive(Debug, Default)]
struct Sums {
    passed: AtomicU64,
    skipped: AtomicU64,
    expected_failures: AtomicU64,
    gas_compared: AtomicU64,
}

fn main() -> ExitCode {
    let args = Arguments::from_args();
    let suites = SUITES.iter().map(|s| (*s).to_owned()).collect();
    let sources = Selection { suites, ..Selection::default() }.sources();
    let sums = Arc::new(Sums::default());
    let mut trials = Vec::new();
    for source in sources.expect("the bundled suites exist") {
        let source = Arc::new(source);
        for tier in TIERS.iter().chain([&PLAIN]) {
            let (source, sums) = (Arc::clone(&source), Arc::clone(&sums));
            let name = format!("{}/{tier}", source.name());
            trials.push(Trial::ignorable_test(name, move || conforms(&source, tier, &sums)));
        }
        if COLLECTING.iter().any(|start| source.name().starts_with(start)) {
            let (name, source) = (format!("{}/collecting", source.name()), Arc::clone(&source));
            trials.push(Trial::ignorable_test(name, move || collecting(&source)));
        }
        let (name, sums) = (format!("{}/gas", source.name()), Arc::clone(&sums));
        trials.push(Trial::ignorable_test(name, move || same_gas(&source, &sums)));
    }
    let conclusion = libtest_mimic::run(&args, trials);
    if !args.list {
        let get = |sum: &AtomicU64| sum.load(Ordering::Relaxed);
        let told = writeln!(
            io::stdout(),
            "assertions: {} passed, {} skipped, {} failed as expected; gas of {} files compared",
            get(&sums.passed),
            get(&sums.skipped),
            get(&sums.expected_failures),
            get(&sums.gas_compared)
        );
        told.expect("standard output is open");
    }
    conclusion.exit_code()
}

/// The file holds on the tier.
fn conforms(source: &ScriptSource, tier: &str, sums: &Sums) -> Result<Completion, Failed> {
    let row = run(source, &*adapter(tier)?, None)?;
    sums.passed.fetch_add(row.passed, Ordering::Relaxed);
    sums.skipped.fetch_add(row.skipped, Ordering::Relaxed);
    sums.expected_failures.fetch_add(row.expected_failures, Ordering::Relaxed);
    if let Some(text) = faults(&row) {
        return Err(text.into());
    }
    if row.passed == 0 && row.skipped > 0 {
        return Ok(Completion::ignored_with(skip_text(&row)));
    }
    Ok(Completion::Completed)
}

/// The file holds on each tier whenever the heap is collected.
fn collecting(source: &ScriptSource) -> Result<Completion, Failed> {
    let tiers = [
        OwnTier::new(Tier::Oracle),
        OwnTier::new(Tier::Interp),
        OwnTier::new(Tier::Jit),
        OwnTier::new(Tier::Aot),
        OwnTier::mixed(0),
        OwnTier::mixed(1),
    ];
    let mut lacking = String::new();
    let mut held = 0;
    for tier in tiers {
        let tier = tier.with_gc_stress();
        let row = run(source, &tier, None)?;
        if let Some(text) = faults(&row) {
            return Err(format!("{}:\n{text}", tier.info().name).into());
        }
        held += row.passed;
        lacking = skip_text(&row);
    }
    if held == 0 {
        return Ok(Completion::ignored_with(lacking));
    }
    Ok(Completion::Completed)
}

/// The tiers charge the same, and a metered run shows the same as an unmetered one.
fn same_gas(source: &ScriptSource, sums: &Sums) -> Result<Completion, Failed> {
    let schedule = Schedule::builtin(Schedule::DEFAULT).ok_or("no default schedule")?;
    let gas = GasConfig { schedule, limit: None };
    let (mut charged, mut lacking) = (BTreeMap::new(), String::new());
    for tier in TIERS {
        let adapter = adapter(tier)?;
        let plain = run(source, &*adapter, None)?;
        let metered = run(source, &*adapter, Some(&gas))?;
        if !metered.unsupported.is_empty() {
            lacking = format!("{tier}: {}", skip_text(&metered));
            continue;
        }
        if let Some(text) = faults(&metered) {
            return Err(format!("{tier}, metered:\n{text}").into());
        }
        let same = Row { gas_consumed: None, ..metered.clone() } == plain;
        if !same {
            return Err(format!("{tier}: metering changes what can be observed").into());
        }
        let gas =
            metered.gas_consumed.ok_or_else(|| format!("{tier} does not say what it charged"))?;
        charged.insert(*tier, gas);
    }
    if charged.values().any(|gas| Some(gas) != charged.values().next()) {
        return Err(format!("gas differs: {charged:?}").into());
    }
    if charged.len() < 2 {
        return Ok(Completion::ignored_with(lacking));
    }
    sums.gas_compared.fetch_add(1, Ordering::Relaxed);
    Ok(Completion::Completed)
}

fn run(
    source: &ScriptSource,
    adapter: &dyn Adapter,
    gas: Option<&GasConfig>,
) -> Result<Row, Failed> {
    let options = ScriptOptions { gas: gas.cloned(), ..ScriptOptions::default() };
    thread::scope(|scope| {
        let builder = thread::Builder::new().stack_size(STACK_BYTES);
        let thread = builder.spawn_scoped(scope, || run_script(adapter, source, &options))?;
        thread.join().map_err(|_| Failed::from("the harness panicked"))?.map_err(Failed::from)
    })
}

/// What is wrong with a row; `None` if nothing is.
fn faults(row: &Row) -> Option<String> {
    let mut text = String::new();
    for f in &row.failures {
        text += &format!("{}: {}: expected {}, got {}\n", f.line, f.kind, f.expected, f.got);
    }
    for note in &row.unexpected {
        text += &format!("{}: holds, but is listed to fail: {}\n", note.line, note.reason);
    }
    if text.is_empty() { None } else { Some(text) }
}

fn skip_text(row: &Row) -> String {
    format!("{} assertions skipped: no {}", row.skipped, row.unsupported.join(", "))
}
