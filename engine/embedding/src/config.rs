//! Settings of an engine.

use crate::cache::Cache;
use crate::pool::PoolConfig;
use crate::tier_up::TierUp;
use etalon_gas::Schedule;
pub use etalon_jit::{
    Budget as CompileBudget, CpuLevel, Nans, OptLevel, UnknownCpuLevel, UnknownTarget,
};
use etalon_jit::{CompileOptions, Machine};
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
    /// The interpreter at first, which starts at once, and the compiler for what turns out to be hot; see [`TierUp`]. All of it is
    /// compiled code where that is there already, from an artefact or a cache; and interpreted where the compiler lacks a feature that
    /// the module needs.
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

/// Settings of an engine. Each method changes one and gives the settings back, so calls can be chained.
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) tier: Tier,
    features: Option<Features>,
    pub(crate) schedule: Arc<Schedule>,
    pub(crate) metering: bool,
    pub(crate) opt: OptLevel,
    /// What artefacts are made for; `None` is this machine.
    pub(crate) target: Option<Machine>,
    cpu: Option<CpuLevel>,
    pub(crate) explicit_bounds: bool,
    pub(crate) compile_budget: CompileBudget,
    pub(crate) gc_stress: bool,
    pub(crate) interruptible: bool,
    pub(crate) measure_time: bool,
    pub(crate) refuse_after_failure: bool,
    pub(crate) memory_regions: bool,
    pub(crate) nans: Nans,
    pub(crate) pool: PoolConfig,
    pub(crate) cache: Option<Cache>,
    pub(crate) tier_up: TierUp,
}

impl Default for Config {
    fn default() -> Config {
        Config::new()
    }
}

impl Config {
    /// The tier [`Tier::Auto`] with all its features, the default schedule, and no metering.
    ///
    /// # Panics
    /// Never: the default schedule is built in.
    pub fn new() -> Config {
        Config {
            tier: Tier::Auto,
            features: None,
            schedule: Schedule::builtin(Schedule::DEFAULT)
                .expect("the default schedule is built in"),
            metering: false,
            opt: OptLevel::Speed,
            target: None,
            cpu: None,
            explicit_bounds: false,
            compile_budget: CompileBudget::default(),
            gc_stress: false,
            interruptible: false,
            measure_time: false,
            refuse_after_failure: false,
            memory_regions: false,
            nans: Nans::Deterministic,
            pool: PoolConfig::new(),
            cache: None,
            tier_up: TierUp::new(),
        }
    }

    /// How much address space of memories that are gone is kept for the next ones, so that instances are made faster: by default what
    /// [`PoolConfig::new`] says, and `PoolConfig::new().memories(0)` keeps none.
    pub fn pool(&mut self, pool: PoolConfig) -> &mut Config {
        self.pool = pool;
        self
    }

    /// What runs functions.
    pub fn tier(&mut self, tier: Tier) -> &mut Config {
        self.tier = tier;
        self
    }

    /// What modules may use; by default all that the tier implements. What the tier does not implement is
    /// refused as unsupported.
    pub fn features(&mut self, features: Features) -> &mut Config {
        self.features = Some(features);
        self
    }

    /// Prices, and the limits that hold whether gas is charged or not.
    pub fn schedule(&mut self, schedule: Arc<Schedule>) -> &mut Config {
        self.schedule = schedule;
        self
    }

    /// Whether gas is charged, by the schedule. By default it is not.
    pub fn consume_fuel(&mut self, metering: bool) -> &mut Config {
        self.metering = metering;
        self
    }

    /// How hard the compiler tries.
    pub fn opt_level(&mut self, opt: OptLevel) -> &mut Config {
        self.opt = opt;
        self
    }

    /// The machine that artefacts are made for, by its target triple; by default this one. Code is made for the four architectures that
    /// Etalon runs on, under Linux. An engine for another machine makes artefacts ([`Engine::precompile`](crate::Engine::precompile)) and
    /// no modules. Without the Cargo feature `cross` it makes code for the architecture of this machine alone.
    ///
    /// # Errors
    /// If the triple is none of a machine that artefacts run on.
    pub fn target(&mut self, triple: &str) -> Result<&mut Config, UnknownTarget> {
        self.target = Some(triple.parse()?);
        Ok(self)
    }

    /// Which features of the processor compiled code may use; by default all that this machine has, and for another machine
    /// ([`Config::target`]) the least. An artefact made for fewer runs on more processors. What a program does never depends on it.
    pub fn cpu_level(&mut self, cpu: CpuLevel) -> &mut Config {
        self.cpu = Some(cpu);
        self
    }

