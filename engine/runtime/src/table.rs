//! Table instances (specification: *Runtime Structure*, "Table Instances").

#[cfg(miri)]
mod vec;
#[cfg(not(miri))]
mod words;

#[cfg(miri)]
use vec::Words;
#[cfg(not(miri))]
use words::Words;

use crate::budget::Budget;
use crate::reference::Ref;
use crate::stop::Stop;
use crate::touched::for_each_touched;
use etalon_module::TableType;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Bytes of an element.
const ELEMENT: u64 = size_of::<u64>() as u64;

/// Tables are hashed and saved in pieces of this many elements. A piece is no larger than a page.
pub(crate) const PIECE: usize = 512;

/// What compiled code reads of a table, at a fixed address as long as the table lives.
#[derive(Debug, Default)]
#[repr(C)]
pub struct TableDef {
    /// Address of the first element; changes when the table grows.
    pub base: AtomicUsize,
    /// Current length in elements.
    pub len: AtomicUsize,
}

/// A table instance: words of references. They are atomic only so that compiled code may write them too.
#[derive(Debug)]
pub struct TableInst {
    ty: TableType,
    elems: Words,
    cap: u64,
    def: Box<TableDef>,
    budget: Arc<Budget>,
}

impl TableInst {
    /// Allocates a table of its type's minimum size, which can grow to `cap` elements.
    pub(crate) fn new(
        ty: TableType,
        init: Ref,
        cap: u64,
        budget: Arc<Budget>,
    ) -> Result<TableInst, TableError> {
        let cap = TableInst::greatest(&ty, cap)?;
        let elements = ty.limits.min;
        let mut table = TableInst { ty, elems: Words::new(), cap, def: Box::default(), budget };
        table.reserve_growth(elements).map_err(|stop| match stop {
            Stop::Exhausted(_) => TableError::AboveTotal { elements },
            _ => TableError::OutOfMemory,
        })?;
        table.grow(elements, init).ok_or(TableError::OutOfMemory)?;
        Ok(table)
    }

    /// The most elements of a table of a type under a cap.
    ///
    /// # Errors
    /// If its minimum exceeds that.
    pub(crate) fn greatest(ty: &TableType, cap: u64) -> Result<u64, TableError> {
        let cap = ty.limits.max.unwrap_or(u64::MAX).min(cap).min(ty.addr.greatest());
        let elements = ty.limits.min;
        if elements <= cap { Ok(cap) } else { Err(TableError::AboveCap { elements, cap }) }
    }

    /// Its type, with the current length as minimum.
    pub fn ty(&self) -> TableType {
        let mut ty = self.ty;
        ty.limits.min = self.len();
        ty
    }

    /// Current length in elements.
    #[inline]
    pub fn len(&self) -> u64 {
        self.elems.len() as u64
    }

    /// Whether it has no element.
    pub fn is_empty(&self) -> bool {
        self.elems.is_empty()
    }

    /// The element at an index; `None` beyond the end.
    #[inline]
    pub fn get(&self, index: u64) -> Option<Ref> {
        let word = self.elems.get(usize::try_from(index).ok()?)?.load(Relaxed);
        // Every writer stores words of references only.
        Some(Ref::from_bits(word).unwrap_or(Ref::NULL))
    }

    /// Sets an element; `None` beyond the end.
    #[inline]
    pub fn set(&mut self, index: u64, value: Ref) -> Option<()> {
        self.elems.get(usize::try_from(index).ok()?)?.store(value.to_bits(), Relaxed);
        Some(())
    }

    /// Writes references from an index on, as many as there is room for; `None` if that is beyond the end.
    pub(crate) fn write(&mut self, index: u64, refs: impl Iterator<Item = Ref>) -> Option<()> {
        let words = self.elems.get(usize::try_from(index).ok()?..)?;
        for (word, value) in words.iter().zip(refs) {
            word.store(value.to_bits(), Relaxed);
        }
        Some(())
    }

    /// Calls `visit` with each piece of [`PIECE`] elements that are not all null, and its number. This costs what was
    /// touched.
    pub(crate) fn for_each_piece(&self, mut visit: impl FnMut(u64, &[Ref])) {
        let words = &self.elems[..];
        let size = size_of_val(words);
        for_each_touched(words.as_ptr().addr(), size, |range| {
            let words = &words[range.start / ELEMENT as usize..range.end / ELEMENT as usize];
            let first = range.start / (PIECE * ELEMENT as usize);
            let mut refs = [Ref::NULL; PIECE];
            for (number, piece) in (first as u64..).zip(words.chunks(PIECE)) {
                let refs = &mut refs[..piece.len()];
                let mut any = false;
                for (r, word) in refs.iter_mut().zip(piece) {
                    *r = Ref::from_bits(word.load(Relaxed)).unwrap_or(Ref::NULL);
                    any |= !r.is_null();
                }
                if any {
                    visit(number, refs);
                }
            }
        });
    }

