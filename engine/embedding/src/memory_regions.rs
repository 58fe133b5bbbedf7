//! Regions of memories that the embedder protects.
//!
//! ```
//! use etalon::{Config, Engine, ForbiddenAccess, Instance, Module, Protection, Store, Trap};
//!
//! let engine = Engine::new(Config::new().memory_regions(true))?;
//! let module = Module::new(&engine, r#"(module (memory (export "memory") 1)
//!     (func (export "put") (param i32) (i32.store (local.get 0) (i32.const 7))))"#)?;
//! let mut store = Store::new(&engine, ());
//! let instance = Instance::new(&mut store, &module, &[])?;
//! let memory = instance.get_memory(&store, "memory").unwrap();
//! let put = instance.get_typed_func::<i32, ()>(&store, "put")?;
//!
//! memory.protect(&mut store, 1024..2048, Protection::ReadOnly, "configuration")?;
//! put.call(&mut store, 1020)?;
//! let error = put.call(&mut store, 1021).unwrap_err();
//! assert_eq!(error.to_string(), "forbidden access to region configuration");
//! assert_eq!(error.downcast_ref(), Some(&Trap::ForbiddenAccess));
//! assert_eq!(error.downcast_ref::<ForbiddenAccess>().unwrap().region(), "configuration");
//!
//! memory.unprotect(&mut store, "configuration")?;
//! put.call(&mut store, 1021)?;
//! # Ok::<(), etalon::Error>(())
//! ```

use crate::context::{AsContext, AsContextMut, StoreContext, StoreContextMut};
use crate::error::Result;
use crate::memory::{Memory, MemoryAccessError};
use etalon_runtime::{MemoryInst, Protection, Region};
use std::ops::Range;
use std::sync::Arc;
use thiserror::Error;

/// An access that a region of a memory forbids: what a call fails with besides [`Trap::ForbiddenAccess`](crate::Trap), and an access
/// of the host's with [`MemoryAccessError::Forbidden`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("forbidden access to region {region}")]
pub struct ForbiddenAccess {
    pub(crate) region: Arc<str>,
}

impl ForbiddenAccess {
    /// The name of the region; of the one with the lowest address, where several forbid it.
    pub fn region(&self) -> &str {
        &self.region
    }
}

/// A region of a memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryRegion {
    range: Range<u64>,
    protection: Protection,
    name: Arc<str>,
}

impl MemoryRegion {
    /// Most regions of a memory.
    pub const MOST: usize = Region::MOST;

    /// Most bytes of a name.
    pub const MOST_NAME: usize = Region::MOST_NAME;

    /// Addresses of its bytes.
    pub fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// What it forbids.
    pub fn protection(&self) -> Protection {
        self.protection
    }

    /// What the embedder calls it.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Regions, where the engine checks them: see [`Config::memory_regions`](crate::Config::memory_regions).
impl Memory {
    /// Forbids to write to a range of its bytes, or to access it at all, to guests and to the methods of this type alike, until
    /// [`Memory::unprotect`]. It holds from the next access on, for every instance that has the memory, and for bytes of the range that
    /// the memory gets when it grows.
    ///
    /// # Errors
    /// [`RegionError`](crate::RegionError) if the engine checks no regions, the memory is shared, the range is empty or overlaps with
    /// another region, the name is empty, too long or taken, or there are too many; [`WrongStore`](crate::WrongStore).
    pub fn protect(
        &self,
        mut store: impl AsContextMut,
        range: Range<u64>,
        protection: Protection,
        name: &str,
    ) -> Result<()> {
        let state = store.as_context_mut().state;
        let addr = self.0.find(state)?;
        let Range { start, end } = range;
        Ok(state.protect(addr, Region { start, end, protection, name: name.into() })?)
    }

    /// Allows again what a region forbids.
    ///
    /// # Errors
    /// [`RegionError`](crate::RegionError) if there is none of that name; [`WrongStore`](crate::WrongStore).
    pub fn unprotect(&self, mut store: impl AsContextMut, name: &str) -> Result<()> {
        let state = store.as_context_mut().state;
        let addr = self.0.find(state)?;
        state.unprotect(addr, name)?;
        Ok(())
    }

    /// Its regions, by address.
    ///
    /// # Panics
    /// If it is of another store.
    #[track_caller]
    pub fn regions(&self, store: impl AsContext) -> Vec<MemoryRegion> {
        let state = store.as_context().state;
        let regions = state.memories[self.0.of(state).index()].regions().iter();
        let region = |region: &Region| MemoryRegion {
            range: region.start..region.end,
            protection: region.protection,
            name: Arc::clone(&region.name),
        };
        regions.map(region).collect()
    }

    /// A range of its bytes.
    ///
    /// # Errors
    /// If the memory has not so many, or a region forbids to read one of them.
    ///
    /// # Panics
    /// If it is of another store, or a [`SharedMemory`](crate::SharedMemory) while no call of its store runs.
    #[track_caller]
    pub fn slice<'a, T: 'static>(
        &self,
        store: impl Into<StoreContext<'a, T>>,
        range: Range<usize>,
    ) -> Result<&'a [u8], MemoryAccessError> {
        let memory = self.inst(store.into().state);
        check(memory, &range, false)?;
        memory.bytes().get(range).ok_or(MemoryAccessError::OutOfBounds)
    }

    /// A range of its bytes, for writing.
    ///
    /// # Errors
    /// If the memory has not so many, or there is a region at one of them.
    ///
    /// # Panics
    /// If it is of another store, or a [`SharedMemory`](crate::SharedMemory) while no call of its store runs.
    #[track_caller]
    pub fn slice_mut<'a, T: 'static>(
        &self,
        store: impl Into<StoreContextMut<'a, T>>,
        range: Range<usize>,
    ) -> Result<&'a mut [u8], MemoryAccessError> {
        let memory = self.inst_mut(store.into().state);
        check(memory, &range, true)?;
        memory.bytes_mut().get_mut(range).ok_or(MemoryAccessError::OutOfBounds)
    }
}

/// Whether the host may read a range of bytes, or with `writes` write them: they are there, and no region forbids it.
pub(crate) fn check(
    memory: &MemoryInst,
    range: &Range<usize>,
    writes: bool,
) -> Result<(), MemoryAccessError> {
    memory.bytes().get(range.clone()).ok_or(MemoryAccessError::OutOfBounds)?;
    match forbidding(memory, range.start as u64..range.end as u64, writes) {
        Some(region) => Err(ForbiddenAccess { region: Arc::clone(&region.name) }.into()),
        None => Ok(()),
    }
}

/// Whether the host may have all bytes as a slice.
///
/// # Panics
/// If not.
#[track_caller]
pub(crate) fn assert_whole(memory: &MemoryInst, writes: bool) {
    if let Some(region) = forbidding(memory, 0..memory.bytes().len() as u64, writes) {
        let name = &region.name;
        panic!("the region {name} forbids to have all bytes of the memory; see Memory::slice");
    }
}

/// The first region that forbids an access to bytes of a range. An empty range accesses none.
fn forbidding(memory: &MemoryInst, range: Range<u64>, writes: bool) -> Option<&Region> {
    let regions = memory.regions();
    // Those that end before the range begins come first.
    let behind = regions.partition_point(|region| region.end <= range.start);
    let is_touched = |region: &&Region| region.start.max(range.start) < range.end;
    let mut touched = regions[behind..].iter().take_while(is_touched);
    touched.find(|region| writes || region.protection == Protection::Inaccessible)
}
