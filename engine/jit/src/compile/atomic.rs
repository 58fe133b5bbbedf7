//! Atomic accesses to memory (proposal *threads*).
//!
//! Compiled code checks each access: first that it is aligned to its width, then that it is within the memory.

use super::translator::Translator;
use crate::abi::{Region, trap_code};
use crate::error::Failure;
use crate::libcalls::Builtins;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I8, I16, I32, I64};
use cranelift_codegen::ir::{AtomicRmwOp, Endianness, InstBuilder, MemFlagsData, Type, Value};
use etalon_module::AddrType;
use etalon_runtime::Trap;
use std::mem::offset_of;
use wasmparser::{MemArg, Operator as O};

/// What an access does.
#[derive(Clone, Copy)]
enum Action {
    Load,
    Store,
    Modify(AtomicRmwOp),
    CompareExchange,
}

/// An atomic access.
struct Access<'a> {
    action: Action,
    /// Of operands and results.
    ty: Type,
    /// Of what is in memory.
    stored: Type,
    arg: &'a MemArg,
}

/// Finds the access of an operator in rows: the type of operands, the type in memory, and an operator for each action.
macro_rules! accesses {
    ($operator:expr; $($ty:ident $stored:ident: $load:ident $store:ident $add:ident $sub:ident $and:ident $or:ident
        $xor:ident $xchg:ident $cmpxchg:ident;)*) => {{
        let (action, ty, stored, arg) = match $operator {
            $(
                O::$load { memarg } => (Action::Load, $ty, $stored, memarg),
                O::$store { memarg } => (Action::Store, $ty, $stored, memarg),
                O::$add { memarg } => (Action::Modify(AtomicRmwOp::Add), $ty, $stored, memarg),
                O::$sub { memarg } => (Action::Modify(AtomicRmwOp::Sub), $ty, $stored, memarg),
                O::$and { memarg } => (Action::Modify(AtomicRmwOp::And), $ty, $stored, memarg),
                O::$or { memarg } => (Action::Modify(AtomicRmwOp::Or), $ty, $stored, memarg),
                O::$xor { memarg } => (Action::Modify(AtomicRmwOp::Xor), $ty, $stored, memarg),
                O::$xchg { memarg } => (Action::Modify(AtomicRmwOp::Xchg), $ty, $stored, memarg),
                O::$cmpxchg { memarg } => (Action::CompareExchange, $ty, $stored, memarg),
            )*
            _ => return None,
        };
        Some(Access { action, ty, stored, arg })
    }};
}

