//! Findings among the files of `etalon diff`: each is replayed with its own calls, on its own engines, with its own gas.

use crate::commands::diff::{Args, differ};
use crate::escape;
use crate::fault::{InputError, tool};
use anyhow::Result;
use etalon::unstable::ModuleData;
use etalon::unstable::module::ExternKind;
use etalon_adapters::{Features, RuleTally, TimeLimit};
use etalon_harness::corpus::{Entry, FINDING};
use etalon_harness::diff::{Case, Differ};
use etalon_harness::fuzz::JOURNAL;
use etalon_record::DiffRecord;
use std::path::Path;

/// What a finding says of how it is replayed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The engines that differed; none where others are named, or it is no finding.
    pub engines: Vec<String>,
    /// The gas limit that they had.
    pub gas: Option<u64>,
    /// The gas schedule, by its name, if it was not the default one.
    pub schedule: Option<String>,
    /// Whether an engine broke a law of gas, which it does by itself.
    pub is_of_a_law: bool,
}

impl Finding {
    /// Of a file or folder. What cannot be read is told where its case is.
    pub(crate) fn of(args: &Args, path: &Path) -> Finding {
        let is_folder = path.is_dir() && args.invoke.is_empty();
        let entry = is_folder.then(|| Entry::read(&path.join(FINDING)).ok()).flatten();
        let Some(entry) = entry else { return Finding::default() };
        let is_named = !args.engine.engines.is_empty() || !args.engine.tiers.is_empty();
        let differing = entry.file.differing.into_iter().map(|engine| engine.name);
        let is_of_a_law = entry.file.found.is_some_and(|found| found.what.is_law());
        let engines = differing.filter(|_| !is_named).collect();
        Finding { engines, gas: entry.file.gas, schedule: entry.file.schedule, is_of_a_law }
    }
}

/// Whether a file is what a campaign keeps beside its findings.
pub(crate) fn is_journal(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == JOURNAL)
}

/// The engines of each file.
pub(crate) struct Differs<'a> {
    args: &'a Args,
    /// Those of a finding that cannot be started, with the reason: the others are replayed all the same.
    all: Vec<(Finding, Result<Differ, String>)>,
}

impl<'a> Differs<'a> {
    /// Starts the engines of all files, those of the same once.
    ///
    /// # Errors
    /// If engines that are named cannot be started or not be compared, or those of none of the findings.
    pub(crate) fn new(args: &'a Args, tally: Option<&RuleTally>, time: &TimeLimit) -> Result<Self> {
        let mut all: Vec<(Finding, Result<Differ, String>)> = Vec::new();
        for path in args.files.iter().filter(|path| !is_journal(path)) {
            let finding = Finding::of(args, path);
            if all.iter().any(|(known, _)| *known == finding) {
                continue;
            }
            let differ = match differ(args, &finding, tally, time.clone()) {
                Err(error) if finding.engines.is_empty() => return Err(error),
                differ => differ.map_err(|error| format!("{error:#}")),
            };
            all.push((finding, differ));
        }
        Ok(Differs { args, all })
    }

    /// The engines of a file.
    ///
    /// # Errors
    /// If they cannot be started.
    pub(crate) fn of(&self, path: &Path) -> Result<&Differ> {
        let finding = Finding::of(self.args, path);
        match self.all.iter().find(|(known, _)| *known == finding) {
            Some((_, Ok(differ))) => Ok(differ),
            Some((_, Err(reason))) => Err(InputError::new("engine", path, reason.clone()).into()),
            None => Err(InputError::usage(path, "it was changed meanwhile").into()),
        }
    }

    /// The record of all engines, without cases.
    pub(crate) fn record(&self) -> DiffRecord {
        let mut started = self.all.iter().filter_map(|(_, differ)| differ.as_ref().ok()).peekable();
        let first = started.peek().map(|differ| differ.record(tool(), std::env::consts::ARCH));
        let mut record = first.unwrap_or_else(|| DiffRecord::new(tool(), std::env::consts::ARCH));
        for info in started.flat_map(Differ::infos) {
            if record.engines.iter().all(|known| known.name != info.name) {
                record.engines.push(info);
            }
        }
        record
    }
}

/// The case of a finding, with its own calls.
///
/// # Errors
/// If it cannot be read, or calls what its module does not export.
pub(crate) fn case(path: &Path) -> Result<Case> {
    let entry = Entry::read(&path.join(FINDING));
    let entry = entry.map_err(|error| InputError::new("io", path, error.to_string()))?;
    // Engines would agree that they cannot call what is not there.
    if let Ok(module) = ModuleData::new(&entry.case.wasm, Features::all()) {
        let is_there =
            |name: &str| module.export(name).is_some_and(|export| export.kind == ExternKind::Func);
        if let Some(call) = entry.case.calls.iter().find(|call| !is_there(&call.export)) {
            let what = format!("its module exports no function {}", escape::quoted(&call.export));
            return Err(InputError::usage(path, what).into());
        }
    }
    Ok(Case { name: path.display().to_string(), ..entry.case })
}
