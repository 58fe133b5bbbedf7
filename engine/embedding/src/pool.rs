//! What an engine keeps of memories that are gone.

/// How an engine keeps the address space of memories that are gone, for the memories of its next instances.
///
/// A 32-bit memory reserves 4 GiB of address space, so that compiled code needs no check of bounds. To ask the system for it, and to
/// give it back, takes longer than a short call. With a pool a memory has it from one that is gone, and costs what that one had
/// touched. Guests see no difference: each memory begins with zeros.
///
/// With or without a pool, the second and further instances of a module show what its active data segments write as a mapped file of the
/// host's memory (Linux), so that they cost the pages that a guest touches. Each such module takes a file descriptor as long as it, or a
/// memory of it, is there; a process has at most 128 of them, and what finds none copies its segments.
///
/// ```
/// use etalon::{Config, Engine, Instance, Module, PoolConfig, Store};
///
/// let mut config = Config::new();
/// config.pool(PoolConfig::new().memories(100));
/// let engine = Engine::new(&config)?;
/// let module = Module::new(&engine, "(module (memory 1))")?;
/// for _ in 0..10 {
///     let mut store = Store::new(&engine, ());
///     Instance::new(&mut store, &module, &[])?;
/// }
/// assert_eq!(engine.spare_memories(), 1);
/// # Ok::<(), etalon::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolConfig {
    pub(crate) memories: usize,
    pub(crate) resident: usize,
}

impl PoolConfig {
    /// 16 memories, and 16 KiB of each that stay in the host's memory.
    pub fn new() -> PoolConfig {
        PoolConfig { memories: 16, resident: 16 << 10 }
    }

    /// How many memories that are gone the engine keeps the address space of: as many as there are at once in a busy moment. Each
    /// takes 4 GiB and 32 MiB of addresses if it is a 32-bit one.
    #[must_use]
    pub fn memories(mut self, most: usize) -> PoolConfig {
        self.memories = most;
        self
    }

    /// How many of the first bytes of a memory that is gone stay in the host's memory, overwritten with zeros; the rest is given back
    /// to the system. More helps guests that touch many pages, and less helps those that touch few.
    #[must_use]
    pub fn resident_bytes(mut self, bytes: usize) -> PoolConfig {
        self.resident = bytes;
        self
    }
}

impl Default for PoolConfig {
    fn default() -> PoolConfig {
        PoolConfig::new()
    }
}
