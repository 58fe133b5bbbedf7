//! What compiled code and the rest of the engine agree on: signatures, contexts, trampolines.

mod activation;
mod context;
mod regions;
mod signature;
pub(crate) mod slots;
mod trampoline;
mod vmctx;

pub(crate) use activation::{Activation, Landing, Returns};
pub(crate) use context::{FuncEntry, HostContext, JitContext, Pending};
pub(crate) use regions::Region;
pub(crate) use signature::{AbiSignature, AbiType};
pub(crate) use trampoline::{
    SAFEPOINT_WORDS, bridge, entry, exit, safepoint, safepoint_signature, throw, throw_signature,
};
pub(crate) use vmctx::VmLayout;

use cranelift_codegen::ir::TrapCode;

/// Not a trap: the reason is recorded in the context; leave to the entry.
pub(crate) const CODE_UNWIND: u8 = 100;
/// Not a trap: the depth of calls is used up.
pub(crate) const CODE_STACK: u8 = 101;
/// Not a trap: gas is used up.
pub(crate) const CODE_GAS: u8 = 102;

/// Not a trap: another thread has asked to stop.
pub(crate) const CODE_INTERRUPT: u8 = 103;

/// The codes that are not traps.
pub(crate) const CODES: &[u8] = &[CODE_UNWIND, CODE_STACK, CODE_GAS, CODE_INTERRUPT];

/// Converts one of our codes to the code generator's type.
pub(crate) fn trap_code(code: u8) -> TrapCode {
    // Our codes are small constants; the range below 250 is free for users.
    TrapCode::user(code).unwrap_or(TrapCode::HEAP_OUT_OF_BOUNDS)
}
