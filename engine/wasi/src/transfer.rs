//! Reading and writing.

use crate::abi::{FdFlags, Rights};
use crate::context::{Descriptor, Kind, WasiCtx};
use crate::files::File;
use crate::guest::{Buffer, Fail, Mem, word};
use crate::stdio::Sink;
use crate::{Errno, Limits};

/// What is read without a look at how much there is.
const SMALL: u32 = 4096;

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

/// A length, or as much of it as 32 bits can say.
fn size_of(length: u64) -> u32 {
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
    limits: &Limits,
) -> Result<u32, Fail> {
    let mut done = 0;
    // A guest that asks for much where little is there has no large buffer filled with zeros for it.
    let there = if buffers.left() > SMALL { file.stat()?.size.saturating_sub(offset) } else { 0 };
    while buffers.left() > 0 {
        mem.check_interrupt()?;
        // Some files of the host say that they are empty, and can be read all the same.
        let there = size_of(there.saturating_sub(done.into())).max(SMALL);
        let mut piece = vec![0; buffers.left().min(limits.transfer).min(there) as usize];
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
    (limits, now): (&Limits, u64),
) -> Result<u32, Fail> {
    let mut done = 0;
    while buffers.left() > 0 {
        mem.check_interrupt()?;
        let place = offset.checked_add(done.into()).ok_or(Errno::Fbig)?;
        // As much as the file may have is written, and only what is beyond it is too big.
        let room = size_of(limits.file_size.saturating_sub(place));
        if room == 0 {
            return part(done, Errno::Fbig.into());
        }
        let piece = buffers.gather(mem, limits.transfer.min(room))?;
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

/// Writes to a stream, piece by piece.
fn write_stream(
    mem: &mut Mem<'_>,
    sink: &mut Sink,
    buffers: &mut Buffers,
    most: u32,
    block: bool,
) -> Result<u32, Fail> {
    let mut done = 0;
    while buffers.left() > 0 {
        mem.check_interrupt()?;
        let piece = buffers.gather(mem, most)?;
        match sink.write(mem, &piece, block) {
            Ok(count) => {
                done += size(count);
                if count < piece.len() {
                    break;
                }
            }
            Err(fail) => return part(done, fail),
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
    let done = read_file(mem, file, &mut buffers, offset, &ctx.limits)?;
    Ok(mem.put_u32(word(args[4]), done)?)
}

/// The place is the one that is given, be the descriptor one that appends or not.
pub(crate) fn fd_pwrite(ctx: &mut WasiCtx, mem: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    mem.check(word(args[4]), 4, 4)?;
    let mut buffers = Buffers::of(ctx, mem, args)?;
    let descriptor = ctx.fds.get(word(args[0]))?;
    let file = file_at(descriptor, Rights::FD_WRITE)?;
    let offset = check_offset(args[3])?;
    let how = (&ctx.limits, ctx.policy.stamp());
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
    let limits = &ctx.limits;
    let descriptor = ctx.fds.get_mut(word(args[0]))?;
    let block = !descriptor.flags.contains(FdFlags::NONBLOCK);
    let may = descriptor.base.contains(Rights::FD_READ);
    let done = match &mut descriptor.kind {
        Kind::Folder(_) => return Err(Errno::Isdir.into()),
        _ if !may => return Err(Errno::Badf.into()),
        Kind::Output(_) => return Err(Errno::Badf.into()),
        Kind::Input(source) => {
            let most = buffers.left().min(limits.transfer);
            let piece = source.read(mem, most as usize, block)?;
            buffers.scatter(mem, &piece)?;
            size(piece.len())
        }
        Kind::File(file) => {
            let done = read_file(mem, &**file, &mut buffers, descriptor.offset, limits)?;
            descriptor.offset += u64::from(done);
            done
        }
    };
    Ok(mem.put_u32(word(args[3]), done)?)
}

pub(crate) fn fd_write(ctx: &mut WasiCtx, mem: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    mem.check(word(args[3]), 4, 4)?;
    let mut buffers = Buffers::of(ctx, mem, args)?;
    let how = (&ctx.limits, ctx.policy.stamp());
    let descriptor = ctx.fds.get_mut(word(args[0]))?;
    let (flags, may) = (descriptor.flags, descriptor.base.contains(Rights::FD_WRITE));
    let done = match &mut descriptor.kind {
        Kind::Folder(_) => return Err(Errno::Isdir.into()),
        _ if !may => return Err(Errno::Badf.into()),
        Kind::Input(_) => return Err(Errno::Badf.into()),
        Kind::Output(sink) => {
            let block = !flags.contains(FdFlags::NONBLOCK);
            write_stream(mem, sink, &mut buffers, how.0.transfer, block)?
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{Kept, Stat, Times};
    use crate::guest::testing::Still;
    use std::sync::Mutex;

    /// A file that has nothing more than it says, and notes how much it was asked for.
    struct Asked {
        size: u64,
        most: Mutex<usize>,
    }

    impl File for Asked {
        fn stat(&self) -> Result<Stat, Errno> {
            let (file_type, size) = (crate::FileType::RegularFile, self.size);
            let (device, inode, links) = (0, 0, 1);
            Ok(Stat { device, inode, file_type, links, size, accessed: 0, modified: 0, changed: 0 })
        }

        fn read_at(&self, buffer: &mut [u8], _: u64) -> Result<usize, Errno> {
            let mut most = self.most.lock().unwrap();
            *most = (*most).max(buffer.len());
            Ok(0)
        }

        fn write_at(&self, _: &[u8], _: u64, _: u64) -> Result<usize, Errno> {
            Err(Errno::Rofs)
        }

        fn set_size(&self, _: u64, _: u64) -> Result<(), Errno> {
            Err(Errno::Rofs)
        }

        fn allocate(&self, _: u64, _: u64, _: u64) -> Result<(), Errno> {
            Err(Errno::Rofs)
        }

        fn set_times(&self, _: Times) -> Result<(), Errno> {
            Err(Errno::Rofs)
        }

        fn sync(&self, _: bool) -> Result<(), Errno> {
            Ok(())
        }

        fn growth(&self, _: u64) -> Result<u64, Errno> {
            Ok(0)
        }

        fn kept(&self) -> Option<Kept> {
            None
        }
    }

    /// To read at the end of a file costs the host no more the more the guest asks for.
    #[test]
    fn no_buffer_is_made_for_what_is_not_there() {
        for (size, offset, expected) in
            [(0, 0, SMALL), (1 << 30, 1 << 30, SMALL), (90_000, 0, 90_000)]
        {
            let mut guest = Still::default();
            let mut mem = Mem::new(&mut guest, "fd_read");
            let buffer = Buffer { address: 0, length: 1 << 30 };
            let mut buffers = Buffers { buffers: vec![buffer], at: 0, done: 0 };
            let file = Asked { size, most: Mutex::default() };
            let done = read_file(&mut mem, &file, &mut buffers, offset, &Limits::default());
            assert_eq!(done.unwrap(), 0);
            assert_eq!(*file.most.lock().unwrap(), expected as usize);
        }
    }
}
