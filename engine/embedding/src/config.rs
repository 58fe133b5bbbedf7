//! Settings of an engine.

use etalon_gas::Schedule;
pub use etalon_jit::{Budget as CompileBudget, OptLevel};
use etalon_module::Features;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use thiserror::Error;

/// What runs a module's functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tier {
    /// The oracle: the specification, executed. Slow, and what every other tier is judged by.
    Oracle,
    /// The optimised interpreter.
    Interp,
    /// The compiler, just in time.
    Jit,
    /// The compiler, through an artefact as `etalon compile` writes it.
    Aot,
    /// The fastest that can run the module: the compiler, or the interpreter where the compiler
    /// lacks a feature.
    Auto,
}

/// A name that is no tier's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is not a tier; the tiers are oracle, interp, jit, aot and auto")]
pub struct UnknownTier(pub String);

impl Tier {
    /// `oracle`, `interp`, `jit`, `aot` or `auto`.
    pub fn name(self) -> &'static str {
        match self {
            Tier::Oracle => "oracle",
            Tier::Interp => "interp",
            Tier::Jit => "jit",
            Tier::Aot => "aot",
            Tier::Auto => "auto",
        }
    }

    /// The features that the tier implements.
    pub fn features(self) -> Features {
        match self {
            Tier::Oracle => etalon_oracle::supported_features(),
            Tier::Interp | Tier::Auto => etalon_interp::supported_features(),
            Tier::Jit | Tier::Aot => etalon_jit::supported_features(),
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Tier {
    type Err = UnknownTier;

    fn from_str(name: &str) -> Result<Tier, UnknownTier> {
        [Tier::Oracle, Tier::Interp, Tier::Jit, Tier::Aot, Tier::Auto]
            .into_iter()
            .find(|t| t.name() == name)
            .ok_or_else(|| UnknownTier(name.to_owned()))
    }
}

/// Settings of an engine.
#[derive(Clone, Debug)]
pub struct Config {
    /// What runs functions.
    pub tier: Tier,
    /// What modules may use; what the tier does not implement is refused as unsupported.
    pub features: Features,
    /// Prices and limits.
    pub schedule: Arc<Schedule>,
    /// Whether gas is charged.
    pub metering: bool,
    /// How hard the compiler tries.
    pub opt: OptLevel,
    /// How much of a module is compiled; functions beyond it run in the interpreter.
    pub compile_budget: CompileBudget,
    /// Whether the heap is collected before every allocation: to test that nothing depends on when that is.
    pub gc_stress: bool,
}

impl Config {
    /// A tier with all its features, the default schedule, and no metering.
    pub fn new(tier: Tier) -> Config {
        Config {
            tier,
            features: tier.features(),
            schedule: Schedule::builtin(Schedule::DEFAULT)
                .expect("the default schedule is built in"),
            metering: false,
            opt: OptLevel::Speed,
            compile_budget: CompileBudget::default(),
            gc_stress: false,
        }
    }

    /// The same with metering by a schedule.
    #[must_use]
    pub fn metered(mut self, schedule: Arc<Schedule>) -> Config {
        self.schedule = schedule;
        self.metering = true;
        self
    }
}
