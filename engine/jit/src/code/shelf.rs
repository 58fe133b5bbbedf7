//! Pages that the code of many functions shares, where functions are compiled one by one.
//!
//! A function of a hundred bytes in pages of its own takes forty times as much, and a range for the handler of signals to
//! search. But what is executed must not be writable, not even while code is added behind it: another thread may be in it. So the pages
//! show a file of the host's memory that no path leads to, and code comes into them by writing to the file.

use super::memory::{CodeMemory, Pages};
use super::ranges;
use etalon_runtime::{fault, nameless_file};
use rustix::fd::OwnedFd;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use wasmtime_internal_jit_icache_coherence as coherence;

/// Bytes of the pages that are shared. Those that no code is in cost nothing.
const BYTES: usize = 1 << 20;

/// Code that is longer has pages of its own.
const MOST: usize = BYTES / 16;

/// Where code begins: no two functions are in one line of a cache.
const ALIGNMENT: usize = 64;

/// How many files are open at most in a process: each is one of those that it may have.
const MOST_OPEN: usize = 64;

/// How many are open.
static OPEN: AtomicUsize = AtomicUsize::new(0);

/// Pages that are executed, and shared by code that comes and goes.
#[derive(Debug)]
pub(super) struct Shared(Pages);

impl Drop for Shared {
    fn drop(&mut self) {
        ranges::remove(self.0.address());
    }
}

/// Where the functions of one module are put.
#[derive(Debug, Default)]
pub(crate) struct Shelf(Mutex<Option<Board>>);

/// Pages with room behind the code that is there.
#[derive(Debug)]
struct Board {
    pages: Arc<Shared>,
    file: OwnedFd,
    used: usize,
}

impl Drop for Board {
    fn drop(&mut self) {
        OPEN.fetch_sub(1, Relaxed);
    }
}

impl Shelf {
    /// A copy of code that does not depend on where it lies. Where no pages can be shared it has its own.
    ///
    /// # Errors
    /// If the system has no memory for it.
    pub(crate) fn copy_of(&self, code: &[u8]) -> io::Result<CodeMemory> {
        match self.put(code) {
            Some(memory) => Ok(memory),
            None => CodeMemory::copy_of(code),
        }
    }

    fn put(&self, code: &[u8]) -> Option<CodeMemory> {
        if code.is_empty() || code.len() > MOST {
            return None;
        }
        let mut board = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if board.as_ref().is_none_or(|board| BYTES - board.used < code.len()) {
            // A full one closes its file, and its pages stay as long as code in them.
            *board = None;
            *board = Board::new();
        }
        board.as_mut()?.put(code).ok()
    }
}

impl Board {
    /// `None` where the system has no such files, or the process has enough of them.
    fn new() -> Option<Board> {
        let count = |open: usize| (open < MOST_OPEN).then_some(open + 1);
        OPEN.try_update(Relaxed, Relaxed, count).ok()?;
        let file = nameless_file("etalon-code", BYTES as u64);
        let made = file.ok().and_then(|file| Some((Pages::shared(&file, BYTES).ok()?, file)));
        let Some((pages, file)) = made else {
            OPEN.fetch_sub(1, Relaxed);
            return None;
        };
        ranges::insert(pages.address(), pages.address() + BYTES);
        Some(Board { pages: Arc::new(Shared(pages)), file, used: 0 })
    }

    /// Puts code behind what is there.
    fn put(&mut self, code: &[u8]) -> io::Result<CodeMemory> {
        fault::may_fail()?;
        let (at, mut done) = (self.used, 0);
        while done < code.len() {
            match rustix::io::pwrite(&self.file, &code[done..], (at + done) as u64)? {
                0 => return Err(io::Error::other("the file takes no more")),
                more => done += more,
            }
        }
        let start = self.pages.0.address() + at;
        let place = std::ptr::with_exposed_provenance(start);
        // SAFETY: the range is in pages that are readable, and nobody executes it yet.
        unsafe { coherence::clear_cache(place, code.len())? };
        coherence::pipeline_flush_mt()?;
        self.used = (at + code.len()).next_multiple_of(ALIGNMENT).min(BYTES);
        Ok(CodeMemory::shared(Arc::clone(&self.pages), start, code.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is at an address of code.
    fn bytes_at(memory: &CodeMemory) -> Vec<u8> {
        let (start, end) = memory.addresses();
        let place = std::ptr::with_exposed_provenance::<u8>(start);
        // SAFETY: the range is readable as long as `memory`.
        unsafe { std::slice::from_raw_parts(place, end - start).to_vec() }
    }

    #[test]
    fn code_lies_behind_code_and_stays_as_it_is() {
        let shelf = Shelf::default();
        let code = |n: usize| vec![n as u8; 1 + n * 37 % 5_000];
        let mut kept: Vec<(usize, CodeMemory)> =
            (0..600).map(|n| (n, shelf.copy_of(&code(n)).unwrap())).collect();
        let pages: std::collections::HashSet<usize> =
            kept.iter().map(|(_, memory)| memory.addresses().0 / BYTES).collect();
        assert!(pages.len() < 8, "{pages:?}");
        // The first ones go, and with the last of its pages a range of code.
        for half in [300, 600] {
            assert!(kept.iter().all(|(n, memory)| bytes_at(memory) == code(*n)));
            assert!(kept.iter().all(|(_, memory)| ranges::contains(memory.addresses().0)));
            kept.drain(..half.min(kept.len()));
        }
        let large = shelf.copy_of(&vec![7; MOST + 1]).unwrap();
        assert_eq!(large.addresses().0 % rustix::param::page_size(), 0);
        assert!(ranges::contains(large.addresses().0));
        assert_eq!(shelf.copy_of(&[]).unwrap().addresses(), (0, 0));
    }

    /// More modules than may have a file open have pages of their own, and a shelf that goes gives its file back.
    #[test]
    fn shelves_beyond_the_most_do_without() {
        for _ in 0..2 {
            let shelves: Vec<Shelf> = (0..MOST_OPEN + 8).map(|_| Shelf::default()).collect();
            let all: Vec<CodeMemory> =
                shelves.iter().map(|shelf| shelf.copy_of(&[1, 2, 3]).unwrap()).collect();
            assert!(all.iter().all(|memory| bytes_at(memory) == [1, 2, 3]));
            drop(shelves);
            assert!(all.iter().all(|memory| bytes_at(memory) == [1, 2, 3]));
        }
    }
}
