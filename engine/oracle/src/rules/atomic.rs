//! Atomic memory accesses (proposal *threads*).
//!
//! A store runs on one thread of the host, and the threads of a guest take turns, an instruction at a time at the finest. So every
//! access is atomic by nature, and what a program observes is what some sequentially consistent order of its accesses gives.

use super::memory::word;
use super::table::in_bounds;
use crate::configuration::{Configuration, Step, wrong_type};
use crate::text::Memarg;
use etalon_module::Opcode;
use etalon_runtime::{HostError, Stop, Trap, Value, Wait};

/// Results of `memory.atomic.wait32` and `memory.atomic.wait64`: notified, another value, the time is up.
const WOKEN: u32 = 0;
const NOT_EQUAL: u32 = 1;
pub(crate) const TIMED_OUT: u32 = 2;

const FOR_EVER: &str = "the only thread would wait for ever";

/// What a read-modify-write access writes, of what was there and the operand.
pub(crate) type Modify = fn(u64, u64) -> u64;

/// The width of an access in bytes, and its number's type, as the name has them: `i64.atomic.rmw16.add_u` accesses 16 bits of memory and
/// gives an `i64`. A name without a width is of an access as wide as the type.
fn form(op: Opcode) -> (usize, fn(u64) -> Value) {
    let is_i32 = op.name().starts_with("i32");
    let width = match op.name().bytes().skip(3).find(u8::is_ascii_digit) {
        Some(b'8') => 1,
        Some(b'1') => 2,
        None if !is_i32 => 8,
        Some(_) | None => 4,
    };
    (width, if is_i32 { |i| Value::I32(i as u32) } else { Value::I64 })
}

impl Configuration<'_> {
    /// The effective address of an access, and the `width` bytes there. The address must be a multiple of the width.
    fn pop_access(&mut self, arg: Memarg, width: usize, writes: bool) -> Step<(u64, &mut [u8])> {
        let (address, size) = self.pop_effective_address(arg)?;
        let address = address.ok_or_else(|| self.trap(Trap::MemoryOutOfBounds))?;
        if !address.is_multiple_of(width as u64) {
            return Err(self.trap(Trap::UnalignedAtomic));
        }
        if !in_bounds(address, width as u64, size) {
            return Err(self.trap(Trap::MemoryOutOfBounds));
        }
        self.permit(arg.memory, address, width as u64, writes)?;
        let bytes = &mut self.memory(arg.memory)?.bytes_mut()[address as usize..][..width];
        Ok((address, bytes))
    }

    /// `i32.atomic.load`, `i64.atomic.load32_u` and the others read bytes; zeros are put above them.
    pub(crate) fn atomic_load(&mut self, op: Opcode, arg: Memarg) -> Step {
        let (width, number) = form(op);
        let (_, bytes) = self.pop_access(arg, width, false)?;
        let loaded = word(bytes);
        self.push(number(loaded))
    }

    /// `i32.atomic.store`, `i64.atomic.store32` and the others write the low bytes of an integer.
    pub(crate) fn atomic_store(&mut self, op: Opcode, arg: Memarg) -> Step {
        let value = self.pop_integer()?;
        let (_, bytes) = self.pop_access(arg, form(op).0, true)?;
        bytes.copy_from_slice(&value.to_le_bytes()[..bytes.len()]);
        Ok(())
    }

    /// `i32.atomic.rmw.add` and the others give what was there, and write what `modify` makes of it and the operand.
    pub(crate) fn atomic_rmw(&mut self, op: Opcode, arg: Memarg, modify: Modify) -> Step {
        let operand = self.pop_integer()?;
        let (width, number) = form(op);
        let (_, bytes) = self.pop_access(arg, width, true)?;
        let loaded = word(bytes);
        bytes.copy_from_slice(&modify(loaded, operand).to_le_bytes()[..width]);
        self.push(number(loaded))
    }

    /// `i32.atomic.rmw.cmpxchg` and the others give what was there, and write the replacement if that is what was expected. The
    /// expected operand is wrapped to the width of the access before it is compared.
    pub(crate) fn atomic_cmpxchg(&mut self, op: Opcode, arg: Memarg) -> Step {
        let (replacement, expected) = (self.pop_integer()?, self.pop_integer()?);
        let (width, number) = form(op);
        let (_, bytes) = self.pop_access(arg, width, true)?;
        let loaded = word(bytes);
        if loaded == word(&expected.to_le_bytes()[..width]) {
            bytes.copy_from_slice(&replacement.to_le_bytes()[..width]);
        }
        self.push(number(loaded))
    }

    /// `memory.atomic.notify` ends the waits at an address, as many as the operand says at most, and gives how many there were.
    pub(crate) fn atomic_notify(&mut self, arg: Memarg) -> Step {
        let count = self.pop_i32()?;
        let (address, _) = self.pop_access(arg, 4, false)?;
        let memory = self.memory_addr(arg.memory)?;
        let woken = self.store.waits.notify(memory, address, count);
        self.push(Value::I32(woken))
    }

    /// `memory.atomic.wait32` and `memory.atomic.wait64` wait to be notified if the memory holds what was expected. A thread that waits
    /// stands behind the instruction with the result that it was woken. If its time is up first, that is changed.
    pub(crate) fn atomic_wait(&mut self, width: usize, arg: Memarg) -> Step {
        let (timeout, expected) = (self.pop_i64()? as i64, self.pop_integer()?);
        let (address, bytes) = self.pop_access(arg, width, false)?;
        let loaded = word(bytes);
        if !self.memory(arg.memory)?.ty().shared {
            return Err(self.trap(Trap::ExpectedSharedMemory));
        }
        let result = match self.waiter {
            _ if loaded != expected => NOT_EQUAL,
            _ if timeout == 0 => TIMED_OUT,
            Some(waiter) => {
                let memory = self.memory_addr(arg.memory)?;
                self.store.waits.push(Wait { waiter, memory, address, timeout });
                WOKEN
            }
            // Nobody could notify meanwhile, so the time is up at once.
            None if timeout > 0 => TIMED_OUT,
            None => return Err(Stop::Host(HostError::new(FOR_EVER)).into()),
        };
        self.push(Value::I32(result))
    }

    /// `atomic.fence` orders nothing where one thread runs at a time.
    pub(crate) fn atomic_fence(&mut self) -> Step {
        Ok(())
    }

    /// An operand of either width, with zeros above it.
    fn pop_integer(&mut self) -> Step<u64> {
        match self.pop()? {
            Value::I32(i) => Ok(i.into()),
            Value::I64(i) => Ok(i),
            other => Err(wrong_type(other, "an integer")),
        }
    }
}
