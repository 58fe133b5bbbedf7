//! Loads and stores.
//!
//! The effective address is the operand plus the offset, without wrapping.

use super::flow::{Flow, Handler, Running, Slots, go};
use super::memories::{Above, Below, Home, Place, Space, Which};
use super::slots::{Number, get, get_vector, set, set_vector};
use crate::arithmetic::integer;
use crate::program::Step;
use etalon_module::Opcode;
use etalon_numerics::vector;
use etalon_runtime::Trap;

/// An address, as wide as those of the memory.
pub(crate) trait Address: Number {
    /// The bytes at the effective address.
    fn bytes<const N: usize>(self, offset: u32, memory: &mut [u8]) -> Option<&mut [u8; N]>;

    /// The sum of two operands, of which a load makes its address.
    fn sum(a: Self, b: Self) -> Self;
}

impl Address for u32 {
    #[inline(always)]
    fn bytes<const N: usize>(self, offset: u32, memory: &mut [u8]) -> Option<&mut [u8; N]> {
        let ea = self as usize + offset as usize;
        memory.get_mut(ea..ea + N)?.first_chunk_mut()
    }

    #[inline(always)]
    fn sum(a: u32, b: u32) -> u32 {
        integer::w32::add(a, b)
    }
}

impl Address for u64 {
    // The sum may exceed 64 bits, so the operand is checked first.
    #[inline(always)]
    fn bytes<const N: usize>(self, offset: u32, memory: &mut [u8]) -> Option<&mut [u8; N]> {
        let rest = memory.get_mut(usize::try_from(self).ok()?..)?;
        rest.get_mut(offset as usize..offset as usize + N)?.first_chunk_mut()
    }

    #[inline(always)]
    fn sum(a: u64, b: u64) -> u64 {
        integer::w64::add(a, b)
    }
}

// What is done with the bytes at the effective address, for memories and addresses of each kind.
macro_rules! access {
    (|$this:ident, $slots:ident, $bytes:ident| [$at:expr; $offset:expr] => $body:expr) => {{
        fn run<'a, P: Place, A: Address>(
            cx: &mut Running<'a>,
            code: &'a [Step],
            $slots: &'a Slots,
            memory: &'a mut [u8],
        ) -> Flow<'a> {
            // They are counted once, with the operation that follows.
            if code.len() <= P::STEPS {
                return cx.lost(code);
            }
            let [$this, ..] = code else { return cx.lost(code) };
            let Some(bytes) = P::bytes(cx, code, memory) else { return cx.lost(code) };
            let at: A = $at;
            match at.bytes($offset, bytes) {
                Some($bytes) => $body,
                None => return cx.trap(code, Trap::MemoryOutOfBounds),
            }
            go(cx, &code[P::STEPS..], $slots, memory)
        }
        run::<P, A> as Handler
    }};
}
// `x` is the slot of the result, `y` that of the address.
macro_rules! load {
    ($t:ty as $to:ty) => {
        access!(|this, slots, bytes| [get(slots, this.y); this.z] => {
            set(slots, this.x, <$t>::from_le_bytes(*bytes) as $to)
        })
    };
}
// The address is the sum of `y` and `b`, and the offset is `c`.
macro_rules! load_sum {
    ($t:ty as $to:ty) => {
        access!(|this, slots, bytes| [A::sum(get(slots, this.y), get(slots, this.b())); this.c().into()] => {
            set(slots, this.x, <$t>::from_le_bytes(*bytes) as $to)
        })
    };
}
// `x` is the slot of the address, `y` that of the value.
macro_rules! store {
    ($t:ty) => {
        access!(|this, slots, bytes| [get(slots, this.x); this.z] => {
            *bytes = get::<$t>(slots, this.y).to_le_bytes()
        })
    };
}
// A load of 64 bits or fewer that makes a vector.
macro_rules! load_vector {
    ($t:ty, $opcode:expr) => {
        access!(|this, slots, bytes| [get(slots, this.y); this.z] => {
            let bits = u64::from(<$t>::from_le_bytes(*bytes));
            set_vector(slots, this.x, vector::extend_load($opcode, bits).unwrap_or_default())
        })
    };
}

/// A load, and the slots of its result.
pub(crate) fn load(opcode: Opcode, space: Space) -> Option<(u32, Handler)> {
    match (space.memory, space.wide) {
        (Which::Home, false) => loads::<Home, u32>(opcode),
        (Which::Home, true) => loads::<Home, u64>(opcode),
        (Which::Below(_), false) => loads::<Below, u32>(opcode),
        (Which::Below(_), true) => loads::<Below, u64>(opcode),
        (Which::Above(_), false) => loads::<Above, u32>(opcode),
        (Which::Above(_), true) => loads::<Above, u64>(opcode),
    }
}

/// A load of a number from the sum of two slots in the instance's first memory.
pub(crate) fn load_sum(opcode: Opcode, wide: bool) -> Option<Handler> {
    if wide { sum_loads::<Home, u64>(opcode) } else { sum_loads::<Home, u32>(opcode) }
}

/// A store of a whole value.
pub(crate) fn store(opcode: Opcode, space: Space) -> Option<Handler> {
    match (space.memory, space.wide) {
        (Which::Home, false) => stores::<Home, u32>(opcode),
        (Which::Home, true) => stores::<Home, u64>(opcode),
        (Which::Below(_), false) => stores::<Below, u32>(opcode),
        (Which::Below(_), true) => stores::<Below, u64>(opcode),
        (Which::Above(_), false) => stores::<Above, u32>(opcode),
        (Which::Above(_), true) => stores::<Above, u64>(opcode),
    }
}

#[rustfmt::skip]
fn loads<P: Place, A: Address>(opcode: Opcode) -> Option<(u32, Handler)> {
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
        O::V128Load => (2, access!(|this, slots, bytes| [get(slots, this.y); this.z] => {
            set_vector(slots, this.x, u128::from_le_bytes(*bytes))
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

#[rustfmt::skip]
fn sum_loads<P: Place, A: Address>(opcode: Opcode) -> Option<Handler> {
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

#[rustfmt::skip]
fn stores<P: Place, A: Address>(opcode: Opcode) -> Option<Handler> {
    use Opcode as O;
    Some(match opcode {
        O::I32Store | O::F32Store | O::I64Store32 => store!(u32),
        O::I64Store | O::F64Store => store!(u64),
        O::I32Store8 | O::I64Store8 => store!(u8),
        O::I32Store16 | O::I64Store16 => store!(u16),
        O::V128Store => access!(|this, slots, bytes| [get(slots, this.x); this.z] => {
            *bytes = get_vector(slots, this.y).to_le_bytes()
        }),
        _ => return None,
    })
}
