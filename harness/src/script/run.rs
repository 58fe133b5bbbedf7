//! Many scripts on many engines.

use crate::script::events::Events;
use crate::script::paths::scripts_in;
use crate::script::runner::run_script;
use crate::script::select::{Selection, SelectionError};
use crate::script::source::{ScriptError, ScriptOptions, ScriptSource};
use crate::settings::limit_text;
use crate::threads::on_threads;
use etalon_adapters::{Adapter, Features};
use etalon_record::{Kind, Row, SuiteRecord, Tool};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;

/// Bytes of stack for each thread: the parser of scripts recurses, and engines may too.
const STACK_BYTES: usize = 64 << 20;

/// A run of scripts.
#[derive(Clone, Debug, PartialEq)]
pub struct SuiteRun {
    /// The results of the scripts that could be run.
    pub record: SuiteRecord,
    /// The scripts that could not be run, sorted.
    pub errors: Vec<ScriptError>,
    /// Where scripts were found, by suite and file, for messages. One that was found in two places is not there.
    pub origins: BTreeMap<(String, String), String>,
}

impl SuiteRun {
    /// The name of a script for people: where it was found, if that is known.
    pub fn place(&self, suite: &str, file: &str) -> String {
        let origin = self.origins.get(&(suite.to_owned(), file.to_owned()));
        origin.cloned().unwrap_or_else(|| format!("{suite}/{file}"))
    }

    /// Whether everything was run and passed.
    pub fn is_clean(&self) -> bool {
        self.errors.is_empty() && self.record.is_clean()
    }
}

/// Runs bundled scripts on engines.
///
/// # Errors
/// If the selection names something that does not exist, or selects nothing.
pub fn run_suites(
    adapters: &[&dyn Adapter],
    selection: &Selection,
    options: &ScriptOptions,
    events: &dyn Events,
) -> Result<SuiteRun, SelectionError> {
    Ok(run_scripts(Kind::Spec, adapters, &selection.sources()?, options, events))
}

/// Runs the scripts in files and folders on engines; `features` overrides what the names of the folders imply.
pub fn run_paths(
    adapters: &[&dyn Adapter],
    paths: &[PathBuf],
    features: Option<Features>,
    options: &ScriptOptions,
    events: &dyn Events,
) -> SuiteRun {
    let (sources, errors) = scripts_in(paths, features);
    errors.iter().for_each(|error| events.script_refused(error));
    let mut run = run_scripts(Kind::Wast, adapters, &sources, options, events);
    run.errors.extend(errors);
    run.errors.sort();
    run
}

/// Runs scripts on engines, on all cores. The record does not depend on the order in which they finish. If the watchdog of
/// the options is stopped meanwhile, the record is of the scripts that were finished.
pub fn run_scripts(
    kind: Kind,
    adapters: &[&dyn Adapter],
    sources: &[ScriptSource],
    options: &ScriptOptions,
    events: &dyn Events,
) -> SuiteRun {
    let jobs: Vec<_> =
        sources.iter().flat_map(|s| adapters.iter().map(move |adapter| (*adapter, s))).collect();
    events.started(jobs.len());
    let next = AtomicUsize::new(0);
    let done = Mutex::new((Vec::new(), Vec::new()));
    let work = || {
        while let Some((adapter, source)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            if options.is_stopped() {
                break;
            }
            let result = run_script(*adapter, source, options);
            // Broken off, not timed out: it says nothing of the script.
            if options.is_stopped() && result.as_ref().is_ok_and(|row| row.timed_out > 0) {
                break;
            }
            match &result {
                Ok(row) => events.script_done(row),
                Err(error) => events.script_refused(error),
            }
            let mut done = done.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            match result {
                Ok(row) => done.0.push(row),
                Err(error) => done.1.push(error),
            }
        }
    };
    on_threads(thread_count(options, jobs.len()), STACK_BYTES, &work);
    let (rows, mut errors) = done.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    let not_run = jobs.len() - rows.len() - errors.len();
    errors.sort();
    errors.dedup();
    let mut record = record_of(kind, adapters, rows, options);
    record.not_run = not_run as u64;
    record.interrupted = options.is_stopped();
    events.finished(&record);
    SuiteRun { record, errors, origins: origins(sources) }
}

fn origins(sources: &[ScriptSource]) -> BTreeMap<(String, String), String> {
    let name = |source: &ScriptSource| (source.suite.clone(), source.file.clone());
    let mut found = BTreeMap::<_, BTreeSet<&String>>::new();
    for source in sources {
        found.entry(name(source)).or_default().insert(&source.origin);
    }
    let alone = |source: &&ScriptSource| found[&name(source)].len() == 1;
    sources.iter().filter(alone).map(|source| (name(source), source.origin.clone())).collect()
}

fn thread_count(options: &ScriptOptions, jobs: usize) -> usize {
    let cores = || available_parallelism().map_or(1, usize::from);
    options.jobs.unwrap_or_else(cores).clamp(1, jobs.max(1))
}

fn record_of(
    kind: Kind,
    adapters: &[&dyn Adapter],
    rows: Vec<Row>,
    options: &ScriptOptions,
) -> SuiteRecord {
    let tool = Tool::new("etalon", env!("CARGO_PKG_VERSION"));
    let mut record = SuiteRecord::new(kind, tool, std::env::consts::ARCH);
    record.engines = adapters.iter().map(|adapter| adapter.info()).collect();
    record.schedule = options
        .gas
        .as_ref()
        .filter(|_| adapters.iter().any(|adapter| adapter.meters_gas()))
        .map(|gas| gas.schedule.id().to_string());
    record.time_limit = options.time.as_ref().and_then(limit_text);
    record.rows = rows;
    record.compare_gas();
    record.normalise();
    record
}
