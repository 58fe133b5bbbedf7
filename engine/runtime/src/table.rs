//! Table instances (specification chapter 4.2.7).

use crate::reference::Ref;
use etalon_module::TableType;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// What compiled code reads of a table, at a fixed address as long as the table lives.
#[derive(Debug, Default)]
#[repr(C)]
pub struct TableDef {
    /// Address of the first element; changes when the table grows.
    pub base: AtomicUsize,
    /// Present length in elements.
    pub len: AtomicUsize,
}

/// A table instance: words of references, atomic only so that compiled code may write them too.
#[derive(Debug)]
pub struct TableInst {
    ty: TableType,
    elems: Vec<AtomicU64>,
    cap: u64,
    def: Box<TableDef>,
}

impl TableInst {
    /// Allocates a table of its type's least size, never to exceed `cap` elements; `None` if the
    /// least size does.
    pub fn new(ty: TableType, init: Ref, cap: u64) -> Option<TableInst> {
        let cap = ty.limits.max.unwrap_or(u64::MAX).min(cap);
        if ty.limits.min > cap {
            return None;
        }
        let mut table = TableInst { ty, elems: Vec::new(), cap, def: Box::default() };
        table.grow(ty.limits.min, init)?;
        Some(table)
    }

    /// Its type, with the present length as the least.
    pub fn ty(&self) -> TableType {
        let mut ty = self.ty;
        ty.limits.min = self.len();
        ty
    }

    /// Present length in elements.
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

    /// Whether it may grow by `delta` elements: neither the declared maximum nor the cap is exceeded.
    pub fn can_grow(&self, delta: u64) -> bool {
        self.len().checked_add(delta).is_some_and(|new| new <= self.cap)
    }

    /// Grows by `delta` elements of `init`; gives the old length, or `None` if the new one is above
    /// the declared maximum or the cap.
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

    /// What compiled code reads of it; the address holds as long as the table lives.
    pub fn def(&self) -> &TableDef {
        &self.def
    }
}
