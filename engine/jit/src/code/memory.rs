//! Pages of code, and files that are mapped.

use super::ranges;
use super::shelf::Shared;
use etalon_runtime::fault;
use rustix::fd::OwnedFd;
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap, mmap_anonymous, mprotect, munmap};
use std::fs::File;
use std::io;
use std::ptr::NonNull;
use std::sync::Arc;
use wasmtime_internal_jit_icache_coherence as coherence;

/// Pages of this process that are its own until this is dropped.
#[derive(Debug)]
pub(super) struct Pages {
    base: NonNull<u8>,
    bytes: usize,
}

// SAFETY: the pages are of no thread, and nobody writes to them once their owner has them.
unsafe impl Send for Pages {}
// SAFETY: as above.
unsafe impl Sync for Pages {}

impl Pages {
    fn new(base: *mut std::ffi::c_void, bytes: usize) -> io::Result<Pages> {
        let base = NonNull::new(base.cast::<u8>());
        let base = base.ok_or_else(|| io::Error::other("the system mapped the null page"))?;
        Ok(Pages { base, bytes })
    }

    /// A private view of part of a file, which begins at a whole page.
    fn of_file(file: &File, at: u64, bytes: usize, rights: ProtFlags) -> io::Result<Pages> {
        fault::may_fail()?;
        let anywhere = std::ptr::null_mut();
        // SAFETY: a fresh mapping at an address of the system's choice overlaps nothing.
        let base = unsafe { mmap(anywhere, bytes, rights, MapFlags::PRIVATE, file, at)? };
        Pages::new(base, bytes)
    }

    /// What a file has and will have, to be executed.
    pub(super) fn shared(file: &OwnedFd, bytes: usize) -> io::Result<Pages> {
        fault::may_fail()?;
        let (anywhere, rights) = (std::ptr::null_mut(), ProtFlags::READ | ProtFlags::EXEC);
        // SAFETY: a fresh mapping at an address of the system's choice overlaps nothing.
        let base = unsafe { mmap(anywhere, bytes, rights, MapFlags::SHARED, file, 0)? };
        Pages::new(base, bytes)
    }

    /// Where they begin.
    pub(super) fn address(&self) -> usize {
        self.base.as_ptr().expose_provenance()
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: the mapping is of this length, and whoever had the owner had what refers to it. A failure leaks address space.
        unsafe {
            let _ = munmap(self.base.as_ptr().cast(), self.bytes);
        }
    }
}

/// Machine code in memory, which can be executed and not be written.
#[derive(Debug)]
pub(crate) struct CodeMemory {
    start: usize,
    end: usize,
    held: Held,
}

/// What the code is in.
#[derive(Debug)]
enum Held {
    /// There is no code.
    Nothing,
    /// Pages of its own, which the handler of signals knows.
    Own(#[expect(dead_code, reason = "it is kept")] Pages),
    Shared(#[expect(dead_code, reason = "it is kept")] Arc<Shared>),
}

impl Drop for CodeMemory {
    // Executors keep an `Arc` of every module whose code they may run or have handed out, until they are dropped or the store has
    // none of its functions any more (`Jit::forget`). So nothing runs or can call this code when its memory is given back.
    fn drop(&mut self) {
        if let Held::Own(_) = self.held {
            ranges::remove(self.start);
        }
    }
}

impl CodeMemory {
    /// A copy of code that does not depend on where it lies.
    pub(crate) fn copy_of(code: &[u8]) -> io::Result<CodeMemory> {
        // There is no mapping of nothing.
        if code.is_empty() {
            return Ok(CodeMemory { start: 0, end: 0, held: Held::Nothing });
        }
        fault::may_fail()?;
        let (anywhere, rights) = (std::ptr::null_mut(), ProtFlags::READ | ProtFlags::WRITE);
        // SAFETY: a fresh anonymous mapping at an address of the system's choice overlaps nothing.
        let base = unsafe { mmap_anonymous(anywhere, code.len(), rights, MapFlags::PRIVATE)? };
        let pages = Pages::new(base, code.len())?;
        // SAFETY: the mapping is as long as the code, writable, and nobody else's.
        unsafe { pages.base.copy_from_nonoverlapping(NonNull::from(code).cast(), code.len()) };
        fault::may_fail()?;
        // SAFETY: the range is the mapping, and no reference to it is in use.
        unsafe {
            coherence::clear_cache(base, code.len())?;
            mprotect(base, code.len(), MprotectFlags::READ | MprotectFlags::EXEC)?;
        }
        coherence::pipeline_flush_mt()?;
        Ok(CodeMemory::own(pages))
    }

    /// Code that lies in a file, at the beginning of a page.
    pub(crate) fn of_file(file: &File, at: u64, bytes: usize) -> io::Result<CodeMemory> {
        if bytes == 0 {
            return Ok(CodeMemory { start: 0, end: 0, held: Held::Nothing });
        }
        let pages = Pages::of_file(file, at, bytes, ProtFlags::READ | ProtFlags::EXEC)?;
        // SAFETY: the range is the mapping.
        unsafe { coherence::clear_cache(pages.base.as_ptr().cast(), bytes)? };
        coherence::pipeline_flush_mt()?;
        Ok(CodeMemory::own(pages))
    }

    fn own(pages: Pages) -> CodeMemory {
        let (start, end) = (pages.address(), pages.address() + pages.bytes);
        ranges::insert(start, end);
        CodeMemory { start, end, held: Held::Own(pages) }
    }

    /// Code that lies in pages with others.
    pub(super) fn shared(pages: Arc<Shared>, start: usize, bytes: usize) -> CodeMemory {
        CodeMemory { start, end: start + bytes, held: Held::Shared(pages) }
    }

    /// Where it begins and ends.
    pub(crate) fn addresses(&self) -> (usize, usize) {
        (self.start, self.end)
    }
}

/// A file, to be read where it lies.
#[derive(Debug)]
pub(crate) struct MappedFile(Pages);

impl MappedFile {
    /// # Safety
    /// Nobody may change the file as long as this lives.
    pub(crate) unsafe fn new(file: &File) -> io::Result<MappedFile> {
        let bytes = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
        if bytes == 0 {
            return Err(io::Error::other("the file is empty"));
        }
        Pages::of_file(file, 0, bytes, ProtFlags::READ).map(MappedFile)
    }
}

impl AsRef<[u8]> for MappedFile {
    fn as_ref(&self) -> &[u8] {
        let Pages { base, bytes } = self.0;
        // SAFETY: the mapping is readable and as long as that, and nobody changes the file: who made this has promised it.
        unsafe { std::slice::from_raw_parts(base.as_ptr(), bytes) }
    }
}
