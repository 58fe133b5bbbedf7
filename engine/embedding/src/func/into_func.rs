//! Closures of Rust as functions of the host.

use super::Caller;
use super::host::Scope;
use super::typed::sealed::List;
use super::wasm_ty::WasmTy;
use crate::error::{Error, Mismatch, Result};
use crate::types::FuncType;
use etalon_runtime::{Caller as RawCaller, OverSlots, Stop, Store as State};
use std::sync::Arc;

/// A closure that can be a function of the host: it takes up to 16 parameters that are each a [`WasmTy`], with a
/// [`Caller`] before them if it needs the store, and gives an [`IntoResult`]. It may be called from any thread,
/// so it is `Send` and `Sync`.
///
/// It cannot be implemented outside of this package.
pub trait IntoFunc<T: 'static, Params, Results>: sealed::IntoHost<T, Params, Results> {}

impl<T: 'static, Params, Results, F: sealed::IntoHost<T, Params, Results>>
    IntoFunc<T, Params, Results> for F
{
}

/// What a function of the host may give: nothing, a [`WasmTy`], a tuple of up to 16 of them, or a [`Result`] of one of
/// these. It cannot be implemented outside of this package.
pub trait IntoResult: sealed::IntoValues {}

impl<R: sealed::IntoValues> IntoResult for R {}

pub(crate) mod sealed {
    use super::{Arc, FuncType, List, OverSlots, Result, State};
    use crate::error::Error;
    use crate::types::ValType;

    /// What [`IntoFunc`](super::IntoFunc) is made of.
    pub trait IntoHost<T, Params, Results>: Send + Sync + 'static {
        /// Its type, and what runs with slots of its parameters.
        fn into_host(self) -> (FuncType, Arc<OverSlots>);
    }

    /// What [`IntoResult`](super::IntoResult) is made of.
    pub trait IntoValues {
        fn types() -> Vec<ValType>;
        fn write(self, state: &State, slots: &mut [u64]) -> Result<()>;
    }

    impl<L: List> IntoValues for L {
        fn types() -> Vec<ValType> {
            L::types()
        }

        fn write(self, state: &State, slots: &mut [u64]) -> Result<()> {
            List::write(self, state, slots)
        }
    }

    impl<L: List> IntoValues for Result<L, Error> {
        fn types() -> Vec<ValType> {
            L::types()
        }

        fn write(self, state: &State, slots: &mut [u64]) -> Result<()> {
            self?.write(state, slots)
        }
    }
}

/// No call passes other arguments: they were of the function's type.
fn other_arguments() -> Error {
    Mismatch("the arguments are of other types".to_owned()).into()
}

/// Runs a closure over slots. The references that are made meanwhile are given up when it is left.
fn scoped(
    raw: &mut RawCaller<'_>,
    body: impl FnOnce(&mut RawCaller<'_>) -> Result<()>,
) -> Result<(), Stop> {
    let mut scope = Scope::new(raw);
    body(scope.raw).map_err(|error| scope.failed(error))
}

/// Closures of so many parameters, with and without a caller.
macro_rules! closures {
    ($(($($name:ident)*))*) => {$(
        impl<T: 'static, F, R, $($name: WasmTy),*> sealed::IntoHost<T, ($($name,)*), R> for F
        where
            F: Fn($($name),*) -> R + Send + Sync + 'static,
            R: IntoResult,
        {
            #[allow(non_snake_case, unused_variables, reason = "one closure has no parameters")]
            fn into_host(self) -> (FuncType, Arc<OverSlots>) {
                let ty = FuncType::new([$($name::ty()),*], R::types());
                let body = move |raw: &mut RawCaller<'_>, slots: &mut [u64]| {
                    scoped(raw, |raw| {
                        let ($($name,)*) = List::read(raw.store, slots).ok_or_else(other_arguments)?;
                        self($($name),*).write(raw.store, slots)
                    })
                };
                (ty, Arc::new(body))
            }
        }

        impl<T: 'static, F, R, $($name: WasmTy),*>
            sealed::IntoHost<T, (Caller<'_, T>, $($name,)*), R> for F
        where
            F: Fn(Caller<'_, T>, $($name),*) -> R + Send + Sync + 'static,
            R: IntoResult,
        {
            #[allow(non_snake_case, unused_variables, reason = "one closure has no parameters")]
            fn into_host(self) -> (FuncType, Arc<OverSlots>) {
                let ty = FuncType::new([$($name::ty()),*], R::types());
                let body = move |raw: &mut RawCaller<'_>, slots: &mut [u64]| {
                    scoped(raw, |raw| {
                        let ($($name,)*) = List::read(raw.store, slots).ok_or_else(other_arguments)?;
                        let caller = Caller::new(raw.store, raw.instance);
                        self(caller, $($name),*).write(raw.store, slots)
                    })
                };
                (ty, Arc::new(body))
            }
        }
    )*};
}

arities!(closures);
