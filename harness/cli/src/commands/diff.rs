//! `etalon diff`

use crate::commands::check::Check;
use crate::commands::finding::{self, Differs, Finding};
use crate::commands::laws;
use crate::commands::run::{callable, exports};
use crate::commands::validate::{feature_names, features};
use crate::commands::verdict::{outcomes, print_allowed, print_refused, print_untold};
use crate::engines::{self, EngineArgs, OWN_TIERS, Offered};
use crate::escape;
use crate::exit::Status;
use crate::fault::{self, InputError};
use crate::input::Precompiled;
use crate::output::{self, Format, bad, good, json, note, plain, say};
use crate::program::{self, ProgramArgs};
use crate::time::Timeout;
use crate::words::counted;
use crate::{artefact, count, input, values};
use anyhow::{Context, Result, bail};
use clap::ValueHint;
use etalon::Module;
use etalon::unstable::ModuleData;
use etalon::unstable::module::ExternKind;
use etalon_adapters::{
    Features, GasConfig, Outcome, ProgramSetup, RuleTally, SessionConfig, TimeLimit,
};
use etalon_harness::coverage::{rule_coverage, watch};
use etalon_harness::diff::{Call, Case, DiffOptions, Differ, Policy, RunOptions};
use etalon_harness::generate::Stream;
use etalon_record::{Aspect, DiffRecord, Divergence, EngineInfo, Uncallable};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The gas limit of a case if none is asked for.
const GAS: u64 = 100_000_000;

/// Arguments of `etalon diff`.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "etalon diff [OPTIONS] <FILE>... [--invoke <NAME> [ARG]...]",
    after_help = "\
Examples:
  etalon diff module.wasm                          call each export with generated arguments
  etalon diff module.wat --invoke div 7 -1         make one call, with arguments as for `run`
  etalon diff *.wasm --engine oracle,jit --format json
  etalon diff findings/FOLDER                      a finding of `fuzz`, with its calls and engines
  etalon diff sort.wasm --dir data::/data -- -r /data/words
                                                   a program of WASI: what it writes, its files

The engines are compared with the first. --invoke takes all words up to the next option, so the
files stand before it."
)]
pub(crate) struct Args {
    /// The modules; or folders of findings, which have calls of their own
    #[arg(required = true, num_args = 1.., value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Call only this export, with these arguments; without it, each export with generated arguments
    #[arg(long, num_args = 1.., value_names = ["NAME", "ARG"], value_hint = ValueHint::Other)]
    pub invoke: Vec<String>,
    #[command(flatten)]
    pub engine: EngineArgs,
    /// Features that modules may use: wasm1, wasm2, wasm3, all, or features by name
    #[arg(long, value_delimiter = ',', default_value = "all", value_name = "NAME", value_parser = feature_names())]
    #[arg(hide_possible_values = true)]
    pub features: Vec<String>,
    /// Gas limit of each case, but for that of a finding; it also ends endless loops
    #[arg(long, default_value_t = GAS, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub gas: u64,
    /// Gas schedule: etalon-1, flat, wasmtime-48, wasmi-2, or a file
    #[arg(long, value_name = "NAME", value_parser = engines::schedule_names())]
    #[arg(hide_possible_values = true)]
    pub schedule: Option<String>,
    /// How often each export is called
    #[arg(long, default_value_t = 8, value_name = "N", value_parser = count::rounds())]
    pub rounds: usize,
    /// Seed of the generated arguments
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Also report which rules of the specification the cases reach on the oracle
    #[arg(long)]
    pub coverage: bool,
    /// Allow differences that the specification leaves open
    #[arg(long = "allow", value_delimiter = ',', value_name = "POLICY", value_parser = policy_names())]
    pub allow: Vec<String>,
    /// Check what chains need: deterministic is equal gas, also where a call traps, equal bits of NaNs, and the laws of gas, on engines
    /// that all meter
    #[arg(long, value_enum, value_name = "NAME", conflicts_with = "allow")]
    pub check: Option<Check>,
    #[command(flatten)]
    pub time: Timeout,
    #[command(flatten)]
    pub precompiled: Precompiled,
    #[command(flatten)]
    pub program: ProgramArgs,
    /// Arguments of a program of WASI
    #[arg(last = true, value_name = "ARG", value_hint = ValueHint::Other)]
    pub program_args: Vec<String>,
}

