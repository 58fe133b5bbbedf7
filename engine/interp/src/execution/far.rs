//! Loads and stores outside of the loop: of memories with regions, at large offsets, and rare ones.

use super::memory::address;
use super::regions::allow;
use super::vector::{Fault, access};
use crate::program::FarArg;
use etalon_module::{AddrType, Opcode};
use etalon_runtime::{Stop, Store, Trap};

/// The bytes at the effective address, to read or to write.
fn bytes<'a, const N: usize>(
    store: &'a mut Store,
    arg: &FarArg,
    operand: u64,
    writes: bool,
) -> Result<&'a mut [u8; N], Stop> {
    let ty = if arg.wide { AddrType::I64 } else { AddrType::I32 };
    let ea = address(operand, ty).checked_add(arg.offset).and_then(|ea| usize::try_from(ea).ok());
    let (memory, regions) = store.memories[arg.memory.index()].bytes_and_regions();
    let bytes = ea.and_then(|ea| Some((ea, memory.get_mut(ea..)?.first_chunk_mut()?)));
    let (ea, bytes) = bytes.ok_or(Trap::MemoryOutOfBounds)?;
    allow(regions, ea..ea + N, writes)?;
    Ok(bytes)
}

/// Executes a load or a store as the loop does, but in another memory.
pub(crate) fn far(store: &mut Store, slots: &mut [u64], arg: FarArg) -> Result<(), Stop> {
    use Opcode as O;
    let opcode = arg.opcode;
    if let Some(done) = super::atomic::atomic(store, slots, opcode, arg) {
        return done;
    }
    let at = slots[0];
    macro_rules! load {
        ($t:ty as $to:ty) => {
            slots[0] = <$t>::from_le_bytes(*bytes(store, &arg, at, false)?) as $to as u64
        };
    }
    macro_rules! store {
        ($t:ty) => {
            *bytes(store, &arg, at, true)? = (slots[1] as $t).to_le_bytes()
        };
    }
    match opcode {
        O::I32Load | O::F32Load | O::I64Load32U => load!(u32 as u64),
        O::I64Load | O::F64Load => load!(u64 as u64),
        O::I32Load8S => load!(i8 as u32),
        O::I32Load16S => load!(i16 as u32),
        O::I64Load8S => load!(i8 as u64),
        O::I64Load16S => load!(i16 as u64),
        O::I64Load32S => load!(i32 as u64),
        O::I32Load8U | O::I64Load8U => load!(u8 as u64),
        O::I32Load16U | O::I64Load16U => load!(u16 as u64),
        O::I32Store | O::F32Store | O::I64Store32 => store!(u32),
        O::I64Store | O::F64Store => store!(u64),
        O::I32Store8 | O::I64Store8 => store!(u8),
        O::I32Store16 | O::I64Store16 => store!(u16),
        other => {
            let memory = store.memories[arg.memory.index()].bytes_and_regions();
            return access(memory, slots, opcode, &arg).map_err(|fault| match fault {
                Fault::Trap(trap) => trap.into(),
                Fault::Forbidden(stop) => stop,
                Fault::NoAccess => Stop::crash(format!("{other} is no access to a memory")),
            });
        }
    }
    Ok(())
}
