//! What a call needs of the guest that makes it, and how a guest ends.

use crate::Errno;
use thiserror::Error;

/// Why an access to the guest's memory failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryFault {
    /// The memory has no such bytes. Nothing was read or written.
    OutOfBounds,
    /// The engine stops the guest, and knows why.
    Stopped,
}

/// The engine stops the guest, and knows why: out of gas, say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

/// The bytes that have an address.
const ADDRESSES: u64 = 1 << 32;

/// The memory that the guest exports as `memory`.
pub trait GuestMemory {
    /// Its size in bytes. What is beyond 4 GiB is not used.
    fn size(&self) -> u64;

    /// Fills a buffer with the bytes from an address on.
    ///
    /// # Errors
    /// [`MemoryFault`]
    fn read(&mut self, address: u32, buffer: &mut [u8]) -> Result<(), MemoryFault>;

    /// Writes bytes from an address on.
    ///
    /// # Errors
    /// [`MemoryFault`]; nothing is written then.
    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), MemoryFault>;
}

/// The guest that makes a call.
pub trait Guest: GuestMemory {
    /// Declares bytes that the call is about to touch, before it does: an engine that meters charges for them.
    ///
    /// # Errors
    /// [`Stopped`] if the guest must not go on.
    fn declare(&mut self, bytes: u64) -> Result<(), Stopped>;

    /// Whether the guest is to stop. It is asked again and again while a call waits.
    fn is_interrupted(&self) -> bool;

    /// Gas that is left, if the guest is metered with a limit. Only who is told of calls is told of it.
    fn gas_left(&self) -> Option<u64> {
        None
    }
}

/// An address that the guest gave to a function is not one of its memory, or not aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("bad pointer: {function} was given {address:#x} for {length} bytes aligned to {align}, {}", beyond(*memory))]
pub struct BadPointer {
    /// The function's name.
    pub function: &'static str,
    /// The address.
    pub address: u32,
    /// How many bytes were to be there.
    pub length: u64,
    /// What the address must be a multiple of.
    pub align: u32,
    /// Bytes of the memory.
    pub memory: u64,
}

/// Of a program that does not export its memory by the name that WASI demands the functions see none.
fn beyond(memory: u64) -> String {
    match memory {
        0 => "but there is no byte in a memory that is exported as \"memory\"".to_owned(),
        bytes => format!("and its memory has {bytes} bytes"),
    }
}

/// A call does not return: the guest ends.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Ended {
    /// The guest called `proc_exit`.
    #[error("the program exited with status {0}")]
    Exited(u32),
    /// The guest gave a bad pointer.
    #[error(transparent)]
    BadPointer(#[from] BadPointer),
    /// The guest was interrupted while the call waited.
    #[error("interrupted")]
    Interrupted,
    /// The engine stops the guest, and knows why.
    #[error("stopped by the engine")]
    Stopped,
}

/// How a function fails.
#[derive(Debug)]
pub(crate) enum Fail {
    Errno(Errno),
    End(Ended),
}

impl From<Errno> for Fail {
    fn from(errno: Errno) -> Fail {
        Fail::Errno(errno)
    }
}

impl From<Ended> for Fail {
    fn from(ended: Ended) -> Fail {
        Fail::End(ended)
    }
}

/// A buffer of a scatter or gather list, which lies in the memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Buffer {
    pub(crate) address: u32,
    pub(crate) length: u32,
}

/// The memory as a function uses it: bytes are declared before they are touched, and a bad pointer ends the guest.
pub(crate) struct Mem<'a> {
    guest: &'a mut dyn Guest,
    function: &'static str,
}

