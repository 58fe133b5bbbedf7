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
use rustix::io::Errno as Raw;
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
        rustix::fs::openat(&self.dir, ".", flags, Mode::empty()).map_err(from_rustix)
    }

    fn open_file(&self, name: &str, how: How, new: bool) -> io::Result<cap_std::fs::File> {
        let write = how.write || how.truncate || new;
        let mut options = OpenOptions::new();
        options.read(how.read || !write).write(write).follow(FollowSymlinks::No);
        options.create_new(new).truncate(how.truncate && !new);
        // A pipe that nobody has opened must not keep us.
        options.custom_flags(OFlags::NONBLOCK.bits().cast_signed());
        self.dir.open_with(name, &options)
    }
}

impl Folder for HostFolder {
    fn again(&self) -> Result<Box<dyn Folder>, Errno> {
        let dir = self.dir.try_clone().map_err(from_io)?;
        Ok(Box::new(HostFolder { dir, writable: self.writable }))
    }

    fn stat(&self) -> Result<Stat, Errno> {
        rustix::fs::fstat(&self.dir).map(|s| stat(&s)).map_err(from_rustix)
    }

    fn stat_of(&self, name: &str) -> Result<Stat, Errno> {
        let found = rustix::fs::statat(&self.dir, name, AtFlags::SYMLINK_NOFOLLOW);
        found.map(|s| stat(&s)).map_err(from_rustix)
    }

    fn folder(&self, name: &str) -> Result<Box<dyn Folder>, Errno> {
        match self.dir.open_dir_nofollow(name) {
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
                Ok(file) => return Ok(Box::new(HostFile { file: file.into_std() })),
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
            true => Ok(Box::new(HostFile { file })),
            false => Err(Errno::Notsup),
        }
    }

    fn read_link(&self, name: &str) -> Result<String, Errno> {
        let text = self.dir.read_link_contents(name).map_err(from_io)?;
        text.into_os_string().into_string().map_err(|_| Errno::Ilseq)
    }

    fn create_folder(&self, name: &str, _: u64) -> Result<(), Errno> {
        self.dir_mut()?.create_dir(name).map_err(from_io)
    }

    fn create_link(&self, name: &str, text: &str, _: u64) -> Result<(), Errno> {
        self.dir_mut()?.symlink_contents(text, name).map_err(from_io)
    }

    fn link(&self, name: &str, to: &dyn Folder, new: &str, _: u64) -> Result<(), Errno> {
        self.dir_mut()?.hard_link(name, self.other(to)?, new).map_err(from_io)
    }

    fn rename(&self, name: &str, to: &dyn Folder, new: &str, _: u64) -> Result<(), Errno> {
        self.dir_mut()?.rename(name, self.other(to)?, new).map_err(from_io)
    }

    fn remove_file(&self, name: &str, _: u64) -> Result<(), Errno> {
        self.dir_mut()?.remove_file(name).map_err(from_io)
    }

    fn remove_folder(&self, name: &str, _: u64) -> Result<(), Errno> {
        self.dir_mut()?.remove_dir(name).map_err(from_io)
    }

    fn entries(&self, most: u64) -> Result<Vec<Entry>, Errno> {
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

    fn set_times(&self, times: Times) -> Result<(), Errno> {
        let (dir, flags) = (self.dir_mut()?, AtFlags::SYMLINK_NOFOLLOW);
        rustix::fs::utimensat(dir, ".", &timestamps(times), flags).map_err(from_rustix)
    }

    fn set_times_of(&self, name: &str, times: Times) -> Result<(), Errno> {
        let (dir, flags) = (self.dir_mut()?, AtFlags::SYMLINK_NOFOLLOW);
        rustix::fs::utimensat(dir, name, &timestamps(times), flags).map_err(from_rustix)
    }

    fn sync(&self) -> Result<(), Errno> {
        rustix::fs::fsync(self.readable()?).map_err(from_rustix)
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
}

impl File for HostFile {
    fn stat(&self) -> Result<Stat, Errno> {
        rustix::fs::fstat(&self.file).map(|s| stat(&s)).map_err(from_rustix)
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
        self.file.write_at(bytes, offset).map_err(from_io)
    }

    fn set_size(&self, size: u64, _: u64) -> Result<(), Errno> {
        self.file.set_len(size).map_err(from_io)
    }

    fn allocate(&self, offset: u64, length: u64, _: u64) -> Result<(), Errno> {
        let flags = FallocateFlags::empty();
        rustix::fs::fallocate(&self.file, flags, offset, length).map_err(from_rustix)
    }

    fn set_times(&self, times: Times) -> Result<(), Errno> {
        rustix::fs::futimens(&self.file, &timestamps(times)).map_err(from_rustix)
    }

    fn sync(&self, data_only: bool) -> Result<(), Errno> {
        let done = if data_only { self.file.sync_data() } else { self.file.sync_all() };
        done.map_err(from_io)
    }

    fn growth(&self, _: u64) -> Result<u64, Errno> {
        Ok(0)
    }

    fn kept(&self) -> Option<Kept> {
        None
    }
}
