//! Stores: the instances that can reach each other, with the tiers that run them.

use crate::config::Tier;
use crate::context::{data_of, data_of_mut};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::instance::Instance;
use crate::interrupt::InterruptHandle;
use crate::life::Lives;
use crate::limits::{ResourceLimiter, limiter_of};
use crate::metrics::Figures;
use crate::trusted;
use etalon_interp::Interp;
use etalon_oracle::Oracle;
use etalon_runtime::{InstanceAddr, PauseRequest, Store as State, StoreConfig, TierId};
use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// A store of an engine: everything that its instances can reach, and what the embedder keeps with it.
///
/// It may be sent to another thread if `T` may be. It is never shared by threads: a guest runs on one at a time.
pub struct Store<T: 'static> {
    state: Box<State>,
    data: PhantomData<T>,
    /// Tells the compiler of Rust that no two threads may have it at once.
    not_sync: PhantomData<Cell<()>>,
}

/// What is in a store besides the state that the tiers share.
pub(crate) struct StoreData<T> {
    /// The embedder's.
    pub(crate) data: T,
    pub(crate) shared: Shared,
    /// What the embedder does before an instance is reset.
    pub(crate) on_reset: Option<OnReset<T>>,
    /// The embedder's values that guests have references to, by their numbers.
    pub(crate) externs: Vec<Box<dyn Any + Send + Sync>>,
}

/// What is done with the embedder's data before an instance is reset.
pub(crate) type OnReset<T> = Box<dyn FnMut(&mut T) + Send>;

/// What a store has of its engine.
pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) oracle: Arc<Oracle>,
    pub(crate) tiers: Tiers,
    /// Whether compiled code may run in it: it relies on every value being of its type, which nobody knows of those in
    /// a snapshot.
    pub(crate) may_compile: bool,
    pub(crate) lives: Lives,
    pub(crate) figures: Arc<Figures>,
    /// What its interrupt handles pause.
    pub(crate) pause: PauseRequest,
}

/// The tiers of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tiers {
    pub(crate) oracle: TierId,
    pub(crate) interp: TierId,
    pub(crate) jit: TierId,
}

/// The tiers of every store: they are added in this order.
pub(crate) const TIERS: Tiers = Tiers { oracle: TierId(0), interp: TierId(1), jit: TierId(2) };

