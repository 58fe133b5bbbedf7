//! Engines as the options name them.

use crate::fault::InputError;
use crate::input::Precompiled;
use crate::time::end_by_signals;
use anyhow::Result;
use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Args, Command};
use etalon::{Schedule, ScheduleError};
use etalon_adapters::{
    Adapter, AdapterError, ENGINE_NAMES, GasConfig, adapter, is_engine_name, trusting_adapter,
};
use etalon_harness::localise::Versions;
use etalon_harness::settings::named_schedule;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

/// Our own tiers, the oracle first: the engines that run if none is named.
pub(crate) const OWN_TIERS: &[&str] = &["oracle", "interp", "jit", "aot"];

/// Which engines run.
#[derive(Args, Clone, Debug)]
pub(crate) struct EngineArgs {
    /// Engines by name (see `etalon engines`), separated by commas. By default: oracle,interp,jit,aot
    #[arg(long = "engine", alias = "engines", value_delimiter = ',', value_name = "NAME", value_parser = engine_names())]
    #[arg(hide_possible_values = true)]
    pub engines: Vec<String>,
    /// The same as --engine
    #[arg(long = "tier", value_delimiter = ',', value_name = "NAME", value_parser = engine_names())]
    #[arg(hide_possible_values = true)]
    pub tiers: Vec<String>,
}

/// Which engine runs, where it is one.
#[derive(Args, Clone, Debug)]
pub(crate) struct OneEngine {
    /// The engine, by its name (see `etalon engines`). By default auto, which compiles what is hot; an artefact runs on aot
    #[arg(long = "engine", value_delimiter = ',', value_name = "NAME", value_parser = engine_names())]
    #[arg(hide_possible_values = true)]
    pub engines: Vec<String>,
    /// The same as --engine
    #[arg(long = "tier", value_delimiter = ',', value_name = "NAME", value_parser = engine_names())]
    #[arg(hide_possible_values = true)]
    pub tiers: Vec<String>,
}

impl OneEngine {
    /// What was named.
    pub(crate) fn named(&self) -> EngineArgs {
        EngineArgs { engines: self.engines.clone(), tiers: self.tiers.clone() }
    }
}

/// Engines of several versions.
#[derive(Args, Clone, Debug)]
pub(crate) struct VersionArgs {
    /// Engines of several versions, oldest first, separated by commas: say since which one they differ from the first engine
    #[arg(long, value_delimiter = ',', value_name = "ENGINE", value_parser = engine_names())]
    #[arg(hide_possible_values = true)]
    pub bisect_versions: Vec<String>,
}

impl VersionArgs {
    /// They, if any were named. One that is not there is passed over when it is asked.
    pub(crate) fn versions(&self) -> Result<Option<Versions>> {
        let names = self.bisect_versions.clone();
        names.iter().try_for_each(|name| is_engine_name(name))?;
        Ok((!names.is_empty()).then(|| Versions::new(names, adapter)))
    }
}

fn engine_names() -> Offered {
    Offered::of(ENGINE_NAMES.iter().copied())
}

/// The built-in schedules. A file can be meant too.
pub(crate) fn schedule_names() -> Offered {
    Offered::of(Schedule::BUILTIN.iter().copied())
}

/// Text of any kind, with words that shells offer.
#[derive(Clone, Debug)]
pub(crate) struct Offered(Vec<&'static str>);

impl Offered {
    /// Text for which these words are offered.
    pub(crate) fn of(words: impl IntoIterator<Item = &'static str>) -> Offered {
        Offered(words.into_iter().collect())
    }
}

impl TypedValueParser for Offered {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.0.iter().copied().map(PossibleValue::new)))
    }
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

    /// The same, each for itself, for who can do without some of them.
    pub(crate) fn each_adapter(
        &self,
        default: &[&str],
    ) -> Vec<Result<Arc<dyn Adapter>, AdapterError>> {
        let names = self.names(default);
        // Without it an engine that hangs as it starts may outlive us, and that is all.
        drop(end_by_signals(&names));
        names.iter().map(|name| adapter(name)).collect()
    }

    fn adapters_by(
        &self,
        default: &[&str],
        make: fn(&str) -> Result<Arc<dyn Adapter>, AdapterError>,
    ) -> Result<Vec<Arc<dyn Adapter>>> {
        let names = self.names(default);
        end_by_signals(&names)?;
        names.iter().map(|name| Ok(make(name)?)).collect()
    }

    /// The names, each once.
    fn names(&self, default: &[&str]) -> Vec<String> {
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
        names
    }
}

/// A schedule by its built-in name, or from a file.
pub(crate) fn schedule(name: Option<&str>) -> Result<Arc<Schedule>> {
    let name = name.unwrap_or(Schedule::DEFAULT);
    if let Some(schedule) = named_schedule(name) {
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
    let wrong = |error: ScheduleError| {
        let mut wrong = InputError::new("syntax", path, error.kind.to_string());
        wrong.fault.line = error.line.and_then(|line| u32::try_from(line).ok());
        wrong
    };
    Ok(Arc::new(Schedule::parse(&text, name).map_err(wrong)?))
}

/// Metering as the options say: by a limit or a schedule; none without either.
pub(crate) fn gas(limit: Option<u64>, name: Option<&str>) -> Result<Option<GasConfig>> {
    if limit.is_none() && name.is_none() {
        return Ok(None);
    }
    Ok(Some(GasConfig { schedule: schedule(name)?, limit }))
}
