//! Arithmetic on numbers, as the loop needs it: on Rust's own integers and floats, with traps as results.
//!
//! Written for this crate and shared with nobody: the oracle computes the same with other code, so that
//! a fault in either shows. Vectors, which are rare, use the oracle's functions.

#[cfg(test)]
mod agreement;
pub(crate) mod conversion;
pub(crate) mod float;
pub(crate) mod integer;
