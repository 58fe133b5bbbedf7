//! Functions with types of Rust for their parameters and results.

use super::wasm_ty::{self, WasmTy};
use super::{Func, invoke};
use crate::context::{AsContextMut, StoreContextMut};
use crate::error::{Mismatch, Result};
use crate::types::{FuncType, ValType};
use etalon_module as module;
use etalon_runtime::{FuncAddr, Store as State};
use std::fmt;
use std::marker::PhantomData;

/// A function whose type was compared with types of Rust: calls are checked when the program is compiled.
pub struct TypedFunc<Params, Results> {
    func: Func,
    types: PhantomData<fn(Params) -> Results>,
}

impl<Params, Results> Clone for TypedFunc<Params, Results> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Params, Results> Copy for TypedFunc<Params, Results> {}

impl<Params, Results> fmt::Debug for TypedFunc<Params, Results> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TypedFunc").field(&self.func).finish()
    }
}

/// Parameters of a function: nothing, a [`WasmTy`], or a tuple of up to 16 of them.
pub trait WasmParams: sealed::List {}

/// Results of a function: nothing, a [`WasmTy`], or a tuple of up to 16 of them.
pub trait WasmResults: sealed::List {}

impl<L: sealed::List> WasmParams for L {}
impl<L: sealed::List> WasmResults for L {}

pub(crate) mod sealed {
    use super::{Result, State, ValType};

    /// A list of values of Rust.
    pub trait List: Sized + 'static {
        /// How many slots they take.
        const SLOTS: usize;

        fn types() -> Vec<ValType>;

        /// Writes the values, in a store, to as many slots as they take.
        fn write(self, state: &State, slots: &mut [u64]) -> Result<()>;

        /// Of slots that hold values of the types; `None` if they hold others.
        fn read(state: &mut State, slots: &[u64]) -> Option<Self>;
    }
}

impl<A: WasmTy> sealed::List for A {
    const SLOTS: usize = A::SLOTS;

    fn types() -> Vec<ValType> {
        vec![A::ty()]
    }

    fn write(self, state: &State, slots: &mut [u64]) -> Result<()> {
        A::write(self, state, slots)
    }

    fn read(state: &mut State, slots: &[u64]) -> Option<Self> {
        A::read(state, slots)
    }
}

/// Tuples of types.
macro_rules! lists {
    ($(($($name:ident)*))*) => {$(
        #[allow(non_snake_case, unused_variables, unused_mut, unused_assignments, reason = "the empty tuple has no values")]
        impl<$($name: WasmTy),*> sealed::List for ($($name,)*) {
            const SLOTS: usize = 0 $(+ $name::SLOTS)*;

            fn types() -> Vec<ValType> {
                vec![$($name::ty()),*]
            }

            fn write(self, state: &State, slots: &mut [u64]) -> Result<()> {
                let ($($name,)*) = self;
                let mut at = 0;
                $(
                    wasm_ty::sealed::WasmTy::write($name, state, &mut slots[at..])?;
                    at += $name::SLOTS;
                )*
                Ok(())
            }

            fn read(state: &mut State, slots: &[u64]) -> Option<Self> {
                let mut at = 0;
                $(
                    let $name = <$name as wasm_ty::sealed::WasmTy>::read(state, slots.get(at..)?)?;
                    at += $name::SLOTS;
                )*
                Some(($($name,)*))
            }
        }
    )*};
}

arities!(lists);

/// Whether each of the first types matches its neighbour among the others. A type of Rust is abstract, so a store
/// need not learn it.
fn match_all(state: &State, subs: &[module::ValType], sups: &[module::ValType]) -> bool {
    subs.len() == sups.len()
        && subs.iter().zip(sups).all(|(sub, sup)| state.types.matches_val(*sub, *sup))
}

fn abstract_types(types: &[ValType]) -> Option<Vec<module::ValType>> {
    types.iter().map(ValType::abstract_canonical).collect()
}

impl<Params: WasmParams, Results: WasmResults> TypedFunc<Params, Results> {
    pub(crate) fn check(state: &State, func: Func) -> Result<TypedFunc<Params, Results>> {
        let addr = func.find(state)?;
        let ty = state.func_type(addr);
        let params = abstract_types(&Params::types());
        let results = abstract_types(&Results::types());
        let fits = params.is_some_and(|params| match_all(state, &params, &ty.params))
            && results.is_some_and(|results| match_all(state, &ty.results, &results));
        if !fits {
            let wanted = FuncType::new(Params::types(), Results::types());
            let ty = FuncType::of_store(state, ty);
            return Err(Mismatch(format!("the function is of type {ty}, not {wanted}")).into());
        }
        Ok(TypedFunc { func, types: PhantomData })
    }

    /// The function, without types of Rust.
    pub fn func(&self) -> &Func {
        &self.func
    }

    /// Calls it.
    ///
    /// # Errors
    /// As for [`Func::call`].
    ///
    /// # Panics
    /// As for [`Func::call`].
    pub fn call(&self, mut store: impl AsContextMut, params: Params) -> Result<Results> {
        let store = store.as_context_mut();
        let func = self.func.find(store.state)?;
        // Most calls pass little, and none passes more than 16 vectors.
        if const { Params::SLOTS <= FEW && Results::SLOTS <= FEW } {
            self.call_in(store, func, params, &mut [0; FEW])
        } else {
            self.call_in(store, func, params, &mut [0; 32])
        }
    }

    /// Calls it with arguments and results in slots.
    fn call_in<T: 'static>(
        &self,
        store: StoreContextMut<'_, T>,
        func: FuncAddr,
        params: Params,
        slots: &mut [u64],
    ) -> Result<Results> {
        params.write(store.state, slots)?;
        let (state, ()) = invoke(store, func, |state| {
            state.invoke_slots(func, slots).map_err(|stop| Box::new((*stop).into()))
        })?;
        let results = Results::read(state, slots);
        results.ok_or_else(|| Mismatch("the results are of other types".to_owned()).into())
    }
}

/// Slots of an ordinary call.
const FEW: usize = 4;
