//! `etalon gas profile`

use super::module::{Bills, Loaded};
use super::snapshot::write;
use crate::exit::Status;
use crate::fault::{InputError, tool};
use crate::output::{Format, json, note, plain, say, say_in_colour};
use crate::words::counted;
use crate::{escape, input};
use anyhow::{Result, bail};
use clap::ValueHint;
use etalon::Tier;
use etalon_audit::{Bill, FunctionBill, Line, OperatorBill, Profile, SegmentBill, lines_of};
use etalon_record::{Document, Kind};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Rows of functions and of operators that are shown.
const MOST_SHOWN: usize = 20;
/// Gas segments that documents have, and that are shown.
const MOST_SEGMENTS: usize = 100;
const MOST_SEGMENTS_SHOWN: usize = 10;

/// Arguments of `etalon gas profile`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file of scenarios
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: PathBuf,
    /// The scenarios to look at, by name; by default all of them
    #[arg(long, value_name = "NAME")]
    scenario: Vec<String>,
    /// Gas schedule, in place of the one that the scenarios name
    #[arg(long, value_name = "NAME")]
    schedule: Option<String>,
    /// Write a flame graph
    #[arg(long, value_name = "FILE.svg", value_hint = ValueHint::FilePath)]
    flame: Option<PathBuf>,
    /// In the flame graph, show what costs more (red) and less (blue) than these scenarios
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "flame")]
    since: Option<PathBuf>,
    /// Write stacks as lines, for tools that draw flame graphs
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    folded: Option<PathBuf>,
    /// Write a profile for speedscope
    #[arg(long, value_name = "FILE.json", value_hint = ValueHint::FilePath)]
    speedscope: Option<PathBuf>,
    /// Write a profile for the developer tools of Chrome, in which a unit of gas is a microsecond
    #[arg(long, value_name = "FILE.cpuprofile", value_hint = ValueHint::FilePath)]
    cpuprofile: Option<PathBuf>,
}

/// A function over all steps.
#[derive(Debug, Default, Serialize)]
struct Function {
    index: u32,
    name: String,
    calls: u64,
    inclusive: u64,
    exclusive: u64,
}

/// An operator over all steps.
#[derive(Debug, Default, Serialize)]
struct Operator {
    name: String,
    count: u64,
    gas: u64,
}

/// A gas segment over all steps.
#[derive(Debug, Default, Serialize)]
struct Segment {
    function: u32,
    name: String,
    /// Of its first operator in the module.
    offset: u32,
    count: u64,
    gas: u64,
    /// Where that is in the source, if the module tells it.
    line: Option<Line>,
}

#[derive(Debug, Serialize)]
struct Told {
    action: &'static str,
    schedule: String,
    steps: usize,
    consumed: u64,
    executed: u64,
    /// The function that takes most of its own first.
    functions: Vec<Function>,
    /// The operator that takes most first.
    operators: Vec<Operator>,
    /// The gas segments that take most.
    segments: Vec<Segment>,
    /// How many more ran.
    more_segments: usize,
}

/// The bills of the scenarios that are asked for.
fn bills(args: &Args, file: &Path) -> Result<(Loaded, Bills)> {
    let mut loaded = Loaded::read(file, args.schedule.as_deref())?;
    let is_there = |name: &str| loaded.file.scenarios.iter().any(|scenario| scenario.name == name);
    if let Some(name) = args.scenario.iter().find(|name| !is_there(name)) {
        let message = format!("it has no scenario {}", escape::quoted(name));
        return Err(InputError::usage(file, message).into());
    }
    if !args.scenario.is_empty() {
        loaded.file.scenarios.retain(|scenario| args.scenario.contains(&scenario.name));
    }
    let bills = loaded.bills(Tier::Oracle)?;
    Ok((loaded, bills))
}

fn profile(bills: &[(String, Vec<Bill>)]) -> Profile {
    Profile::of(bills.iter().map(|(name, bills)| (name.as_str(), bills.as_slice())))
}

