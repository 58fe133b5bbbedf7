//! File systems: what a folder and a file must be able to do, and which there are.

pub(crate) mod host;
pub(crate) mod tree;
pub(crate) mod virtual_fs;
pub(crate) mod walk;

use crate::Errno;
use crate::abi::FileType;
use std::any::Any;

/// What is known of a file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) device: u64,
    pub(crate) inode: u64,
    pub(crate) file_type: FileType,
    pub(crate) links: u64,
    pub(crate) size: u64,
    pub(crate) accessed: u64,
    pub(crate) modified: u64,
    pub(crate) changed: u64,
}

/// How a file is opened.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct How {
    pub(crate) read: bool,
    pub(crate) write: bool,
    pub(crate) create: bool,
    pub(crate) exclusive: bool,
    pub(crate) truncate: bool,
    /// The time to give to a file that is created or truncated.
    pub(crate) now: u64,
}

/// Times to set, in nanoseconds since 1970; `None` leaves a time as it is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Times {
    pub(crate) accessed: Option<u64>,
    pub(crate) modified: Option<u64>,
    /// The time at which it is done.
    pub(crate) now: u64,
}

/// What a folder has under a name.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) device: u64,
    pub(crate) inode: u64,
    pub(crate) file_type: u8,
}

/// What a listing takes for a name.
pub(crate) fn entry_bytes(name: &str) -> u64 {
    size_of::<Entry>() as u64 + name.len() as u64
}

/// What a descriptor of a virtual file system is of, for snapshots.
pub(crate) struct Kept {
    pub(crate) fs: virtual_fs::VirtualFs,
    pub(crate) node: u64,
    pub(crate) mount: virtual_fs::Mount,
}

/// A folder of a file system. Names are single ones: `.`, `..`, separators and links are `walk`'s business, so no file system can get
/// them wrong. No function follows a symbolic link.
pub(crate) trait Folder: Send + Sync {
    /// The same folder once more.
    fn again(&self) -> Result<Box<dyn Folder>, Errno>;
    /// What is known of the folder.
    fn stat(&self) -> Result<Stat, Errno>;
    /// What is known of what has a name in it.
    fn stat_of(&self, name: &str) -> Result<Stat, Errno>;
    /// A folder in it. `LOOP` if the name is a symbolic link's, `NOTDIR` if it is another thing's.
    fn folder(&self, name: &str) -> Result<Box<dyn Folder>, Errno>;
    /// A file in it. `LOOP` if the name is a symbolic link's, `ISDIR` if it is a folder's.
    fn file(&self, name: &str, how: How) -> Result<Box<dyn File>, Errno>;
    /// The text of a symbolic link.
    fn read_link(&self, name: &str) -> Result<String, Errno>;
    /// Creates a folder.
    fn create_folder(&self, name: &str, now: u64) -> Result<(), Errno>;
    /// Creates a symbolic link.
    fn create_link(&self, name: &str, text: &str, now: u64) -> Result<(), Errno>;
    /// Gives a file, or a symbolic link itself, another name.
    fn link(&self, name: &str, to: &dyn Folder, new: &str, now: u64) -> Result<(), Errno>;
    /// Moves what has a name.
    fn rename(&self, name: &str, to: &dyn Folder, new: &str, now: u64) -> Result<(), Errno>;
    /// How many bytes the host looks at to move what has a name, as far as that is for the guest to choose. Whatever is wrong with the
    /// move is for the move to say.
    fn effort(&self, name: &str, to: &dyn Folder) -> u64;
    /// Removes a file or a symbolic link.
    fn remove_file(&self, name: &str, now: u64) -> Result<(), Errno>;
    /// Removes an empty folder.
    fn remove_folder(&self, name: &str, now: u64) -> Result<(), Errno>;
    /// What is in it, without `.` and `..`, in the file system's order; none if it is more than so many bytes.
    fn entries(&self, most: u64) -> Result<Vec<Entry>, Errno>;
    /// Sets the folder's times.
    fn set_times(&self, times: Times) -> Result<(), Errno>;
    /// Sets the times of what has a name.
    fn set_times_of(&self, name: &str, times: Times) -> Result<(), Errno>;
    /// Writes the folder to its device.
    fn sync(&self) -> Result<(), Errno>;
    /// For file systems, to know their own folders.
    fn as_any(&self) -> &dyn Any;
    /// For snapshots; none for what is on the host.
    fn kept(&self) -> Option<Kept>;
}

/// An open file.
pub(crate) trait File: Send + Sync {
    /// What is known of it.
    fn stat(&self) -> Result<Stat, Errno>;
    /// Reads from an offset on; less than asked for only at the end.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize, Errno>;
    /// Writes from an offset on.
    fn write_at(&self, bytes: &[u8], offset: u64, now: u64) -> Result<usize, Errno>;
    /// Sets its size.
    fn set_size(&self, size: u64, now: u64) -> Result<(), Errno>;
    /// Makes room from an offset on, so that the file is at least so long.
    fn allocate(&self, offset: u64, length: u64, now: u64) -> Result<(), Errno>;
    /// Sets its times.
    fn set_times(&self, times: Times) -> Result<(), Errno>;
    /// Writes it to its device, the data alone or the attributes too.
    fn sync(&self, data_only: bool) -> Result<(), Errno>;
    /// How many bytes the host must write for the file to have a size; none on the host, where files have holes. `NOSPC` if it
    /// cannot have it.
    fn growth(&self, size: u64) -> Result<u64, Errno>;
    /// For snapshots; none for what is on the host.
    fn kept(&self) -> Option<Kept>;
}
