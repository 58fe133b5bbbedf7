//! Vector operations ("Vector Operations"), on `u128` with lane 0 in the lowest bits.
//!
//! An interpreter calls the functions re-exported here: each takes an [`Opcode`] and is `None`
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

pub use bits::shuffle;
pub use dispatch::{binop, extend_load, extract, replace, shift, splat, ternop, test, unop};
pub use relaxed::alternatives;
pub use relaxed::relaxed_results;
