//! Memory instructions ("Memory Instructions") other than loads and stores.
//!
//! The specification copies and fills byte by byte, by recursive rules; here it is done at once. The
//! effect is the same, because the bounds are checked before the first byte.

use super::Context;
use super::rare::{Rare, rare};
use super::regions::allow;
use etalon_gas::Limits;
use etalon_module::{AddrType, Opcode as O};
use etalon_runtime::{MemoryAddr, MemoryInst, Stop, Store, Trap};
use std::ops::Range;

/// How many bytes are written at once. Between two pieces of this size a run can be interrupted.
const PIECE: usize = 16 << 20;

/// Elements of tables and arrays that are handled one by one between two such looks.
const ELEMENTS: u64 = 1 << 16;

/// An operand that is an address or a number of pages, as wide as the memory's addresses.
pub(super) fn address(slot: u64, ty: AddrType) -> u64 {
    match ty {
        AddrType::I32 => u64::from(slot as u32),
        AddrType::I64 => slot,
    }
}

/// The range of `len` bytes from `start`; `None` if it is out of bounds.
pub(super) fn range(start: u64, len: u64, size: usize) -> Option<Range<usize>> {
    let end = start.checked_add(len)?;
    (end <= size as u64).then_some(start as usize..end as usize)
}

/// The rare instructions of this chapter.
pub(super) const RARE: &[(O, Rare)] = &[
    (O::MemorySize, rare(0, &[1], |c| c.memory_size())),
    (O::MemoryGrow, rare(1, &[1], |c| c.memory_grow())),
    (O::MemoryFill, rare(3, &[], |c| c.memory_fill())),
    (O::MemoryDiscard, rare(2, &[], |c| c.memory_discard())),
    (O::MemoryCopy, rare(3, &[], |c| c.memory_copy())),
    (O::MemoryInit, rare(3, &[], |c| c.memory_init())),
    (O::DataDrop, rare(0, &[], |c| c.data_drop())),
];

/// Pages that a memory may still get (gas-1, *Memories and tables*).
fn pages_left(memory: &MemoryInst, limits: Limits) -> u64 {
    let ty = memory.ty();
    // With addresses of 32 bits, -1 is no size.
    let (priced, addressed) = match ty.addr {
        AddrType::I32 => (limits.memory_pages, u64::from(u32::MAX)),
        AddrType::I64 => (limits.memory_pages_64, u64::MAX),
    };
    // The cap is in pages of 64 KiB, or as many bytes.
    let bytes = u128::from(priced) * 0x1_0000;
    let own = u64::try_from(bytes >> ty.page_size_log2).unwrap_or(u64::MAX);
    let declared = ty.limits.max.unwrap_or(u64::MAX);
    own.min(addressed).min(declared).saturating_sub(memory.pages())
}

