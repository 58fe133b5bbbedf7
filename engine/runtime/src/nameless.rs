//! Files in the host's memory that no path leads to.

use rustix::fd::OwnedFd;
use std::io;

/// A file of so many zeros, which takes memory only where it is written to.
///
/// # Errors
/// If the system has no such files or no more of them, or the process may not write to a file of that size.
pub fn nameless_file(name: &str, bytes: u64) -> io::Result<OwnedFd> {
    crate::fault::may_fail()?;
    made(name, bytes)
}

#[cfg(target_os = "linux")]
fn made(name: &str, bytes: u64) -> io::Result<OwnedFd> {
    use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
    use rustix::process::{Resource, getrlimit};
    // The system would not refuse: it ends a process that writes beyond this.
    if getrlimit(Resource::Fsize).current.is_some_and(|most| most < bytes) {
        return Err(io::Error::other("the process may not write to a file of that size"));
    }
    let file = memfd_create(name, MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    ftruncate(&file, bytes)?;
    Ok(file)
}

#[cfg(not(target_os = "linux"))]
fn made(_: &str, _: u64) -> io::Result<OwnedFd> {
    Err(io::Error::other("the system has no such files"))
}
