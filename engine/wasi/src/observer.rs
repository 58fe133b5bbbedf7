//! Who is told of each call.

use crate::{Errno, Function};

/// A call of a function that is over.
#[derive(Clone, Copy, Debug)]
pub struct Called<'a> {
    /// The function.
    pub function: &'a Function,
    /// Its arguments. One of type `i32` is in the lower half of its number; what is above does not count.
    pub args: &'a [u64],
    /// The number that it returned; `None` if the guest ended with this call.
    pub errno: Option<Errno>,
    /// Gas that was left when it began, where the engine tells that ([`Guest::gas_left`](crate::Guest::gas_left)).
    pub gas_left: Option<u64>,
}

/// Who is told of calls, in the order in which the guest makes them.
pub(crate) type Observer = Box<dyn FnMut(&Called<'_>) + Send + Sync>;
