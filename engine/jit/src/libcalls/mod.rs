//! Routines of Rust that compiled code calls.
//!
//! Each gets the context of the instance and up to five words. One that must stop execution records the reason in the
//! store's context and gives [`STOP`]; compiled code then leaves by a trap instruction. So nothing ever unwinds through
//! frames of Rust.

/// Defines the routines of a file: each passes its words on to a body, which may use the store.
macro_rules! routines {
    ($($(#[$doc:meta])* $name:ident($a:ident, $b:ident, $c:ident, $d:ident, $e:ident) = $body:expr;)*) => {
        /// The addresses of the routines of this file, as compiled code finds them.
        #[repr(C)]
        pub(crate) struct Routines {
            $($(#[$doc])* pub(crate) $name: $crate::libcalls::Routine,)*
        }

        // `array.new` makes an array, not one of these.
        #[allow(clippy::new_ret_no_self)]
        impl Routines {
            pub(super) const ALL: Routines = Routines { $($name: Routines::$name,)* };

            $(
                $(#[$doc])*
                ///
                /// # Safety
                /// As for [`run`]($crate::libcalls::run); what is an address of slots must be one, and `fp` the frame
                /// pointer of the stub that calls this.
                unsafe extern "C" fn $name(
                    vmctx: *mut $crate::libcalls::VmContext,
                    $a: u64,
                    $b: u64,
                    $c: u64,
                    $d: u64,
                    $e: u64,
                ) -> i64 {
                    let _ = ($a, $b, $c, $d, $e);
                    let body = $body;
                    // SAFETY: the caller's promise.
                    unsafe { $crate::libcalls::run(vmctx, body) }
                }
            )*
        }
    };
}

mod array;
mod bare;
mod call_out;
mod exception;
mod gas;
mod memory;
mod object;
mod promote;
mod regions;
mod roots;
mod table;

pub(crate) use memory::STRIDE;

use crate::abi::{HostContext, JitContext, Pending};
use etalon_runtime::{InstanceAddr, Stop, Store};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The result that means: leave, the reason is recorded. It is no ordinary result of any routine: sizes are smaller, and
/// growth that fails is -1.
pub(crate) const STOP: i64 = -2;

/// A routine that compiled code calls with words.
pub(crate) type Routine = unsafe extern "C" fn(*mut VmContext, u64, u64, u64, u64, u64) -> i64;

/// The addresses of the routines, as compiled code finds them. A file that defines routines has one place here.
///
/// Compiled code holds offsets, so whoever changes what comes before a routine makes older artefacts useless: they need a
/// new `FORMAT`.
#[repr(C)]
pub(crate) struct Builtins {
    pub(crate) call_out:
        unsafe extern "C" fn(*mut JitContext, *const HostContext, *mut u64, u64, u64) -> i64,
    pub(crate) throw: Routine,
    pub(crate) memory: memory::Routines,
    pub(crate) table: table::Routines,
    pub(crate) call: call_out::Routines,
    pub(crate) exception: exception::Routines,
    pub(crate) object: object::Routines,
    pub(crate) array: array::Routines,
    pub(crate) gas: gas::Routines,
    pub(crate) bare: bare::Bare,
    pub(crate) promote: promote::Routines,
}

impl Builtins {
    pub(crate) const ALL: Builtins = Builtins {
        call_out: call_out::call_out,
        throw: exception::throw,
        memory: memory::Routines::ALL,
        table: table::Routines::ALL,
        call: call_out::Routines::ALL,
        exception: exception::Routines::ALL,
        object: object::Routines::ALL,
        array: array::Routines::ALL,
        gas: gas::Routines::ALL,
        bare: bare::Bare::ALL,
        promote: promote::Routines::ALL,
    };
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
