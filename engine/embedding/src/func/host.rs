//! Functions of the host, apart from any store.

use super::into_func::IntoFunc;
use super::{Caller, Func};
use crate::context::data_of;
use crate::error::{Error, Result, WrongStore, into_stop};
use crate::metrics::{Activity, Figures};
use crate::types::FuncType;
use crate::value::Val;
use etalon_gas::Schedule;
use etalon_module::{FuncType as Canonical, Rolled, ValType};
use etalon_runtime::{
    Caller as RawCaller, HostFn, Moment, OverSlots, Ref, RootId, Stop, Store as State, Value,
    Values,
};
use std::fmt;
use std::sync::Arc;

/// What runs over values: it gets the function's type in the store, and the arguments, which are of it.
type OverValues = dyn Fn(&mut RawCaller<'_>, &Canonical, &[Value]) -> Result<Values> + Send + Sync;

/// What runs when it is called.
#[derive(Clone)]
enum Body {
    Values(Arc<OverValues>),
    /// Of a closure over values of Rust, which knows its type.
    Slots(Arc<OverSlots>),
}

/// A function of the host that any number of stores can have.
#[derive(Clone)]
pub(crate) struct HostFunc {
    ty: FuncType,
    body: Body,
    /// The figures of a store with the data that it is for.
    figures: fn(&State) -> &Arc<Figures>,
    ready: Option<Ready>,
}

/// What every store under a schedule can have of a function whose type is the same in all of them.
#[derive(Clone)]
struct Ready {
    schedule: Arc<Schedule>,
    ty: Arc<Rolled>,
    host: Arc<HostFn>,
}

impl HostFunc {
    /// Of a closure over values.
    pub(crate) fn dynamic<T: 'static>(
        ty: FuncType,
        func: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
    ) -> HostFunc {
        let body = move |raw: &mut RawCaller<'_>, ty: &Canonical, args: &[Value]| {
            let args = Val::list_of(raw.store, args, &ty.params);
            let mut results: Vec<Val> = ty.results.iter().map(|ty| room(raw.store, *ty)).collect();
            func(Caller::new(raw.store, raw.instance), &args, &mut results)?;
            let state = &*raw.store;
            results.iter().zip(&ty.results).map(|(val, ty)| val.value_of(state, *ty)).collect()
        };
        HostFunc { ty, body: Body::Values(Arc::new(body)), figures: figures_of::<T>, ready: None }
    }

    /// Of a closure over values of Rust.
    pub(crate) fn wrapped<T: 'static, Params, Results>(
        func: impl IntoFunc<T, Params, Results>,
    ) -> HostFunc {
        let (ty, body) = func.into_host();
        HostFunc { ty, body: Body::Slots(body), figures: figures_of::<T>, ready: None }
    }

    /// Its type, in no store yet.
    pub(crate) fn ty(&self) -> &FuncType {
        &self.ty
    }

    /// The same, made ready for any number of stores under a schedule, and for the two names by which that prices it.
    pub(crate) fn made_ready(
        &self,
        schedule: &Arc<Schedule>,
        module: &str,
        name: &str,
    ) -> HostFunc {
        let ready = self.ty.abstract_canonical().and_then(|ty| {
            let host = self.named(ty.clone(), module, name, None).priced(schedule);
            let (ty, host) = (Rolled::of_func(&ty)?, Arc::new(host));
            Some(Ready { schedule: Arc::clone(schedule), ty, host })
        });
        HostFunc { ready, ..self.clone() }
    }

    /// Adds it to a store, under the two names by which a schedule prices it.
    ///
    /// # Errors
    /// If its type names one of another store.
    pub(crate) fn allocate(
        &self,
        state: &mut State,
        module: &str,
        name: &str,
    ) -> Result<Func, WrongStore> {
        let clock = self.clock_of(state);
        if let Some(Ready { schedule, ty, host }) = &self.ready
            && clock.is_none()
            && Arc::ptr_eq(schedule, state.schedule())
        {
            let func = state.alloc_host_func_ready(ty, Arc::clone(host));
            return Ok(Func::of(state, func));
        }
        let ty = self.ty.canonical(state)?;
        let host = self.named(ty.clone(), module, name, clock);
        let func = state.alloc_host_func(ty, host);
        Ok(Func::of(state, func))
    }

    /// The figures of a store that is to have it, if it measures times.
    fn clock_of(&self, state: &State) -> Option<Arc<Figures>> {
        (self.figures)(state).if_timed()
    }

    /// As a store calls it, with its type there. Whether times are measured is known when it is added to the store: where they are not,
    /// no call asks.
    pub(crate) fn named(
        &self,
        ty: Canonical,
        module: &str,
        name: &str,
        clock: Option<Arc<Figures>>,
    ) -> HostFn {
        match (self.body.clone(), clock) {
            (Body::Slots(body), None) => HostFn::over_slots(module, name, body),
            (Body::Slots(body), Some(figures)) => {
                let timed = move |raw: &mut RawCaller<'_>, slots: &mut [u64]| {
                    let _turn = figures.turn(Activity::Host);
                    body(raw, slots)
                };
                HostFn::over_slots(module, name, Arc::new(timed))
            }
            (Body::Values(body), clock) => HostFn::quick(module, name, move |raw, args| {
                let _turn = clock.as_ref().and_then(|figures| figures.turn(Activity::Host));
                let mut scope = Scope::new(raw);
                let results = body(scope.raw, &ty, args);
                results.map_err(|error| scope.failed(error))
            }),
        }
    }
}

fn figures_of<T: 'static>(state: &State) -> &Arc<Figures> {
    &data_of::<T>(state).shared.figures
}

/// What stands for a result before the host function has set it.
fn room(state: &mut State, ty: ValType) -> Val {
    Val::of(state, Value::default_of(ty).unwrap_or(Value::Ref(Ref::NULL)), ty)
}

/// While a host function runs: the references that are made meanwhile are given up when it is left, and where it fails, the effects that
/// it has declared are dropped.
pub(super) struct Scope<'a, 'b> {
    pub(super) raw: &'a mut RawCaller<'b>,
    mark: RootId,
    moment: Moment,
}

impl<'a, 'b> Scope<'a, 'b> {
    #[inline]
    pub(super) fn new(raw: &'a mut RawCaller<'b>) -> Scope<'a, 'b> {
        let (mark, moment) = (raw.store.root_mark(), raw.store.effects_moment());
        Scope { raw, mark, moment }
    }

    /// How an error stops the guest. It may be an exception that the guest catches, so the effects are dropped here.
    #[cold]
    pub(super) fn failed(&mut self, error: Error) -> Stop {
        self.raw.store.drop_effects_since(self.moment);
        into_stop(self.raw.store, error)
    }
}

impl Drop for Scope<'_, '_> {
    #[inline]
    fn drop(&mut self) {
        self.raw.store.unroot_since(self.mark);
    }
}

impl fmt::Debug for HostFunc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostFunc").field("ty", &self.ty).finish_non_exhaustive()
    }
}
