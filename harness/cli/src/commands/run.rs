//! `etalon run`

use crate::commands::validate::features;
use crate::engines::{self, EngineArgs};
use crate::escape;
use crate::exit::Status;
use crate::fault::{InputError, tool};
use crate::input::Precompiled;
use crate::output::{self, Format, bad, json, note, plain, say};
use crate::time::{Answer, Limit, Stopped, Timeout, limit};
use crate::{artefact, backtrace, input, values};
use anyhow::{Context, Result, bail};
use etalon_adapters::{
    Adapter, ExportInfo, Extent, GasConfig, HostCall, Instance, Outcome, Rejection, Session,
    SessionConfig, TimeLimit, Val, ValKind,
};
use etalon_record::{Backtrace, Gas, RunRecord};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  etalon run hello.wasm                            call its `_start`
  etalon run fib.wat --invoke fib 30               call an export
  etalon run area.wat --invoke area -0x1p-3 inf    arguments as the text format writes them
  etalon run simd.wat --invoke sum 'i32x4 1 2 3 4' a vector is one argument
  wat2wasm m.wat --output=- | etalon run -         a module from standard input
  etalon run fib.wat --invoke fib 30 --stats       and print the gas that it took
  etalon run fib.wat --gas 1000 --invoke fib 30    stop when 1000 gas are used up
  etalon run sieve.etalon --allow-precompiled --invoke primes 100
                                                   run an artefact that `etalon compile` made";

/// Arguments of `etalon run`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{}", values::HELP))]
pub(crate) struct Args {
    /// The module, or an artefact
    pub file: PathBuf,
    /// The export to call; by default `_start`, if there is one
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub invoke: Option<String>,
    /// Arguments of the export, as the text format writes them
    #[arg(value_name = "ARG")]
    pub args: Vec<String>,
    #[command(flatten)]
    pub engine: EngineArgs,
    /// Gas limit
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub gas: Option<u64>,
    /// Gas schedule: a built-in name or a file
    #[arg(long, value_name = "NAME")]
    pub schedule: Option<String>,
    /// Features that the module may use: wasm1, wasm2, wasm3, all, or features by name
    #[arg(long, value_delimiter = ',', default_value = "wasm3", value_name = "NAME")]
    pub features: Vec<String>,
    #[command(flatten)]
    pub precompiled: Precompiled,
    /// How long loading and the call may take: 500ms, 10s, 1m 30s. By default there is no limit
    #[arg(long, value_name = "DURATION", value_parser = limit)]
    pub timeout: Option<Limit>,
    /// Print the gas that the run took
    #[arg(long)]
    pub stats: bool,
}

/// What one run was.
struct Run {
    invoke: Option<String>,
    args: Vec<Val>,
    outcome: Outcome,
    gas: Option<Gas>,
    /// Functions that the compiler left to the interpreter.
    not_compiled: u64,
    host_calls: Vec<HostCall>,
    /// Where it stopped.
    backtrace: Backtrace,
    /// Whether a signal ended it.
    interrupted: bool,
}

impl Run {
    /// A run of which nothing is known yet.
    fn of(invoke: Option<String>) -> Run {
        Run {
            invoke,
            args: Vec::new(),
            outcome: Outcome::Returned(Vec::new()),
            gas: None,
            not_compiled: 0,
            host_calls: Vec::new(),
            backtrace: Backtrace::default(),
            interrupted: false,
        }
    }
}

/// Why a run was broken off.
const SIGNAL: &str = "a signal ended the run";

