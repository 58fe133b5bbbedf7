//! Types of Rust that are value types of guests.

use super::Func;
use crate::error::Result;
use crate::reference::{AnyRef, ExnRef, ExternRef, Rooted};
use crate::types::{HeapType, RefType, ValType};
use crate::value::Ref;
use etalon_module::HeapType as Canonical;
use etalon_runtime::{Ref as Word, Store as State, Value};

/// A type of Rust that stands for one value type: the integers and floats of 32 and 64 bits, `u128` for `v128`, and
/// [`Func`] and [`Rooted`] references, in an `Option` where they may be null. It cannot be implemented outside of
/// this package.
pub trait WasmTy: sealed::WasmTy {
    /// The value type.
    fn valtype() -> ValType {
        Self::ty()
    }
}

impl<A: sealed::WasmTy> WasmTy for A {}

pub(crate) mod sealed {
    use super::{Result, State, ValType, Value};

    /// What [`WasmTy`](super::WasmTy) is made of.
    pub trait WasmTy: Sized + 'static {
        fn ty() -> ValType;

        /// The value in a store.
        fn into_value(self, state: &State) -> Result<Value>;

        /// Of a value of the type; `None` if it is of another, which no one passes.
        fn from_value(state: &mut State, value: Value) -> Option<Self>;
    }
}

macro_rules! numbers {
    ($($rust:ty, $ty:ident, $value:ident => $into:expr, $bits:ident => $from:expr;)*) => {$(
        impl sealed::WasmTy for $rust {
            fn ty() -> ValType {
                ValType::$ty
            }

            fn into_value(self, _: &State) -> Result<Value> {
                let $value = self;
                Ok(Value::$ty($into))
            }

            fn from_value(_: &mut State, value: Value) -> Option<Self> {
                match value {
                    Value::$ty($bits) => Some($from),
                    _ => None,
                }
            }
        }
    )*};
}

numbers! {
    i32, I32, value => value as u32, bits => bits as i32;
    u32, I32, value => value, bits => bits;
    i64, I64, value => value as u64, bits => bits as i64;
    u64, I64, value => value, bits => bits;
    f32, F32, value => value.to_bits(), bits => f32::from_bits(bits);
    f64, F64, value => value.to_bits(), bits => f64::from_bits(bits);
    u128, V128, value => value, bits => bits;
}

macro_rules! references {
    ($($rust:ty, $heap:ident, $variant:ident;)*) => {$(
        impl sealed::WasmTy for Option<$rust> {
            fn ty() -> ValType {
                ValType::Ref(RefType::new(true, HeapType::$heap))
            }

            fn into_value(self, state: &State) -> Result<Value> {
                Ok(Value::Ref(Ref::$variant(self).word(state)?))
            }

            fn from_value(state: &mut State, value: Value) -> Option<Self> {
                match word(value).map(|word| Ref::of(state, word, Canonical::$heap)) {
                    Some(Ref::$variant(r)) => Some(r),
                    _ => None,
                }
            }
        }

        impl sealed::WasmTy for $rust {
            fn ty() -> ValType {
                ValType::Ref(RefType::new(false, HeapType::$heap))
            }

            fn into_value(self, state: &State) -> Result<Value> {
                sealed::WasmTy::into_value(Some(self), state)
            }

            fn from_value(state: &mut State, value: Value) -> Option<Self> {
                <Option<$rust> as sealed::WasmTy>::from_value(state, value)?
            }
        }
    )*};
}

references! {
    Func, Func, Func;
    Rooted<ExternRef>, Extern, Extern;
    Rooted<AnyRef>, Any, Any;
    Rooted<ExnRef>, Exn, Exn;
}

fn word(value: Value) -> Option<Word> {
    match value {
        Value::Ref(word) => Some(word),
        _ => None,
    }
}
