//! A memory that several stores import, on any threads, one of which has it at a time.
//!
//! A store that runs something has the memory itself in its list, as if it were its own, and so every tier reads and writes it as
//! it does any other. Between two runs it lies here, and the store has an empty one in its place. Nothing is ever accessed by two
//! threads, and what one store wrote is what the next one reads.

use super::{MemoryError, MemoryInst};
use crate::address::MemoryAddr;
use crate::budget::Budget;
use crate::interrupt::Interrupt;
use crate::stop::{HostError, Stop};
use crate::store::Store;
use etalon_gas::Limits;
use etalon_module::MemoryType;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;
use thiserror::Error;

/// How long a thread waits for a memory before it looks whether it is interrupted.
const LOOK: Duration = Duration::from_millis(5);

/// A memory that several stores can import. Clones are the same memory.
#[derive(Clone, Debug)]
pub struct SharedMemory(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Stores that have several take them in this order, so that no two wait for each other.
    number: u64,
    ty: MemoryType,
    place: Mutex<Place>,
    returned: Condvar,
}

#[derive(Debug)]
enum Place {
    Here(MemoryInst),
    /// A store has it, which this thread runs.
    Lent(ThreadId),
}

/// The calling thread is inside of a call of a store that has the memory, and would wait for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the shared memory is in use by a call that this thread is in")]
pub struct InUse;

impl SharedMemory {
    /// A memory of its type's least size, all zeros.
    ///
    /// # Errors
    /// If that exceeds a cap, or the host is out of address space.
    pub fn new(ty: MemoryType, limits: &Limits) -> Result<SharedMemory, MemoryError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let cap = MemoryInst::cap_of(&ty, limits);
        let budget = Arc::new(Budget::new("the shared memory is full", u64::MAX));
        let place = Mutex::new(Place::Here(MemoryInst::new(ty, cap, budget, None, None)?));
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Ok(SharedMemory(Arc::new(Shared { number, ty, place, returned: Condvar::new() })))
    }

    /// Its type as it was declared.
    pub fn ty(&self) -> MemoryType {
        self.0.ty
    }

    /// Whether two are the same memory.
    pub fn same(&self, other: &SharedMemory) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Does something with the memory, once no store has it.
    ///
    /// # Errors
    /// If this thread would wait for itself.
    pub fn with<R>(&self, work: impl FnOnce(&mut MemoryInst) -> R) -> Result<R, InUse> {
        let mut place = self.lock();
        loop {
            match &mut *place {
                Place::Here(memory) => return Ok(work(memory)),
                Place::Lent(thread) if *thread == thread::current().id() => return Err(InUse),
                Place::Lent(_) => {
                    place = self.0.returned.wait(place).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// Takes the memory to a store that this thread runs, once no other has it.
    fn take(&self, interrupt: &Interrupt) -> Result<MemoryInst, Stop> {
        let this = thread::current().id();
        let mut place = self.lock();
        loop {
            match std::mem::replace(&mut *place, Place::Lent(this)) {
                Place::Here(memory) => return Ok(memory),
                Place::Lent(thread) => *place = Place::Lent(thread),
            }
            if matches!(*place, Place::Lent(thread) if thread == this) {
                return Err(Stop::Host(HostError::new(InUse.to_string())));
            }
            let waited = self.0.returned.wait_timeout(place, LOOK);
            place = waited.unwrap_or_else(PoisonError::into_inner).0;
            interrupt.check()?;
        }
    }

    fn give_back(&self, memory: MemoryInst) {
        *self.lock() = Place::Here(memory);
        self.0.returned.notify_all();
    }

    /// What panics while it is locked leaves bytes, whatever they are.
    fn lock(&self) -> MutexGuard<'_, Place> {
        self.0.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The shared memories of a store.
#[derive(Debug, Default)]
pub(crate) struct Imported {
    /// In the order in which they are taken.
    memories: Vec<(SharedMemory, MemoryAddr)>,
    /// Whether the store has them now.
    are_here: bool,
}

/// As long as this lives the store has its shared memories; a panic gives them back too.
struct Having<'a> {
    store: &'a mut Store,
    /// How many were taken.
    taken: usize,
}

impl Drop for Having<'_> {
    fn drop(&mut self) {
        let Store { memories, imported, .. } = &mut *self.store;
        imported.are_here = false;
        for (shared, at) in imported.memories[..self.taken].iter().rev() {
            let vacant = memories[at.index()].vacancy();
            shared.give_back(std::mem::replace(&mut memories[at.index()], vacant));
        }
    }
}

impl Store {
    /// Makes a shared memory one of this store's, which its instances can import; the same one if it is so already.
    ///
    /// # Errors
    /// If the store runs something, or its limiter refuses the memory.
    pub fn import_shared(&mut self, shared: &SharedMemory) -> Result<MemoryAddr, MemoryError> {
        if self.is_running() || self.imported.are_here {
            return Err(MemoryError::Running);
        }
        let known = self.imported.memories.iter().find(|(other, _)| other.same(shared));
        if let Some((_, at)) = known {
            return Ok(*at);
        }
        if !self.may_make_memory(&shared.ty()).unwrap_or(false) {
            return Err(MemoryError::Refused);
        }
        let at = MemoryAddr(self.memories.len() as u32);
        self.memories.push(MemoryInst::vacant(shared.ty(), self.memory_budget()));
        let all = &mut self.imported.memories;
        let place = all.partition_point(|(other, _)| other.0.number < shared.0.number);
        all.insert(place, (shared.clone(), at));
        Ok(at)
    }

    /// The shared memory that is at an address of this store.
    pub fn shared_memory(&self, at: MemoryAddr) -> Option<&SharedMemory> {
        self.imported.memories.iter().find(|(_, a)| *a == at).map(|(shared, _)| shared)
    }

    /// Whether a memory is shared, and not here: nothing of the store runs.
    pub fn is_away(&self, at: MemoryAddr) -> bool {
        !self.imported.are_here && self.shared_memory(at).is_some()
    }

    /// Takes back what was made ready for growths that did not come, where there is such.
    pub(crate) fn withdraw_growth(&mut self) {
        if self.memory_budget().is_ahead() {
            self.memories.iter_mut().for_each(MemoryInst::withdraw_growth);
        }
        // These count in no budget of the store.
        for (_, at) in &self.imported.memories {
            self.memories[at.index()].withdraw_growth();
        }
    }

    pub(crate) fn imports_shared(&self) -> bool {
        !self.imported.memories.is_empty()
    }

    /// Does something that may access memories, with the shared ones in their places.
    #[inline]
    pub(crate) fn with_shared<T, E: From<Stop>>(
        &mut self,
        work: impl FnOnce(&mut Store) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.imported.memories.is_empty() || self.imported.are_here {
            return work(self);
        }
        self.imported.are_here = true;
        let interrupt = self.interrupt().clone();
        let mut having = Having { store: self, taken: 0 };
        while let Some((shared, at)) = having.store.imported.memories.get(having.taken) {
            let (memory, at) = (shared.take(&interrupt)?, at.index());
            having.store.memories[at] = memory;
            having.taken += 1;
        }
        work(having.store)
    }
}