    /// Whether it can grow by `delta` elements within the declared maximum and the cap.
    pub fn can_grow(&self, delta: u64) -> bool {
        self.len().checked_add(delta).is_some_and(|new| new <= self.cap)
    }

    /// Makes sure that the host has what growing by `delta` elements takes, so that only then it is charged (gas-1,
    /// *Memories and tables*). Nothing is changed that a guest can see.
    ///
    /// # Errors
    /// Exhaustion if the tables of the store would take more bytes than they may; a host error if the host has no
    /// memory left.
    pub fn reserve_growth(&mut self, delta: u64) -> Result<(), Stop> {
        self.budget.check(delta.saturating_mul(ELEMENT))?;
        let new = self.len().checked_add(delta).and_then(|new| usize::try_from(new).ok());
        let reserved = new.map(|new| self.elems.make_room(new));
        // A mapping that became larger may have moved.
        self.def.base.store(self.elems.as_ptr().expose_provenance(), Relaxed);
        match reserved {
            Some(Ok(())) => Ok(()),
            Some(Err(_)) | None => Err(Stop::out_of_memory()),
        }
    }

    /// Grows by `delta` elements of `init`; gives the old length, or `None` if the new one exceeds the
    /// declared maximum, a cap, or what the host has. Elements of null take no memory until they are written.
    pub fn grow(&mut self, delta: u64, init: Ref) -> Option<u64> {
        if !self.can_grow(delta) {
            return None;
        }
        self.reserve_growth(delta).ok()?;
        let old = self.elems.len();
        let new = old.checked_add(usize::try_from(delta).ok()?)?;
        self.elems.extend_to(new)?;
        self.budget.take(delta * ELEMENT);
        if !init.is_null() {
            self.elems[old..].iter().for_each(|word| word.store(init.to_bits(), Relaxed));
        }
        self.def.len.store(new, Relaxed);
        Some(old as u64)
    }

    /// Makes it as its module declares it: of `least` elements, each `init`. What the table began with need not be that: one of a
    /// snapshot began with the size that it had then. It is never shorter meanwhile, for compiled code need not look whether it
    /// has its first elements.
    ///
    /// # Errors
    /// If it has fewer elements, or the host has no memory left; nothing is changed then.
    pub(crate) fn renew(&mut self, least: u64, init: Ref) -> std::io::Result<()> {
        let beyond = || std::io::Error::other("a fresh start with more than there is");
        let given = self.len().checked_sub(least).ok_or_else(beyond)?;
        // It has so many now.
        let least = least as usize;
        let mut elems = Words::new();
        elems.make_room(least)?;
        elems.extend_to(least).ok_or_else(beyond)?;
        if !init.is_null() {
            elems.iter().for_each(|word| word.store(init.to_bits(), Relaxed));
        }
        self.budget.give(given * ELEMENT);
        self.elems = elems;
        self.ty.limits.min = least as u64;
        self.def.base.store(self.elems.as_ptr().expose_provenance(), Relaxed);
        self.def.len.store(least, Relaxed);
        Ok(())
    }

    /// What compiled code reads of it; the address is valid as long as the table lives.
    pub fn def(&self) -> &TableDef {
        &self.def
    }
}

impl Drop for TableInst {
    fn drop(&mut self) {
        self.budget.give(self.len() * ELEMENT);
    }
}

/// Why a table cannot be allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// Its minimum size exceeds its declared maximum or the schedule's cap.
    #[error("a table of {elements} elements exceeds the limit of {cap}")]
    AboveCap {
        /// Minimum size.
        elements: u64,
        /// The cap.
        cap: u64,
    },
    /// With it, the tables of the store would take more bytes than they may.
    #[error("a table of {elements} elements exceeds what the store's tables may take together")]
    AboveTotal {
        /// Minimum size.
        elements: u64,
    },
    /// The store's limiter refuses it.
    #[error("the embedder refuses the table")]
    Refused,
    /// The host has no memory left.
    #[error("the host is out of memory")]
    OutOfMemory,
}
