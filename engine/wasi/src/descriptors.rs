//! Descriptors: what is known of them, and what is done with them as a whole.

use crate::Errno;
use crate::abi::{Clock, FdFlags, FstFlags, Rights};
use crate::context::{Kind, WasiCtx};
use crate::files::{Stat, Times};
use crate::guest::{Fail, Mem, word};

/// The bytes of a `filestat`.
pub(crate) const FILESTAT: u64 = 64;

/// Writes a `filestat`.
pub(crate) fn put_stat(mem: &mut Mem<'_>, at: u32, stat: Stat) -> Result<(), Fail> {
    let mut bytes = [0; FILESTAT as usize];
    let fields = [
        (0, stat.device),
        (8, stat.inode),
        (16, stat.file_type as u64),
        (24, stat.links),
        (32, stat.size),
        (40, stat.accessed),
        (48, stat.modified),
        (56, stat.changed),
    ];
    for (at, field) in fields {
        bytes[at..at + 8].copy_from_slice(&field.to_le_bytes());
    }
    Ok(mem.put(at, &bytes)?)
}

/// The times that a function is to set.
pub(crate) fn times(ctx: &WasiCtx, args: [u64; 2], flags: u64) -> Result<Times, Errno> {
    let flags = FstFlags::of(word(flags))?;
    let both = |value, now| flags.contains(value) && flags.contains(now);
    if both(FstFlags::ATIM, FstFlags::ATIM_NOW) || both(FstFlags::MTIM, FstFlags::MTIM_NOW) {
        return Err(Errno::Inval);
    }
    let now = ctx.policy.counted(Clock::Realtime)?;
    let time = |value, to_now, argument| match () {
        () if flags.contains(value) => Some(argument),
        () if flags.contains(to_now) => Some(now),
        () => None,
    };
    Ok(Times {
        accessed: time(FstFlags::ATIM, FstFlags::ATIM_NOW, args[0]),
        modified: time(FstFlags::MTIM, FstFlags::MTIM_NOW, args[1]),
        now,
    })
}

pub(crate) fn fd_advise(ctx: &mut WasiCtx, _: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    if word(args[3]) > 5 || args[1].checked_add(args[2]).is_none_or(|end| end > i64::MAX as u64) {
        return Err(Errno::Inval.into());
    }
    let descriptor = ctx.fds.get(word(args[0]))?;
    // Nothing depends on advice.
    descriptor.file_with(Rights::FD_ADVISE, Errno::Badf, Errno::Spipe)?;
    Ok(())
}

pub(crate) fn fd_allocate(ctx: &mut WasiCtx, mem: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    let (offset, length) = (args[1], args[2]);
    let descriptor = ctx.fds.get(word(args[0]))?;
    let file = descriptor.file_with(Rights::FD_ALLOCATE, Errno::Badf, Errno::Spipe)?;
    if length == 0 || offset > i64::MAX as u64 || length > i64::MAX as u64 {
        return Err(Errno::Inval.into());
    }
    let end = offset.checked_add(length).filter(|end| *end <= i64::MAX as u64);
    let end = end.ok_or(Errno::Fbig)?;
    ctx.limits.check_size(end)?;
    mem.declare(file.growth(end)?)?;
    Ok(file.allocate(offset, length, ctx.policy.stamp())?)
}

pub(crate) fn fd_close(ctx: &mut WasiCtx, _: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    ctx.fds.close(word(args[0]))?;
    Ok(())
}

/// Writes a descriptor to its device.
fn sync(ctx: &WasiCtx, fd: u64, right: Rights) -> Result<(), Fail> {
    let descriptor = ctx.fds.get(word(fd))?;
    match &descriptor.kind {
        Kind::Input(_) | Kind::Output(_) => return Err(Errno::Inval.into()),
        Kind::File(file) => {
            descriptor.may(right)?;
            file.sync(right == Rights::FD_DATASYNC)?;
        }
        Kind::Folder(folder) => {
            descriptor.may(right)?;
            folder.sync()?;
        }
    }
    Ok(())
}

pub(crate) fn fd_datasync(ctx: &mut WasiCtx, _: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    sync(ctx, args[0], Rights::FD_DATASYNC)
}

pub(crate) fn fd_sync(ctx: &mut WasiCtx, _: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    sync(ctx, args[0], Rights::FD_SYNC)
}

pub(crate) fn fd_fdstat_get(
    ctx: &mut WasiCtx,
    mem: &mut Mem<'_>,
    args: &[u64],
) -> Result<(), Fail> {
    mem.check(word(args[1]), 24, 8)?;
    let descriptor = ctx.fds.get(word(args[0]))?;
    let mut bytes = [0; 24];
    bytes[0] = descriptor.file_type() as u8;
    bytes[2..4].copy_from_slice(&descriptor.flags.bits().to_le_bytes());
    bytes[8..16].copy_from_slice(&descriptor.base.bits().to_le_bytes());
    bytes[16..24].copy_from_slice(&descriptor.inheriting.bits().to_le_bytes());
    Ok(mem.put(word(args[1]), &bytes)?)
}

pub(crate) fn fd_fdstat_set_flags(
    ctx: &mut WasiCtx,
    _: &mut Mem<'_>,
    args: &[u64],
) -> Result<(), Fail> {
    let flags = FdFlags::of(word(args[1]))?;
    let descriptor = ctx.fds.get_mut(word(args[0]))?;
    descriptor.may(Rights::FD_FDSTAT_SET_FLAGS)?;
    descriptor.flags = flags;
    Ok(())
}

