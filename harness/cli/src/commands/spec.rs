//! `etalon spec`

use crate::count;
use crate::engines::{self, EngineArgs, OWN_TIERS, Offered};
use crate::exit::Status;
use crate::fault;
use crate::output::{self, Format, bad, dim, good, json, note, plain, say};
use crate::progress::ScriptBar;
use crate::record_file::RecordFile;
use crate::time::{Stopped, Timeout};
use crate::words::counted;
use anyhow::Result;
use etalon_adapters::{Adapter, GasConfig, RuleTally};
use etalon_harness::coverage::{rule_coverage, watch};
use etalon_harness::script::{Glob, ScriptOptions, Selection, Shard, SuiteRun, run_suites};
use etalon_record::{Row, Standing, SuiteRecord, to_json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Arguments of `etalon spec`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  etalon spec                                        run everything on all tiers
  etalon spec --suite wasm-v1,wasm-v2 --tier oracle,jit
  etalon spec --suite 'proposals/*' --filter 'memory*'
  etalon spec --shard 1/4 --record part1.json        run a quarter of it
  etalon spec --coverage                             which rules do the scripts reach?")]
pub(crate) struct Args {
    /// Suites, by name or pattern: wasm-v1, wasm-v2, wasm-v3, wasm-latest, proposals/*, local
    #[arg(long, value_delimiter = ',', value_name = "NAME", value_parser = suite_names())]
    #[arg(hide_possible_values = true)]
    pub suite: Vec<String>,
    /// Only scripts whose name matches
    #[arg(long, value_name = "GLOB")]
    pub filter: Option<String>,
    /// Only part I of N parts
    #[arg(long, value_name = "I/N")]
    pub shard: Option<String>,
    #[command(flatten)]
    pub run: RunArgs,
}

/// What `spec` and `wast` have in common.
#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub engine: EngineArgs,
    /// Gas schedule: etalon-1, flat, wasmtime-48, wasmi-2, or a file
    #[arg(long, value_name = "NAME", value_parser = engines::schedule_names())]
    #[arg(hide_possible_values = true)]
    pub schedule: Option<String>,
    /// Do not meter gas
    #[arg(long, conflicts_with = "schedule")]
    pub no_gas: bool,
    /// Also report which rules of the specification are reached. The oracle counts them; it runs even if
    /// it is not among the engines that are named
    #[arg(long)]
    pub coverage: bool,
    /// How many scripts run at a time; by default one for each core
    #[arg(long, value_name = "N", value_parser = count::jobs())]
    pub jobs: Option<usize>,
    /// Seed of the interleaving of the threads of scripts; the same seed gives the same interleaving
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub thread_seed: u64,
    #[command(flatten)]
    pub time: Timeout,
    /// Also write the record to a file
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
}

/// Engines and options, ready to run scripts.
pub(crate) struct Prepared {
    pub adapters: Vec<Arc<dyn Adapter>>,
    pub options: ScriptOptions,
    /// Where reached rules are counted, if `--coverage` is given.
    pub tally: Option<RuleTally>,
    /// Whether a signal ended the run.
    pub stopped: Stopped,
    /// Where to write the record, if asked.
    pub record: Option<RecordFile>,
}

impl RunArgs {
    /// The engines, and how they are run; the record must not be written over what is read.
    pub(crate) fn prepare(&self, inputs: &[&Path]) -> Result<Prepared> {
        let mut adapters = self.engine.adapters(OWN_TIERS)?;
        let tally = self.coverage.then(RuleTally::new);
        if let Some(tally) = &tally {
            watch(&mut adapters, tally, false);
        }
        let mut options =
            ScriptOptions { jobs: self.jobs, seed: self.thread_seed, ..ScriptOptions::default() };
        if !self.no_gas {
            let schedule = engines::schedule(self.schedule.as_deref())?;
            options.gas = Some(GasConfig { schedule, limit: None });
        }
        let (time, stopped) = self.time.stoppable()?;
        options.time = Some(time);
        let schedule = self.schedule.as_deref().map(Path::new);
        let inputs: Vec<&Path> = inputs.iter().copied().chain(schedule).collect();
        let record = self.record.as_deref().map(|path| RecordFile::create(path, &inputs));
        let record = record.transpose()?;
        Ok(Prepared { adapters, options, tally, stopped, record })
    }
}

pub(crate) fn run(args: &Args, format: Format) -> Result<Status> {
    let Prepared { adapters, options, tally, stopped, record } = args.run.prepare(&[])?;
    let selection = Selection {
        suites: args.suite.clone(),
        filter: args.filter.as_deref().map(str::parse::<Glob>).transpose()?,
        shard: args.shard.as_deref().map(str::parse::<Shard>).transpose()?,
    };
    let engines: Vec<&dyn Adapter> = adapters.iter().map(|a| &**a).collect();
    let mut run = run_suites(&engines, &selection, &options, &ScriptBar::new())?;
    run.record.coverage = tally.as_ref().map(rule_coverage);
    Ok(stopped.status(finish(&run, record.as_ref(), format)?))
}

