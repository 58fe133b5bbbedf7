//! Arithmetic on numbers, as the loop needs it: on Rust's own integers and floats, with traps as results.
//!
//! It is shared with no other tier: the oracle computes the same with other code, so that a fault in either
//! shows. Vector arithmetic is rarer and uses the numeric functions, which the oracle uses too.

#[cfg(test)]
mod agreement;
pub(crate) mod conversion;
pub(crate) mod float;
pub(crate) mod integer;
