//! `etalon run`

use super::batch;
use super::run_told::{print, record};
use crate::cache::{self, CacheArgs};
use crate::commands::validate::{feature_names, features};
use crate::engines::{self, OneEngine};
use crate::escape;
use crate::exit::Status;
use crate::fault::InputError;
use crate::input::{Input, Precompiled};
use crate::output::{self, Format, bad, json, note, plain};
use crate::program::{self, Kept, ProgramArgs};
use crate::time::{Answer, Limit, Stopped, Timeout, limit};
use crate::words::counted;
use crate::{artefact, figures, input, values};
use anyhow::{Result, bail};
use clap::ValueHint;
use etalon::unstable::ModuleData;
use etalon::unstable::module::{Export, ExternKind};
use etalon::{Metrics, wasi};
use etalon_adapters::{
    Adapter, ExportInfo, Extent, Features, GasConfig, HostCall, Instance, Outcome, Rejection,
    Session, SessionConfig, TimeLimit, Val,
};
use etalon_harness::diff::mentions_spectest;
use etalon_harness::script::{Parameter, imported_modules};
use etalon_record::{Backtrace, Gas, Refusal};
use std::cell::OnceCell;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  etalon run hello.wasm                            call its `_start`
  etalon run fib.wat --invoke fib 30               call an export
  etalon run area.wat --invoke area -0x1p-3 inf    arguments as the text format writes them
  etalon run simd.wat --invoke sum 'i32x4 1 2 3 4' a vector is one argument
  wat2wasm m.wat --output=- | etalon run -         a module from standard input
  etalon run fib.wat --invoke fib 30 --stats       and print the gas that it took
  etalon run fib.wat --gas 1000 --invoke fib 30    stop when 1000 gas are used up
  etalon run --dir .::/ grep.wasm -- -n main /a.c  a program of WASI, with a folder and arguments
  etalon run sql.wasm --dir data::/data::ro --env TZ=UTC --stdin queries.sql
  etalon run fib.wat --batch calls.jsonl          many calls, one JSON object a line
  etalon run sieve.etalon --allow-precompiled --invoke primes 100
                                                   run an artefact that `etalon compile` made";

const USAGE: &str = "etalon run [OPTIONS] <FILE> [--invoke <NAME> [ARG]...]";

/// Arguments of `etalon run`.
#[derive(Debug, clap::Args)]
#[command(override_usage = USAGE, after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{}", values::HELP))]
pub(crate) struct Args {
    /// The module, or an artefact
    #[arg(required_unless_present = "batch")]
    pub file: Option<PathBuf>,
    /// The export to call; by default `_start`, if there is one
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other)]
    pub invoke: Option<String>,
    /// Arguments of the export, as the text format writes them; or of the program, whose is all that follows the first
    #[arg(value_name = "ARG", value_hint = ValueHint::Other)]
    pub args: Vec<String>,
    #[command(flatten)]
    pub engine: OneEngine,
    /// Gas limit: when it is used up, the run ends as exhausted
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub gas: Option<u64>,
    /// Gas schedule: etalon-1, flat, wasmtime-48, wasmi-2, or a file
    #[arg(long, value_name = "NAME", value_parser = engines::schedule_names())]
    #[arg(hide_possible_values = true)]
    pub schedule: Option<String>,
    /// Features that the module may use: wasm1, wasm2, wasm3, all, or features by name
    #[arg(long, value_delimiter = ',', default_value = "wasm3", value_name = "NAME", value_parser = feature_names())]
    #[arg(hide_possible_values = true)]
    pub features: Vec<String>,
    #[command(flatten)]
    pub precompiled: Precompiled,
    /// How long loading and the call may take: 500ms, 10s, '1m 30s'. By default there is no limit
    #[arg(long, value_name = "DURATION", value_parser = limit)]
    pub timeout: Option<Limit>,
    /// Print the gas that the run took, and other figures of it
    #[arg(long)]
    pub stats: bool,
    /// Write the figures of the run as JSON, times among them, to a file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub stats_json: Option<PathBuf>,
    /// Make many calls over all cores: one JSON object a line, such as {"invoke": "fib", "args": ["30"], "gas": 100000}
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["invoke", "args", "stdin", "dirs", "env", "deterministic", "no_deterministic", "stats_json"])]
    pub batch: Option<PathBuf>,
    /// How many calls of a batch are made at a time; by default as many as there are cores
    #[arg(long, value_name = "N", requires = "batch")]
    pub jobs: Option<NonZeroUsize>,
    #[command(flatten)]
    pub cache: CacheArgs,
    #[command(flatten)]
    pub program: ProgramArgs,
}