#[rustfmt::skip]
fn access<'a>(operator: &'a O<'_>) -> Option<Access<'a>> {
    accesses! { operator;
        // `i32.atomic.load`, `i32.atomic.store`, `i32.atomic.rmw.add`, `i32.atomic.rmw.sub`,
        // `i32.atomic.rmw.and`, `i32.atomic.rmw.or`, `i32.atomic.rmw.xor`, `i32.atomic.rmw.xchg`,
        // `i32.atomic.rmw.cmpxchg`
        I32 I32: I32AtomicLoad I32AtomicStore I32AtomicRmwAdd I32AtomicRmwSub I32AtomicRmwAnd I32AtomicRmwOr
            I32AtomicRmwXor I32AtomicRmwXchg I32AtomicRmwCmpxchg;
        // `i64.atomic.load`, `i64.atomic.store`, `i64.atomic.rmw.add`, `i64.atomic.rmw.sub`,
        // `i64.atomic.rmw.and`, `i64.atomic.rmw.or`, `i64.atomic.rmw.xor`, `i64.atomic.rmw.xchg`,
        // `i64.atomic.rmw.cmpxchg`
        I64 I64: I64AtomicLoad I64AtomicStore I64AtomicRmwAdd I64AtomicRmwSub I64AtomicRmwAnd I64AtomicRmwOr
            I64AtomicRmwXor I64AtomicRmwXchg I64AtomicRmwCmpxchg;
        // `i32.atomic.load8_u`, `i32.atomic.store8`, `i32.atomic.rmw8.add_u`,
        // `i32.atomic.rmw8.sub_u`, `i32.atomic.rmw8.and_u`, `i32.atomic.rmw8.or_u`,
        // `i32.atomic.rmw8.xor_u`, `i32.atomic.rmw8.xchg_u`, `i32.atomic.rmw8.cmpxchg_u`
        I32 I8: I32AtomicLoad8U I32AtomicStore8 I32AtomicRmw8AddU I32AtomicRmw8SubU I32AtomicRmw8AndU
            I32AtomicRmw8OrU I32AtomicRmw8XorU I32AtomicRmw8XchgU I32AtomicRmw8CmpxchgU;
        // `i32.atomic.load16_u`, `i32.atomic.store16`, `i32.atomic.rmw16.add_u`,
        // `i32.atomic.rmw16.sub_u`, `i32.atomic.rmw16.and_u`, `i32.atomic.rmw16.or_u`,
        // `i32.atomic.rmw16.xor_u`, `i32.atomic.rmw16.xchg_u`, `i32.atomic.rmw16.cmpxchg_u`
        I32 I16: I32AtomicLoad16U I32AtomicStore16 I32AtomicRmw16AddU I32AtomicRmw16SubU I32AtomicRmw16AndU
            I32AtomicRmw16OrU I32AtomicRmw16XorU I32AtomicRmw16XchgU I32AtomicRmw16CmpxchgU;
        // `i64.atomic.load8_u`, `i64.atomic.store8`, `i64.atomic.rmw8.add_u`,
        // `i64.atomic.rmw8.sub_u`, `i64.atomic.rmw8.and_u`, `i64.atomic.rmw8.or_u`,
        // `i64.atomic.rmw8.xor_u`, `i64.atomic.rmw8.xchg_u`, `i64.atomic.rmw8.cmpxchg_u`
        I64 I8: I64AtomicLoad8U I64AtomicStore8 I64AtomicRmw8AddU I64AtomicRmw8SubU I64AtomicRmw8AndU
            I64AtomicRmw8OrU I64AtomicRmw8XorU I64AtomicRmw8XchgU I64AtomicRmw8CmpxchgU;
        // `i64.atomic.load16_u`, `i64.atomic.store16`, `i64.atomic.rmw16.add_u`,
        // `i64.atomic.rmw16.sub_u`, `i64.atomic.rmw16.and_u`, `i64.atomic.rmw16.or_u`,
        // `i64.atomic.rmw16.xor_u`, `i64.atomic.rmw16.xchg_u`, `i64.atomic.rmw16.cmpxchg_u`
        I64 I16: I64AtomicLoad16U I64AtomicStore16 I64AtomicRmw16AddU I64AtomicRmw16SubU I64AtomicRmw16AndU
            I64AtomicRmw16OrU I64AtomicRmw16XorU I64AtomicRmw16XchgU I64AtomicRmw16CmpxchgU;
        // `i64.atomic.load32_u`, `i64.atomic.store32`, `i64.atomic.rmw32.add_u`,
        // `i64.atomic.rmw32.sub_u`, `i64.atomic.rmw32.and_u`, `i64.atomic.rmw32.or_u`,
        // `i64.atomic.rmw32.xor_u`, `i64.atomic.rmw32.xchg_u`, `i64.atomic.rmw32.cmpxchg_u`
        I64 I32: I64AtomicLoad32U I64AtomicStore32 I64AtomicRmw32AddU I64AtomicRmw32SubU I64AtomicRmw32AndU
            I64AtomicRmw32OrU I64AtomicRmw32XorU I64AtomicRmw32XchgU I64AtomicRmw32CmpxchgU;
    }
}

