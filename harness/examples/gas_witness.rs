//! Do instrumented copies consume on other engines what our meter says? `make gas-witness`. Engines are named as `etalon engines` names
//! them; those that cannot be had are passed over with the reason.
#![allow(clippy::print_stdout)]

use etalon_adapters::{Adapter, GasConfig, TimeLimit, Watchdog, adapter};
use etalon_harness::corpus::programs_and_kernels;
use etalon_harness::diff::{Case, RunOptions};
use etalon_harness::fuzz::case_of;
use etalon_harness::generate::Profile;
use etalon_harness::instrumented::{Agreement, Copies, Trial, agree, small_programs};
use etalon_harness::reduce::{Budget, reduce_for};
use etalon_harness::settings::default_schedule;
use etalon_harness::{NanBits, with_nans};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Where modules come from, in turn; what floats are in the rest may differ between engines.
const PROFILES: &[&str] = &[
    "control",
    "calls",
    "memory",
    "traps",
    "chains",
    "gc",
    "single",
    "objects",
    "sequences",
    "quiet",
    "wasm3",
    "scripts",
    "smith",
    "mvp",
];
/// The gas of a call that is to come to its end.
const LIMIT: u64 = 100_000;
/// Calls that consume no more are tried with every limit, in one module of so many.
const EVERY: (u64, u64) = (150, 16);
/// Calls of small programs consume less, but for a few.
const SMALL: u64 = 2_000;
/// How long an action may take.
const EACH: Duration = Duration::from_secs(20);
/// How many modules are tried to make one smaller.
const TRIES: u64 = 1_000;
/// How many mismatches are printed.
const PRINTED: usize = 20;

struct Asked {
    modules: u64,
    seed: u64,
    out: PathBuf,
    profiles: Vec<&'static Profile>,
    witnesses: Vec<String>,
}

fn arguments() -> Result<Asked, String> {
    let profiles = PROFILES.iter().filter_map(|name| Profile::named(name)).collect();
    let out = "target/gas-witness".into();
    let mut asked = Asked { modules: 2_000, seed: 1, out, profiles, witnesses: Vec::new() };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        let number = |text: String| text.parse::<u64>().map_err(|error| format!("{text}: {error}"));
        match word.as_str() {
            "--modules" => asked.modules = number(value()?)?,
            "--seed" => asked.seed = number(value()?)?,
            "--out" => asked.out = value()?.into(),
            "--profile" => {
                let name = value()?;
                let profile = Profile::named(&name).ok_or(format!("{name}: no such profile"))?;
                asked.profiles = vec![profile];
            }
            name => asked.witnesses.push(name.to_owned()),
        }
    }
    Ok(asked)
}

fn print(witness: &str, agreement: &Agreement, time: Duration) {
    let Agreement { modules, calls, limits, equal, unequal, of_engine, passed_over } = agreement;
    println!(
        "{witness}: {modules} modules, {calls} calls, {limits} limits tried: {equal} equal, {} unequal; {:.1} s",
        unequal.len(),
        time.as_secs_f64()
    );
    for (why, count) in passed_over {
        println!("  not compared: {count} times: {why}");
    }
    for unequal in unequal.iter().take(PRINTED) {
        println!("  unequal: {unequal}");
    }
    for fault in of_engine.iter().take(PRINTED) {
        println!(
            "  a fault of the engine, which executes the copy otherwise than the oracle: {fault}"
        );
    }
}

/// Tries all modules on an engine; saves those that differ.
fn try_all(asked: &Asked, name: &str, time: Option<TimeLimit>) -> Result<Agreement, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let oracle = adapter("oracle").map_err(|error| text(&error))?;
    let witness = adapter(name).map_err(|error| text(&error))?;
    let features = oracle.features().intersection(witness.features());
    let generated = (0..asked.modules).map(|number| {
        let profile = asked.profiles[(number % asked.profiles.len() as u64) as usize];
        (features, case_of(profile, features, asked.seed, number, 1))
    });
    let schedule = default_schedule();
    let mut all = Agreement::default();
    let small = small_programs().into_iter().map(|case| (features, case));
    let small_count = small.len() as u64;
    let cases = small.chain(programs_and_kernels()).chain(generated);
    for (number, (features, case)) in (0u64..).zip(cases) {
        let case = if witness.is_foreign() { without_open_nans(case) } else { case };
        let is_kernel = case.calls.iter().any(|call| call.export == "run");
        let limit = if is_kernel { 50 * LIMIT } else { LIMIT };
        let every = match number {
            _ if number < small_count => SMALL,
            _ if number % EVERY.1 == 0 => EVERY.0,
            _ => 0,
        };
        let (schedule, time) = (schedule.clone(), time.clone());
        let trial = Trial { schedule, features, limit, every, time };
        let agreement = agree(oracle.as_ref() as &dyn Adapter, witness.as_ref(), &trial, &case)
            .map_err(|error| text(&error))?;
        if !agreement.unequal.is_empty() || !agreement.of_engine.is_empty() {
            let (oracle, witness) = (oracle.clone(), witness.clone());
            let copies = Copies { oracle, witness, trial };
            save(&asked.out, name, copies, &case).map_err(|error| error.to_string())?;
        }
        all.add(agreement);
    }
    Ok(all)
}

/// Engines of others choose the bits of NaNs, and a run may hang on them: where it has one, the module makes them canonical.
fn without_open_nans(case: Case) -> Case {
    let canonical = NanBits { narrow: 0x7fc0_0000, wide: 0x7ff8_0000_0000_0000 };
    let wasm = with_nans(&case.wasm, canonical).unwrap_or_else(|| case.wasm.clone());
    Case { wasm, ..case }
}

/// Saves a module, and beside it a smaller one of which the same is unequal.
fn save(
    folder: &Path,
    witness: &str,
    copies: Copies,
    case: &Case,
) -> Result<(), Box<dyn std::error::Error>> {
    let safe = |c: char| if c.is_alphanumeric() { c } else { '-' };
    let folder = folder.join(witness.chars().map(safe).collect::<String>());
    std::fs::create_dir_all(&folder)?;
    let file = folder.join(case.name.chars().map(safe).collect::<String>());
    std::fs::write(file.with_extension("wasm"), &case.wasm)?;
    let Trial { features, schedule, limit, time, .. } = copies.trial.clone();
    let gas = Some(GasConfig { schedule, limit: Some(limit) });
    let run = RunOptions { features, gas, state: false, time };
    let budget = Budget { tries: TRIES, ..Budget::default() };
    let oracle = copies.oracle.clone();
    if let Some(reduced) = reduce_for(Arc::new(copies), oracle, case, run, budget)? {
        std::fs::write(file.with_extension("reduced.wasm"), &reduced.case.wasm)?;
    }
    Ok(())
}

fn main() -> ExitCode {
    let asked = match arguments() {
        Ok(asked) => asked,
        Err(error) => {
            println!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut differ = false;
    for name in &asked.witnesses {
        let begun = Instant::now();
        let time = Watchdog::new().ok().map(|watchdog| TimeLimit { each: Some(EACH), watchdog });
        match try_all(&asked, name, time) {
            Ok(agreement) => {
                print(name, &agreement, begun.elapsed());
                differ |= !agreement.unequal.is_empty();
            }
            Err(error) => println!("{name}: passed over: {error}"),
        }
    }
    if differ { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
