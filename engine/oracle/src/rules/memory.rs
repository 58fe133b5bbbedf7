//! Memory Instructions on numbers, and those on whole memories.

use super::table::{in_bounds, narrower};
use crate::configuration::{Configuration, Step, bug, wrong_type};
use crate::text::Memarg;
use etalon_module::{Opcode, Rule};
use etalon_numerics::Function;
use etalon_runtime::{MemoryInst, Protection, Region, Store, Trap, Trapped, Value};
use std::ops::Range;

/// The number that is written as these bytes. The specification asks for the number `c` whose bytes they are, which is the inverse of
/// writing it: `$inv_nbytes_`, by `$inv_ibytes_` and `$inv_fbytes_` for integers and floats.
pub(crate) type OfBytes<const N: usize> = fn([u8; N]) -> Value;

/// The bytes that a number is written as, least significant first: `$nbytes_`, by `$ibytes_` and `$fbytes_`; `None` if the number is
/// of another type.
pub(crate) type BytesOf<const N: usize> = fn(Value) -> Option<[u8; N]>;

/// Bytes that are written before it is asked whether to go on.
const PART: usize = 1 << 24;

/// Up to 8 bytes as a number, least significant first.
pub(super) fn word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// Loads and stores.
impl Configuration<'_> {
    pub(super) fn memory(&mut self, index: u32) -> Step<&mut MemoryInst> {
        let memory = self.memory_addr(index)?;
        self.store.memories.get_mut(memory.index()).ok_or_else(|| bug("a memory is gone"))
    }

    /// The size of a memory in bytes.
    pub(super) fn bytes_in(&mut self, index: u32) -> Step<u64> {
        Ok(self.memory(index)?.bytes().len() as u64)
    }

    /// The effective address: operand plus offset, as a number without bounds; `None` if it is above every address. And the size in
    /// bytes of the memory.
    pub(super) fn pop_effective_address(&mut self, arg: Memarg) -> Step<(Option<u64>, u64)> {
        let memory = self.memory(arg.memory)?;
        let (ty, size) = (memory.ty().addr, memory.bytes().len() as u64);
        Ok((self.pop_address(ty)?.checked_add(arg.offset), size))
    }

    /// Of bytes that are in bounds, none may be in a region of the embedder's that forbids the access. No rule says so.
    #[inline(always)]
    pub(super) fn permit(&mut self, index: u32, from: u64, len: u64, writes: bool) -> Step {
        let regions = if self.store.checks_regions() { self.memory(index)?.regions() } else { &[] };
        let forbids = |r: &&Region| writes || r.protection == Protection::Inaccessible;
        let near = &regions[regions.partition_point(|r| r.end <= from)..];
        let hit = near.iter().take_while(|r| from.max(r.start) < from + len).find(forbids);
        hit.map(Trapped::from).map_or(Ok(()), |trapped| Err(self.trap(trapped)))
    }

    /// Pops an address, and gives where the `len` bytes there begin.
    #[inline(always)]
    fn pop_start(&mut self, arg: Memarg, len: u64, writes: bool, oob: Rule) -> Step<usize> {
        let (start, size) = self.pop_effective_address(arg)?;
        let start = start.filter(|start| in_bounds(*start, len, size));
        let start = self.found(start, oob, Trap::MemoryOutOfBounds)?;
        self.permit(arg.memory, start, len, writes)?;
        Ok(start as usize)
    }

    /// Pops an address, and reads the bytes there.
    #[inline(always)]
    pub(super) fn read<const N: usize>(&mut self, arg: Memarg, oob: Rule) -> Step<[u8; N]> {
        let start = self.pop_start(arg, N as u64, false, oob)?;
        let bytes = self.memory(arg.memory)?.bytes()[start..].first_chunk().copied();
        bytes.ok_or_else(|| bug("bytes in bounds are not there"))
    }

    /// Pops an address, and writes bytes there.
    #[inline(always)]
    pub(super) fn write<const N: usize>(&mut self, arg: Memarg, new: [u8; N], oob: Rule) -> Step {
        let start = self.pop_start(arg, N as u64, true, oob)?;
        self.memory(arg.memory)?.bytes_mut()[start..][..N].copy_from_slice(&new);
        Ok(())
    }

    fn load<const N: usize>(&mut self, arg: Memarg, of: OfBytes<N>, [val, oob]: [Rule; 2]) -> Step {
        let bytes = self.read(arg, oob)?;
        self.used(val);
        self.push(of(bytes))
    }

    fn store<const N: usize>(&mut self, arg: Memarg, of: BytesOf<N>, rules: [Rule; 2]) -> Step {
        let value = self.pop()?;
        let bytes = of(value).ok_or_else(|| wrong_type(value, "another number"))?;
        let [val, oob] = rules;
        self.write(arg, bytes, oob)?;
        self.used(val);
        Ok(())
    }

    /// `i32.load`, `i64.load`, `f32.load`, `f64.load` read a number. `Step_read/load-num-oob`, `Step_read/load-num-val`
    pub(crate) fn load_num<const N: usize>(&mut self, arg: Memarg, of: OfBytes<N>) -> Step {
        self.load(arg, of, [Rule::LoadNumVal, Rule::LoadNumOob])
    }

    /// `i32.load8_s` … `i64.load32_u` read a narrower integer and extend it. `Step_read/load-pack-oob`, `Step_read/load-pack-val`
    pub(crate) fn load_pack<const N: usize>(&mut self, arg: Memarg, of: OfBytes<N>) -> Step {
        self.load(arg, of, [Rule::LoadPackVal, Rule::LoadPackOob])
    }

    /// `i32.store`, `i64.store`, `f32.store`, `f64.store` write a number. `Step/store-num-oob`, `Step/store-num-val`
    pub(crate) fn store_num<const N: usize>(&mut self, arg: Memarg, of: BytesOf<N>) -> Step {
        self.store(arg, of, [Rule::StoreNumVal, Rule::StoreNumOob])
    }

    /// `i32.store8` … `i64.store32` write the low bytes of an integer. `Step/store-pack-oob`, `Step/store-pack-val`
    pub(crate) fn store_pack<const N: usize>(&mut self, arg: Memarg, of: BytesOf<N>) -> Step {
        self.store(arg, of, [Rule::StorePackVal, Rule::StorePackOob])
    }
}

