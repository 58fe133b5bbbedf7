//! The process itself.

use crate::Errno;
use crate::context::WasiCtx;
use crate::guest::{Ended, Fail, Mem, word};

/// How many signals there are.
const SIGNALS: u32 = 31;

pub(crate) fn proc_exit(_: &mut WasiCtx, _: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    Err(Ended::Exited(word(args[0])).into())
}

/// There is nobody to send a signal to.
pub(crate) fn proc_raise(_: &mut WasiCtx, _: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    if word(args[0]) >= SIGNALS {
        return Err(Errno::Inval.into());
    }
    Err(Errno::Notsup.into())
}

pub(crate) fn sched_yield(ctx: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    if !ctx.policy.is_deterministic() {
        std::thread::yield_now();
    }
    Ok(())
}
