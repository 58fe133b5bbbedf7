//! `etalon gas check`

use super::module::{Loaded, read_snapshot, snapshot_path};
use super::snapshot::write;
use super::told::{Outcome, Report, Told};
use crate::exit::Status;
use crate::output::Format;
use crate::{fault, input};
use anyhow::{Result, bail};
use clap::{ValueEnum, ValueHint};
use etalon::Tier;
use etalon_audit::{Snapshot, Tolerance, differences};
use std::path::{Path, PathBuf};

/// Arguments of `etalon gas check`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Files of scenarios
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    files: Vec<PathBuf>,
    /// The snapshot; by default beside the scenarios, as .gas
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    against: Option<PathBuf>,
    /// By how much gas may differ: 100, or 0.5%
    #[arg(long, value_name = "N", value_parser = tolerance)]
    tolerance: Option<Tolerance>,
    /// Tiers that must cost the same; without it the oracle, which says where the gas went
    #[arg(long, value_enum, value_name = "TIER", value_delimiter = ',')]
    engine: Vec<Engine>,
    /// Write the snapshots anew: what the scenarios cost now is what they are to cost
    #[arg(long, conflicts_with_all = ["engine", "tolerance"])]
    bless: bool,
    /// How differences are printed
    #[arg(long, value_enum, value_name = "FORM")]
    report: Option<Report>,
}

/// A tier of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Engine {
    /// The specification executed
    Oracle,
    /// The interpreter
    Interp,
    /// The compiler
    Jit,
    /// The interpreter, and the compiler for what is hot
    Auto,
}

impl Engine {
    fn tier(self) -> Tier {
        match self {
            Engine::Oracle => Tier::Oracle,
            Engine::Interp => Tier::Interp,
            Engine::Jit => Tier::Jit,
            Engine::Auto => Tier::Auto,
        }
    }
}

fn tolerance(text: &str) -> Result<Tolerance, String> {
    let fault = || format!("{text:?} is neither a number of gas nor a percentage");
    match text.strip_suffix('%') {
        Some(percent) => {
            let percent: f64 = percent.parse().map_err(|_| fault())?;
            let is_one = percent.is_finite() && percent >= 0.0;
            if is_one { Ok(Tolerance { gas: 0, percent }) } else { Err(fault()) }
        }
        None => Ok(Tolerance { gas: text.parse().map_err(|_| fault())?, percent: 0.0 }),
    }
}

pub(super) fn run(args: &Args, format: Format) -> Result<Status> {
    if args.against.is_some() && args.files.len() > 1 {
        bail!("--against takes one file of scenarios");
    }
    let mut told = Told::new("check");
    for file in &args.files {
        // What cannot be checked takes nothing from what is found in the others.
        if let Err(error) = check(args, file, &mut told) {
            if args.files.len() == 1 && told.files.is_empty() {
                return Err(error);
            }
            fault::note(&error);
            told.is_incomplete = true;
        }
    }
    told.tell(format, args.report)
}

fn check(args: &Args, file: &Path, told: &mut Told) -> Result<()> {
    let against = args.against.clone().unwrap_or_else(|| snapshot_path(file));
    let loaded = Loaded::read(file, None)?;
    if args.bless {
        let text = loaded.snapshot(Tier::Oracle)?.to_string();
        let is_new = std::fs::read(&against).map_or(true, |old| old != text.as_bytes());
        if is_new {
            input::keep(&loaded.read_files(), &against)?;
            write(&against, &text)?;
        }
        let outcome = if is_new { Outcome::Blessed } else { Outcome::Equal };
        told.add(file, &against, "oracle", outcome);
        return Ok(());
    }
    let before = read_snapshot(&against)?;
    let engines = if args.engine.is_empty() { &[Engine::Oracle][..] } else { &args.engine };
    for engine in engines {
        let tier = engine.tier();
        let mut now = loaded.snapshot(tier)?;
        let before = match tier {
            Tier::Oracle => before.clone(),
            _ => {
                strip(&mut now);
                let mut before = before.clone();
                strip(&mut before);
                before
            }
        };
        let found = differences(&before, &now, args.tolerance.unwrap_or_default());
        told.add(file, &against, tier.name(), Outcome::of(found));
    }
    Ok(())
}

/// Leaves what every tier says: how steps end, what they consume, and what memories and objects take.
fn strip(snapshot: &mut Snapshot) {
    for step in snapshot.scenarios.iter_mut().flat_map(|scenario| &mut scenario.steps) {
        step.functions.clear();
        step.operators.clear();
        let [consumed, .., pages, heap] = step.figures;
        step.figures = [consumed, 0, 0, 0, pages, heap];
    }
}
