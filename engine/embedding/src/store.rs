//! Stores: the instances that can reach each other, with the tiers that run them.

use crate::config::Tier;
use crate::engine::Engine;
use crate::error::StoreError;
use crate::module::Module;
use etalon_interp::{ExecutedLedger, Interp, Observer};
use etalon_jit::Jit;
use etalon_runtime::{
    Extern, FuncAddr, InstanceAddr, InstantiateError, InvokeError, Linker, Placement,
    Store as State, StoreConfig, TierId, Value, instantiate,
};
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

/// A store of an engine. It gives access to all of the state it wraps.
#[derive(Debug)]
pub struct Store {
    state: State,
    ledger: Option<Arc<Mutex<ExecutedLedger>>>,
    pub(crate) interp: Arc<Interp>,
    pub(crate) interp_tier: TierId,
    jit_tier: TierId,
}

impl Store {
    /// An empty store; `gas` is the limit if the engine meters, `None` counts without one.
    ///
    /// # Errors
    /// If the limit is above 2^63-1.
    pub fn new(engine: &Engine, gas: Option<u64>) -> Result<Store, StoreError> {
        let config = engine.config();
        let ledger = config
            .ledger
            .then(|| Arc::new(Mutex::new(ExecutedLedger::new(Arc::clone(&config.schedule)))));
        let interp = match &ledger {
            None if config.pausable => Interp::pausable(),
            None => Interp::new(),
            Some(ledger) => Interp::with_observer(Box::new(Arc::clone(ledger))),
        };
        Store::with_interp(engine, gas, interp, ledger)
    }

    /// A store whose interpreter tells an observer every step: for coverage and traces. It keeps no
    /// ledger besides.
    ///
    /// # Errors
    /// As for [`Store::new`].
    pub fn observed(
        engine: &Engine,
        gas: Option<u64>,
        observer: Box<dyn Observer + Send>,
    ) -> Result<Store, StoreError> {
        Store::with_interp(engine, gas, Interp::with_observer(observer), None)
    }

    fn with_interp(
        engine: &Engine,
        gas: Option<u64>,
        interp: Interp,
        ledger: Option<Arc<Mutex<ExecutedLedger>>>,
    ) -> Result<Store, StoreError> {
        let config = engine.config();
        let mut state = State::new(StoreConfig {
            schedule: Arc::clone(&config.schedule),
            metering: config.metering,
            gas,
            gc_stress: config.gc_stress,
        })?;
        let name = if config.tier == Tier::Aot { "aot" } else { "jit" };
        let interp = Arc::new(interp);
        let interp_tier = state.add_executor(interp.clone());
        let jit_tier = state.add_executor(Jit::new(name));
        Ok(Store { state, ledger, interp, interp_tier, jit_tier })
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
        let placement = match module.code() {
            None => Placement::all(self.interp_tier),
            Some(code) => module.interpreted().iter().fold(
                Placement::all(self.jit_tier).with_code(self.jit_tier, code.clone()),
                |placement, func| placement.place(*func, self.interp_tier),
            ),
        };
        instantiate(&mut self.state, module.data(), imports, &placement)
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
        self.state.invoke(func, args)
    }

    /// The weights of what the interpreter executed so far, in gas, if the engine's settings ask for
    /// the ledger: operators, entries into functions, and what dynamic operators touched.
    pub fn executed(&self) -> Option<u64> {
        let ledger = self.ledger.as_ref()?;
        Some(ledger.lock().unwrap_or_else(PoisonError::into_inner).total())
    }
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
