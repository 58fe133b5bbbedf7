//! `etalon diff`

use crate::commands::validate::features;
use crate::engines::{self, EngineArgs, OWN_TIERS};
use crate::escape;
use crate::exit::Status;
use crate::fault::{self, InputError, tool};
use crate::input::Precompiled;
use crate::output::{self, Format, bad, good, json, note, plain, say};
use crate::time::Timeout;
use crate::{artefact, count, input, values};
use anyhow::{Context, Result, bail};
use etalon::unstable::{ModuleData, module::ExternKind};
use etalon_adapters::{Features, GasConfig, Outcome, RuleTally, SessionConfig, TimeLimit, Val};
use etalon_harness::coverage::{rule_coverage, watch};
use etalon_harness::diff::{Call, Case, DiffOptions, Differ, MOST_CALLS, Policy, RunOptions};
use etalon_harness::generate::Stream;
use etalon_record::{Aspect, DiffRecord, Divergence, Observation};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Arguments of `etalon diff`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  etalon diff module.wasm                          call each export with generated arguments
  etalon diff module.wat --invoke div 7 -1         make one call; arguments are those of `etalon run`
  etalon diff *.wasm --engine oracle,jit --format json")]
pub(crate) struct Args {
    /// The modules
    #[arg(required = true, num_args = 1.., value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Call only this export, with these arguments
    #[arg(long, num_args = 1.., value_names = ["NAME", "ARG"])]
    pub invoke: Vec<String>,
    #[command(flatten)]
    pub engine: EngineArgs,
    /// Features that modules may use: wasm1, wasm2, wasm3, all, or features by name
    #[arg(long, value_delimiter = ',', default_value = "all", value_name = "NAME")]
    pub features: Vec<String>,
    /// Gas limit of each case; it also ends endless loops
    #[arg(long, default_value_t = 100_000_000, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub gas: u64,
    /// Gas schedule: a built-in name or a file
    #[arg(long, value_name = "NAME")]
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
    /// Allow differences that the specification leaves open: nan-bits, exhaustion, grow, relaxed, unsupported
    #[arg(long = "allow", value_delimiter = ',', value_name = "POLICY")]
    pub allow: Vec<String>,
    #[command(flatten)]
    pub time: Timeout,
    #[command(flatten)]
    pub precompiled: Precompiled,
}

pub(crate) fn run(args: &Args, format: Format) -> Result<Status> {
    let tally = args.coverage.then(RuleTally::new);
    let (time, stopped) = args.time.stoppable()?;
    let differ = differ(args, tally.as_ref(), time)?;
    let mut record = differ.record(tool(), std::env::consts::ARCH);
    let mut crashed = false;
    for path in &args.files {
        if stopped.is_stopped() {
            record.not_run += 1;
            continue;
        }
        // A bad file must not hide what is found in the others.
        let case = match case(args, path, &differ) {
            Ok(case) => case,
            Err(error) => {
                note!("error: {error:#}");
                record.errors.push(fault::of(&error));
                continue;
            }
        };
        let judged = differ.judge(&case)?;
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
        note!("error: {}: no call was compared: {}", idle.file, idle.reason);
    }
    match format {
        Format::Json => json(&record)?,
        Format::Human => print(&record),
    }
    if record.interrupted {
        note!("stopped by a signal: {} files were not run", record.not_run);
    }
    Ok(stopped.status(if crashed { Status::EngineFailed } else { status(&record) }))
}