/// Prints a run; writes its record if asked.
pub(crate) fn finish(
    run: &SuiteRun,
    record: Option<&RecordFile>,
    format: Format,
) -> Result<Status> {
    let mut document = run.record.clone();
    document.errors = run.errors.iter().map(fault::of_script).collect();
    if let Some(file) = record {
        file.write(&to_json(&document)?)?;
    }
    run.errors.iter().for_each(|error| note!("error: {error}"));
    match format {
        Format::Json => json(&document)?,
        Format::Human => print(run),
    }
    if run.record.not_run > 0 {
        note!("stopped by a signal; not run: {}", counted(run.record.not_run, "script"));
    }
    let crashed = |row: &Row| row.failures.iter().any(|f| f.got.starts_with("crash"));
    let t = &run.record.totals;
    let nothing_tried = t.assertions > 0 && t.assertions == t.skipped;
    if nothing_tried {
        note!("error: no assertion was tried, for the engines lack what they need");
    }
    Ok(if t.timed_out > 0 || run.record.rows.iter().any(crashed) {
        Status::EngineFailed
    } else if !(t.is_clean() && run.record.gas.all_equal()) {
        // A bad script does not hide what others found.
        Status::Finding
    } else if !run.errors.is_empty() || nothing_tried {
        Status::Unusable
    } else {
        Status::Fine
    })
}

/// Failures first, then a line for each suite and engine, then the sums.
fn print(run: &SuiteRun) {
    let record = &run.record;
    for row in record.rows.iter().filter(|r| r.standing() >= Standing::TimedOut) {
        let title = format!("{} on {}", run.place(&row.suite, &row.file), row.engine);
        output::say_in_colour([bad(title)]);
        for failure in row.failures.iter().take(MOST_FAILURES) {
            say!("  line {}: {}", failure.line, failure.text.as_ref().unwrap_or(&failure.kind));
            say!("    expected {}", failure.expected);
            say!("    got      {}", failure.got);
        }
        if row.failures.len() > MOST_FAILURES {
            say!("  … and {} more; --format json has all", row.failures.len() - MOST_FAILURES);
        }
        for note in &row.timeouts {
            say!("  line {}: timed out: {}", note.line, note.reason);
        }
        for note in &row.unexpected {
            say!("  line {}: passes, but is listed as failing: {}", note.line, note.reason);
        }
    }
    for mismatch in &record.gas.unequal {
        let by: Vec<String> = mismatch.by_engine.iter().map(|(e, n)| format!("{e} {n}")).collect();
        let title = format!("{}: gas differs", run.place(&mismatch.suite, &mismatch.file));
        output::say_in_colour([bad(title), plain(format!(": {}", by.join(", ")))]);
    }
    suites(record);
    let t = &record.totals;
    let late = match t.timed_out {
        0 => plain(""),
        n => bad(format!(", timed out: {n}")),
    };
    let counts = format!(
        "{}, {}: {} passed, {} failed, {} skipped, {}",
        counted(t.files, "file"),
        counted(t.assertions, "assertion"),
        t.passed,
        t.failed,
        t.skipped,
        counted(t.expected_failures, "expected failure")
    );
    output::say_in_colour([plain(counts), late]);
    if let Some(coverage) = &record.coverage {
        crate::coverage::print(coverage);
    }
    if record.gas.compared > 0 {
        let scripts = counted(record.gas.compared, "script");
        say!("gas: {} of {scripts} equal", record.gas.equal);
    }
}

/// Failures of one script that are printed.
const MOST_FAILURES: usize = 5;

/// The suites by their names, for completions.
fn suite_names() -> Offered {
    Offered::of(etalon_spec_tests::suites().iter().map(|suite| suite.name.as_str()))
}

fn suites(record: &SuiteRecord) {
    for suite in record.suite_names() {
        for engine in record.engine_names() {
            let rows: Vec<_> =
                record.rows.iter().filter(|r| r.suite == suite && r.engine == engine).collect();
            let sum = |f: fn(&etalon_record::Row) -> u64| rows.iter().map(|r| f(r)).sum::<u64>();
            let (passed, failed, skipped) =
                (sum(|r| r.passed), sum(|r| r.failed), sum(|r| r.skipped));
            let mut lacks: Vec<&str> =
                rows.iter().flat_map(|r| r.unsupported.iter().map(String::as_str)).collect();
            lacks.sort_unstable();
            lacks.dedup();
            let mark = match (failed, sum(|r| r.timed_out)) {
                (0, 0) if sum(|r| r.assertions()) == skipped && skipped > 0 => dim("none  "),
                (0, 0) => good("ok    "),
                (0, _) => bad("LATE  "),
                _ => bad("FAILED"),
            };
            let lacks = if lacks.is_empty() {
                String::new()
            } else {
                format!("  unsupported: {}", lacks.join(", "))
            };
            let sums = format!(
                " {suite:<32} {engine:<7} {passed:>6} passed {failed:>5} failed {skipped:>6} skipped"
            );
            output::say_in_colour([mark, plain(sums), dim(lacks)]);
        }
    }
}
