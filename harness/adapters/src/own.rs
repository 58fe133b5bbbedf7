//! Our own tiers as engines.

use crate::adapter::{
    Adapter, AdapterError, Opened, Prepared, Session, SessionConfig, SettingsTurn,
};
use crate::coverage::RuleTally;
use crate::outcome::Outcome;
use crate::own_session::OwnSession;
use crate::placement::{MIXED, Placed, tier_of};
use crate::precompiled::artefact_misfit;
use crate::refusal::rejection;
use crate::settings::{Settings, compiles, with_settings};
use crate::watchdog::TimeLimit;
use crate::watcher::Watcher;
use etalon::unstable::{self, Listing};
use etalon::{
    Cache, CompileError, Config, CpuLevel, Engine, Error, Features, InterruptHandle, Module,
    ModuleError, Nans, OptLevel, PoolConfig, Tier,
};
use etalon_record::{EngineInfo, role};
use std::collections::BTreeSet;
use std::sync::Arc;

/// One of our own tiers.
#[derive(Clone, Debug)]
pub struct OwnTier {
    pub(crate) tier: Tier,
    /// With a number, the functions of a module are assigned to all tiers in turn; the number says which tier is first.
    pub(crate) mixed: Option<u32>,
    /// With this, given functions of a module are on one tier, and the others on another.
    placed: Option<Placed>,
    /// What its name says besides.
    named: Settings,
    /// With a number, the oracle pauses after that many instructions.
    pub(crate) piece: Option<u64>,
    /// Where sessions add the rules that the oracle used.
    pub(crate) tally: Option<RuleTally>,
    /// Who is told each step of the oracle.
    pub(crate) watcher: Option<Watcher>,
    /// Whether the user says that artefacts can be trusted.
    pub(crate) trusts: bool,
    /// Where compiled code is kept.
    cache: Option<Cache>,
    /// Whether it runs for its own sake, and is not judged.
    embedded: bool,
}

impl OwnTier {
    /// A tier alone.
    pub fn new(tier: Tier) -> OwnTier {
        let (mixed, placed, piece, tally, watcher) = (None, None, None, None, None);
        let (named, trusts, cache, embedded) = (Settings::default(), false, None, false);
        OwnTier { tier, mixed, placed, named, piece, tally, watcher, trusts, cache, embedded }
    }

    /// Has given functions of each module on the second tier, and the others on the first. It goes by the name of the second.
    pub fn placed(first: Tier, second: Tier, funcs: BTreeSet<u32>) -> OwnTier {
        let placed = Some(Placed::new([first, second], funcs));
        OwnTier { placed, mixed: Some(0), ..OwnTier::new(Tier::Jit) }
    }

    /// Assigns the functions of each module to the compiler, the interpreter and the oracle in turn; `shift` says which is first.
    pub fn mixed(shift: u32) -> OwnTier {
        OwnTier { mixed: Some(shift), ..OwnTier::new(Tier::Jit) }
    }

    /// The oracle, paused after every `piece` instructions of a call and sometimes moved to a new store through a
    /// snapshot.
    pub fn paused(piece: u64) -> OwnTier {
        OwnTier { piece: Some(piece.max(1)), ..OwnTier::new(Tier::Oracle) }
    }

    /// The oracle, which adds the rules that it used to a tally.
    pub fn with_coverage(tally: RuleTally) -> OwnTier {
        OwnTier { tally: Some(tally), ..OwnTier::new(Tier::Oracle) }
    }

    /// The oracle, each session of which tells an observer every step.
    pub fn watched(watcher: Watcher) -> OwnTier {
        OwnTier { watcher: Some(watcher), ..OwnTier::new(Tier::Oracle) }
    }

