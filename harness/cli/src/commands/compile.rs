//! `etalon compile`

use crate::commands::validate::features;
use crate::exit::Status;
use crate::input::Precompiled;
use crate::{engines, input};
use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use etalon::{Config, Engine, Module, OptLevel, Tier};
use std::path::PathBuf;

/// Arguments of `etalon compile`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  etalon compile sieve.wat -o sieve.etalon && etalon run sieve.etalon --allow-precompiled --invoke primes 100
  etalon compile sieve.wat -o sieve.etalon --schedule etalon-1    with gas metering")]
pub(crate) struct Args {
    /// The module
    pub file: PathBuf,
    /// Where to write the artefact
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,
    /// How hard to optimise
    #[arg(long, value_enum, default_value = "speed")]
    pub opt: Opt,
    /// Features that the module may use: wasm1, wasm2, wasm3, all, or features by name
    #[arg(long, value_delimiter = ',', default_value = "wasm3", value_name = "NAME")]
    pub features: Vec<String>,
    /// Meter gas by this schedule: a built-in name or a file
    #[arg(long, value_name = "NAME")]
    pub schedule: Option<String>,
}

/// How hard to optimise.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Opt {
    /// Compile quickly
    None,
    /// Run quickly
    Speed,
    /// Run quickly, with small code
    Size,
}

pub(crate) fn run(args: &Args) -> Result<Status> {
    let wasm = input::read_module(&args.file, Precompiled { allowed: true })?;
    if Module::is_artefact(&wasm) {
        bail!("{}: already an artefact", args.file.display());
    }
    let mut config = Config::new();
    config.tier(Tier::Jit).features(features(&args.features)?).opt_level(match args.opt {
        Opt::None => OptLevel::None,
        Opt::Speed => OptLevel::Speed,
        Opt::Size => OptLevel::Size,
    });
    if let Some(name) = &args.schedule {
        config.schedule(engines::schedule(Some(name))?).consume_fuel(true);
    }
    let module = Module::from_binary(&Engine::new(&config)?, &wasm)
        .with_context(|| args.file.display().to_string())?;
    let artefact = module.to_artefact()?;
    std::fs::write(&args.output, &artefact)
        .with_context(|| format!("{}: cannot be written", args.output.display()))?;
    eprintln!("{}: {} bytes", args.output.display(), artefact.len());
    Ok(Status::Fine)
}
