//! What instructions are executed inside of (specification, *Runtime Structure: Labels*, and handlers of exceptions).

use etalon_runtime::ExnAddr;
use serde::{Deserialize, Serialize};

/// A label or a handler. The innermost of a thread is the last.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Context {
    /// The label of a block, or of the body of a function.
    Label(Label),
    /// The handler of a `try_table`, by the number of its block. The label of the `try_table` is inside of it.
    Handler { block: u32, height: u32 },
    /// The handler of a `try` of before 3.0, likewise.
    Try { block: u32, height: u32 },
    /// A catch of a `try` is executed: what it caught is kept for `rethrow`.
    Caught { exn: ExnAddr },
}

/// A label.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Label {
    /// How many values a branch takes along.
    pub(crate) arity: u32,
    /// The position at which a branch continues.
    pub(crate) continuation: u32,
    /// How many values of the thread lie below those of the block.
    pub(crate) height: u32,
    /// Whether the continuation is the block itself, as it is for `loop`.
    pub(crate) repeats: bool,
}