/// Whole memories.
impl Configuration<'_> {
    /// `memory.size` gives the size in pages. `Step_read/memory.size`
    pub(crate) fn memory_size(&mut self, memory: u32) -> Step {
        self.used(Rule::MemorySize);
        let memory = self.memory(memory)?;
        let (ty, pages) = (memory.ty().addr, memory.pages());
        self.push_address(ty, pages)
    }

    /// `memory.grow` adds pages and gives the old size; it gives -1 where the memory must not grow so far.
    /// `Step/memory.grow-succeed`, `Step/memory.grow-fail`
    pub(crate) fn memory_grow(&mut self, index: u32) -> Step {
        let ty = self.memory(index)?.ty();
        let delta = self.pop_address(ty.addr)?;
        let addr = self.memory_addr(index)?;
        if !self.memory(index)?.can_grow(delta) || !self.store.may_grow_memory(addr, delta)? {
            self.used(Rule::MemoryGrowFail);
            self.applied(Function::InvSigned);
            return self.push_address(ty.addr, u64::MAX);
        }
        // A host without memory ends the run: no guest may observe it (gas-1, *Memories and tables*).
        self.memory(index)?.reserve_growth(delta)?;
        // The unit of the charge is a page of 64 KiB, whatever the memory's own (gas-1, *Dynamic charges*).
        let bytes = u128::from(delta) << ty.page_size_log2;
        let units = u64::try_from(bytes.div_ceil(1 << 16)).unwrap_or(u64::MAX);
        self.charge(Opcode::MemoryGrow, units)?;
        let old = self.memory(index)?.grow(delta).ok().flatten();
        let old = old.ok_or_else(|| bug("a memory that could grow did not"))?;
        self.used(Rule::MemoryGrowSucceed);
        self.push_address(ty.addr, old)
    }

    /// `memory.fill` sets a range of bytes to the lowest byte of an operand.
    /// `Step_read/memory.fill-oob`, `Step_read/memory.fill-zero`, `Step_read/memory.fill-succ`
    pub(crate) fn memory_fill(&mut self, memory: u32) -> Step {
        let ty = self.memory(memory)?.ty().addr;
        let len = self.pop_address(ty)?;
        let value = self.pop_i32()?;
        let start = self.pop_address(ty)?;
        let inside = in_bounds(start, len, self.bytes_in(memory)?);
        self.check(inside, Rule::MemoryFillOob, Trap::MemoryOutOfBounds)?;
        self.permit(memory, start, len, true)?;
        self.charge(Opcode::MemoryFill, len)?;
        self.used(if len == 0 { Rule::MemoryFillZero } else { Rule::MemoryFillSucc });
        self.fill(memory, start, len, value as u8)
    }

    fn fill(&mut self, memory: u32, start: u64, len: u64, value: u8) -> Step {
        let (memory, start) = (self.memory_addr(memory)?.index(), start as usize);
        self.in_parts(len as usize, true, |store, part| {
            store.memories[memory].bytes_mut()[start..][part].fill(value);
        })
    }

    /// Writes `len` bytes part by part, from the first to the last or the other way round.
    fn in_parts(
        &mut self,
        len: usize,
        upwards: bool,
        mut write: impl FnMut(&mut Store, Range<usize>),
    ) -> Step {
        let count = len.div_ceil(PART);
        for part in 0..count {
            self.store.check_interrupt()?;
            let start = if upwards { part } else { count - 1 - part } * PART;
            write(self.store, start..len.min(start + PART));
        }
        Ok(())
    }

    /// `memory.discard` sets whole pages to zero (proposal *memory control*). Its operands are an address and a size in bytes. The
    /// range that they ask for must be in bounds; then the address is aligned down to the page size and the size up.
    pub(crate) fn memory_discard(&mut self, memory: u32) -> Step {
        let ty = self.memory(memory)?.ty();
        let size = self.pop_address(ty.addr)?;
        let start = self.pop_address(ty.addr)?;
        if !in_bounds(start, size, self.bytes_in(memory)?) {
            return Err(self.trap(Trap::MemoryOutOfBounds));
        }
        // A memory consists of whole pages, so these are in bounds where the range is.
        let page = 1 << ty.page_size_log2;
        let (start, size) = (start - start % page, size.next_multiple_of(page));
        self.permit(memory, start, size, true)?;
        // The unit of the charge is a byte that is written, as for `memory.fill`.
        self.charge(Opcode::MemoryDiscard, size)?;
        self.fill(memory, start, size, 0)
    }

    /// `memory.copy` copies a range of bytes; the ranges may overlap.
    /// `Step_read/memory.copy-oob`, `Step_read/memory.copy-zero`, `Step_read/memory.copy-le`, `Step_read/memory.copy-gt`
    pub(crate) fn memory_copy(&mut self, (dst, src): (u32, u32)) -> Step {
        let (dst_ty, src_ty) = (self.memory(dst)?.ty().addr, self.memory(src)?.ty().addr);
        let len = self.pop_address(narrower(dst_ty, src_ty))?;
        let from = self.pop_address(src_ty)?;
        let to = self.pop_address(dst_ty)?;
        let (dst_len, src_len) = (self.bytes_in(dst)?, self.bytes_in(src)?);
        let inside = in_bounds(to, len, dst_len) && in_bounds(from, len, src_len);
        self.check(inside, Rule::MemoryCopyOob, Trap::MemoryOutOfBounds)?;
        self.permit(dst, to, len, true)?;
        self.permit(src, from, len, false)?;
        self.charge(Opcode::MemoryCopy, len)?;
        self.used(match () {
            () if len == 0 => Rule::MemoryCopyZero,
            () if to <= from => Rule::MemoryCopyLe,
            () => Rule::MemoryCopyGt,
        });
        let (from, to, len) = (from as usize, to as usize, len as usize);
        let (dst, src) = (self.memory_addr(dst)?.index(), self.memory_addr(src)?.index());
        self.in_parts(len, to <= from, |store, part| {
            let bytes = from + part.start..from + part.end;
            match store.memories.get_disjoint_mut([dst, src]) {
                Ok([dst, src]) => dst.bytes_mut()[to..][part].copy_from_slice(&src.bytes()[bytes]),
                // It is one memory.
                Err(_) => store.memories[dst].bytes_mut().copy_within(bytes, to + part.start),
            }
        })
    }

    /// `memory.init` copies bytes of a segment. `Step_read/memory.init-oob`, `Step_read/memory.init-zero`, `Step_read/memory.init-succ`
    pub(crate) fn memory_init(&mut self, (data, memory): (u32, u32)) -> Step {
        let ty = self.memory(memory)?.ty().addr;
        let (len, from) = (u64::from(self.pop_i32()?), u64::from(self.pop_i32()?));
        let to = self.pop_address(ty)?;
        let data = self.data_addr(data)?.index();
        let data_size = self.store.datas.bytes(data).len() as u64;
        let inside = in_bounds(to, len, self.bytes_in(memory)?) && in_bounds(from, len, data_size);
        self.check(inside, Rule::MemoryInitOob, Trap::MemoryOutOfBounds)?;
        self.permit(memory, to, len, true)?;
        self.charge(Opcode::MemoryInit, len)?;
        self.used(if len == 0 { Rule::MemoryInitZero } else { Rule::MemoryInitSucc });
        let memory = self.memory_addr(memory)?.index();
        let to = &mut self.store.memories[memory].bytes_mut()[to as usize..][..len as usize];
        to.copy_from_slice(&self.store.datas.bytes(data)[from as usize..][..len as usize]);
        Ok(())
    }

    /// `data.drop` empties a segment. `Step/data.drop`
    pub(crate) fn data_drop(&mut self, data: u32) -> Step {
        self.used(Rule::DataDrop);
        let data = self.data_addr(data)?;
        self.store.datas.drop_bytes(data.index());
        Ok(())
    }
}
