//! The commands, one for each file.

pub(crate) mod accepts;
pub(crate) mod batch;
mod batch_rows;
pub(crate) mod bench;
pub(crate) mod cache;
pub(crate) mod cause;
mod check;
pub(crate) mod compile;
pub(crate) mod completions;
pub(crate) mod convert;
pub(crate) mod diff;
pub(crate) mod engines;
pub(crate) mod finding;
pub(crate) mod fuzz;
pub(crate) mod gas;
pub(crate) mod inspect;
mod laws;
pub(crate) mod localise;
pub(crate) mod man;
pub(crate) mod reduce;
pub(crate) mod report;
mod report_inputs;
pub(crate) mod run;
mod run_told;
pub(crate) mod serve;
pub(crate) mod spec;
pub(crate) mod validate;
pub(crate) mod verdict;
pub(crate) mod wast;

use crate::args::{Cli, Command};
use crate::exit::Status;
use crate::time::Timeout;
use anyhow::Result;

/// How long a case may take, of commands that have one.
fn timeout_of(command: &Command) -> Option<Timeout> {
    match command {
        Command::Spec(args) => Some(args.run.time),
        Command::Wast(args) => Some(args.run.time),
        Command::Diff(args) => Some(args.time),
        Command::Fuzz(args) => Some(args.timeout),
        Command::Reduce(args) => Some(args.case.time),
        Command::Localise(args) => Some(args.case.time),
        Command::Accepts(args) => Some(args.timeout),
        _ => None,
    }
}

/// Runs a command.
pub(crate) fn dispatch(cli: Cli) -> Result<Status> {
    let format = cli.format;
    if let Some(timeout) = timeout_of(&cli.command) {
        timeout.limits_starts();
    }
    match cli.command {
        Command::Run(args) => run::run(&args, format),
        Command::Validate(args) => validate::run(&args, format),
        Command::Inspect(args) => inspect::run(&args, format),
        Command::Compile(args) => compile::run(&args, format),
        Command::Cache(args) => cache::run(&args, format),
        Command::Spec(args) => spec::run(&args, format),
        Command::Wast(args) => wast::run(&args, format),
        Command::Diff(args) => diff::run(&args, format),
        Command::Gas(args) => gas::run(&args, format),
        Command::Fuzz(args) => fuzz::run(&args, format),
        Command::Reduce(args) => reduce::run(&args, format),
        Command::Localise(args) => localise::run(&args, format),
        Command::Accepts(args) => accepts::run(&args, format),
        Command::Engines(args) => engines::run(&args, format),
        Command::Serve(args) => serve::run(&args),
        Command::Bench(args) => bench::run(&args, format),
        Command::Report(args) => report::run(&args, format),
        Command::Completions(args) => completions::run(&args, format),
        Command::Man(args) => man::run(&args, format),
    }
}
