//! Loads and stores of a lane of a vector in the instance's first memory.
//!
//! The address is in `y`, the vector in `b`, the number of the lane in `c`, and the offset in the step behind.

use super::access::Address;
use super::flow::{Flow, Handler, Running, Slots, go};
use super::slots::{get, get_vector, set_vector};
use crate::program::Step;
use etalon_module::Opcode;
use etalon_numerics::vector;
use etalon_runtime::Trap;

// What is done with the bytes at the effective address, for addresses of each kind.
macro_rules! lane {
    (|$this:ident, $slots:ident, $bytes:ident| $body:expr) => {{
        fn run<'a, A: Address>(
            cx: &mut Running<'a>,
            code: &'a [Step],
            $slots: &'a Slots,
            memory: &'a mut [u8],
        ) -> Flow<'a> {
            let [$this, data, rest @ ..] = code else { return cx.lost(code) };
            let at: A = get($slots, $this.y);
            match at.bytes(data.z, memory) {
                Some($bytes) => $body,
                None => return cx.trap(code, Trap::MemoryOutOfBounds),
            }
            go(cx, rest, $slots, memory)
        }
        run::<A> as Handler
    }};
}
macro_rules! load {
    ($t:ty, $opcode:expr) => {
        lane!(|this, slots, bytes| {
            let bits = u64::from(<$t>::from_le_bytes(*bytes));
            let vector = get_vector(slots, this.b());
            let result = vector::replace($opcode, this.c() as u8, vector, bits);
            set_vector(slots, this.x, result.unwrap_or_default())
        })
    };
}
macro_rules! store {
    ($t:ty, $opcode:expr) => {
        lane!(|this, slots, bytes| {
            let lane = vector::extract($opcode, this.c() as u8, get_vector(slots, this.b()));
            *bytes = (lane.unwrap_or_default() as $t).to_le_bytes()
        })
    };
}

/// What executes a load of a lane.
pub(crate) fn load(opcode: Opcode, wide: bool) -> Option<Handler> {
    if wide { loads::<u64>(opcode) } else { loads::<u32>(opcode) }
}

/// What executes a store of a lane.
pub(crate) fn store(opcode: Opcode, wide: bool) -> Option<Handler> {
    if wide { stores::<u64>(opcode) } else { stores::<u32>(opcode) }
}

fn loads<A: Address>(opcode: Opcode) -> Option<Handler> {
    use Opcode as O;
    Some(match opcode {
        O::V128Load8Lane => load!(u8, O::V128Load8Lane),
        O::V128Load16Lane => load!(u16, O::V128Load16Lane),
        O::V128Load32Lane => load!(u32, O::V128Load32Lane),
        O::V128Load64Lane => load!(u64, O::V128Load64Lane),
        _ => return None,
    })
}

fn stores<A: Address>(opcode: Opcode) -> Option<Handler> {
    use Opcode as O;
    Some(match opcode {
        O::V128Store8Lane => store!(u8, O::V128Store8Lane),
        O::V128Store16Lane => store!(u16, O::V128Store16Lane),
        O::V128Store32Lane => store!(u32, O::V128Store32Lane),
        O::V128Store64Lane => store!(u64, O::V128Store64Lane),
        _ => return None,
    })
}