pub(crate) fn run(args: &Args, format: Format) -> Result<Status> {
    let tally = args.coverage.then(RuleTally::new);
    let (time, stopped) = args.time.stoppable()?;
    let differs = Differs::new(args, tally.as_ref(), &time)?;
    let mut record = differs.record();
    let mut crashed = false;
    for path in args.files.iter().filter(|path| !finding::is_journal(path)) {
        if stopped.is_stopped() {
            record.not_run += 1;
            continue;
        }
        // A bad file must not hide what is found in the others.
        let given = differs.of(path).and_then(|differ| Ok((differ, case(args, path, differ)?)));
        let (differ, case) = match given.map(|(differ, case)| case.map(|case| (differ, case))) {
            Ok(Some(given)) => given,
            Ok(None) if stopped.is_stopped() => {
                record.not_run += 1;
                continue;
            }
            Ok(None) => {
                crashed = true;
                note_late(&mut record, path);
                continue;
            }
            Err(error) => {
                fault::note(&error);
                record.errors.push(fault::of(&error));
                continue;
            }
        };
        let judged = match differ.judge(&case) {
            Ok(judged) => judged,
            Err(error) => {
                let error = InputError::new("io", path, error.to_string()).into();
                fault::note(&error);
                record.errors.push(fault::of(&error));
                continue;
            }
        };
        if stopped.is_stopped() && judged.is_late() {
            // Broken off, not timed out: it says nothing of the module.
            record.not_run += 1;
            continue;
        }
        crashed |= judged.traces.iter().any(|t| {
            t.steps.iter().any(|s| matches!(s.outcome, Outcome::Crashed(_) | Outcome::TimedOut))
        });
        differ.note(&mut record, &case, &judged);
    }
    record.interrupted = stopped.is_stopped();
    record.coverage = tally.as_ref().map(rule_coverage);
    for idle in &record.idle {
        note!("error: {}: no call was compared: {}", escape::file(&idle.file), idle.reason);
    }
    match format {
        Format::Json => json(&record)?,
        Format::Human => print(args, &record),
    }
    if record.interrupted {
        note!("stopped by a signal: {} not run", counted(record.not_run, "file"));
    }
    Ok(stopped.status(if crashed { Status::EngineFailed } else { status(&record) }))
}

/// The engines, and how they are compared: those that are named, or those of a finding with its gas.
pub(crate) fn differ(
    args: &Args,
    finding: &Finding,
    tally: Option<&RuleTally>,
    time: TimeLimit,
) -> Result<Differ> {
    let names: Vec<&str> = finding.engines.iter().map(String::as_str).collect();
    let default = if names.is_empty() { OWN_TIERS } else { &names };
    let mut adapters = args.engine.adapters_for(default, args.precompiled)?;
    if let Some(tally) = tally {
        watch(&mut adapters, tally, args.precompiled.allowed);
    }
    // A law of gas is broken by one engine alone.
    if adapters.len() < 2 && !finding.is_of_a_law {
        bail!("diff compares at least two engines, but only one is named");
    }
    args.check.map_or(Ok(()), |check| check.can_take(&adapters))?;
    let features = adapters
        .iter()
        .fold(features(&args.features)?, |set, adapter| set.intersection(adapter.features()));
    let schedule = args.schedule.as_deref().or(finding.schedule.as_deref());
    let schedule = engines::schedule(schedule)?;
    let limit = finding.gas.filter(|_| args.gas == GAS).unwrap_or(args.gas);
    let gas = Some(GasConfig { schedule, limit: Some(limit) });
    let run = RunOptions { features, gas, state: true, time: Some(time) };
    let policies = policies(&args.allow)?;
    let laws = args.check == Some(Check::Deterministic) || finding.is_of_a_law;
    Ok(Differ::new(adapters, DiffOptions { run, policies, trap_prefix: false, laws }))
}

