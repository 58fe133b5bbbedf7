//! `etalon run --batch`: many calls over all cores.

use super::batch_rows::{Told, row};
use super::run::Args;
use super::validate::features;
use crate::exit::Status;
use crate::fault::InputError;
use crate::output::{Format, note};
use crate::program;
use crate::time::{Limit, Stopped, limit};
use crate::words::counted;
use crate::{engines, escape, input, values};
use anyhow::{Error, Result, anyhow, bail};
use etalon::unstable::{ModuleData, interrupt_handle};
use etalon::wasi::{self, Captured, Output, Policy, WasiCtx, WasiCtxBuilder};
use etalon::{
    BatchOptions, Cache, Config, Engine, Exhaustion, Job, JobError, JobOutcome, Linker, Tier, Val,
};
use etalon_adapters as adapters;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::thread;

/// Bytes of each stream of a program that are kept.
const MOST_WRITTEN: usize = 1 << 20;
/// Bytes that the memories, tables and heap of all calls that run at a time may have together.
const MEMORY: usize = 4 << 30;

/// Bytes that a call may have if its line does not say: one that might have all would run alone.
const JOB_MEMORY: usize = 256 << 20;

/// Calls that may have begun before an earlier one is told: what they wrote is kept so long.
const WINDOW: usize = 64;

/// A line of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// Its number in the file, from 1.
    #[serde(skip)]
    number: usize,
    /// The module, if it is not the one of the command line.
    #[serde(default)]
    file: Option<PathBuf>,
    /// The export; `_start` by default.
    #[serde(default)]
    invoke: Option<String>,
    /// Its arguments as the text format writes them; or those of a program of WASI.
    #[serde(default)]
    args: Vec<String>,
    /// What a program reads.
    #[serde(default)]
    stdin: String,
    /// The gas limit.
    #[serde(default)]
    gas: Option<u64>,
    /// How long it may take.
    #[serde(default)]
    timeout: Option<String>,
    /// Bytes that its memories, tables and heap may have.
    #[serde(default)]
    memory: Option<usize>,
}

/// What is kept with the store of a job.
pub(super) struct Own {
    program: WasiCtx,
    pub(super) written: [Captured; 2],
}

pub(crate) fn run(args: &Args, path: &Path, format: Format) -> Result<Status> {
    let lines = lines(path)?;
    let is_metered = lines.iter().any(|line| line.gas.is_some() || args.gas.is_some());
    let tier = tier(args)?;
    let compiles = !matches!(tier, Tier::Oracle | Tier::Interp);
    let cache = if compiles { args.cache.open() } else { None };
    let engine = engine(args, tier, is_metered, cache.as_ref())?;
    let mut modules = BTreeMap::new();
    let mut jobs = Vec::with_capacity(lines.len());
    let handle = interrupt_handle();
    for line in &lines {
        let wrong = |what: String| InputError::usage(path, format!("line {}: {what}", line.number));
        let file = line.file.as_deref().or(args.file.as_deref());
        let file =
            file.ok_or_else(|| wrong("it names no file, and the command line none".into()))?;
        if !modules.contains_key(file) {
            modules.insert(file.to_owned(), Known::read(args, file, &engine)?);
        }
        let job = modules[file].job(args, line);
        jobs.push(job.map_err(|error| wrong(format!("{error:#}")))?.interrupt(&handle));
    }
    crate::cache::note_failure(cache.as_ref());
    let mut linker: Linker<Own> = Linker::new(&engine);
    wasi::add_to_linker(&mut linker, |own: &mut Own| &mut own.program)?;
    let mut options = BatchOptions::new().memory(MEMORY).window(WINDOW);
    if let Some(jobs) = args.jobs {
        options = options.threads(jobs.get());
    }
    let name = |line: &Line| line.file.clone().or_else(|| args.file.clone()).unwrap_or_default();
    let own = |number: usize| own_of(&name(&lines[number]), &lines[number]);
    let (calls, breaks_off) = (jobs.len(), handle.clone());
    let stopped = Stopped::on_signals(move |_| {
        note!("stopping: what is under way is broken off; once more ends at once");
        breaks_off.interrupt();
    })?;
    let told = thread::scope(|scope| {
        let (sender, receiver) = sync_channel(1);
        let (engine, stopped, jobs, lines) = (&engine, &stopped, &jobs, &lines);
        scope.spawn(move || {
            let mut broken_off = 0;
            engine.run_batch_with(&linker, jobs, &options, own, |number, outcome| {
                // Behind one that a signal broke off there may be others that were done, but only among those that had begun.
                if stopped.is_stopped() && is_broken_off(&outcome) {
                    broken_off += 1;
                    return goes_on(broken_off < WINDOW);
                }
                broken_off = 0;
                goes_on(sender.send(row(lines[number].number, &outcome)).is_ok())
            });
        });
        Told::new(engine.tier().name(), calls, receiver, &handle).write(format)
    })?;
    if told.not_run > 0 && stopped.is_stopped() {
        note!("stopped by a signal: {} not made", counted(told.not_run as u64, "call"));
    }
    let found = if told.failed == 0 { Status::Fine } else { Status::Finding };
    Ok(if told.not_run > 0 { stopped.status(found) } else { found })
}

