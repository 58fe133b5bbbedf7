//! 128-bit arithmetic on pairs of 64-bit integers (proposal *wide arithmetic*). The low half of a pair comes first.

use crate::configuration::{Configuration, Step};
use etalon_numerics::wide;
use etalon_runtime::Value;

impl Configuration<'_> {
    fn pop_pair(&mut self) -> Step<(u64, u64)> {
        let (high, low) = (self.pop_i64()?, self.pop_i64()?);
        Ok((low, high))
    }

    fn push_pair(&mut self, (low, high): (u64, u64)) {
        self.push(Value::I64(low));
        self.push(Value::I64(high));
    }

    /// `i64.add128`
    pub(crate) fn i64_add128(&mut self) -> Step {
        let (b, a) = (self.pop_pair()?, self.pop_pair()?);
        self.push_pair(wide::add128(a, b));
        Ok(())
    }

    /// `i64.sub128`
    pub(crate) fn i64_sub128(&mut self) -> Step {
        let (b, a) = (self.pop_pair()?, self.pop_pair()?);
        self.push_pair(wide::sub128(a, b));
        Ok(())
    }

    /// `i64.mul_wide_s`
    pub(crate) fn i64_mul_wide_s(&mut self) -> Step {
        let (b, a) = (self.pop_i64()?, self.pop_i64()?);
        self.push_pair(wide::mul_wide_s(a, b));
        Ok(())
    }

    /// `i64.mul_wide_u`
    pub(crate) fn i64_mul_wide_u(&mut self) -> Step {
        let (b, a) = (self.pop_i64()?, self.pop_i64()?);
        self.push_pair(wide::mul_wide_u(a, b));
        Ok(())
    }
}
