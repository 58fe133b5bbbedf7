//! `etalon bench`

use crate::commands::run::{callable, exports};
use crate::duration;
use crate::engines::Offered;
use crate::exit::Status;
use crate::fault::{InputError, tool};
use crate::input::{self, Input, Precompiled};
use crate::output::{self, Format, dim, json, note, say};
use crate::record_file::RecordFile;
use crate::time::Answer;
use anyhow::{Result, bail};
use clap::ValueHint;
use etalon::Features;
use etalon::unstable::ModuleData;
use etalon::unstable::module::{Export, ExternKind, ValType};
use etalon_adapters::{KERNEL_EXPORT, RACER_NAMES, has_racer, racer};
use etalon_harness::bench::{BenchOptions, Kernel, bench, kernels};
use etalon_harness::script::Glob;
use etalon_record::{BenchRecord, BenchRow, KernelRows, to_json};
use std::env::consts::ARCH;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Arguments of `etalon bench`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  etalon bench                                       all kernels on all engines of this build
  etalon bench --tier interp,interp-metered --kernel 'm*'
  etalon bench --against tinywasm --time 5           in a build with `--features peers`
  etalon bench my.wasm --tier interp,jit             a module of your own

A module that is measured imports nothing and exports `run`, which takes an i32 that says how
much work to do, and returns a number, the checksum. The engines take turns at the same work, and
every round gives a ratio. Printed are the median of the ratios and half the distance between
their quartiles. Time is processor time. Engines that disagree on a checksum end the run.")]
pub(crate) struct Args {
    /// Modules to run instead of the kernels
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Engines of this process, with settings: 'jit?opt=none'; -metered for gas; peers if built in
    #[arg(long = "tier", alias = "engine", value_delimiter = ',', value_name = "NAME", value_parser = racer_names())]
    #[arg(hide_possible_values = true)]
    pub tiers: Vec<String>,
    /// Only kernels whose name matches
    #[arg(long, value_delimiter = ',', value_name = "GLOB", value_hint = ValueHint::Other)]
    pub kernel: Vec<String>,
    /// The engine that the others are compared with
    #[arg(long, default_value = "interp", value_name = "NAME", value_parser = racer_names())]
    #[arg(hide_possible_values = true)]
    pub against: String,
    /// How long each engine works on each kernel: 500ms, 5s, or plain seconds
    #[arg(long, default_value = "1s", value_name = "T", value_parser = at_most_an_hour)]
    pub time: Duration,
    /// Into how many rounds that time is divided
    #[arg(long, default_value_t = 15, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub rounds: u16,
    /// Also write the record to a file
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
}

fn racer_names() -> Offered {
    Offered::of(RACER_NAMES.iter().copied())
}

fn at_most_an_hour(text: &str) -> Result<Duration, String> {
    match duration::parse(text)? {
        time if time <= Duration::from_secs(3600) => Ok(time),
        _ => Err("at most an hour".to_owned()),
    }
}

pub(crate) fn run(args: &Args, format: Format) -> Result<Status> {
    let mut names = args.tiers.clone();
    if names.is_empty() {
        let here = RACER_NAMES.iter().filter(|name| has_racer(name));
        names = here.map(|name| (*name).to_owned()).collect();
    }
    if !names.contains(&args.against) {
        names.insert(0, args.against.clone());
    }
    let against = names.iter().position(|name| *name == args.against).unwrap_or_default();
    let options = BenchOptions {
        engines: names.iter().map(|name| racer(name)).collect::<Result<_, _>>()?,
        against,
        kernels: chosen(args)?,
        rounds: args.rounds.into(),
        time: args.time,
    };
    let inputs: Vec<&Path> = args.files.iter().map(PathBuf::as_path).collect();
    let file = args.record.as_deref().map(|path| RecordFile::create(path, &inputs)).transpose()?;
    let so_far = Arc::new(Mutex::new(BenchRecord::new(tool(), ARCH, &args.against)));
    let seen = Arc::clone(&so_far);
    let to_file = file.clone();
    let answer = Answer::of_signals(move || {
        // Guests look for no interrupts here, which would cost what is measured.
        let mut record = seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        record.interrupted = true;
        let told = finish(&record, to_file.as_ref(), format);
        told.unwrap_or_else(|error| note!("error: {error:#}"));
        note!("stopped by a signal: these are the kernels that were finished");
    })?;
    if format == Format::Human {
        say!("time as a multiple of that of {}: below 1 is faster", args.against);
        header(&names);
    }
    let record = bench(&options, tool(), |record| {
        so_far.lock().unwrap_or_else(PoisonError::into_inner).clone_from(record);
        if let Some(rows) = record.kernels.last().filter(|_| format == Format::Human) {
            line(rows, &args.against);
        }
    })?;
    answer.by_the_run();
    finish(&record, file.as_ref(), format)?;
    Ok(Status::Fine)
}

