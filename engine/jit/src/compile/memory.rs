//! "Memory Instructions".

use super::bulk::Bulk;
use super::table::shorter;
use super::translator::Translator;
use crate::abi::{Region, trap_code};
use crate::error::{Failure, Reason};
use crate::libcalls::Builtins;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F32, F64, I32, I64};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value};
use etalon_module::operator::Opcode;
use etalon_module::{AddrType, MemoryType};
use etalon_runtime::{GUARD_BYTES, MemoryDef, Trap};
use std::mem::offset_of;
use target_lexicon::{Architecture, Triple};
use wasmparser::{MemArg, MemArgTarget, Operator as O};

/// How a load widens what it loads.
#[derive(Clone, Copy)]
pub(super) enum Width {
    /// Not at all.
    Full,
    /// From so many bits.
    Signed(u8),
    /// From so many bits.
    Unsigned(u8),
}

/// Whether a processor may have written a part of a store when it finds that the rest is beyond a page without rights. There the last
/// byte is read first: a store that traps writes nothing.
///
/// x86-64 promises that it has not: a page fault is a *fault*, after which the state is the one before the instruction, so that
/// whoever maps the page can begin it again. The architecture of ARM allows a store that crosses pages to be made in parts, and so does
/// that of RISC-V, where an unaligned access may even be made byte by byte by an emulation below. z/Architecture nullifies a store as a
/// whole, but an emulator of it need not, and the read costs it little; nor does qemu's of x86-64, which has been seen to make stores of SSE
/// in halves. Code for another machine is made for a processor, as none can be asked there. Atomic accesses are aligned, and no page ends
/// within one.
pub(crate) fn may_tear(machine: &Triple, is_here: bool) -> bool {
    machine.architecture != Architecture::X86_64 || (is_here && is_emulated())
}

/// Whether this is a processor of x86-64 that qemu translates, which says so where hypervisors do.
fn is_emulated() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        static HERE: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
        *HERE.get_or_init(|| {
            let leaf = std::arch::x86_64::__cpuid(0x4000_0000);
            [leaf.ebx, leaf.ecx, leaf.edx]
                == [
                    u32::from_le_bytes(*b"TCGT"),
                    u32::from_le_bytes(*b"CGTC"),
                    u32::from_le_bytes(*b"GTCG"),
                ]
        })
    }
    #[cfg(not(target_arch = "x86_64"))]
    false
}

