//! `etalon compile`

use crate::commands::validate::{feature_names, features};
use crate::exit::Status;
use crate::fault::{InputError, tool};
use crate::input::{Input, Precompiled};
use crate::output::{self, Format, json, note};
use crate::{engines, escape, input, record_file};
use anyhow::Result;
use clap::ValueEnum;
use etalon::{
    CompileError, Config, CpuLevel, Engine, Module, ModuleError, ObjectError, OptLevel, Tier,
    UnknownTarget, unstable,
};
use etalon_record::{Document, Kind};
use serde::Serialize;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// Arguments of `etalon compile`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  etalon compile sieve.wat -o sieve.etalon                        to a file, and run it:
  etalon run sieve.etalon --allow-precompiled --invoke primes 100
  etalon compile sieve.wat -o sieve.etalon --schedule etalon-1    with gas metering
  etalon compile sieve.wat -o sieve.etalon --interruptible        for runs with --timeout
  etalon compile sieve.wat -o sieve.etalon --cpu baseline         for processors that have less
  etalon compile sieve.wat -o a.etalon --target aarch64-unknown-linux-gnu    for another machine
  etalon compile sieve.wat -o sieve.o --emit object --symbol sieve    for programs of C
  etalon compile sieve.wat -o - | ssh there 'cat > sieve.etalon'  to standard output")]
pub(crate) struct Args {
    /// The module
    pub file: PathBuf,
    /// Where to write the artefact; - is standard output
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,
    /// What to make
    #[arg(long, value_enum, default_value = "artefact")]
    pub emit: Emit,
    /// The name of the module in programs of C, for an object file; wasm_module if nothing is said
    #[arg(long, value_name = "NAME")]
    pub symbol: Option<String>,
    /// How hard to optimise
    #[arg(long, value_enum, default_value = "speed")]
    pub opt: Opt,
    /// The machine that runs it; this one if nothing is said: x86_64, aarch64, riscv64gc or s390x, as in
    /// aarch64-unknown-linux-gnu
    #[arg(long, value_name = "TRIPLE")]
    pub target: Option<String>,
    /// Features of the processor that code uses: baseline, sse4.2, avx, avx2, or native, which is all that this machine has. It is
    /// native if nothing is said, and baseline for another machine
    #[arg(long, value_name = "LEVEL")]
    pub cpu: Option<CpuLevel>,
    /// Features that the module may use: wasm1, wasm2, wasm3, all, or features by name
    #[arg(long, value_delimiter = ',', default_value = "wasm3", value_name = "NAME", value_parser = feature_names())]
    #[arg(hide_possible_values = true)]
    pub features: Vec<String>,
    /// Meter gas by this schedule: etalon-1, flat, wasmtime-48, wasmi-2, or a file
    #[arg(long, value_name = "NAME", value_parser = engines::schedule_names())]
    #[arg(hide_possible_values = true)]
    pub schedule: Option<String>,
    /// Look for interrupts, so that the code can be run with --timeout; it then runs without it too
    #[arg(long)]
    pub interruptible: bool,
}

/// What is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Emit {
    /// What etalon run takes
    #[default]
    Artefact,
    /// An object file (ELF, Mach-O, COFF) for programs of C: docs/object-files.md
    Object,
}

/// How hard to optimise.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Opt {
    /// Compile quickly, by the single-pass register allocator and without the optimiser: a baseline
    #[value(alias = "baseline")]
    None,
    /// Run quickly
    #[default]
    Speed,
    /// Run quickly, with small code
    Size,
}

impl Opt {
    /// What the compiler is told.
    pub(crate) fn level(self) -> OptLevel {
        match self {
            Opt::None => OptLevel::None,
            Opt::Speed => OptLevel::Speed,
            Opt::Size => OptLevel::Size,
        }
    }

    /// The word for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Opt::None => "none",
            Opt::Speed => "speed",
            Opt::Size => "size",
        }
    }
}