pub(crate) fn run(args: &Args, format: Format) -> Result<Status> {
    let (wasm, text) = input::read_module_and_text(&args.file, args.precompiled)?;
    let is_artefact = etalon::Module::is_artefact(&wasm);
    let timeout = Timeout { timeout: args.timeout };
    timeout.holds(&args.file, &wasm)?;
    let default = if is_artefact { "aot" } else { "auto" };
    let adapters = args.engine.adapters_for(&[default], args.precompiled)?;
    let [adapter] = adapters.as_slice() else {
        bail!("run takes one engine; `etalon diff` compares several");
    };
    let name = adapter.info().name;
    if is_artefact && ["oracle", "interp"].contains(&name.as_str()) {
        bail!(
            "{}: an artefact holds compiled code, which {name} does not run",
            args.file.display()
        );
    }
    let mut gas = engines::gas(args.gas, args.schedule.as_deref())?;
    if args.stats && gas.is_none() {
        gas = Some(GasConfig { schedule: engines::schedule(None)?, limit: None });
    }
    let features = features(&args.features)?;
    let mut config = SessionConfig { features, gas, turns: false, time: None };
    let ending = ending(args, timeout, &name, format)?;
    if let Ending::BrokenOff(time, _) = &ending {
        config.time = Some(time.clone());
    }
    if let Some(misfit) = adapter.misfit(&config, &wasm) {
        let message = format!("{}{}", misfit.reason, artefact::hint(&wasm, &config));
        return Err(InputError::new("artefact", &args.file, message).into());
    }
    let mut run = execute(args, &**adapter, &wasm, &config)?;
    if let Some(text) = &text {
        backtrace::locate(&mut run.backtrace, text, &wasm);
    }
    run.interrupted = ending.has_come(&run.outcome);
    let found = if run.interrupted { Status::Fine } else { status(&run.outcome) };
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

fn ending(args: &Args, timeout: Timeout, engine: &str, format: Format) -> Result<Ending> {
    if matches!(args.timeout, Some(Limit::After(_))) {
        let (time, stopped) = timeout.stoppable()?;
        return Ok(Ending::BrokenOff(time, stopped));
    }
    let run = Run { outcome: Outcome::TimedOut, interrupted: true, ..Run::of(args.invoke.clone()) };
    let record = record(args, engine, &run);
    let file = escape::file(&args.file.display().to_string()).into_owned();
    let answer = move || match format {
        Format::Json => json(&record).unwrap_or_else(|error| note!("error: {error:#}")),
        Format::Human => output::note_in_colour([
            plain(format!("{file}: ")),
            bad("interrupted"),
            plain(format!(": {SIGNAL}")),
        ]),
    };
    Ok(Ending::Answered(Answer::of_signals(answer)?))
}

fn execute(args: &Args, adapter: &dyn Adapter, wasm: &[u8], config: &SessionConfig) -> Result<Run> {
    let schedule = config.gas.as_ref().map(|g| g.schedule.id().to_string());
    let mut session = adapter.session(config)?;
    session.define_spectest()?;
    let mut run = Run::of(args.invoke.clone());
    match session.instantiate(wasm) {
        Err(outcome) => run.outcome = outcome,
        Ok(instance) => call(args, &mut *session, instance, &mut run)?,
    }
    run.host_calls = session.take_host_calls();
    run.backtrace = session.backtrace();
    run.not_compiled = session.not_compiled();
    run.gas = session.gas_consumed().zip(schedule).map(|(consumed, schedule)| Gas {
        consumed,
        executed: session.gas_executed(),
        schedule,
    });
    Ok(run)
}

/// Calls the export that was asked for.
fn call(args: &Args, session: &mut dyn Session, instance: Instance, run: &mut Run) -> Result<()> {
    let exports = session.exports(instance);
    let file = escape::file(&args.file.display().to_string()).into_owned();
    let functions = || callable(&file, &exports);
    let name = match &args.invoke {
        Some(name) => name.as_str(),
        None if exports.iter().any(|e| e.name == "_start") => "_start",
        None if args.args.is_empty() => {
            note!("{file}: no export was called, for there is no _start; {}", functions());
            return Ok(());
        }
        None => {
            bail!("{file}: there are arguments, but no function to pass them to; {}", functions())
        }
    };
    let found = exports.iter().find(|e| e.name == name);
    let Some(Extent::Func { params, .. }) = found.map(|e| &e.extent) else {
        bail!("{file}: exports no function {name:?}; {}", functions());
    };
    run.args = parse_args(&args.args, params)
        .with_context(|| format!("{file}: {}", escape::name(name)))?;
    run.invoke = Some(name.to_owned());
    run.outcome = session.invoke(instance, name, &run.args);
    Ok(())
}

/// What can be called, with the types, and how.
fn callable(file: &str, exports: &[ExportInfo]) -> String {
    let list = |kinds: &[ValKind]| {
        let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
        names.join(" ")
    };
    let mut text = String::new();
    let mut example = None;
    for export in exports {
        let Extent::Func { params, results } = &export.extent else { continue };
        let name = escape::name(&export.name);
        text += &format!("\n  {name}: [{}] -> [{}]", list(params), list(results));
        example.get_or_insert_with(|| {
            let args: String = params.iter().map(|kind| format!(" {}", sample(*kind))).collect();
            format!("\nfor example: etalon run {file} --invoke {name}{args}")
        });
    }
    match example {
        None => "it exports no function".to_owned(),
        Some(example) => format!("it exports{text}{example}"),
    }
}

/// An argument of a kind, as a shell takes it.
fn sample(kind: ValKind) -> &'static str {
    match kind {
        ValKind::I32 | ValKind::I64 => "1",
        ValKind::F32 | ValKind::F64 => "1.5",
        ValKind::V128 => "'i32x4 1 2 3 4'",
        ValKind::Extern => "extern:1",
        ValKind::Func | ValKind::Any | ValKind::Exn => "null",
    }
}