fn finish(record: &BenchRecord, file: Option<&RecordFile>, format: Format) -> Result<()> {
    match format {
        Format::Json => json(record)?,
        Format::Human => footer(record),
    }
    file.map_or(Ok(()), |file| file.write(&to_json(record)?))
}

/// The files that were given, or else the kernels that match.
fn chosen(args: &Args) -> Result<Vec<Kernel>> {
    let mut all = Vec::new();
    for path in &args.files {
        let name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let input = input::read_module(path, Precompiled { allowed: false })?;
        check(path, &input)?;
        all.push(Kernel { name, wasm: input.bytes });
    }
    if all.is_empty() {
        all = kernels()?;
    }
    let known: Vec<String> = all.iter().map(|kernel| kernel.name.clone()).collect();
    let globs: Vec<Glob> = args.kernel.iter().map(|glob| glob.parse()).collect::<Result<_, _>>()?;
    all.retain(|kernel| globs.is_empty() || globs.iter().any(|glob| glob.matches(&kernel.name)));
    if all.is_empty() {
        bail!("no kernel matches {}; the kernels are {}", args.kernel.join(", "), known.join(", "));
    }
    Ok(all)
}

/// Refuses a module that is none, or has nothing that can be measured. What an engine lacks it says itself.
fn check(path: &Path, input: &Input) -> Result<()> {
    let module = ModuleData::new(&input.bytes, Features::all())
        .map_err(|error| input.refused(path, &error))?;
    let runs = |export: &&Export| export.kind == ExternKind::Func && export.name == KERNEL_EXPORT;
    let is_kernel = module.exports.iter().find(runs).is_some_and(|export| {
        let ty = module.func_type(export.index);
        *ty.params == [ValType::I32]
            && matches!(*ty.results, [ref ty] if !matches!(ty, ValType::Ref(_)))
    });
    if is_kernel {
        return Ok(());
    }
    let functions = callable(path, &exports(&module));
    let what =
        format!("bench calls an export `{KERNEL_EXPORT}`, from an i32 to a number; {functions}");
    Err(InputError::usage(path, what).into())
}

/// Characters of a column.
const COLUMN: usize = 15;

fn header(names: &[String]) {
    let columns: String = names.iter().map(|name| format!("{name:>COLUMN$}")).collect();
    say!("{:<12}{columns}", "kernel");
}

fn line(kernel: &KernelRows, against: &str) {
    let columns: String = kernel.rows.iter().map(|row| cell(row, against)).collect();
    say!("{:<12}{columns}", kernel.name);
}

/// A ratio; for the engine that the others are compared with, the time of a call.
fn cell(row: &BenchRow, against: &str) -> String {
    let text = match (row.nanoseconds, row.ratio) {
        (Some(time), _) if row.engine == against => format!("{:.2} ms", time / 1e6),
        (Some(_), Some(ratio)) => {
            let spread = (ratio.high - ratio.low) / 2.0 / ratio.median * 100.0;
            format!("{:.3} ±{spread:.0}%", ratio.median)
        }
        (Some(time), None) => format!("{:.2} ms", time / 1e6),
        (None, _) => "refused".to_owned(),
    };
    format!("{text:>COLUMN$}")
}

fn footer(record: &BenchRecord) {
    let means: String = record
        .means
        .iter()
        .map(|mean| match mean.kernels {
            0 => format!("{:>COLUMN$}", "-"),
            _ => format!("{:>COLUMN$}", format!("{:.3}     ", mean.ratio)),
        })
        .collect();
    say!("{:<12}{means}", "mean");
    for kernel in &record.kernels {
        for row in &kernel.rows {
            if let Some(reason) = &row.refused {
                output::say_in_colour([dim(format!(
                    "{} on {}: {reason}",
                    kernel.name, row.engine
                ))]);
            }
        }
    }
}
