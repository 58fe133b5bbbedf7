//! Paths.

use crate::Errno;
use crate::abi::{FdFlags, FileType, LookupFlags, OFlags, Rights};
use crate::context::{Descriptor, Kind, OF_ANY_FILE, OF_FILES, OF_FOLDERS, OF_WRITTEN, WasiCtx};
use crate::descriptors::{FILESTAT, put_stat, times};
use crate::files::walk::{Last, Place, walk};
use crate::files::{Folder, How, Stat};
use crate::guest::{Fail, Mem, word};

/// A path of the guest's: an address and a length.
fn path(ctx: &WasiCtx, mem: &mut Mem<'_>, args: &[u64]) -> Result<String, Fail> {
    mem.path(word(args[0]), word(args[1]), ctx.limits.path)
}

/// Ends the guest unless a second path is in the memory, before the first is looked at.
fn check(mem: &Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    Ok(mem.check(word(args[0]), word(args[1]).into(), 1)?)
}

/// A folder that the guest has a right on.
fn folder(ctx: &WasiCtx, fd: u64, right: Rights) -> Result<&dyn Folder, Errno> {
    ctx.fds.get(word(fd))?.folder_with(right)
}

/// How a path is followed that is to be looked at.
fn looked_at(flags: u64) -> Result<Last, Errno> {
    match LookupFlags::of(word(flags))?.contains(LookupFlags::SYMLINK_FOLLOW) {
        true => Ok(Last::Follow),
        false => Ok(Last::Stay),
    }
}

pub(crate) fn path_create_directory(
    ctx: &mut WasiCtx,
    mem: &mut Mem<'_>,
    args: &[u64],
) -> Result<(), Fail> {
    let path = path(ctx, mem, &args[1..])?;
    let folder = folder(ctx, args[0], Rights::PATH_CREATE_DIRECTORY)?;
    let place = walk(mem, folder, &path, Last::Name, &ctx.limits)?;
    Ok(place.folder().create_folder(place.name(Errno::Exist)?, ctx.policy.stamp())?)
}

pub(crate) fn path_filestat_get(
    ctx: &mut WasiCtx,
    mem: &mut Mem<'_>,
    args: &[u64],
) -> Result<(), Fail> {
    mem.check(word(args[4]), FILESTAT, 8)?;
    let path = path(ctx, mem, &args[2..])?;
    let last = looked_at(args[1])?;
    let folder = folder(ctx, args[0], Rights::PATH_FILESTAT_GET)?;
    let place = walk(mem, folder, &path, last, &ctx.limits)?;
    place.check_slash()?;
    let stat = match &place.name {
        Some(name) => place.folder().stat_of(name)?,
        None => place.folder().stat()?,
    };
    let told = ctx.told(stat)?;
    put_stat(mem, word(args[4]), told)
}

pub(crate) fn path_filestat_set_times(
    ctx: &mut WasiCtx,
    mem: &mut Mem<'_>,
    args: &[u64],
) -> Result<(), Fail> {
    let path = path(ctx, mem, &args[2..])?;
    let last = looked_at(args[1])?;
    let times = times(ctx, [args[4], args[5]], args[6])?;
    let folder = folder(ctx, args[0], Rights::PATH_FILESTAT_SET_TIMES)?;
    let place = walk(mem, folder, &path, last, &ctx.limits)?;
    place.check_slash()?;
    let stat = match &place.name {
        Some(name) => {
            place.folder().set_times_of(name, times)?;
            place.folder().stat_of(name)?
        }
        None => {
            place.folder().set_times(times)?;
            place.folder().stat()?
        }
    };
    Ok(ctx.set_times(stat, times)?)
}

/// Two paths, each in a folder, and what they lead to.
struct Two<'a> {
    old: Place<'a>,
    new: Place<'a>,
}

fn two<'a>(
    ctx: &'a WasiCtx,
    mem: &mut Mem<'_>,
    old: (u64, &str, Rights),
    new: (u64, &str, Rights),
) -> Result<Two<'a>, Fail> {
    let from = folder(ctx, old.0, old.2)?;
    let to = folder(ctx, new.0, new.2)?;
    let old = walk(mem, from, old.1, Last::Name, &ctx.limits)?;
    Ok(Two { old, new: walk(mem, to, new.1, Last::Name, &ctx.limits)? })
}

/// A symbolic link is given another name itself; to follow it is refused, since not every system can.
pub(crate) fn path_link(ctx: &mut WasiCtx, mem: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    check(mem, &args[5..])?;
    let old = path(ctx, mem, &args[2..])?;
    let new = path(ctx, mem, &args[5..])?;
    if looked_at(args[1])? == Last::Follow {
        return Err(Errno::Inval.into());
    }
    let old = (args[0], &*old, Rights::PATH_LINK_SOURCE);
    let Two { old, new } = two(ctx, mem, old, (args[4], &*new, Rights::PATH_LINK_TARGET))?;
    old.check_slash()?;
    let (from, to) = (old.name(Errno::Perm)?, new.name(Errno::Exist)?);
    // Some systems say that the new name is there first.
    if old.folder().stat_of(from)?.file_type == FileType::Directory {
        return Err(Errno::Perm.into());
    }
    check_new(&new)?;
    Ok(old.folder().link(from, new.folder(), to, ctx.policy.stamp())?)
}

