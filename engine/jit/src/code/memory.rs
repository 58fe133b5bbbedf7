//! Memory for the code of one module: one piece, whose size is known before.

use cranelift_jit::{ArenaMemoryProvider, BranchProtection, JITMemoryKind, JITMemoryProvider};
use cranelift_module::{ModuleError, ModuleResult};
use etalon_runtime::fault;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Where the code of a module is.
#[derive(Debug, Default)]
pub(crate) struct Extent {
    pub(crate) start: AtomicUsize,
    pub(crate) len: AtomicUsize,
}

/// Hands out consecutive pieces of one mapping.
///
/// The library's arena would change the rights of the whole mapping each time that it grows by a
/// page, so it is asked for everything at once.
pub(crate) struct CodeMemory {
    arena: ArenaMemoryProvider,
    extent: Arc<Extent>,
    size: usize,
    next: usize,
}

impl CodeMemory {
    /// Memory for `size` bytes.
    pub(crate) fn new(size: usize) -> io::Result<(CodeMemory, Arc<Extent>)> {
        fault::may_fail()?;
        // A module without functions has no code, but there is no mapping of nothing.
        let arena = ArenaMemoryProvider::new_with_size(size.max(1)).map_err(io::Error::other)?;
        let extent = Arc::new(Extent::default());
        Ok((CodeMemory { arena, extent: Arc::clone(&extent), size, next: 0 }, extent))
    }
}

impl JITMemoryProvider for CodeMemory {
    fn allocate(&mut self, size: usize, align: u64, kind: JITMemoryKind) -> io::Result<*mut u8> {
        if !matches!(kind, JITMemoryKind::Executable) {
            return Err(io::Error::other("modules have code only"));
        }
        if self.extent.start.load(Relaxed) == 0 {
            let base = self.arena.allocate(self.size, 16, kind)?;
            self.extent.start.store(base.expose_provenance(), Relaxed);
            self.extent.len.store(self.size, Relaxed);
        }
        let base = self.extent.start.load(Relaxed);
        let at = usize::try_from(align)
            .ok()
            .and_then(|align| (base + self.next).checked_next_multiple_of(align.max(1)))
            .filter(|at| *at + size <= base + self.size)
            .ok_or_else(|| io::Error::other("more code than was announced"))?;
        self.next = at + size - base;
        Ok(std::ptr::with_exposed_provenance_mut(at))
    }

    unsafe fn free_memory(&mut self) {
        // SAFETY: the caller's promise, that no code here runs or is called any more.
        unsafe { JITMemoryProvider::free_memory(&mut self.arena) }
    }

    fn finalize(&mut self, protection: BranchProtection) -> ModuleResult<()> {
        let refused = |err| ModuleError::Allocation { err };
        fault::may_fail().map_err(refused)?;
        // The library panics if the system refuses to make the pages executable. They are given back then: the arena keeps
        // pages only once they are.
        let arena = &mut self.arena;
        let finalize = || JITMemoryProvider::finalize(arena, protection).is_ok();
        match catch_unwind(AssertUnwindSafe(finalize)) {
            Ok(true) => Ok(()),
            _ => Err(refused(io::Error::other("the system does not make the code executable"))),
        }
    }
}