/// The status that stands for what was found. A bad file does not hide it.
fn status(record: &DiffRecord) -> Status {
    if !record.divergences.is_empty() {
        Status::Finding
    } else if !record.errors.is_empty() || !record.idle.is_empty() {
        Status::Unusable
    } else {
        Status::Fine
    }
}

fn policy_names() -> Offered {
    Offered::of(Policy::ALL.iter().map(|policy| policy.name()))
}

fn policies(names: &[String]) -> Result<BTreeSet<Policy>> {
    names
        .iter()
        .map(|name| {
            Policy::from_name(name).with_context(|| {
                let known: Vec<&str> = Policy::ALL.iter().map(|p| p.name()).collect();
                format!("{name:?} is not a policy; the policies are {}", known.join(", "))
            })
        })
        .collect()
}

/// The case of a file, if all engines can be asked the same of it; `None` if its calls were not known within the limit.
pub(crate) fn case(args: &Args, path: &Path, differ: &Differ) -> Result<Option<Case>> {
    if path.is_dir() && args.invoke.is_empty() {
        return finding::case(path).map(Some);
    }
    let input = input::read_module(path, args.precompiled)?;
    let is_limited = args.time.holds(path, &input.bytes)?;
    let features = differ.options().run.features;
    let time = differ.options().run.time.clone().filter(|_| is_limited);
    let artefact = Module::is_artefact(&input.bytes).then(|| input.bytes.clone());
    // Decoding may take long here as it may in an engine.
    let plan = Plan::new(args, path, input, features)?;
    let planned = match &time {
        None => plan.case(),
        Some(limit) => {
            let planned = limit.within(move |_| plan.case());
            match planned.context("no thread to decode the module in")? {
                Some(case) => case,
                None => return Ok(None),
            }
        }
    };
    let case = planned.inspect_err(|_| note_lacking(args, path, differ))?;
    let case = Case { artefact, is_limited, ..case };
    if let Some(misfit) = differ.misfit(&case) {
        let gas = differ.options().run.gas.clone();
        let config = SessionConfig { features, gas, turns: false, measure: false, time };
        let message = format!("{misfit}{}", artefact::hint(case.given(), &config));
        return Err(InputError::new("artefact", path, message).into());
    }
    if !is_limited {
        note!(
            "note: {}: compiled without --interruptible, so no limit of time holds",
            path.display()
        );
    }
    if case.is_cut {
        let calls = counted(case.calls.len() as u64, "call");
        note!(
            "note: {}: there would be too many calls, so only the first {calls} are made",
            path.display()
        );
    }
    Ok(Some(case))
}

/// Says which engines lack what a module needs, where that is why it is refused.
fn note_lacking(args: &Args, path: &Path, differ: &Differ) {
    let Ok(input) = input::read_module(path, args.precompiled) else { return };
    let Ok(wasm) = input::module_in(&input.bytes) else { return };
    let Ok(module) = ModuleData::new(&wasm, Features::all()) else { return };
    let Some(feature) = module.lacking(differ.options().run.features) else { return };
    let lacks = |info: &EngineInfo| !info.features.iter().any(|name| name == feature);
    let lacking = differ.infos().into_iter().filter(lacks);
    let lacking: Vec<String> = lacking.map(|info| escape::line(&info.name)).collect();
    if !lacking.is_empty() {
        note!(
            "note: {} did not run a module that needs {feature}: `etalon engines --probe` tells what an engine has",
            lacking.join(" and ")
        );
    }
}

/// What the calls of a module are found out from.
struct Plan {
    path: PathBuf,
    input: input::Input,
    features: Features,
    invoke: Vec<String>,
    seed: u64,
    rounds: usize,
    /// What the module has if it is a program.
    setup: ProgramSetup,
}

impl Plan {
    fn new(args: &Args, path: &Path, input: input::Input, features: Features) -> Result<Plan> {
        let setup = args.program.setup(path, &args.program_args)?;
        let (path, invoke) = (path.to_owned(), args.invoke.clone());
        Ok(Plan { path, input, features, invoke, seed: args.seed, rounds: args.rounds, setup })
    }

