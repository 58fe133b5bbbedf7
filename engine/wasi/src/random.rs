//! Random numbers.

use crate::context::WasiCtx;
use crate::guest::{Fail, Mem, word};

/// Bytes that are made at a time.
const PIECE: usize = 64 << 10;

pub(crate) fn random_get(ctx: &mut WasiCtx, mem: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    let (mut at, mut left) = (word(args[0]), word(args[1]) as usize);
    mem.check(at, left as u64, 1)?;
    mem.declare(left as u64)?;
    let mut piece = vec![0; left.min(PIECE)];
    while left > 0 {
        mem.check_interrupt()?;
        let piece = &mut piece[..left.min(PIECE)];
        ctx.policy.fill(piece)?;
        mem.write(at, piece)?;
        left -= piece.len();
        // It ends in the memory; only the last sum may be 2^32.
        at = at.wrapping_add(u32::try_from(piece.len()).unwrap_or(u32::MAX));
    }
    Ok(())
}
