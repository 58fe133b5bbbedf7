//! Tables (specification: *Runtime Structure*, "Table Instances").

use crate::context::{AsContext, AsContextMut};
use crate::error::{Mismatch, Result, from_stop};
use crate::handle::Handle;
use crate::memory::GrowthError;
use crate::types::TableType;
use crate::value::{Ref, Val};
use etalon_module::{RefType, ValType};
use etalon_runtime::{Ref as Word, Store as State, TableAddr, TableInst, Value};
use thiserror::Error;

/// A table of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Table(pub(crate) Handle<TableAddr>);

/// An access to elements that a table does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("out of bounds table access")]
pub struct TableAccessError;

/// The word of a reference, which must be of a type.
fn word(state: &State, value: Ref, ty: RefType) -> Result<Word> {
    match Val::from(value).value_of(state, ValType::Ref(ty))? {
        Value::Ref(word) => Ok(word),
        _ => Err(Mismatch("no reference".to_owned()).into()),
    }
}

impl Table {
    pub(crate) fn of(state: &State, table: TableAddr) -> Table {
        Table(Handle::new(state, table))
    }

    #[track_caller]
    fn inst<'a>(&self, state: &'a State) -> &'a TableInst {
        &state.tables[self.0.of(state).index()]
    }

    /// A table of a type's least size, each element being `init`.
    ///
    /// # Errors
    /// If it exceeds a limit of the store, or `init` is not of its elements' type.
    pub fn new(mut store: impl AsContextMut, ty: TableType, init: Ref) -> Result<Table> {
        let state = store.as_context_mut().state;
        let ty = ty.canonical(state)?;
        let init = word(state, init, ty.element)?;
        let addr = state.alloc_table(ty, init)?;
        Ok(Table::of(state, addr))
    }

    /// Its type, with its present size as the least.
    ///
    /// # Panics
    /// If it is of another store.
    #[track_caller]
    pub fn ty(&self, store: impl AsContext) -> TableType {
        let state = store.as_context().state;
        TableType::of_store(state, self.inst(state).ty())
    }

    /// How many elements it has.
    ///
    /// # Panics
    /// If it is of another store.
    #[track_caller]
    pub fn size(&self, store: impl AsContext) -> u64 {
        self.inst(store.as_context().state).len()
    }

    /// An element; `None` beyond the end.
    ///
    /// # Panics
    /// If it is of another store.
    #[track_caller]
    pub fn get(&self, mut store: impl AsContextMut, index: u64) -> Option<Ref> {
        let state = store.as_context_mut().state;
        let table = self.inst(state);
        let (word, ty) = (table.get(index)?, table.ty().element);
        Some(Ref::of(state, word, ty.heap))
    }

    /// Sets an element.
    ///
    /// # Errors
    /// If there is no such element, or the reference is not of the elements' type.
    ///
    /// # Panics
    /// If it is of another store.
    #[track_caller]
    pub fn set(&self, store: impl AsContextMut, index: u64, value: Ref) -> Result<()> {
        self.fill(store, index, value, 1)
    }

    /// Sets so many elements from an index on.
    ///
    /// # Errors
    /// If it has not so many elements, or the reference is not of their type; nothing is changed then.
    ///
    /// # Panics
    /// If it is of another store.
    #[track_caller]
    pub fn fill(
        &self,
        mut store: impl AsContextMut,
        from: u64,
        value: Ref,
        count: u64,
    ) -> Result<()> {
        let state = store.as_context_mut().state;
        let addr = self.0.of(state);
        let word = word(state, value, self.inst(state).ty().element)?;
        let table = &mut state.tables[addr.index()];
        let end = from.checked_add(count).filter(|end| *end <= table.len());
        for index in from..end.ok_or(TableAccessError)? {
            table.set(index, word).ok_or(TableAccessError)?;
        }
        Ok(())
    }

    /// Grows it by so many elements, each being `init`; gives its size before. No gas is charged.
    ///
    /// # Errors
    /// [`GrowthError`] if it cannot grow so far; another error if `init` is not of the elements' type, or the
    /// store's [`ResourceLimiter`](crate::ResourceLimiter) fails.
    ///
    /// # Panics
    /// If it is of another store.
    #[track_caller]
    pub fn grow(&self, mut store: impl AsContextMut, delta: u64, init: Ref) -> Result<u64> {
        let state = store.as_context_mut().state;
        let addr = self.0.of(state);
        let word = word(state, init, self.inst(state).ty().element)?;
        if !state.tables[addr.index()].can_grow(delta) {
            return Err(GrowthError.into());
        }
        match state.may_grow_table(addr, delta) {
            Ok(true) => {}
            Ok(false) => return Err(GrowthError.into()),
            Err(stop) => return Err(from_stop(state, stop)),
        }
        Ok(state.tables[addr.index()].grow(delta, word).ok_or(GrowthError)?)
    }
}
