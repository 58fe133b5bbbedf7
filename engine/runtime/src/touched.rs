//! Which pages of the store were ever touched, so that what reads all of a memory or table costs what was used of it.
//!
//! The answer only says where zeros need not be read. What is found does not depend on it: a page that the system does not
//! know to be untouched is read.
//!
//! An emulator of user programs hands its host's table through, in the host's order of bytes; so no big-endian program asks, and reads
//! everything.

use std::ops::Range;

/// Bytes that are not worth a question to the system.
pub(crate) const SMALL: usize = 128 << 10;

/// Calls `visit` with ranges of the `bytes` bytes from an address on, ascending and of whole pages but for the last, that
/// hold everything in them that is not zero. The bytes must be of a private mapping without a file.
pub(crate) fn for_each_touched(start: usize, bytes: usize, mut visit: impl FnMut(Range<usize>)) {
    if bytes <= SMALL {
        return visit(0..bytes);
    }
    #[cfg(all(target_os = "linux", not(miri)))]
    if cfg!(target_endian = "little") && pages::visit(start, bytes, &mut visit).is_some() {
        return;
    }
    visit(0..bytes);
}

#[cfg(all(target_os = "linux", not(miri)))]
mod pages {
    //! By the system's table of this process's pages.

    use crate::fault;
    use std::fs::File;
    use std::ops::Range;
    use std::os::unix::fs::FileExt;

    /// Bytes of the row of a page.
    const ROW: usize = 8;
    /// Rows that are read at once.
    const ROWS: usize = 32 << 10;
    /// A page is in memory, or was and is swapped out.
    const PRESENT: u64 = 1 << 63 | 1 << 62;

    /// `None` if the system does not tell; then nothing was visited.
    pub(super) fn visit(
        start: usize,
        bytes: usize,
        visit: &mut impl FnMut(Range<usize>),
    ) -> Option<()> {
        fault::may_fail().ok()?;
        let map = File::open("/proc/self/pagemap").ok()?;
        let size = rustix::param::page_size();
        let (first, pages) = (start / size, bytes.div_ceil(size));
        let mut touched: Vec<Range<usize>> = Vec::new();
        let mut buffer = vec![0; ROWS.min(pages) * ROW];
        let mut page = 0;
        while page < pages {
            let rows = &mut buffer[..ROWS.min(pages - page) * ROW];
            map.read_exact_at(rows, ((first + page) * ROW) as u64).ok()?;
            for row in rows.as_chunks().0 {
                if u64::from_ne_bytes(*row) & PRESENT != 0 {
                    let bytes = page * size..((page + 1) * size).min(bytes);
                    match touched.last_mut() {
                        Some(last) if last.end == bytes.start => last.end = bytes.end,
                        _ => touched.push(bytes),
                    }
                }
                page += 1;
            }
        }
        touched.into_iter().for_each(visit);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A memory of 400 MB, of which three pages are written.
    #[cfg(all(target_os = "linux", target_endian = "little", not(miri)))]
    #[test]
    fn only_what_was_touched_is_visited() {
        let (page, size) = (rustix::param::page_size(), 400 << 20);
        let written = [7 * page, 8 * page + 1, size - 1];
        let mut memory = crate::memory::Reservation::new(size).unwrap();
        memory.grow(size).unwrap();
        let ranges = |memory: &crate::memory::Reservation| {
            let mut found = Vec::new();
            for_each_touched(memory.base().addr(), size, |range| found.push(range));
            found
        };
        assert_eq!(ranges(&memory), []);
        for at in written {
            memory.bytes_mut()[at] = 1;
        }
        let found = ranges(&memory);
        // Where the system has large pages, more is there than was asked for.
        for at in written {
            assert!(found.iter().any(|range| range.contains(&at)), "{found:?}");
        }
        assert!(found.is_sorted_by_key(|range| range.start));
        assert!(found.iter().map(|range| range.len()).sum::<usize>() < size / 4);
    }

    #[test]
    fn what_is_small_is_visited_whole() {
        let mut found = Vec::new();
        for_each_touched(4096, 5000, |range| found.push(range));
        assert_eq!((found.len(), found.first()), (1, Some(&(0..5000))));
    }
}
