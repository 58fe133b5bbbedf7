//! The rules of the specification (*Execution: Instructions*): a function an instruction or group of instructions, in the file of
//! its chapter.
//!
//! A function does all of its instruction: it pops the operands, checks what the rule checks and in that order, has the effect, and
//! pushes the results. Its page names the official rules that it implements, and each is named once. Where the specification
//! works byte by byte or element by element, by rules that expand into themselves, the function does it at once: the bounds
//! are checked before the first effect, so the result is the same.

mod aggregate;
mod atomic;
mod call;
mod control;
mod exception;
mod gas;
mod legacy;
mod memory;
mod numeric;
mod parametric;
mod reference;
mod table;
mod variable;
mod vector;
mod vector_memory;
mod wide;

pub(crate) use aggregate::Extend;
pub(crate) use atomic::TIMED_OUT;
pub(crate) use vector_memory::{PACK, SPLAT, ZERO};
