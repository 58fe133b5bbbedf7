//! Memory instances (specification: *Runtime Structure*, "Memory Instances").

#[cfg(not(miri))]
mod image;
#[cfg(not(miri))]
mod mmap;
mod pool;
mod regions;
mod shared;
#[cfg(miri)]
mod vec;

#[cfg(not(miri))]
pub(crate) use image::Image;
#[cfg(not(miri))]
pub(crate) use mmap::Reservation;
pub use pool::MemoryPool;
pub use regions::{Protection, Region, RegionError};
pub(crate) use shared::Imported;
pub use shared::{InUse, SharedMemory};
#[cfg(miri)]
pub(crate) use vec::{Image, Reservation};

use crate::budget::Budget;
use crate::stop::Stop;
use crate::touched::for_each_touched;
use etalon_gas::Limits;
use etalon_module::{AddrType, MemoryType};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Size of the guard region behind the 4 GiB of a 32-bit memory: an access whose constant offset and
/// width stay within it needs no bounds check in compiled code.
pub const GUARD_BYTES: usize = 32 << 20;

/// Memories are hashed and saved in pieces of this many bytes. A piece is no larger than a page.
pub(crate) const PIECE: usize = 4096;

static ZEROS: [u8; PIECE] = [0; PIECE];

/// What compiled code reads of a memory, at a fixed address as long as the memory lives.
#[derive(Debug)]
#[repr(C)]
pub struct MemoryDef {
    /// Address of the first byte; never changes.
    pub base: AtomicUsize,
    /// Current size in bytes.
    pub len: AtomicUsize,
    /// Where the first of its regions begins; above every address if there is none.
    pub regions_start: AtomicUsize,
    /// Where the last one ends; 0 if there is none.
    pub regions_end: AtomicUsize,
}

impl Default for MemoryDef {
    fn default() -> MemoryDef {
        let [base, len, regions_end] = [0; 3].map(AtomicUsize::new);
        MemoryDef { base, len, regions_start: AtomicUsize::new(usize::MAX), regions_end }
    }
}

/// A memory instance.
#[derive(Debug)]
pub struct MemoryInst {
    ty: MemoryType,
    pages: u64,
    cap: u64,
    reservation: Reservation,
    def: Box<MemoryDef>,
    budget: Arc<Budget>,
    /// By address; no two overlap.
    regions: Vec<Region>,
    /// Whether something was made ready for a growth that has not come. The budget counts who has.
    is_ahead: bool,
    /// Who takes the reservation when the memory is gone.
    pool: Option<Arc<MemoryPool>>,
}

impl MemoryInst {
    /// Bytes of address space that a memory whose size is at most `cap_bytes` reserves.
    fn reserved_bytes(ty: &MemoryType, cap_bytes: u64) -> Option<usize> {
        let bytes = match ty.addr {
            AddrType::I32 => 1 << 32,
            AddrType::I64 => cap_bytes,
        };
        usize::try_from(bytes).ok()?.checked_add(GUARD_BYTES)
    }

    /// The most pages of a memory of a type, in its own pages: the caps are in pages of 64 KiB.
    pub(crate) fn cap_of(ty: &MemoryType, limits: &Limits) -> u64 {
        let pages = match ty.addr {
            AddrType::I32 => limits.memory_pages,
            AddrType::I64 => limits.memory_pages_64,
        };
        pages.saturating_mul(1 << 16) >> ty.page_size_log2.min(63)
    }

    /// The most pages of a memory of a type under a cap.
    ///
    /// # Errors
    /// If its minimum exceeds that.
    pub(crate) fn greatest(ty: &MemoryType, cap: u64) -> Result<u64, MemoryError> {
        // A size is a number of the memory's address type: 2^32 pages of one byte would be 0.
        let cap = ty.limits.max.unwrap_or(u64::MAX).min(cap).min(ty.addr.greatest());
        let pages = ty.limits.min;
        if pages <= cap { Ok(cap) } else { Err(MemoryError::AboveCap { pages, cap }) }
    }

    /// What stands in the place of a shared memory that another store has: it has no bytes.
    pub(crate) fn vacant(ty: MemoryType, budget: Arc<Budget>) -> MemoryInst {
        let (reservation, def) = (Reservation::none(), Box::new(MemoryDef::default()));
        let regions = Vec::new();
        let (pages, cap, is_ahead, pool) = (0, 0, false, None);
        MemoryInst { ty, pages, cap, reservation, def, budget, regions, is_ahead, pool }
    }

