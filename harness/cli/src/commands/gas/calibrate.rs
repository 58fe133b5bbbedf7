//! `etalon gas calibrate`

use crate::duration;
use crate::engines;
use crate::exit::Status;
use crate::fault::tool;
use crate::output::{Format, json, say};
use crate::progress::MeasureBar;
use anyhow::{Error, Result, anyhow};
use clap::ValueEnum;
use etalon::{Exhaustion, Schedule};
use etalon_adapters::KERNEL_EXPORT;
use etalon_audit::{Effort, LINKS, Rated, rate_kernel, rate_link, spread};
use etalon_harness::bench::kernels;
use etalon_record::{Document, Kind};
use serde::Serialize;
use std::time::Duration;

/// Arguments of `etalon gas calibrate`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The schedule whose prices stand beside the times
    #[arg(long, value_name = "NAME", default_value = "default")]
    schedule: String,
    /// What is measured; by default both
    #[arg(long, value_name = "PART", value_delimiter = ',', value_enum)]
    only: Vec<Part>,
    /// How long each measurement takes
    #[arg(long, value_name = "T", default_value = "10ms", value_parser = sample)]
    time: Duration,
    /// How often each is made; the least time counts
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rounds: u32,
}

/// A time that is not 0 and not so long that nobody waits for it.
fn sample(text: &str) -> Result<Duration, String> {
    match duration::parse(text)? {
        time if time.is_zero() => Err("it must be more than 0".to_owned()),
        time if time > Duration::from_secs(60) => Err("it must be a minute at most".to_owned()),
        time => Ok(time),
    }
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Operators, each in a chain where it takes the result of the one before
    Operators,
    /// The kernels of `etalon bench`
    Kernels,
}

#[derive(Debug, Serialize)]
struct Row {
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'static str>,
    name: String,
    gas: f64,
    nanoseconds: f64,
    nanoseconds_per_gas: f64,
}

#[derive(Debug, Serialize)]
struct Told {
    action: &'static str,
    schedule: String,
    architecture: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    operators: Option<Rates>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kernels: Option<Rates>,
}

/// What was measured, the cheapest gas first, and how far it is from the dearest.
#[derive(Debug, Serialize)]
struct Rates {
    spread: f64,
    rows: Vec<Row>,
}

pub(super) fn run(args: &Args, format: Format) -> Result<Status> {
    let schedule = engines::schedule(Some(&args.schedule))?;
    let effort = Effort { sample: args.time, rounds: args.rounds };
    let is_asked = |part| args.only.is_empty() || args.only.contains(&part);
    let kernels = if is_asked(Part::Kernels) { kernels()? } else { Vec::new() };
    let links = if is_asked(Part::Operators) { LINKS } else { &[] };
    let bar = MeasureBar::new(links.len() + kernels.len());
    let mut operators = Vec::new();
    for link in links {
        bar.next(link.operator);
        let rated = rate_link(link, &schedule, effort);
        operators.push(rated.map_err(|error| not_run(link.operator, &schedule, &error))?);
    }
    let mut works = Vec::new();
    for kernel in &kernels {
        bar.next(&kernel.name);
        let rated = rate_kernel(&kernel.name, &kernel.wasm, KERNEL_EXPORT, &schedule, effort);
        works.push(rated.map_err(|error| not_run(&kernel.name, &schedule, &error))?);
    }
    drop(bar);
    let told = Told {
        action: "calibrate",
        schedule: schedule.id().to_string(),
        architecture: std::env::consts::ARCH,
        operators: Rates::of(operators),
        kernels: Rates::of(works),
    };
    match format {
        Format::Json => json(&Document::new(Kind::Gas, tool(), &told))?,
        Format::Human => print(&told),
    }
    Ok(Status::Fine)
}

/// What runs out there is what the schedule's limits leave too little of.
fn not_run(name: &str, schedule: &Schedule, error: &Error) -> Error {
    let why = error.downcast_ref::<Exhaustion>().map(|what| what.text().to_owned());
    let why = why.unwrap_or_else(|| error.to_string());
    anyhow!("{name} cannot be measured under {}: {why}", schedule.id())
}

impl Rates {
    fn of(mut rated: Vec<Rated>) -> Option<Rates> {
        if rated.is_empty() {
            return None;
        }
        rated.sort_by(|a, b| a.per_gas().total_cmp(&b.per_gas()));
        let rows = rated.iter().map(|rated| Row {
            class: rated.class,
            name: rated.name.clone(),
            gas: rated.gas,
            nanoseconds: rated.nanoseconds,
            nanoseconds_per_gas: rated.per_gas(),
        });
        Some(Rates { spread: spread(&rated), rows: rows.collect() })
    }
}

fn print(told: &Told) {
    say!("gas of {} on {}, in processor time of compiled code", told.schedule, told.architecture);
    let parts = [("operators, in chains", &told.operators), ("kernels", &told.kernels)];
    for (what, rates) in parts {
        let Some(Rates { spread, rows }) = rates else { continue };
        say!("{what}: the dearest gas takes {spread:.2} times the cheapest");
        for Row { class, name, gas, nanoseconds, nanoseconds_per_gas } in rows {
            let class = class.unwrap_or_default();
            say!(
                "  {nanoseconds_per_gas:7.3} ns a gas  {nanoseconds:9.2} ns  {gas:9.1} gas  {name}  {class}"
            );
        }
    }
}
