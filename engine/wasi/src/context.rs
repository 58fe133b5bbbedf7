//! What a guest has: arguments, environment, descriptors, and where its time and chance come from.

use crate::abi::{FdFlags, FileType, Rights};
use crate::files::{Entry, File, Folder, Stat, Times};
use crate::observer::Observer;
use crate::stdio::{Sink, Source};
use crate::{Errno, Limits, Policy};
use std::collections::btree_map::Entry as Slot;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Files of the host whose numbers and times a deterministic policy keeps.
const MOST_SEEN: usize = 1 << 20;

/// The state of one guest. [`WasiCtxBuilder`](crate::WasiCtxBuilder) makes it; the default has no descriptor, no argument and no variable.
pub struct WasiCtx {
    pub(crate) args: Vec<Vec<u8>>,
    pub(crate) env: Vec<Vec<u8>>,
    pub(crate) fds: Descriptors,
    pub(crate) policy: Policy,
    pub(crate) limits: Limits,
    pub(crate) seen: Seen,
    /// Who is told of each call.
    pub(crate) observer: Option<Observer>,
}

impl Default for WasiCtx {
    fn default() -> WasiCtx {
        let policy = Policy::deterministic(0);
        let (fds, limits, seen) = (Descriptors::default(), Limits::default(), Seen::default());
        let (args, env) = (Vec::new(), Vec::new());
        WasiCtx { args, env, fds, policy, limits, seen, observer: None }
    }
}

impl fmt::Debug for WasiCtx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("WasiCtx");
        f.field("policy", &self.policy).field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// What a descriptor is of.
pub(crate) enum Kind {
    Input(Source),
    Output(Sink),
    File(Box<dyn File>),
    Folder(Box<dyn Folder>),
}

/// What a folder had when it was last read from its beginning.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Listing {
    pub(crate) entries: Vec<Entry>,
    pub(crate) bytes: u64,
}

pub(crate) struct Descriptor {
    pub(crate) kind: Kind,
    pub(crate) base: Rights,
    pub(crate) inheriting: Rights,
    pub(crate) flags: FdFlags,
    pub(crate) offset: u64,
    /// The name of a folder that the guest begins with.
    pub(crate) preopen: Option<String>,
    /// The path by which it was opened, for messages.
    pub(crate) path: String,
    pub(crate) listing: Option<Listing>,
}

/// What can be done with a folder.
pub(crate) const OF_FOLDERS: Rights = Rights::from_bits_truncate(
    Rights::FD_DATASYNC.bits()
        | Rights::FD_SYNC.bits()
        | Rights::FD_FDSTAT_SET_FLAGS.bits()
        | Rights::PATH_CREATE_DIRECTORY.bits()
        | Rights::PATH_CREATE_FILE.bits()
        | Rights::PATH_LINK_SOURCE.bits()
        | Rights::PATH_LINK_TARGET.bits()
        | Rights::PATH_OPEN.bits()
        | Rights::FD_READDIR.bits()
        | Rights::PATH_READLINK.bits()
        | Rights::PATH_RENAME_SOURCE.bits()
        | Rights::PATH_RENAME_TARGET.bits()
        | Rights::PATH_FILESTAT_GET.bits()
        | Rights::PATH_FILESTAT_SET_SIZE.bits()
        | Rights::PATH_FILESTAT_SET_TIMES.bits()
        | Rights::FD_FILESTAT_GET.bits()
        | Rights::FD_FILESTAT_SET_TIMES.bits()
        | Rights::PATH_SYMLINK.bits()
        | Rights::PATH_REMOVE_DIRECTORY.bits()
        | Rights::PATH_UNLINK_FILE.bits(),
);

/// What can be done with any file.
pub(crate) const OF_ANY_FILE: Rights = Rights::from_bits_truncate(
    Rights::FD_SEEK.bits()
        | Rights::FD_TELL.bits()
        | Rights::FD_FDSTAT_SET_FLAGS.bits()
        | Rights::FD_SYNC.bits()
        | Rights::FD_ADVISE.bits()
        | Rights::FD_FILESTAT_GET.bits()
        | Rights::FD_FILESTAT_SET_TIMES.bits()
        | Rights::POLL_FD_READWRITE.bits(),
);