impl<T: 'static> Store<T> {
    /// An empty store with what the embedder wants to keep with it. Where the engine charges gas, it counts
    /// without a limit until [`Store::set_fuel`] sets one.
    pub fn new(engine: &Engine, data: T) -> Store<T> {
        Store::with_oracle(engine, data, Oracle::new())
    }

    pub(crate) fn with_oracle(engine: &Engine, data: T, oracle: Oracle) -> Store<T> {
        let config = engine.config();
        let settings = StoreConfig {
            schedule: Arc::clone(&config.schedule),
            metering: config.metering,
            gas: None,
            gc_stress: config.gc_stress,
            interruptible: config.interruptible,
            memory_regions: config.memory_regions,
            memory_bytes: StoreConfig::MEMORY_BYTES,
            table_bytes: StoreConfig::TABLE_BYTES,
            memory_pool: Some(Arc::clone(engine.pool())),
        };
        let mut state = Box::new(State::new(settings).expect("no limit is not too large"));
        let name = if config.tier == Tier::Aot { "aot" } else { "jit" };
        let oracle = Arc::new(oracle);
        let tiers = Tiers {
            oracle: state.add_executor(oracle.clone()),
            interp: state.add_executor(Arc::new(Interp::new())),
            jit: state.add_executor(trusted::jit(name)),
        };
        debug_assert_eq!(tiers, TIERS);
        let shared = Shared {
            engine: engine.clone(),
            oracle,
            tiers,
            may_compile: true,
            lives: Lives::default(),
            figures: Figures::new(config.measure_time),
            pause: PauseRequest::new(),
        };
        state.host_data =
            trusted::hide(StoreData { data, shared, on_reset: None, externs: Vec::new() });
        Store { state, data: PhantomData, not_sync: PhantomData }
    }

    /// What the embedder keeps with it.
    pub fn data(&self) -> &T {
        &data_of::<T>(&self.state).data
    }

    /// What the embedder keeps with it.
    pub fn data_mut(&mut self) -> &mut T {
        &mut data_of_mut::<T>(&mut self.state).data
    }

    /// Gives up the store, and what the embedder kept with it back.
    ///
    /// # Panics
    /// Never: a store has the data of its type.
    pub fn into_data(mut self) -> T {
        let hidden = std::mem::replace(&mut self.state.host_data, Box::new(()));
        trusted::reveal::<T>(hidden).expect("a store has the data of its type").data
    }

    /// Its engine.
    pub fn engine(&self) -> &Engine {
        &self.shared().engine
    }

    /// Sets the gas that guests may use from now on. What was used before is forgotten, and a store that had run out
    /// can run again.
    ///
    /// # Errors
    /// If the engine charges no gas, or the limit is above 2^63-1.
    pub fn set_fuel(&mut self, gas: u64) -> Result<()> {
        self.check_metering()?;
        let consumed = self.state.meter().consumed();
        self.state.meter_mut().set_limit(Some(gas))?;
        self.shared().figures.add_gas(consumed);
        Ok(())
    }

    /// The gas that is left; `u64::MAX` without a limit.
    ///
    /// # Errors
    /// If the engine charges no gas.
    pub fn get_fuel(&self) -> Result<u64> {
        self.check_metering()?;
        Ok(self.state.meter().left().unwrap_or(u64::MAX))
    }

    /// The gas that guests have used since a limit was last set; `None` if the engine charges no gas.
    pub fn fuel_consumed(&self) -> Option<u64> {
        self.state.is_metering().then(|| self.state.meter().consumed())
    }

    fn check_metering(&self) -> Result<()> {
        if self.state.is_metering() {
            return Ok(());
        }
        Err(Error::msg("the engine charges no gas; see Config::consume_fuel"))
    }

    /// What interrupts the guests of this store, from any thread.
    ///
    /// # Errors
    /// If the engine's code does not look for it.
    pub fn interrupt_handle(&self) -> Result<InterruptHandle> {
        match self.state.is_interruptible() {
            true => {
                let pause = self.shared().pause.clone();
                Ok(InterruptHandle::new(self.state.interrupt()).with_pause(pause))
            }
            false => {
                Err(Error::msg("the engine does not interrupt guests; see Config::interruptible"))
            }
        }
    }

    /// Sets who is asked before a memory, a table or an instance is made, and before one grows. It limits what guests
    /// do and what the embedder does with the store alike.
    pub fn limiter(
        &mut self,
        limiter: impl Fn(&mut T) -> &mut (dyn ResourceLimiter) + Send + Sync + 'static,
    ) {
        self.state.set_limiter(limiter_of(limiter));
    }

    /// Sets what is done with the embedder's data before an instance of the store is reset ([`Instance::reset`]), such as to
    /// begin anew what the host keeps for the guest: open files, a count of messages. By default the data stays as it is. It is
    /// not done if the reset is refused.
    pub fn on_reset(&mut self, renew: impl FnMut(&mut T) + Send + 'static) {
        data_of_mut::<T>(&mut self.state).on_reset = Some(Box::new(renew));
    }

    /// Its instances, in the order in which they were made.
    pub fn instances(&self) -> impl ExactSizeIterator<Item = Instance> {
        let state = &*self.state;
        (0..state.instances.len() as u32).map(|i| Instance::of(state, InstanceAddr(i)))
    }

    /// Collects the heap: what nobody can reach any more is freed. It is collected on its own when it has grown.
    pub fn gc(&mut self) {
        self.state.collect(&());
    }

    pub(crate) fn shared(&self) -> &Shared {
        &data_of::<T>(&self.state).shared
    }

    pub(crate) fn shared_mut(&mut self) -> &mut Shared {
        &mut data_of_mut::<T>(&mut self.state).shared
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    pub(crate) fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

impl<T: Default + 'static> Default for Store<T> {
    /// A store of an engine of the default settings.
    fn default() -> Store<T> {
        Store::new(&Engine::default(), T::default())
    }
}

impl<T: 'static> fmt::Debug for Store<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}
