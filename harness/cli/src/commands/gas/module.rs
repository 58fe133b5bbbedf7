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
    pub(super) setting: Setting,
    wasm: Vec<u8>,
}

impl Loaded {
    /// Reads a file of scenarios and its module. A schedule that is asked for stands above the file's.
    pub(super) fn read(path: &Path, schedule: Option<&str>) -> Result<Loaded> {
        let file = ScenarioFile::read(path).map_err(|error| refused(path, error))?;
        let module_path = file.module_path(path);
        let input = input::read_module(&module_path, Precompiled { allowed: false })?;
        let schedule = match (schedule, &file.schedule) {
            (None, Some(name)) => {
                let beside = path.parent().unwrap_or(Path::new("")).join(name);
                let is_file = etalon::Schedule::builtin(name).is_none() && beside.exists();
                let name = if is_file { beside.to_string_lossy() } else { name.into() };
                engines::schedule(Some(&name))?
            }
            (asked, _) => engines::schedule(asked)?,
        };
        let features = match file.features.is_empty() {
            true => Features::wasm3(),
            false => features(&file.features)?,
        };
        let setting = Setting { schedule, features, tier: Tier::Oracle };
        let path = path.to_owned();
        Ok(Loaded { file, path, module_path, setting, wasm: input.bytes })
    }

    /// The bills of all scenarios on a tier.
    pub(super) fn bills(&self, tier: Tier) -> Result<Bills> {
        let misfit = |error: RunError| match error {
            RunError::Module(message) => InputError::new("invalid", &self.module_path, message),
            other => InputError::usage(&self.path, other.to_string()),
        };
        let setting = Setting { tier, ..self.setting.clone() };
        let trial = Trial::new(setting, &self.wasm).map_err(misfit)?;
        let one = |scenario: &etalon_audit::Scenario| {
            let bills = etalon_audit::run(&trial, &self.file.imports, scenario, self.file.gas);
            Ok((scenario.name.clone(), bills.map_err(misfit)?))
        };
        self.file.scenarios.iter().map(one).collect()
    }

    /// The snapshot of all scenarios on a tier.
    pub(super) fn snapshot(&self, tier: Tier) -> Result<Snapshot> {
        let mut snapshot: Snapshot = self.bills(tier)?.into_iter().collect();
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
