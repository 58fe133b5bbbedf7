//! What a host function sees of whoever called it.

use crate::context::{AsContext, AsContextMut, StoreContext, StoreContextMut};
use crate::effects::Effects;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::external::Extern;
use crate::instance::Instance;
use etalon_runtime::{Exhaustion, InstanceAddr, Stop, Store as State};
use std::fmt;

/// The store while a host function runs, and the instance that called it.
pub struct Caller<'a, T: 'static> {
    store: StoreContextMut<'a, T>,
    instance: Option<InstanceAddr>,
}

impl<'a, T: 'static> Caller<'a, T> {
    pub(crate) fn new(state: &'a mut State, instance: Option<InstanceAddr>) -> Caller<'a, T> {
        Caller { store: StoreContextMut::of(state), instance }
    }

    /// What the embedder keeps with the store.
    pub fn data(&self) -> &T {
        self.store.data()
    }

    /// What the embedder keeps with the store.
    pub fn data_mut(&mut self) -> &mut T {
        self.store.data_mut()
    }

    /// The engine of the store.
    pub fn engine(&self) -> &Engine {
        self.store.engine()
    }

    /// The instance that calls, as [`Caller::get_export`] says; `None` if the embedder called the function.
    pub fn instance(&self) -> Option<Instance> {
        Some(Instance::of(self.store.state, self.instance?))
    }

    /// What the calling instance exports under a name: the instance whose code has the call instruction, be it
    /// `call`, `call_indirect`, `call_ref` or a tail call. `None` if it exports no such thing, or if the
    /// embedder called the function.
    pub fn get_export(&mut self, name: &str) -> Option<Extern> {
        let state = &*self.store.state;
        let item = state.instance(self.instance?).export(name)?;
        Some(Extern::of(state, item))
    }

    /// Gas that is left; `None` if no gas is charged, or without a limit.
    pub fn gas_left(&self) -> Option<u64> {
        let state = &*self.store.state;
        state.meter().left().filter(|_| state.is_metering())
    }

    /// The effects that wait until the outermost call ends well.
    pub fn effects(&mut self) -> Effects<'_, T> {
        Effects::of(self.store.state)
    }

    /// Charges gas for the work that the host function is about to do. A host can only subtract gas, and
    /// once it ran out the guest stops, whatever the function returns. Where the embedder called the function itself, nothing is charged.
    ///
    /// # Errors
    /// [`Exhaustion`] if less is left, or the store is interrupted.
    pub fn charge(&mut self, gas: u64) -> Result<()> {
        let charged = self.store.state.charge_in_host(self.instance, gas.into());
        charged.map_err(exhaustion)
    }

    /// Charges gas for bytes that the host function is about to touch, at the schedule's price for them (`host.bytes`), likewise.
    ///
    /// # Errors
    /// [`Exhaustion`] if less is left, or the store is interrupted.
    pub fn charge_bytes(&mut self, bytes: u64) -> Result<()> {
        let state = &mut *self.store.state;
        let gas = state.schedule().host().bytes.charge(bytes);
        state.charge_in_host(self.instance, gas).map_err(exhaustion)
    }
}

fn exhaustion(stop: Stop) -> Error {
    match stop {
        Stop::Exhausted(what) => Error::new(what),
        _ => Error::new(Exhaustion::Gas),
    }
}

impl<T: 'static> AsContext for Caller<'_, T> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        self.store.as_context()
    }
}

impl<T: 'static> AsContextMut for Caller<'_, T> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        self.store.as_context_mut()
    }
}

impl<T: 'static> fmt::Debug for Caller<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").finish_non_exhaustive()
    }
}