    /// How the library is set up for it.
    pub(crate) fn settings(&self, config: &SessionConfig) -> Config {
        let mut settings = Config::new();
        let Settings { opt, cpu, explicit_bounds, gc_stress, unmetered, nans, unpooled, .. } =
            self.named;
        let regions = self.named.regions;
        settings.tier_up(self.named.tier_up(self.embedded));
        settings.tier(self.tier).features(config.features).opt_level(opt).gc_stress(gc_stress);
        settings
            .cpu_level(cpu)
            .explicit_bounds_checks(explicit_bounds)
            .memory_regions(regions)
            .nans(nans);
        if unpooled {
            settings.pool(PoolConfig::new().memories(0));
        }
        settings.cache(self.cache.as_ref());
        settings.interruptible(config.time.is_some()).measure_time(config.measure);
        if let Some(gas) = config.gas.as_ref().filter(|_| !unmetered) {
            settings.schedule(Arc::clone(&gas.schedule)).consume_fuel(true);
        }
        settings
    }

    /// Takes artefacts in place of modules: their machine code runs as it is, so the user must have said that it
    /// is trusted.
    #[must_use]
    pub fn trusting_artefacts(mut self) -> OwnTier {
        self.trusts = true;
        self
    }

    /// Collects the heap before every allocation. Nothing that a run shows may depend on this.
    #[must_use]
    pub fn with_gc_stress(mut self) -> OwnTier {
        self.named.gc_stress = true;
        self
    }

    /// With what its name says besides.
    #[must_use]
    pub(crate) fn with(mut self, named: Settings) -> OwnTier {
        self.named = named;
        self
    }

    /// Whether a program that embeds the library can have it as it is, by its settings alone.
    pub(crate) fn is_as_embedded(&self) -> bool {
        self.mixed.is_none() && self.piece.is_none() && !self.protects()
    }

    /// The same where it runs for its own sake.
    #[must_use]
    pub(crate) fn embedded(self) -> OwnTier {
        OwnTier { embedded: true, ..self }
    }

    /// Whether memories get regions.
    pub(crate) fn protects(&self) -> bool {
        self.named.regions
    }

    /// The name with its settings.
    fn name(&self) -> String {
        let name = match (self.mixed, self.piece) {
            (None, None) => self.tier.name().to_owned(),
            (Some(_), _) if let Some(placed) = &self.placed => placed.name().to_owned(),
            (Some(shift), _) => format!("mixed{shift}"),
            (None, Some(piece)) => format!("paused:{piece}"),
        };
        with_settings(&name, &self.named.names())
    }
}

impl OwnTier {
    fn failed(&self, error: &Error) -> AdapterError {
        AdapterError { engine: self.name(), reason: format!("{error:#}") }
    }
}

impl Adapter for OwnTier {
    fn info(&self) -> EngineInfo {
        let version = env!("CARGO_PKG_VERSION");
        let mut info = EngineInfo::new(self.name(), version)
            .with_part(role::DECODE_VALIDATE, "wasmparser 0.263")
            .with_part(role::STORE, format!("etalon-runtime {version}"))
            .with_part(role::INSTANTIATION, format!("etalon-runtime {version}"))
            .with_part(role::GAS_SCHEDULE, format!("etalon-gas {version}"))
            .with_part(role::HOST_FUNCTIONS, format!("etalon-adapters {version}"));
        let cranelift = etalon::versions()[1].1;
        let runs = |tier: Tier| match self.mixed {
            None => {
                self.tier == tier
                    || (tier == Tier::Jit && matches!(self.tier, Tier::Aot | Tier::Auto))
                    || (tier == Tier::Interp && self.tier == Tier::Auto)
            }
            Some(_) => MIXED.contains(&tier),
        };
        info.settings = self.named.names();
        if runs(Tier::Oracle) {
            info = info
                .with_part(role::SEMANTICS, format!("etalon-oracle {version}"))
                .with_part(role::SCALAR_ARITHMETIC, format!("etalon-numerics {version}"))
                .with_part(role::VECTOR_ARITHMETIC, format!("etalon-numerics {version}"))
                .with_part(role::GAS_CHARGING, format!("etalon-oracle {version}"));
        }
        if runs(Tier::Interp) {
            info = info
                .with_part(role::SEMANTICS, format!("etalon-interp {version}"))
                .with_part(role::SCALAR_ARITHMETIC, format!("etalon-interp {version}"))
                .with_part(role::VECTOR_ARITHMETIC, format!("etalon-numerics {version}"))
                .with_part(role::GAS_CHARGING, format!("etalon-interp {version}"));
        }
        if runs(Tier::Jit) {
            info = info
                .with_part(role::SEMANTICS, format!("etalon-jit {version}"))
                .with_part(role::SCALAR_ARITHMETIC, format!("etalon-jit {version}"))
                .with_part(role::VECTOR_ARITHMETIC, format!("etalon-jit {version}"))
                .with_part(role::GAS_CHARGING, format!("etalon-jit {version}"))
                .with_part(role::CODE_GENERATOR, format!("cranelift {cranelift}"));
        }
        info.features = self.features().names().into_iter().map(str::to_owned).collect();
        info
    }

