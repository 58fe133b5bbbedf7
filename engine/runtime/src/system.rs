//! What the store asks of the system: address space and its rights. Every call may be made to fail by a test
//! ([`crate::fault`]).
#![allow(unsafe_code)]

use crate::fault;
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};
use std::ffi::c_void;
use std::io;
use std::ptr::NonNull;

/// Fresh address space at an address of the system's choice. Pages are zero, and cost nothing until they are written.
pub(crate) fn map(bytes: usize, rights: ProtFlags) -> io::Result<NonNull<u8>> {
    fault::may_fail()?;
    let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
    // SAFETY: a fresh anonymous mapping at an address of the system's choice overlaps nothing.
    let base = unsafe { mmap_anonymous(std::ptr::null_mut(), bytes, rights, flags)? };
    NonNull::new(base.cast()).ok_or_else(|| io::Error::other("the system mapped the null page"))
}

/// Puts the bytes of a file in the place of a range, to read and to write: what is written stays in this process.
///
/// # Safety
/// The range must be of whole pages of a mapping that the caller owns, nothing may refer to it, and nobody may change the file.
#[cfg(target_os = "linux")]
pub(crate) unsafe fn show(
    start: NonNull<u8>,
    bytes: usize,
    file: rustix::fd::BorrowedFd<'_>,
) -> io::Result<()> {
    use rustix::mm::mmap;
    fault::may_fail()?;
    let rights = ProtFlags::READ | ProtFlags::WRITE;
    let flags = MapFlags::PRIVATE | MapFlags::NORESERVE | MapFlags::FIXED;
    // SAFETY: the caller's promise.
    unsafe { mmap(start.as_ptr().cast::<c_void>(), bytes, rights, flags, file, 0)? };
    Ok(())
}

/// Puts zeros in the place of a range, to read and to write.
///
/// # Safety
/// The range must be of whole pages of a mapping that the caller owns, and nothing may refer to it.
#[cfg(target_os = "linux")]
pub(crate) unsafe fn hide(start: NonNull<u8>, bytes: usize) -> io::Result<()> {
    fault::may_fail()?;
    let rights = ProtFlags::READ | ProtFlags::WRITE;
    let flags = MapFlags::PRIVATE | MapFlags::NORESERVE | MapFlags::FIXED;
    // SAFETY: the caller's promise.
    unsafe { mmap_anonymous(start.as_ptr().cast::<c_void>(), bytes, rights, flags)? };
    Ok(())
}

/// Makes a range readable and writable.
///
/// # Safety
/// The range must be of whole pages of a mapping that the caller owns.
pub(crate) unsafe fn open(start: NonNull<u8>, bytes: usize) -> io::Result<()> {
    fault::may_fail()?;
    let rights = MprotectFlags::READ | MprotectFlags::WRITE;
    // SAFETY: the caller's promise.
    unsafe { mprotect(start.as_ptr().cast::<c_void>(), bytes, rights)? };
    Ok(())
}

/// Takes all rights to a range away.
///
/// # Safety
/// The range must be of whole pages of a mapping that the caller owns, and nothing may refer to it.
pub(crate) unsafe fn close(start: NonNull<u8>, bytes: usize) -> io::Result<()> {
    fault::may_fail()?;
    // SAFETY: the caller's promise.
    unsafe { mprotect(start.as_ptr().cast::<c_void>(), bytes, MprotectFlags::empty())? };
    Ok(())
}

/// Makes all bytes of a range zero, or what the file in their place has. Where the system can, it takes the pages back instead of writing to them.
///
/// # Safety
/// The range must be of whole pages, readable and writable, of a mapping that the caller owns, and nothing may refer to it.
pub(crate) unsafe fn clear(start: NonNull<u8>, bytes: usize) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::mm::{Advice, madvise};
        fault::may_fail()?;
        // SAFETY: the caller's promise; private pages are as they began when they are touched again.
        unsafe { madvise(start.as_ptr().cast::<c_void>(), bytes, Advice::LinuxDontNeed)? };
    }
    #[cfg(not(target_os = "linux"))]
    {
        // SAFETY: the caller's promise.
        unsafe { start.write_bytes(0, bytes) };
    }
    Ok(())
}

/// Makes a readable and writable mapping larger. Its content stays, its address may change; what is added is zero.
///
/// # Safety
/// `base` and `bytes` must be of a whole mapping that the caller owns, and nothing may refer to it.
pub(crate) unsafe fn enlarge(
    base: NonNull<u8>,
    bytes: usize,
    larger: usize,
) -> io::Result<NonNull<u8>> {
    #[cfg(target_os = "linux")]
    {
        use rustix::mm::{MremapFlags, mremap};
        fault::may_fail()?;
        // SAFETY: the caller's promise.
        let moved = unsafe { mremap(base.as_ptr().cast(), bytes, larger, MremapFlags::MAYMOVE)? };
        NonNull::new(moved.cast())
            .ok_or_else(|| io::Error::other("the system mapped the null page"))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let moved = map(larger, ProtFlags::READ | ProtFlags::WRITE)?;
        // SAFETY: the old mapping is readable, and the new one is writable, larger and no part of it.
        unsafe { moved.copy_from_nonoverlapping(base, bytes) };
        // SAFETY: the caller's promise.
        unsafe { unmap(base, bytes) };
        Ok(moved)
    }
}

/// Gives address space back. A failure leaks it and does nothing else.
///
/// # Safety
/// `base` and `bytes` must be of a whole mapping that the caller owns, and nothing may refer to it.
pub(crate) unsafe fn unmap(base: NonNull<u8>, bytes: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        let _ = munmap(base.as_ptr().cast::<c_void>(), bytes);
    }
}

/// Rounds up to whole pages of the system.
pub(crate) fn whole_pages(bytes: usize) -> io::Result<usize> {
    let page = rustix::param::page_size();
    bytes
        .checked_next_multiple_of(page)
        .ok_or_else(|| io::Error::other("size beyond the address space"))
}
