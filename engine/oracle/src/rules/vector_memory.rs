//! Memory Instructions on vectors.

use crate::configuration::{Configuration, Step};
use crate::text::Memarg;
use etalon_module::{Opcode, Rule};
use etalon_numerics::vector;
use etalon_runtime::{Stop, Trap, Value};

fn no_access(op: Opcode) -> Box<Stop> {
    Stop::crash(format!("{op} is no access of its form")).into()
}

/// The rules of a load that reads less than a vector: by its form, that of a result and that of a trap.
pub(crate) const PACK: [Rule; 2] = [Rule::VloadPackVal, Rule::VloadPackOob];
pub(crate) const SPLAT: [Rule; 2] = [Rule::VloadSplatVal, Rule::VloadSplatOob];
pub(crate) const ZERO: [Rule; 2] = [Rule::VloadZeroVal, Rule::VloadZeroOob];

impl Configuration<'_> {
    /// `v128.load` reads a vector, by `$inv_vbytes_`. `Step_read/vload-oob`, `Step_read/vload-val`
    pub(crate) fn vload(&mut self, arg: Memarg) -> Step {
        let address = self.pop_effective_address(arg)?;
        let Some(bytes) = self.bytes::<16>(arg, address)? else {
            return self.traps(Rule::VloadOob, Trap::MemoryOutOfBounds);
        };
        let vector = u128::from_le_bytes(*bytes);
        self.used(Rule::VloadVal);
        self.push(Value::V128(vector));
        Ok(())
    }

    /// `v128.load8x8_s` … `v128.load32x2_u` widen lanes, `v128.load8_splat` … repeat a lane, `v128.load32_zero` … leave the others 0.
    /// `Step_read/vload-pack-oob`, `Step_read/vload-pack-val`, `Step_read/vload-splat-oob`, `Step_read/vload-splat-val`,
    /// `Step_read/vload-zero-oob`, `Step_read/vload-zero-val`
    pub(crate) fn vload_part<const N: usize>(
        &mut self,
        op: Opcode,
        arg: Memarg,
        [val, oob]: [Rule; 2],
    ) -> Step {
        let address = self.pop_effective_address(arg)?;
        let Some(bytes) = self.bytes::<N>(arg, address)? else {
            return self.traps(oob, Trap::MemoryOutOfBounds);
        };
        let bits = word(bytes);
        self.used(val);
        let vector = vector::extend_load(op, bits).ok_or_else(|| no_access(op))?;
        self.push(Value::V128(vector));
        Ok(())
    }

    /// `v128.load8_lane` … `v128.load64_lane` read one lane of a vector. `Step_read/vload_lane-oob`, `Step_read/vload_lane-val`
    pub(crate) fn vload_lane<const N: usize>(&mut self, op: Opcode, arg: Memarg, lane: u8) -> Step {
        let v = self.pop_v128()?;
        let address = self.pop_effective_address(arg)?;
        let Some(bytes) = self.bytes::<N>(arg, address)? else {
            return self.traps(Rule::VloadLaneOob, Trap::MemoryOutOfBounds);
        };
        let bits = word(bytes);
        self.used(Rule::VloadLaneVal);
        let vector = vector::replace(op, lane, v, bits).ok_or_else(|| no_access(op))?;
        self.push(Value::V128(vector));
        Ok(())
    }

    /// `v128.store` writes a vector, by `$vbytes_`. `Step/vstore-oob`, `Step/vstore-val`
    pub(crate) fn vstore(&mut self, arg: Memarg) -> Step {
        let v = self.pop_v128()?;
        let address = self.pop_effective_address(arg)?;
        let Some(bytes) = self.bytes::<16>(arg, address)? else {
            return self.traps(Rule::VstoreOob, Trap::MemoryOutOfBounds);
        };
        *bytes = v.to_le_bytes();
        self.used(Rule::VstoreVal);
        Ok(())
    }

    /// `v128.store8_lane` … `v128.store64_lane` write one lane of a vector. `Step/vstore_lane-oob`, `Step/vstore_lane-val`
    pub(crate) fn vstore_lane<const N: usize>(
        &mut self,
        op: Opcode,
        arg: Memarg,
        lane: u8,
    ) -> Step {
        let v = self.pop_v128()?;
        let bits = vector::extract(op, lane, v).ok_or_else(|| no_access(op))?;
        let address = self.pop_effective_address(arg)?;
        let Some(bytes) = self.bytes::<N>(arg, address)? else {
            return self.traps(Rule::VstoreLaneOob, Trap::MemoryOutOfBounds);
        };
        bytes.iter_mut().zip(bits.to_le_bytes()).for_each(|(to, byte)| *to = byte);
        self.used(Rule::VstoreLaneVal);
        Ok(())
    }
}

/// At most 8 bytes as a number, least significant first.
fn word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}
