//! Atomic memory accesses (proposal *threads*).
//!
//! A store runs on one thread of the host, and the threads of a guest take turns, an instruction at a time at the finest. So every
//! access is atomic by nature, and what a program observes is what some sequentially consistent order of its accesses gives.

use crate::configuration::{Configuration, Step, bug};
use crate::text::Memarg;
use etalon_runtime::{HostError, Stop, Trap, Value, Wait};

/// Results of `memory.atomic.wait32` and `memory.atomic.wait64`: notified, another value, the time is up.
const WOKEN: u32 = 0;
const NOT_EQUAL: u32 = 1;
pub(crate) const TIMED_OUT: u32 = 2;

/// What a read-modify-write access writes, of what was there and the operand.
pub(crate) type Modify = fn(u64, u64) -> u64;

impl Configuration<'_> {
    /// The effective address of an access to `width` bytes, which must be a multiple of the width.
    fn pop_aligned_address(&mut self, arg: Memarg, width: u64) -> Step<u64> {
        let address = self.pop_effective_address(arg)?;
        let address = address.ok_or_else(|| self.trap(Trap::MemoryOutOfBounds))?;
        if !address.is_multiple_of(width) {
            return Err(self.trap(Trap::UnalignedAtomic));
        }
        Ok(address)
    }

    fn atomic_bytes<const N: usize>(&mut self, arg: Memarg, address: u64) -> Step<&mut [u8; N]> {
        // Twice, because a reference that was given out cannot be taken back for the trap.
        if self.bytes::<N>(arg, Some(address))?.is_none() {
            return Err(self.trap(Trap::MemoryOutOfBounds));
        }
        let bytes = self.bytes::<N>(arg, Some(address))?;
        bytes.ok_or_else(|| bug("bytes that were there are gone"))
    }

    fn read<const N: usize>(&mut self, arg: Memarg, address: u64) -> Step<u64> {
        let bytes = self.atomic_bytes::<N>(arg, address)?;
        Ok(bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)))
    }

    fn write<const N: usize>(&mut self, arg: Memarg, address: u64, value: u64) -> Step {
        let bytes = self.atomic_bytes::<N>(arg, address)?;
        bytes.iter_mut().zip(value.to_le_bytes()).for_each(|(to, byte)| *to = byte);
        Ok(())
    }

    /// `i32.atomic.load`, `i64.atomic.load32_u` and the others read `N` bytes; zeros are put above them.
    pub(crate) fn atomic_load<const N: usize>(
        &mut self,
        arg: Memarg,
        number: fn(u64) -> Value,
    ) -> Step {
        let address = self.pop_aligned_address(arg, N as u64)?;
        let loaded = self.read::<N>(arg, address)?;
        self.push(number(loaded));
        Ok(())
    }

    /// `i32.atomic.store`, `i64.atomic.store32` and the others write the low `N` bytes.
    pub(crate) fn atomic_store<const N: usize>(&mut self, arg: Memarg) -> Step {
        let value = self.pop_integer()?;
        let address = self.pop_aligned_address(arg, N as u64)?;
        self.write::<N>(arg, address, value)
    }

    /// `i32.atomic.rmw.add` and the others give what was there, and write what `modify` makes of it and the operand.
    pub(crate) fn atomic_rmw<const N: usize>(
        &mut self,
        arg: Memarg,
        modify: Modify,
        number: fn(u64) -> Value,
    ) -> Step {
        let operand = self.pop_integer()?;
        let address = self.pop_aligned_address(arg, N as u64)?;
        let loaded = self.read::<N>(arg, address)?;
        self.write::<N>(arg, address, modify(loaded, operand))?;
        self.push(number(loaded));
        Ok(())
    }

    /// `i32.atomic.rmw.cmpxchg` and the others give what was there, and write the replacement if that is what was expected. The
    /// expected operand is wrapped to the width of the access before it is compared.
    pub(crate) fn atomic_cmpxchg<const N: usize>(
        &mut self,
        arg: Memarg,
        number: fn(u64) -> Value,
    ) -> Step {
        let (replacement, expected) = (self.pop_integer()?, self.pop_integer()?);
        let address = self.pop_aligned_address(arg, N as u64)?;
        let loaded = self.read::<N>(arg, address)?;
        let wrapped = expected & (u64::MAX >> (64 - 8 * N));
        let written = if loaded == wrapped { replacement } else { loaded };
        self.write::<N>(arg, address, written)?;
        self.push(number(loaded));
        Ok(())
    }

    /// `memory.atomic.notify` ends the waits at an address, as many as the operand says at most, and gives how many there were.
    pub(crate) fn atomic_notify(&mut self, arg: Memarg) -> Step {
        let count = self.pop_i32()?;
        let address = self.pop_aligned_address(arg, 4)?;
        self.read::<4>(arg, address)?;
        let memory = self.memory_addr(arg.memory)?;
        let woken = self.store.waits.notify(memory, address, count);
        self.push(Value::I32(woken));
        Ok(())
    }

    /// `memory.atomic.wait32` waits to be notified if the memory holds what was expected.
    pub(crate) fn atomic_wait32(&mut self, arg: Memarg) -> Step {
        let (timeout, expected) = (self.pop_i64()?, self.pop_i32()?);
        self.wait::<4>(arg, expected.into(), timeout as i64)
    }

    /// `memory.atomic.wait64` waits to be notified if the memory holds what was expected.
    pub(crate) fn atomic_wait64(&mut self, arg: Memarg) -> Step {
        let (timeout, expected) = (self.pop_i64()?, self.pop_i64()?);
        self.wait::<8>(arg, expected, timeout as i64)
    }

    /// A thread that waits stands behind the instruction with the result that it was woken. If its time is up first, that is changed.
    fn wait<const N: usize>(&mut self, arg: Memarg, expected: u64, timeout: i64) -> Step {
        let address = self.pop_aligned_address(arg, N as u64)?;
        let loaded = self.read::<N>(arg, address)?;
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
            None => {
                return Err(
                    Stop::Host(HostError("the only thread would wait for ever".into())).into()
                );
            }
        };
        self.push(Value::I32(result));
        Ok(())
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
            other => Err(crate::configuration::wrong_type(other, "an integer")),
        }
    }
}