    fn features(&self) -> Features {
        match self.mixed {
            None => self.tier.features(),
            Some(_) => MIXED
                .iter()
                .fold(self.tier.features(), |set, tier| set.intersection(tier.features())),
        }
    }

    fn meters_gas(&self) -> bool {
        !self.named.unmetered
    }

    /// With the processor's NaNs it is no engine of the deterministic profile.
    fn is_foreign(&self) -> bool {
        self.named.nans == Nans::Any
    }

    fn runs_programs(&self) -> bool {
        true
    }

    fn turned(&self, turn: SettingsTurn) -> Option<Arc<dyn Adapter>> {
        let is_plain = self.mixed.is_none() && self.piece.is_none();
        if self.named != Settings::default() || !is_plain {
            return None;
        }
        let with = |named| Some(self.clone().with(named));
        let turned = match turn {
            // The oracle is the measure, and slow.
            SettingsTurn::GcStress if self.tier == Tier::Oracle => None,
            SettingsTurn::GcStress => with(Settings { gc_stress: true, ..self.named }),
            SettingsTurn::Unmetered => with(Settings { unmetered: true, ..self.named }),
            SettingsTurn::Unoptimised if compiles(self.tier) => {
                with(Settings { opt: OptLevel::None, ..self.named })
            }
            SettingsTurn::ExplicitBounds if compiles(self.tier) => {
                with(Settings { explicit_bounds: true, ..self.named })
            }
            SettingsTurn::LeastProcessor if compiles(self.tier) => {
                with(Settings { cpu: CpuLevel::Baseline, ..self.named })
            }
            SettingsTurn::Artefact if self.tier == Tier::Jit => Some(OwnTier::new(Tier::Aot)),
            SettingsTurn::Mixed if self.tier == Tier::Jit => Some(OwnTier::mixed(1)),
            _ => None,
        };
        turned.map(|tier| Arc::new(tier) as Arc<dyn Adapter>)
    }

    fn misfit(&self, config: &SessionConfig, bytes: &[u8]) -> Option<AdapterError> {
        if !Module::is_artefact(bytes) {
            return None;
        }
        let settings = self.settings(config);
        let reason =
            artefact_misfit(&settings, self.tier, self.mixed.is_some(), self.trusts, bytes)?;
        Some(AdapterError { engine: self.info().name, reason })
    }

    fn with_cache(&self, open: &dyn Fn() -> Option<Cache>) -> Option<Arc<dyn Adapter>> {
        let compiles = self.mixed.is_some() || compiles(self.tier);
        let cache = Some(compiles.then(open)??);
        Some(Arc::new(OwnTier { cache, ..self.clone() }))
    }

    fn as_embedded(&self) -> Option<Arc<dyn Adapter>> {
        (self.tier == Tier::Auto).then(|| Arc::new(self.clone().embedded()) as Arc<dyn Adapter>)
    }

    fn listing(&self, config: &SessionConfig, wasm: &[u8], func: u32) -> Option<Listing> {
        let compiles = self.mixed.is_some() || compiles(self.tier);
        let engine = Engine::new(&self.settings(config)).ok().filter(|_| compiles)?;
        unstable::listing(&engine, wasm, func).ok()?
    }

    fn open(&self, config: &SessionConfig) -> Result<Box<dyn Opened>, AdapterError> {
        let settings = self.settings(config);
        let failed = |error: Error| self.failed(&error);
        let engine = Engine::new(&settings).map_err(failed)?;
        let limit = config.gas.as_ref().filter(|_| !self.named.unmetered).and_then(|gas| gas.limit);
        let (turns, time) = (config.turns && self.tier == Tier::Oracle, config.time.clone());
        Ok(Box::new(OwnOpened { tier: self.clone(), engine, limit, turns, time }))
    }
}

