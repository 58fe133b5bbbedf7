//! Where objects lie: one range of address space, reserved with the first object, in blocks. A block has cells of one class, or is a
//! piece of a large object, or is free. Objects never move.
//!
//! A cell without an object has a header of 0. So which cells are free is written in them, and a class takes run after run of them: the
//! bytes of a run are zero when it is taken, so that an object is made by writing its header and what is not zero.

use super::classes::{BLOCK, CLASSES, Class, UNIT};
use super::def::HeapDef;
use super::extents::{Extent, Extents};
use super::mark::Bits;
use super::object::{HEADER, Header};
use crate::address::HeapAddr;
use crate::memory::Reservation;
use crate::room;
use crate::stop::{Exhaustion, Stop};
use std::ops::Range;
use std::sync::atomic::Ordering::Relaxed;

/// What a block is.
pub(super) mod kind {
    /// Free.
    pub(in super::super) const FREE: u8 = 0;
    /// The first block of a large object. No reference is to the very first block, for the word of one must not be that of null.
    pub(in super::super) const LARGE: u8 = 1;
    /// Another block of one, or the first of all.
    pub(in super::super) const REST: u8 = 2;
    /// Has cells of class 0; the other classes follow.
    pub(in super::super) const CELLS: u8 = 3;
}

/// The most bytes that addresses reach.
const MOST_BYTES: u64 = (UNIT as u64) << 32;
/// Address space is made usable in steps of this many bytes, and of more where the heap is large.
const STEP: usize = 1 << 20;
/// So many free blocks are kept for reuse whatever is alive: what is allocated between two collections of a small heap.
const KEPT_BLOCKS: usize = (8 << 20) / BLOCK;
/// Fewer neighbours are not worth a request to the system.
const GIVEN_BACK: u32 = (1 << 20) / BLOCK as u32;

/// Where a class looks for its next run.
#[derive(Clone, Copy, Debug, Default)]
struct Cursor {
    block: usize,
    /// Offset in the block.
    at: usize,
}

/// The blocks of a heap.
#[derive(Debug)]
pub(super) struct Arena {
    space: Reservation,
    /// What each block is.
    pub(super) blocks: Vec<u8>,
    free: Extents,
    /// By class, as soon as there is address space.
    cursors: Vec<Cursor>,
}

impl Arena {
    /// No address space yet.
    pub(super) fn new() -> Arena {
        Arena {
            space: Reservation::none(),
            blocks: Vec::new(),
            free: Extents::default(),
            cursors: Vec::new(),
        }
    }

    /// Reserves address space for so many bytes of cells, if there is none yet.
    pub(super) fn claim(&mut self, bytes: u64, def: &HeapDef) -> Result<(), Stop> {
        if !self.blocks.is_empty() {
            return Ok(());
        }
        let bytes = bytes.saturating_add((CLASSES + 1) as u64 * BLOCK as u64).min(MOST_BYTES);
        let bytes = usize::try_from(bytes).map_err(|_| Stop::out_of_memory())?;
        room::reserve(&mut self.blocks, 1)?;
        room::extend_to(&mut self.cursors, CLASSES, Cursor::default())?;
        self.free.prepare()?;
        self.space = Reservation::new(bytes).map_err(|_| Stop::out_of_memory())?;
        self.space.grow(BLOCK).map_err(|_| Stop::out_of_memory())?;
        def.base.store(self.space.base().expose_provenance(), Relaxed);
        self.blocks.push(kind::REST);
        Ok(())
    }

    /// A cell of a class, of zeros: its distance from the base.
    #[inline]
    pub(super) fn cell(&mut self, class: Class, def: &HeapDef) -> Result<usize, Stop> {
        let run = &def.runs[class.index()];
        if let Some(at) = run.take(class.bytes()) {
            return Ok(at);
        }
        let cells = self.next_run(class)?;
        run.set(cells.start, cells.end);
        run.take(class.bytes()).ok_or_else(|| Stop::crash("a run without a cell"))
    }

    /// Blocks of zeros for a large object: their distance from the base.
    pub(super) fn large(&mut self, bytes: usize) -> Result<usize, Stop> {
        let count = u32::try_from(bytes.div_ceil(BLOCK)).map_err(|_| no_address())?;
        let start = self.take_blocks(count)?;
        self.set_large(start, count as usize);
        Ok(start * BLOCK)
    }

    fn set_large(&mut self, start: usize, count: usize) {
        self.blocks[start..start + count].fill(kind::REST);
        self.blocks[start] = kind::LARGE;
    }