impl Args {
    /// The module's file; none is named where a batch names its own.
    pub(crate) fn file(&self) -> &Path {
        self.file.as_deref().unwrap_or(Path::new(""))
    }
}

/// What one run was.
pub(super) struct Run {
    pub(super) invoke: Option<String>,
    pub(super) args: Vec<Val>,
    /// The types of the parameters and of the results, where they say more than the kinds of values.
    pub(super) params: Vec<String>,
    pub(super) results: Vec<String>,
    pub(super) outcome: Outcome,
    pub(super) gas: Option<Gas>,
    /// Why and where the module was refused.
    pub(super) refusal: Option<Box<Refused>>,
    /// Functions that the compiler left to the interpreter.
    pub(super) not_compiled: u64,
    pub(super) host_calls: Vec<HostCall>,
    /// Where it stopped.
    pub(super) backtrace: Backtrace,
    /// Whether a signal ended it.
    pub(super) interrupted: bool,
    /// What the program wrote, if that is kept.
    pub(super) kept: Kept,
    /// Whether a program ran.
    pub(super) is_program: bool,
    /// Figures of the run, if the engine has some.
    pub(super) figures: Option<Metrics>,
}

impl Run {
    /// A run of which nothing is known yet.
    fn of(invoke: Option<String>) -> Run {
        Run {
            invoke,
            args: Vec::new(),
            params: Vec::new(),
            results: Vec::new(),
            outcome: Outcome::Returned(Vec::new()),
            gas: None,
            refusal: None,
            not_compiled: 0,
            host_calls: Vec::new(),
            backtrace: Backtrace::default(),
            interrupted: false,
            kept: Kept::default(),
            is_program: false,
            figures: None,
        }
    }
}

/// Why a run was broken off.
pub(super) const SIGNAL: &str = "a signal ended the run";

pub(crate) fn run(args: &Args, format: Format) -> Result<Status> {
    if let Some(path) = &args.batch {
        return batch::run(args, path, format);
    }
    let input = input::read_module(args.file(), args.precompiled)?;
    let wasm = &input.bytes;
    let is_artefact = etalon::Module::is_artefact(wasm);
    let timeout = Timeout { timeout: args.timeout };
    timeout.holds(args.file(), wasm)?;
    let default = if is_artefact { "aot" } else { "auto" };
    let adapters = args.engine.named().adapters_for(&[default], args.precompiled)?;
    let [adapter] = adapters.as_slice() else {
        bail!("run takes one engine; `etalon diff` compares several");
    };
    let name = adapter.info().name;
    if is_artefact && ["oracle", "interp"].contains(&name.as_str()) {
        let message = format!("an artefact holds compiled code, which {name} does not run");
        return Err(InputError::usage(args.file(), message).into());
    }
    let mut gas = engines::gas(args.gas, args.schedule.as_deref())?;
    if args.stats && gas.is_none() {
        gas = Some(GasConfig { schedule: engines::schedule(None)?, limit: None });
    }
    let features = features(&args.features)?;
    let mut config = SessionConfig {
        features,
        gas,
        turns: false,
        measure: args.stats || args.stats_json.is_some(),
        time: None,
    };
    let kept = Kept::default();
    let ending = ending(args, timeout, &name, format, &kept)?;
    if let Ending::BrokenOff(time, _) = &ending {
        config.time = Some(time.clone());
    }
    if let Some(misfit) = adapter.misfit(&config, wasm) {
        let message = format!("{}{}", misfit.reason, artefact::hint(wasm, &config));
        return Err(InputError::new("artefact", args.file(), message).into());
    }
    // What stood there before is not taken for the figures of this run, and no program runs whose figures cannot be written.
    if let Some(path) = &args.stats_json {
        input::keep(&[args.file()], path)?;
        figures::begin(path)?;
    }
    let kept = (format == Format::Json).then_some(&kept);
    let mut run = execute_with_cache(args, &**adapter, wasm, &config, kept)?;
    if let (Some(path), Some(figures)) = (&args.stats_json, &run.figures) {
        figures::write(path, figures)?;
    }
    input.locate(&mut run.backtrace);
    if let Outcome::Rejected(rejection) = &run.outcome {
        let features = features.intersection(adapter.features());
        run.refusal = Some(Box::new(refused(args, &input, features, rejection)));
    }
    run.interrupted = ending.has_come(&run.outcome);
    let found = if run.interrupted { Status::Fine } else { status(&run) };
    let status = match ending {
        Ending::BrokenOff(_, stopped) => stopped.status(found),
        Ending::Answered(answer) => {
            answer.by_the_run();
            found
        }
    };
    match format {
        Format::Json => json(&record(args, &name, &run))?,
        Format::Human => print(args, &run),
    }
    Ok(status)
}

