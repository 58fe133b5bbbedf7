//! Values (specification: *Runtime Structure*, "Values") as the embedder sees them, and their slots.

use crate::reference::Ref;
use etalon_module::ValType;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// A value with its type. Floats are bits, so that NaNs keep their payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Value {
    /// `i32`
    I32(u32),
    /// `i64`
    I64(u64),
    /// `f32`, as bits
    F32(u32),
    /// `f64`, as bits
    F64(u64),
    /// `v128`, as a little-endian number
    V128(u128),
    /// A reference
    Ref(Ref),
}

/// Values that are passed together: few of them take no memory of their own.
pub type Values = SmallVec<[Value; 4]>;

impl Value {
    /// Whether it is a number or vector of a type.
    pub(crate) fn is_number_of(self, ty: ValType) -> bool {
        matches!(
            (self, ty),
            (Value::I32(_), ValType::I32)
                | (Value::I64(_), ValType::I64)
                | (Value::F32(_), ValType::F32)
                | (Value::F64(_), ValType::F64)
                | (Value::V128(_), ValType::V128)
        )
    }

    /// The default value of a type: zero or null; `None` for non-nullable references.
    pub fn default_of(ty: ValType) -> Option<Value> {
        Some(match ty {
            ValType::I32 => Value::I32(0),
            ValType::I64 => Value::I64(0),
            ValType::F32 => Value::F32(0),
            ValType::F64 => Value::F64(0),
            ValType::V128 => Value::V128(0),
            ValType::Ref(r) if r.nullable => Value::Ref(Ref::NULL),
            ValType::Ref(_) => return None,
        })
    }

    /// Its size in the heap, in bytes (gas-1 §10).
    pub(crate) fn bytes(self) -> u64 {
        match self {
            Value::I32(_) | Value::F32(_) => 4,
            Value::I64(_) | Value::F64(_) | Value::Ref(_) => 8,
            Value::V128(_) => 16,
        }
    }

    /// The value in two slots; the second is 0 except for vectors.
    pub fn to_slots(self) -> [u64; 2] {
        match self {
            Value::I32(v) | Value::F32(v) => [u64::from(v), 0],
            Value::I64(v) | Value::F64(v) => [v, 0],
            Value::V128(v) => [v as u64, (v >> 64) as u64],
            Value::Ref(r) => [r.to_bits(), 0],
        }
    }

    /// The value of a type in two slots; `None` if the type is a reference type and the first slot is not the word of a reference.
    #[inline]
    pub fn from_slots(ty: ValType, [low, high]: [u64; 2]) -> Option<Value> {
        Some(match ty {
            ValType::I32 => Value::I32(low as u32),
            ValType::I64 => Value::I64(low),
            ValType::F32 => Value::F32(low as u32),
            ValType::F64 => Value::F64(low),
            ValType::V128 => Value::V128(u128::from(low) | u128::from(high) << 64),
            ValType::Ref(_) => Value::Ref(Ref::from_bits(low)?),
        })
    }

    /// Writes values one after the other; gives the number of slots written.
    ///
    /// # Panics
    /// If `slots` is too short.
    pub fn write_all(values: &[Value], slots: &mut [u64]) -> usize {
        let mut at = 0;
        for value in values {
            let [low, high] = value.to_slots();
            slots[at] = low;
            at += 1;
            if let Value::V128(_) = value {
                slots[at] = high;
                at += 1;
            }
        }
        at
    }

    /// Reads values of the given types from slots.
    ///
    /// # Panics
    /// If `slots` is too short, or a slot of reference type holds a word that is not a reference, which is
    /// a bug of the tier that wrote it.
    pub fn read_all(types: &[ValType], slots: &[u64]) -> Values {
        let mut rest = slots.iter().copied();
        let mut next = || rest.next().expect("a slot for each value");
        types
            .iter()
            .map(|ty| {
                let low = next();
                let high = if *ty == ValType::V128 { next() } else { 0 };
                Value::from_slots(*ty, [low, high])
                    .unwrap_or_else(|| panic!("crash: {low:#x} is not the word of a reference"))
            })
            .collect()
    }
}
