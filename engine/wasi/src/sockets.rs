//! Sockets: a guest begins with none and can make none, so no descriptor is one.

use crate::Errno;
use crate::abi::{FdFlags, RiFlags, SdFlags};
use crate::context::WasiCtx;
use crate::guest::{Fail, Mem, word};

/// What a descriptor is that is no socket.
fn no_socket(ctx: &WasiCtx, fd: u64) -> Result<(), Fail> {
    ctx.fds.get(word(fd))?;
    Err(Errno::Notsock.into())
}

pub(crate) fn sock_accept(ctx: &mut WasiCtx, mem: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    mem.check(word(args[2]), 4, 4)?;
    FdFlags::of(word(args[1]))?;
    no_socket(ctx, args[0])
}

pub(crate) fn sock_recv(ctx: &mut WasiCtx, mem: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    mem.check(word(args[4]), 4, 4)?;
    mem.check(word(args[5]), 2, 2)?;
    mem.buffers(word(args[1]), word(args[2]), ctx.limits.buffers)?;
    RiFlags::of(word(args[3]))?;
    no_socket(ctx, args[0])
}

pub(crate) fn sock_send(ctx: &mut WasiCtx, mem: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    mem.check(word(args[4]), 4, 4)?;
    mem.buffers(word(args[1]), word(args[2]), ctx.limits.buffers)?;
    if word(args[3]) != 0 {
        return Err(Errno::Inval.into());
    }
    no_socket(ctx, args[0])
}

pub(crate) fn sock_shutdown(ctx: &mut WasiCtx, _: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    let how = SdFlags::of(word(args[1]))?;
    ctx.fds.get(word(args[0]))?;
    match how.is_empty() {
        true => Err(Errno::Inval.into()),
        false => Err(Errno::Notsock.into()),
    }
}
