//! What the memories of many instances begin with, in a file of the host's memory that no path leads to.
//!
//! A memory shows it in the place of zeros: to begin costs the pages that a guest touches, and those that it writes to become its own.

use crate::system::whole_pages;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// How many there are at most in a process: each takes one of the files that it may have open.
const MOST: usize = 128;

/// How many there are.
static ALIVE: AtomicUsize = AtomicUsize::new(0);

/// The bytes of a range of a memory, of whole pages.
#[derive(Debug)]
pub(crate) struct Image {
    file: OwnedFd,
    range: Range<usize>,
}

impl Image {
    /// Of a memory that holds these bytes from `start` on, and zeros up to the next page on both sides. `None` where the system has no
    /// such files, or the process has enough of them.
    pub(crate) fn new(start: usize, bytes: &[u8]) -> Option<Arc<Image>> {
        let count = |alive: usize| (alive < MOST).then_some(alive + 1);
        ALIVE.try_update(Relaxed, Relaxed, count).ok()?;
        let image = Image::write(start, bytes);
        if image.is_none() {
            ALIVE.fetch_sub(1, Relaxed);
        }
        image.map(Arc::new)
    }

    #[cfg(target_os = "linux")]
    fn write(start: usize, bytes: &[u8]) -> Option<Image> {
        use crate::nameless::nameless_file;
        use rustix::fs::{SealFlags, fcntl_add_seals};
        let first = start - start % rustix::param::page_size();
        let end = whole_pages(start.checked_add(bytes.len())?).ok()?;
        let file = nameless_file("etalon-memory", (end - first) as u64).ok()?;
        let mut done = 0;
        while done < bytes.len() {
            let at = (start - first + done) as u64;
            match rustix::io::pwrite(&file, &bytes[done..], at) {
                Ok(0) | Err(_) => return None,
                Ok(more) => done += more,
            }
        }
        // Nobody can change what others see, or take pages away that a guest would miss.
        let all = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
        fcntl_add_seals(&file, all).ok()?;
        Some(Image { file, range: first..end })
    }

    #[cfg(not(target_os = "linux"))]
    fn write(_: usize, _: &[u8]) -> Option<Image> {
        None
    }

    /// Which bytes of a memory it is.
    pub(crate) fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// The file, which begins with the first byte.
    pub(super) fn file(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Relaxed);
    }
}