impl Context<'_> {
    fn memory(&mut self, address: u32) -> &mut MemoryInst {
        &mut self.store.memories[address as usize]
    }

    /// `memory.size`
    fn memory_size(&mut self) -> Result<(), Stop> {
        let pages = self.memory(self.op.x).pages();
        self.set(pages);
        Ok(())
    }

    /// `memory.grow`
    fn memory_grow(&mut self) -> Result<(), Stop> {
        let memory = &self.store.memories[self.op.x as usize];
        let ty = memory.ty();
        let delta = address(self.slots[0], ty.addr);
        let fits = delta <= pages_left(memory, self.store.schedule().limits());
        if !fits || !self.store.may_grow_memory(MemoryAddr(self.op.x), delta)? {
            self.set(address(u64::MAX, ty.addr));
            return Ok(());
        }
        self.memory(self.op.x).reserve_growth(delta)?;
        // The unit of the charge is a page of 64 KiB, whatever the memory's own.
        let bytes = u128::from(delta) << ty.page_size_log2;
        self.charge(u64::try_from(bytes.div_ceil(1 << 16)).unwrap_or(u64::MAX))?;
        // If the host has no memory left the run stops; the guest must not see -1.
        let grown = self.memory(self.op.x).grow(delta);
        let old = grown.map_err(|e| Stop::Host(etalon_runtime::HostError::new(e.to_string())))?;
        let old = old.ok_or_else(|| Stop::crash("a memory that could grow did not"))?;
        self.set(old);
        Ok(())
    }

    /// `memory.fill`
    fn memory_fill(&mut self) -> Result<(), Stop> {
        let ty = self.memory(self.op.x).ty().addr;
        let (start, value) = (address(self.slots[0], ty), self.slots[1] as u8);
        let len = address(self.slots[2], ty);
        let size = self.memory(self.op.x).bytes().len();
        let Some(range) = range(start, len, size) else {
            return Err(Trap::MemoryOutOfBounds.into());
        };
        allow(self.memory(self.op.x).regions(), range.clone(), true)?;
        self.charge(len)?;
        self.set_bytes(range, value)
    }

    /// `memory.discard` (proposal *memory control*)
    fn memory_discard(&mut self) -> Result<(), Stop> {
        let memory = self.memory(self.op.x);
        let (ty, size) = (memory.ty(), memory.bytes().len());
        let start = address(self.slots[0], ty.addr);
        let len = address(self.slots[1], ty.addr);
        if range(start, len, size).is_none() {
            return Err(Trap::MemoryOutOfBounds.into());
        }
        // The address and the length are aligned each for itself.
        let log2 = ty.page_size_log2;
        let first = start >> log2 << log2;
        let len = len.div_ceil(1 << log2) << log2;
        let Some(pages) = range(first, len, size) else {
            return Err(Stop::crash("a memory that is not whole pages"));
        };
        allow(self.memory(self.op.x).regions(), pages.clone(), true)?;
        self.charge(len)?;
        self.set_bytes(pages, 0)
    }

    /// `memory.copy`
    fn memory_copy(&mut self) -> Result<(), Stop> {
        let (dst, src) = (self.op.x as usize, self.op.y as usize);
        let memories = &mut self.store.memories;
        let (dst_ty, src_ty) = (memories[dst].ty().addr, memories[src].ty().addr);
        let to = address(self.slots[0], dst_ty);
        let from = address(self.slots[1], src_ty);
        // The length has the narrower of the two address types.
        let narrow = if src_ty == AddrType::I32 { src_ty } else { dst_ty };
        let len = address(self.slots[2], narrow);
        let to_range = range(to, len, memories[dst].bytes().len());
        let from_range = range(from, len, memories[src].bytes().len());
        let (Some(to_range), Some(from_range)) = (to_range, from_range) else {
            return Err(Trap::MemoryOutOfBounds.into());
        };
        allow(memories[dst].regions(), to_range.clone(), true)?;
        allow(memories[src].regions(), from_range.clone(), false)?;
        self.charge(len)?;
        let (to, from) = (to_range.start, from_range.start);
        let copy = |store: &mut Store, at: usize, len: usize| {
            let memories = &mut store.memories;
            if dst == src {
                memories[dst].bytes_mut().copy_within(from + at..from + at + len, to + at);
            } else if let Ok([dst, src]) = memories.get_disjoint_mut([dst, src]) {
                let source = &src.bytes()[from + at..from + at + len];
                dst.bytes_mut()[to + at..to + at + len].copy_from_slice(source);
            }
        };
        // What is copied must not be overwritten before: where the ranges overlap, the end that is nearer goes first.
        let (len, mut done) = (to_range.len(), 0);
        while done < len {
            self.store.check_interrupt()?;
            let piece = PIECE.min(len - done);
            let at = if from < to { len - done - piece } else { done };
            copy(self.store, at, piece);
            done += piece;
        }
        Ok(())
    }

    /// Looks for an interrupt before some of the elements of a long operation.
    #[inline]
    pub(super) fn look(&self, element: u64) -> Result<(), Stop> {
        if element.is_multiple_of(ELEMENTS) { self.store.check_interrupt() } else { Ok(()) }
    }

    /// Sets bytes of the memory of the instruction.
    fn set_bytes(&mut self, range: Range<usize>, value: u8) -> Result<(), Stop> {
        for start in range.clone().step_by(PIECE) {
            self.store.check_interrupt()?;
            let end = range.end.min(start + PIECE);
            self.memory(self.op.x).bytes_mut()[start..end].fill(value);
        }
        Ok(())
    }

    /// `memory.init`
    fn memory_init(&mut self) -> Result<(), Stop> {
        let ty = self.memory(self.op.y).ty().addr;
        let to = address(self.slots[0], ty);
        let (from, len) = (u64::from(self.slots[1] as u32), u64::from(self.slots[2] as u32));
        let size = self.memory(self.op.y).bytes().len();
        let data = self.store.datas.bytes(self.op.x as usize);
        let from_range = range(from, len, data.len());
        let (Some(to_range), Some(from_range)) = (range(to, len, size), from_range) else {
            return Err(Trap::MemoryOutOfBounds.into());
        };
        allow(self.memory(self.op.y).regions(), to_range.clone(), true)?;
        self.charge(len)?;
        for done in (0..to_range.len()).step_by(PIECE) {
            self.store.check_interrupt()?;
            let len = PIECE.min(to_range.len() - done);
            let (from, to) = (from_range.start + done, to_range.start + done);
            let source = &self.store.datas.bytes(self.op.x as usize)[from..from + len];
            let memory = &mut self.store.memories[self.op.y as usize];
            memory.bytes_mut()[to..to + len].copy_from_slice(source);
        }
        Ok(())
    }

    /// `data.drop`
    fn data_drop(&mut self) -> Result<(), Stop> {
        self.store.datas.drop_bytes(self.op.x as usize);
        Ok(())
    }
}
