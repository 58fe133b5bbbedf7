//! Loads and stores of vectors ("Vector Instructions") outside of the loop.

use super::regions::allow;
use crate::program::FarArg;
use etalon_module::Opcode;
use etalon_numerics::vector;
use etalon_runtime::{Region, Stop, Trap};

/// The vector in two slots.
fn get(slots: &[u64], at: usize) -> u128 {
    u128::from(slots[at]) | u128::from(slots[at + 1]) << 64
}

fn set(slots: &mut [u64], value: u128) {
    slots[0] = value as u64;
    slots[1] = (value >> 64) as u64;
}

/// Why a load or store of a vector fails.
pub(super) enum Fault {
    Trap(Trap),
    /// A region of the memory does not allow it.
    Forbidden(Stop),
    NoAccess,
}

/// The bytes of a memory, and its regions.
type Bytes<'a> = (&'a mut [u8], &'a [Region]);

/// `len` bytes at the effective address, to read or to write.
fn bytes<'a>(
    (memory, regions): Bytes<'a>,
    arg: &FarArg,
    operand: u64,
    (len, writes): (usize, bool),
) -> Result<&'a mut [u8], Fault> {
    let operand = if arg.wide { operand } else { u64::from(operand as u32) };
    let ea = operand.checked_add(arg.offset).and_then(|ea| usize::try_from(ea).ok());
    let found = ea.and_then(|ea| Some((ea, memory.get_mut(ea..)?.get_mut(..len)?)));
    let (ea, found) = found.ok_or(Fault::Trap(Trap::MemoryOutOfBounds))?;
    allow(regions, ea..ea + len, writes).map_err(Fault::Forbidden)?;
    Ok(found)
}

/// The bytes of an access to less than a vector.
#[rustfmt::skip]
fn narrow_width(opcode: Opcode) -> Option<usize> {
    use Opcode as O;
    Some(match opcode {
        O::V128Load8Splat | O::V128Load8Lane | O::V128Store8Lane => 1,
        O::V128Load16Splat | O::V128Load16Lane | O::V128Store16Lane => 2,
        O::V128Load32Splat | O::V128Load32Zero | O::V128Load32Lane | O::V128Store32Lane => 4,
        O::V128Load8x8S | O::V128Load8x8U | O::V128Load16x4S | O::V128Load16x4U
            | O::V128Load32x2S | O::V128Load32x2U | O::V128Load64Splat | O::V128Load64Zero
            | O::V128Load64Lane | O::V128Store64Lane => 8,
        _ => return None,
    })
}

/// Executes a load or store of a vector or of a lane.
pub(super) fn access(
    memory: Bytes<'_>,
    slots: &mut [u64],
    opcode: Opcode,
    arg: &FarArg,
) -> Result<(), Fault> {
    use Opcode as O;
    let at = slots[0];
    match opcode {
        O::V128Load => {
            let bytes = bytes(memory, arg, at, (16, false))?;
            let value = bytes.first_chunk().map(|b| u128::from_le_bytes(*b));
            set(slots, value.ok_or(Fault::NoAccess)?);
            return Ok(());
        }
        O::V128Store => {
            let value = get(slots, 1);
            bytes(memory, arg, at, (16, true))?.copy_from_slice(&value.to_le_bytes());
            return Ok(());
        }
        _ => {}
    }
    let len = narrow_width(opcode).ok_or(Fault::NoAccess)?;
    if let O::V128Store8Lane | O::V128Store16Lane | O::V128Store32Lane | O::V128Store64Lane = opcode
    {
        let lane = vector::extract(opcode, arg.lane, get(slots, 1)).ok_or(Fault::NoAccess)?;
        bytes(memory, arg, at, (len, true))?.copy_from_slice(&lane.to_le_bytes()[..len]);
        return Ok(());
    }
    let mut word = [0; 8];
    word[..len].copy_from_slice(bytes(memory, arg, at, (len, false))?);
    let loaded = u64::from_le_bytes(word);
    let result = match opcode {
        O::V128Load8Lane | O::V128Load16Lane | O::V128Load32Lane | O::V128Load64Lane => {
            vector::replace(opcode, arg.lane, get(slots, 1), loaded)
        }
        _ => vector::extend_load(opcode, loaded),
    };
    set(slots, result.ok_or(Fault::NoAccess)?);
    Ok(())
}
