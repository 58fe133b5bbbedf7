//! Reading and writing.

use crate::Errno;
use crate::abi::{FdFlags, Rights};
use crate::context::{Descriptor, Kind, WasiCtx};
use crate::files::File;
use crate::guest::{Buffer, Fail, Mem, word};

/// The buffers of a call, and how far it has got.
struct Buffers {
    buffers: Vec<Buffer>,
    /// Which buffer is next, and how much of it is done.
    at: usize,
    done: u32,
}

impl Buffers {
    fn of(ctx: &WasiCtx, mem: &mut Mem<'_>, args: &[u64]) -> Result<Buffers, Fail> {
        let buffers = mem.buffers(word(args[1]), word(args[2]), ctx.limits.buffers)?;
        Ok(Buffers { buffers, at: 0, done: 0 })
    }

    /// How much is left; less than 4 GiB, which was looked at when the list was read.
    fn left(&self) -> u32 {
        self.buffers[self.at..].iter().map(|buffer| buffer.length).sum::<u32>() - self.done
    }

    /// The next place in the memory, of so many bytes at most.
    fn next(&mut self, most: u32) -> Option<(u32, u32)> {
        loop {
            let buffer = self.buffers.get(self.at)?;
            let length = (buffer.length - self.done).min(most);
            if length > 0 {
                let address = buffer.address + self.done;
                self.done += length;
                return Some((address, length));
            }
            if self.done < buffer.length {
                return None;
            }
            (self.at, self.done) = (self.at + 1, 0);
        }
    }

    /// Writes bytes that were read to the next places.
    fn scatter(&mut self, mem: &mut Mem<'_>, mut bytes: &[u8]) -> Result<(), Fail> {
        mem.declare(bytes.len() as u64)?;
        while let Some((address, length)) = self.next(size(bytes.len())) {
            let (now, later) = bytes.split_at(length as usize);
            mem.write(address, now)?;
            bytes = later;
        }
        Ok(())
    }

    /// Reads bytes from the next places.
    fn gather(&mut self, mem: &mut Mem<'_>, most: u32) -> Result<Vec<u8>, Fail> {
        let wanted = self.left().min(most);
        mem.declare(wanted.into())?;
        let mut bytes = vec![0; wanted as usize];
        let mut done = 0;
        while let Some((address, length)) = self.next(wanted - size(done)) {
            let end = done + length as usize;
            mem.read(address, &mut bytes[done..end])?;
            done = end;
        }
        Ok(bytes)
    }
}

