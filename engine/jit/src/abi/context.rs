//! The context of a store, which all compiled code of the store reaches.

use super::Returns;
use crate::libcalls::{Builtins, VmContext};
use etalon_runtime::{HostFn, Stop, Store, TailCall};
use std::any::Any;
use std::sync::Arc;

/// What makes a function callable from compiled code.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct FuncEntry {
    /// Its code, in the calling convention of Wasm functions; 0 if no code can call it yet.
    pub(crate) code: usize,
    /// The first argument of the code.
    pub(crate) vmctx: usize,
    /// Its canonical type.
    pub(crate) ty: u32,
    /// Slots for its arguments and results, if there are fewer than 2^32.
    pub(crate) slots: u32,
    /// The entry trampoline of its signature, if it is of this tier.
    pub(crate) entry: usize,
}

impl FuncEntry {
    /// Of a function that no code can call.
    pub(crate) const NONE: FuncEntry = FuncEntry { code: 0, vmctx: 0, ty: 0, slots: 0, entry: 0 };
}

/// Why compiled code is left other than by a return.
pub(crate) enum Pending {
    /// The outermost function tail-called one that this tier does not run. What it returned has no meaning.
    TailCall(TailCall),
    /// Execution stops.
    Stop(Stop),
    /// A host function panicked; the panic resumes once compiled code is left.
    Panic(Box<dyn Any + Send>),
}

/// The context of a store. Compiled code uses the first nine fields.
#[repr(C)]
pub(crate) struct JitContext {
    /// Address of the gas left.
    pub(crate) gas: usize,
    /// Address of the word that is not 0 while another thread asks to stop.
    pub(crate) interrupt: usize,
    /// The first of the store's function entries, by function address.
    pub(crate) entries: usize,
    /// The stub through which compiled code throws.
    pub(crate) throw: usize,
    /// The stub through which compiled code calls routines that may collect.
    pub(crate) safepoint: usize,
    /// The word of the reference to the exception that was caught last.
    pub(crate) caught: u64,
    /// The number of the clause that caught it, in its function.
    pub(crate) clause: u64,
    /// The context of the instance whose code last called something that may be another tier's or the host's.
    pub(crate) caller: *const VmContext,
    /// Routines that compiled code calls.
    pub(crate) builtins: Builtins,
    /// The store that is executing; null outside of calls.
    pub(crate) store: *mut Store,
    /// The executor that this belongs to.
    pub(crate) executor: *const crate::Jit,
    /// How many function entries there are.
    pub(crate) known: usize,
    /// Set before compiled code is left other than by a return.
    pub(crate) pending: Option<Pending>,
    /// Frame pointers of the stubs through which compiled code is in a call that may collect, the innermost last.
    pub(crate) waiting: Vec<usize>,
    /// The frames that the last stop ended.
    pub(crate) returns: Returns,
}

/// The context of an exit stub, in place of an instance's: which function of another tier or of the host it calls. It lives as
/// long as the store has the function.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct HostContext {
    /// The store's context.
    pub(crate) context: usize,
    /// The function's address.
    pub(crate) func: u64,
    /// Slots for its arguments and results.
    pub(crate) slots: usize,
    /// The function, if it is of the host.
    pub(crate) host: Option<Arc<HostFn>>,
}