pub(crate) fn run(args: &Args, format: Format) -> Result<Status> {
    check_output(args, format)?;
    if args.emit == Emit::Artefact && args.symbol.is_some() {
        let message = "--symbol is of object files: it goes with --emit object";
        return Err(InputError::usage(&args.file, message).into());
    }
    let input = input::read_module(&args.file, Precompiled { allowed: true })?;
    if Module::is_artefact(&input.bytes) {
        return Err(InputError::new("artefact", &args.file, "already an artefact").into());
    }
    let mut config = Config::new();
    config.tier(Tier::Jit).features(features(&args.features)?).opt_level(args.opt.level());
    config.interruptible(args.interruptible);
    let schedule =
        args.schedule.as_deref().map(|name| engines::schedule(Some(name))).transpose()?;
    if let Some(schedule) = &schedule {
        config.schedule(schedule.clone()).consume_fuel(true);
    }
    let schedule = schedule.map(|schedule| schedule.id().to_string());
    if let Some(cpu) = args.cpu {
        config.cpu_level(cpu);
    }
    let made = made(args, &mut config, &input.bytes)?;
    let made = made.map_err(|error| refused(&args.file, &input, error))?;
    let output = args.output.display().to_string();
    if input::is_stdin(&args.output) {
        output::bytes(&made);
        return Ok(Status::Fine);
    }
    record_file::replace(&args.output, &made)
        .map_err(|error| InputError::io(&args.output, "cannot be written", &error))?;
    note!("{}: {} bytes", escape::file(&output), made.len());
    if format == Format::Json {
        let file = args.file.display().to_string();
        let interruptible = args.interruptible;
        let target = match args.emit {
            Emit::Artefact => unstable::about_artefact(&made)?.target,
            Emit::Object => args.target.clone().or_else(unstable::this_machine).unwrap_or_default(),
        };
        let bytes = made.len();
        let body = Compiled { file, output, bytes, target, schedule, interruptible };
        json(&Document::new(Kind::Compile, tool(), body))?;
    }
    Ok(Status::Fine)
}

/// What is to be written, or why the module has none.
fn made(args: &Args, config: &mut Config, bytes: &[u8]) -> Result<Result<Vec<u8>, ModuleError>> {
    let target = args.target.as_deref();
    if args.emit == Emit::Object {
        let symbol = args.symbol.as_deref().unwrap_or("wasm_module");
        return Ok(Engine::new(config)?.object_file(bytes, target, symbol));
    }
    if let Some(target) = target {
        let unknown = |error: UnknownTarget| InputError::usage(&args.file, error.to_string());
        config.target(target).map_err(unknown)?;
    }
    Ok(Engine::new(config)?.precompile(bytes))
}

/// Refuses to write where the artefact would do harm, before any work.
fn check_output(args: &Args, format: Format) -> Result<()> {
    if !input::is_stdin(&args.output) {
        input::keep(&[&args.file], &args.output)?;
        return record_file::in_folder(&args.output);
    }
    let message = match format {
        Format::Json => "the artefact and the document cannot both be written to standard output",
        Format::Human if std::io::stdout().is_terminal() => {
            "an artefact is not text; it is not written to a terminal"
        }
        Format::Human => return Ok(()),
    };
    Err(InputError::usage(&args.output, message).into())
}

/// The body of the document.
#[derive(Debug, Serialize)]
struct Compiled {
    file: String,
    output: String,
    bytes: usize,
    /// The triple of the machine that runs it.
    target: String,
    /// The schedule that the code is metered by.
    schedule: Option<String>,
    /// Whether the code looks for interrupts.
    interruptible: bool,
}

/// Why a file cannot be compiled.
fn refused(file: &Path, input: &Input, error: ModuleError) -> anyhow::Error {
    match error {
        ModuleError::Load(load) => input.refused(file, &load).into(),
        ModuleError::Compile(
            error @ (CompileError::NativeElsewhere(_) | CompileError::NotBuilt(_)),
        ) => InputError::usage(file, error.to_string()).into(),
        ModuleError::Object(error @ (ObjectError::UnknownTarget(_) | ObjectError::Symbol(_))) => {
            InputError::usage(file, error.to_string()).into()
        }
        ModuleError::Object(ObjectError::Compile(
            error @ (CompileError::NativeElsewhere(_) | CompileError::NotBuilt(_)),
        )) => InputError::usage(file, error.to_string()).into(),
        ModuleError::Object(error) => {
            InputError::new("unsupported", file, error.to_string()).into()
        }
        other => InputError::new("limit", file, other.to_string()).into(),
    }
}
