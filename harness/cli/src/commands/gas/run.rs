//! `etalon gas run`

use super::module::Loaded;
use crate::exit::Status;
use crate::fault::tool;
use crate::output::{Format, json, say};
use anyhow::Result;
use clap::ValueHint;
use etalon::Tier;
use etalon_audit::{Snapshot, StepBill};
use etalon_record::{Document, Kind};
use serde::Serialize;
use std::path::PathBuf;

/// Arguments of `etalon gas run`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file of scenarios
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: PathBuf,
    /// Gas schedules, in place of the one that the scenarios name: what would it cost there?
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    schedule: Vec<String>,
}

/// A step under every schedule.
#[derive(Debug, Serialize)]
struct Row {
    scenario: String,
    step: String,
    /// By schedule, as in the document's list.
    outcomes: Vec<String>,
    consumed: Vec<u64>,
}

#[derive(Debug, Serialize)]
struct Told {
    action: &'static str,
    schedules: Vec<String>,
    steps: Vec<Row>,
}

pub(super) fn run(args: &Args, format: Format) -> Result<Status> {
    let named = args.schedule.iter().map(|name| Some(name.as_str()));
    let named: Vec<Option<&str>> =
        if args.schedule.is_empty() { vec![None] } else { named.collect() };
    let one = |name: Option<&str>| Loaded::read(&args.file, name)?.snapshot(Tier::Oracle);
    let snapshots = named.into_iter().map(one).collect::<Result<Vec<Snapshot>>>()?;
    let told = Told {
        action: "run",
        schedules: snapshots.iter().map(|snapshot| snapshot.schedule.clone()).collect(),
        steps: rows(&snapshots),
    };
    match format {
        Format::Json => json(&Document::new(Kind::Gas, tool(), &told))?,
        Format::Human => print(&told),
    }
    Ok(Status::Fine)
}

/// The steps of snapshots of the same scenarios. Where loading ends otherwise, there are fewer under one of them.
fn rows(snapshots: &[Snapshot]) -> Vec<Row> {
    let mut rows = Vec::new();
    let Some(first) = snapshots.first() else { return rows };
    for (at, scenario) in first.scenarios.iter().enumerate() {
        let steps: Vec<&[StepBill]> =
            snapshots.iter().map(|snapshot| &*snapshot.scenarios[at].steps).collect();
        for number in 0..steps.iter().map(|steps| steps.len()).max().unwrap_or(0) {
            let of = |steps: &&[StepBill]| match steps.get(number) {
                Some(step) => (step.outcome.clone(), step.consumed()),
                None => ("not loaded".to_owned(), 0),
            };
            let what = steps.iter().find_map(|steps| Some(steps.get(number)?.what.clone()));
            let (outcomes, consumed) = steps.iter().map(of).unzip();
            let (scenario, step) = (scenario.name.clone(), what.unwrap_or_default());
            rows.push(Row { scenario, step, outcomes, consumed });
        }
    }
    rows
}

fn print(told: &Told) {
    let widths: Vec<usize> = told.schedules.iter().map(|id| id.len().max(12)).collect();
    let cells = |texts: &mut dyn Iterator<Item = String>| -> String {
        texts.zip(&widths).map(|(text, width)| format!("{text:>width$}  ")).collect()
    };
    say!("{}step", cells(&mut told.schedules.iter().cloned()));
    let mut scenario = None;
    for row in &told.steps {
        if scenario != Some(&row.scenario) {
            say!(
                "{}scenario {}",
                cells(&mut told.schedules.iter().map(|_| String::new())),
                row.scenario
            );
            scenario = Some(&row.scenario);
        }
        let consumed = cells(&mut row.consumed.iter().map(u64::to_string));
        let outcome = match row.outcomes.iter().all(|outcome| *outcome == row.outcomes[0]) {
            true => row.outcomes[0].clone(),
            false => row.outcomes.join(" | "),
        };
        say!("{consumed}  {} -> {outcome}", row.step);
    }
}