    /// Takes the next free cells of a class that lie together, in a block that has some or in a new one.
    fn next_run(&mut self, class: Class) -> Result<Range<usize>, Stop> {
        let wanted = kind::CELLS + class.0;
        let mut cursor = self.cursors[class.index()];
        loop {
            if self.blocks.get(cursor.block) == Some(&wanted)
                && let Some(run) = self.free_cells(class, &mut cursor)
            {
                self.cursors[class.index()] = cursor;
                self.space.bytes_mut()[run.clone()].fill(0);
                return Ok(run);
            }
            let rest = self.blocks.get(cursor.block + 1..).unwrap_or_default();
            let Some(next) = rest.iter().position(|kind| *kind == wanted) else { break };
            cursor = Cursor { block: cursor.block + 1 + next, at: 0 };
        }
        let block = self.take_blocks(1)?;
        self.blocks[block] = wanted;
        // Whatever of this class lies before has been looked at.
        self.cursors[class.index()] = Cursor { block: self.blocks.len() - 1, at: BLOCK };
        Ok(block * BLOCK..block * BLOCK + class.end())
    }

    /// The next free cells in the block of a cursor, which is moved behind them.
    fn free_cells(&self, class: Class, cursor: &mut Cursor) -> Option<Range<usize>> {
        let block = cursor.block * BLOCK;
        let cells = self.space.bytes().get(block..block + class.end())?;
        let is_free = |at: usize| header_at(cells, at).is_none();
        let mut start = cursor.at;
        while start < class.end() && !is_free(start) {
            start += class.bytes();
        }
        let mut end = start;
        while end < class.end() && is_free(end) {
            end += class.bytes();
        }
        cursor.at = end;
        (start < end).then(|| block + start..block + end)
    }

    /// Takes neighbouring blocks, and makes sure that all their bytes are zero.
    fn take_blocks(&mut self, count: u32) -> Result<usize, Stop> {
        if let Some(Extent { start, len, clean }) = self.free.take(count) {
            if !clean {
                self.wipe(start as usize, len as usize);
            }
            return Ok(start as usize);
        }
        let start = self.blocks.len();
        let blocks = start.checked_add(count as usize).ok_or_else(no_address)?;
        self.grow(blocks)?;
        room::extend_to(&mut self.blocks, blocks, kind::FREE)?;
        Ok(start)
    }

    /// Makes address space for so many blocks usable.
    fn grow(&mut self, blocks: usize) -> Result<(), Stop> {
        let bytes = blocks.checked_mul(BLOCK).ok_or_else(no_address)?;
        if bytes <= self.space.bytes().len() {
            return Ok(());
        }
        if bytes > self.space.reserved() {
            return Err(no_address());
        }
        let ample = (bytes + bytes / 4).next_multiple_of(STEP).min(self.space.reserved());
        let grown = self.space.grow(ample).or_else(|_| self.space.grow(bytes));
        grown.map_err(|_| Stop::out_of_memory())
    }

    fn wipe(&mut self, start: usize, len: usize) {
        let bytes = start * BLOCK..(start + len) * BLOCK;
        if len < GIVEN_BACK as usize || self.space.clear(bytes.clone()).is_err() {
            self.space.bytes_mut()[bytes].fill(0);
        }
    }

    /// The header of the object at a distance from the base; `None` if no object begins there.
    #[inline]
    pub(super) fn header(&self, at: usize) -> Option<Header> {
        let offset = at % BLOCK;
        let begins = match *self.blocks.get(at / BLOCK)? {
            kind::LARGE => offset == 0,
            kind @ kind::CELLS.. => Class(kind - kind::CELLS).has_cell_at(offset),
            _ => false,
        };
        if begins { header_at(self.space.bytes(), at) } else { None }
    }

    /// The fields or elements of an object that was just made, which take so many bytes.
    #[inline]
    pub(super) fn payload_mut(&mut self, addr: HeapAddr, bytes: usize) -> Option<&mut [u8]> {
        let start = addr.index() * UNIT + HEADER;
        self.space.bytes_mut().get_mut(start..start + bytes)
    }