/// Rights can only be given up.
pub(crate) fn fd_fdstat_set_rights(
    ctx: &mut WasiCtx,
    _: &mut Mem<'_>,
    args: &[u64],
) -> Result<(), Fail> {
    let (base, inheriting) = (Rights::of(args[1])?, Rights::of(args[2])?);
    let descriptor = ctx.fds.get_mut(word(args[0]))?;
    if !descriptor.base.contains(base) || !descriptor.inheriting.contains(inheriting) {
        return Err(Errno::Notcapable.into());
    }
    (descriptor.base, descriptor.inheriting) = (base, inheriting);
    Ok(())
}

pub(crate) fn fd_filestat_get(
    ctx: &mut WasiCtx,
    mem: &mut Mem<'_>,
    args: &[u64],
) -> Result<(), Fail> {
    mem.check(word(args[1]), FILESTAT, 8)?;
    let descriptor = ctx.fds.get(word(args[0]))?;
    descriptor.may(Rights::FD_FILESTAT_GET)?;
    let stat = descriptor.stat()?;
    let told = ctx.told(stat)?;
    put_stat(mem, word(args[1]), told)
}

pub(crate) fn fd_filestat_set_size(
    ctx: &mut WasiCtx,
    mem: &mut Mem<'_>,
    args: &[u64],
) -> Result<(), Fail> {
    let descriptor = ctx.fds.get(word(args[0]))?;
    let right = Rights::FD_FILESTAT_SET_SIZE;
    let file = descriptor.file_with(right, Errno::Badf, Errno::Inval)?;
    if args[1] > i64::MAX as u64 {
        return Err(Errno::Fbig.into());
    }
    ctx.limits.check_size(args[1])?;
    mem.declare(file.growth(args[1])?)?;
    Ok(file.set_size(args[1], ctx.policy.stamp())?)
}

pub(crate) fn fd_filestat_set_times(
    ctx: &mut WasiCtx,
    _: &mut Mem<'_>,
    args: &[u64],
) -> Result<(), Fail> {
    let times = times(ctx, [args[1], args[2]], args[3])?;
    let descriptor = ctx.fds.get(word(args[0]))?;
    descriptor.may(Rights::FD_FILESTAT_SET_TIMES)?;
    match &descriptor.kind {
        Kind::File(file) => file.set_times(times)?,
        Kind::Folder(folder) => folder.set_times(times)?,
        Kind::Input(_) | Kind::Output(_) => return Err(Errno::Badf.into()),
    }
    let stat = descriptor.stat()?;
    Ok(ctx.set_times(stat, times)?)
}

/// The name of a folder that the guest began with. Programs look for them until there is a bad descriptor.
fn preopen(ctx: &WasiCtx, fd: u64) -> Result<&str, Errno> {
    ctx.fds.get(word(fd))?.preopen.as_deref().ok_or(Errno::Badf)
}

pub(crate) fn fd_prestat_get(
    ctx: &mut WasiCtx,
    mem: &mut Mem<'_>,
    args: &[u64],
) -> Result<(), Fail> {
    mem.check(word(args[1]), 8, 4)?;
    let length = u32::try_from(preopen(ctx, args[0])?.len()).map_err(|_| Errno::Overflow)?;
    // The first half says that it is a folder.
    Ok(mem.put_u64(word(args[1]), u64::from(length) << 32)?)
}

pub(crate) fn fd_prestat_dir_name(
    ctx: &mut WasiCtx,
    mem: &mut Mem<'_>,
    args: &[u64],
) -> Result<(), Fail> {
    let (at, length) = (word(args[1]), word(args[2]));
    mem.check(at, length.into(), 1)?;
    let name = preopen(ctx, args[0])?;
    if name.len() > length as usize {
        return Err(Errno::Nametoolong.into());
    }
    Ok(mem.put(at, name.as_bytes())?)
}

/// What had the new number is closed. Both numbers must be open, so that no program counts on numbers that it chose itself.
pub(crate) fn fd_renumber(ctx: &mut WasiCtx, _: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    let (from, to) = (word(args[0]), word(args[1]));
    ctx.fds.get(from)?;
    ctx.fds.get(to)?;
    if from != to {
        let descriptor = ctx.fds.close(from)?;
        ctx.fds.put(to, descriptor);
    }
    Ok(())
}

pub(crate) fn fd_seek(ctx: &mut WasiCtx, mem: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    mem.check(word(args[3]), 8, 8)?;
    let (delta, whence) = (args[1].cast_signed(), word(args[2]));
    if whence > 2 {
        return Err(Errno::Inval.into());
    }
    let descriptor = ctx.fds.get_mut(word(args[0]))?;
    // Who may only tell may move by nothing.
    let tells = whence == 1 && delta == 0 && !descriptor.base.contains(Rights::FD_SEEK);
    let right = if tells { Rights::FD_TELL } else { Rights::FD_SEEK };
    let file = descriptor.file_with(right, Errno::Isdir, Errno::Spipe)?;
    let from = match whence {
        0 => 0,
        1 => descriptor.offset,
        _ => file.stat()?.size,
    };
    let to = from.checked_add_signed(delta).filter(|to| *to <= i64::MAX as u64);
    descriptor.offset = to.ok_or(Errno::Inval)?;
    Ok(mem.put_u64(word(args[3]), descriptor.offset)?)
}

pub(crate) fn fd_tell(ctx: &mut WasiCtx, mem: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    mem.check(word(args[1]), 8, 8)?;
    let descriptor = ctx.fds.get(word(args[0]))?;
    // Who may seek may tell.
    let seeks = descriptor.base.contains(Rights::FD_SEEK);
    let right = if seeks { Rights::FD_SEEK } else { Rights::FD_TELL };
    descriptor.file_with(right, Errno::Isdir, Errno::Spipe)?;
    Ok(mem.put_u64(word(args[1]), descriptor.offset)?)
}
