//! `etalon run --batch`: many calls over all cores.

use super::run::Args;
use super::validate::features;
use crate::exit::Status;
use crate::fault::{InputError, tool};
use crate::figures::Figures;
use crate::output::{Format, json, say};
use crate::program;
use crate::time::Limit;
use crate::{engines, escape, input, values};
use anyhow::{Result, anyhow, bail};
use etalon::unstable::ModuleData;
use etalon::wasi::{self, Captured, Output, Policy, WasiCtx, WasiCtxBuilder};
use etalon::{
    BatchOptions, Config, Engine, Exhaustion, Job, JobOutcome, Linker, ThrownException, Tier, Trap,
    Val,
};
use etalon_adapters as adapters;
use etalon_record::{Document, Kind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Bytes of each stream of a program that are kept.
const MOST_WRITTEN: usize = 1 << 20;
/// Bytes that the memories, tables and heap of all calls that run at a time may have together.
const MEMORY: usize = 4 << 30;

/// Bytes that a call may have if its line does not say: one that might have all would run alone.
const JOB_MEMORY: usize = 256 << 20;

/// A line of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
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

/// What became of a line.
#[derive(Debug, Serialize)]
struct Row {
    /// Its number, from 1.
    line: usize,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    results: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stdout: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stderr: Option<String>,
    stats: Figures,
}

#[derive(Debug, Serialize)]
struct Batch {
    engine: &'static str,
    failed: usize,
    rows: Vec<Row>,
}

/// What is kept with the store of a job.
struct Own {
    program: WasiCtx,
    written: [Captured; 2],
}

pub(crate) fn run(args: &Args, path: &Path, format: Format) -> Result<Status> {
    let lines = lines(path)?;
    let engine = engine(args, lines.iter().any(|line| line.gas.is_some() || args.gas.is_some()))?;
    let mut modules = BTreeMap::new();
    let mut jobs = Vec::with_capacity(lines.len());
    for (number, line) in lines.iter().enumerate() {
        let wrong = |what: String| InputError::usage(path, format!("line {}: {what}", number + 1));
        let file = line.file.as_deref().or(args.file.as_deref());
        let file =
            file.ok_or_else(|| wrong("it names no file, and the command line none".into()))?;
        if !modules.contains_key(file) {
            modules.insert(file.to_owned(), Known::read(args, file, &engine)?);
        }
        let job = modules[file].job(args, line);
        jobs.push(job.map_err(|error| wrong(format!("{error:#}")))?);
    }
    let mut linker: Linker<Own> = Linker::new(&engine);
    wasi::add_to_linker(&mut linker, |own: &mut Own| &mut own.program)?;
    let mut options = BatchOptions::new().memory(MEMORY);
    if let Some(jobs) = args.jobs {
        options = options.threads(jobs.get());
    }
    let name = |line: &Line| line.file.clone().or_else(|| args.file.clone()).unwrap_or_default();
    let own = |number: usize| own(&name(&lines[number]), &lines[number]);
    let outcomes = engine.run_batch(&linker, &jobs, &options, own);
    let rows: Vec<Row> =
        outcomes.iter().enumerate().map(|(number, outcome)| row(number + 1, outcome)).collect();
    let is_fine = |row: &&Row| row.outcome == "returned" || row.status == Some(0);
    let failed = rows.len() - rows.iter().filter(is_fine).count();
    match format {
        Format::Json => {
            let body = Batch { engine: engine.tier().name(), failed, rows };
            json(&Document::new(Kind::Batch, tool(), body))?;
        }
        Format::Human => rows.iter().for_each(print),
    }
    Ok(if failed == 0 { Status::Fine } else { Status::Finding })
}

/// The lines that say something.
fn lines(path: &Path) -> Result<Vec<Line>> {
    let text = input::read_text(path)?;
    let said = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let lines = said.map(|(number, line)| {
        serde_json::from_str(line).map_err(|error| {
            InputError::usage(path, format!("line {}: {error}", number + 1)).into()
        })
    });
    lines.collect()
}

fn engine(args: &Args, is_metered: bool) -> Result<Engine> {
    let named = args.engine.named();
    let names: Vec<&String> = named.engines.iter().chain(&named.tiers).collect();
    let tier: Tier = match names.as_slice() {
        [] => Tier::Auto,
        [name] => {
            name.parse().map_err(|_| anyhow!("a batch runs on a tier of ours: {name:?} is none"))?
        }
        _ => bail!("a batch runs on one engine"),
    };
    let mut config = Config::new();
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
        }
        if let Some(gas) = line.gas.or(args.gas) {
            job = job.gas(gas);
        }
        match (&line.timeout, args.timeout) {
            (Some(time), _) => job = job.time(humantime::parse_duration(time)?),
            (None, Some(Limit::After(time))) => job = job.time(time),
            (None, Some(Limit::None) | None) => {}
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
fn own(file: &Path, line: &Line) -> Own {
    let (out, stdout) = Output::captured(MOST_WRITTEN);
    let (err, stderr) = Output::captured(MOST_WRITTEN);
    let mut builder = WasiCtxBuilder::new();
    builder.arg(program::program_name(file)).policy(Policy::deterministic(0));
    if line.invoke.is_none() {
        builder.args(line.args.iter().filter(|arg| !arg.contains('\0')).cloned());
    }
    builder.stdin(etalon::wasi::Stdin::bytes(line.stdin.clone())).stdout(out).stderr(err);
    Own { program: builder.build().unwrap_or_default(), written: [stdout, stderr] }
}

fn row(line: usize, outcome: &JobOutcome<Own>) -> Row {
    let written = |stream: usize| {
        let bytes = outcome.data.as_ref()?.written[stream].bytes();
        (!bytes.is_empty()).then(|| String::from_utf8_lossy(&bytes).into_owned())
    };
    let mut row = Row {
        line,
        outcome: "returned",
        results: Vec::new(),
        status: None,
        message: None,
        stdout: written(0),
        stderr: written(1),
        stats: Figures::from(&outcome.metrics),
    };
    match &outcome.result {
        Ok(results) => row.results = results.iter().map(shown).collect(),
        Err(error) => {
            let exit = error.downcast_ref::<wasi::Exit>();
            row.status = exit.map(|exit| exit.status);
            row.outcome = match () {
                () if exit.is_some() => "exited",
                () if error.is::<Trap>() => "trapped",
                () if error.is::<ThrownException>() => "threw",
                () if error.is::<etalon::JobError>() => "refused",
                () if error.is::<Exhaustion>() => "exhausted",
                () => "host-error",
            };
            let text = format!("{error:#}");
            // Where it was is of no use here.
            let text = text.split(": wasm backtrace:").next().unwrap_or_default();
            row.message = exit.is_none().then(|| text.to_owned());
        }
    }
    row
}

fn shown(val: &Val) -> String {
    let val = match val {
        Val::I32(v) => adapters::Val::I32(*v),
        Val::I64(v) => adapters::Val::I64(*v),
        Val::F32(v) => adapters::Val::F32(*v),
        Val::F64(v) => adapters::Val::F64(*v),
        Val::V128(v) => adapters::Val::V128(*v),
        _ => return "a reference".to_owned(),
    };
    val.to_record().to_string()
}

fn print(row: &Row) {
    let mut text = format!("{}: {}", row.line, row.outcome);
    for result in &row.results {
        text.push_str(&format!(" {result}"));
    }
    if let Some(status) = row.status {
        text.push_str(&format!(": status {status}"));
    }
    if let Some(message) = &row.message {
        text.push_str(&format!(": {}", escape::line(message)));
    }
    for (name, written) in [("stdout", &row.stdout), ("stderr", &row.stderr)] {
        if let Some(written) = written {
            text.push_str(&format!(", {name} {}", escape::quoted(written)));
        }
    }
    say!("{text}");
}