/// One of our own tiers, set up.
pub(crate) struct OwnOpened {
    pub(crate) tier: OwnTier,
    pub(crate) engine: Engine,
    /// The gas limit of each session.
    pub(crate) limit: Option<u64>,
    /// Whether calls can be made in turns.
    pub(crate) turns: bool,
    /// How long each action may take.
    pub(crate) time: Option<TimeLimit>,
}

impl Opened for OwnOpened {
    /// Makes a module: the one place where that is done, under the eyes of the watchdog.
    fn prepare(&self, wasm: &[u8]) -> Result<Prepared, Outcome> {
        let handle = self.time.as_ref().map(|_| unstable::interrupt_handle());
        let _watched =
            self.time.as_ref().zip(handle.clone()).map(|(time, handle)| time.arm(handle));
        let module = match Module::is_artefact(wasm) {
            true => self.precompiled(wasm, handle.as_ref()),
            false => self.made(wasm, handle.as_ref()),
        };
        module.map(Prepared::new)
    }

    fn session(&self) -> Result<Box<dyn Session>, AdapterError> {
        let session = OwnSession::new(self).map_err(|error| self.tier.failed(&error))?;
        Ok(Box::new(session))
    }
}

impl OwnOpened {
    /// Makes a module of the binary format.
    pub(crate) fn made(
        &self,
        wasm: &[u8],
        handle: Option<&InterruptHandle>,
    ) -> Result<Module, Outcome> {
        let is_binary = wasm.starts_with(b"\0asm");
        let module = match (self.tier.mixed, handle) {
            // What can be interrupted would also take text, which is not asked for.
            (Some(shift), Some(handle)) if is_binary => {
                let tier_of = tier_of(shift, self.tier.placed.clone());
                unstable::mixed_interruptible(&self.engine, wasm, handle, tier_of)
            }
            (Some(shift), _) => {
                unstable::mixed(&self.engine, wasm, tier_of(shift, self.tier.placed.clone()))
            }
            (None, Some(handle)) if is_binary => {
                Module::new_interruptible(&self.engine, wasm, handle)
            }
            (None, _) => Module::from_binary(&self.engine, wasm),
        };
        module.map_err(|error| match error {
            ModuleError::Compile(CompileError::Interrupted) => Outcome::TimedOut,
            // The system has no thread for it: that says nothing of the module.
            ModuleError::Thread(error) => Outcome::HostError(error.to_string()),
            error => Outcome::Rejected(rejection(error)),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::adapter::SessionConfig;
    use crate::registry::adapter;
    use etalon::Features;

    /// Code is shown by tiers that compile, of functions that the module defines.
    #[test]
    fn what_the_compiler_makes_of_a_function_is_shown() {
        let wasm = wat::parse_str(
            r#"(module (import "m" "f" (func)) (func (param i32) (result i32)
                (i32.rotl (local.get 0) (i32.const 7))))"#,
        )
        .unwrap();
        let config = SessionConfig {
            features: Features::wasm3(),
            gas: None,
            turns: false,
            measure: false,
            time: None,
        };
        let listing = |name: &str, func| adapter(name).unwrap().listing(&config, &wasm, func);
        for name in ["jit", "aot", "auto", "mixed1", "jit?opt=none"] {
            let code = listing(name, 1).unwrap();
            assert!(code.clif.contains("rotl"), "{name}: {}", code.clif);
            assert!(code.assembly.lines().count() > 3, "{name}: {}", code.assembly);
        }
        assert_eq!(listing("interp", 1), None);
        let accesses = |name: &str| {
            let wasm = wat::parse_str(
                "(module (memory 1) (func (param i32) (result i32) (i32.load (local.get 0))))",
            );
            adapter(name).unwrap().listing(&config, &wasm.unwrap(), 0).unwrap().clif
        };
        assert!(!accesses("jit").contains("select_spectre_guard"), "{}", accesses("jit"));
        assert!(accesses("jit?bounds=explicit").contains("select_spectre_guard"));
        assert_eq!(listing("jit", 0), None);
        assert_eq!(listing("jit", 2), None);
    }
}