/// What a signal does.
enum Ending {
    /// It breaks the run off, which then says how far it came.
    BrokenOff(TimeLimit, Stopped),
    /// It says itself that the run did not end: a guest without a limit looks for no interrupts, so that they cost nothing.
    Answered(Answer),
}

impl Ending {
    fn has_come(&self, outcome: &Outcome) -> bool {
        matches!(self, Ending::BrokenOff(_, stopped) if stopped.is_stopped())
            && *outcome == Outcome::TimedOut
    }
}

fn ending(
    args: &Args,
    timeout: Timeout,
    engine: &str,
    format: Format,
    kept: &Kept,
) -> Result<Ending> {
    if matches!(args.timeout, Some(Limit::After(_))) {
        let (time, stopped) = timeout.stoppable()?;
        return Ok(Ending::BrokenOff(time, stopped));
    }
    let run = Run { outcome: Outcome::TimedOut, interrupted: true, ..Run::of(args.invoke.clone()) };
    let record = record(args, engine, &run);
    let file = escape::file(&args.file().display().to_string()).into_owned();
    let kept = kept.clone();
    let answer = move || match format {
        Format::Json => {
            let mut record = record.clone();
            [record.stdout, record.stderr] = kept.written();
            json(&record).unwrap_or_else(|error| note!("error: {error:#}"));
        }
        Format::Human => output::note_in_colour([
            plain(format!("{file}: ")),
            bad("interrupted"),
            plain(format!(": {SIGNAL}")),
        ]),
    };
    Ok(Ending::Answered(Answer::of_signals(answer)?))
}

/// As [`execute`], with the cache of compiled code if the engine has a use for it.
fn execute_with_cache(
    args: &Args,
    adapter: &dyn Adapter,
    wasm: &[u8],
    config: &SessionConfig,
    kept: Option<&Kept>,
) -> Result<Run> {
    if etalon::Module::is_artefact(wasm) {
        return execute(args, adapter, wasm, config, kept);
    }
    let embedded = adapter.as_embedded();
    let adapter = embedded.as_deref().unwrap_or(adapter);
    let cache = OnceCell::new();
    let open = || cache.get_or_init(|| args.cache.open()).clone();
    let with_cache = adapter.with_cache(&open);
    let run = execute(args, with_cache.as_deref().unwrap_or(adapter), wasm, config, kept)?;
    cache::note_failure(cache.get().and_then(Option::as_ref));
    Ok(run)
}

