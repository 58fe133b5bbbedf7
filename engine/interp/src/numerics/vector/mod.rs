//! Vector operations (specification chapter 4.3, numerics; the names are those of the parts
//! 3.0 and 3.2 of its formal text), on `u128` with lane 0 in the lowest bits.
//!
//! The interpreter calls the functions re-exported here: each takes an [`Opcode`] and is `None`
//! for operators of another form, so that an operator belongs to exactly one of them.
//!
//! [`Opcode`]: etalon_module::Opcode

mod bits;
mod compare;
mod convert;
mod dispatch;
mod float;
mod integer;
mod lanes;
mod relaxed;
#[cfg(test)]
mod tests;

pub(crate) use bits::shuffle;
pub(crate) use dispatch::{binop, extend_load, extract, replace, shift, splat, ternop, test, unop};
pub(crate) use relaxed::alternatives;
pub use relaxed::relaxed_results;