fn parse_args(texts: &[String], params: &[ValKind]) -> Result<Vec<Val>> {
    if texts.len() != params.len() {
        let kinds: Vec<&str> = params.iter().map(|k| k.name()).collect();
        bail!("takes {} arguments ({}), not {}", params.len(), kinds.join(", "), texts.len());
    }
    texts.iter().zip(params).map(|(text, kind)| values::parse(text, *kind)).collect()
}

fn status(outcome: &Outcome) -> Status {
    match outcome {
        Outcome::Returned(_) => Status::Fine,
        Outcome::Rejected(_) => Status::Unusable,
        Outcome::Crashed(_) | Outcome::TimedOut => Status::EngineFailed,
        _ => Status::Finding,
    }
}

/// The details of an outcome besides its class and its results.
pub(crate) fn message(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Returned(_) => None,
        Outcome::TimedOut => Some("it did not end within the limit".to_owned()),
        Outcome::Trapped { text, site } => Some(match site {
            Some((func, offset)) => format!("{text}, in function {func} at offset {offset:#x}"),
            None => text.clone(),
        }),
        Outcome::Threw(values) => {
            let values: Vec<String> = values.iter().map(|v| values::show(*v)).collect();
            Some(format!("an exception with ({})", values.join(", ")))
        }
        Outcome::Exhausted(text) | Outcome::HostError(text) | Outcome::Crashed(text) => {
            Some(text.clone())
        }
        Outcome::Rejected(rejection) => Some(rejection.message().to_owned()),
    }
}

fn record(args: &Args, engine: &str, run: &Run) -> RunRecord {
    let tool = tool();
    let file = args.file.display().to_string();
    let mut record = RunRecord::new(tool, file, engine, run.outcome.kind());
    record.invoke.clone_from(&run.invoke);
    record.args = run.args.iter().map(|v| v.to_record()).collect();
    if let Outcome::Returned(values) = &run.outcome {
        record.results = values.iter().map(|v| v.to_record()).collect();
    }
    if let Outcome::Trapped { text, .. } = &run.outcome {
        record.trap = Some(text.clone());
    }
    // Where the time was up is no two times the same.
    if run.outcome != Outcome::TimedOut {
        record.backtrace.clone_from(&run.backtrace);
    }
    record.interrupted = run.interrupted;
    record.message = match run.interrupted {
        true => Some(SIGNAL.to_owned()),
        false => message(&run.outcome),
    };
    record.gas.clone_from(&run.gas);
    record.not_compiled = run.not_compiled;
    record
}

fn print(args: &Args, run: &Run) {
    for call in &run.host_calls {
        let values: Vec<String> = call.args.iter().map(|v| values::show(*v)).collect();
        let (module, name) = (escape::name(&call.module), escape::name(&call.name));
        say!("{module}.{name}({})", values.join(", "));
    }
    match &run.outcome {
        Outcome::Returned(values) => {
            values.iter().for_each(|v| say!("{}", values::show(*v)));
        }
        outcome => {
            let word = match outcome {
                Outcome::Rejected(Rejection::Unsupported { feature, .. }) => {
                    format!("unsupported ({feature})")
                }
                Outcome::Rejected(rejection) => rejection.word().to_owned(),
                _ if run.interrupted => "interrupted".to_owned(),
                other => other.kind().to_string(),
            };
            let text = match outcome {
                // The place is the first line of the backtrace.
                Outcome::Trapped { text, .. } if !run.backtrace.is_empty() => text.clone(),
                _ if run.interrupted => SIGNAL.to_owned(),
                _ => message(outcome).unwrap_or_default(),
            };
            let file = format!("{}: ", escape::file(&args.file.display().to_string()));
            output::note_in_colour([plain(file), bad(word), plain(format!(": {text}"))]);
            backtrace::print(&run.backtrace, &args.file.display().to_string());
        }
    }
    if run.not_compiled > 0 {
        note!("note: the interpreter ran {} functions that are not compiled", run.not_compiled);
    }
    if let Some(gas) = run.gas.as_ref().filter(|_| args.stats) {
        let executed = gas.executed.map(|n| format!(", {n} executed")).unwrap_or_default();
        note!("gas: {} consumed{executed} ({})", gas.consumed, gas.schedule);
    }
}