/// Fails if there is something under a new name, or it could only be a folder's.
fn check_new(new: &Place<'_>) -> Result<(), Errno> {
    match new.folder().stat_of(new.name(Errno::Exist)?) {
        Ok(_) => Err(Errno::Exist),
        Err(Errno::Noent) if !new.slash => Ok(()),
        Err(errno) => Err(errno),
    }
}

pub(crate) fn path_rename(ctx: &mut WasiCtx, mem: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    check(mem, &args[4..])?;
    let old = path(ctx, mem, &args[1..])?;
    let new = path(ctx, mem, &args[4..])?;
    let old = (args[0], &*old, Rights::PATH_RENAME_SOURCE);
    let Two { old, new } = two(ctx, mem, old, (args[3], &*new, Rights::PATH_RENAME_TARGET))?;
    // The folder that a path begins in, or passed, cannot be moved away.
    let (from, to) = (old.name(Errno::Busy)?, new.name(Errno::Busy)?);
    let moved = old.folder().stat_of(from)?;
    if (old.slash || new.slash) && moved.file_type != FileType::Directory {
        return Err(Errno::Notdir.into());
    }
    mem.declare(old.folder().effort(from, new.folder()))?;
    let known = |stat: &Stat| (stat.device, stat.inode);
    // What has both names keeps them.
    let over = ctx.going(new.folder(), to).filter(|over| known(over) != known(&moved));
    old.folder().rename(from, new.folder(), to, ctx.policy.stamp())?;
    ctx.gone(over);
    Ok(())
}

pub(crate) fn path_symlink(ctx: &mut WasiCtx, mem: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    check(mem, &args[3..])?;
    let text = path(ctx, mem, args)?;
    let new = path(ctx, mem, &args[3..])?;
    let folder = folder(ctx, args[2], Rights::PATH_SYMLINK)?;
    match &*text {
        "" => return Err(Errno::Noent.into()),
        // It would mean another thing to the host than to the guest.
        text if text.starts_with('/') => return Err(Errno::Notcapable.into()),
        _ => {}
    }
    let place = walk(mem, folder, &new, Last::Name, &ctx.limits)?;
    check_new(&place)?;
    let (name, now) = (place.name(Errno::Exist)?, ctx.policy.stamp());
    Ok(place.folder().create_link(name, &text, now)?)
}

pub(crate) fn path_readlink(
    ctx: &mut WasiCtx,
    mem: &mut Mem<'_>,
    args: &[u64],
) -> Result<(), Fail> {
    let (at, length) = (word(args[3]), word(args[4]));
    mem.check(word(args[5]), 4, 4)?;
    mem.check(at, length.into(), 1)?;
    let path = path(ctx, mem, &args[1..])?;
    let folder = folder(ctx, args[0], Rights::PATH_READLINK)?;
    let place = walk(mem, folder, &path, Last::Stay, &ctx.limits)?;
    place.check_slash()?;
    let text = place.folder().read_link(place.name(Errno::Inval)?)?;
    // A link that leads to the host's root would tell the guest where on the host it is.
    if text.starts_with('/') {
        return Err(Errno::Notcapable.into());
    }
    let count = text.len().min(length as usize);
    mem.put(at, &text.as_bytes()[..count])?;
    Ok(mem.put_u32(word(args[5]), u32::try_from(count).map_err(|_| Errno::Overflow)?)?)
}

pub(crate) fn path_remove_directory(
    ctx: &mut WasiCtx,
    mem: &mut Mem<'_>,
    args: &[u64],
) -> Result<(), Fail> {
    let path = path(ctx, mem, &args[1..])?;
    let folder = folder(ctx, args[0], Rights::PATH_REMOVE_DIRECTORY)?;
    let place = walk(mem, folder, &path, Last::Name, &ctx.limits)?;
    let otherwise = if path.ends_with("..") { Errno::Notempty } else { Errno::Inval };
    let name = place.name(otherwise)?;
    let going = ctx.going(place.folder(), name);
    place.folder().remove_folder(name, ctx.policy.stamp())?;
    ctx.gone(going);
    Ok(())
}

pub(crate) fn path_unlink_file(
    ctx: &mut WasiCtx,
    mem: &mut Mem<'_>,
    args: &[u64],
) -> Result<(), Fail> {
    let path = path(ctx, mem, &args[1..])?;
    let folder = folder(ctx, args[0], Rights::PATH_UNLINK_FILE)?;
    let place = walk(mem, folder, &path, Last::Name, &ctx.limits)?;
    place.check_slash()?;
    let name = place.name(Errno::Isdir)?;
    if place.slash {
        return Err(Errno::Isdir.into());
    }
    let going = ctx.going(place.folder(), name);
    place.folder().remove_file(name, ctx.policy.stamp())?;
    ctx.gone(going);
    Ok(())
}

