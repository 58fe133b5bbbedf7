//! Why a module, or a function of it, has no code.

use crate::compile::CpuLevel;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why nothing of a module can be compiled. It says nothing of the module.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CompileError {
    /// The processor lacks something that compiled code needs.
    #[error("the processor lacks {0}")]
    Cpu(&'static str),
    /// The target cannot be compiled for.
    #[error("cannot compile for this target: {0}")]
    Target(String),
    /// The code generator for it is left out of this build.
    #[error("this build makes no code for {0}: the Cargo feature `cross` of etalon has it")]
    NotBuilt(String),
    /// What another machine has nobody knows here.
    #[error("the level native is what this machine has, and the code is for {0}: say {names}", names = CpuLevel::names_elsewhere())]
    NativeElsewhere(String),
    /// Another thread has asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// The code generator failed: a bug.
    #[error("crash: function {func}: {message}")]
    Codegen {
        /// Index of the function.
        func: u32,
        /// What it said.
        message: String,
    },
}

/// A function that is not compiled. Another tier runs it (gas-1, *Depth*), with the same results and the same gas.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[error("function {func} is not compiled: {reason}")]
pub struct NotCompiled {
    /// Index of the function.
    pub func: u32,
    /// Why.
    pub reason: Reason,
}

/// Why a function is not compiled.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Reason {
    /// The compiler does not have an operator of it.
    #[error("the compiler does not have {0}")]
    Operator(String),
    /// The schedule allows more depth than native stack is reserved for.
    #[error("a depth of {0} slots could outgrow the native stack")]
    Depth(u32),
    /// Compiling it costs more than is to be spent.
    #[error("compiling it costs {cost} units, and {limit} are to be spent")]
    Budget {
        /// What it costs; see [`Budget`](crate::Budget).
        cost: u64,
        /// What is left for it.
        limit: u64,
    },
    /// The code generator has a limit that it exceeds.
    #[error("it exceeds a limit of the code generator")]
    TooLarge,
    /// Its native frame is larger than what is reserved for its slots of depth.
    #[error(
        "its native frame of {bytes} bytes is more than {reserved} bytes, reserved for its depth"
    )]
    Frame {
        /// Bytes of its native frame.
        bytes: u32,
        /// Bytes of the native stack that its slots of depth stand for.
        reserved: u64,
    },
    /// It cannot begin with the loop that was asked for.
    #[error("its code cannot begin with that loop")]
    Entrance,
    /// The code generator's work on it would grow faster than its size, whatever the budget.
    #[error(
        "compiling it takes more than in proportion to its size: {count} steps, and {limit} are to be taken"
    )]
    Growth {
        /// The steps of the kind that there are too many of.
        count: u64,
        /// How many may be, for its size.
        limit: u64,
    },
}

/// Why a function has no code: what translation and generation give instead of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Another tier has to run the function.
    NotCompiled(Reason),
    /// Nothing of the module can be compiled.
    Error(CompileError),
}

impl From<Reason> for Failure {
    fn from(reason: Reason) -> Failure {
        Failure::NotCompiled(reason)
    }
}

impl From<CompileError> for Failure {
    fn from(error: CompileError) -> Failure {
        Failure::Error(error)
    }
}

/// Why a function that is compiled alone has no code: another tier goes on running it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// It is not compiled.
    #[error(transparent)]
    NotCompiled(#[from] Reason),
    /// Nothing of the module can be compiled, or the compiler has a bug.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// There is no memory for its code.
    #[error(transparent)]
    Code(#[from] CodeError),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Refusal {
        match failure {
            Failure::NotCompiled(reason) => reason.into(),
            Failure::Error(error) => error.into(),
        }
    }
}

/// Why compiled code cannot be made executable.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("cannot load code: {0}")]
pub struct CodeError(pub String);
