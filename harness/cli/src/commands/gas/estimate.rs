//! `etalon gas estimate`

use super::module::Loaded;
use crate::exit::Status;
use crate::fault::{InputError, tool};
use crate::output::{Format, bad, good, json, plain, say, say_in_colour};
use crate::words::counted;
use crate::{escape, input};
use anyhow::Result;
use clap::ValueHint;
use etalon::Tier;
use etalon_audit::{
    Bill, Bound, Estimate, ExportEstimate, Import, Question, Silent, Source, Spread, Trial, Upper,
    estimate, sample, spread_of,
};
use etalon_record::{Document, Kind};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The gas limit of a call with generated arguments.
const SAMPLE_GAS: u64 = 10_000_000;

/// Reasons of an export that are shown.
const MOST_SHOWN: usize = 8;

/// Functions of the host that are named.
const MOST_SILENT: usize = 20;

/// Arguments of `etalon gas estimate`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A module, or a file of scenarios that says what its imports declare and what bounds hold
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: PathBuf,
    /// The exports to look at, by name; by default all of them
    #[arg(long, value_name = "NAME")]
    export: Vec<String>,
    /// How often the loop at an offset runs each time, or how much gas the call there takes
    #[arg(long, value_name = "FUNCTION@OFFSET=N")]
    bound: Vec<Bound>,
    /// Gas schedule, in place of the one that the scenarios name
    #[arg(long, value_name = "NAME")]
    schedule: Option<String>,
    /// Fail if an export or loading the module may take more gas than this, or nothing bounds it
    #[arg(long, value_name = "GAS")]
    at_most: Option<u64>,
    /// Call each export so often with generated arguments, and say how much that took
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    samples: Option<u64>,
    /// Where generated arguments begin
    #[arg(long, value_name = "N", default_value_t = 0, requires = "samples")]
    seed: u64,
    /// The gas limit of each call with generated arguments
    #[arg(long, value_name = "GAS", default_value_t = SAMPLE_GAS, requires = "samples")]
    #[arg(value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    sample_gas: u64,
}

#[derive(Debug, Serialize)]
struct Told {
    action: &'static str,
    module: String,
    schedule: String,
    #[serde(flatten)]
    estimate: Estimate,
    measured: Vec<Spread>,
    /// Whether loading may take more than `--at-most` allows.
    instantiation_above: bool,
    /// The exports that may take more than that.
    above: Vec<String>,
    /// The exports that were seen to take more than is estimated, so that a stated bound does not hold.
    refuted: Vec<String>,
}

pub(super) fn run(args: &Args, format: Format) -> Result<Status> {
    let is_module = args.file.extension().is_none_or(|extension| extension != "toml");
    let loaded = match is_module || input::is_stdin(&args.file) {
        true => Loaded::module(&args.file, args.schedule.as_deref())?,
        false => Loaded::for_estimate(&args.file, args.schedule.as_deref())?,
    };
    let trial = loaded.trial(Tier::Oracle)?;
    let bounds: Vec<Bound> = args.bound.iter().chain(&loaded.file.bounds).cloned().collect();
    let question =
        Question { imports: &loaded.file.imports, bounds: &bounds, exports: &args.export };
    let estimate = estimate(&trial, question)
        .map_err(|error| InputError::usage(&args.file, error.to_string()))?;
    let measured = measured(args, &loaded, &estimate)?;
    let above = |one: &&ExportEstimate| args.at_most.is_some_and(|most| !one.upper.is_within(most));
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    for Spread { export, max, .. } in &measured {
        let most = seen.entry(export).or_default();
        *most = (*most).max(*max);
    }
    let refuted = |one: &&ExportEstimate| {
        let seen = seen.get(&*one.export).copied().unwrap_or(0);
        matches!(one.upper, Upper::AtMost { gas } if seen > gas)
    };
    let names = |which: &dyn Fn(&&ExportEstimate) -> bool| -> Vec<String> {
        estimate.exports.iter().filter(which).map(|one| one.export.clone()).collect()
    };
    let told = Told {
        action: "estimate",
        module: loaded.module_path.display().to_string(),
        schedule: loaded.setting.schedule.id().to_string(),
        instantiation_above: above(&&estimate.instantiation),
        above: names(&above),
        refuted: names(&refuted),
        measured,
        estimate,
    };
    match format {
        Format::Json => json(&Document::new(Kind::Gas, tool(), &told))?,
        Format::Human => print(&told, args.at_most),
    }
    let is_fine = !told.instantiation_above && told.above.is_empty() && told.refuted.is_empty();
    Ok(if is_fine { Status::Fine } else { Status::Finding })
}

/// What calls were seen to take: those of the scenarios, and those with generated arguments. The interpreter runs them, for it is fast; what it
/// has no features for, the oracle runs.
fn measured(args: &Args, loaded: &Loaded, estimate: &Estimate) -> Result<Vec<Spread>> {
    let mut measured = Vec::new();
    if loaded.file.scenarios.is_empty() && args.samples.is_none() {
        return Ok(measured);
    }
    let tier = if loaded.trial(Tier::Interp).is_ok() { Tier::Interp } else { Tier::Oracle };
    let exports = || estimate.exports.iter().map(|one| one.export.as_str());
    if !loaded.file.scenarios.is_empty() {
        let bills = loaded.bills(tier)?;
        let mut by_export: BTreeMap<&str, Vec<&Bill>> = BTreeMap::new();
        for (scenario, (_, bills)) in loaded.file.scenarios.iter().zip(&bills) {
            for (call, bill) in scenario.calls.iter().zip(bills.iter().skip(1)) {
                by_export.entry(&call.export).or_default().push(bill);
            }
        }
        measured.extend(exports().filter_map(|export| {
            spread_of(export, Source::Scenarios, by_export.get(export)?.iter().copied())
        }));
    }
    let Some(samples) = args.samples else { return Ok(measured) };
    let trial = loaded.trial(tier)?;
    let imports = with_silent(&trial, &loaded.file.imports);
    for export in exports() {
        let spread = sample(&trial, &imports, export, samples, args.seed, args.sample_gas);
        let spread = spread.map_err(|error| InputError::usage(&args.file, error.to_string()))?;
        measured.extend(spread);
    }
    Ok(measured)
}