    /// What stands in the place of this one.
    pub(crate) fn vacancy(&self) -> MemoryInst {
        MemoryInst::vacant(self.ty, Arc::clone(&self.budget))
    }

    /// Allocates a memory of its type's minimum size, which can grow to `cap` pages. Its bytes are zeros, or those of an image that
    /// lies in it where the system can show it ([`MemoryInst::shows`]).
    ///
    /// # Errors
    /// If the minimum exceeds a cap, or the system has no address space left.
    pub(crate) fn new(
        ty: MemoryType,
        cap: u64,
        budget: Arc<Budget>,
        pool: Option<&Arc<MemoryPool>>,
        image: Option<&Arc<Image>>,
    ) -> Result<MemoryInst, MemoryError> {
        let cap = MemoryInst::greatest(&ty, cap)?;
        let cap_bytes = cap.checked_shl(u32::from(ty.page_size_log2)).unwrap_or(u64::MAX);
        let bytes = ty.limits.min.checked_shl(u32::from(ty.page_size_log2)).unwrap_or(u64::MAX);
        let above = |_| MemoryError::AboveTotal { pages: ty.limits.min };
        budget.check(bytes).map_err(above)?;
        let reserved = Self::reserved_bytes(&ty, cap_bytes).ok_or(MemoryError::NoAddressSpace)?;
        let pages = ty.limits.min;
        let spare = pool.and_then(|pool| pool.take(reserved, image));
        let mut reservation = match spare {
            Some(reservation) => reservation,
            None => Reservation::new(reserved).map_err(|_| MemoryError::NoAddressSpace)?,
        };
        if !image.is_some_and(|image| reservation.shows(image)) {
            reservation.hide().map_err(|_| MemoryError::NoAddressSpace)?;
        }
        let def = Box::new(MemoryDef::default());
        def.base.store(reservation.base().expose_provenance(), Relaxed);
        let (regions, is_ahead, pool) = (Vec::new(), false, pool.cloned());
        let mut memory =
            MemoryInst { ty, pages: 0, cap, reservation, def, budget, regions, is_ahead, pool };
        memory.set_pages(pages)?;
        // The last memory in the same place may have been larger; compiled code must find the end of this one.
        if memory.is_ahead {
            memory.reservation.withdraw().map_err(|_| MemoryError::NoAddressSpace)?;
            memory.note_ahead();
        }
        if let Some(image) = image {
            // What shows no image has zeros, to which the segments are copied.
            let _ = memory.reservation.show(image);
        }
        Ok(memory)
    }

    /// Whether it began with this image.
    pub(crate) fn shows(&self, image: &Arc<Image>) -> bool {
        self.reservation.shows(image)
    }

    /// Makes the bytes zero that an image gave it.
    ///
    /// # Errors
    /// If the system does not.
    pub(crate) fn hide_image(&mut self) -> std::io::Result<()> {
        self.reservation.hide()
    }

    fn set_pages(&mut self, pages: u64) -> Result<(), MemoryError> {
        let bytes = usize::try_from(pages << self.ty.page_size_log2)
            .map_err(|_| MemoryError::NoAddressSpace)?;
        self.reservation.grow(bytes).map_err(|_| MemoryError::NoAddressSpace)?;
        self.note_ahead();
        self.budget.take((pages - self.pages) << self.ty.page_size_log2);
        self.pages = pages;
        self.def.len.store(bytes, Relaxed);
        Ok(())
    }

    /// Notes whether more is ready than is used, so that a stop need not ask every memory of the store.
    fn note_ahead(&mut self) {
        let before = std::mem::replace(&mut self.is_ahead, self.reservation.is_ahead());
        self.budget.count_ahead(before, self.is_ahead);
    }

    /// Its type, with the current size as minimum.
    pub fn ty(&self) -> MemoryType {
        let mut ty = self.ty;
        // One that another store has is at least as large as was declared.
        ty.limits.min = ty.limits.min.max(self.pages);
        ty
    }

    /// Current size in pages.
    #[inline]
    pub fn pages(&self) -> u64 {
        self.pages
    }

