//! Address space for one memory: reserved once, made usable as the memory grows.
//!
//! The base never moves. Address space beyond the usable bytes faults: compiled accesses without a
//! bounds check rely on that.
#![allow(unsafe_code)]

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};
use std::ptr::NonNull;

/// Reserved address space whose first bytes are usable.
#[derive(Debug)]
pub(crate) struct Reservation {
    base: NonNull<u8>,
    reserved: usize,
    usable: usize,
    committed: usize,
}

// SAFETY: the reservation owns its address space alone; nothing in it is bound to a thread.
unsafe impl Send for Reservation {}
// SAFETY: shared references only read, and writing takes an exclusive one.
unsafe impl Sync for Reservation {}

impl Reservation {
    /// Reserves `reserved` bytes (rounded up to pages), none usable yet.
    pub(crate) fn new(reserved: usize) -> std::io::Result<Reservation> {
        let reserved = round_up(reserved.max(1))?;
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: a fresh anonymous mapping at an address of the system's choice overlaps nothing.
        let base =
            unsafe { mmap_anonymous(std::ptr::null_mut(), reserved, ProtFlags::empty(), flags)? };
        let base = NonNull::new(base.cast())
            .ok_or_else(|| std::io::Error::other("the system mapped the null page"))?;
        Ok(Reservation { base, reserved, usable: 0, committed: 0 })
    }

    /// Makes the first `usable` bytes usable; the new ones are zero. Never shrinks.
    pub(crate) fn grow(&mut self, usable: usize) -> std::io::Result<()> {
        let wanted = round_up(usable)?;
        if wanted > self.reserved {
            return Err(std::io::Error::other("growth beyond the reservation"));
        }
        if wanted > self.committed {
            let rights = MprotectFlags::READ | MprotectFlags::WRITE;
            // SAFETY: the range is inside this reservation, page-aligned, and no reference into
            // the part whose rights change exists: it was not usable before.
            unsafe {
                let from = self.base.as_ptr().add(self.committed);
                mprotect(from.cast(), wanted - self.committed, rights)?;
            }
            self.committed = wanted;
        }
        self.usable = self.usable.max(usable);
        Ok(())
    }

    /// Address of the first byte.
    pub(crate) fn base(&self) -> *mut u8 {
        self.base.as_ptr()
    }

    /// Whether an address is in it, usable or not.
    pub(crate) fn contains(&self, address: usize) -> bool {
        address.wrapping_sub(self.base.as_ptr().addr()) < self.reserved
    }

    /// The usable bytes.
    #[inline(always)]
    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: the first `usable` bytes are mapped readable and initialised (anonymous memory
        // is zero), live as long as `self`, and are written only through `&mut self` or by
        // compiled code, which runs only while its caller holds the store exclusively.
        unsafe { std::slice::from_raw_parts(self.base.as_ptr(), self.usable) }
    }

    /// The usable bytes, for writing.
    #[inline(always)]
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as for `bytes`, and `&mut self` makes this the only reference.
        unsafe { std::slice::from_raw_parts_mut(self.base.as_ptr(), self.usable) }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        // SAFETY: the mapping was made by `new` with this length and nothing refers to it any more.
        // A failure leaks address space and nothing else.
        unsafe {
            let _ = munmap(self.base.as_ptr().cast(), self.reserved);
        }
    }
}

/// Rounds up to whole host pages.
fn round_up(bytes: usize) -> std::io::Result<usize> {
    let page = rustix::param::page_size();
    bytes
        .checked_next_multiple_of(page)
        .ok_or_else(|| std::io::Error::other("size beyond the address space"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_in_place_with_zeros() {
        let mut r = Reservation::new(1 << 20).unwrap();
        assert!(r.bytes().is_empty());
        r.grow(10).unwrap();
        let base = r.base();
        r.bytes_mut()[9] = 7;
        r.grow(100_000).unwrap();
        assert_eq!(r.base(), base);
        assert_eq!(r.bytes()[9], 7);
        assert!(r.bytes()[10..].iter().all(|b| *b == 0));
        assert!(r.grow(2 << 20).is_err());
    }
}
