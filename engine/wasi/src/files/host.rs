//! Folders of the host, by cap-std: each function asks for one name in an open folder, and cap-std lets no name lead out of it.

use super::{Entry, File, Folder, How, Kept, Stat, Times, entry_bytes};
use crate::Errno;
use crate::abi::FileType;
use cap_fs_ext::{DirExt, FollowSymlinks, OpenOptionsFollowExt};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};
use rustix::fd::OwnedFd;
use rustix::fs::{
    AtFlags, FallocateFlags, FileType as RawType, Mode, OFlags, Timespec, Timestamps,
};
use rustix::fs::{UTIME_NOW, UTIME_OMIT};
use rustix::io::{Errno as Raw, retry_on_intr};
use std::any::Any;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// What the guest is told of an error of the host.
pub(crate) fn from_rustix(errno: Raw) -> Errno {
    match errno {
        Raw::ACCESS => Errno::Acces,
        Raw::AGAIN => Errno::Again,
        Raw::BADF => Errno::Badf,
        Raw::BUSY => Errno::Busy,
        Raw::DQUOT => Errno::Dquot,
        Raw::EXIST => Errno::Exist,
        Raw::FBIG => Errno::Fbig,
        Raw::ILSEQ => Errno::Ilseq,
        Raw::INTR => Errno::Intr,
        Raw::INVAL => Errno::Inval,
        Raw::ISDIR => Errno::Isdir,
        Raw::LOOP => Errno::Loop,
        Raw::MFILE => Errno::Mfile,
        Raw::MLINK => Errno::Mlink,
        Raw::NAMETOOLONG => Errno::Nametoolong,
        Raw::NFILE => Errno::Nfile,
        Raw::NODEV => Errno::Nodev,
        Raw::NOENT => Errno::Noent,
        Raw::NOMEM => Errno::Nomem,
        Raw::NOSPC => Errno::Nospc,
        Raw::NOSYS => Errno::Nosys,
        Raw::NOTDIR => Errno::Notdir,
        Raw::NOTEMPTY => Errno::Notempty,
        Raw::NXIO => Errno::Nxio,
        Raw::OPNOTSUPP => Errno::Notsup,
        Raw::OVERFLOW => Errno::Overflow,
        Raw::PERM => Errno::Perm,
        Raw::PIPE => Errno::Pipe,
        Raw::ROFS => Errno::Rofs,
        Raw::SPIPE => Errno::Spipe,
        Raw::TXTBSY => Errno::Txtbsy,
        Raw::XDEV => Errno::Xdev,
        _ => Errno::Io,
    }
}

/// The same of an error of the standard library or of cap-std. Only what cap-std makes itself has no number: a name that leads out.
pub(crate) fn from_io(error: io::Error) -> Errno {
    match Raw::from_io_error(&error) {
        Some(raw) => from_rustix(raw),
        None if error.kind() == io::ErrorKind::PermissionDenied => Errno::Notcapable,
        None => Errno::Io,
    }
}

/// Does something on the host, and once more where a signal came between: signals are the embedder's, and no guest is told of them.
pub(crate) fn call<T>(call: impl FnMut() -> rustix::io::Result<T>) -> Result<T, Errno> {
    retry_on_intr(call).map_err(from_rustix)
}

/// The same by the standard library or cap-std.
fn call_io<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

fn file_type(raw: RawType) -> FileType {
    match raw {
        RawType::RegularFile => FileType::RegularFile,
        RawType::Directory => FileType::Directory,
        RawType::Symlink => FileType::SymbolicLink,
        RawType::CharacterDevice => FileType::CharacterDevice,
        RawType::BlockDevice => FileType::BlockDevice,
        RawType::Socket => FileType::SocketStream,
        _ => FileType::Unknown,
    }
}

// The numbers have other types on other systems.
#[allow(clippy::unnecessary_cast)]
fn stat(stat: &rustix::fs::Stat) -> Stat {
    let time = |seconds: i64, nanoseconds: u64| {
        let seconds = u64::try_from(seconds).unwrap_or(0);
        seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds)
    };
    Stat {
        device: stat.st_dev as u64,
        inode: stat.st_ino as u64,
        file_type: file_type(RawType::from_raw_mode(stat.st_mode)),
        links: stat.st_nlink as u64,
        size: u64::try_from(stat.st_size).unwrap_or(0),
        accessed: time(stat.st_atime as i64, stat.st_atime_nsec as u64),
        modified: time(stat.st_mtime as i64, stat.st_mtime_nsec as u64),
        changed: time(stat.st_ctime as i64, stat.st_ctime_nsec as u64),
    }
}

fn timestamps(times: Times) -> Timestamps {
    let of = |time: Option<u64>| match time {
        None => Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        // To set the present time takes fewer permissions than any other.
        Some(time) if time == times.now => Timespec { tv_sec: 0, tv_nsec: UTIME_NOW },
        Some(time) => Timespec {
            tv_sec: (time / 1_000_000_000).cast_signed(),
            tv_nsec: (time % 1_000_000_000).cast_signed(),
        },
    };
    Timestamps { last_access: of(times.accessed), last_modification: of(times.modified) }
}

