//! Host functions (specification: *Execution*, "Host Functions").

use crate::address::{FuncAddr, InstanceAddr};
use crate::stop::{HostError, Stop};
use crate::store::Store;
use crate::unwind::Holding;
use crate::value::{Value, Values};
use etalon_gas::Schedule;
use etalon_module::{FuncType, Rolled};
use std::fmt;
use std::sync::Arc;

/// What a host function can access while it runs.
#[derive(Debug)]
pub struct Caller<'a> {
    /// The store; the function may change it and call into it.
    pub store: &'a mut Store,
    /// The instance whose instruction calls the function, a tail call too; `None` if the embedder calls it.
    pub instance: Option<InstanceAddr>,
}

impl Caller<'_> {
    /// Charges gas for the work that the host function is about to do. A host can only subtract gas. Where the embedder invoked
    /// the function itself, nothing is charged.
    ///
    /// # Errors
    /// [`Exhaustion::Gas`](crate::Exhaustion::Gas) if less is left; the function must return it at once.
    pub fn charge(&mut self, gas: u64) -> Result<(), Stop> {
        self.store.charge_in_host(self.instance, gas.into())
    }

    /// Gas that is left; `None` if the store is not metered.
    pub fn gas_left(&self) -> Option<u64> {
        self.store.meter().left()
    }
}

/// A closure over values, which are checked: the arguments when they come from the embedder, and the results always.
type OverValues = dyn Fn(&mut Caller<'_>, &[Value]) -> Result<Values, Stop> + Send + Sync;

/// A closure over slots, as [`Value::write_all`] writes them: it finds its arguments there and leaves its results in their place.
pub type OverSlots = dyn Fn(&mut Caller<'_>, &mut [u64]) -> Result<(), Stop> + Send + Sync;

/// What runs when a host function is called.
enum Body {
    Values(Box<OverValues>),
    Slots(Arc<OverSlots>),
}

/// A host function. Its type is kept by the store's function instance.
pub struct HostFn {
    module: String,
    name: String,
    body: Body,
    /// What a call of it costs in the store that has it.
    price: u32,
}

impl HostFn {
    /// A host function with its two import names, by which a schedule prices it.
    pub fn new(
        module: impl Into<String>,
        name: impl Into<String>,
        body: impl Fn(&mut Caller<'_>, &[Value]) -> Result<Vec<Value>, Stop> + Send + Sync + 'static,
    ) -> HostFn {
        HostFn::quick(module, name, move |caller, args| body(caller, args).map(Into::into))
    }

    /// The same of one that takes no memory for a few results.
    pub fn quick(
        module: impl Into<String>,
        name: impl Into<String>,
        body: impl Fn(&mut Caller<'_>, &[Value]) -> Result<Values, Stop> + Send + Sync + 'static,
    ) -> HostFn {
        HostFn::of(module, name, Body::Values(Box::new(body)))
    }

    /// A host function that gets slots and makes no values of them, for a caller that knows its type when it is compiled.
    ///
    /// Nobody checks the words that it leaves: each must be one of the result's type, and a reference of the store. While it
    /// runs, nothing but the closure keeps alive what its arguments refer to.
    pub fn over_slots(
        module: impl Into<String>,
        name: impl Into<String>,
        body: Arc<OverSlots>,
    ) -> HostFn {
        HostFn::of(module, name, Body::Slots(body))
    }

    fn of(module: impl Into<String>, name: impl Into<String>, body: Body) -> HostFn {
        HostFn { module: module.into(), name: name.into(), body, price: 0 }
    }

    /// First of its two names.
    pub fn module(&self) -> &str {
        &self.module
    }

    /// Second of its two names.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same with what a call of it costs under a schedule.
    #[must_use]
    pub fn priced(self, schedule: &Schedule) -> HostFn {
        let price = schedule.host().base(&self.module, &self.name);
        HostFn { price, ..self }
    }
}

impl Store {
    /// Adds a host function. Its type may refer to abstract and canonical types only.
    pub fn alloc_host_func(&mut self, ty: FuncType, func: HostFn) -> FuncAddr {
        let ty = self.types.intern_func(ty);
        let func = Arc::new(func.priced(self.schedule()));
        self.funcs.add_host(ty, func)
    }

    /// Adds a host function that other stores may have too. It must be priced under the store's schedule, and its type is the same in
    /// every store.
    pub fn alloc_host_func_ready(&mut self, ty: &Arc<Rolled>, func: Arc<HostFn>) -> FuncAddr {
        let ty = self.types.intern_alone(ty);
        self.funcs.add_host(ty, func)
    }

    /// Tells the store that the embedder gets to know a function, and may make references to it from now on.
    pub fn refer(&mut self, func: FuncAddr) {
        if !self.funcs.is_referable(func) {
            self.funcs.make_referable(func);
            self.executors().for_each(|executor| executor.refer(self, func));
        }
    }

    /// What a host function charges for its work: nothing where the embedder invoked it, for there is no `instance` (gas-1, *Host calls*).
    ///
    /// # Errors
    /// As for [`Store::charge`].
    pub fn charge_in_host(
        &mut self,
        instance: Option<InstanceAddr>,
        gas: u128,
    ) -> Result<(), Stop> {
        self.charge(if instance.is_some() { gas } else { 0 })
    }

    /// Calls a host function of the store: charges what a call costs, and runs it. `slots` holds the arguments and receives
    /// the results, and is long enough for both.
    ///
    /// # Errors
    /// How execution stopped.
    #[inline]
    pub fn call_host(
        &mut self,
        func: FuncAddr,
        host: &HostFn,
        slots: &mut [u64],
    ) -> Result<(), Stop> {
        self.host_calls += 1;
        let instance = self.running.take();
        // What the embedder invokes itself is not charged for, but an exhausted meter stays so.
        let price = if instance.is_some() { host.price } else { 0 };
        self.charge(price.into())?;
        match &host.body {
            Body::Slots(body) => body(&mut Caller { store: self, instance }, slots),
            Body::Values(body) => self.call_over_values(func, host, body, instance, slots),
        }
    }

    fn call_over_values(
        &mut self,
        func: FuncAddr,
        host: &HostFn,
        body: &OverValues,
        instance: Option<InstanceAddr>,
        slots: &mut [u64],
    ) -> Result<(), Stop> {
        let args = Value::read_all(&self.func_type(func).params, slots);
        // While the function runs, its arguments must stay alive even if nothing else refers to them.
        let held =
            args.iter().filter_map(|arg| if let Value::Ref(r) = arg { Some(*r) } else { None });
        let holding = Holding::new(self, held.collect());
        let results = body(&mut Caller { store: holding.store, instance }, &args);
        drop(holding);
        let results = results?;
        let ty = self.func_type(func);
        let fits = results.len() == ty.results.len()
            && results.iter().zip(&ty.results).all(|(v, t)| self.has_type(*v, *t));
        if !fits {
            let message = format!("{host:?} did not return {ty}");
            return Err(Stop::Host(HostError::new(message)));
        }
        Value::write_all(&results, slots);
        Ok(())
    }
}

impl fmt::Debug for HostFn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostFn({}.{})", self.module, self.name)
    }
}