impl Translator<'_> {
    /// Translates an operator of this file; gives false for any other.
    pub(super) fn atomic_operator(&mut self, operator: &O<'_>) -> Result<bool, Failure> {
        match operator {
            // `atomic.fence`
            O::AtomicFence { .. } => {
                self.b.ins().fence();
            }
            O::MemoryAtomicNotify { memarg } => self.notify(memarg)?,
            O::MemoryAtomicWait32 { memarg } => self.wait(memarg, I32)?,
            O::MemoryAtomicWait64 { memarg } => self.wait(memarg, I64)?,
            _ => match access(operator) {
                Some(access) => self.atomic_access(&access)?,
                None => return Ok(false),
            },
        }
        Ok(true)
    }

    /// The native address of an access that is aligned, within the memory and in no region that forbids it.
    fn atomic_address(
        &mut self,
        arg: &MemArg,
        index: Value,
        (bytes, writes): (u32, bool),
    ) -> Result<Value, Failure> {
        let memory = self.memory_of(arg)?;
        self.flush_gas();
        let addr = self.memory_type(memory).addr;
        let index = self.widen(addr, index);
        let offset = self.iconst(I64, arg.offset as i64);
        let ea = self.address_sum(addr, index, offset);
        if bytes > 1 {
            let mask = self.iconst(I64, i64::from(bytes) - 1);
            let rest = self.b.ins().band(ea, mask);
            self.b.ins().trapnz(rest, trap_code(Trap::UnalignedAtomic as u8));
        }
        let width = self.iconst(I64, bytes.into());
        let end = self.address_sum(addr, ea, width);
        let len = self.memory_len(memory);
        let beyond = self.b.ins().icmp(IntCC::UnsignedGreaterThan, end, len);
        self.b.ins().trapnz(beyond, trap_code(Trap::MemoryOutOfBounds as u8));
        self.allow(memory, end, bytes, writes);
        let base = self.vm_word(self.env.layout.memory(memory));
        let address = self.b.ins().iadd(base, ea);
        Ok(self.b.ins().select_spectre_guard(beyond, base, address))
    }

    /// The sum of two addresses; only 64-bit addresses can overflow, which is out of bounds.
    fn address_sum(&mut self, addr: AddrType, a: Value, b: Value) -> Value {
        match addr {
            AddrType::I32 => self.b.ins().iadd(a, b),
            AddrType::I64 => {
                let out = trap_code(Trap::MemoryOutOfBounds as u8);
                self.b.ins().uadd_overflow_trap(a, b, out)
            }
        }
    }

    fn atomic_flags(&mut self) -> MemFlagsData {
        Region::Memory.flags(self.b.func).with_endianness(Endianness::Little)
    }

    fn atomic_access(&mut self, access: &Access<'_>) -> Result<(), Failure> {
        let Access { ty, stored, arg, .. } = *access;
        let operands = match access.action {
            Action::Load => 0,
            Action::Store | Action::Modify(_) => 1,
            Action::CompareExchange => 2,
        };
        let operands = self.pop_many(operands);
        let index = self.pop();
        let writes = !matches!(access.action, Action::Load);
        let address = self.atomic_address(arg, index, (stored.bytes(), writes))?;
        let flags = self.atomic_flags();
        let old = match (access.action, &operands[..]) {
            (Action::Load, _) => self.b.ins().atomic_load(stored, flags, address),
            (Action::Store, &[value]) => {
                let value = self.reduced(stored, value);
                self.b.ins().atomic_store(flags, value, address);
                return Ok(());
            }
            (Action::Modify(op), &[value]) => {
                let value = self.reduced(stored, value);
                self.b.ins().atomic_rmw(stored, flags, op, address, value)
            }
            (Action::CompareExchange, &[expected, new]) => {
                self.compare_exchange(stored, flags, address, [expected, new])
            }
            _ => return Err(self.crash("the operands are not those of the operator")),
        };
        let old = self.extended(ty, old);
        self.push(old);
        Ok(())
    }

    /// `i32.atomic.rmw8.cmpxchg_u` and the other narrow ones wrap the expected operand before they compare it.
    fn compare_exchange(
        &mut self,
        stored: Type,
        flags: MemFlagsData,
        address: Value,
        [expected, new]: [Value; 2],
    ) -> Value {
        let expected = self.reduced(stored, expected);
        let new = self.reduced(stored, new);
        self.b.ins().atomic_cas(flags, address, expected, new)
    }

    fn reduced(&mut self, ty: Type, value: Value) -> Value {
        if self.b.func.dfg.value_type(value) == ty {
            return value;
        }
        self.b.ins().ireduce(ty, value)
    }

    fn extended(&mut self, ty: Type, value: Value) -> Value {
        if self.b.func.dfg.value_type(value) == ty {
            return value;
        }
        self.b.ins().uextend(ty, value)
    }

    /// `memory.atomic.notify`: wakes nobody, for a store that compiled code runs in has one thread.
    fn notify(&mut self, arg: &MemArg) -> Result<(), Failure> {
        let (index, _) = self.pop2();
        self.atomic_address(arg, index, (4, false))?;
        let none = self.iconst(I32, 0);
        self.push(none);
        Ok(())
    }

    /// `memory.atomic.wait32` and `memory.atomic.wait64`
    fn wait(&mut self, arg: &MemArg, ty: Type) -> Result<(), Failure> {
        let (index, expected, timeout) = self.pop3();
        let address = self.atomic_address(arg, index, (ty.bytes(), false))?;
        let flags = self.atomic_flags();
        let loaded = self.b.ins().atomic_load(ty, flags, address);
        let (loaded, expected) = (self.extended(I64, loaded), self.extended(I64, expected));
        let memory = self.memory_of(arg)?;
        let shared = self.iconst(I64, self.memory_type(memory).shared.into());
        let place = offset_of!(Builtins, memory.wait);
        let result = self.stopping_routine(place, &[loaded, expected, timeout, shared]);
        let result = self.b.ins().ireduce(I32, result);
        self.push(result);
        Ok(())
    }
}
