//! Arguments and environment.

use crate::Errno;
use crate::context::WasiCtx;
use crate::guest::{Ended, Fail, Mem, word};

pub(crate) fn args_get(ctx: &mut WasiCtx, mem: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    get(&ctx.args, mem, args)
}

pub(crate) fn args_sizes_get(
    ctx: &mut WasiCtx,
    mem: &mut Mem<'_>,
    args: &[u64],
) -> Result<(), Fail> {
    sizes(&ctx.args, mem, args)
}

pub(crate) fn environ_get(ctx: &mut WasiCtx, mem: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    get(&ctx.env, mem, args)
}

pub(crate) fn environ_sizes_get(
    ctx: &mut WasiCtx,
    mem: &mut Mem<'_>,
    args: &[u64],
) -> Result<(), Fail> {
    sizes(&ctx.env, mem, args)
}

fn lengths(texts: &[Vec<u8>]) -> Result<(u32, u32), Errno> {
    let count = u32::try_from(texts.len()).map_err(|_| Errno::Overflow)?;
    let bytes = texts.iter().map(Vec::len).sum::<usize>();
    Ok((count, u32::try_from(bytes).map_err(|_| Errno::Overflow)?))
}

fn sizes(texts: &[Vec<u8>], mem: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    let (count_at, bytes_at) = (word(args[0]), word(args[1]));
    mem.check(count_at, 4, 4)?;
    mem.check(bytes_at, 4, 4)?;
    let (count, bytes) = lengths(texts)?;
    mem.put_u32(count_at, count)?;
    mem.put_u32(bytes_at, bytes)?;
    Ok(())
}

/// Writes the texts one after the other, and where each begins.
fn get(texts: &[Vec<u8>], mem: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    let (list, buffer) = (word(args[0]), word(args[1]));
    let (count, bytes) = lengths(texts)?;
    mem.check(list, u64::from(count) * 4, 4)?;
    mem.check(buffer, bytes.into(), 1)?;
    let mut at = buffer;
    for (i, text) in (0..count).zip(texts) {
        mem.put_u32(list + i * 4, at)?;
        mem.put(at, text)?;
        // Both ends are in the memory, so only the end of the last text may be 2^32.
        at = at.wrapping_add(u32::try_from(text.len()).map_err(|_| Ended::Stopped)?);
    }
    Ok(())
}
