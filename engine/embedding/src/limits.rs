//! Limits on what a store allocates, beside those of the schedule.

use crate::error::Result;
use crate::trusted;
use etalon_runtime::{EFFECTS, HostError, Limiter, Request};
use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex};

/// Who is asked before a store allocates. See [`Store::limiter`](crate::Store::limiter).
pub trait ResourceLimiter {
    /// Whether a memory may grow, from `current` bytes, 0 if it is new, to `desired`; `maximum` is what its type declares.
    /// `false` is the failure of `memory.grow`.
    ///
    /// # Errors
    /// To stop the guest with this error.
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool>;

    /// Whether a table may grow, from `current` elements, 0 if it is new, to `desired`; `maximum` is what its type
    /// declares. `false` is the failure of `table.grow`.
    ///
    /// # Errors
    /// To stop the guest with this error.
    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool>;

    /// A memory has become smaller, from `current` to `desired` bytes: its instance was reset
    /// ([`Instance::reset`](crate::Instance::reset)). By default nothing is made of it.
    fn memory_shrunk(&mut self, current: usize, desired: usize) {
        let _ = (current, desired);
    }

    /// A table has become smaller, from `current` to `desired` elements, likewise.
    fn table_shrunk(&mut self, current: usize, desired: usize) {
        let _ = (current, desired);
    }

    /// The most instances that the store may have.
    fn instances(&self) -> usize {
        10_000
    }

    /// The most tables that instantiation may make in the store.
    fn tables(&self) -> usize {
        10_000
    }

    /// The most memories that instantiation may make in the store.
    fn memories(&self) -> usize {
        10_000
    }

    /// The most effects of host functions that a call, or an execution in pieces, keeps until it ends, as [`Effects`](crate::Effects) has
    /// them; by default 1,000,000.
    fn effects(&self) -> usize {
        EFFECTS
    }
}

/// Limits as numbers: a [`ResourceLimiter`] to be kept with the store.
///
/// ```
/// use etalon::{Engine, Memory, MemoryType, Store, StoreLimits, StoreLimitsBuilder};
///
/// let limits = StoreLimitsBuilder::new().memory_size(1 << 20).memories(1).build();
/// let mut store = Store::new(&Engine::default(), limits);
/// store.limiter(|limits| limits);
/// assert!(Memory::new(&mut store, MemoryType::new(17, None)).is_err());
/// assert!(Memory::new(&mut store, MemoryType::new(16, None)).is_ok());
/// ```
#[derive(Clone, Debug)]
pub struct StoreLimits {
    memory_size: Option<usize>,
    table_elements: Option<usize>,
    total_bytes: Option<usize>,
    instances: usize,
    tables: usize,
    memories: usize,
    effects: usize,
    trap_on_grow_failure: bool,
    /// Bytes that were granted so far.
    granted: usize,
}

/// Bytes of an element of a table.
const ELEMENT: usize = 8;

impl Default for StoreLimits {
    fn default() -> StoreLimits {
        StoreLimits {
            memory_size: None,
            table_elements: None,
            total_bytes: None,
            instances: 10_000,
            tables: 10_000,
            memories: 10_000,
            effects: EFFECTS,
            trap_on_grow_failure: false,
            granted: 0,
        }
    }
}

/// Makes [`StoreLimits`].
#[derive(Clone, Debug, Default)]
pub struct StoreLimitsBuilder(StoreLimits);

impl StoreLimitsBuilder {
    /// No limits but 10,000 instances, tables and memories, and 1,000,000 effects.
    pub fn new() -> StoreLimitsBuilder {
        StoreLimitsBuilder::default()
    }

    /// The most bytes of each memory.
    #[must_use]
    pub fn memory_size(mut self, bytes: usize) -> Self {
        self.0.memory_size = Some(bytes);
        self
    }

    /// The most elements of each table.
    #[must_use]
    pub fn table_elements(mut self, elements: usize) -> Self {
        self.0.table_elements = Some(elements);
        self
    }

    /// The most bytes of all memories and tables together; an element of a table has eight.
    #[must_use]
    pub fn total_bytes(mut self, bytes: usize) -> Self {
        self.0.total_bytes = Some(bytes);
        self
    }

    /// The most instances.
    #[must_use]
    pub fn instances(mut self, count: usize) -> Self {
        self.0.instances = count;
        self
    }

    /// The most tables.
    #[must_use]
    pub fn tables(mut self, count: usize) -> Self {
        self.0.tables = count;
        self
    }

    /// The most memories.
    #[must_use]
    pub fn memories(mut self, count: usize) -> Self {
        self.0.memories = count;
        self
    }

