//! The numeric functions of the specification ("Numerics"), as pure functions.
//!
//! A function has the name that it has in the specification's formal text, without the dollar sign and
//! the underscores at the end: `iadd` is the function of integer addition. Its documentation names it
//! in full, and one function alone does, so that a text search for the name finds what implements it.
//! Partial functions say why they have no result ([`Undefined`]); what becomes of that is the caller's.
//!
//! The oracle takes all of its arithmetic from here, the optimised interpreter only that of vectors. A
//! compiler takes nothing: if it shared these functions, agreement with the oracle would prove nothing.
#![forbid(unsafe_code)]

mod applied;
mod choice;
pub mod conversion;
pub mod float;
mod function;
pub mod integer;
pub mod scalar;
mod undefined;
pub mod vector;
pub mod wide;

pub use applied::functions_of;
pub use choice::{choice, visible_choice};
pub use function::Function;
pub use undefined::Undefined;
