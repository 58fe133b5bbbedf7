//! Memory Instructions on vectors.

use super::memory::word;
use crate::configuration::{Configuration, Step};
use crate::text::Memarg;
use etalon_module::{Opcode, Rule};
use etalon_numerics::vector;
use etalon_runtime::{Stop, Value};
use std::array;

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
        let bytes = self.read(arg, Rule::VloadOob)?;
        self.used(Rule::VloadVal);
        self.push(Value::V128(u128::from_le_bytes(bytes)))
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
        let bytes = self.read::<N>(arg, oob)?;
        self.used(val);
        let vector = vector::extend_load(op, word(&bytes)).ok_or_else(|| no_access(op))?;
        self.push(Value::V128(vector))
    }

    /// `v128.load8_lane` … `v128.load64_lane` read one lane of a vector. `Step_read/vload_lane-oob`, `Step_read/vload_lane-val`
    pub(crate) fn vload_lane<const N: usize>(&mut self, op: Opcode, arg: Memarg, lane: u8) -> Step {
        let v = self.pop_v128()?;
        let bytes = self.read::<N>(arg, Rule::VloadLaneOob)?;
        self.used(Rule::VloadLaneVal);
        let vector = vector::replace(op, lane, v, word(&bytes)).ok_or_else(|| no_access(op))?;
        self.push(Value::V128(vector))
    }

    /// `v128.store` writes a vector, by `$vbytes_`. `Step/vstore-oob`, `Step/vstore-val`
    pub(crate) fn vstore(&mut self, arg: Memarg) -> Step {
        let v = self.pop_v128()?;
        self.write(arg, v.to_le_bytes(), Rule::VstoreOob)?;
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
        let bytes: [u8; N] = array::from_fn(|at| (bits >> (8 * at)) as u8);
        self.write(arg, bytes, Rule::VstoreLaneOob)?;
        self.used(Rule::VstoreLaneVal);
        Ok(())
    }
}
