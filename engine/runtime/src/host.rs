//! Host functions (specification: *Execution*, "Host Functions").

use crate::InstanceAddr;
use crate::stop::Stop;
use crate::store::Store;
use crate::value::{Value, Values};
use std::fmt;

/// What a host function can access while it runs.
#[derive(Debug)]
pub struct Caller<'a> {
    /// The store; the function may change it and call into it.
    pub store: &'a mut Store,
    /// The instance whose instruction calls the function, a tail call too; `None` if the embedder calls it.
    pub instance: Option<InstanceAddr>,
}

impl Caller<'_> {
    /// Charges gas for the work that the host function is about to do. A host can only subtract gas.
    ///
    /// # Errors
    /// [`Exhaustion::Gas`](crate::Exhaustion::Gas) if less is left; the function must return it at once.
    pub fn charge(&mut self, gas: u64) -> Result<(), Stop> {
        self.store.charge(gas.into())
    }

    /// Gas that is left; `None` if the store is not metered.
    pub fn gas_left(&self) -> Option<u64> {
        self.store.meter().left()
    }
}

/// The closure behind a host function.
type Body = dyn Fn(&mut Caller<'_>, &[Value]) -> Result<Values, Stop> + Send + Sync;

/// A host function. Its type is kept by the store's function instance.
pub struct HostFn {
    module: String,
    name: String,
    body: Box<Body>,
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
        HostFn { module: module.into(), name: name.into(), body: Box::new(body) }
    }

    /// First of its two names.
    pub fn module(&self) -> &str {
        &self.module
    }

    /// Second of its two names.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn call(
        &self,
        store: &mut Store,
        instance: Option<InstanceAddr>,
        args: &[Value],
    ) -> Result<Values, Stop> {
        (self.body)(&mut Caller { store, instance }, args)
    }
}

impl fmt::Debug for HostFn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostFn({}.{})", self.module, self.name)
    }
}
