//! Address space for one memory: reserved once, made usable as the memory grows.
//!
//! Its first bytes may show an image instead of zeros.
//!
//! The base never moves. Address space beyond the usable bytes faults: compiled accesses without a
//! bounds check rely on that.
#![allow(unsafe_code)]

use super::image::Image;
use crate::system::{clear, close, map, open, unmap, whole_pages};
use rustix::mm::ProtFlags;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::Arc;

/// How many bytes stay readable and writable while no memory has them. A system that counts what may be written counts no more.
const MOST_READY: usize = 1 << 20;

/// Reserved address space whose first bytes are usable.
#[derive(Debug)]
pub(crate) struct Reservation {
    base: NonNull<u8>,
    reserved: usize,
    usable: usize,
    committed: usize,
    /// What is shown in the place of zeros; all of its bytes are committed.
    image: Option<Arc<Image>>,
}

// SAFETY: the reservation owns its address space alone; nothing in it is bound to a thread.
unsafe impl Send for Reservation {}
// SAFETY: through a shared reference nothing is written but by compiled code; see `bytes`.
unsafe impl Sync for Reservation {}

impl Reservation {
    /// No address space at all.
    pub(crate) fn none() -> Reservation {
        Reservation { base: NonNull::dangling(), reserved: 0, usable: 0, committed: 0, image: None }
    }

    /// Reserves `reserved` bytes (rounded up to pages), none usable yet.
    pub(crate) fn new(reserved: usize) -> std::io::Result<Reservation> {
        let reserved = whole_pages(reserved.max(1))?;
        let base = map(reserved, ProtFlags::empty())?;
        Ok(Reservation { base, reserved, usable: 0, committed: 0, image: None })
    }

    /// Shows an image where nothing was written yet. All of its bytes must be usable.
    ///
    /// # Errors
    /// If the system does not show it; there are zeros then, or what was shown before.
    #[cfg(target_os = "linux")]
    pub(crate) fn show(&mut self, image: &Arc<Image>) -> std::io::Result<()> {
        if self.shows(image) {
            return Ok(());
        }
        self.hide()?;
        let range = image.range();
        if range.end > self.committed {
            return Err(std::io::Error::other("an image beyond what is usable"));
        }
        // SAFETY: the range is of whole pages of the readable and writable part of this reservation, and `&mut self` is the only
        // reference to it; the image's file is sealed.
        unsafe { crate::system::show(self.base.add(range.start), range.len(), image.file())? };
        self.image = Some(Arc::clone(image));
        Ok(())
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn show(&mut self, _: &Arc<Image>) -> std::io::Result<()> {
        Err(std::io::Error::other("the system shows no images"))
    }

    /// Puts zeros in the place of an image, whatever was written to it.
    ///
    /// # Errors
    /// If the system does not; then all is as it was.
    pub(crate) fn hide(&mut self) -> std::io::Result<()> {
        #[cfg(target_os = "linux")]
        if let Some(image) = &self.image {
            let range = image.range();
            // SAFETY: as for `show`.
            unsafe { crate::system::hide(self.base.add(range.start), range.len())? };
            self.image = None;
        }
        Ok(())
    }

    /// Whether it shows this image, or what has been written over it.
    pub(crate) fn shows(&self, image: &Arc<Image>) -> bool {
        self.image.as_ref().is_some_and(|shown| Arc::ptr_eq(shown, image))
    }

    /// Where it shows an image; empty if it shows none.
    pub(crate) fn shown(&self) -> Range<usize> {
        self.image.as_ref().map_or(0..0, |image| image.range())
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

    /// Makes all bytes zero, or as the image has them, and only the first `usable` of them, which must not be more than there are and
    /// no fewer than the image has, usable.
    ///
    /// # Errors
    /// If the system takes no rights away. The bytes may be so then, and are as many as before.
    pub(crate) fn renew(&mut self, usable: usize) -> std::io::Result<()> {
        if usable > self.usable || whole_pages(usable)? < self.shown().end {
            return Err(std::io::Error::other("a fresh start with more than there is, or less"));
        }
        if self.committed > 0 {
            // SAFETY: the range is the readable and writable part of this reservation, of whole pages, and `&mut self` is
            // the only reference to it.
            unsafe { clear(self.base, self.committed)? };
        }
        let before = std::mem::replace(&mut self.usable, usable);
        self.withdraw().inspect_err(|_| self.usable = before)
    }

    /// Makes all bytes zero, or as the image has them, and none of them usable, for another memory: the first `resident` by writing to
    /// them, the others, and all from the image on, by giving their pages back.
    pub(crate) fn vacate(&mut self, resident: usize) -> std::io::Result<()> {
        let image = self.image.as_ref().map(|image| image.range());
        let resident = resident.min(image.as_ref().map_or(resident, |image| image.start));
        let resident = whole_pages(resident.min(self.committed))?.min(self.committed);
        // SAFETY: the range is the readable and writable part of this reservation, and `&mut self` is the only reference to it.
        unsafe { self.base.write_bytes(0, resident) };
        if self.committed > resident {
            // SAFETY: as above, and the rest of it is of whole pages.
            unsafe { clear(self.base.add(resident), self.committed - resident)? };
        }
        self.usable = 0;
        let ready = MOST_READY.max(image.map_or(0, |image| image.end));
        if self.committed > ready {
            // SAFETY: as above.
            unsafe { close(self.base.add(ready), self.committed - ready)? };
            self.committed = ready;
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
        // Pages that are given back show the image again.
        let shown = self.shown();
        let part = |start: usize, end: usize| start.max(bytes.start)..end.min(bytes.end);
        let written = part(shown.start, shown.end);
        if let Some(written) = self.bytes_mut().get_mut(written) {
            written.fill(0);
        }
        for bytes in [part(0, shown.start), part(shown.end, usize::MAX)] {
            if bytes.is_empty() {
                continue;
            }
            self.give_back(bytes)?;
        }
        Ok(())
    }

    /// Gives back whole pages of the usable bytes that show no image.
    fn give_back(&mut self, bytes: Range<usize>) -> std::io::Result<()> {
        if bytes.end > self.committed {
            return Err(std::io::Error::other("no part of what is usable"));
        }
        // SAFETY: the range is of whole pages, as the caller compared, of the readable and writable part of this reservation, and
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