    /// The module and its calls.
    fn case(self) -> Result<Case> {
        let Plan { path, input, features, .. } = &self;
        let wasm = input::module_in(&input.bytes)?.into_owned();
        let name = path.display().to_string();
        let module = ModuleData::new(&wasm, *features);
        let runs = |module: &ModuleData| program::is_program(module) && program::has_entry(module);
        if self.invoke.is_empty() && module.as_ref().is_ok_and(runs) {
            let case = Case::of_program(&name, wasm, *features, self.setup.clone(), "_start");
            return case.map_err(|error| input.refused(path, &error).into());
        }
        let Some((invoke, texts)) = self.invoke.split_first() else {
            let mut stream = Stream::new("diff", self.seed, 0);
            let case = Case::of_exports(&name, wasm, *features, &mut stream, self.rounds);
            return case.map_err(|error| input.refused(path, &error).into());
        };
        let invoke = values::name(invoke);
        let module = module.map_err(|error| input.refused(path, &error))?;
        let export = module.export(invoke).filter(|e| e.kind == ExternKind::Func);
        let Some(export) = export else {
            let functions = callable(path, &exports(&module));
            let what = format!("exports no function {}; {functions}", escape::quoted(invoke));
            return Err(InputError::usage(path, what).into());
        };
        let values = values::arguments(texts, &values::params(&module, export.index));
        let wrong = |error| InputError::usage(path, format!("{}: {error:#}", escape::name(invoke)));
        let call = Call { export: invoke.to_owned(), args: values.map_err(wrong)? };
        // A reactor is made ready before, as `run` does it.
        let has = |name: &str| module.export(name).is_some_and(|e| e.kind == ExternKind::Func);
        let is_reactor = has("_initialize") && !has("_start") && call.export != "_initialize";
        let ready = Call { export: "_initialize".to_owned(), args: Vec::new() };
        let calls = is_reactor.then_some(ready).into_iter().chain([call]).collect();
        let program = program::is_program(&module).then(|| Box::new(self.setup.clone()));
        Ok(Case { program, ..Case::new(name, wasm, calls) })
    }
}

/// A file whose calls were not known within the limit.
fn note_late(record: &mut DiffRecord, path: &Path) {
    record.cases += 1;
    record.timed_out.push(Divergence {
        file: path.display().to_string(),
        invoke: None,
        args: Vec::new(),
        what: Aspect::Time,
        calls_before: 0,
        by_engine: BTreeMap::new(),
    });
}

/// The aspect in which engines differ, as a clause.
pub(crate) fn phrase(what: Aspect) -> &'static str {
    match what {
        Aspect::Crash => "one engine crashes",
        Aspect::Loading => "one engine accepts the module, another does not",
        Aspect::Outcome => "outcomes differ",
        Aspect::Trap => "traps differ",
        Aspect::Exception => "exceptions differ",
        Aspect::Results => "results differ",
        Aspect::HostCalls => "calls to host functions differ",
        Aspect::Output => "what the program wrote differs",
        Aspect::Files => "the program's files differ",
        Aspect::Memory => "memories differ",
        Aspect::Globals => "globals differ",
        Aspect::Tables => "tables differ",
        Aspect::Gas => "gas differs",
        Aspect::Depth => "depth differs",
        Aspect::Pages => "the greatest number of pages differs",
        Aspect::LedgerLaw => "the law of the ledger is broken",
        Aspect::TrapLaw => "the law of traps is broken",
        Aspect::KnifeEdgeLaw => "the law of the knife edge is broken",
        Aspect::TransparencyLaw => "the law of transparency is broken",
        Aspect::FreshnessLaw => "the law of freshness is broken",
        Aspect::AdditivityLaw => "the law of additivity is broken",
        Aspect::Time => "timed out",
    }
}