    /// Whether it can grow by `delta` pages within the declared maximum and the cap.
    pub fn can_grow(&self, delta: u64) -> bool {
        self.pages.checked_add(delta).is_some_and(|new| new <= self.cap)
    }

    /// Makes sure that the host has what growing by `delta` pages takes, so that only then it is charged (gas-1,
    /// *Memories and tables*). Nothing is changed that a guest can see.
    ///
    /// # Errors
    /// Exhaustion if the memories of the store would take more bytes than they may; a host error if the host has no
    /// memory left.
    pub fn reserve_growth(&mut self, delta: u64) -> Result<(), Stop> {
        let bytes = u128::from(delta) << self.ty.page_size_log2;
        self.budget.check(u64::try_from(bytes).unwrap_or(u64::MAX))?;
        let new = bytes + self.reservation.bytes().len() as u128;
        let new = usize::try_from(new).map_err(|_| Stop::out_of_memory())?;
        self.reservation.commit(new).map_err(|_| Stop::out_of_memory())?;
        self.note_ahead();
        Ok(())
    }

    /// Takes back what was made ready for a growth that did not come, because it was not paid for: compiled code would find
    /// bytes there that are none of the memory.
    pub(crate) fn withdraw_growth(&mut self) {
        // Where the system does not take it back, it is tried again after the next stop.
        let _ = self.reservation.withdraw();
        self.note_ahead();
    }

    /// Grows by `delta` pages; gives the old size, or `None` if the new one exceeds the declared maximum
    /// or a cap. What `memory.grow` makes of that is the tier's business.
    ///
    /// # Errors
    /// [`MemoryError::NoAddressSpace`] if the host runs out of memory, which no guest may observe.
    pub fn grow(&mut self, delta: u64) -> Result<Option<u64>, MemoryError> {
        let old = self.pages;
        match old.checked_add(delta) {
            Some(new) if new <= self.cap => {
                self.reserve_growth(delta).map_err(|_| MemoryError::NoAddressSpace)?;
                self.set_pages(new)?;
                Ok(Some(old))
            }
            _ => Ok(None),
        }
    }

    /// Makes it as its module declares it: of `least` pages, all zeros or what its image has, in the same place. What the memory began with need not be
    /// that: one of a snapshot began with the size that it had then.
    ///
    /// # Errors
    /// If it has fewer pages, or the system refuses to take pages back. It may then be so and of the size that it had.
    pub(crate) fn renew(&mut self, least: u64) -> std::io::Result<()> {
        let fewer = || std::io::Error::other("a fresh start with more than there is");
        let given = self.pages.checked_sub(least).ok_or_else(fewer)?;
        // It is as large now.
        let bytes = (least << self.ty.page_size_log2) as usize;
        self.reservation.renew(bytes)?;
        self.note_ahead();
        self.budget.give(given << self.ty.page_size_log2);
        (self.pages, self.ty.limits.min) = (least, least);
        self.def.len.store(bytes, Relaxed);
        Ok(())
    }

    /// Its bytes.
    #[inline(always)]
    pub fn bytes(&self) -> &[u8] {
        self.reservation.bytes()
    }

    /// Calls `visit` with each piece of [`PIECE`] bytes that is not all zeros, and its number. This costs what was touched.
    pub(crate) fn for_each_piece(&self, mut visit: impl FnMut(u64, &[u8])) {
        let bytes = self.bytes();
        let mut look = |range: Range<usize>| {
            let first = range.start / PIECE;
            for (number, piece) in (first as u64..).zip(bytes[range].chunks(PIECE)) {
                if piece != &ZEROS[..piece.len()] {
                    visit(number, piece);
                }
            }
        };
        // An image has bytes that nobody has touched.
        let shown = self.reservation.shown();
        let shown = shown.start.min(bytes.len())..shown.end.min(bytes.len());
        for (part, is_shown) in
            [(0..shown.start, false), (shown.clone(), true), (shown.end..bytes.len(), false)]
        {
            if is_shown {
                look(part);
            } else if !part.is_empty() {
                let start = part.start;
                for_each_touched(bytes.as_ptr().addr() + start, part.len(), |range| {
                    look(start + range.start..start + range.end);
                });
            }
        }
    }

