//! A say of the embedder in what a store allocates.

use crate::address::{MemoryAddr, TableAddr};
use crate::stop::{HostError, Stop};
use crate::store::Store;
use etalon_module::{MemoryType, Module};
use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

/// What is about to be allocated, within all limits of types and of the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Bytes of a memory: what it has, 0 if it is new; what it is to have; its declared maximum.
    Memory {
        /// Its size.
        current: u64,
        /// The size that is asked for.
        desired: u64,
        /// The greatest size of its type.
        maximum: Option<u64>,
    },
    /// Elements of a table, likewise.
    Table {
        /// Its size.
        current: u64,
        /// The size that is asked for.
        desired: u64,
        /// The greatest size of its type.
        maximum: Option<u64>,
    },
    /// How many instances, memories and tables there will be.
    Instance {
        /// Instances.
        instances: usize,
        /// Memories.
        memories: usize,
        /// Tables.
        tables: usize,
    },
    /// One more effect of a host function.
    Effect {
        /// How many are kept already.
        kept: usize,
    },
}

/// Decides what a store may allocate. It is asked before gas is charged; a guest sees its refusal as
/// growth beyond a maximum.
pub trait Limiter: Debug + Send + Sync {
    /// Whether a request is granted; `data` is what the embedder keeps with the store.
    ///
    /// # Errors
    /// If the request is to stop the guest.
    fn allows(&self, data: &mut (dyn Any + Send), request: Request) -> Result<bool, HostError>;

    /// A memory or a table has become as small as `desired` says, because its instance was given a fresh start.
    fn shrunk(&self, _data: &mut (dyn Any + Send), _request: Request) {}
}

fn bytes_of(ty: &MemoryType, pages: u64) -> u64 {
    pages.saturating_mul(1 << ty.page_size_log2.min(63))
}

/// The most effects that a call or an execution in pieces keeps where nobody says otherwise.
pub const EFFECTS: usize = 1_000_000;

impl Store {
    /// Sets who is asked before anything is allocated.
    pub fn set_limiter(&mut self, limiter: Arc<dyn Limiter>) {
        self.limiter = Some(limiter);
    }

    /// Growth of a memory by so many pages.
    pub(crate) fn memory_request(&self, memory: MemoryAddr, delta: u64) -> Request {
        let ty = self.memories[memory.index()].ty();
        let bytes = |pages| bytes_of(&ty, pages);
        let (current, desired) = (ty.limits.min, ty.limits.min.saturating_add(delta));
        let (current, desired) = (bytes(current), bytes(desired));
        Request::Memory { current, desired, maximum: ty.limits.max.map(bytes) }
    }

    /// Growth of a table by so many elements.
    pub(crate) fn table_request(&self, table: TableAddr, delta: u64) -> Request {
        let ty = self.tables[table.index()].ty();
        let (current, maximum) = (ty.limits.min, ty.limits.max);
        Request::Table { current, desired: current.saturating_add(delta), maximum }
    }

    /// Tells the limiter of what has become smaller: what it was, and what it is.
    pub(crate) fn shrunk(&mut self, before: Request, now: impl FnOnce(&Store) -> Request) {
        let Some(limiter) = self.limiter.clone() else { return };
        let request = match (before, now(self)) {
            (Request::Memory { current, .. }, Request::Memory { desired, maximum, .. }) => {
                Request::Memory { current, desired, maximum }
            }
            (Request::Table { current, .. }, Request::Table { desired, maximum, .. }) => {
                Request::Table { current, desired, maximum }
            }
            (_, now) => now,
        };
        limiter.shrunk(&mut *self.host_data, request);
    }

    fn allows(&mut self, request: impl FnOnce(&Store) -> Request) -> Result<bool, HostError> {
        let Some(limiter) = self.limiter.clone() else { return Ok(true) };
        let request = request(self);
        limiter.allows(&mut *self.host_data, request)
    }

    /// Whether the embedder lets a memory grow by so many pages, which its type and the schedule allow.
    ///
    /// # Errors
    /// If the embedder stops the guest.
    pub fn may_grow_memory(&mut self, memory: MemoryAddr, delta: u64) -> Result<bool, Stop> {
        self.allows(|store| store.memory_request(memory, delta)).map_err(Stop::Host)
    }

    /// Whether the embedder lets a table grow by so many elements, which its type and the schedule allow.
    ///
    /// # Errors
    /// If the embedder stops the guest.
    pub fn may_grow_table(&mut self, table: TableAddr, delta: u64) -> Result<bool, Stop> {
        self.allows(|store| store.table_request(table, delta)).map_err(Stop::Host)
    }

    /// Whether another effect may be kept.
    ///
    /// # Errors
    /// If the embedder stops the guest.
    pub fn may_keep_effect(&mut self) -> Result<bool, Stop> {
        let kept = self.effects();
        if self.limiter.is_none() {
            return Ok(kept < EFFECTS);
        }
        self.allows(|_| Request::Effect { kept }).map_err(Stop::Host)
    }

    pub(crate) fn may_make_memory(&mut self, ty: &MemoryType) -> Result<bool, HostError> {
        let bytes = |pages| bytes_of(ty, pages);
        let desired = bytes(ty.limits.min);
        let maximum = ty.limits.max.map(bytes);
        self.allows(|_| Request::Memory { current: 0, desired, maximum })
    }

    pub(crate) fn may_make_table(&mut self, desired: u64, maximum: Option<u64>) -> bool {
        let asked = self.allows(|_| Request::Table { current: 0, desired, maximum });
        asked.unwrap_or(false)
    }

    /// Whether there may be another instance, with its memories and tables.
    pub(crate) fn may_instantiate(&mut self, module: &Module) -> Result<bool, Stop> {
        let own = |all: usize, imported: u32| all - imported as usize;
        let memories = own(module.memories.len(), module.imported_memories);
        let tables = own(module.tables.len(), module.imported_tables);
        self.allows(|store| Request::Instance {
            instances: store.instances.len() + 1,
            memories: store.memories.len() + memories,
            tables: store.tables.len() + tables,
        })
        .map_err(Stop::Host)
    }
}
