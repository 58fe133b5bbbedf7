//! Bulk instructions of "Memory Instructions", in the order that gas-1 section 5.1 sets: checks, charge, effect.

use super::Guest;
use super::regions::allow;
use etalon_module::AddrType;
use etalon_module::operator::Opcode;
use etalon_runtime::{DataAddr, HostError, MemoryAddr, MemoryInst, Stop, Store, Trap};
use std::ops::Range;

/// Binary logarithm of the bytes in a page as gas-1 prices it, whatever the page size of the memory.
const PRICED_PAGE_LOG2: u32 = 16;

/// Bytes of a long operation between two looks for an interrupt.
pub(crate) const STRIDE: usize = 8 << 20;

impl Guest<'_> {
    fn memory(&self, index: u64) -> MemoryAddr {
        self.store.instance(self.instance).memories[index as usize]
    }

    fn data(&self, index: u64) -> Result<DataAddr, Stop> {
        let found = self.store.instance(self.instance).data(index as u32);
        found.ok_or_else(|| Stop::crash("a data segment is not there"))
    }
}

/// The range of `len` bytes or elements from `start`, if all of them are within `size`.
pub(super) fn range(start: u64, len: u64, size: u64) -> Option<Range<usize>> {
    let end = start.checked_add(len).filter(|end| *end <= size)?;
    Some(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
}

fn memory_range(memory: &MemoryInst, start: u64, len: u64) -> Result<Range<usize>, Stop> {
    range(start, len, memory.bytes().len() as u64).ok_or(Trap::MemoryOutOfBounds.into())
}

/// The most pages that a memory may have: its declared maximum, and the cap of the schedule.
fn most_pages(store: &Store, memory: &MemoryInst) -> u64 {
    let ty = memory.ty();
    let limits = store.schedule().limits();
    let cap = match ty.addr {
        AddrType::I32 => limits.memory_pages,
        AddrType::I64 => limits.memory_pages_64,
    };
    let bytes = u128::from(cap) << PRICED_PAGE_LOG2;
    let cap = u64::try_from(bytes >> ty.page_size_log2).unwrap_or(u64::MAX);
    // The result of growing by one more would be the -1 of a failure.
    let cap = if ty.addr == AddrType::I32 { cap.min(u32::MAX.into()) } else { cap };
    ty.limits.max.unwrap_or(u64::MAX).min(cap)
}

fn grow(mut guest: Guest<'_>, memory: u64, delta: u64) -> Result<u64, Stop> {
    let addr = guest.memory(memory);
    let memory = &guest.store.memories[addr.index()];
    let page_size_log2 = memory.ty().page_size_log2;
    let fits = memory
        .pages()
        .checked_add(delta)
        .is_some_and(|pages| pages <= most_pages(guest.store, memory));
    if !fits || !guest.store.may_grow_memory(addr, delta)? {
        return Ok(u64::MAX);
    }
    guest.store.memories[addr.index()].reserve_growth(delta)?;
    // Within the caps this is far below 2^64.
    let bytes = delta << page_size_log2;
    guest.charge(Opcode::MemoryGrow, bytes.div_ceil(1 << PRICED_PAGE_LOG2))?;
    match guest.store.memories[addr.index()].grow(delta) {
        Ok(Some(old)) => Ok(old),
        Ok(None) => Err(Stop::crash("a memory did not grow within its limits")),
        Err(error) => Err(Stop::Host(HostError::new(error.to_string()))),
    }
}

/// Sets a range of bytes, stride by stride.
fn set(
    guest: &mut Guest<'_>,
    memory: MemoryAddr,
    range: Range<usize>,
    value: u8,
) -> Result<u64, Stop> {
    let mut rest = range;
    loop {
        let end = rest.end.min(rest.start.saturating_add(STRIDE));
        guest.store.memories[memory.index()].bytes_mut()[rest.start..end].fill(value);
        rest.start = end;
        if rest.is_empty() {
            return Ok(0);
        }
        guest.store.check_interrupt()?;
    }
}

fn fill(mut guest: Guest<'_>, memory: u64, start: u64, value: u64, len: u64) -> Result<u64, Stop> {
    let addr = guest.memory(memory);
    let memory = &guest.store.memories[addr.index()];
    let range = memory_range(memory, start, len)?;
    allow(memory, &range, true)?;
    guest.charge(Opcode::MemoryFill, len)?;
    set(&mut guest, addr, range, value as u8)
}

/// The pages that are discarded begin with that of the first byte asked for. They are as many as hold so many bytes, even if
/// the range asked for ends one page later.
fn discard(mut guest: Guest<'_>, memory: u64, start: u64, len: u64) -> Result<u64, Stop> {
    let addr = guest.memory(memory);
    let memory = &guest.store.memories[addr.index()];
    let asked = memory_range(memory, start, len)?;
    let within_page = (1usize << memory.ty().page_size_log2) - 1;
    let first = asked.start & !within_page;
    let bytes = (asked.len() + within_page) & !within_page;
    let pages = first..first + bytes;
    allow(memory, &pages, true)?;
    guest.charge(Opcode::MemoryDiscard, bytes as u64)?;
    set(&mut guest, addr, pages, 0)
}

fn copy(mut guest: Guest<'_>, to: u64, from: u64, at: [u64; 2], len: u64) -> Result<u64, Stop> {
    let (to, from) = (guest.memory(to), guest.memory(from));
    let memories = &guest.store.memories;
    let target = memory_range(&memories[to.index()], at[0], len)?;
    let source = memory_range(&memories[from.index()], at[1], len)?;
    allow(&memories[to.index()], &target, true)?;
    allow(&memories[from.index()], &source, false)?;
    guest.charge(Opcode::MemoryCopy, len)?;
    // Towards higher addresses of the same memory, a stride would overwrite what the next one reads.
    let from_the_end = to == from && target.start > source.start;
    let (whole, mut done) = (target.len(), 0);
    loop {
        let len = STRIDE.min(whole - done);
        let at = if from_the_end { whole - done - len } else { done };
        let (source, target) = (source.start + at, target.start + at);
        let memories = &mut guest.store.memories;
        if to == from {
            memories[to.index()].bytes_mut().copy_within(source..source + len, target);
        } else if let Ok([to, from]) = memories.get_disjoint_mut([to.index(), from.index()]) {
            let bytes = &from.bytes()[source..source + len];
            to.bytes_mut()[target..target + len].copy_from_slice(bytes);
        }
        done += len;
        if done == whole {
            return Ok(0);
        }
        guest.store.check_interrupt()?;
    }
}

fn init(mut guest: Guest<'_>, memory: u64, data: u64, at: [u64; 2], len: u64) -> Result<u64, Stop> {
    let (addr, data) = (guest.memory(memory), guest.data(data)?);
    let size = guest.store.datas.bytes(data.index()).len() as u64;
    let source = range(at[1], len, size).ok_or(Stop::from(Trap::MemoryOutOfBounds))?;
    let memory = &guest.store.memories[addr.index()];
    let target = memory_range(memory, at[0], len)?;
    allow(memory, &target, true)?;
    guest.charge(Opcode::MemoryInit, len)?;
    let mut done = 0;
    loop {
        let len = STRIDE.min(target.len() - done);
        let (from, to) = (source.start + done, target.start + done);
        let bytes = &guest.store.datas.bytes(data.index())[from..from + len];
        guest.store.memories[addr.index()].bytes_mut()[to..to + len].copy_from_slice(bytes);
        done += len;
        if done == target.len() {
            return Ok(0);
        }
        guest.store.check_interrupt()?;
    }
}

routines! {
    /// `memory.grow`
    grow(memory, delta, c, d, e) = |g: Guest<'_>| grow(g, memory, delta);
    /// `memory.fill`
    fill(memory, start, value, len, e) = |g: Guest<'_>| fill(g, memory, start, value, len);
    /// `memory.discard`
    discard(memory, start, len, d, e) = |g: Guest<'_>| discard(g, memory, start, len);
    /// `memory.copy`
    copy(to, from, target, source, len) = |g: Guest<'_>| copy(g, to, from, [target, source], len);
    /// `memory.init`
    init(memory, data, target, source, len) = |g: Guest<'_>| {
        init(g, memory, data, [target, source], len)
    };
    /// `data.drop`
    data_drop(data, b, c, d, e) = |g: Guest<'_>| {
        let data = g.data(data)?;
        g.store.datas.drop_bytes(data.index());
        Ok(0)
    };
    /// `memory.atomic.wait32` and `memory.atomic.wait64`, after the load: 1 if the value is not the expected one, 2 if
    /// the time is up. That is at once, for no other thread runs that could notify.
    wait(loaded, expected, timeout, shared, e) = |_: Guest<'_>| {
        if shared == 0 {
            return Err(Trap::ExpectedSharedMemory.into());
        }
        if loaded != expected {
            return Ok(1);
        }
        if (timeout as i64) < 0 {
            return Err(Stop::Host(HostError::new("the only thread would wait for ever")));
        }
        Ok(2)
    };
    /// Before a load, a store or an atomic access, whose bytes are in bounds.
    allow(memory, start, len, writes, e) = |g: Guest<'_>| {
        let memory = &g.store.memories[g.memory(memory).index()];
        let range = memory_range(memory, start, len)?;
        allow(memory, &range, writes != 0).map(|()| 0)
    };
}
