//! A file of scenarios with its module, and their bills.

use crate::commands::validate::features;
use crate::engines;
use crate::fault::InputError;
use crate::input::{self, Precompiled};
use anyhow::Result;
use etalon::{Features, Tier};
use etalon_audit::{Bill, RunError, ScenarioError, ScenarioFile, Setting, Snapshot, Trial};
use std::path::{Path, PathBuf};

/// The bills of scenarios, by name.
pub(super) type Bills = Vec<(String, Vec<Bill>)>;

/// Scenarios that can be run.
pub(super) struct Loaded {
    pub(super) file: ScenarioFile,
    pub(super) path: PathBuf,
    pub(super) module_path: PathBuf,
    /// The schedule's, if it is from a file.
    schedule_path: Option<PathBuf>,
    pub(super) setting: Setting,
    wasm: Vec<u8>,
}

impl Loaded {
    /// Reads a file of scenarios and its module. A schedule that is asked for stands above the file's.
    pub(super) fn read(path: &Path, schedule: Option<&str>) -> Result<Loaded> {
        let file = ScenarioFile::read(path).map_err(|error| refused(path, error))?;
        Loaded::with(file, path, schedule)
    }

    /// Reads a file that may have no scenarios, and its module.
    pub(super) fn for_estimate(path: &Path, schedule: Option<&str>) -> Result<Loaded> {
        let file = ScenarioFile::read_for_estimate(path).map_err(|error| refused(path, error))?;
        Loaded::with(file, path, schedule)
    }

    fn with(file: ScenarioFile, path: &Path, schedule: Option<&str>) -> Result<Loaded> {
        let module_path = file.module_path(path).map_err(|error| refused(path, error))?;
        let input = input::read_module(&module_path, Precompiled { allowed: false })?;
        let beside = |name: &str| path.parent().unwrap_or(Path::new("")).join(name);
        let named = match (schedule, &file.schedule) {
            (Some(asked), _) => Some(PathBuf::from(asked)),
            (None, Some(name)) if etalon::Schedule::builtin(name).is_none() => Some(beside(name)),
            (None, name) => name.as_ref().map(PathBuf::from),
        };
        let name = named.as_ref().map(|name| name.to_string_lossy());
        let schedule = engines::schedule(name.as_deref())?;
        let schedule_path = named.filter(|name| name.exists());
        let features = match file.features.is_empty() {
            true => Features::wasm3(),
            false => features(&file.features)?,
        };
        let setting = Setting { schedule, features, tier: Tier::Oracle };
        let path = path.to_owned();
        Ok(Loaded { file, path, module_path, schedule_path, setting, wasm: input.bytes })
    }

    /// Reads a module that has no scenarios. Nobody says which features it may use, so it may use all that can be looked at.
    pub(super) fn module(path: &Path, schedule: Option<&str>) -> Result<Loaded> {
        let input = input::read_module(path, Precompiled { allowed: false })?;
        let schedule = engines::schedule(schedule)?;
        let setting = Setting { schedule, features: Tier::Oracle.features(), tier: Tier::Oracle };
        let (file, path) = (ScenarioFile::default(), path.to_owned());
        let module_path = path.clone();
        Ok(Loaded { file, path, module_path, schedule_path: None, setting, wasm: input.bytes })
    }

    /// The module, ready to run on a tier.
    pub(super) fn trial(&self, tier: Tier) -> Result<Trial> {
        let setting = Setting { tier, ..self.setting.clone() };
        Trial::new(setting, &self.wasm).map_err(|error| self.misfit(error).into())
    }

    fn misfit(&self, error: RunError) -> InputError {
        match error {
            RunError::Module(message) => InputError::new("invalid", &self.module_path, message),
            other => InputError::usage(&self.path, other.to_string()),
        }
    }

    /// Every file that was read, over which nothing is to be written.
    pub(super) fn read_files(&self) -> Vec<&Path> {
        let schedule = self.schedule_path.as_deref();
        [&*self.path, &*self.module_path].into_iter().chain(schedule).collect()
    }

    /// The bills of one scenario after the other.
    fn each(&self, tier: Tier) -> Result<impl Iterator<Item = Result<(String, Vec<Bill>)>>> {
        let trial = self.trial(tier)?;
        let one = move |scenario: &etalon_audit::Scenario| {
            let bills = etalon_audit::run(&trial, &self.file.imports, scenario, self.file.gas);
            Ok((scenario.name.clone(), bills.map_err(|error| self.misfit(error))?))
        };
        Ok(self.file.scenarios.iter().map(one))
    }

    /// The bills of all scenarios on a tier, all at once.
    pub(super) fn bills(&self, tier: Tier) -> Result<Bills> {
        self.each(tier)?.collect()
    }

    /// The snapshot of all scenarios on a tier.
    pub(super) fn snapshot(&self, tier: Tier) -> Result<Snapshot> {
        let mut snapshot: Snapshot = self.each(tier)?.collect::<Result<Snapshot>>()?;
        snapshot.schedule = self.setting.schedule.id().to_string();
        Ok(snapshot)
    }
}

fn refused(path: &Path, error: ScenarioError) -> InputError {
    match error {
        ScenarioError::Read { error, .. } => InputError::io(path, "cannot be read", &error),
        ScenarioError::Form { line, message, .. } => {
            let mut wrong = InputError::new("syntax", path, message);
            wrong.fault.line = u32::try_from(line).ok();
            wrong
        }
        ScenarioError::Meaning { message, .. } => InputError::usage(path, message),
    }
}

/// Reads a snapshot.
pub(super) fn read_snapshot(path: &Path) -> Result<Snapshot> {
    if !path.exists() {
        let message = "there is no snapshot; `etalon gas snapshot` makes one";
        return Err(InputError::new("io", path, message).into());
    }
    let text = input::read_text(path)?;
    Ok(Snapshot::parse(&text).map_err(|error| {
        let mut wrong = InputError::new("syntax", path, error.message);
        wrong.fault.line = u32::try_from(error.line).ok();
        wrong
    })?)
}

/// Where the snapshot of a file of scenarios is, if nobody says otherwise.
pub(super) fn snapshot_path(scenarios: &Path) -> PathBuf {
    scenarios.with_extension("gas")
}