/// A folder of the host that a guest may use.
pub(crate) struct HostFolder {
    dir: Dir,
    writable: bool,
}

impl HostFolder {
    /// The folder of a path of the host.
    pub(crate) fn open(path: &Path, writable: bool) -> io::Result<HostFolder> {
        Ok(HostFolder { dir: Dir::open_ambient_dir(path, ambient_authority())?, writable })
    }

    /// The folder, for a change.
    fn dir_mut(&self) -> Result<&Dir, Errno> {
        if self.writable { Ok(&self.dir) } else { Err(Errno::Rofs) }
    }

    fn other<'f>(&self, folder: &'f dyn Folder) -> Result<&'f Dir, Errno> {
        folder.as_any().downcast_ref::<HostFolder>().ok_or(Errno::Xdev)?.dir_mut()
    }

    /// The folder, opened to be read itself: as it is, it may only be good for finding names.
    fn readable(&self) -> Result<OwnedFd, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        call(|| rustix::fs::openat(&self.dir, ".", flags, Mode::empty()))
    }

    fn read_entries(&self, most: u64) -> Result<Vec<Entry>, Errno> {
        let device = self.stat()?.device;
        let (mut found, mut bytes) = (Vec::new(), 0);
        for entry in rustix::fs::Dir::new(self.readable()?).map_err(from_rustix)? {
            let entry = entry.map_err(from_rustix)?;
            // The guest has no way to say a name that is not UTF-8.
            let Ok(name) = entry.file_name().to_str() else { continue };
            if name == "." || name == ".." {
                continue;
            }
            bytes += entry_bytes(name);
            if bytes > most {
                return Err(Errno::Nobufs);
            }
            let file_type = file_type(entry.file_type()) as u8;
            found.push(Entry { name: name.to_owned(), device, inode: entry.ino(), file_type });
        }
        Ok(found)
    }

    fn opened(&self, file: std::fs::File) -> Box<dyn File> {
        Box::new(HostFile { file, writable: self.writable })
    }

    fn open_file(&self, name: &str, how: How, new: bool) -> io::Result<cap_std::fs::File> {
        let write = how.write || how.truncate || new;
        let mut options = OpenOptions::new();
        options.read(how.read || !write).write(write).follow(FollowSymlinks::No);
        options.create_new(new).truncate(how.truncate && !new);
        // A pipe that nobody has opened must not keep us.
        options.custom_flags(OFlags::NONBLOCK.bits().cast_signed());
        call_io(|| self.dir.open_with(name, &options))
    }
}

impl Folder for HostFolder {
    fn again(&self) -> Result<Box<dyn Folder>, Errno> {
        let dir = call_io(|| self.dir.try_clone()).map_err(from_io)?;
        Ok(Box::new(HostFolder { dir, writable: self.writable }))
    }

    fn stat(&self) -> Result<Stat, Errno> {
        call(|| rustix::fs::fstat(&self.dir)).map(|s| stat(&s))
    }

    fn stat_of(&self, name: &str) -> Result<Stat, Errno> {
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        call(|| rustix::fs::statat(&self.dir, name, flags)).map(|s| stat(&s))
    }

    fn folder(&self, name: &str) -> Result<Box<dyn Folder>, Errno> {
        match call_io(|| self.dir.open_dir_nofollow(name)) {
            Ok(dir) => Ok(Box::new(HostFolder { dir, writable: self.writable })),
            // Systems differ in what a link is then.
            Err(error) => match self.stat_of(name)?.file_type {
                FileType::SymbolicLink => Err(Errno::Loop),
                FileType::Directory => Err(from_io(error)),
                _ => Err(Errno::Notdir),
            },
        }
    }

    fn file(&self, name: &str, how: How) -> Result<Box<dyn File>, Errno> {
        if (how.write || how.truncate) && !self.writable {
            return Err(Errno::Rofs);
        }
        if how.create && self.writable {
            match self.open_file(name, how, true) {
                Ok(file) => return Ok(self.opened(file.into_std())),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && !how.exclusive => {}
                Err(error) => return Err(from_io(error)),
            }
        }
        // Devices and pipes are not even opened: that alone can have effects.
        match self.stat_of(name) {
            Ok(_) if how.create && how.exclusive => return Err(Errno::Exist),
            Ok(found) => match found.file_type {
                FileType::RegularFile => {}
                FileType::Directory => return Err(Errno::Isdir),
                FileType::SymbolicLink => return Err(Errno::Loop),
                _ => return Err(Errno::Notsup),
            },
            Err(Errno::Noent) if how.create => return Err(Errno::Rofs),
            Err(errno) => return Err(errno),
        }
        let file = self.open_file(name, how, false).map_err(from_io)?.into_std();
        match file.metadata().map_err(from_io)?.is_file() {
            true => Ok(self.opened(file)),
            false => Err(Errno::Notsup),
        }
    }

    fn read_link(&self, name: &str) -> Result<String, Errno> {
        let text = call_io(|| self.dir.read_link_contents(name)).map_err(from_io)?;
        text.into_os_string().into_string().map_err(|_| Errno::Ilseq)
    }