/// What can be done with a file that is open for writing, beside writing.
pub(crate) const OF_WRITTEN: Rights = Rights::from_bits_truncate(
    Rights::FD_DATASYNC.bits() | Rights::FD_ALLOCATE.bits() | Rights::FD_FILESTAT_SET_SIZE.bits(),
);

/// What can be done with files.
pub(crate) const OF_FILES: Rights =
    OF_ANY_FILE.union(OF_WRITTEN).union(Rights::FD_READ).union(Rights::FD_WRITE);

impl Descriptor {
    pub(crate) fn new(kind: Kind, base: Rights, inheriting: Rights) -> Descriptor {
        let (flags, preopen, path, listing) = (FdFlags::empty(), None, String::new(), None);
        Descriptor { kind, base, inheriting, flags, offset: 0, preopen, path, listing }
    }

    /// A stream that the guest begins with. No right to seek tells a guest that it may be a terminal.
    pub(crate) fn stream(kind: Kind) -> Descriptor {
        let direction = match kind {
            Kind::Input(_) => Rights::FD_READ,
            _ => Rights::FD_WRITE | Rights::FD_SYNC | Rights::FD_DATASYNC,
        };
        let both = Rights::FD_FDSTAT_SET_FLAGS | Rights::FD_FILESTAT_GET;
        Descriptor::new(kind, direction | both | Rights::POLL_FD_READWRITE, Rights::empty())
    }

    /// A folder that the guest begins with.
    pub(crate) fn preopen(folder: Box<dyn Folder>, name: String) -> Descriptor {
        let all = OF_FOLDERS.union(OF_FILES);
        let descriptor = Descriptor::new(Kind::Folder(folder), OF_FOLDERS, all);
        Descriptor { preopen: Some(name), ..descriptor }
    }

    /// What it is of, for messages.
    pub(crate) fn name(&self) -> String {
        match (&self.kind, &self.preopen) {
            (Kind::Input(Source::Inherited), _) => "the standard input of the host".to_owned(),
            (Kind::Output(Sink::Stdout), _) => "the standard output of the host".to_owned(),
            (Kind::Output(Sink::Stderr), _) => "the standard error of the host".to_owned(),
            (Kind::Input(_), _) => "a reader of the embedder".to_owned(),
            (Kind::Output(_), _) => "a writer of the embedder".to_owned(),
            (_, Some(name)) => format!("the folder {name}"),
            _ => format!("the path {}", self.path),
        }
    }

    /// Fails unless the guest has kept a right.
    pub(crate) fn may(&self, rights: Rights) -> Result<(), Errno> {
        if self.base.contains(rights) { Ok(()) } else { Err(Errno::Notcapable) }
    }

    pub(crate) fn folder(&self) -> Result<&dyn Folder, Errno> {
        match &self.kind {
            Kind::Folder(folder) => Ok(&**folder),
            _ => Err(Errno::Notdir),
        }
    }

    /// A folder with a right.
    pub(crate) fn folder_with(&self, rights: Rights) -> Result<&dyn Folder, Errno> {
        let folder = self.folder()?;
        self.may(rights)?;
        Ok(folder)
    }

    /// A file with a right; what a folder or a stream is instead is the caller's to say.
    pub(crate) fn file_with(
        &self,
        rights: Rights,
        folder: Errno,
        stream: Errno,
    ) -> Result<&dyn File, Errno> {
        match &self.kind {
            Kind::File(file) => {
                self.may(rights)?;
                Ok(&**file)
            }
            Kind::Folder(_) => Err(folder),
            Kind::Input(_) | Kind::Output(_) => Err(stream),
        }
    }

    pub(crate) fn file_type(&self) -> FileType {
        match &self.kind {
            Kind::Input(source) => source.file_type(),
            Kind::Output(sink) => sink.file_type(),
            Kind::File(_) => FileType::RegularFile,
            Kind::Folder(_) => FileType::Directory,
        }
    }

    /// What is known of it.
    pub(crate) fn stat(&self) -> Result<Stat, Errno> {
        match &self.kind {
            Kind::File(file) => file.stat(),
            Kind::Folder(folder) => folder.stat(),
            Kind::Input(_) | Kind::Output(_) => Ok(Stat {
                device: 0,
                inode: 0,
                file_type: self.file_type(),
                links: 1,
                size: 0,
                accessed: 0,
                modified: 0,
                changed: 0,
            }),
        }
    }
}