    /// How all functions of a module are compiled.
    pub(crate) fn compile_options(&self) -> CompileOptions {
        let mut options = CompileOptions {
            target: self.target.clone(),
            interruptible: self.interruptible,
            opt: self.opt,
            explicit_bounds: self.explicit_bounds,
            memory_regions: self.memory_regions,
            nans: self.nans,
            budget: self.compile_budget,
            verify: cfg!(debug_assertions),
            ..CompileOptions::new(Arc::clone(&self.schedule), self.metering)
        };
        options.cpu = self.level(options.elsewhere().is_some());
        options
    }

    /// The level of features, for this machine or for another.
    pub(crate) fn level(&self, elsewhere: bool) -> CpuLevel {
        self.cpu.unwrap_or(if elsewhere { CpuLevel::Baseline } else { CpuLevel::Native })
    }

    /// Whether compiled code compares the address of each access with the length of the memory. By default it relies, for memories
    /// with addresses of 32 bits and pages of 64 KiB, on pages without rights behind them, which is faster. What a program does
    /// never depends on it.
    pub fn explicit_bounds_checks(&mut self, explicit: bool) -> &mut Config {
        self.explicit_bounds = explicit;
        self
    }

    /// How much of a module is compiled, in units that do not depend on time or machine. Functions beyond it run in the
    /// interpreter, with the same results and gas; [`crate::Module::not_compiled`] names them.
    pub fn compile_budget(&mut self, budget: CompileBudget) -> &mut Config {
        self.compile_budget = budget;
        self
    }

    /// Whether the heap is collected before every allocation: to test that nothing depends on when that is.
    pub fn gc_stress(&mut self, stress: bool) -> &mut Config {
        self.gc_stress = stress;
        self
    }

    /// Whether what runs can be interrupted from another thread; see [`crate::InterruptHandle`]. By default it cannot, and
    /// costs nothing.
    pub fn interruptible(&mut self, interruptible: bool) -> &mut Config {
        self.interruptible = interruptible;
        self
    }

    /// Whether stores measure where the time goes ([`crate::Metrics::times`]): the clock is read at the beginning and the end of each
    /// call, host function, instantiation and compilation. By default they do not, and it is read by nobody.
    pub fn measure_time(&mut self, measure: bool) -> &mut Config {
        self.measure_time = measure;
        self
    }

    /// Whether the embedder, and its host functions, may no more call functions of an instance that has stopped or failed, before
    /// it is reset: such a call fails with [`crate::NotCallable`]. By default they may, as the specification has it: a trap ends a
    /// call and nothing else. Guests that import its functions may either way.
    pub fn refuse_after_failure(&mut self, refuse: bool) -> &mut Config {
        self.refuse_after_failure = refuse;
        self
    }

    /// Whether memories may have regions that cannot be written or not be accessed at all; see [`crate::Memory::protect`]. Then every
    /// access asks for them, in time that grows with the logarithm of their number. By default memories have none: the interpreter and
    /// compiled code are made without a check, and the oracle asks at each access whether there is anything to ask.
    pub fn memory_regions(&mut self, regions: bool) -> &mut Config {
        self.memory_regions = regions;
        self
    }

    /// Which NaNs arithmetic gives in compiled code; by default the canonical one wherever its bits can be seen, so that results are the
    /// same on every processor and tier. With [`Nans::Any`] they are the processor's, which takes a little less time, and the results of
    /// a program that looks at them differ from machine to machine. The interpreters give the canonical one either way.
    ///
    /// *Numerics*, "NaN Propagation"
    pub fn nans(&mut self, nans: Nans) -> &mut Config {
        self.nans = nans;
        self
    }

    /// Where compiled code is looked for before it is made, and kept when it was; by default nowhere. What a program does, and the code
    /// itself, never depend on it.
    pub fn cache(&mut self, cache: Option<&Cache>) -> &mut Config {
        self.cache = cache.cloned();
        self
    }

    /// When functions are compiled on the tier [`Tier::Auto`]; by default as [`TierUp::new`] says.
    pub fn tier_up(&mut self, tier_up: TierUp) -> &mut Config {
        self.tier_up = tier_up;
        self
    }

    /// What modules may use.
    pub(crate) fn allowed(&self) -> Features {
        self.features.unwrap_or_else(|| self.tier.features())
    }
}