/// What stands for imports, with functions that declare nothing for those that nobody mentions.
fn with_silent(trial: &Trial, told: &[Import]) -> Vec<Import> {
    let mut imports = told.to_vec();
    let mut known: BTreeSet<(&str, &str)> =
        told.iter().map(|import| (&*import.module, &*import.name)).collect();
    for (module, name) in trial.imported_functions() {
        if known.insert((module, name)) {
            let (module, name) = (module.to_owned(), name.to_owned());
            imports.push(Import { module, name, ..Import::default() });
        }
    }
    imports
}

fn print(told: &Told, at_most: Option<u64>) {
    let Told { module, schedule, estimate, measured, .. } = told;
    say!("{}, by {schedule}", escape::file(module));
    let loading = match estimate.instantiation.upper {
        Upper::AtMost { gas } if estimate.is_exact => format!("{gas} gas"),
        upper => words(upper),
    };
    let judged = |line: String, is_above: bool| match at_most {
        None => say!("{line}"),
        Some(_) if is_above => say_in_colour([bad("FAILED "), plain(line)]),
        Some(_) => say_in_colour([good("ok     "), plain(line)]),
    };
    judged(format!("instantiation: {loading}"), told.instantiation_above);
    print_reasons(&estimate.instantiation);
    // There may be a great many exports.
    let (above, refuted): (BTreeSet<&String>, BTreeSet<&String>) =
        (told.above.iter().collect(), told.refuted.iter().collect());
    let mut spreads: BTreeMap<&String, Vec<&Spread>> = BTreeMap::new();
    for spread in measured {
        spreads.entry(&spread.export).or_default().push(spread);
    }
    for one in &estimate.exports {
        let name = escape::name(&one.export);
        judged(format!("{name}: {}", words(one.upper)), above.contains(&one.export));
        print_path(one);
        print_reasons(one);
        spreads.get(&one.export).into_iter().flatten().for_each(|spread| print_spread(spread));
        if refuted.contains(&one.export) {
            say_in_colour([bad("  that is more than the estimate: a stated bound does not hold")]);
        }
    }
    print_silent(&estimate.silent);
}

/// The functions of the host of which nobody says what they declare.
fn print_silent(silent: &[Silent]) {
    if silent.is_empty() {
        return;
    }
    let shown = silent.iter().take(MOST_SILENT);
    let name = |one: &Silent| format!("{}.{}", escape::name(&one.module), escape::name(&one.name));
    let mut names = shown.map(name).collect::<Vec<String>>().join(", ");
    if let Some(more @ 1..) = silent.len().checked_sub(MOST_SILENT) {
        names += &format!(" and {more} more");
    }
    say!("taken to declare neither bytes nor gas: {names}");
    say!(
        "  what they declare can stand in a file of scenarios, as [[import]] with `bytes` and `gas`"
    );
}

fn words(upper: Upper) -> String {
    match upper {
        Upper::AtMost { gas } => format!("at most {gas} gas"),
        // The sum stopped there, so the bound itself is not known.
        Upper::Beyond64Bits => "bounded by no less than 2^64 - 1 gas".to_owned(),
        Upper::Unbounded => "unbounded".to_owned(),
    }
}

/// What is on the way that costs most, if there is more than the function itself.
fn print_path(one: &ExportEstimate) {
    if one.path.len() > 1 {
        say!("  {:>20} {:>12}  function", "gas", "calls");
        for row in &one.path {
            say!("  {:>20} {:>12}  {} {}", row.gas, row.times, row.function, row.name);
        }
        if one.more_functions > 0 {
            say!("  and {}", counted(one.more_functions as u64, "more function"));
        }
    }
    for row in &one.loops {
        let (offset, times, gas) = (row.offset, row.times, row.gas);
        say!(
            "  loop at {offset:#x} of {}: {} each time, {gas} gas",
            row.name,
            counted(times, "turn")
        );
    }
    for row in &one.dynamic {
        say!("  {} at {:#x} of {}: {} gas", row.operator, row.offset, row.name, row.gas);
    }
}

fn print_reasons(one: &ExportEstimate) {
    for reason in one.reasons.iter().take(MOST_SHOWN) {
        say!("  at {:#x} of {}: {}", reason.offset, reason.name, reason.message);
        if let Some(add) = &reason.add {
            let what = if reason.kind == "loop" { "runs N times" } else { "takes GAS" };
            say!("    if it {what} at most, add {add}");
        }
    }
    let more = one.reasons.len().saturating_sub(MOST_SHOWN) as u64 + one.more_reasons;
    if more > 0 {
        say!("  and {}", counted(more, "more reason"));
    }
    if one.is_cut {
        say!("  there was too much to look at to say more");
    }
}

fn print_spread(spread: &Spread) {
    let Spread { calls, min, median, p99, max, max_call, outcomes, .. } = spread;
    let from = match spread.source {
        Source::Generated => "with generated arguments",
        Source::Scenarios => "of scenarios",
    };
    let calls = counted(*calls as u64, "call");
    let ends: Vec<String> =
        outcomes.iter().map(|(word, count)| format!("{count} {word}")).collect();
    say!(
        "  {calls} {from}: min {min}, median {median}, p99 {p99}, max {max} ({})",
        ends.join(", ")
    );
    say!("    most by {max_call}");
}
