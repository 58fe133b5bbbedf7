//! Functions, of guests and of the host (specification: *Runtime Structure*, "Function Instances").

/// Passes to a macro the names of 0 to 16 types: as many parameters or results as have types of Rust.
macro_rules! arities {
    ($with:ident) => {
        $with! {
            ()
            (A1)
            (A1 A2)
            (A1 A2 A3)
            (A1 A2 A3 A4)
            (A1 A2 A3 A4 A5)
            (A1 A2 A3 A4 A5 A6)
            (A1 A2 A3 A4 A5 A6 A7)
            (A1 A2 A3 A4 A5 A6 A7 A8)
            (A1 A2 A3 A4 A5 A6 A7 A8 A9)
            (A1 A2 A3 A4 A5 A6 A7 A8 A9 A10)
            (A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11)
            (A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12)
            (A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12 A13)
            (A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12 A13 A14)
            (A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12 A13 A14 A15)
            (A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12 A13 A14 A15 A16)
        }
    };
}

mod caller;
mod host;
mod into_func;
mod typed;
mod wasm_ty;

pub use caller::Caller;
pub(crate) use host::HostFunc;
pub use into_func::{IntoFunc, IntoResult};
pub use typed::{TypedFunc, WasmParams, WasmResults};
pub use wasm_ty::WasmTy;

use crate::context::{AsContext, AsContextMut, StoreContextMut};
use crate::error::{Mismatch, Result, WrongStore, from_invoke, no_stack};
use crate::handle::Handle;
use crate::metrics::Ending;
use crate::types::FuncType;
use crate::value::Val;
use crate::work::Work;
use etalon_jit::on_guest_stack;
use etalon_runtime::{FuncAddr, InvokeError, Store as State};

/// A function of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Func(pub(crate) Handle<FuncAddr>);

impl Func {
    pub(crate) fn of(state: &State, func: FuncAddr) -> Func {
        Func(Handle::new(state, func))
    }

    pub(crate) fn find(&self, state: &State) -> Result<FuncAddr, WrongStore> {
        self.0.find(state)
    }

    /// A host function of a type that is known when the program runs: `func` gets the arguments, and room for the
    /// results, which hold zeros and nulls before.
    ///
    /// # Panics
    /// If the type names one of another store.
    #[track_caller]
    pub fn new<T: 'static>(
        mut store: impl AsContextMut<Data = T>,
        ty: FuncType,
        func: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
    ) -> Func {
        let host = HostFunc::dynamic(ty, func);
        match host.allocate(store.as_context_mut().state, "", "") {
            Ok(func) => func,
            Err(error) => panic!("{error}"),
        }
    }

    /// A host function of a closure, whose type is that of its parameters and its result; see [`IntoFunc`]. It has no
    /// names by which a schedule could price it: for that there is [`Linker::func_wrap`](crate::Linker::func_wrap).
    ///
    /// # Panics
    /// Never.
    pub fn wrap<T: 'static, Params, Results>(
        mut store: impl AsContextMut<Data = T>,
        func: impl IntoFunc<T, Params, Results>,
    ) -> Func {
        let host = HostFunc::wrapped(func);
        host.allocate(store.as_context_mut().state, "", "").expect("types of Rust are of no store")
    }

    /// Its type.
    ///
    /// # Panics
    /// If it is of another store.
    #[track_caller]
    pub fn ty(&self, store: impl AsContext) -> FuncType {
        let state = store.as_context().state;
        FuncType::of_store(state, state.func_type(self.0.of(state)))
    }

    /// Calls it. The results are written to `results`, which must be as long as there are results.
    ///
    /// # Errors
    /// If it is of another store, the arguments do not fit, or execution stops: by a
    /// [`Trap`](crate::Trap), a [`ThrownException`](crate::ThrownException), an
    /// [`Exhaustion`](crate::Exhaustion) or the error of a host function, each to be had by
    /// [`Error::downcast_ref`](crate::Error::downcast_ref).
    ///
    /// # Panics
    /// If a host function panics: its panic goes on here. The store works as before.
    pub fn call(
        &self,
        mut store: impl AsContextMut,
        params: &[Val],
        results: &mut [Val],
    ) -> Result<()> {
        let store = store.as_context_mut();
        let func = self.find(store.state)?;
        let ty = store.state.func_type(func).clone();
        if results.len() != ty.results.len() {
            let (want, got) = (ty.results.len(), results.len());
            return Err(Mismatch(format!("room for {want} results is needed, not {got}")).into());
        }
        let args = Val::arguments(store.state, params, &ty)?;
        let (state, values) =
            invoke(store, func, |state| state.invoke(func, &args).map_err(Box::new))?;
        results.copy_from_slice(&Val::list_of(state, &values, &ty.results));
        Ok(())
    }

    /// The function with types of Rust for its parameters and results, checked once for all calls.
    ///
    /// # Errors
    /// If it is of another store, or of another type.
    pub fn typed<Params: WasmParams, Results: WasmResults>(
        &self,
        store: impl AsContext,
    ) -> Result<TypedFunc<Params, Results>> {
        TypedFunc::check(store.as_context().state, *self)
    }
}

/// Invokes a function, as `body` does it, on the stack on which calls from tier to tier cannot overflow.
pub(crate) fn invoke<'a, T: 'static, R>(
    store: StoreContextMut<'a, T>,
    func: FuncAddr,
    body: impl FnOnce(&mut State) -> Result<R, Box<InvokeError>>,
) -> Result<(&'a mut State, R)> {
    let state = store.state;
    let mut work = Work::<T>::call(state);
    work.begin_call(func)?;
    let mut invoked = None;
    let ran = on_guest_stack(|| invoked = Some(body(work.state)));
    let invoked = match invoked {
        Some(invoked) => invoked,
        None => Err(Box::new(no_stack(&ran.expect_err("nothing ran")).into())),
    };
    work.over(Ending::of_invocation(invoked.as_ref().map_err(|error| &**error)));
    drop(work);
    match invoked {
        Ok(results) => Ok((state, results)),
        Err(error) => Err(from_invoke(state, *error)),
    }
}
