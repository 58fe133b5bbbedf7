//! Memories (specification: *Runtime Structure*, "Memory Instances").

use crate::context::{AsContext, AsContextMut, StoreContext, StoreContextMut};
use crate::error::Result;
use crate::handle::Handle;
use crate::memory_regions::{ForbiddenAccess, assert_whole, check};
use crate::trusted;
use crate::types::MemoryType;
use etalon_runtime::{MemoryAddr, MemoryInst, Store as State};
use thiserror::Error;

/// A memory of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Memory(pub(crate) Handle<MemoryAddr>);

/// An access to bytes that a memory does not have, or may not be accessed so.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MemoryAccessError {
    /// The memory has no such bytes.
    #[error("out of bounds memory access")]
    OutOfBounds,
    /// A region of the memory forbids it.
    #[error(transparent)]
    Forbidden(#[from] ForbiddenAccess),
}

/// A memory or a table cannot grow so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("growth beyond the maximum, or beyond a limit of the store")]
pub struct GrowthError;

impl Memory {
    pub(crate) fn of(state: &State, memory: MemoryAddr) -> Memory {
        Memory(Handle::new(state, memory))
    }

    /// Its address in the store that it is of.
    ///
    /// # Panics
    /// If it is of another store, or shared and not here.
    #[track_caller]
    fn here(&self, state: &State) -> MemoryAddr {
        let addr = self.0.of(state);
        let away = "the memory is shared, and no call of its store runs; see SharedMemory";
        assert!(!state.is_away(addr), "{away}");
        addr
    }

    #[track_caller]
    pub(crate) fn inst<'a>(&self, state: &'a State) -> &'a MemoryInst {
        &state.memories[self.here(state).index()]
    }

    #[track_caller]
    pub(crate) fn inst_mut<'a>(&self, state: &'a mut State) -> &'a mut MemoryInst {
        let addr = self.here(state);
        &mut state.memories[addr.index()]
    }

    /// A memory of a type's least size, all zeros.
    ///
    /// # Errors
    /// If it exceeds a limit of the store, or the host is out of address space.
    pub fn new(mut store: impl AsContextMut, ty: MemoryType) -> Result<Memory> {
        let state = store.as_context_mut().state;
        let addr = state.alloc_memory(ty.canonical())?;
        Ok(Memory::of(state, addr))
    }

    /// Its type, with its present size as the least.
    ///
    /// # Panics
    /// If it is of another store.
    #[track_caller]
    pub fn ty(&self, store: impl AsContext) -> MemoryType {
        let state = store.as_context().state;
        MemoryType::of(state.memories[self.0.of(state).index()].ty())
    }

    /// Its size in pages.
    ///
    /// # Panics
    /// If it is of another store, or a [`SharedMemory`](crate::SharedMemory) while no call of its store runs.
    #[track_caller]
    pub fn size(&self, store: impl AsContext) -> u64 {
        self.inst(store.as_context().state).pages()
    }

    /// Its size in bytes.
    ///
    /// # Panics
    /// If it is of another store, or a [`SharedMemory`](crate::SharedMemory) while no call of its store runs.
    #[track_caller]
    pub fn data_size(&self, store: impl AsContext) -> usize {
        self.inst(store.as_context().state).bytes().len()
    }

    /// Its bytes.
    ///
    /// # Panics
    /// If it is of another store, or a [`SharedMemory`](crate::SharedMemory) while no call of its store runs. If a region of it is
    /// inaccessible; [`Memory::slice`] gives parts, and an error.
    #[track_caller]
    pub fn data<'a, T: 'static>(&self, store: impl Into<StoreContext<'a, T>>) -> &'a [u8] {
        let memory = self.inst(store.into().state);
        assert_whole(memory, false);
        memory.bytes()
    }

    /// Its bytes, for writing.
    ///
    /// # Panics
    /// If it is of another store, or a [`SharedMemory`](crate::SharedMemory) while no call of its store runs. If it has a region;
    /// [`Memory::slice_mut`] gives parts, and an error.
    #[track_caller]
    pub fn data_mut<'a, T: 'static>(
        &self,
        store: impl Into<StoreContextMut<'a, T>>,
    ) -> &'a mut [u8] {
        let memory = self.inst_mut(store.into().state);
        assert_whole(memory, true);
        memory.bytes_mut()
    }

    /// Its bytes, and what the embedder keeps with the store, both for writing.
    ///
    /// # Panics
    /// As for [`Memory::data_mut`].
    #[track_caller]
    pub fn data_and_store_mut<'a, T: 'static>(
        &self,
        store: impl Into<StoreContextMut<'a, T>>,
    ) -> (&'a mut [u8], &'a mut T) {
        let state = store.into().state;
        let addr = self.here(state);
        assert_whole(&state.memories[addr.index()], true);
        let State { memories, host_data, .. } = state;
        let data = trusted::seek_mut(&mut **host_data).expect("a store has the data of its type");
        (memories[addr.index()].bytes_mut(), &mut data.data)
    }

    /// Fills a buffer with the bytes from an offset on.
    ///
    /// # Errors
    /// If the memory has not so many, or a region forbids to read one of them.
    ///
    /// # Panics
    /// If it is of another store, or a [`SharedMemory`](crate::SharedMemory) while no call of its store runs.
    #[track_caller]
    pub fn read(
        &self,
        store: impl AsContext,
        offset: usize,
        buffer: &mut [u8],
    ) -> Result<(), MemoryAccessError> {
        let memory = self.inst(store.as_context().state);
        let end = offset.checked_add(buffer.len()).ok_or(MemoryAccessError::OutOfBounds)?;
        check(memory, &(offset..end), false)?;
        buffer.copy_from_slice(&memory.bytes()[offset..end]);
        Ok(())
    }

    /// Writes the bytes of a buffer from an offset on.
    ///
    /// # Errors
    /// If the memory has not so many, or there is a region at one of them; nothing is written then.
    ///
    /// # Panics
    /// If it is of another store, or a [`SharedMemory`](crate::SharedMemory) while no call of its store runs.
    #[track_caller]
    pub fn write(
        &self,
        mut store: impl AsContextMut,
        offset: usize,
        buffer: &[u8],
    ) -> Result<(), MemoryAccessError> {
        let memory = self.inst_mut(store.as_context_mut().state);
        let end = offset.checked_add(buffer.len()).ok_or(MemoryAccessError::OutOfBounds)?;
        check(memory, &(offset..end), true)?;
        memory.bytes_mut()[offset..end].copy_from_slice(buffer);
        Ok(())
    }

    /// Grows it by so many pages of zeros; gives its size before. No gas is charged.
    ///
    /// # Errors
    /// [`GrowthError`] if it cannot grow so far; another error if the host is out of memory, or the store's
    /// [`ResourceLimiter`](crate::ResourceLimiter) fails.
    ///
    /// # Panics
    /// If it is of another store, or a [`SharedMemory`](crate::SharedMemory) while no call of its store runs.
    #[track_caller]
    pub fn grow(&self, mut store: impl AsContextMut, delta: u64) -> Result<u64> {
        let state = store.as_context_mut().state;
        let addr = self.here(state);
        if !state.memories[addr.index()].can_grow(delta) {
            return Err(GrowthError.into());
        }
        match state.may_grow_memory(addr, delta) {
            Ok(true) => {}
            Ok(false) => return Err(GrowthError.into()),
            Err(stop) => return Err(crate::error::from_stop(state, stop)),
        }
        Ok(state.memories[addr.index()].grow(delta)?.ok_or(GrowthError)?)
    }
}
