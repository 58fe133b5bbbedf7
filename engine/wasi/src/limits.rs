//! What a guest can use of the host.

use crate::Errno;

/// Bounds of what a guest can use; each has a default that ordinary programs do not meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Limits {
    /// Descriptors that are open at once, those of the beginning included; beyond it `MFILE`.
    pub descriptors: u32,
    /// Bytes of a path, and of the text of a symbolic link; beyond it `NAMETOOLONG`.
    pub path: u32,
    /// Folders that a path goes down; beyond it `NAMETOOLONG`. Each takes a descriptor of the host while the path
    /// is followed; of two paths, one after the other.
    pub depth: u32,
    /// Buffers of a call that scatters or gathers; beyond it `INVAL`.
    pub buffers: u32,
    /// Bytes that the host reads or writes at a time: a call on more transfers no more than this, as any may. None is taken as one.
    pub transfer: u32,
    /// Bytes that a file may have after a guest has written it, set its size or made room in it, of the host or in memory; beyond it
    /// `FBIG`. By default there is no limit: a file in memory has the quota of its file system, and one of the host what the host has.
    pub file_size: u64,
    /// Bytes of the listings of folders that descriptors keep while they are read; beyond it `NOBUFS`.
    pub listings: u64,
    /// Subscriptions of one `poll_oneoff`; beyond it `INVAL`.
    pub subscriptions: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            descriptors: 1024,
            path: 4096,
            depth: 256,
            buffers: 1024,
            transfer: 1 << 20,
            file_size: u64::MAX,
            listings: 16 << 20,
            subscriptions: 4096,
        }
    }
}

impl Limits {
    /// The limits as they are used: a call that may transfer nothing would never be done.
    pub(crate) fn usable(self) -> Limits {
        Limits { transfer: self.transfer.max(1), ..self }
    }

    /// Fails if a file may not have a size.
    pub(crate) fn check_size(&self, size: u64) -> Result<(), Errno> {
        if size > self.file_size { Err(Errno::Fbig) } else { Ok(()) }
    }
}