fn execute(
    args: &Args,
    adapter: &dyn Adapter,
    wasm: &[u8],
    config: &SessionConfig,
    kept: Option<&Kept>,
) -> Result<Run> {
    let schedule = config.gas.as_ref().map(|g| g.schedule.id().to_string());
    let mut session = adapter.session(config)?;
    // It has a memory and a table, for which there may be no address space.
    if mentions_spectest(wasm) {
        session.define_spectest()?;
    }
    let mut run = Run::of(args.invoke.clone());
    let module = input::module_in(wasm)?;
    let data = ModuleData::new(&module, Features::all());
    let is_entered = args.invoke.is_none() && data.as_ref().is_ok_and(program::has_entry);
    if is_entered || imported_modules(&module).contains(wasi::MODULE) {
        let own = if args.invoke.is_none() { args.args.as_slice() } else { &[] };
        let program = args.program.program(args.file(), own, config.gas.is_some(), kept)?;
        session.define_wasi(program)?;
        run.is_program = true;
        run.kept = kept.cloned().unwrap_or_default();
    }
    match session.load(wasm) {
        Err(Outcome::Rejected(Rejection::Unlinkable(_)))
            if let Ok(data) = &data
                && let Some(why) = program::refused(data) =>
        {
            run.outcome = Outcome::Rejected(Rejection::Unlinkable(why.into()));
        }
        Err(outcome) => run.outcome = outcome,
        Ok(instance) => call(args, &mut *session, (instance, wasm), &mut run)?,
    }
    run.host_calls = session.take_host_calls();
    run.backtrace = session.backtrace();
    run.not_compiled = session.not_compiled();
    run.figures = session.figures();
    run.gas = session.gas_consumed().zip(schedule).map(|(consumed, schedule)| Gas {
        consumed,
        executed: session.gas_executed(),
        schedule,
    });
    Ok(run)
}

/// Calls the export that was asked for.
fn call(
    args: &Args,
    session: &mut dyn Session,
    (instance, wasm): (Instance, &[u8]),
    run: &mut Run,
) -> Result<()> {
    let exported = session.exports(instance);
    // Which types a function has only the module tells.
    let module = || -> Result<ModuleData> {
        Ok(ModuleData::new(&input::module_in(wasm)?, Features::all())?)
    };
    let functions = || module().map(|module| callable(args.file(), &exports(&module)));
    let wrong = |what: String| InputError::usage(args.file(), what);
    let exports = |name: &str| exported.iter().any(|export| export.name == name);
    // A reactor is made ready before anything else is called.
    let makes_ready = |export: &ExportInfo| {
        let nothing = Extent::Func { params: Vec::new(), results: Vec::new() };
        export.name == "_initialize" && export.extent == nothing
    };
    if exported.iter().any(makes_ready) && !exports("_start") {
        let ready = session.invoke(instance, "_initialize", &[]);
        if !matches!(ready, Outcome::Returned(_)) {
            (run.invoke, run.outcome) = (Some("_initialize".to_owned()), ready);
            return Ok(());
        }
    }
    let name = match &args.invoke {
        Some(name) => values::name(name),
        None if exports("_start") => "_start",
        None if args.args.is_empty() => {
            let text = format!("no export was called, for there is no _start; {}", functions()?);
            let text = format!("{}: {text}", escape::path(args.file()));
            output::note_in_colour([output::lines(text)]);
            return Ok(());
        }
        None => {
            let mut what = "there are arguments, but no function to pass them to".to_owned();
            if let Some(option) = args.args.first().filter(|arg| arg.starts_with('-')) {
                what = format!("{} is no option of `etalon run`", escape::quoted(option));
            }
            return Err(wrong(format!("{what}; {}", functions()?)).into());
        }
    };
    let found = exported.iter().find(|e| e.name == name);
    let Some(Extent::Func { params, results }) = found.map(|e| &e.extent) else {
        let what = format!("exports no function {}; {}", escape::quoted(name), functions()?);
        return Err(wrong(what).into());
    };
    let mut wanted: Vec<Parameter> = params.iter().map(|kind| (*kind).into()).collect();
    if params.iter().chain(results).any(|kind| kind.is_reference()) {
        let module = module()?;
        if let Some(export) = module.export(name) {
            wanted = values::params(&module, export.index);
            let results = &module.func_type(export.index).results;
            run.results = results.iter().map(ToString::to_string).collect();
        }
    }
    // A program has them.
    let given = if args.invoke.is_none() && run.is_program { &[] } else { args.args.as_slice() };
    run.args = values::arguments(given, &wanted)
        .map_err(|error| wrong(format!("{}: {error:#}", escape::name(name))))?;
    run.params = wanted.into_iter().map(|param| param.ty).collect();
    run.invoke = Some(name.to_owned());
    run.outcome = session.invoke(instance, name, &run.args);
    Ok(())
}