fn print(args: &Args, record: &DiffRecord) {
    for divergence in record.divergences.iter().chain(&record.timed_out) {
        let headline = [plain(headline(divergence)), bad(phrase(divergence.what))];
        output::say_in_colour(headline);
        if let Some(command) = replay(args, divergence) {
            let alone = !Path::new(&divergence.file).is_dir() && divergence.calls_before > 0;
            let before = counted(divergence.calls_before, "call");
            let note = if alone { format!("  # {before} came before it") } else { String::new() };
            say!("  {command}{note}");
        }
        for (engine, seen) in &divergence.by_engine {
            say!("  {engine:<8} {}", seen.relevant(divergence.what));
        }
    }
    print_allowed(&record.poisoned);
    print_refused(&record.refused);
    print_untold(&record.untold);
    if let Some(laws) = &record.laws {
        laws::print(laws);
    }
    if record.not_made > 0 {
        say!("calls not made, because the case ended before them: {}", record.not_made);
    }
    print_not_callable(&record.not_callable);
    let engines: Vec<&str> = record.engines.iter().map(|e| e.name.as_str()).collect();
    let (idle, late) = (record.idle.len() as u64, record.timed_out.len() as u64);
    let ended = |policy: &str| Policy::from_name(policy).is_none_or(|policy| !policy.goes_on());
    let poisoned = record.poisoned.iter().filter(|(policy, _)| ended(policy));
    let poisoned: u64 = poisoned.map(|(_, count)| count).sum();
    let verdict = match record.divergences.len() {
        0 if idle == record.cases => bad("nothing was compared"),
        0 if idle + late + poisoned == record.cases => bad("nothing was compared to the end"),
        0 => good("no divergence"),
        n => bad(format!("{n} diverged")),
    };
    let late = match record.timed_out.len() {
        0 => plain(""),
        n => bad(format!(", timed out: {n}")),
    };
    let (calls, modules) = (counted(record.calls, "call"), counted(record.cases, "module"));
    let (what, on) = (format!("{calls} of {modules}"), engines.join(", "));
    output::say_in_colour([plain(format!("{what} on {on}: ")), verdict, late]);
    if !record.outcomes.is_empty() {
        say!("outcomes: {}", outcomes(&record.outcomes));
    }
    for (engine, functions) in &record.not_compiled {
        let functions = counted(*functions, "function");
        say!("{engine}: the interpreter ran {functions} that the compiler left to it");
    }
    if let Some(coverage) = &record.coverage {
        crate::coverage::print(coverage);
    }
}

/// Functions of which nothing is said; of each file the first ones by name.
fn print_not_callable(all: &[Uncallable]) {
    const MOST_NAMED: usize = 16;
    for of_file in all.chunk_by(|a, b| a.file == b.file) {
        let named =
            of_file.iter().take(MOST_NAMED).map(|func| (escape::name(&func.export), &func.ty));
        let named: Vec<String> = named.map(|(name, ty)| format!("{name} {ty}")).collect();
        let more = match of_file.len().saturating_sub(MOST_NAMED) {
            0 => String::new(),
            more => format!(" and {}", counted(more as u64, "other")),
        };
        let file = escape::file(&of_file[0].file);
        let names = named.join(", ");
        say!("{file}: not called, for there is no argument to give them: {names}{more}");
    }
}

/// Where engines differ.
fn headline(divergence: &Divergence) -> String {
    let file = escape::file(&divergence.file);
    match &divergence.invoke {
        None => format!("{file}: "),
        Some(name) => format!("{file}: {}: ", escape::name(name)),
    }
}

