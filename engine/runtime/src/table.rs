//! Table instances (specification: *Runtime Structure*, "Table Instances").

use crate::reference::Ref;
use etalon_module::TableType;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

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
    elems: Vec<AtomicU64>,
    cap: u64,
    def: Box<TableDef>,
}

impl TableInst {
    /// Allocates a table of its type's minimum size, which can grow to `cap` elements; `None` if the
    /// minimum exceeds the cap.
    pub fn new(ty: TableType, init: Ref, cap: u64) -> Option<TableInst> {
        let cap = ty.limits.max.unwrap_or(u64::MAX).min(cap).min(ty.addr.greatest());
        if ty.limits.min > cap {
            return None;
        }
        let mut table = TableInst { ty, elems: Vec::new(), cap, def: Box::default() };
        table.grow(ty.limits.min, init)?;
        Some(table)
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

    /// Whether it can grow by `delta` elements within the declared maximum and the cap.
    pub fn can_grow(&self, delta: u64) -> bool {
        self.len().checked_add(delta).is_some_and(|new| new <= self.cap)
    }

    /// Grows by `delta` elements of `init`; gives the old length, or `None` if the new one exceeds the
    /// declared maximum or the cap.
    pub fn grow(&mut self, delta: u64, init: Ref) -> Option<u64> {
        let old = self.len();
        let new = old.checked_add(delta).filter(|new| *new <= self.cap)?;
        let new = usize::try_from(new).ok()?;
        self.elems.try_reserve_exact(new - self.elems.len()).ok()?;
        self.elems.resize_with(new, || AtomicU64::new(init.to_bits()));
        self.def.base.store(self.elems.as_ptr().expose_provenance(), Relaxed);
        self.def.len.store(new, Relaxed);
        Some(old)
    }

    /// What compiled code reads of it; the address is valid as long as the table lives.
    pub fn def(&self) -> &TableDef {
        &self.def
    }
}