/// The engines, and how they are compared.
fn differ(args: &Args, tally: Option<&RuleTally>, time: TimeLimit) -> Result<Differ> {
    let mut adapters = args.engine.adapters_for(OWN_TIERS, args.precompiled)?;
    if let Some(tally) = tally {
        watch(&mut adapters, tally, args.precompiled.allowed);
    }
    if adapters.len() < 2 {
        bail!("diff compares at least two engines, but only one is named");
    }
    let features = adapters
        .iter()
        .fold(features(&args.features)?, |set, adapter| set.intersection(adapter.features()));
    let schedule = engines::schedule(args.schedule.as_deref())?;
    let gas = Some(GasConfig { schedule, limit: Some(args.gas) });
    let run = RunOptions { features, gas, state: true, time: Some(time) };
    let policies = policies(&args.allow)?;
    Ok(Differ::new(adapters, DiffOptions { run, policies, trap_prefix: false }))
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

/// The case of a file, if all engines can be asked the same of it.
fn case(args: &Args, path: &Path, differ: &Differ) -> Result<Case> {
    let bytes = input::read_module(path, args.precompiled)?;
    let is_limited = args.time.holds(path, &bytes)?;
    let wasm = input::module_in(&bytes)?.into_owned();
    let features = differ.options().run.features;
    // Each engine takes what it can run: the module, or the code in the artefact.
    let case = Case { wasm: bytes, is_limited, ..calls(args, path, wasm, features)? };
    if let Some(misfit) = differ.misfit(&case) {
        let run = &differ.options().run;
        let time = run.time.clone().filter(|_| is_limited);
        let config = SessionConfig { features, gas: run.gas.clone(), turns: false, time };
        let message = format!("{misfit}{}", artefact::hint(&case.wasm, &config));
        return Err(InputError::new("artefact", path, message).into());
    }
    if !is_limited {
        note!(
            "note: {}: compiled without --interruptible, so no limit of time holds",
            path.display()
        );
    }
    if case.calls.len() >= MOST_CALLS {
        note!("note: {}: only the first {MOST_CALLS} calls are made", path.display());
    }
    Ok(case)
}

/// The calls of a module.
fn calls(args: &Args, path: &Path, wasm: Vec<u8>, features: Features) -> Result<Case> {
    let name = path.display().to_string();
    let Some((invoke, texts)) = args.invoke.split_first() else {
        let mut stream = Stream::new("diff", args.seed, 0);
        let case = Case::of_exports(&name, wasm, features, &mut stream, args.rounds);
        return case.map_err(|error| InputError::load(path, &error).into());
    };
    let module =
        ModuleData::new(&wasm, features).map_err(|error| InputError::load(path, &error))?;
    let export = module.export(invoke).filter(|e| e.kind == ExternKind::Func);
    let Some(export) = export else {
        bail!("{name}: exports no function {invoke:?}");
    };
    let params = &module.func_type(export.index).params;
    if params.len() != texts.len() {
        bail!("{name}: {invoke} takes {} arguments, not {}", params.len(), texts.len());
    }
    let kinds = params.iter().map(|ty| etalon_adapters::kind_of(*ty));
    let values: Vec<Val> = texts
        .iter()
        .zip(kinds)
        .map(|(text, kind)| values::parse(text, kind))
        .collect::<Result<_>>()?;
    let call = Call { export: invoke.clone(), args: values };
    Ok(Case::new(name, wasm, vec![call]))
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
        Aspect::Memory => "memories differ",
        Aspect::Globals => "globals differ",
        Aspect::Tables => "tables differ",
        Aspect::Gas => "gas differs",
        Aspect::Depth => "depth differs",
        Aspect::Time => "timed out",
    }
}

fn print(record: &DiffRecord) {
    for divergence in &record.divergences {
        output::say_in_colour([bad(headline(divergence))]);
        for (engine, seen) in &divergence.by_engine {
            say!("  {engine:<8} {}", relevant(seen, divergence.what));
        }
    }
    for timeout in &record.timed_out {
        output::say_in_colour([bad(headline(timeout))]);
        for (engine, seen) in &timeout.by_engine {
            say!("  {engine:<8} {}", relevant(seen, timeout.what));
        }
    }
    for (policy, count) in &record.poisoned {
        say!("not compared to the end because of {policy}: {count}");
    }
    if record.not_made > 0 {
        say!("calls not made, because the case ended before them: {}", record.not_made);
    }
    let engines: Vec<&str> = record.engines.iter().map(|e| e.name.as_str()).collect();
    let (idle, late) = (record.idle.len() as u64, record.timed_out.len() as u64);
    let poisoned: u64 = record.poisoned.values().sum();
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
    let calls = if record.calls == 1 { "call" } else { "calls" };
    let modules = if record.cases == 1 { "module" } else { "modules" };
    let (what, on) =
        (format!("{} {calls} of {} {modules}", record.calls, record.cases), engines.join(", "));
    output::say_in_colour([plain(format!("{what} on {on}: ")), verdict, late]);
    if !record.outcomes.is_empty() {
        say!("outcomes: {}", outcomes(&record.outcomes));
    }
    for (engine, functions) in &record.not_compiled {
        say!("{engine}: the interpreter ran {functions} functions that are not compiled");
    }
    if let Some(coverage) = &record.coverage {
        crate::coverage::print(coverage);
    }
}

/// Counts of outcomes on one line.
pub(crate) fn outcomes(counts: &BTreeMap<String, u64>) -> String {
    counts.iter().map(|(name, n)| format!("{name} {n}")).collect::<Vec<_>>().join(", ")
}

/// What an engine did, without the digests of what does not differ.
fn relevant(seen: &Observation, what: Aspect) -> Observation {
    let mut seen = seen.clone();
    seen.digests.retain(|name, _| {
        matches!(
            (what, name.as_str()),
            (Aspect::Memory, "memories") | (Aspect::Globals, _) | (Aspect::Tables, "tables")
        )
    });
    seen
}

/// Where engines differ, and in what.
fn headline(divergence: &Divergence) -> String {
    let call = match &divergence.invoke {
        None => String::new(),
        Some(name) => {
            let args: Vec<String> = divergence.args.iter().map(|v| v.value.clone()).collect();
            format!(": {}({})", escape::name(name), args.join(", "))
        }
    };
    format!("{}{call}: {}", escape::file(&divergence.file), phrase(divergence.what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_file_does_not_hide_a_divergence() {
        let mut record = DiffRecord::new(tool(), "any");
        assert_eq!(status(&record), Status::Fine);
        record.errors.push(InputError::new("io", Path::new("x"), "cannot be read").0);
        assert_eq!(status(&record), Status::Unusable);
        record.divergences.push(Divergence {
            file: "y".into(),
            invoke: None,
            args: Vec::new(),
            what: Aspect::Gas,
            by_engine: BTreeMap::new(),
        });
        assert_eq!(status(&record), Status::Finding);
    }
}
