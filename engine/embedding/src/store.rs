//! Stores: the instances that can reach each other, with the tiers that run them.

use crate::config::Tier;
use crate::engine::Engine;
use crate::error::StoreError;
use crate::module::Module;
use etalon_interp::Interp;
use etalon_jit::{Jit, on_guest_stack};
use etalon_oracle::{Observer, Oracle, Usage};
use etalon_runtime::{
    Extern, FuncAddr, HostError, InstanceAddr, InstantiateError, InvokeError, Linker, Placement,
    Stop, Store as State, StoreConfig, TierId, Value, instantiate,
};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// A store of an engine. It gives access to all of the state it wraps.
#[derive(Debug)]
pub struct Store {
    state: State,
    pub(crate) oracle: Arc<Oracle>,
    pub(crate) oracle_tier: TierId,
    interp_tier: TierId,
    jit_tier: TierId,
}

impl Store {
    /// An empty store; `gas` is the limit if the engine meters, `None` counts without one.
    ///
    /// # Errors
    /// If the limit is above 2^63-1.
    pub fn new(engine: &Engine, gas: Option<u64>) -> Result<Store, StoreError> {
        Store::with_oracle(engine, gas, Oracle::new())
    }

    /// A store whose oracle tells an observer every step: for traces.
    ///
    /// # Errors
    /// As for [`Store::new`].
    pub fn observed(
        engine: &Engine,
        gas: Option<u64>,
        observer: Box<dyn Observer + Send>,
    ) -> Result<Store, StoreError> {
        Store::with_oracle(engine, gas, Oracle::with_observer(observer))
    }

    fn with_oracle(engine: &Engine, gas: Option<u64>, oracle: Oracle) -> Result<Store, StoreError> {
        let config = engine.config();
        let mut state = State::new(StoreConfig {
            schedule: Arc::clone(&config.schedule),
            metering: config.metering,
            gas,
            gc_stress: config.gc_stress,
            memory_bytes: StoreConfig::MEMORY_BYTES,
            table_bytes: StoreConfig::TABLE_BYTES,
        })?;
        let name = if config.tier == Tier::Aot { "aot" } else { "jit" };
        let oracle = Arc::new(oracle);
        let oracle_tier = state.add_executor(oracle.clone());
        let interp_tier = state.add_executor(Arc::new(Interp::new()));
        let jit_tier = state.add_executor(Jit::new(name));
        Ok(Store { state, oracle, oracle_tier, interp_tier, jit_tier })
    }

    /// Instantiates a module with imports by name.
    ///
    /// # Errors
    /// If an import is missing or does not fit, a limit is exceeded, or a segment or the start
    /// function stops.
    pub fn instantiate(
        &mut self,
        module: &Module,
        linker: &Linker,
    ) -> Result<InstanceAddr, InstantiateError> {
        let imports = linker.resolve(module.data())?;
        self.instantiate_with(module, &imports)
    }

    /// Instantiates a module with imports in order.
    ///
    /// # Errors
    /// As for [`Store::instantiate`].
    pub fn instantiate_with(
        &mut self,
        module: &Module,
        imports: &[Extern],
    ) -> Result<InstanceAddr, InstantiateError> {
        let tier_of = |tier: Tier| match tier {
            Tier::Oracle => self.oracle_tier,
            Tier::Interp | Tier::Auto => self.interp_tier,
            Tier::Jit | Tier::Aot => self.jit_tier,
        };
        // Most modules have all of their functions in one tier, which is the placement's default then.
        let default = module.tiers().first().map_or(self.oracle_tier, |(_, tier)| tier_of(*tier));
        let mut placement = Placement::all(default);
        if let Some(code) = module.code() {
            placement = placement.with_code(self.jit_tier, code.clone());
        }
        for (func, tier) in module.tiers().iter().filter(|(_, tier)| tier_of(*tier) != default) {
            placement = placement.place(*func, tier_of(*tier));
        }
        let instantiate = || instantiate(&mut self.state, module.data(), imports, &placement);
        on_guest_stack(instantiate).unwrap_or_else(|error| Err(no_stack(&error).into()))
    }

    /// What an instance exports under a name.
    pub fn export(&self, instance: InstanceAddr, name: &str) -> Option<Extern> {
        self.state.instance(instance).export(name)
    }

    /// The function that an instance exports under a name.
    pub fn func(&self, instance: InstanceAddr, name: &str) -> Option<FuncAddr> {
        match self.export(instance, name) {
            Some(Extern::Func(func)) => Some(func),
            _ => None,
        }
    }

    /// Invokes a function.
    ///
    /// # Errors
    /// If the arguments do not fit, or execution stops.
    pub fn invoke(&mut self, func: FuncAddr, args: &[Value]) -> Result<Vec<Value>, InvokeError> {
        let invoke = || self.state.invoke(func, args);
        on_guest_stack(invoke).unwrap_or_else(|error| Err(no_stack(&error).into()))
    }

    /// What the oracle used of the specification so far: rules, operators, numeric functions.
    pub fn usage(&self) -> Usage {
        self.oracle.usage()
    }

    /// The executed ledger of the oracle, in gas: the weights of all instructions that it executed so far, and what entries into functions and
    /// dynamic operators cost.
    pub fn executed(&self) -> u64 {
        self.oracle.usage().ledger(self.schedule())
    }
}

/// The host has no address space for a stack on which calls from tier to tier cannot overflow.
pub(crate) fn no_stack(error: &std::io::Error) -> Stop {
    Stop::Host(HostError(format!("no stack for the guest can be had: {error}")))
}

impl Deref for Store {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for Store {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}