    /// The most effects of host functions that a call, or an execution in pieces, keeps until it ends.
    #[must_use]
    pub fn effects(mut self, count: usize) -> Self {
        self.0.effects = count;
        self
    }

    /// Whether a growth that a limit forbids stops the guest, where it would otherwise be told -1.
    #[must_use]
    pub fn trap_on_grow_failure(mut self, trap: bool) -> Self {
        self.0.trap_on_grow_failure = trap;
        self
    }

    /// The limits.
    pub fn build(self) -> StoreLimits {
        self.0
    }
}

impl StoreLimits {
    /// Grants `more` bytes of something that would have `size` of at most `most`.
    fn grant(&mut self, size: usize, most: Option<usize>, more: usize, what: &str) -> Result<bool> {
        let sum = self.granted.saturating_add(more);
        let fits = most.is_none_or(|most| size <= most);
        if fits && self.total_bytes.is_none_or(|most| sum <= most) {
            self.granted = sum;
            return Ok(true);
        }
        if self.trap_on_grow_failure {
            return Err(anyhow::anyhow!("a limit of the store forbids {what} of {size}"));
        }
        Ok(false)
    }
}

impl ResourceLimiter for StoreLimits {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        self.grant(desired, self.memory_size, desired.saturating_sub(current), "a memory")
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        let more = desired.saturating_sub(current).saturating_mul(ELEMENT);
        self.grant(desired, self.table_elements, more, "a table")
    }

    fn memory_shrunk(&mut self, current: usize, desired: usize) {
        self.granted = self.granted.saturating_sub(current.saturating_sub(desired));
    }

    fn table_shrunk(&mut self, current: usize, desired: usize) {
        let fewer = current.saturating_sub(desired).saturating_mul(ELEMENT);
        self.granted = self.granted.saturating_sub(fewer);
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn tables(&self) -> usize {
        self.tables
    }

    fn memories(&self) -> usize {
        self.memories
    }

    fn effects(&self) -> usize {
        self.effects
    }
}

/// Where a store of a type of data has its limiter.
struct LimiterOf<T>(Box<dyn Fn(&mut T) -> &mut (dyn ResourceLimiter) + Send + Sync>);

pub(crate) fn limiter_of<T: 'static>(
    limiter: impl Fn(&mut T) -> &mut (dyn ResourceLimiter) + Send + Sync + 'static,
) -> Arc<dyn Limiter> {
    Arc::new(LimiterOf::<T>(Box::new(limiter)))
}

impl<T> fmt::Debug for LimiterOf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LimiterOf")
    }
}

/// Numbers beyond the address space are beyond every limit.
fn size(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

impl<T: 'static> Limiter for LimiterOf<T> {
    fn allows(&self, data: &mut (dyn Any + Send), request: Request) -> Result<bool, HostError> {
        let Some(data) = trusted::seek_mut::<T>(data) else { return Ok(false) };
        ask((self.0)(&mut data.data), request)
    }

    fn shrunk(&self, data: &mut (dyn Any + Send), request: Request) {
        let Some(data) = trusted::seek_mut::<T>(data) else { return };
        shrink((self.0)(&mut data.data), request);
    }
}

/// Puts a request to a limiter.
pub(crate) fn ask(limiter: &mut dyn ResourceLimiter, request: Request) -> Result<bool, HostError> {
    let answer = match request {
        Request::Memory { current, desired, maximum } => {
            limiter.memory_growing(size(current), size(desired), maximum.map(size))
        }
        Request::Table { current, desired, maximum } => {
            limiter.table_growing(size(current), size(desired), maximum.map(size))
        }
        Request::Instance { instances, memories, tables } => Ok(instances <= limiter.instances()
            && memories <= limiter.memories()
            && tables <= limiter.tables()),
        Request::Effect { kept } => Ok(kept < limiter.effects()),
    };
    answer.map_err(host_error)
}

/// Tells a limiter what has become smaller.
pub(crate) fn shrink(limiter: &mut dyn ResourceLimiter, request: Request) {
    match request {
        Request::Memory { current, desired, .. } => {
            limiter.memory_shrunk(size(current), size(desired));
        }
        Request::Table { current, desired, .. } => {
            limiter.table_shrunk(size(current), size(desired));
        }
        Request::Instance { .. } | Request::Effect { .. } => {}
    }
}

/// An error of a limiter, which the embedder gets back as it was.
fn host_error(error: crate::error::Error) -> HostError {
    let text = format!("{error:#}");
    HostError::with_payload(text, Arc::new(Mutex::new(Some(error))))
}
