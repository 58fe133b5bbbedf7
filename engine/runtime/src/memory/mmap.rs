//! Address space for one memory: reserved once, made usable as the memory grows.
//!
//! The base never moves. Address space beyond the usable bytes faults: compiled accesses without a
//! bounds check rely on that.
#![allow(unsafe_code)]

use crate::system::{clear, close, map, open, unmap, whole_pages};
use rustix::mm::ProtFlags;
use std::ops::Range;
use std::ptr::NonNull;

/// How many bytes stay readable and writable while no memory has them. A system that counts what may be written counts no more.
const MOST_READY: usize = 1 << 20;

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
// SAFETY: through a shared reference nothing is written but by compiled code; see `bytes`.
unsafe impl Sync for Reservation {}

impl Reservation {
    /// No address space at all.
    pub(crate) fn none() -> Reservation {
        Reservation { base: NonNull::dangling(), reserved: 0, usable: 0, committed: 0 }
    }

    /// Reserves `reserved` bytes (rounded up to pages), none usable yet.
    pub(crate) fn new(reserved: usize) -> std::io::Result<Reservation> {
        let reserved = whole_pages(reserved.max(1))?;
        let base = map(reserved, ProtFlags::empty())?;
        Ok(Reservation { base, reserved, usable: 0, committed: 0 })
    }

    /// Makes sure that the first `usable` bytes can be made usable.
    pub(crate) fn commit(&mut self, usable: usize) -> std::io::Result<()> {
        let wanted = whole_pages(usable)?;
        if wanted > self.reserved {
            return Err(std::io::Error::other("growth beyond the reservation"));
        }
        if wanted > self.committed {
            // SAFETY: the range is inside this reservation and of whole pages.
            unsafe { open(self.base.add(self.committed), wanted - self.committed)? };
            self.committed = wanted;
        }
        Ok(())
    }

    /// Makes the first `usable` bytes usable; the new ones are zero. Never shrinks.
    pub(crate) fn grow(&mut self, usable: usize) -> std::io::Result<()> {
        self.commit(usable)?;
        self.usable = self.usable.max(usable);
        Ok(())
    }

    /// Whether more was committed than is usable.
    pub(crate) fn is_ahead(&self) -> bool {
        // What was committed before was rounded up alike.
        whole_pages(self.usable).is_ok_and(|kept| self.committed > kept)
    }

    /// Takes the rights to what is not usable away again.
    pub(crate) fn withdraw(&mut self) -> std::io::Result<()> {
        let kept = whole_pages(self.usable)?;
        if self.committed > kept {
            // SAFETY: the range is inside this reservation and of whole pages, and no slice reaches into it.
            unsafe { close(self.base.add(kept), self.committed - kept)? };
            self.committed = kept;
        }
        Ok(())
    }

    /// Makes all bytes zero, and only the first `usable` of them, which must not be more than there are, usable.
    ///
    /// # Errors
    /// If the system takes no rights away. The bytes may be zero then, and are as many as before.
    pub(crate) fn renew(&mut self, usable: usize) -> std::io::Result<()> {
        if usable > self.usable {
            return Err(std::io::Error::other("a fresh start with more than there is"));
        }
        if self.committed > 0 {
            // SAFETY: the range is the readable and writable part of this reservation, of whole pages, and `&mut self` is
            // the only reference to it.
            unsafe { clear(self.base, self.committed)? };
        }
        let before = std::mem::replace(&mut self.usable, usable);
        self.withdraw().inspect_err(|_| self.usable = before)
    }

    /// Makes all bytes zero and none of them usable, for another memory: the first `resident` by writing to them, the others by
    /// giving their pages back.
    pub(crate) fn vacate(&mut self, resident: usize) -> std::io::Result<()> {
        let resident = whole_pages(resident.min(self.committed))?.min(self.committed);
        // SAFETY: the range is the readable and writable part of this reservation, and `&mut self` is the only reference to it.
        unsafe { self.base.write_bytes(0, resident) };
        if self.committed > resident {
            // SAFETY: as above, and the rest of it is of whole pages.
            unsafe { clear(self.base.add(resident), self.committed - resident)? };
        }
        self.usable = 0;
        if self.committed > MOST_READY {
            // SAFETY: as above.
            unsafe { close(self.base.add(MOST_READY), self.committed - MOST_READY)? };
            self.committed = MOST_READY;
        }
        Ok(())
    }

    /// Whether it is of so many bytes of address space, rounded up to pages.
    pub(crate) fn is_of(&self, reserved: usize) -> bool {
        whole_pages(reserved.max(1)).is_ok_and(|reserved| reserved == self.reserved)
    }

    /// Makes a part of the usable bytes zero, of whole pages, and gives the pages back where the system can.
    pub(crate) fn clear(&mut self, bytes: Range<usize>) -> std::io::Result<()> {
        let whole = |at: usize| whole_pages(at).is_ok_and(|rounded| rounded == at);
        if bytes.start > bytes.end
            || bytes.end > self.usable
            || !whole(bytes.start)
            || !whole(bytes.end)
        {
            return Err(std::io::Error::other("no whole pages of what is usable"));
        }
        // SAFETY: the range is of whole pages, of the readable and writable part of this reservation, as compared above, and
        // `&mut self` is the only reference to it.
        unsafe { clear(self.base.add(bytes.start), bytes.len()) }
    }

    /// Bytes of address space.
    pub(crate) fn reserved(&self) -> usize {
        self.reserved
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
        // compiled code. Safe code alone has none: to have a tier that runs compiled code takes
        // an `unsafe` promise that the memory stays in its store, and that no reference to its
        // bytes outlives a borrow of the store, which such code runs with exclusively. A shared memory is
        // moved into a store while code of that store runs, and whoever wants it meanwhile waits.
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
        if self.reserved == 0 {
            return;
        }
        // SAFETY: the mapping was made by `new` with this length and nothing refers to it any more.
        unsafe { unmap(self.base, self.reserved) };
    }
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

    #[test]
    fn a_fresh_start_leaves_zeros_in_the_same_place() {
        let mut r = Reservation::new(1 << 20).unwrap();
        r.renew(0).unwrap();
        r.grow(100_000).unwrap();
        let base = r.base();
        for usable in [100_000, 70_000, 1, 0] {
            r.bytes_mut().fill(7);
            r.renew(usable).unwrap();
            assert_eq!((r.base(), r.bytes().len()), (base, usable));
            assert!(r.bytes().iter().all(|byte| *byte == 0));
            assert!(r.renew(usable + 1).is_err());
        }
        r.grow(100_000).unwrap();
        assert!(r.bytes().iter().all(|byte| *byte == 0));
    }
}