/// Descriptors by number.
#[derive(Default)]
pub(crate) struct Descriptors(pub(crate) Vec<Option<Descriptor>>);

impl Descriptors {
    pub(crate) fn get(&self, fd: u32) -> Result<&Descriptor, Errno> {
        self.0.get(fd as usize).and_then(Option::as_ref).ok_or(Errno::Badf)
    }

    pub(crate) fn get_mut(&mut self, fd: u32) -> Result<&mut Descriptor, Errno> {
        self.0.get_mut(fd as usize).and_then(Option::as_mut).ok_or(Errno::Badf)
    }

    /// The number that the next descriptor gets: the least that is free.
    pub(crate) fn free(&self, limits: &Limits) -> Result<u32, Errno> {
        let at = self.0.iter().position(Option::is_none).unwrap_or(self.0.len());
        u32::try_from(at).ok().filter(|at| *at < limits.descriptors).ok_or(Errno::Mfile)
    }

    /// Opens a descriptor under a number that is free.
    pub(crate) fn put(&mut self, fd: u32, descriptor: Descriptor) {
        match self.0.get_mut(fd as usize) {
            Some(place) => *place = Some(descriptor),
            None => self.0.push(Some(descriptor)),
        }
    }

    pub(crate) fn close(&mut self, fd: u32) -> Result<Descriptor, Errno> {
        self.0.get_mut(fd as usize).and_then(Option::take).ok_or(Errno::Badf)
    }

    /// Bytes of all listings that descriptors keep, without that of one descriptor.
    pub(crate) fn listed(&self, without: u32) -> u64 {
        let others = self.0.iter().enumerate().filter(|(fd, _)| *fd != without as usize);
        others.filter_map(|(_, fd)| Some(fd.as_ref()?.listing.as_ref()?.bytes)).sum()
    }
}

/// What a deterministic policy says of files of the host: numbers in the order in which the guest saw them, and times that only
/// the guest changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Seen {
    files: BTreeMap<(u64, u64), SeenFile>,
    devices: BTreeMap<u64, u64>,
    /// How many numbers files have got.
    numbers: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct SeenFile {
    number: u64,
    accessed: u64,
    modified: u64,
    changed: u64,
    /// The guest has taken its last name away. The host gives its number to another file sooner or later: that one is new, and has a
    /// name, which this one has not, even if it is still open.
    is_gone: bool,
}

/// Devices from here on are virtual file systems, which are the same in each run by themselves.
pub(crate) const VIRTUAL: u64 = 1 << 63;

impl Seen {
    /// Whether numbers are as they are given: each once, and with more to come.
    pub(crate) fn is_sound(&self) -> bool {
        let files: BTreeSet<_> = self.files.values().map(|file| file.number).collect();
        let devices: BTreeSet<_> = self.devices.values().copied().collect();
        let is_one_of = |number: &u64, most: u64| (1..=most).contains(number);
        files.len() == self.files.len()
            && files.iter().all(|number| is_one_of(number, self.numbers))
            && files.len() <= MOST_SEEN
            && self.numbers <= u64::MAX / 2
            && devices.len() == self.devices.len()
            && devices.iter().all(|number| is_one_of(number, self.devices.len() as u64))
    }

    /// The file that the host has under a number, which is seen now if it was not before.
    fn file(
        &mut self,
        (device, inode): (u64, u64),
        has_name: bool,
        first: u64,
    ) -> Result<&mut SeenFile, Errno> {
        let full = self.files.len() >= MOST_SEEN;
        let number = self.numbers + 1;
        let (accessed, modified, changed) = (first, first, first);
        let new = SeenFile { number, accessed, modified, changed, is_gone: false };
        match self.files.entry((device, inode)) {
            Slot::Vacant(_) if full => Err(Errno::Nomem),
            Slot::Vacant(slot) => {
                self.numbers = number;
                Ok(slot.insert(new))
            }
            Slot::Occupied(slot) => {
                let file = slot.into_mut();
                if file.is_gone && has_name {
                    self.numbers = number;
                    *file = new;
                }
                Ok(file)
            }
        }
    }

    fn device(&mut self, device: u64) -> u64 {
        let number = self.devices.len() as u64 + 1;
        *self.devices.entry(device).or_insert(number)
    }
}