impl<'a> Mem<'a> {
    pub(crate) fn new(guest: &'a mut dyn Guest, function: &'static str) -> Mem<'a> {
        Mem { guest, function }
    }

    fn bad(&self, address: u32, length: u64, align: u32) -> Ended {
        let memory = self.guest.size();
        BadPointer { function: self.function, address, length, align, memory }.into()
    }

    /// Ends the guest unless the bytes are in the memory, and the address is aligned.
    pub(crate) fn check(&self, address: u32, length: u64, align: u32) -> Result<(), Ended> {
        // An address has 32 bits: what a larger memory has beyond is nothing that a guest can name, and sums of addresses stay numbers.
        let size = self.guest.size().min(ADDRESSES);
        let inside = u64::from(address).checked_add(length).is_some_and(|end| end <= size);
        match inside && address.is_multiple_of(align) {
            true => Ok(()),
            false => Err(self.bad(address, length, align)),
        }
    }

    /// Says that so many bytes are about to be touched.
    pub(crate) fn declare(&mut self, bytes: u64) -> Result<(), Ended> {
        self.guest.declare(bytes).map_err(|Stopped| Ended::Stopped)
    }

    /// Ends the guest if it is to stop: for calls that wait.
    pub(crate) fn check_interrupt(&self) -> Result<(), Ended> {
        if self.guest.is_interrupted() { Err(Ended::Interrupted) } else { Ok(()) }
    }

    /// Fills a buffer whose bytes were declared.
    pub(crate) fn read(&mut self, address: u32, buffer: &mut [u8]) -> Result<(), Ended> {
        let done = self.guest.read(address, buffer);
        done.map_err(|fault| self.fault(fault, address, buffer.len()))
    }

    /// Writes bytes that were declared.
    pub(crate) fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), Ended> {
        let done = self.guest.write(address, bytes);
        done.map_err(|fault| self.fault(fault, address, bytes.len()))
    }

    fn fault(&self, fault: MemoryFault, address: u32, length: usize) -> Ended {
        match fault {
            MemoryFault::OutOfBounds => self.bad(address, length as u64, 1),
            MemoryFault::Stopped => Ended::Stopped,
        }
    }

    /// Declares and writes what a function gives back.
    pub(crate) fn put(&mut self, address: u32, bytes: &[u8]) -> Result<(), Ended> {
        self.declare(bytes.len() as u64)?;
        self.write(address, bytes)
    }

    pub(crate) fn put_u32(&mut self, address: u32, value: u32) -> Result<(), Ended> {
        self.put(address, &value.to_le_bytes())
    }

    pub(crate) fn put_u64(&mut self, address: u32, value: u64) -> Result<(), Ended> {
        self.put(address, &value.to_le_bytes())
    }

    /// Declares and reads bytes; what they are bounded by is the caller's to know.
    pub(crate) fn get(&mut self, address: u32, length: u32) -> Result<Vec<u8>, Ended> {
        self.check(address, length.into(), 1)?;
        self.declare(length.into())?;
        let mut bytes = vec![0; length as usize];
        self.read(address, &mut bytes)?;
        Ok(bytes)
    }

    /// Reads a path: text without zeros.
    pub(crate) fn path(&mut self, address: u32, length: u32, most: u32) -> Result<String, Fail> {
        self.check(address, length.into(), 1)?;
        if length > most {
            return Err(Errno::Nametoolong.into());
        }
        let text = String::from_utf8(self.get(address, length)?).map_err(|_| Errno::Ilseq)?;
        if text.contains('\0') {
            return Err(Errno::Inval.into());
        }
        Ok(text)
    }

    /// Reads a list of buffers, each of which is in the memory; they hold less than 4 GiB together.
    pub(crate) fn buffers(
        &mut self,
        address: u32,
        count: u32,
        most: u32,
    ) -> Result<Vec<Buffer>, Fail> {
        self.check(address, u64::from(count) * 8, 4)?;
        if count > most {
            return Err(Errno::Inval.into());
        }
        let bytes = self.get(address, count.checked_mul(8).ok_or(Errno::Inval)?)?;
        let word = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|i| bytes[at + i]));
        let mut buffers = Vec::with_capacity(count as usize);
        let mut total = 0_u32;
        for at in (0..bytes.len()).step_by(8) {
            let buffer = Buffer { address: word(at), length: word(at + 4) };
            self.check(buffer.address, buffer.length.into(), 1)?;
            total = total.checked_add(buffer.length).ok_or(Errno::Inval)?;
            buffers.push(buffer);
        }
        Ok(buffers)
    }
}

/// An argument of type `i32`.
pub(crate) fn word(argument: u64) -> u32 {
    // What is above does not count.
    argument as u32
}

/// Guests for the tests of single parts.
#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// A guest without a memory that goes on until it is stopped.
    #[derive(Default)]
    pub(crate) struct Still {
        pub(crate) declared: u64,
        pub(crate) is_interrupted: bool,
    }

    impl GuestMemory for Still {
        fn size(&self) -> u64 {
            0
        }

        fn read(&mut self, _: u32, _: &mut [u8]) -> Result<(), MemoryFault> {
            Err(MemoryFault::OutOfBounds)
        }

        fn write(&mut self, _: u32, _: &[u8]) -> Result<(), MemoryFault> {
            Err(MemoryFault::OutOfBounds)
        }
    }

    impl Guest for Still {
        fn declare(&mut self, bytes: u64) -> Result<(), Stopped> {
            self.declared += bytes;
            Ok(())
        }

        fn is_interrupted(&self) -> bool {
            self.is_interrupted
        }
    }
}
