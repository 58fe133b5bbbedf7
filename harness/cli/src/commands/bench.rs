//! `etalon bench`

mod table;
mod weigh;

use crate::commands::run::{callable, exports};
use crate::duration;
use crate::engines::Offered;
use crate::exit::Status;
use crate::fault::{InputError, tool};
use crate::input::{self, Input, Precompiled};
use crate::output::{Format, json, note};
use crate::record_file::RecordFile;
use crate::time::Answer;
use anyhow::{Result, bail};
use clap::ValueHint;
use etalon::Features;
use etalon::unstable::ModuleData;
use etalon::unstable::module::{Export, ExternKind, ValType};
use etalon_adapters::{KERNEL_EXPORT, RACER_NAMES, has_racer, racer};
use etalon_harness::bench::{BenchOptions, Figure, Kernel, Part, bench, compare, figures, kernels};
use etalon_harness::script::Glob;
use etalon_record::{BenchRecord, Record, read_record, to_json};
use std::env::consts::ARCH;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use table::Tables;
use weigh::Weighing;

/// Arguments of `etalon bench`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  etalon bench                                       everything on all engines of this build
  etalon bench --kernel 'm*' --tier interp,interp-metered
  etalon bench --only instantiate,call --save before.json
  etalon bench --only instantiate,call --compare before.json
  etalon bench --only compile --module big.wasm --tier 'jit,jit?opt=none,wasmtime'
  etalon bench my.wasm --tier interp,jit             a kernel of your own

Names of engines: the engine, its settings behind a `?`, and at the end -metered if it charges gas
or fuel: jit, jit?nans=any, jit?opt=none-metered, interp-metered, wasmtime?nans=canonical,
wasmtime?pool=on, wasmtime-metered, wasmi?mode=lazy. Wasmtime, wasmi and tinywasm are in builds
with `--features peers`, as `make peers` makes one.

A kernel imports nothing and exports `run`, which takes an i32 that says how much work to do, and
returns a number, the checksum. The engines take turns at the same work, and every round gives a
ratio. Printed are the median of the ratios and half the distance between their quartiles. Time is
processor time. Engines that disagree on a checksum end the run; one that cannot do something
shows a dash, and the reason below. How fast anything is decides no exit status, unless
--fail-above is given. docs/bench.md says what each figure is.")]
pub(crate) struct Args {
    /// Modules to run instead of the kernels
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Engines of this process, for everything; without it, those that a part compares
    #[arg(long = "tier", alias = "engine", value_delimiter = ',', value_name = "NAME", value_parser = racer_names())]
    #[arg(hide_possible_values = true)]
    pub tiers: Vec<String>,
    /// Only kernels whose name matches
    #[arg(long, value_delimiter = ',', value_name = "GLOB", value_hint = ValueHint::Other)]
    pub kernel: Vec<String>,
    /// Only these parts: kernels, compile, load, instantiate, call, memory
    #[arg(long, value_delimiter = ',', value_name = "PART", value_parser = part)]
    pub only: Vec<Part>,
    /// Modules to compile and load besides those that are made here
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub module: Vec<PathBuf>,
    /// The engine that the others are compared with. By default wasmtime if it is built in, else interp
    #[arg(long, value_name = "NAME", value_parser = racer_names())]
    #[arg(hide_possible_values = true)]
    pub against: Option<String>,
    /// How long each engine works on each kernel or figure: 500ms, 5s, or plain seconds
    #[arg(long, default_value = "1s", value_name = "T", value_parser = at_most_an_hour)]
    pub time: Duration,
    /// Into how many rounds that time is divided
    #[arg(long, default_value_t = 15, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub rounds: u16,
    /// Also write the record to a file
    #[arg(long, visible_alias = "save", value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// A record to compare with: its ratios beside those of this run
    #[arg(long, value_name = "FILE")]
    pub compare: Option<PathBuf>,
    /// With --compare: a finding if a ratio moved to more than X times what it was
    #[arg(long, value_name = "X", requires = "compare", value_parser = factor)]
    pub fail_above: Option<f64>,
    /// Weighs a module from standard input in this process, for another one
    #[arg(long, hide = true, value_name = "WORK")]
    pub weigh: Option<Weighing>,
}

fn racer_names() -> Offered {
    Offered::of(RACER_NAMES.iter().copied())
}

fn part(text: &str) -> Result<Part, String> {
    let found = Part::ALL.into_iter().find(|part| part.name() == text);
    let names: Vec<&str> = Part::ALL.iter().map(|part| part.name()).collect();
    found.ok_or_else(|| format!("the parts are {}", names.join(", ")))
}

fn factor(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if factor.is_finite() && factor >= 1.0 => Ok(factor),
        _ => Err("a number from 1 up is needed".to_owned()),
    }
}

fn at_most_an_hour(text: &str) -> Result<Duration, String> {
    match duration::parse(text)? {
        time if time <= Duration::from_secs(3600) => Ok(time),
        _ => Err("at most an hour".to_owned()),
    }
}

impl Args {
    fn against(&self) -> String {
        let usual = if has_racer("wasmtime") { "wasmtime" } else { "interp" };
        self.against.clone().unwrap_or_else(|| usual.to_owned())
    }

