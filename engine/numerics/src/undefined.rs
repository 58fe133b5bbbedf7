//! Why a partial function has no result.

use thiserror::Error;

/// Why the specification's function has no result for some operands. A tier makes a trap of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum Undefined {
    /// The divisor is zero.
    #[error("the divisor is zero")]
    DivideByZero,
    /// The result is a number that its type cannot hold.
    #[error("the type of the result cannot hold it")]
    Overflow,
    /// The operand is not a number.
    #[error("a NaN is no integer")]
    InvalidConversion,
}
