//! 128-bit arithmetic on pairs of 64-bit integers (proposal *wide arithmetic*).

use super::Context;
use etalon_runtime::Stop;

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
    pub(super) fn add128(&mut self) -> Result<(), Stop> {
        self.set_pair(self.pair(0).wrapping_add(self.pair(2)));
        Ok(())
    }

    /// `i64.sub128`
    pub(super) fn sub128(&mut self) -> Result<(), Stop> {
        self.set_pair(self.pair(0).wrapping_sub(self.pair(2)));
        Ok(())
    }

    /// `i64.mul_wide_s`
    pub(super) fn mul_wide_s(&mut self) -> Result<(), Stop> {
        let [a, b] = [self.slots[0], self.slots[1]].map(|v| i128::from(v as i64));
        self.set_pair((a * b) as u128);
        Ok(())
    }

    /// `i64.mul_wide_u`
    pub(super) fn mul_wide_u(&mut self) -> Result<(), Stop> {
        let [a, b] = [self.slots[0], self.slots[1]].map(u128::from);
        self.set_pair(a * b);
        Ok(())
    }
}
