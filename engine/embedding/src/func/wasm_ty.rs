//! Types of Rust that are value types of guests.

use super::Func;
use crate::error::Result;
use crate::reference::{AnyRef, ExnRef, ExternRef, Rooted};
use crate::types::{HeapType, RefType, ValType};
use crate::value::Ref;
use etalon_module::HeapType as Canonical;
use etalon_runtime::{Ref as Word, Store as State};

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
    use super::{Result, State, ValType};

    /// What [`WasmTy`](super::WasmTy) is made of.
    pub trait WasmTy: Sized + 'static {
        /// How many slots a value takes.
        const SLOTS: usize = 1;

        fn ty() -> ValType;

        /// Writes the value, in a store, to as many slots as it takes.
        ///
        /// # Errors
        /// If it is a reference of another store, or one that is gone.
        fn write(self, state: &State, slots: &mut [u64]) -> Result<()>;

        /// The value of slots that hold one of the type; `None` if they hold no such thing.
        fn read(state: &mut State, slots: &[u64]) -> Option<Self>;
    }
}

macro_rules! numbers {
    ($($rust:ty, $ty:ident, $value:ident => $into:expr, $word:ident => $from:expr;)*) => {$(
        impl sealed::WasmTy for $rust {
            fn ty() -> ValType {
                ValType::$ty
            }

            fn write(self, _: &State, slots: &mut [u64]) -> Result<()> {
                let $value = self;
                slots[0] = $into;
                Ok(())
            }

            fn read(_: &mut State, slots: &[u64]) -> Option<Self> {
                let $word = *slots.first()?;
                Some($from)
            }
        }
    )*};
}

numbers! {
    i32, I32, value => u64::from(value as u32), word => word as i32;
    u32, I32, value => u64::from(value), word => word as u32;
    i64, I64, value => value as u64, word => word as i64;
    u64, I64, value => value, word => word;
    f32, F32, value => u64::from(value.to_bits()), word => f32::from_bits(word as u32);
    f64, F64, value => value.to_bits(), word => f64::from_bits(word);
}

impl sealed::WasmTy for u128 {
    const SLOTS: usize = 2;

    fn ty() -> ValType {
        ValType::V128
    }

    fn write(self, _: &State, slots: &mut [u64]) -> Result<()> {
        (slots[0], slots[1]) = (self as u64, (self >> 64) as u64);
        Ok(())
    }

    fn read(_: &mut State, slots: &[u64]) -> Option<Self> {
        let [low, high] = *slots.first_chunk()?;
        Some(u128::from(low) | u128::from(high) << 64)
    }
}

macro_rules! references {
    ($($rust:ty, $heap:ident, $variant:ident;)*) => {$(
        impl sealed::WasmTy for Option<$rust> {
            fn ty() -> ValType {
                ValType::Ref(RefType::new(true, HeapType::$heap))
            }

            fn write(self, state: &State, slots: &mut [u64]) -> Result<()> {
                slots[0] = Ref::$variant(self).word(state)?.to_bits();
                Ok(())
            }

            fn read(state: &mut State, slots: &[u64]) -> Option<Self> {
                let word = Word::from_bits(*slots.first()?)?;
                match Ref::of(state, word, Canonical::$heap) {
                    Ref::$variant(r) => Some(r),
                    _ => None,
                }
            }
        }

        impl sealed::WasmTy for $rust {
            fn ty() -> ValType {
                ValType::Ref(RefType::new(false, HeapType::$heap))
            }

            fn write(self, state: &State, slots: &mut [u64]) -> Result<()> {
                sealed::WasmTy::write(Some(self), state, slots)
            }

            fn read(state: &mut State, slots: &[u64]) -> Option<Self> {
                <Option<$rust> as sealed::WasmTy>::read(state, slots)?
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
