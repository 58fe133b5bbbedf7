//! Engines as the options name them.

use crate::input::Precompiled;
use anyhow::Result;
use clap::Args;
use etalon::Schedule;
use etalon_adapters::{Adapter, AdapterError, GasConfig, adapter, trusting_adapter};
use std::path::Path;
use std::sync::Arc;

/// Our own tiers, the oracle first: the engines that run if none is named.
pub(crate) const OWN_TIERS: &[&str] = &["oracle", "interp", "jit", "aot"];

/// Which engines run.
#[derive(Args, Clone, Debug)]
pub(crate) struct EngineArgs {
    /// Engines by name (see `etalon engines`), separated by commas; all are compared with the first.
    /// By default: oracle,interp,jit,aot
    #[arg(long = "engine", alias = "engines", value_delimiter = ',', value_name = "NAME")]
    pub engines: Vec<String>,
    /// The same as --engine
    #[arg(long = "tier", value_delimiter = ',', value_name = "NAME")]
    pub tiers: Vec<String>,
}

impl EngineArgs {
    /// The engines that were named, each once; if none was, the default ones.
    pub(crate) fn adapters(&self, default: &[&str]) -> Result<Vec<Arc<dyn Adapter>>> {
        self.adapters_by(default, adapter)
    }

    /// The same; they take artefacts if the user said that these can be trusted.
    pub(crate) fn adapters_for(
        &self,
        default: &[&str],
        precompiled: Precompiled,
    ) -> Result<Vec<Arc<dyn Adapter>>> {
        let make = if precompiled.allowed { trusting_adapter } else { adapter };
        self.adapters_by(default, make)
    }

    fn adapters_by(
        &self,
        default: &[&str],
        make: fn(&str) -> Result<Arc<dyn Adapter>, AdapterError>,
    ) -> Result<Vec<Arc<dyn Adapter>>> {
        let mut names: Vec<String> = self.engines.iter().chain(&self.tiers).cloned().collect();
        if names.is_empty() {
            names = default.iter().map(|name| (*name).to_owned()).collect();
        }
        let mut seen = Vec::new();
        names.retain(|name| {
            !seen.contains(name) && {
                seen.push(name.clone());
                true
            }
        });
        names.iter().map(|name| Ok(make(name)?)).collect()
    }
}

/// A schedule by its built-in name, or from a file.
pub(crate) fn schedule(name: Option<&str>) -> Result<Arc<Schedule>> {
    let name = name.unwrap_or(Schedule::DEFAULT);
    if let Some(schedule) = Schedule::builtin(name) {
        return Ok(schedule);
    }
    let path = Path::new(name);
    if !path.exists() && !crate::input::is_stdin(path) {
        let known = Schedule::BUILTIN.join(", ");
        anyhow::bail!(
            "{name:?} is neither a file nor a built-in schedule; the built-in schedules are {known}"
        );
    }
    let text = crate::input::read_text(path)?;
    Ok(Arc::new(Schedule::parse(&text, name)?))
}

/// Metering as the options say: by a limit or a schedule; none without either.
pub(crate) fn gas(limit: Option<u64>, name: Option<&str>) -> Result<Option<GasConfig>> {
    if limit.is_none() && name.is_none() {
        return Ok(None);
    }
    Ok(Some(GasConfig { schedule: schedule(name)?, limit }))
}
