//! The ways in which execution ends other than by returning.
//!
//! Five ways, never mixed: a *trap*, a *throw*, an *exhaustion*, a *host error*, and a *crash*, which
//! cannot happen in valid code and is our bug.

use crate::address::ExnAddr;
use crate::memory::Region;
use std::any::Any;
use std::fmt;
use std::sync::Arc;
use thiserror::Error;

/// Why execution trapped (specification: *Execution*, the rules that reduce to `trap`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[error("{}", self.text())]
#[repr(u8)]
pub enum Trap {
    /// `unreachable` was executed.
    Unreachable = 1,
    /// An integer was divided by zero.
    IntegerDivideByZero,
    /// The quotient of a signed division, or a converted float, does not fit.
    IntegerOverflow,
    /// NaN was converted to an integer.
    InvalidConversionToInteger,
    /// A memory was accessed beyond its size.
    MemoryOutOfBounds,
    /// A table was accessed beyond its size.
    TableOutOfBounds,
    /// `call_indirect` beyond the table's size.
    UndefinedElement,
    /// `call_indirect` of a null element.
    UninitializedElement,
    /// `call_indirect` of a function of another type.
    IndirectCallTypeMismatch,
    /// `call_ref` of null.
    NullFunctionReference,
    /// `ref.as_non_null` of null.
    NullReference,
    /// `i31.get` of null.
    NullI31Reference,
    /// A field access through null.
    NullStructureReference,
    /// An element access through null.
    NullArrayReference,
    /// `throw_ref` of null.
    NullExceptionReference,
    /// An array was accessed beyond its length.
    ArrayOutOfBounds,
    /// `ref.cast` to a type that the reference does not have.
    CastFailure,
    /// An atomic access that is not naturally aligned.
    UnalignedAtomic,
    /// `memory.atomic.wait` on a memory that is not shared.
    ExpectedSharedMemory,
    /// An access that a region of the memory forbids. The specification has no such regions: the embedder makes them.
    ForbiddenAccess,
}

impl Trap {
    /// Every trap.
    pub const ALL: &[Trap] = &[
        Trap::Unreachable,
        Trap::IntegerDivideByZero,
        Trap::IntegerOverflow,
        Trap::InvalidConversionToInteger,
        Trap::MemoryOutOfBounds,
        Trap::TableOutOfBounds,
        Trap::UndefinedElement,
        Trap::UninitializedElement,
        Trap::IndirectCallTypeMismatch,
        Trap::NullFunctionReference,
        Trap::NullReference,
        Trap::NullI31Reference,
        Trap::NullStructureReference,
        Trap::NullArrayReference,
        Trap::NullExceptionReference,
        Trap::ArrayOutOfBounds,
        Trap::CastFailure,
        Trap::UnalignedAtomic,
        Trap::ExpectedSharedMemory,
        Trap::ForbiddenAccess,
    ];

    /// The message that the official scripts expect. No other place turns traps into text.
    pub fn text(self) -> &'static str {
        match self {
            Trap::Unreachable => "unreachable",
            Trap::IntegerDivideByZero => "integer divide by zero",
            Trap::IntegerOverflow => "integer overflow",
            Trap::InvalidConversionToInteger => "invalid conversion to integer",
            Trap::MemoryOutOfBounds => "out of bounds memory access",
            Trap::TableOutOfBounds => "out of bounds table access",
            Trap::UndefinedElement => "undefined element",
            Trap::UninitializedElement => "uninitialized element",
            Trap::IndirectCallTypeMismatch => "indirect call type mismatch",
            Trap::NullFunctionReference => "null function reference",
            Trap::NullReference => "null reference",
            Trap::NullI31Reference => "null i31 reference",
            Trap::NullStructureReference => "null structure reference",
            Trap::NullArrayReference => "null array reference",
            Trap::NullExceptionReference => "null exception reference",
            Trap::ArrayOutOfBounds => "out of bounds array access",
            Trap::CastFailure => "cast failure",
            Trap::UnalignedAtomic => "unaligned atomic",
            Trap::ExpectedSharedMemory => "expected shared memory",
            Trap::ForbiddenAccess => "forbidden access",
        }
    }

    /// The trap with a number that `trap as u8` produced.
    pub fn from_code(code: u8) -> Option<Trap> {
        Trap::ALL.iter().copied().find(|t| *t as u8 == code)
    }
}

/// Where in a module something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[error("in function {func} at offset {offset:#x}")]
pub struct Site {
    /// The function's index in its module.
    pub func: u32,
    /// Offset of the instruction in the module's bytes.
    pub offset: u32,
}