impl Translator<'_> {
    /// Translates an operator of this file; gives false for any other.
    pub(super) fn memory_operator(&mut self, operator: &O<'_>) -> Result<bool, Failure> {
        match operator {
            // `i32.load`, `i64.load`, `f32.load`, `f64.load`, `i32.load8_s`, `i32.load8_u`
            O::I32Load { memarg } => self.load(I32, Width::Full, memarg)?,
            O::I64Load { memarg } => self.load(I64, Width::Full, memarg)?,
            O::F32Load { memarg } => self.load(F32, Width::Full, memarg)?,
            O::F64Load { memarg } => self.load(F64, Width::Full, memarg)?,
            O::I32Load8S { memarg } => self.load(I32, Width::Signed(8), memarg)?,
            O::I32Load8U { memarg } => self.load(I32, Width::Unsigned(8), memarg)?,
            // `i32.load16_s`, `i32.load16_u`, `i64.load8_s`, `i64.load8_u`, `i64.load16_s`
            O::I32Load16S { memarg } => self.load(I32, Width::Signed(16), memarg)?,
            O::I32Load16U { memarg } => self.load(I32, Width::Unsigned(16), memarg)?,
            O::I64Load8S { memarg } => self.load(I64, Width::Signed(8), memarg)?,
            O::I64Load8U { memarg } => self.load(I64, Width::Unsigned(8), memarg)?,
            O::I64Load16S { memarg } => self.load(I64, Width::Signed(16), memarg)?,
            // `i64.load16_u`, `i64.load32_s`, `i64.load32_u`
            O::I64Load16U { memarg } => self.load(I64, Width::Unsigned(16), memarg)?,
            O::I64Load32S { memarg } => self.load(I64, Width::Signed(32), memarg)?,
            O::I64Load32U { memarg } => self.load(I64, Width::Unsigned(32), memarg)?,
            // `i32.store`, `i64.store`, `f32.store`, `f64.store`, `i32.store8`, `i32.store16`
            O::I32Store { memarg } => self.store(None, memarg)?,
            O::I64Store { memarg } => self.store(None, memarg)?,
            O::F32Store { memarg } => self.store(None, memarg)?,
            O::F64Store { memarg } => self.store(None, memarg)?,
            O::I32Store8 { memarg } => self.store(Some(8), memarg)?,
            O::I32Store16 { memarg } => self.store(Some(16), memarg)?,
            // `i64.store8`, `i64.store16`, `i64.store32`
            O::I64Store8 { memarg } => self.store(Some(8), memarg)?,
            O::I64Store16 { memarg } => self.store(Some(16), memarg)?,
            O::I64Store32 { memarg } => self.store(Some(32), memarg)?,
            O::MemorySize { mem, .. } => self.memory_size(*mem),
            O::MemoryGrow { mem, .. } => self.memory_grow(*mem),
            O::MemoryFill { mem } => self.memory_fill(*mem),
            O::MemoryDiscard { mem } => self.memory_discard(*mem),
            O::MemoryCopy { dst_mem, src_mem } => self.memory_copy(*dst_mem, *src_mem),
            O::MemoryInit { data_index, mem } => self.memory_init(*mem, *data_index),
            O::DataDrop { data_index } => self.data_drop(*data_index),
            _ => return Ok(false),
        }
        Ok(true)
    }

    pub(super) fn memory_type(&self, memory: u32) -> MemoryType {
        self.module.memories[memory as usize]
    }

    pub(super) fn memory_len(&mut self, memory: u32) -> Value {
        let def = self.vm_word(self.env.layout.memory(memory) + 8);
        self.load_word(Region::MemoryDef, def, offset_of!(MemoryDef, len) as i32)
    }

    /// The native address of an access of `bytes`, and the constant to add to it.
    ///
    /// Behind a 32-bit memory lie 4 GiB and a guard that fault, so that only a large constant needs a check
    /// of its own. Behind any other whose pages are whole lies a guard at least, and an index is kept from going beyond the memory's end.
    /// Every other memory is checked against its size, and so is every one if checks are to be explicit, or
    /// regions are asked about: an access out of bounds traps as such first.
    fn address(
        &mut self,
        memory: u32,
        offset: u64,
        index: Value,
        (bytes, writes): (u32, bool),
    ) -> (Value, i32) {
        let ty = self.memory_type(memory);
        let base = self.vm_word(self.env.layout.memory(memory));
        let index = self.widen(ty.addr, index);
        let last = offset.checked_add(bytes.into());
        let guarded = last.is_some_and(|last| last <= GUARD_BYTES as u64);
        let guarded = guarded && !self.env.explicit_bounds && !self.env.memory_regions;
        // An inlined function must not trap at a guard.
        let guarded = guarded && self.aside.is_none();
        if guarded && ty.page_size_log2 == 16 {
            let within = match ty.addr {
                AddrType::I32 => index,
                // An index beyond the end goes to the end, behind which all faults.
                AddrType::I64 => {
                    let len = self.memory_len(memory);
                    let beyond = self.b.ins().icmp(IntCC::UnsignedGreaterThan, index, len);
                    self.b.ins().select_spectre_guard(beyond, len, index)
                }
            };
            let address = self.b.ins().iadd(base, within);
            self.touch_last(address, offset, (bytes, writes));
            return (address, offset as i32);
        }
        let out = trap_code(Trap::MemoryOutOfBounds as u8);
        let reach = self.iconst(I64, last.unwrap_or(u64::MAX) as i64);
        let end = match ty.addr {
            // 32 bits and a little more never wrap in 64.
            AddrType::I32 => self.b.ins().iadd(index, reach),
            AddrType::I64 => self.b.ins().uadd_overflow_trap(index, reach, out),
        };
        let len = self.memory_len(memory);
        let beyond = self.b.ins().icmp(IntCC::UnsignedGreaterThan, end, len);
        match self.aside {
            Some(aside) => self.go_aside(beyond, aside),
            None => {
                self.b.ins().trapnz(beyond, out);
            }
        }
        self.allow(memory, end, bytes, writes);
        let offset = self.iconst(I64, offset as i64);
        let address = self.b.ins().iadd(base, index);
        let address = self.b.ins().iadd(address, offset);
        (self.b.ins().select_spectre_guard(beyond, base, address), 0)
    }

    /// Reads the last byte of what is to be written, where a page without rights alone says that it is out of bounds.
    fn touch_last(&mut self, address: Value, offset: u64, (bytes, writes): (u32, bool)) {
        if writes && bytes > 1 && self.env.tears {
            let flags = Region::memory(self.b.func);
            self.b.ins().uload8(I32, flags, address, (offset as u32 + bytes - 1) as i32);
        }
    }

    /// Leaves if a region of the memory forbids an access to the `bytes` before an address, which are in bounds. The gas left is in
    /// memory, and the routine charges nothing: so no value differs after it, and these blocks take nothing along.
    pub(super) fn allow(&mut self, memory: u32, end: Value, bytes: u32, writes: bool) {
        if !self.env.memory_regions {
            return;
        }
        let len = self.iconst(I64, bytes.into());
        let start = self.b.ins().isub(end, len);
        let def = self.vm_word(self.env.layout.memory(memory) + 8);
        let mut edge = |at: usize| self.load_word(Region::MemoryDef, def, at as i32);
        let first = edge(offset_of!(MemoryDef, regions_start));
        let last = edge(offset_of!(MemoryDef, regions_end));
        let behind = self.b.ins().icmp(IntCC::UnsignedGreaterThan, end, first);
        let before = self.b.ins().icmp(IntCC::UnsignedLessThan, start, last);
        let among = self.b.ins().band(behind, before);
        let (ask, allowed) = (self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(ask);
        self.b.ins().brif(among, ask, &[], allowed, &[]);
        self.b.seal_block(ask);
        self.b.switch_to_block(ask);
        let (memory, writes) = (self.iconst(I64, memory.into()), self.iconst(I64, writes.into()));
        self.store_gas();
        let place = offset_of!(Builtins, memory.allow);
        let result = self.routine(place, &[memory, start, len, writes]);
        self.leave_if_stopped(result);
        self.b.ins().jump(allowed, &[]);
        self.b.seal_block(allowed);
        self.b.switch_to_block(allowed);
    }

    /// Address and flags of an access, which reads or writes.
    pub(super) fn access(
        &mut self,
        arg: &MemArg,
        index: Value,
        what: (u32, bool),
    ) -> Result<(MemFlagsData, Value, i32), Failure> {
        let memory = self.memory_of(arg)?;
        self.flush_gas();
        let (address, offset) = self.address(memory, arg.offset, index, what);
        Ok((Region::memory(self.b.func), address, offset))
    }

    /// The memory that an operator accesses.
    pub(super) fn memory_of(&self, arg: &MemArg) -> Result<u32, Failure> {
        match arg.target {
            MemArgTarget::Memory(memory) => Ok(memory),
            _ => Err(Reason::Operator("access to an array's bytes".to_owned()).into()),
        }
    }

    pub(super) fn load(&mut self, ty: Type, width: Width, arg: &MemArg) -> Result<(), Failure> {
        let index = self.pop();
        let bytes = match width {
            Width::Full => ty.bytes(),
            Width::Signed(bits) | Width::Unsigned(bits) => u32::from(bits) / 8,
        };
        let (flags, address, offset) = self.access(arg, index, (bytes, false))?;
        let ins = self.b.ins();
        let value = match width {
            Width::Full => ins.load(ty, flags, address, offset),
            Width::Signed(8) => ins.sload8(ty, flags, address, offset),
            Width::Unsigned(8) => ins.uload8(ty, flags, address, offset),
            Width::Signed(16) => ins.sload16(ty, flags, address, offset),
            Width::Unsigned(16) => ins.uload16(ty, flags, address, offset),
            Width::Signed(_) => ins.sload32(flags, address, offset),
            Width::Unsigned(_) => ins.uload32(flags, address, offset),
        };
        self.push(value);
        Ok(())
    }

    /// Stores an operand, or its lowest `bits` bits.
    pub(super) fn store(&mut self, bits: Option<u8>, arg: &MemArg) -> Result<(), Failure> {
        let (index, value) = self.pop2();
        let ty = self.b.func.dfg.value_type(value);
        let bytes = bits.map_or(ty.bytes(), |bits| u32::from(bits) / 8);
        let (flags, address, offset) = self.access(arg, index, (bytes, true))?;
        let ins = self.b.ins();
        match bits {
            None => ins.store(flags, value, address, offset),
            Some(8) => ins.istore8(flags, value, address, offset),
            Some(16) => ins.istore16(flags, value, address, offset),
            Some(_) => ins.istore32(flags, value, address, offset),
        };
        Ok(())
    }

    /// `memory.size`
    fn memory_size(&mut self, memory: u32) {
        let ty = self.memory_type(memory);
        let len = self.memory_len(memory);
        let log2 = self.iconst(I64, ty.page_size_log2.into());
        let pages = self.b.ins().ushr(len, log2);
        let pages = self.narrow(ty.addr, pages);
        self.push(pages);
    }

    /// `memory.grow`
    fn memory_grow(&mut self, memory: u32) {
        let delta = self.pop();
        let addr = self.memory_type(memory).addr;
        let delta = self.widen(addr, delta);
        let memory = self.iconst(I64, memory.into());
        let old = self.stopping_routine(offset_of!(Builtins, memory.grow), &[memory, delta]);
        let old = self.narrow(addr, old);
        self.push(old);
    }

    /// `memory.fill`
    fn memory_fill(&mut self, memory: u32) {
        let (start, value, len) = self.pop3();
        let addr = self.memory_type(memory).addr;
        let (start, len) = (self.widen(addr, start), self.widen(addr, len));
        let value = self.b.ins().uextend(I64, value);
        let (op, operands) = (Opcode::MemoryFill, [start, value, len]);
        self.in_place(&Bulk { op, operands, memories: [memory; 2] }, |this| {
            let memory = this.iconst(I64, memory.into());
            let place = offset_of!(Builtins, memory.fill);
            this.stopping_routine(place, &[memory, start, value, len]);
        });
    }

    /// `memory.discard`
    fn memory_discard(&mut self, memory: u32) {
        let (start, len) = self.pop2();
        let addr = self.memory_type(memory).addr;
        let (start, len) = (self.widen(addr, start), self.widen(addr, len));
        let memory = self.iconst(I64, memory.into());
        self.stopping_routine(offset_of!(Builtins, memory.discard), &[memory, start, len]);
    }

    /// `memory.copy`
    fn memory_copy(&mut self, to: u32, from: u32) {
        let (target, source, len) = self.pop3();
        let (to_addr, from_addr) = (self.memory_type(to).addr, self.memory_type(from).addr);
        let (target, source) = (self.widen(to_addr, target), self.widen(from_addr, source));
        let len = self.widen(shorter(to_addr, from_addr), len);
        let (op, operands) = (Opcode::MemoryCopy, [target, source, len]);
        self.in_place(&Bulk { op, operands, memories: [to, from] }, |this| {
            let (to, from) = (this.iconst(I64, to.into()), this.iconst(I64, from.into()));
            let place = offset_of!(Builtins, memory.copy);
            this.stopping_routine(place, &[to, from, target, source, len]);
        });
    }

    /// `memory.init`
    fn memory_init(&mut self, memory: u32, data: u32) {
        let (target, source, len) = self.pop3();
        let target = self.widen(self.memory_type(memory).addr, target);
        let (source, len) = (self.widen(AddrType::I32, source), self.widen(AddrType::I32, len));
        let (memory, data) = (self.iconst(I64, memory.into()), self.iconst(I64, data.into()));
        let place = offset_of!(Builtins, memory.init);
        self.stopping_routine(place, &[memory, data, target, source, len]);
    }

    /// `data.drop`
    fn data_drop(&mut self, data: u32) {
        let data = self.iconst(I64, data.into());
        self.routine(offset_of!(Builtins, memory.data_drop), &[data]);
    }
}