/// How `path_open` was asked to open.
struct Asked {
    flags: OFlags,
    base: Rights,
    inheriting: Rights,
}

impl Asked {
    fn writes(&self) -> bool {
        let rights = Rights::FD_WRITE | Rights::FD_ALLOCATE | Rights::FD_FILESTAT_SET_SIZE;
        self.base.intersects(rights)
    }

    fn creates_new(&self) -> bool {
        self.flags.contains(OFlags::CREAT | OFlags::EXCL)
    }

    /// Fails unless the folder allows it.
    fn check(&self, folder: &Descriptor) -> Result<(), Errno> {
        folder.folder_with(Rights::PATH_OPEN)?;
        if self.flags.contains(OFlags::CREAT) {
            folder.may(Rights::PATH_CREATE_FILE)?;
        }
        if self.flags.contains(OFlags::TRUNC) {
            folder.may(Rights::PATH_FILESTAT_SET_SIZE)?;
        }
        // Other rights that cannot be given are left out; a file that can neither be read nor written helps nobody.
        let wanted = self.base & (Rights::FD_READ | Rights::FD_WRITE);
        match folder.inheriting.contains(wanted) {
            true => Ok(()),
            false => Err(Errno::Notcapable),
        }
    }
}

pub(crate) fn path_open(ctx: &mut WasiCtx, mem: &mut Mem<'_>, args: &[u64]) -> Result<(), Fail> {
    mem.check(word(args[8]), 4, 4)?;
    let path = path(ctx, mem, &args[2..])?;
    let last = looked_at(args[1])?;
    let (base, inheriting) = (Rights::of(args[5])?, Rights::of(args[6])?);
    let asked = Asked { flags: OFlags::of(word(args[4]))?, base, inheriting };
    let flags = FdFlags::of(word(args[7]))?;
    let folder = ctx.fds.get(word(args[0]))?;
    asked.check(folder)?;
    let fd = ctx.fds.free(&ctx.limits)?;
    // A link under the name of a file that must be new is something that is there.
    let last = if asked.creates_new() { Last::Name } else { last };
    let place = walk(mem, folder.folder()?, &path, last, &ctx.limits)?;
    let mut opened = match open(&place, &asked, ctx.policy.stamp())? {
        Kind::Folder(opened) => {
            let base = asked.base & folder.inheriting & OF_FOLDERS;
            Descriptor::new(Kind::Folder(opened), base, asked.inheriting & folder.inheriting)
        }
        opened => {
            // What is there besides what was asked for is the same through every folder.
            let mut base = (asked.base & folder.inheriting & OF_FILES) | OF_ANY_FILE;
            if base.contains(Rights::FD_WRITE) {
                base |= OF_WRITTEN;
            }
            Descriptor::new(opened, base, asked.inheriting & folder.inheriting)
        }
    };
    opened.flags = flags;
    opened.path = path;
    ctx.fds.put(fd, opened);
    Ok(mem.put_u32(word(args[8]), fd)?)
}

/// Opens what a path leads to.
fn open(place: &Place<'_>, asked: &Asked, now: u64) -> Result<Kind, Errno> {
    let folder = place.folder();
    let found = match &place.name {
        Some(name) => folder.stat_of(name).map(|stat| stat.file_type),
        None => Ok(FileType::Directory),
    };
    match found {
        Ok(_) if asked.creates_new() => Err(Errno::Exist),
        Ok(FileType::Directory) => {
            let changes = OFlags::CREAT | OFlags::TRUNC;
            if asked.flags.intersects(changes) || asked.base.contains(Rights::FD_WRITE) {
                return Err(Errno::Isdir);
            }
            match &place.name {
                Some(name) => folder.folder(name).map(Kind::Folder),
                None => folder.again().map(Kind::Folder),
            }
        }
        Ok(FileType::SymbolicLink) => Err(Errno::Loop),
        Ok(_) if place.slash || asked.flags.contains(OFlags::DIRECTORY) => Err(Errno::Notdir),
        Err(Errno::Noent) if asked.flags.contains(OFlags::CREAT) => match () {
            () if asked.flags.contains(OFlags::DIRECTORY) => Err(Errno::Inval),
            () if place.slash => Err(Errno::Isdir),
            () => open_file(place, asked, now),
        },
        Err(errno) => Err(errno),
        Ok(_) => open_file(place, asked, now),
    }
}

fn open_file(place: &Place<'_>, asked: &Asked, now: u64) -> Result<Kind, Errno> {
    let how = How {
        read: asked.base.contains(Rights::FD_READ),
        write: asked.writes(),
        create: asked.flags.contains(OFlags::CREAT),
        exclusive: asked.flags.contains(OFlags::EXCL),
        truncate: asked.flags.contains(OFlags::TRUNC),
        now,
    };
    place.folder().file(place.name(Errno::Isdir)?, how).map(Kind::File)
}
