//! Options of a fuzz run.

use super::outcomes::Outcomes;
use crate::diff::DiffOptions;
use crate::generate::Profile;
use crate::localise::Versions;
use crate::script::Shard;
use etalon_adapters::{Adapter, AdapterError, RuleTally, Schedule};
use serde::Serialize;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// Options of a fuzz run. Module i and its cases depend only on i, `seed`, `profiles` and the features that the engines have in
/// common.
#[derive(Clone)]
pub struct FuzzOptions {
    /// The seed of every case.
    pub seed: u64,
    /// How many modules to generate, each with all of its cases; `None` leaves it to `time`.
    pub modules: Option<u64>,
    /// Which part of these modules this campaign takes; `None` means all. See [`FuzzOptions::is_ours`].
    pub shard: Option<Shard>,
    /// How long to begin new modules, in this run. Without this and `modules` the run has no end.
    pub time: Option<Duration>,
    /// Whether the first finding ends the run, when it is saved.
    pub until_finding: bool,
    /// How many threads; at least one is used.
    pub jobs: usize,
    /// The engines; the others are compared with the first.
    pub engines: Vec<Arc<dyn Adapter>>,
    /// The profiles of modules, which the cases use in turn; at least one.
    pub profiles: Vec<&'static Profile>,
    /// Whether every other module runs with other settings of the engines, which must not show.
    pub rotates: bool,
    /// The gas schedules that modules run under in turn; none for that of `diff`.
    pub schedules: Vec<Arc<Schedule>>,
    /// How often each export is called.
    pub rounds: usize,
    /// How engines are run and compared.
    pub diff: DiffOptions,
    /// The folder for findings and the journal; absent if nothing is saved.
    pub out: Option<PathBuf>,
    /// Whether the campaign in that folder goes on. Otherwise a new one begins.
    pub resume: bool,
    /// How many kinds of divergence are reduced and in the record, those with the lowest numbers; further ones are saved as
    /// they were found.
    pub keep: usize,
    /// Where the engines count the rules that they reach, if they do.
    pub rules: Option<RuleTally>,
    /// Engines of several versions, of which each finding says since which it is, if there are any.
    pub versions: Option<Arc<Versions>>,
    /// What is written of each case, and what another machine wrote, if that is compared.
    pub outcomes: Option<Arc<Outcomes>>,
}

impl FuzzOptions {
    /// Seed 1, one round of each module on one thread with all settings, without an end; nothing is saved.
    pub fn new(
        engines: Vec<Arc<dyn Adapter>>,
        profiles: Vec<&'static Profile>,
        diff: DiffOptions,
    ) -> FuzzOptions {
        FuzzOptions {
            seed: 1,
            modules: None,
            shard: None,
            time: None,
            until_finding: false,
            jobs: 1,
            engines,
            profiles,
            rotates: true,
            schedules: Vec::new(),
            rounds: 1,
            diff,
            out: None,
            resume: false,
            keep: 4,
            rules: None,
            versions: None,
            outcomes: None,
        }
    }

    /// Whether a module belongs to the shard. Each shard goes through all profiles: in as many rounds of these as there are shards,
    /// each has every profile once. Which round that is has no period, so that settings, which change from round to round, are
    /// everywhere too.
    pub fn is_ours(&self, number: u64) -> bool {
        let Some(shard) = self.shard.filter(|shard| shard.count() > 1) else { return true };
        let (profiles, count) = (self.profiles.len() as u64, shard.count() as u64);
        let (mut round, mut sum) = (number / profiles, number % profiles);
        while round > 0 {
            sum += round % count;
            round /= count;
        }
        sum % count == shard.index() as u64 - 1
    }

    /// How many modules there are to generate, if that is known.
    pub fn ours(&self) -> Option<u64> {
        let modules = self.modules?;
        Some(match self.shard {
            None => modules,
            // Whole rounds, in which every shard has as many; then the rest one by one.
            Some(shard) => {
                let round = self.profiles.len() as u64 * shard.count() as u64;
                let whole = modules - modules % round;
                let rest = (whole..modules).filter(|number| self.is_ours(*number)).count();
                whole / round * self.profiles.len() as u64 + rest as u64
            }
        })
    }

