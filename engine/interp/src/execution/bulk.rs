//! `memory.fill` and `memory.copy` in the instance's first memory, with 32-bit addresses.

use super::flow::{Flow, Handler, Handlers, Running, Slots, next};
use super::memory::range;
use super::slots::get;
use crate::gas;
use crate::program::Step;
use etalon_gas::Rate;
use etalon_runtime::Trap;

/// gas-1, *Dynamic charges*: after the checks and before the effect. A charge above 64 bits exceeds every limit.
fn paid<const CHARGES: bool>(cx: &mut Running<'_>, rate: Rate, units: u32) -> bool {
    let cost = gas::dynamic(rate, units.into());
    !CHARGES || cx.charge(u64::try_from(cost).unwrap_or(u64::MAX))
}

/// The three operands, which begin at `x`, and the rate, which is a row of the program.
macro_rules! operands {
    ($cx:ident, $this:ident, $slots:ident) => {{
        let at = $this.x;
        let operand = |i| get::<u32>($slots, at.wrapping_add(i));
        (operand(0), operand(1), operand(2), $cx.program.rates.get($this.z as usize).copied())
    }};
}

/// `memory.fill`
pub(crate) fn fill() -> Handlers {
    handlers!(|cx, this, code, slots, memory| {
        let (to, value, len, rate) = operands!(cx, this, slots);
        let Some(rate) = rate else { return cx.lost(code) };
        let Some(to) = range(to.into(), len.into(), memory.len()) else {
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
        let place = |start: u32| range(start.into(), len.into(), memory.len());
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
