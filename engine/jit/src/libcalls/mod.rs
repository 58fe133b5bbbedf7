//! Routines of Rust that compiled code calls.
//!
//! Each gets the context of the instance and up to five words. One that must stop execution records the reason in the
//! store's context and gives [`STOP`]; compiled code then leaves by a trap instruction. So nothing ever unwinds through
//! frames of Rust.

/// Defines routines: each passes its words on to a body, which may use the store.
macro_rules! routines {
    ($($(#[$doc:meta])* $name:ident($a:ident, $b:ident, $c:ident, $d:ident, $e:ident) = $body:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// As for [`run`]; what is an address of slots must be one, and `fp` the frame pointer of the stub that
        /// calls this.
        pub(crate) unsafe extern "C" fn $name(
            vmctx: *mut VmContext,
            $a: u64,
            $b: u64,
            $c: u64,
            $d: u64,
            $e: u64,
        ) -> i64 {
            let _ = ($a, $b, $c, $d, $e);
            let body = $body;
            // SAFETY: the caller's promise.
            unsafe { run(vmctx, body) }
        }
    )*};
}

mod array;
mod call_out;
mod exception;
mod gas;
mod memory;
mod object;
mod roots;
mod table;

use crate::abi::{JitContext, Pending};
use etalon_runtime::{InstanceAddr, Stop, Store};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The result that means: leave, the reason is recorded. It is no ordinary result of any routine: sizes are smaller, and
/// growth that fails is -1.
pub(crate) const STOP: i64 = -2;

/// A routine that compiled code calls with words.
pub(crate) type Routine = unsafe extern "C" fn(*mut VmContext, u64, u64, u64, u64, u64) -> i64;

/// The addresses of the routines, as compiled code finds them.
#[repr(C)]
pub(crate) struct Builtins {
    pub(crate) call_out: unsafe extern "C" fn(*mut JitContext, u64, *mut u64, u64, u64) -> i64,
    pub(crate) memory_grow: Routine,
    pub(crate) memory_fill: Routine,
    pub(crate) memory_discard: Routine,
    pub(crate) memory_copy: Routine,
    pub(crate) memory_init: Routine,
    pub(crate) data_drop: Routine,
    pub(crate) memory_wait: Routine,
    pub(crate) table_grow: Routine,
    pub(crate) table_fill: Routine,
    pub(crate) table_copy: Routine,
    pub(crate) table_init: Routine,
    pub(crate) elem_drop: Routine,
    pub(crate) type_matches: Routine,
    pub(crate) exn_new: Routine,
    pub(crate) exn_fields: Routine,
    pub(crate) throw: Routine,
    pub(crate) ref_test: Routine,
    pub(crate) struct_new: Routine,
    pub(crate) struct_get: Routine,
    pub(crate) struct_set: Routine,
    pub(crate) array_new: Routine,
    pub(crate) array_new_fixed: Routine,
    pub(crate) array_new_data: Routine,
    pub(crate) array_new_elem: Routine,
    pub(crate) array_len: Routine,
    pub(crate) array_get: Routine,
    pub(crate) array_set: Routine,
    pub(crate) array_fill: Routine,
    pub(crate) array_copy: Routine,
    pub(crate) array_init_data: Routine,
    pub(crate) array_init_elem: Routine,
}

impl Builtins {
    pub(crate) fn new() -> Builtins {
        Builtins {
            call_out: call_out::call_out,
            memory_grow: memory::memory_grow,
            memory_fill: memory::memory_fill,
            memory_discard: memory::memory_discard,
            memory_copy: memory::memory_copy,
            memory_init: memory::memory_init,
            data_drop: memory::data_drop,
            memory_wait: memory::memory_wait,
            table_grow: table::table_grow,
            table_fill: table::table_fill,
            table_copy: table::table_copy,
            table_init: table::table_init,
            elem_drop: table::elem_drop,
            type_matches: call_out::type_matches,
            exn_new: exception::exn_new,
            exn_fields: exception::exn_fields,
            throw: exception::throw,
            ref_test: object::routine::ref_test,
            struct_new: object::routine::struct_new,
            struct_get: object::routine::struct_get,
            struct_set: object::routine::struct_set,
            array_new: array::routine::array_new,
            array_new_fixed: array::routine::array_new_fixed,
            array_new_data: array::routine::array_new_data,
            array_new_elem: array::routine::array_new_elem,
            array_len: array::routine::array_len,
            array_get: array::routine::array_get,
            array_set: array::routine::array_set,
            array_fill: array::routine::array_fill,
            array_copy: array::routine::array_copy,
            array_init_data: array::routine::array_init_data,
            array_init_elem: array::routine::array_init_elem,
        }
    }
}

/// The start of an instance's context.
#[repr(C)]
pub(crate) struct VmContext {
    pub(crate) context: *mut JitContext,
    pub(crate) instance: u64,
}

/// The store and the instance that compiled code runs in.
pub(crate) struct Guest<'a> {
    pub(crate) store: &'a mut Store,
    pub(crate) instance: InstanceAddr,
    pub(crate) executor: &'a crate::Jit,
}

/// Runs the body of a routine: gives its result, or records why it did not get that far.
///
/// # Safety
/// `vmctx` must be the context that compiled code got from the executor that runs it. Compiled code runs only inside of
/// `Jit::call`, which has turned its exclusive reference to the store into the pointer that is in the context and does
/// not use the reference before the code is left. So no other reference to the store is in use on this thread, and, as
/// the reference was exclusive, none on another.
pub(crate) unsafe fn run(
    vmctx: *mut VmContext,
    body: impl FnOnce(Guest<'_>) -> Result<u64, Stop>,
) -> i64 {
    // SAFETY: the caller's promise; contexts live as long as their executor.
    let (context, instance) = unsafe { ((*vmctx).context, (*vmctx).instance) };
    // SAFETY: the executor set the store before it entered compiled code, and outlives the code that it runs. A call
    // inside of this one sets another pointer and puts this one back: both are of references that wait for it.
    let (store, executor) = unsafe { (&mut *(*context).store, &*(*context).executor) };
    let instance = InstanceAddr(instance as u32);
    let result = catch_unwind(AssertUnwindSafe(|| body(Guest { store, instance, executor })));
    let pending = match result {
        Ok(Ok(value)) => return value as i64,
        Ok(Err(stop)) => Pending::Stop(stop),
        Err(panic) => Pending::Panic(panic),
    };
    // SAFETY: as above; no reference to the field is alive while compiled code runs.
    unsafe { (*context).pending = Some(pending) };
    STOP
}
