//! Why a module has no code.

use thiserror::Error;

/// Why a module cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CompileError {
    /// An operator that this tier does not have.
    #[error("function {func}: the compiled tier does not have {operator}")]
    Unsupported {
        /// Index of the function.
        func: u32,
        /// Name of the operator.
        operator: &'static str,
    },
    /// A function is too large for the code generator.
    #[error("function {func} is too large to compile")]
    TooLarge {
        /// Index of the function.
        func: u32,
    },
    /// A function's native frame is too large for its slots: depth would no longer keep the native stack from overflowing.
    #[error(
        "function {func} needs a native frame of {bytes} bytes, too many for its {slots} slots of depth"
    )]
    Frame {
        /// Index of the function.
        func: u32,
        /// Size of its native frame.
        bytes: u32,
        /// What it takes from the depth.
        slots: u64,
    },
    /// The schedule allows more depth than native stack is reserved for.
    #[error("a depth of {0} slots could outgrow the native stack")]
    Depth(u32),
    /// The processor lacks something that compiled code needs.
    #[error("the processor lacks {0}")]
    Cpu(&'static str),
    /// The target cannot be compiled for.
    #[error("cannot compile for this target: {0}")]
    Target(String),
    /// The code generator failed: a bug.
    #[error("crash: function {func}: {message}")]
    Codegen {
        /// Index of the function.
        func: u32,
        /// What it said.
        message: String,
    },
}

/// Why compiled code cannot be made executable.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("cannot load code: {0}")]
pub struct CodeError(pub String);
