//! Clocks.

use crate::abi::Clock;
use crate::context::WasiCtx;
use crate::guest::{Fail, Mem, word};

pub(crate) fn clock_res_get(
    ctx: &mut WasiCtx,
    mem: &mut Mem<'_>,
    args: &[u64],
) -> Result<(), Fail> {
    mem.check(word(args[1]), 8, 8)?;
    let resolution = ctx.policy.resolution(Clock::of(word(args[0]))?)?;
    Ok(mem.put_u64(word(args[1]), resolution)?)
}

/// The precision that the guest asks for may be any: a clock is as precise as it is.
pub(crate) fn clock_time_get(
    ctx: &mut WasiCtx,
    mem: &mut Mem<'_>,
    args: &[u64],
) -> Result<(), Fail> {
    mem.check(word(args[2]), 8, 8)?;
    let now = ctx.policy.now(Clock::of(word(args[0]))?)?;
    Ok(mem.put_u64(word(args[2]), now)?)
}