    /// The ids of the schedules that modules run under.
    pub(crate) fn schedule_ids(&self) -> Vec<String> {
        let gas = self.diff.run.gas.as_ref();
        let one = gas.map(|gas| &gas.schedule).filter(|_| self.schedules.is_empty());
        self.schedules.iter().chain(one).map(|schedule| schedule.id().to_string()).collect()
    }

    /// Whether the watchdog was told to stop everything.
    pub(crate) fn is_stopped(&self) -> bool {
        self.diff.run.time.as_ref().is_some_and(|time| time.watchdog.is_stopped())
    }
}

/// The fields in which settings differ: the name, the value before, and the value now.
pub(super) fn changed<T: Serialize>(before: &T, now: &T) -> Vec<(String, Value, Value)> {
    let values = |settings: &T| serde_json::to_value(settings).unwrap_or_default();
    let now = values(now);
    let Value::Object(before) = values(before) else { return Vec::new() };
    let fields = before.into_iter().filter(|(name, value)| now[name.as_str()] != *value);
    fields.map(|(name, value)| (name.clone(), value, now[name.as_str()].clone())).collect()
}

impl std::fmt::Debug for FuzzOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FuzzOptions")
            .field("seed", &self.seed)
            .field("modules", &self.modules)
            .field("shard", &self.shard)
            .field("time", &self.time)
            .field("jobs", &self.jobs)
            .field("engines", &self.engines.len())
            .field("profiles", &self.profiles.iter().map(|p| p.name).collect::<Vec<_>>())
            .field("out", &self.out)
            .finish_non_exhaustive()
    }
}

/// What a campaign has done so far, in the journal too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SoFar {
    /// Modules that are done.
    pub modules: u64,
    /// Cases in them: calls with their arguments.
    pub cases: u64,
    /// Comparisons of these cases: one for each engine after the first.
    pub comparisons: u64,
    /// Kinds of divergence that are known.
    pub findings: usize,
    /// Operators that the modules contain.
    pub operators: usize,
}

/// Receives the progress of a run. Called from every thread of the run.
pub trait Progress: Sync {
    /// Reports what is done, after each module.
    fn done(&self, so_far: &SoFar);

    /// Reports that the campaign that was to go on is complete, so that nothing runs.
    fn complete(&self) {}
}

/// Ignores the progress.
#[derive(Clone, Copy, Debug)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn done(&self, _: &SoFar) {}
}

/// Why a fuzz run ended without a result.
#[derive(Debug, Error)]
pub enum FuzzError {
    /// An engine cannot be set up.
    #[error(transparent)]
    Adapter(#[from] AdapterError),
    /// A finding cannot be saved.
    #[error("{}: {error}", file.display())]
    Save {
        /// The file or folder.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Another campaign uses the folder.
    #[error("{}: another campaign is using this folder", .0.display())]
    Busy(PathBuf),
    /// There is no campaign that could go on.
    #[error("{}: no campaign was begun in this folder, so none can go on", .0.display())]
    NoCampaign(PathBuf),
    /// The campaign that is to go on was begun with other options.
    #[error("{}: a campaign goes on only as it was begun, and this one was begun with other options: {}", file.display(), what.join("; "))]
    OtherOptions {
        /// The journal.
        file: PathBuf,
        /// Each option that differs, with both values.
        what: Vec<String>,
    },
    /// The journal is damaged.
    #[error("{}:{line}: not a line of a journal: {error}", file.display())]
    Journal {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        error: String,
    },
    /// What another machine wrote is of other cases.
    #[error("{}: it is of other cases: {}", file.display(), what.join("; "))]
    OtherCases {
        /// The file.
        file: PathBuf,
        /// Each option that differs, with both values.
        what: Vec<String>,
    },
    /// What another machine wrote is damaged.
    #[error("{}:{line}: not a line of outcomes: {error}", file.display())]
    Outcomes {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        error: String,
    },
    /// A finding cannot be written as text.
    #[error("the finding {id} cannot be written: {error}")]
    Text {
        /// The finding.
        id: String,
        /// Why.
        error: String,
    },
}
