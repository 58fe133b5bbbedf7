//! `etalon accepts`

use crate::commands::validate::{feature_names, features};
use crate::engines::EngineArgs;
use crate::escape;
use crate::exit::Status;
use crate::fault::{InputError, tool};
use crate::input::{self, Precompiled};
use crate::output::{self, Format, bad, good, json, lines, note, plain, say};
use crate::time::Timeout;
use crate::words::counted;
use anyhow::{Result, bail};
use etalon_adapters::{Adapter, Features, Opened, Outcome, Rejection, SessionConfig};
use etalon_record::{Document, Fault, Kind};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Arguments of `etalon accepts`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  etalon accepts oracle node modules/             what does V8 refuse, or accept besides?
  etalon accepts capi:old.so capi:new.so corpus/  what has changed between two versions?
  etalon accepts --engine oracle,cmd:./check a.wasm b.wat --format json

The engines only decode and validate, so one that can do nothing else is enough. A module that
both refuse is no difference, whatever their reasons.")]
pub(crate) struct Args {
    /// Two engines, then modules (.wasm, .wat) or folders of them; with --engine only these
    #[arg(required = true, value_name = "A B PATH")]
    pub words: Vec<String>,
    #[command(flatten)]
    pub engine: EngineArgs,
    /// Features that modules may use: wasm1, wasm2, wasm3, all, or features by name; by default all that one of the engines has
    #[arg(long, value_delimiter = ',', value_name = "NAME", value_parser = feature_names())]
    #[arg(hide_possible_values = true)]
    pub features: Vec<String>,
    #[command(flatten)]
    pub timeout: Timeout,
}

/// The body of the document.
#[derive(Debug, Default, Serialize)]
struct Compared {
    engines: Vec<String>,
    features: Vec<&'static str>,
    modules: usize,
    both_accept: usize,
    both_refuse: usize,
    differences: Vec<Difference>,
    /// Modules of which an engine says nothing: it lacks a feature, or has a limit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_compared: Vec<Difference>,
    /// Texts in folders that are no modules, so that nobody could be asked.
    not_modules: usize,
    /// Whether a signal ended it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    interrupted: bool,
    errors: Vec<Fault>,
}

/// A module that one engine accepts and the other does not, or that an engine does not survive.
#[derive(Debug, Serialize)]
struct Difference {
    file: String,
    by_engine: Vec<Verdict>,
}

/// What an engine says of a module.
#[derive(Clone, Debug, Serialize)]
struct Verdict {
    engine: String,
    accepts: bool,
    /// `accepted`, `malformed`, `invalid`, `malformed or invalid`, `unsupported`, `limit`, `crashed`, `timed-out`…
    verdict: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip)]
    is_failure: bool,
}

pub(crate) fn run(args: &Args, format: Format) -> Result<Status> {
    let (engines, paths) = engines_and_paths(args)?;
    let allowed = match args.features.as_slice() {
        [] => engines.iter().fold(Features::wasm1(), |set, engine| set.union(engine.features())),
        names => features(names)?,
    };
    let (time, stopped) = args.timeout.stoppable()?;
    let mut compared = Compared {
        engines: engines.iter().map(|engine| engine.info().name).collect(),
        features: allowed.names(),
        ..Compared::default()
    };
    let files = modules_in(&paths, &mut compared)?;
    let config = SessionConfig {
        features: allowed,
        gas: None,
        turns: false,
        measure: false,
        time: Some(time),
    };
    let opened = engines.iter().map(|engine| engine.open(&config));
    let opened: Vec<Box<dyn Opened>> = opened.collect::<Result<_, _>>()?;
    let next = AtomicUsize::new(0);
    let verdicts = Mutex::new(Vec::new());
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some((_, wasm)) = files.get(at) else { break };
            let both: Vec<Result<(), Outcome>> = opened.iter().map(|o| o.validate(wasm)).collect();
            // Broken off, which is no verdict.
            if stopped.is_stopped() {
                break;
            }
            verdicts.lock().unwrap_or_else(PoisonError::into_inner).push((at, both));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let mut verdicts = verdicts.into_inner().unwrap_or_else(PoisonError::into_inner);
    verdicts.sort_by_key(|(at, _)| *at);
    for (at, both) in verdicts {
        compared.add(&files[at].0, &both);
    }
    compared.interrupted = stopped.is_stopped();
    match format {
        Format::Json => json(&Document::new(Kind::Accepts, tool(), &compared))?,
        Format::Human => compared.print(),
    }
    Ok(stopped.status(compared.status()))
}

/// Engines, and where modules are.
type Asked = (Vec<Arc<dyn Adapter>>, Vec<PathBuf>);

/// The two engines, and where modules are.
fn engines_and_paths(args: &Args) -> Result<Asked> {
    let mut named = args.engine.clone();
    let mut words = args.words.as_slice();
    if named.engines.is_empty() && named.tiers.is_empty() {
        let [a, b, rest @ ..] = words else {
            bail!("two engines and a path are needed: etalon accepts A B PATH");
        };
        named.engines = vec![a.clone(), b.clone()];
        words = rest;
    }
    let engines = named.adapters(&[])?;
    if engines.len() != 2 {
        bail!("accepts compares two engines, and {} named", engines.len());
    }
    if words.is_empty() {
        bail!("no module is named: etalon accepts A B PATH");
    }
    Ok((engines, words.iter().map(PathBuf::from).collect()))
}

