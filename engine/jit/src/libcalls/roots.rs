//! What compiled code holds when it allocates.

use super::Guest;
use etalon_module::{StorageType, ValType};
use etalon_runtime::{Ref, Store};

impl Guest<'_> {
    /// Collects if that is due, before an allocation and before it is asked whether there is room: what is not alive is in nobody's
    /// way. `operands` gives the references among the operands, which the code has handed over.
    ///
    /// # Safety
    /// `fp` must be the frame pointer of the stub through which compiled code called the routine.
    pub(super) unsafe fn collect_if_needed(
        &mut self,
        fp: u64,
        operands: impl FnOnce(&Store) -> Vec<Ref>,
    ) {
        if self.store.heap.wants_collection() {
            let operands = operands(self.store);
            // SAFETY: the caller's promise.
            unsafe { self.executor.waiting(fp as usize, || self.store.collect(&operands)) };
        }
    }
}

/// The references among fields or elements that lie in slots.
pub(super) fn references(
    storages: impl IntoIterator<Item = StorageType>,
    slots: &[u64],
) -> Vec<Ref> {
    let mut at = 0;
    let mut found = Vec::new();
    for storage in storages {
        if let StorageType::Val(ValType::Ref(_)) = storage {
            found.extend(slots.get(at).copied().and_then(Ref::from_bits));
        }
        at += slots_of(storage);
    }
    found
}

/// How many slots a field or an element takes.
pub(super) fn slots_of(storage: StorageType) -> usize {
    if storage == StorageType::Val(ValType::V128) { 2 } else { 1 }
}