    /// All bytes.
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        self.space.bytes()
    }

    /// All bytes, for writing.
    #[inline]
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        self.space.bytes_mut()
    }

    /// Calls `visit` with the place of every object.
    pub(super) fn for_each(&self, mut visit: impl FnMut(usize, Header)) {
        for (block, kind) in self.blocks.iter().enumerate() {
            let (step, end) = match *kind {
                kind::LARGE => (BLOCK, BLOCK),
                kind @ kind::CELLS.. => {
                    let class = Class(kind - kind::CELLS);
                    (class.bytes(), class.end())
                }
                _ => continue,
            };
            for at in (block * BLOCK..block * BLOCK + end).step_by(step) {
                if let Some(header) = header_at(self.space.bytes(), at) {
                    visit(at, header);
                }
            }
        }
    }

    /// Frees every object whose first unit is not marked. Blocks are free where none of their objects is; `kept` bytes of them stay
    /// as they are, to be used again.
    pub(super) fn sweep(&mut self, marks: &Bits, kept: u64, def: &HeapDef) {
        let mut block = 0;
        while let Some(kind) = self.blocks.get(block).copied() {
            block += match kind {
                kind::LARGE => self.sweep_large(block, marks),
                kind::CELLS.. => self.sweep_cells(block, Class(kind - kind::CELLS), marks),
                _ => 1,
            };
        }
        self.find_extents(usize::try_from(kept / BLOCK as u64).unwrap_or(usize::MAX));
        self.cursors.fill(Cursor::default());
        def.runs.iter().for_each(|run| run.set(0, 0));
    }

    /// Gives the number of the object's blocks.
    fn sweep_large(&mut self, start: usize, marks: &Bits) -> usize {
        let rest = self.blocks[start + 1..].iter().take_while(|kind| **kind == kind::REST);
        let count = 1 + rest.count();
        if !marks.get(start * BLOCK / UNIT) {
            self.blocks[start..start + count].fill(kind::FREE);
        }
        count
    }

    fn sweep_cells(&mut self, block: usize, class: Class, marks: &Bits) -> usize {
        let first = block * BLOCK;
        if !marks.any(first / UNIT..(first + BLOCK) / UNIT) {
            self.blocks[block] = kind::FREE;
            return 1;
        }
        let bytes = self.space.bytes_mut();
        for at in (first..first + class.end()).step_by(class.bytes()) {
            if !marks.get(at / UNIT) {
                bytes[at..at + size_of::<u64>()].fill(0);
            }
        }
        1
    }

    /// Looks for ranges of free blocks.
    fn find_extents(&mut self, kept: usize) {
        self.free.clear();
        let mut kept = kept.max(KEPT_BLOCKS);
        let mut block = 0;
        while block < self.blocks.len() {
            let rest = self.blocks[block..].iter().take_while(|kind| **kind == kind::FREE);
            let len = rest.count();
            if len > 0 {
                let here = len.min(kept);
                kept -= here;
                self.add_extent(block, here, false);
                self.add_extent(block + here, len - here, true);
            }
            block += len.max(1);
        }
    }

    /// Adds free blocks; their pages go back to the system if that is asked for and worth it.
    fn add_extent(&mut self, start: usize, len: usize, give_back: bool) {
        let bytes = start * BLOCK..(start + len) * BLOCK;
        let clean = give_back && len >= GIVEN_BACK as usize && self.space.clear(bytes).is_ok();
        self.free.add(Extent { start: start as u32, len: len as u32, clean });
    }

    /// Makes blocks of an image, none of them with an object. Those of large objects come with their objects.
    pub(super) fn restore(&mut self, blocks: &[u8]) -> Option<()> {
        self.grow(blocks.len()).ok()?;
        for (block, kind) in blocks.iter().enumerate().skip(1) {
            let kind = match *kind {
                kind::FREE | kind::LARGE | kind::REST => kind::FREE,
                kind if usize::from(kind - kind::CELLS) < CLASSES => kind,
                _ => return None,
            };
            debug_assert_eq!(block, self.blocks.len());
            room::push(&mut self.blocks, kind).ok()?;
        }
        Some(())
    }

    /// Makes room for an object of an image at its place; `None` if there is none.
    pub(super) fn restore_at(&mut self, at: usize, bytes: usize) -> Option<()> {
        let block = at / BLOCK;
        match Class::of(bytes) {
            Some(class) => {
                let is_cell = *self.blocks.get(block)? == kind::CELLS + class.0
                    && class.has_cell_at(at % BLOCK)
                    && header_at(self.space.bytes(), at).is_none();
                is_cell.then_some(())
            }
            None => {
                let count = bytes.div_ceil(BLOCK);
                let own = self.blocks.get(block..block.checked_add(count)?)?;
                let is_free = at.is_multiple_of(BLOCK) && own.iter().all(|k| *k == kind::FREE);
                is_free.then(|| self.set_large(block, count))
            }
        }
    }

    /// When all objects of an image are there. Nothing was ever elsewhere, so all bytes are zero.
    pub(super) fn restored(&mut self) {
        let mut block = 0;
        while block < self.blocks.len() {
            let rest = self.blocks[block..].iter().take_while(|kind| **kind == kind::FREE);
            let len = rest.count();
            self.free.add(Extent { start: block as u32, len: len as u32, clean: true });
            block += len.max(1);
        }
    }
}

#[inline]
fn header_at(bytes: &[u8], at: usize) -> Option<Header> {
    Header::of_word(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn no_address() -> Stop {
    Exhaustion::Limit("the heap has no address left").into()
}
