//! `etalon wast`

use crate::commands::spec::{Prepared, RunArgs, finish};
use crate::commands::validate::features;
use crate::exit::Status;
use crate::output::Format;
use crate::progress::ScriptBar;
use anyhow::Result;
use etalon_adapters::Adapter;
use etalon_harness::coverage::rule_coverage;
use etalon_harness::script::run_paths;
use std::path::PathBuf;

/// Arguments of `etalon wast`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  etalon wast path/to/testsuite --engine interp    a checkout of the official scripts
  etalon wast mine.wast --features wasm3,threads
  etalon wast mine.wast --coverage                 which rules of the specification does it reach?")]
pub(crate) struct Args {
    /// Scripts, or folders of them
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// What modules may use: wasm1, wasm2, wasm3, all, or features by name; without it, what the
    /// folders are named after, over wasm3
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    pub features: Vec<String>,
    #[command(flatten)]
    pub run: RunArgs,
}

pub(crate) fn run(args: &Args, format: Format) -> Result<Status> {
    let Prepared { adapters, options, tally } = args.run.prepare()?;
    let features = match args.features.as_slice() {
        [] => None,
        names => Some(features(names)?),
    };
    let engines: Vec<&dyn Adapter> = adapters.iter().map(|a| &**a).collect();
    let mut run = run_paths(&engines, &args.paths, features, &options, &ScriptBar::new());
    run.record.coverage = tally.as_ref().map(rule_coverage);
    finish(&run, args.run.record.as_deref(), format)
}
