//! Numerics (specification chapter 4.3): pure functions named after the specification's own.
//!
//! Used by this crate alone: a compiled tier that shared them could not be judged by them.

pub(crate) mod conversion;
pub(crate) mod float;
pub(crate) mod integer;
pub(crate) mod vector;
