//! Memories that several stores share.
//!
//! ```
//! use etalon::{Engine, Instance, MemoryType, Module, SharedMemory, Store};
//! use std::thread;
//!
//! let engine = Engine::default();
//! let module = Module::new(&engine, r#"(module
//!     (import "host" "memory" (memory 1 1 shared))
//!     (func (export "count") (param i32)
//!       (loop
//!         (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
//!         (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"#)?;
//! let memory = SharedMemory::new(&engine, MemoryType::shared(1, 1))?;
//! thread::scope(|scope| {
//!     for _ in 0..4 {
//!         scope.spawn(|| {
//!             let mut store = Store::new(&engine, ());
//!             let import = memory.import(&mut store)?;
//!             let instance = Instance::new(&mut store, &module, &[import.into()])?;
//!             instance.get_typed_func::<i32, ()>(&store, "count")?.call(&mut store, 1000)
//!         });
//!     }
//! });
//! let mut sum = [0; 4];
//! memory.read(0, &mut sum)?;
//! assert_eq!(u32::from_le_bytes(sum), 4000);
//! # Ok::<(), etalon::Error>(())
//! ```

use crate::context::AsContextMut;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::memory::{GrowthError, Memory, MemoryAccessError};
use crate::types::MemoryType;
use etalon_runtime as runtime;

/// A memory that instances of several stores import, on any threads. Clones are the same memory.
///
/// One store at a time has it: the one that runs a call, from the beginning of the call to its end. A call of another store, or a
/// method of this type on another thread, waits meanwhile, and can be interrupted if its engine is
/// [interruptible](crate::Config::interruptible). So what guests do with the memory is sequentially consistent, and calls that
/// share a memory do not run at the same time. A guest that waits for a notification is not notified by another store.
///
/// In a host function, the memory is the [`Memory`] that the guest imports; the methods here would wait for the call that the host
/// function is part of, and give [`InUse`](crate::InUse) as their error instead.
#[derive(Clone, Debug)]
pub struct SharedMemory {
    engine: Engine,
    memory: runtime::SharedMemory,
}

impl SharedMemory {
    /// A memory of a type's least size, all zeros.
    ///
    /// # Errors
    /// If the type is not one of shared memories, it exceeds a limit of the engine, or the host is out of address space.
    pub fn new(engine: &Engine, ty: MemoryType) -> Result<SharedMemory> {
        if !ty.is_shared() {
            return Err(Error::msg("the type is not of a shared memory; see MemoryType::shared"));
        }
        let limits = engine.config().schedule.limits();
        let memory = runtime::SharedMemory::new(ty.canonical(), &limits)?;
        Ok(SharedMemory { engine: engine.clone(), memory })
    }

    /// The memory as one of a store, which the store's instances can import. What is outside of calls is done through this type:
    /// the methods of the [`Memory`] that reach its bytes panic where no call has it.
    ///
    /// # Errors
    /// If the store is of another engine, something runs in it, or its [`ResourceLimiter`](crate::ResourceLimiter) refuses.
    pub fn import(&self, mut store: impl AsContextMut) -> Result<Memory> {
        let context = store.as_context_mut();
        if !Engine::same(&self.engine, context.engine()) {
            return Err(Error::msg("the shared memory is of another engine"));
        }
        let state = &mut *context.state;
        let addr = state.import_shared(&self.memory)?;
        Ok(Memory::of(state, addr))
    }

    /// Its type as it was declared.
    pub fn ty(&self) -> MemoryType {
        MemoryType::of(self.memory.ty())
    }

    /// Its size in pages.
    ///
    /// # Errors
    /// [`InUse`](crate::InUse), as for the methods below: in a host function that a store calls which has the memory.
    pub fn size(&self) -> Result<u64> {
        Ok(self.memory.with(|memory| memory.pages())?)
    }

    /// Its size in bytes.
    ///
    /// # Errors
    /// As for [`SharedMemory::size`].
    pub fn data_size(&self) -> Result<usize> {
        Ok(self.memory.with(|memory| memory.bytes().len())?)
    }

    /// Fills a buffer with the bytes from an offset on.
    ///
    /// # Errors
    /// If the memory has not so many; or as for [`SharedMemory::size`].
    pub fn read(&self, offset: usize, buffer: &mut [u8]) -> Result<()> {
        let read = self.memory.with(|memory| {
            let end = offset.checked_add(buffer.len())?;
            buffer.copy_from_slice(memory.bytes().get(offset..end)?);
            Some(())
        });
        Ok(read?.ok_or(MemoryAccessError::OutOfBounds)?)
    }

    /// Writes the bytes of a buffer from an offset on.
    ///
    /// # Errors
    /// If the memory has not so many, and nothing is written then; or as for [`SharedMemory::size`].
    pub fn write(&self, offset: usize, buffer: &[u8]) -> Result<()> {
        let written = self.memory.with(|memory| {
            let end = offset.checked_add(buffer.len())?;
            memory.bytes_mut().get_mut(offset..end)?.copy_from_slice(buffer);
            Some(())
        });
        Ok(written?.ok_or(MemoryAccessError::OutOfBounds)?)
    }

    /// Grows it by so many pages of zeros; gives its size before.
    ///
    /// # Errors
    /// [`GrowthError`] if it cannot grow so far, another error if the host is out of memory; or as for [`SharedMemory::size`].
    pub fn grow(&self, delta: u64) -> Result<u64> {
        Ok(self.memory.with(|memory| memory.grow(delta))??.ok_or(GrowthError)?)
    }
}