/// The command that makes the call again, as a shell takes it. It is the first call of its instance, and may need those before it.
fn replay(args: &Args, divergence: &Divergence) -> Option<String> {
    let name = divergence.invoke.as_ref().filter(|name| !escape::is_long(name))?;
    if args.program.are_given() || !args.program_args.is_empty() {
        // It is the whole command that was given.
        return None;
    }
    let mut words = vec!["etalon".to_owned(), "diff".to_owned()];
    let is_option = divergence.file.starts_with('-') && divergence.file != "-";
    let file = format!("{}{}", if is_option { "./" } else { "" }, divergence.file);
    words.push(escape::word(&file).into_owned());
    let mut option = |name: &str, value: String| {
        words.push(format!("--{name} {}", escape::word(&value)));
    };
    if args.gas != GAS {
        option("gas", args.gas.to_string());
    }
    if !args.allow.is_empty() {
        option("allow", args.allow.join(","));
    }
    if let Some(limit) = args.time.timeout {
        option("timeout", limit.to_string());
    }
    let named = [&args.engine.engines[..], &args.engine.tiers].concat();
    if !named.is_empty() {
        option("engine", named.join(","));
    }
    if args.features != ["all"] {
        option("features", args.features.join(","));
    }
    if let Some(schedule) = &args.schedule {
        option("schedule", schedule.clone());
    }
    if args.precompiled.allowed {
        words.push("--allow-precompiled".to_owned());
    }
    // A finding has calls of its own.
    if !Path::new(&divergence.file).is_dir() {
        words.push(format!("--invoke {}", escape::word(name)));
        words.extend(divergence.args.iter().map(|arg| escape::word(&arg.in_words()).into_owned()));
    }
    Some(words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use crate::fault::tool;
    use crate::words;
    use clap::Parser;
    use etalon_adapters::{RefKind, Val, ValKind};

    fn parsed(words: Vec<std::ffi::OsString>) -> Args {
        match Cli::try_parse_from(words::words(words)).unwrap().command {
            Command::Diff(args) => args,
            other => panic!("{other:?}"),
        }
    }

    /// What a shell makes of a line, and the program of that, is the call that was printed.
    #[test]
    fn the_line_that_is_printed_makes_the_same_call() {
        let values = [
            Val::I32(-7),
            Val::F32(0xffa0_0000),
            Val::F64(1 << 63),
            Val::F64(0.1f64.to_bits()),
            Val::F32(f32::NEG_INFINITY.to_bits()),
            Val::V128(u128::MAX / 3),
            Val::Null(ValKind::Func),
            Val::Ref(RefKind::Extern(7)),
            Val::Ref(RefKind::Host(8)),
            Val::Ref(RefKind::I31(9)),
        ];
        let before = "etalon diff x --engine oracle,jit --features wasm3,threads --gas 77 --schedule flat \
             --allow relaxed --timeout 1500ms --allow-precompiled";
        let args = parsed(before.split_whitespace().map(Into::into).collect());
        for name in ["f", "-x", "--engine", "-1", "it's $HOME", "a\nb \u{202e}\\", "", "\u{2212}"] {
            let divergence = Divergence {
                file: "odd name's.wat".to_owned(),
                invoke: Some(name.to_owned()),
                args: values.iter().map(|val| val.to_record()).collect(),
                what: Aspect::Results,
                calls_before: 0,
                by_engine: BTreeMap::new(),
            };
            let line = replay(&args, &divergence).unwrap();
            assert_eq!(line, escape::line(&line));
            let mut bash = std::process::Command::new("bash");
            bash.env("LC_ALL", "C.UTF-8").args(["-c", &format!("printf '%s\\0' {line}")]);
            let words = String::from_utf8(bash.output().unwrap().stdout).unwrap();
            let words = words.trim_end_matches('\0').split('\0').map(Into::into).collect();
            let again = parsed(words);
            assert_eq!(again.files, [Path::new("odd name's.wat")]);
            assert_eq!(again.engine.engines, ["oracle", "jit"]);
            assert_eq!(again.features, ["wasm3", "threads"]);
            assert_eq!((again.gas, again.schedule.as_deref()), (77, Some("flat")));
            assert_eq!((&again.allow, again.time.timeout), (&args.allow, args.time.timeout));
            assert!(again.precompiled.allowed);
            assert_eq!(values::name(&again.invoke[0]), name);
            let params = values.map(|val| val.kind().into());
            assert_eq!(values::arguments(&again.invoke[1..], &params).unwrap(), values);
        }
    }

    #[test]
    fn a_bad_file_does_not_hide_a_divergence() {
        let mut record = DiffRecord::new(tool(), "any");
        assert_eq!(status(&record), Status::Fine);
        record.errors.push(InputError::new("io", Path::new("x"), "cannot be read").fault);
        assert_eq!(status(&record), Status::Unusable);
        record.divergences.push(Divergence {
            file: "y".into(),
            invoke: None,
            args: Vec::new(),
            what: Aspect::Gas,
            calls_before: 0,
            by_engine: BTreeMap::new(),
        });
        assert_eq!(status(&record), Status::Finding);
    }
}
