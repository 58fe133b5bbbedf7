//! Loads and stores in the instance's first memory, with 32-bit addresses.
//!
//! The effective address is the operand plus the offset, without wrapping.

use super::flow::{Flow, Handler, Running, Slots, next};
use super::slots::{get, get_vector, set, set_vector};
use crate::arithmetic::integer;
use crate::program::Step;
use etalon_module::Opcode;
use etalon_numerics::vector;
use etalon_runtime::Trap;

/// The bytes at the effective address.
macro_rules! at {
    ($t:ty, $memory:ident.$get:ident, $slots:ident[$addr:expr] + $offset:expr, $first:ident) => {{
        let ea = get::<u32>($slots, $addr) as usize + $offset as usize;
        $memory.$get(ea..ea + size_of::<$t>()).and_then(|bytes| bytes.$first())
    }};
}
// `x` is the slot of the result, `y` that of the address.
macro_rules! load {
    ($t:ty as $to:ty) => {
        handler!(|cx, this, code, slots, memory| {
            match at!($t, memory.get, slots[this.y] + this.z, first_chunk) {
                Some(bytes) => set(slots, this.x, <$t>::from_le_bytes(*bytes) as $to),
                None => return cx.trap(code, Trap::MemoryOutOfBounds),
            }
        })
    };
}
// The address is the sum of `y` and `b`, and the offset is `c`.
macro_rules! load_sum {
    ($t:ty as $to:ty) => {
        handler!(|cx, this, code, slots, memory| {
            let sum = integer::w32::add(get(slots, this.y), get(slots, this.b()));
            let ea = sum as usize + usize::from(this.c());
            match memory.get(ea..ea + size_of::<$t>()).and_then(|bytes| bytes.first_chunk()) {
                Some(bytes) => set(slots, this.x, <$t>::from_le_bytes(*bytes) as $to),
                None => return cx.trap(code, Trap::MemoryOutOfBounds),
            }
        })
    };
}
// `x` is the slot of the address, `y` that of the value.
macro_rules! store {
    ($t:ty) => {
        handler!(|cx, this, code, slots, memory| {
            let value = get::<$t>(slots, this.y);
            match at!($t, memory.get_mut, slots[this.x] + this.z, first_chunk_mut) {
                Some(bytes) => *bytes = value.to_le_bytes(),
                None => return cx.trap(code, Trap::MemoryOutOfBounds),
            }
        })
    };
}
// A load of 64 bits or fewer that makes a vector.
macro_rules! load_vector {
    ($t:ty, $opcode:expr) => {
        handler!(|cx, this, code, slots, memory| {
            match at!($t, memory.get, slots[this.y] + this.z, first_chunk) {
                Some(bytes) => {
                    let bits = u64::from(<$t>::from_le_bytes(*bytes));
                    set_vector(
                        slots,
                        this.x,
                        vector::extend_load($opcode, bits).unwrap_or_default(),
                    );
                }
                None => return cx.trap(code, Trap::MemoryOutOfBounds),
            }
        })
    };
}

/// Loads of one result, by its width in slots.
#[rustfmt::skip]
pub(crate) fn load(opcode: Opcode) -> Option<(u32, Handler)> {
    use Opcode as O;
    Some(match opcode {
        O::I32Load => (1, load!(u32 as u32)),
        O::I64Load => (1, load!(u64 as u64)),
        O::F32Load => (1, load!(u32 as u32)),
        O::F64Load => (1, load!(u64 as u64)),
        O::I32Load8S => (1, load!(i8 as u32)),
        O::I32Load8U => (1, load!(u8 as u32)),
        O::I32Load16S => (1, load!(i16 as u32)),
        O::I32Load16U => (1, load!(u16 as u32)),
        O::I64Load8S => (1, load!(i8 as u64)),
        O::I64Load8U => (1, load!(u8 as u64)),
        O::I64Load16S => (1, load!(i16 as u64)),
        O::I64Load16U => (1, load!(u16 as u64)),
        O::I64Load32S => (1, load!(i32 as u64)),
        O::I64Load32U => (1, load!(u32 as u64)),
        O::V128Load => (2, handler!(|cx, this, code, slots, memory| {
            match at!(u128, memory.get, slots[this.y] + this.z, first_chunk) {
                Some(bytes) => set_vector(slots, this.x, u128::from_le_bytes(*bytes)),
                None => return cx.trap(code, Trap::MemoryOutOfBounds),
            }
        })),
        O::V128Load8x8S => (2, load_vector!(u64, O::V128Load8x8S)),
        O::V128Load8x8U => (2, load_vector!(u64, O::V128Load8x8U)),
        O::V128Load16x4S => (2, load_vector!(u64, O::V128Load16x4S)),
        O::V128Load16x4U => (2, load_vector!(u64, O::V128Load16x4U)),
        O::V128Load32x2S => (2, load_vector!(u64, O::V128Load32x2S)),
        O::V128Load32x2U => (2, load_vector!(u64, O::V128Load32x2U)),
        O::V128Load8Splat => (2, load_vector!(u8, O::V128Load8Splat)),
        O::V128Load16Splat => (2, load_vector!(u16, O::V128Load16Splat)),
        O::V128Load32Splat => (2, load_vector!(u32, O::V128Load32Splat)),
        O::V128Load64Splat => (2, load_vector!(u64, O::V128Load64Splat)),
        O::V128Load32Zero => (2, load_vector!(u32, O::V128Load32Zero)),
        O::V128Load64Zero => (2, load_vector!(u64, O::V128Load64Zero)),
        _ => return None,
    })
}

/// Loads of numbers from the sum of two slots.
#[rustfmt::skip]
pub(crate) fn load_sum(opcode: Opcode) -> Option<Handler> {
    use Opcode as O;
    Some(match opcode {
        O::I32Load => load_sum!(u32 as u32),
        O::I64Load => load_sum!(u64 as u64),
        O::F32Load => load_sum!(u32 as u32),
        O::F64Load => load_sum!(u64 as u64),
        O::I32Load8S => load_sum!(i8 as u32),
        O::I32Load8U => load_sum!(u8 as u32),
        O::I32Load16S => load_sum!(i16 as u32),
        O::I32Load16U => load_sum!(u16 as u32),
        O::I64Load8S => load_sum!(i8 as u64),
        O::I64Load8U => load_sum!(u8 as u64),
        O::I64Load16S => load_sum!(i16 as u64),
        O::I64Load16U => load_sum!(u16 as u64),
        O::I64Load32S => load_sum!(i32 as u64),
        O::I64Load32U => load_sum!(u32 as u64),
        _ => return None,
    })
}

/// Stores of a whole value.
#[rustfmt::skip]
pub(crate) fn store(opcode: Opcode) -> Option<Handler> {
    use Opcode as O;
    Some(match opcode {
        O::I32Store | O::F32Store | O::I64Store32 => store!(u32),
        O::I64Store | O::F64Store => store!(u64),
        O::I32Store8 | O::I64Store8 => store!(u8),
        O::I32Store16 | O::I64Store16 => store!(u16),
        O::V128Store => handler!(|cx, this, code, slots, memory| {
            let value = get_vector(slots, this.y);
            match at!(u128, memory.get_mut, slots[this.x] + this.z, first_chunk_mut) {
                Some(bytes) => *bytes = value.to_le_bytes(),
                None => return cx.trap(code, Trap::MemoryOutOfBounds),
            }
        }),
        _ => return None,
    })
}