pub(super) fn run(args: &Args, format: Format) -> Result<Status> {
    let (loaded, all) = bills(args, &args.file)?;
    write_files(args, &loaded, &profile(&all))?;
    let mut told = told(&loaded, all.iter().flat_map(|(_, bills)| bills));
    (told.segments, told.more_segments) = segments(&loaded, &all)?;
    match format {
        Format::Json => json(&Document::new(Kind::Gas, tool(), &told))?,
        Format::Human => print(&told),
    }
    Ok(Status::Fine)
}

fn write_files(args: &Args, loaded: &Loaded, profile: &Profile) -> Result<()> {
    let mut outputs: Vec<(&Path, String)> = Vec::new();
    let mut read: Vec<PathBuf> = loaded.read_files().into_iter().map(Path::to_owned).collect();
    // The snapshot of the same scenarios is not read, and nobody wants a picture in its place.
    read.push(loaded.path.with_extension("gas"));
    let title = format!("Gas of {}", args.file.display());
    if let Some(path) = &args.flame {
        let svg = match &args.since {
            Some(since) => {
                let (loaded, bills) = bills(args, since)?;
                let before = self::profile(&bills);
                read.extend(loaded.read_files().into_iter().map(Path::to_owned));
                profile.flame_since(&before, &format!("{title} since {}", since.display()))?
            }
            None => profile.flame(&title)?,
        };
        outputs.push((path, String::from_utf8(svg)?));
    }
    if let Some(path) = &args.folded {
        outputs.push((path, profile.folded()?));
    }
    if let Some(path) = &args.speedscope {
        outputs.push((path, profile.speedscope()?));
    }
    if let Some(path) = &args.cpuprofile {
        outputs.push((path, profile.cpuprofile()?));
    }
    let read: Vec<&Path> = read.iter().map(PathBuf::as_path).collect();
    for (at, (path, _)) in outputs.iter().enumerate() {
        if outputs[..at].iter().any(|(other, _)| other == path) {
            bail!("two profiles are to be written to {}", escape::path(path));
        }
        if input::is_stdin(path) {
            bail!("a profile is written to a file, not to standard output");
        }
        input::keep(&read, path)?;
    }
    outputs.iter().try_for_each(|(path, text)| write(path, text))
}

fn told<'b>(loaded: &Loaded, bills: impl Iterator<Item = &'b Bill>) -> Told {
    let mut functions: BTreeMap<u32, Function> = BTreeMap::new();
    let mut operators: BTreeMap<&str, Operator> = BTreeMap::new();
    let (mut steps, mut consumed, mut executed) = (0, 0u64, 0u64);
    for bill in bills {
        steps += 1;
        consumed = consumed.saturating_add(bill.consumed);
        executed = executed.saturating_add(bill.executed);
        for FunctionBill { index, name, calls, inclusive, exclusive } in &bill.functions {
            let row = functions.entry(*index).or_default();
            (row.index, row.name) = (*index, name.clone());
            row.calls += calls;
            row.inclusive = row.inclusive.saturating_add(*inclusive);
            row.exclusive = row.exclusive.saturating_add(*exclusive);
        }
        for OperatorBill { name, count, gas } in &bill.operators {
            let row = operators.entry(name).or_default();
            row.name.clone_from(name);
            row.count += count;
            row.gas = row.gas.saturating_add(*gas);
        }
    }
    let mut functions: Vec<Function> = functions.into_values().collect();
    functions.sort_by_key(|row| std::cmp::Reverse(row.exclusive));
    let mut operators: Vec<Operator> = operators.into_values().collect();
    operators.sort_by_key(|row| std::cmp::Reverse(row.gas));
    let schedule = loaded.setting.schedule.id().to_string();
    let (segments, more_segments) = (Vec::new(), 0);
    Told {
        action: "profile",
        schedule,
        steps,
        consumed,
        executed,
        functions,
        operators,
        segments,
        more_segments,
    }
}