/// A length that is known to be less than 4 GiB.
fn size(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// What a failure in the midst is: only what went before it is told, if anything did.
fn part(done: u32, fail: Fail) -> Result<u32, Fail> {
    match fail {
        Fail::Errno(_) if done > 0 => Ok(done),
        fail => Err(fail),
    }
}

/// Reads from a file, piece by piece.
fn read_file(
    mem: &mut Mem<'_>,
    file: &dyn File,
    buffers: &mut Buffers,
    offset: u64,
    most: u32,
) -> Result<u32, Fail> {
    let mut done = 0;
    while buffers.left() > 0 {
        mem.check_interrupt()?;
        let mut piece = vec![0; buffers.left().min(most) as usize];
        let place = offset.checked_add(done.into()).ok_or(Errno::Inval)?;
        let count = match file.read_at(&mut piece, place) {
            Ok(count) => count,
            Err(errno) => return part(done, errno.into()),
        };
        buffers.scatter(mem, &piece[..count])?;
        done += size(count);
        if count < piece.len() {
            break;
        }
    }
    Ok(done)
}

/// Writes to a file, piece by piece.
fn write_file(
    mem: &mut Mem<'_>,
    file: &dyn File,
    buffers: &mut Buffers,
    offset: u64,
    (most, now): (u32, u64),
) -> Result<u32, Fail> {
    let mut done = 0;
    while buffers.left() > 0 {
        mem.check_interrupt()?;
        let piece = buffers.gather(mem, most)?;
        let place = offset.checked_add(done.into()).ok_or(Errno::Fbig)?;
        let end = place.checked_add(piece.len() as u64).filter(|end| *end <= i64::MAX as u64);
        let gap = end.ok_or(Errno::Fbig).and_then(|end| file.growth(end));
        // A gap before what is written is filled with zeros.
        let gap = match gap {
            Ok(growth) => growth.saturating_sub(piece.len() as u64),
            Err(errno) => return part(done, errno.into()),
        };
        mem.declare(gap)?;
        match file.write_at(&piece, place, now) {
            Ok(count) => {
                done += size(count);
                if count < piece.len() {
                    break;
                }
            }
            Err(errno) => return part(done, errno.into()),
        }
    }
    Ok(done)
}

/// A file that is read or written at a place: streams have none.
fn file_at(descriptor: &Descriptor, right: Rights) -> Result<&dyn File, Errno> {
    match &descriptor.kind {
        Kind::File(_) if !descriptor.base.contains(right) => Err(Errno::Badf),
        _ => descriptor.file_with(right | Rights::FD_SEEK, Errno::Isdir, Errno::Spipe),
    }
}

fn check_offset(offset: u64) -> Result<u64, Errno> {
    if offset > i64::MAX as u64 { Err(Errno::Inval) } else { Ok(offset) }
}

pub(crate) fn fd_pread(ctx: &mut WasiCtx, mem: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    mem.check(word(args[4]), 4, 4)?;
    let mut buffers = Buffers::of(ctx, mem, args)?;
    let file = file_at(ctx.fds.get(word(args[0]))?, Rights::FD_READ)?;
    let offset = check_offset(args[3])?;
    let done = read_file(mem, file, &mut buffers, offset, ctx.limits.transfer)?;
    Ok(mem.put_u32(word(args[4]), done)?)
}

/// The place is the one that is given, be the descriptor one that appends or not.
pub(crate) fn fd_pwrite(ctx: &mut WasiCtx, mem: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    mem.check(word(args[4]), 4, 4)?;
    let mut buffers = Buffers::of(ctx, mem, args)?;
    let descriptor = ctx.fds.get(word(args[0]))?;
    let file = file_at(descriptor, Rights::FD_WRITE)?;
    let offset = check_offset(args[3])?;
    let how = (ctx.limits.transfer, ctx.policy.stamp());
    let done = write_file(mem, file, &mut buffers, offset, how)?;
    written(descriptor.flags, file)?;
    Ok(mem.put_u32(word(args[4]), done)?)
}

/// Writes to the device what a descriptor says must be there.
fn written(flags: FdFlags, file: &dyn File) -> Result<(), Errno> {
    match () {
        () if flags.contains(FdFlags::SYNC) => file.sync(false),
        () if flags.contains(FdFlags::DSYNC) => file.sync(true),
        () => Ok(()),
    }
}

pub(crate) fn fd_read(ctx: &mut WasiCtx, mem: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    mem.check(word(args[3]), 4, 4)?;
    let mut buffers = Buffers::of(ctx, mem, args)?;
    let most = ctx.limits.transfer;
    let descriptor = ctx.fds.get_mut(word(args[0]))?;
    let block = !descriptor.flags.contains(FdFlags::NONBLOCK);
    let may = descriptor.base.contains(Rights::FD_READ);
    let done = match &mut descriptor.kind {
        Kind::Folder(_) => return Err(Errno::Isdir.into()),
        _ if !may => return Err(Errno::Badf.into()),
        Kind::Output(_) => return Err(Errno::Badf.into()),
        Kind::Input(source) => {
            let mut piece = vec![0; buffers.left().min(most) as usize];
            let count = source.read(mem, &mut piece, block)?;
            buffers.scatter(mem, &piece[..count])?;
            size(count)
        }
        Kind::File(file) => {
            let done = read_file(mem, &**file, &mut buffers, descriptor.offset, most)?;
            descriptor.offset += u64::from(done);
            done
        }
    };
    Ok(mem.put_u32(word(args[3]), done)?)
}

pub(crate) fn fd_write(ctx: &mut WasiCtx, mem: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    mem.check(word(args[3]), 4, 4)?;
    let mut buffers = Buffers::of(ctx, mem, args)?;
    let how = (ctx.limits.transfer, ctx.policy.stamp());
    let descriptor = ctx.fds.get_mut(word(args[0]))?;
    let (flags, may) = (descriptor.flags, descriptor.base.contains(Rights::FD_WRITE));
    let done = match &mut descriptor.kind {
        Kind::Folder(_) => return Err(Errno::Isdir.into()),
        _ if !may => return Err(Errno::Badf.into()),
        Kind::Input(_) => return Err(Errno::Badf.into()),
        Kind::Output(sink) => {
            let mut done = 0;
            let block = !flags.contains(FdFlags::NONBLOCK);
            while buffers.left() > 0 {
                let piece = buffers.gather(mem, how.0)?;
                match sink.write(mem, &piece, block) {
                    Ok(count) if count == piece.len() => done += size(count),
                    Ok(count) => {
                        done += size(count);
                        break;
                    }
                    Err(fail) => {
                        done = part(done, fail)?;
                        break;
                    }
                }
            }
            done
        }
        Kind::File(file) => {
            let end = flags.contains(FdFlags::APPEND).then(|| file.stat().map(|s| s.size));
            let offset = end.transpose()?.unwrap_or(descriptor.offset);
            let done = write_file(mem, &**file, &mut buffers, offset, how)?;
            descriptor.offset = offset + u64::from(done);
            written(flags, &**file)?;
            done
        }
    };
    Ok(mem.put_u32(word(args[3]), done)?)
}
