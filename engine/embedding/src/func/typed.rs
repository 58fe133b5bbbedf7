//! Functions with types of Rust for their parameters and results.

use super::{Func, invoke};
use crate::context::AsContextMut;
use crate::error::{Mismatch, Result};
use crate::func::wasm_ty::WasmTy;
use crate::types::{FuncType, ValType};
use etalon_module as module;
use etalon_runtime::{Store as State, Value, Values};
use smallvec::smallvec;
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
    use super::{Result, State, ValType, Value, Values};

    /// A list of values of Rust.
    pub trait List: Sized + 'static {
        fn types() -> Vec<ValType>;

        /// The values in a store.
        fn into_values(self, state: &State) -> Result<Values>;

        /// Of values of the types; `None` if they are of others.
        fn from_values(state: &mut State, values: &[Value]) -> Option<Self>;
    }
}

impl<A: WasmTy> sealed::List for A {
    fn types() -> Vec<ValType> {
        vec![A::ty()]
    }

    fn into_values(self, state: &State) -> Result<Values> {
        Ok(smallvec![self.into_value(state)?])
    }

    fn from_values(state: &mut State, values: &[Value]) -> Option<Self> {
        match values {
            [value] => A::from_value(state, *value),
            _ => None,
        }
    }
}

/// Tuples of types.
macro_rules! lists {
    ($(($($name:ident)*))*) => {$(
        impl<$($name: WasmTy),*> sealed::List for ($($name,)*) {
            fn types() -> Vec<ValType> {
                vec![$($name::ty()),*]
            }

            #[allow(non_snake_case, unused_variables, reason = "the empty tuple has no values")]
            fn into_values(self, state: &State) -> Result<Values> {
                let ($($name,)*) = self;
                Ok(smallvec![$($name.into_value(state)?),*])
            }

            #[allow(non_snake_case, unused_variables, reason = "the empty tuple has no values")]
            fn from_values(state: &mut State, values: &[Value]) -> Option<Self> {
                let [$($name),*] = values else { return None };
                Some(($(<$name as crate::func::wasm_ty::sealed::WasmTy>::from_value(state, *$name)?,)*))
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
        let args = params.into_values(store.state)?;
        let (state, values) = invoke(store, func, &args)?;
        let results = Results::from_values(state, &values);
        results.ok_or_else(|| Mismatch("the results are of other types".to_owned()).into())
    }
}
