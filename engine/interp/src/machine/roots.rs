//! What a machine keeps alive in the heap.
//!
//! Slots are untyped, so every word that could be a reference counts as one. What is kept alive by
//! mistake costs memory and changes nothing else: gas-1 counts what was allocated, not what lives.

use super::Machine;
use etalon_runtime::{Ref, Roots, Store};

/// The slots of a machine's stack.
pub(crate) struct StackRoots<'a>(pub(crate) &'a [u64]);

impl Roots for StackRoots<'_> {
    fn visit_roots(&self, _: &Store, visit: &mut dyn FnMut(Ref)) {
        self.0.iter().filter_map(|word| Ref::from_bits(*word)).for_each(visit);
    }
}

impl Roots for Machine {
    fn visit_roots(&self, store: &Store, visit: &mut dyn FnMut(Ref)) {
        StackRoots(&self.stack).visit_roots(store, visit);
    }
}