/// How many functions are listed.
const MOST_CALLABLE: usize = 40;

/// An exported function.
pub(crate) struct Exported {
    name: String,
    /// Its type, as the text format writes the types in it.
    ty: String,
    params: Vec<Parameter>,
}

/// What a module exports: its functions.
pub(crate) fn exports(module: &ModuleData) -> Vec<Exported> {
    let functions = module.exports.iter().filter(|export| export.kind == ExternKind::Func);
    let exported = |export: &Export| Exported {
        name: export.name.clone(),
        ty: module.func_type(export.index).to_string(),
        params: values::params(module, export.index),
    };
    functions.map(exported).collect()
}

/// What can be called, with the types, and how.
pub(crate) fn callable(file: &Path, exports: &[Exported]) -> String {
    if exports.is_empty() {
        return "it exports no function".to_owned();
    }
    let mut text = "it exports".to_owned();
    for Exported { name, ty, .. } in exports.iter().take(MOST_CALLABLE) {
        text += &format!("\n  {}: {ty}", escape::name(name));
    }
    if let Some(more @ 1..) = exports.len().checked_sub(MOST_CALLABLE) {
        text += &format!("\n  and {}", counted(more as u64, "other"));
    }
    let example = exports.iter().find_map(|Exported { name, params, .. }| {
        let args: Option<Vec<&str>> = params.iter().map(Parameter::sample).collect();
        Some((name, args?))
    });
    if let Some((name, args)) = example {
        let args: String = args.iter().map(|arg| format!(" {arg}")).collect();
        let (file, name) = (file.to_string_lossy(), escape::word(name));
        text += &format!("\nfor example: etalon run {} --invoke {name}{args}", escape::word(&file));
    }
    text
}

/// Why a module was refused.
pub(super) struct Refused {
    pub(super) refusal: Refusal,
    /// The same for people: of what the decoder refuses, with the place in the text.
    pub(super) shown: Option<InputError>,
}

/// The decoder is asked again, for the offset.
fn refused(args: &Args, input: &Input, features: Features, rejection: &Rejection) -> Refused {
    let wasm = input::module_in(&input.bytes).ok();
    let shown = wasm.and_then(|wasm| ModuleData::new(&wasm, features).err());
    let shown = shown.map(|error| input.refused(args.file(), &error));
    let shown = shown.filter(|shown| shown.fault.kind == rejection.word());
    let fault = shown.as_ref().map(|shown| &shown.fault);
    let feature = match rejection {
        Rejection::Unsupported { feature, .. } => Some(feature.clone()),
        _ => None,
    };
    let refusal = Refusal {
        verdict: rejection.word().to_owned(),
        feature,
        offset: fault.and_then(|fault| fault.offset),
        line: fault.and_then(|fault| fault.line),
        column: fault.and_then(|fault| fault.column),
    };
    Refused { refusal, shown }
}

fn status(run: &Run) -> Status {
    match &run.outcome {
        Outcome::Returned(_) => Status::Fine,
        Outcome::Exited(status) => Status::exited(*status),
        Outcome::Rejected(_) => Status::Unusable,
        Outcome::Crashed(_) => Status::EngineFailed,
        _ if run.is_program => Status::aborted(),
        Outcome::TimedOut => Status::EngineFailed,
        _ => Status::Finding,
    }
}
