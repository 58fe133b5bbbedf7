//! 128-bit arithmetic on pairs of 64-bit integers (proposal *wide arithmetic*). The low half of a pair comes first.

use crate::configuration::{Configuration, Step};
use etalon_runtime::Value;

type Pair = (u64, u64);

impl Configuration<'_> {
    fn pop_pair(&mut self) -> Step<Pair> {
        let (high, low) = (self.pop_i64()?, self.pop_i64()?);
        Ok((low, high))
    }

    fn push_pair(&mut self, (low, high): Pair) -> Step {
        self.push(Value::I64(low))?;
        self.push(Value::I64(high))
    }

    /// `i64.add128`, `i64.sub128`
    pub(crate) fn wide_binop(&mut self, op: fn(Pair, Pair) -> Pair) -> Step {
        let (b, a) = (self.pop_pair()?, self.pop_pair()?);
        self.push_pair(op(a, b))
    }

    /// `i64.mul_wide_s`, `i64.mul_wide_u` give all bits of a product.
    pub(crate) fn widening_mul(&mut self, op: fn(u64, u64) -> Pair) -> Step {
        let (b, a) = (self.pop_i64()?, self.pop_i64()?);
        self.push_pair(op(a, b))
    }
}