impl WasiCtx {
    /// Whether the policy says what the guest is told of files of a device: a deterministic one does of all that is on the host, and not
    /// of virtual file systems and streams.
    fn says(&self, device: u64) -> bool {
        self.policy.is_deterministic() && device < VIRTUAL && device != 0
    }

    /// What the policy says of a file, if it says anything.
    fn seen(
        &mut self,
        (device, inode): (u64, u64),
        has_name: bool,
    ) -> Result<Option<&mut SeenFile>, Errno> {
        if !self.says(device) {
            return Ok(None);
        }
        self.seen.file((device, inode), has_name, self.policy.first()).map(Some)
    }

    /// What the guest is about to take a name from, if the policy must know of it.
    pub(crate) fn going(&self, folder: &dyn Folder, name: &str) -> Option<Stat> {
        // Most guests need no look.
        let stat = if self.policy.is_deterministic() { folder.stat_of(name).ok() } else { None };
        stat.filter(|stat| self.says(stat.device))
    }

    /// Notes that the guest has taken a name from a file or folder, of which that was known before.
    pub(crate) fn gone(&mut self, stat: Option<Stat>) {
        let last = stat.filter(|stat| stat.links <= 1 || stat.file_type == FileType::Directory);
        if let Some(stat) = last
            && let Some(file) = self.seen.files.get_mut(&(stat.device, stat.inode))
        {
            file.is_gone = true;
        }
    }

    /// What the guest is told of a file, by the policy.
    pub(crate) fn told(&mut self, stat: Stat) -> Result<Stat, Errno> {
        let Some(&mut seen) = self.seen((stat.device, stat.inode), stat.links > 0)? else {
            return Ok(stat);
        };
        // How large a folder is, and how many names it has, is each file system's own affair.
        let is_folder = stat.file_type == FileType::Directory;
        let (size, links) = if is_folder { (0, 1) } else { (stat.size, stat.links) };
        Ok(Stat {
            size,
            links,
            device: self.seen.device(stat.device),
            inode: seen.number,
            accessed: seen.accessed,
            modified: seen.modified,
            changed: seen.changed,
            ..stat
        })
    }

    /// The number of a file that a folder has, by the policy.
    pub(crate) fn number(
        &mut self,
        (device, inode): (u64, u64),
        has_name: bool,
    ) -> Result<u64, Errno> {
        Ok(self.seen((device, inode), has_name)?.map_or(inode, |seen| seen.number))
    }

    /// Notes that the guest has set the times of a file.
    pub(crate) fn set_times(&mut self, stat: Stat, times: Times) -> Result<(), Errno> {
        if let Some(seen) = self.seen((stat.device, stat.inode), stat.links > 0)? {
            seen.accessed = times.accessed.unwrap_or(seen.accessed);
            seen.modified = times.modified.unwrap_or(seen.modified);
            seen.changed = times.now;
        }
        Ok(())
    }

    /// Where the guest's time and chance come from.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What the guest can use of the host.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that is gone keeps its number while it is open, and one that has its place on the host gets another.
    #[test]
    fn a_number_of_the_host_that_is_used_again_is_another_file() {
        let mut ctx = WasiCtx::default();
        let (device, inode, links, size) = (7, 70, 1, 0);
        let (accessed, modified, changed, file_type) = (1, 2, 3, FileType::RegularFile);
        let file = Stat { device, inode, file_type, links, size, accessed, modified, changed };
        let old = ctx.told(file).unwrap();
        ctx.set_times(file, Times { accessed: Some(5), modified: Some(6), now: 7 }).unwrap();
        ctx.gone(Some(Stat { links: 2, ..file }));
        assert_eq!(ctx.told(file).unwrap().inode, old.inode, "it has another name");
        ctx.gone(Some(file));
        let open = ctx.told(Stat { links: 0, ..file }).unwrap();
        assert_eq!((open.inode, open.modified), (old.inode, 6));
        assert_eq!(ctx.number((7, 70), true), Ok(old.inode + 1));
        let new = ctx.told(file).unwrap();
        assert_eq!((new.inode, new.modified), (old.inode + 1, old.modified));
        assert_eq!(ctx.told(Stat { inode: 71, ..file }).unwrap().inode, old.inode + 2);
    }
}