    /// What is measured: what was named, or what goes with what was named, or everything.
    fn parts(&self) -> Vec<Part> {
        if !self.only.is_empty() {
            return self.only.clone();
        }
        let mut parts = Vec::new();
        if !self.files.is_empty() || !self.kernel.is_empty() {
            parts.push(Part::Kernels);
        }
        if !self.module.is_empty() {
            parts.extend([Part::Compile, Part::Load, Part::Memory]);
        }
        if parts.is_empty() { Part::ALL.to_vec() } else { parts }
    }

    /// The engines of a part.
    fn engines(&self, part: Part) -> Vec<String> {
        let mut names = match self.tiers.is_empty() {
            true => part.engines().into_iter().map(str::to_owned).collect(),
            false => self.tiers.clone(),
        };
        let against = self.against();
        if !names.contains(&against) {
            names.insert(0, against);
        }
        names
    }
}

pub(crate) fn run(args: &Args, format: Format) -> Result<Status> {
    if let Some(weighing) = args.weigh {
        return weighing.here(args.tiers.first().map_or("", String::as_str));
    }
    let parts = args.parts();
    let stored = args.compare.as_deref().map(|path| stored(path, &args.against())).transpose()?;
    let options = options(args, &parts)?;
    let inputs: Vec<&Path> =
        args.files.iter().chain(&args.module).chain(&args.compare).map(PathBuf::as_path).collect();
    let file = args.record.as_deref().map(|path| RecordFile::create(path, &inputs)).transpose()?;
    let so_far = Arc::new(Mutex::new(BenchRecord::new(tool(), ARCH, args.against())));
    let seen = Arc::clone(&so_far);
    let to_file = file.clone();
    let answer = Answer::of_signals(move || {
        // Guests look for no interrupts here, which would cost what is measured.
        let mut record = seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        record.interrupted = true;
        let told = finish(&record, to_file.as_ref(), format);
        told.unwrap_or_else(|error| note!("error: {error:#}"));
        note!("stopped by a signal: this is what was finished");
    })?;
    let mut tables = Tables::new(&args.against());
    let mut record = bench(&options, tool(), |record| {
        so_far.lock().unwrap_or_else(PoisonError::into_inner).clone_from(record);
        if format == Format::Human {
            tables.go_on(record);
        }
    })?;
    answer.by_the_run();
    if let Some(then) = &stored {
        record.changes = compare(&record, then);
    }
    finish(&record, file.as_ref(), format)?;
    let above = args.fail_above.unwrap_or(f64::INFINITY);
    let is_finding = record.changes.iter().any(|change| change.moved && change.change > above);
    Ok(if is_finding { Status::Finding } else { Status::Fine })
}

fn options<'a>(args: &Args, parts: &[Part]) -> Result<BenchOptions<'a>> {
    let has_kernels = parts.contains(&Part::Kernels);
    let mut given = Vec::new();
    for path in &args.module {
        let input = input::read_module(path, Precompiled { allowed: false })?;
        let module = ModuleData::new(&input.bytes, Features::all());
        module.map_err(|error| input.refused(path, &error))?;
        given.push((stem(path), input.bytes));
    }
    let figures = figures(parts, &given)?;
    let mut names: Vec<String> = Vec::new();
    let mut indices = |part: Part| -> Vec<usize> {
        let places = args.engines(part).into_iter().map(|name| {
            names.iter().position(|known| *known == name).unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            })
        });
        places.collect()
    };
    let kernels_on = if has_kernels { indices(Part::Kernels) } else { Vec::new() };
    let figures: Vec<(Figure, Vec<usize>)> =
        figures.into_iter().map(|figure| (figure.clone(), indices(figure.part))).collect();
    Ok(BenchOptions {
        engines: names.iter().map(|name| racer(name)).collect::<Result<_, _>>()?,
        against: names.iter().position(|name| *name == args.against()).unwrap_or_default(),
        kernels: if has_kernels { chosen(args)? } else { Vec::new() },
        kernels_on,
        figures,
        weigh: &weigh::apart,
        rounds: args.rounds.into(),
        time: args.time,
    })
}

/// A stored record that can be compared with.
fn stored(path: &Path, against: &str) -> Result<BenchRecord> {
    let wrong = |message: String| InputError::new("record", path, message);
    match read_record(&input::read_text(path)?).map_err(|error| wrong(error.to_string()))? {
        Record::Bench(record) if record.against == against => Ok(record),
        Record::Bench(record) => {
            let other = record.against;
            let message = format!(
                "its ratios are to {other}, those of this run would be to {against}: give --against '{other}'"
            );
            Err(wrong(message).into())
        }
        other => {
            let message = format!("a record of `etalon {}`, not of `etalon bench`", other.kind());
            Err(wrong(message).into())
        }
    }
}

fn finish(record: &BenchRecord, file: Option<&RecordFile>, format: Format) -> Result<()> {
    match format {
        Format::Json => json(record)?,
        Format::Human => table::end(record),
    }
    file.map_or(Ok(()), |file| file.write(&to_json(record)?))
}

/// The name of a file, without its folder and its extension: a record holds no path.
fn stem(path: &Path) -> String {
    path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The files that were given, or else the kernels that match.
fn chosen(args: &Args) -> Result<Vec<Kernel>> {
    let mut all = Vec::new();
    for path in &args.files {
        let input = input::read_module(path, Precompiled { allowed: false })?;
        check(path, &input)?;
        all.push(Kernel { name: stem(path), group: None, wasm: input.bytes });
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
