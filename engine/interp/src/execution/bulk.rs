//! `memory.size`, `memory.fill` and `memory.copy` of the instance's first memory.

use super::flow::{Flow, Handler, Handlers, Running, Slots, next};
use super::memory::range;
use super::slots::{get, set};
use crate::gas;
use crate::program::Step;
use etalon_gas::Rate;
use etalon_runtime::Trap;

/// gas-1, *Dynamic charges*: after the checks and before the effect. A charge above 64 bits exceeds every limit.
fn paid<const CHARGES: bool>(cx: &mut Running<'_>, rate: Rate, units: u64) -> bool {
    let cost = gas::dynamic(rate, units);
    !CHARGES || cx.charge(u64::try_from(cost).unwrap_or(u64::MAX))
}

/// The three operands, which begin at `x`, and the rate, which is a row of the program. `y` tells whether addresses have 64 bits.
macro_rules! operands {
    ($cx:ident, $this:ident, $slots:ident) => {{
        let operand = |i| {
            let at = $this.x.wrapping_add(i);
            if $this.y == 0 { u64::from(get::<u32>($slots, at)) } else { get($slots, at) }
        };
        (operand(0), operand(1), operand(2), $cx.program.rates.get($this.z as usize).copied())
    }};
}

/// `memory.size`: `z` is the binary logarithm of the size of a page.
pub(crate) fn size() -> Handler {
    handler!(|cx, this, code, slots, memory| {
        set(slots, this.x, (memory.len() as u64).unbounded_shr(this.z));
    })
}

/// `memory.fill`
pub(crate) fn fill() -> Handlers {
    handlers!(|cx, this, code, slots, memory| {
        let (to, value, len, rate) = operands!(cx, this, slots);
        let Some(rate) = rate else { return cx.lost(code) };
        let Some(to) = range(to, len, memory.len()) else {
            return cx.trap(code, Trap::MemoryOutOfBounds);
        };
        if !paid::<CHARGES>(cx, rate, len) {
            return cx.stop(code);
        }
        memory[to].fill(value as u8);
        next(cx, code, slots, memory)
    })
}

/// `memory.copy`
pub(crate) fn copy() -> Handlers {
    handlers!(|cx, this, code, slots, memory| {
        let (to, from, len, rate) = operands!(cx, this, slots);
        let Some(rate) = rate else { return cx.lost(code) };
        let place = |start| range(start, len, memory.len());
        let (Some(to), Some(from)) = (place(to), place(from)) else {
            return cx.trap(code, Trap::MemoryOutOfBounds);
        };
        if !paid::<CHARGES>(cx, rate, len) {
            return cx.stop(code);
        }
        memory.copy_within(from, to.start);
        next(cx, code, slots, memory)
    })
}
