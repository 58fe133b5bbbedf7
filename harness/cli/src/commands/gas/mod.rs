//! `etalon gas`

mod calibrate;
mod check;
mod diff;
mod estimate;
mod forms;
mod instrument;
mod module;
mod profile;
mod run;
mod schedule;
mod snapshot;
mod told;

use crate::exit::Status;
use crate::output::Format;
use anyhow::Result;
use clap::Subcommand;

/// Arguments of `etalon gas`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  etalon gas run token.toml --schedule default,flat    what would it cost there?
  etalon gas snapshot token.toml              run the scenarios, and write token.gas
  etalon gas check token.toml                 is the gas what token.gas says? status 1 if not
  etalon gas check token.toml --bless         it is meant to be another now
  etalon gas check token.toml --engine jit    is it the same on another tier?
  etalon gas diff old.gas new.gas             which functions and operators moved it
  etalon gas profile token.toml --flame token.svg     a flame graph, for a browser
  etalon gas profile new.toml --since old.toml --flame diff.svg
  etalon gas calibrate                        are the prices what this machine takes?
  etalon gas instrument token.wat -o metered.wasm     gas on any other engine
  etalon gas estimate token.wasm              the most that each export can take
  etalon gas estimate token.toml --at-most 100000 --bound fee@0x4f=10
  etalon gas schedule diff default flat       what two schedules price differently

Scenarios of token.wasm, in token.toml:

  schedule = \"default\"
  [[import]]
  module = \"env\"
  name = \"storage_read\"
  results = [\"i32:4\"]
  bytes = 32                 # declared to the meter at each call
  [[scenario]]
  name = \"transfer\"
  gas = 1000000              # limit of each step; without it there is none
  [[scenario.memory]]
  export = \"memory\"
  at = 64
  hex = \"00ff\"               # or text = \"…\"
  [[scenario.call]]
  export = \"transfer\"
  args = [\"i32:1\", \"i64:500\"]")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run scenarios and print what they cost, under one schedule or several
    Run(run::Args),
    /// Run scenarios and write what they cost
    Snapshot(snapshot::Args),
    /// Run scenarios and compare what they cost with snapshots
    Check(check::Args),
    /// Compare two snapshots
    Diff(diff::Args),
    /// Say where the gas of scenarios goes: by function, operator and call, as text and for other tools
    Profile(profile::Args),
    /// Measure what gas costs on this machine: operators and kernels in compiled code beside their prices
    Calibrate(calibrate::Args),
    /// Write the charges of gas into a module, so that any engine makes them
    Instrument(instrument::Args),
    /// Say how much gas the exports of a module can take at most
    Estimate(estimate::Args),
    /// Show, check, compare and make gas schedules
    Schedule(schedule::Args),
}

pub(crate) fn run(args: &Args, format: Format) -> Result<Status> {
    match &args.command {
        Command::Run(args) => run::run(args, format),
        Command::Snapshot(args) => snapshot::run(args, format),
        Command::Check(args) => check::run(args, format),
        Command::Diff(args) => diff::run(args, format),
        Command::Profile(args) => profile::run(args, format),
        Command::Calibrate(args) => calibrate::run(args, format),
        Command::Instrument(args) => instrument::run(args, format),
        Command::Estimate(args) => estimate::run(args, format),
        Command::Schedule(args) => schedule::run(args, format),
    }
}