    /// Its bytes, for writing.
    #[inline(always)]
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.reservation.bytes_mut()
    }

    /// Whether an address lies in the space that is reserved for it, usable or not.
    pub fn reserves(&self, address: usize) -> bool {
        self.reservation.contains(address)
    }

    /// What compiled code reads of it; the address is valid as long as the memory lives.
    pub fn def(&self) -> &MemoryDef {
        &self.def
    }
}

impl Drop for MemoryInst {
    fn drop(&mut self) {
        self.budget.give(self.reservation.bytes().len() as u64);
        self.budget.count_ahead(self.is_ahead, false);
        if let Some(pool) = &self.pool {
            pool.give(std::mem::replace(&mut self.reservation, Reservation::none()));
        }
    }
}

/// Why a memory cannot be allocated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MemoryError {
    /// Its minimum size exceeds the store's cap.
    #[error("a memory of {pages} pages exceeds the limit of {cap}")]
    AboveCap {
        /// Minimum size.
        pages: u64,
        /// The cap.
        cap: u64,
    },
    /// The store's limiter refuses it.
    #[error("the embedder refuses the memory")]
    Refused,
    /// With it, the memories of the store would take more bytes than they may.
    #[error("a memory of {pages} pages exceeds what the store's memories may take together")]
    AboveTotal {
        /// Minimum size.
        pages: u64,
    },
    /// A shared memory cannot be imported while the store runs something.
    #[error("a shared memory cannot be imported during a call of the store")]
    Running,
    /// The host is out of address space or memory.
    #[error("the host is out of address space or memory")]
    NoAddressSpace,
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;
    use crate::stop::Trap;
    use crate::store::{Store, StoreConfig};
    use etalon_module::Limits as Sizes;

    /// A stop asks the memories only if one of them has more than it uses, and then takes that back.
    #[test]
    fn what_was_made_ready_is_known_and_withdrawn() {
        let mut store = Store::new(StoreConfig::unmetered()).unwrap();
        let ty = |min| {
            let limits = Sizes { min, max: Some(9) };
            MemoryType { addr: AddrType::I32, limits, shared: false, page_size_log2: 16 }
        };
        let all = [1, 0, 2].map(|min| store.alloc_memory(ty(min)).unwrap().index());
        let is_ahead = |store: &Store| {
            let each = all.map(|at| store.memories[at].reservation.is_ahead());
            assert_eq!(each.contains(&true), store.memory_budget().is_ahead());
            each
        };
        let stop = |store: &mut Store| {
            store.enter(|_| Err::<(), _>(Trap::Unreachable.into())).unwrap_err();
        };
        assert_eq!(is_ahead(&store), [false; 3]);
        for _ in 0..2 {
            store.memories[all[1]].reserve_growth(2).unwrap();
            store.memories[all[1]].reserve_growth(1).unwrap();
            store.memories[all[2]].reserve_growth(3).unwrap();
            assert_eq!(is_ahead(&store), [false, true, true]);
            store.memories[all[2]].grow(3).unwrap();
            assert_eq!(is_ahead(&store), [false, true, false]);
            stop(&mut store);
            assert_eq!(is_ahead(&store), [false; 3]);
            // A fresh start gives back what it has beyond its first size, too.
            store.memories[all[0]].reserve_growth(1).unwrap();
            store.memories[all[0]].renew(1).unwrap();
            store.memories[all[2]].renew(2).unwrap();
            assert_eq!(is_ahead(&store), [false; 3]);
        }
        store.memories[all[0]].reserve_growth(1).unwrap();
        let budget = store.memory_budget();
        drop(store);
        assert!(!budget.is_ahead() && budget.used() == 0);
    }

    #[test]
    fn no_fresh_start_has_more_than_there_is() {
        let mut store = Store::new(StoreConfig::unmetered()).unwrap();
        let limits = Sizes { min: 2, max: None };
        let ty = MemoryType { addr: AddrType::I32, limits, shared: false, page_size_log2: 16 };
        let at = store.alloc_memory(ty).unwrap().index();
        store.memories[at].renew(3).unwrap_err();
        assert_eq!(store.memory_bytes(), 2 << 16);
        store.memories[at].renew(1).unwrap();
        assert_eq!((store.memories[at].ty().limits.min, store.memory_bytes()), (1, 1 << 16));
    }
}