/// The gas segments that take most, with their lines, and how many more there are.
fn segments(loaded: &Loaded, bills: &Bills) -> Result<(Vec<Segment>, usize)> {
    let trial = loaded.trial(Tier::Oracle)?;
    let mut rows: BTreeMap<(u32, u32), Segment> = BTreeMap::new();
    for bill in bills.iter().flat_map(|(_, bills)| bills).flat_map(|bill| &bill.segments) {
        let SegmentBill { function, offset, count, gas } = *bill;
        let row = rows.entry((function, offset)).or_default();
        (row.function, row.offset) = (function, offset);
        row.count += count;
        row.gas = row.gas.saturating_add(gas);
    }
    let mut rows: Vec<Segment> = rows.into_values().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.gas));
    let more = rows.len().saturating_sub(MOST_SEGMENTS);
    rows.truncate(MOST_SEGMENTS);
    let offsets: Vec<u32> = rows.iter().map(|row| row.offset).collect();
    // A profile without lines is still one.
    let mut lines = lines_of(trial.module().bytes(), &offsets).unwrap_or_else(|error| {
        note!("warning: {}: {error}", escape::path(&loaded.module_path));
        BTreeMap::new()
    });
    for row in &mut rows {
        row.name = trial.name(row.function);
        row.line = lines.remove(&row.offset);
    }
    Ok((rows, more))
}

fn print(told: &Told) {
    let Told { schedule, steps, consumed, executed, functions, operators, .. } = told;
    let steps = counted(*steps as u64, "step");
    say!("{steps}: {consumed} gas consumed, {executed} executed, by {schedule}");
    say!("{:>14} {:>6} {:>14} {:>12}  function", "own gas", "", "with callees", "calls");
    for row in functions.iter().take(MOST_SHOWN) {
        let share = share(row.exclusive, *consumed);
        let numbers =
            format!("{:>14} {share} {:>14} {:>12}", row.exclusive, row.inclusive, row.calls);
        say_in_colour([plain(format!("{numbers}  {} {}", row.index, row.name))]);
    }
    more(functions.len(), "function");
    say!("{:>14} {:>6} {:>14} {:>12}  operator", "gas", "", "", "times");
    for row in operators.iter().take(MOST_SHOWN) {
        let share = share(row.gas, *executed);
        say!("{:>14} {share} {:>14} {:>12}  {}", row.gas, "", row.count, row.name);
    }
    more(operators.len(), "operator");
    print_segments(told);
}

fn print_segments(told: &Told) {
    say!("{:>14} {:>6} {:>14} {:>12}  gas segment", "gas", "", "", "times");
    for row in told.segments.iter().take(MOST_SEGMENTS_SHOWN) {
        let share = share(row.gas, told.executed);
        let numbers = format!("{:>14} {share} {:>14} {:>12}", row.gas, "", row.count);
        let place = format!("{} {} at {:#x}", row.function, row.name, row.offset);
        let line = row.line.as_ref().map_or(String::new(), |line| {
            let function =
                line.function.as_ref().map_or(String::new(), |name| format!(" in {name}"));
            format!(", {}:{}{function}", line.file, line.line)
        });
        say_in_colour([plain(format!("{numbers}  {place}{line}"))]);
    }
    let more = told.segments.len().saturating_sub(MOST_SEGMENTS_SHOWN) + told.more_segments;
    if more > 0 {
        say!("and {}", counted(more as u64, "more gas segment"));
    }
}

fn more(count: usize, what: &str) {
    if let Some(more) = count.checked_sub(MOST_SHOWN).filter(|more| *more > 0) {
        say!("and {}", counted(more as u64, &format!("more {what}")));
    }
}

fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return " ".repeat(6);
    }
    format!("{:>4.1} %", part as f64 / whole as f64 * 100.0)
}
