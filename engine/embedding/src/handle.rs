//! Handles: what the embedder holds in place of a thing of a store.

use crate::error::WrongStore;
use etalon_runtime::{Store as State, StoreId};

/// An address, and the store that it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Handle<A> {
    pub(crate) store: StoreId,
    addr: A,
}

impl<A: Copy> Handle<A> {
    /// The handle of an address of a store.
    pub(crate) fn new(state: &State, addr: A) -> Handle<A> {
        Handle { store: state.id(), addr }
    }

    /// The address, in the store that it is of.
    ///
    /// # Errors
    /// If it is of another.
    pub(crate) fn find(&self, state: &State) -> Result<A, WrongStore> {
        if self.store == state.id() { Ok(self.addr) } else { Err(WrongStore) }
    }

    /// The address, in the store that it is of.
    ///
    /// # Panics
    /// If it is of another.
    #[track_caller]
    pub(crate) fn of(&self, state: &State) -> A {
        match self.find(state) {
            Ok(addr) => addr,
            Err(error) => panic!("{error}"),
        }
    }

    /// The address, whatever store it is of.
    pub(crate) fn addr(&self) -> A {
        self.addr
    }
}