/// The modules at the paths, as binaries. A file that was named must be one; what else is in folders is passed over.
fn modules_in(paths: &[PathBuf], compared: &mut Compared) -> Result<Vec<(String, Vec<u8>)>> {
    let mut modules = Vec::new();
    for path in paths {
        let found = if path.is_dir() { in_folder(path, 0)? } else { vec![path.clone()] };
        for file in found {
            match input::read_module(&file, Precompiled { allowed: false }) {
                Ok(input) => modules.push((file.display().to_string(), input.bytes)),
                Err(_) if path.is_dir() => compared.not_modules += 1,
                Err(error) => return Err(error),
            }
        }
    }
    if modules.is_empty() {
        let file = paths.first().map_or(Path::new(""), PathBuf::as_path);
        return Err(InputError::usage(file, "no module (.wasm, .wat) is there").into());
    }
    Ok(modules)
}

/// Folders that lie in one another, at most.
const MAX_DEPTH: usize = 32;

fn in_folder(folder: &Path, depth: usize) -> Result<Vec<PathBuf>> {
    let unreadable = |error| InputError::io(folder, "cannot be read", &error);
    let entries = std::fs::read_dir(folder).map_err(unreadable)?;
    let entries = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut entries: Vec<PathBuf> = entries.collect::<Result<_, _>>().map_err(unreadable)?;
    entries.sort();
    let mut found = Vec::new();
    for path in entries {
        let is_module = path.extension().is_some_and(|e| e == "wasm" || e == "wat");
        if path.is_dir() {
            // A link may lead to where it is.
            if depth < MAX_DEPTH && !path.is_symlink() {
                found.extend(in_folder(&path, depth + 1)?);
            }
        } else if is_module && path.is_file() {
            found.push(path);
        }
    }
    Ok(found)
}

impl Compared {
    fn add(&mut self, file: &str, both: &[Result<(), Outcome>]) {
        self.modules += 1;
        let names = self.engines.iter();
        let verdicts: Vec<Verdict> =
            names.zip(both).map(|(engine, result)| verdict(engine, result)).collect();
        let accepted = verdicts.iter().filter(|verdict| verdict.accepts).count();
        let is = |test: fn(&Outcome) -> bool| both.iter().any(|r| r.as_ref().is_err_and(test));
        match accepted {
            _ if is(is_failure) => {
                self.differences.push(Difference { file: file.to_owned(), by_engine: verdicts });
            }
            _ if is(is_open) => {
                self.not_compared.push(Difference { file: file.to_owned(), by_engine: verdicts });
            }
            2 => self.both_accept += 1,
            0 => self.both_refuse += 1,
            _ => self.differences.push(Difference { file: file.to_owned(), by_engine: verdicts }),
        }
    }

    fn status(&self) -> Status {
        let all = self.differences.iter().flat_map(|difference| &difference.by_engine);
        match () {
            () if all.into_iter().any(|verdict| verdict.is_failure) => Status::EngineFailed,
            () if !self.differences.is_empty() => Status::Finding,
            () => Status::Fine,
        }
    }

    fn print(&self) {
        for difference in &self.differences {
            say!("{}", escape::file(&difference.file));
            for Verdict { engine, accepts, verdict, reason, .. } in &difference.by_engine {
                let verdict = if *accepts { good(verdict) } else { bad(verdict) };
                let reason = reason.as_ref().map(|r| format!(": {}", escape::line(r)));
                output::say_in_colour([
                    plain(format!("  {}: ", escape::line(engine))),
                    verdict,
                    lines(reason.unwrap_or_default()),
                ]);
            }
        }
        if self.not_modules > 0 {
            note!("not asked about, for their texts are no modules: {}", self.not_modules);
        }
        for Difference { file, by_engine } in &self.not_compared {
            let why = by_engine.iter().filter(|verdict| !verdict.accepts).map(|verdict| {
                let reason = verdict.reason.as_deref().unwrap_or_default();
                format!("{}: {}: {}", verdict.engine, verdict.verdict, reason)
            });
            note!("{}: not compared: {}", file, why.collect::<Vec<_>>().join("; "));
        }
        say!(
            "{}: both accept {}, both refuse {}, they differ in {}{}",
            counted(self.modules as u64, "module"),
            self.both_accept,
            self.both_refuse,
            self.differences.len(),
            match self.not_compared.len() {
                0 => String::new(),
                open => format!(", not compared {open}"),
            }
        );
    }
}

/// Whether an engine gave no answer: how a call may end is none to the question whether a module is valid.
fn is_failure(outcome: &Outcome) -> bool {
    !matches!(outcome, Outcome::Rejected(_))
}

/// Whether an answer says nothing of the module: the engine lacks a feature, or has a limit.
fn is_open(outcome: &Outcome) -> bool {
    let Outcome::Rejected(rejection) = outcome else { return false };
    matches!(
        rejection,
        Rejection::Unsupported { .. } | Rejection::Limit(_) | Rejection::Unlinkable(_)
    )
}

fn verdict(engine: &str, result: &Result<(), Outcome>) -> Verdict {
    let (verdict, reason) = match result {
        Ok(()) => ("accepted".to_owned(), None),
        Err(Outcome::Rejected(rejection)) => {
            (rejection.word().to_owned(), Some(rejection.message().to_owned()))
        }
        Err(Outcome::Crashed(text) | Outcome::Exhausted(text) | Outcome::HostError(text)) => {
            let kind = result.as_ref().err().map(|outcome| outcome.kind().to_string());
            (kind.unwrap_or_default(), Some(text.clone()))
        }
        Err(other) => (other.kind().to_string(), None),
    };
    let reason = reason.filter(|reason| !reason.is_empty());
    let is_failure = result.as_ref().is_err_and(is_failure);
    Verdict { engine: engine.to_owned(), accepts: result.is_ok(), verdict, reason, is_failure }
}
