//! 128-bit arithmetic on pairs of 64-bit integers (proposal *wide arithmetic*).

use super::Context;
use super::rare::{Rare, rare};
use etalon_module::Opcode as O;
use etalon_runtime::Stop;

/// The rare instructions of this chapter.
pub(super) const RARE: &[(O, Rare)] = &[
    (O::I64Add128, rare(4, &[1, 1], |c| c.add128())),
    (O::I64Sub128, rare(4, &[1, 1], |c| c.sub128())),
    (O::I64MulWideS, rare(2, &[1, 1], |c| c.mul_wide_s())),
    (O::I64MulWideU, rare(2, &[1, 1], |c| c.mul_wide_u())),
];

impl Context<'_> {
    /// Two slots as one number, the low half first.
    fn pair(&self, at: usize) -> u128 {
        u128::from(self.slots[at]) | u128::from(self.slots[at + 1]) << 64
    }

    fn set_pair(&mut self, value: u128) {
        self.slots[0] = value as u64;
        self.slots[1] = (value >> 64) as u64;
    }

    /// `i64.add128`
    fn add128(&mut self) -> Result<(), Stop> {
        self.set_pair(self.pair(0).wrapping_add(self.pair(2)));
        Ok(())
    }

    /// `i64.sub128`
    fn sub128(&mut self) -> Result<(), Stop> {
        self.set_pair(self.pair(0).wrapping_sub(self.pair(2)));
        Ok(())
    }

    /// `i64.mul_wide_s`
    fn mul_wide_s(&mut self) -> Result<(), Stop> {
        let [a, b] = [self.slots[0], self.slots[1]].map(|v| i128::from(v as i64));
        self.set_pair((a * b) as u128);
        Ok(())
    }

    /// `i64.mul_wide_u`
    fn mul_wide_u(&mut self) -> Result<(), Stop> {
        let [a, b] = [self.slots[0], self.slots[1]].map(u128::from);
        self.set_pair(a * b);
        Ok(())
    }
}