    fn create_folder(&self, name: &str, _: u64) -> Result<(), Errno> {
        let dir = self.dir_mut()?;
        call_io(|| dir.create_dir(name)).map_err(from_io)
    }

    fn create_link(&self, name: &str, text: &str, _: u64) -> Result<(), Errno> {
        let dir = self.dir_mut()?;
        call_io(|| dir.symlink_contents(text, name)).map_err(from_io)
    }

    fn link(&self, name: &str, to: &dyn Folder, new: &str, _: u64) -> Result<(), Errno> {
        let (dir, to) = (self.dir_mut()?, self.other(to)?);
        call_io(|| dir.hard_link(name, to, new)).map_err(from_io)
    }

    fn rename(&self, name: &str, to: &dyn Folder, new: &str, _: u64) -> Result<(), Errno> {
        let (dir, to) = (self.dir_mut()?, self.other(to)?);
        call_io(|| dir.rename(name, to, new)).map_err(from_io)
    }

    fn effort(&self, _: &str, _: &dyn Folder) -> u64 {
        0
    }

    fn remove_file(&self, name: &str, _: u64) -> Result<(), Errno> {
        let dir = self.dir_mut()?;
        call_io(|| dir.remove_file(name)).map_err(from_io)
    }

    fn remove_folder(&self, name: &str, _: u64) -> Result<(), Errno> {
        let dir = self.dir_mut()?;
        call_io(|| dir.remove_dir(name)).map_err(from_io)
    }

    fn entries(&self, most: u64) -> Result<Vec<Entry>, Errno> {
        loop {
            // What stopped in the midst of a folder cannot go on there.
            match self.read_entries(most) {
                Err(Errno::Intr) => {}
                done => return done,
            }
        }
    }

    fn set_times(&self, times: Times) -> Result<(), Errno> {
        let (dir, flags) = (self.dir_mut()?, AtFlags::SYMLINK_NOFOLLOW);
        call(|| rustix::fs::utimensat(dir, ".", &timestamps(times), flags))
    }

    fn set_times_of(&self, name: &str, times: Times) -> Result<(), Errno> {
        let (dir, flags) = (self.dir_mut()?, AtFlags::SYMLINK_NOFOLLOW);
        call(|| rustix::fs::utimensat(dir, name, &timestamps(times), flags))
    }

    fn sync(&self) -> Result<(), Errno> {
        let folder = self.readable()?;
        call(|| rustix::fs::fsync(&folder))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn kept(&self) -> Option<Kept> {
        None
    }
}

struct HostFile {
    file: std::fs::File,
    /// Whether it was opened through a folder that may be changed: the host lets times be set even on a file that is open to be read.
    writable: bool,
}

impl HostFile {
    /// The file, for a change.
    fn file_mut(&self) -> Result<&std::fs::File, Errno> {
        if self.writable { Ok(&self.file) } else { Err(Errno::Rofs) }
    }
}

impl File for HostFile {
    fn stat(&self) -> Result<Stat, Errno> {
        call(|| rustix::fs::fstat(&self.file)).map(|s| stat(&s))
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize, Errno> {
        let mut done = 0;
        while done < buffer.len() {
            match self.file.read_at(&mut buffer[done..], offset + done as u64) {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) if done > 0 => break,
                Err(error) => return Err(from_io(error)),
            }
        }
        Ok(done)
    }

    fn write_at(&self, bytes: &[u8], offset: u64, _: u64) -> Result<usize, Errno> {
        let file = self.file_mut()?;
        call_io(|| file.write_at(bytes, offset)).map_err(from_io)
    }

    fn set_size(&self, size: u64, _: u64) -> Result<(), Errno> {
        let file = self.file_mut()?;
        call_io(|| file.set_len(size)).map_err(from_io)
    }

    fn allocate(&self, offset: u64, length: u64, _: u64) -> Result<(), Errno> {
        let (file, flags) = (self.file_mut()?, FallocateFlags::empty());
        call(|| rustix::fs::fallocate(file, flags, offset, length))
    }

    fn set_times(&self, times: Times) -> Result<(), Errno> {
        let file = self.file_mut()?;
        call(|| rustix::fs::futimens(file, &timestamps(times)))
    }

    fn sync(&self, data_only: bool) -> Result<(), Errno> {
        let sync = || if data_only { self.file.sync_data() } else { self.file.sync_all() };
        call_io(sync).map_err(from_io)
    }

    fn growth(&self, _: u64) -> Result<u64, Errno> {
        Ok(0)
    }

    fn kept(&self) -> Option<Kept> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A signal comes twice, and then the call is done.
    #[test]
    fn signals_are_not_told() {
        let mut signals = 0;
        let done = call(|| {
            signals += 1;
            if signals < 3 { Err(Raw::INTR) } else { Ok(signals) }
        });
        assert_eq!(done, Ok(3));
        let done = call_io(|| {
            signals += 1;
            if signals < 6 { Err(io::ErrorKind::Interrupted.into()) } else { Ok(signals) }
        });
        assert_eq!(done.unwrap(), 6);
    }
}