fn goes_on(goes_on: bool) -> ControlFlow<()> {
    if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}

/// Whether a call was ended by nothing of its own.
fn is_broken_off(outcome: &JobOutcome<Own>) -> bool {
    outcome.result.as_ref().is_err_and(|error| {
        let interrupted = error.downcast_ref() == Some(&Exhaustion::Interrupted);
        interrupted && !matches!(error.downcast_ref(), Some(JobError::TimedOut(_)))
    })
}

/// The lines that say something.
fn lines(path: &Path) -> Result<Vec<Line>> {
    let text = input::read_text(path)?;
    let said = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let lines = said.map(|(number, line)| {
        let number = number + 1;
        let wrong = |error| InputError::usage(path, format!("line {number}: {error}")).into();
        serde_json::from_str(line).map(|line| Line { number, ..line }).map_err(wrong)
    });
    lines.collect()
}

fn tier(args: &Args) -> Result<Tier> {
    let named = args.engine.named();
    let names: Vec<&String> = named.engines.iter().chain(&named.tiers).collect();
    match names.as_slice() {
        [] => Ok(Tier::Auto),
        [name] => {
            name.parse().map_err(|_| anyhow!("a batch runs on a tier of ours: {name:?} is none"))
        }
        _ => bail!("a batch runs on one engine"),
    }
}

fn engine(args: &Args, tier: Tier, is_metered: bool, cache: Option<&Cache>) -> Result<Engine> {
    let mut config = Config::new();
    config.cache(cache);
    config.tier(tier).features(features(&args.features)?).interruptible(true);
    if is_metered || args.stats {
        config.schedule(engines::schedule(args.schedule.as_deref())?).consume_fuel(true);
    }
    Engine::new(&config)
}

/// A module that jobs run.
struct Known {
    module: etalon::Module,
    data: ModuleData,
    is_program: bool,
}

impl Known {
    fn read(args: &Args, file: &Path, engine: &Engine) -> Result<Known> {
        let input = input::read_module(file, args.precompiled)?;
        let wasm = input::module_in(&input.bytes)?;
        let data = ModuleData::new(&wasm, features(&args.features)?)
            .map_err(|error| input.refused(file, &error))?;
        let module = etalon::Module::new(engine, &*wasm)?;
        let is_program = program::is_program(&data);
        Ok(Known { module, data, is_program })
    }

    fn job(&self, args: &Args, line: &Line) -> Result<Job> {
        let name = line.invoke.as_deref().unwrap_or("_start");
        let mut job = Job::new(&self.module, name);
        if line.invoke.is_some() || !self.is_program {
            let export = self.data.export(name);
            let export =
                export.ok_or_else(|| anyhow!("nothing is exported as {}", escape::quoted(name)))?;
            let given = values::arguments(&line.args, &values::params(&self.data, export.index))?;
            job = job.args(given.into_iter().map(value).collect::<Result<Vec<Val>>>()?);
        } else if let Some(arg) = line.args.iter().find(|arg| arg.contains('\0')) {
            bail!("no program can be given the argument {}", escape::quoted(arg));
        }
        if let Some(gas) = line.gas.or(args.gas) {
            job = job.gas(gas);
        }
        let own = line.timeout.as_deref().map(limit).transpose().map_err(Error::msg)?;
        if let Some(Limit::After(time)) = own.or(args.timeout) {
            job = job.time(time);
        }
        Ok(job.memory(line.memory.unwrap_or(JOB_MEMORY)))
    }
}

/// A value that needs no store.
fn value(val: adapters::Val) -> Result<Val> {
    Ok(match val {
        adapters::Val::I32(v) => Val::I32(v),
        adapters::Val::I64(v) => Val::I64(v),
        adapters::Val::F32(v) => Val::F32(v),
        adapters::Val::F64(v) => Val::F64(v),
        adapters::Val::V128(v) => Val::V128(v),
        adapters::Val::Null(_) | adapters::Val::Ref(_) => {
            bail!("references cannot be given to the calls of a batch")
        }
    })
}

/// What a program of a line has: its arguments, what it reads, and nothing of the host's.
fn own_of(file: &Path, line: &Line) -> Own {
    let (out, stdout) = Output::captured(MOST_WRITTEN);
    let (err, stderr) = Output::captured(MOST_WRITTEN);
    let mut builder = WasiCtxBuilder::new();
    builder.arg(program::program_name(file)).policy(Policy::deterministic(0));
    if line.invoke.is_none() {
        builder.args(line.args.iter().cloned());
    }
    builder.stdin(etalon::wasi::Stdin::bytes(line.stdin.clone())).stdout(out).stderr(err);
    Own { program: builder.build().unwrap_or_default(), written: [stdout, stderr] }
}
