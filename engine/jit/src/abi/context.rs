//! The context of a store, which all compiled code of the store reaches.

use crate::libcalls::Builtins;
use etalon_runtime::{Stop, Store, TailCall};
use std::any::Any;

/// What makes a function callable from compiled code.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct FuncEntry {
    /// Its code, of the Wasm convention; 0 if nobody can call it.
    pub(crate) code: usize,
    /// The first argument of the code.
    pub(crate) vmctx: usize,
    /// Its canonical type.
    pub(crate) ty: u64,
    /// The entry trampoline of its signature, if it is of this tier.
    pub(crate) entry: usize,
}

/// Why compiled code is left other than by a return.
pub(crate) enum Pending {
    /// The outermost function was replaced by one that is not this tier's; what it returned means nothing.
    TailCall(TailCall),
    /// Execution stops.
    Stop(Stop),
    /// A host function panicked; the panic goes on behind the entry.
    Panic(Box<dyn Any + Send>),
}

/// The context of a store. Compiled code reads the first five fields.
#[repr(C)]
pub(crate) struct JitContext {
    /// Address of the gas left.
    pub(crate) gas: usize,
    /// The first of the store's function entries, by function address.
    pub(crate) entries: usize,
    /// The stub through which compiled code throws.
    pub(crate) throw: usize,
    /// The stub through which compiled code calls routines that may collect.
    pub(crate) safepoint: usize,
    /// Routines that compiled code calls.
    pub(crate) builtins: Builtins,
    /// The store that is executing; null outside of calls.
    pub(crate) store: *mut Store,
    /// The executor that this belongs to.
    pub(crate) executor: *const crate::Jit,
    /// Set before compiled code is left other than by a return.
    pub(crate) pending: Option<Pending>,
    /// Frame pointers of the stubs through which compiled code is in a call that may collect, the innermost last.
    pub(crate) waiting: Vec<usize>,
}

/// What stands for an instance where a function of another tier or of the host is called.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct HostContext {
    /// The store's context.
    pub(crate) context: usize,
    /// The function's address.
    pub(crate) func: u64,
}