/// A trap, with the instruction that raised it if that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trapped {
    /// The trap.
    pub trap: Trap,
    /// The instruction; `None` if instantiation trapped, where there is none.
    pub site: Option<Site>,
    /// The name of the region that forbids the access, for [`Trap::ForbiddenAccess`].
    pub region: Option<Arc<str>>,
}

impl From<Trap> for Trapped {
    fn from(trap: Trap) -> Self {
        Trapped { trap, site: None, region: None }
    }
}

/// An access that a region forbids.
impl From<&Region> for Trapped {
    fn from(region: &Region) -> Self {
        let region = Some(Arc::clone(&region.name));
        Trapped { trap: Trap::ForbiddenAccess, site: None, region }
    }
}

impl fmt::Display for Trapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.trap.text())?;
        self.region.as_ref().map_or(Ok(()), |name| write!(f, " to region {name}"))
    }
}

/// What ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[error("{}", self.text())]
pub enum Exhaustion {
    /// Gas.
    Gas,
    /// The call stack: the greatest depth was reached.
    Stack,
    /// A declared limit of the store.
    Limit(&'static str),
    /// The time that the embedder gives: another thread has asked to stop.
    Interrupted,
}

impl Exhaustion {
    /// The message: the one that the official scripts expect for the stack, our own for the others.
    pub fn text(self) -> &'static str {
        match self {
            Exhaustion::Gas => "out of gas",
            Exhaustion::Stack => "call stack exhausted",
            Exhaustion::Limit(what) => what,
            Exhaustion::Interrupted => "interrupted",
        }
    }
}

/// A failure of a host function, passed through the guest unchanged.
#[derive(Clone, Error)]
#[error("{text}")]
pub struct HostError {
    text: String,
    payload: Option<Arc<dyn Any + Send + Sync>>,
    by_guest: bool,
}

impl HostError {
    /// A failure that is only a text.
    pub fn new(text: impl Into<String>) -> HostError {
        HostError { text: text.into(), payload: None, by_guest: false }
    }

    /// A failure with what the embedder wants back: no tier looks at it.
    pub fn with_payload(text: String, payload: Arc<dyn Any + Send + Sync>) -> HostError {
        HostError { text, payload: Some(payload), by_guest: false }
    }

    /// The same of a failure that is the guest's own, such as an address outside its memory: tiers note their frames, as at a trap.
    #[must_use]
    pub fn by_guest(self) -> HostError {
        HostError { by_guest: true, ..self }
    }

    /// Whether the guest is to blame.
    pub fn is_by_guest(&self) -> bool {
        self.by_guest
    }

    /// What the embedder put in.
    pub fn payload(&self) -> Option<&Arc<dyn Any + Send + Sync>> {
        self.payload.as_ref()
    }
}

impl fmt::Debug for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HostError").field(&self.text).finish()
    }
}

/// By the text: what the embedder put in has no equality.
impl PartialEq for HostError {
    fn eq(&self, other: &HostError) -> bool {
        self.text == other.text
    }
}

impl Eq for HostError {}

/// Something that cannot happen in valid code: a bug of ours.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("crash: {0}")]
pub struct Crash(pub String);

/// Why a call did not return.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Stop {
    /// The guest trapped.
    #[error("trap: {0}")]
    Trap(Trapped),
    /// An exception that nobody caught.
    #[error("uncaught exception")]
    Throw(ExnAddr),
    /// Gas, stack or a declared limit ran out.
    #[error("exhausted: {}", .0.text())]
    Exhausted(Exhaustion),
    /// A host function failed.
    #[error("host error: {0}")]
    Host(HostError),
    /// A bug of ours.
    #[error(transparent)]
    Crash(Crash),
}

impl Stop {
    /// A crash with a message.
    pub fn crash(message: impl Into<String>) -> Stop {
        Stop::Crash(Crash(message.into()))
    }

    /// The host has no memory left for what the guest asks for (gas-1, *Memories and tables*). No guest may observe it.
    #[cold]
    pub fn out_of_memory() -> Stop {
        Stop::Host(HostError::new("the host is out of memory"))
    }
}

impl From<Trap> for Stop {
    fn from(trap: Trap) -> Self {
        Stop::Trap(trap.into())
    }
}

impl From<&Region> for Stop {
    fn from(region: &Region) -> Self {
        Stop::Trap(region.into())
    }
}

impl From<Exhaustion> for Stop {
    fn from(what: Exhaustion) -> Self {
        Stop::Exhausted(what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_name_traps() {
        for trap in Trap::ALL {
            assert_eq!(Trap::from_code(*trap as u8), Some(*trap));
        }
        assert_eq!(Trap::from_code(0), None);
        assert_eq!(Trap::from_code(200), None);
    }
}
