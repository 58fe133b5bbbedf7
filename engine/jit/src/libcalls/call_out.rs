//! Calls of functions that this tier does not run, and the type check of `call_indirect` and `return_call_indirect`
//! where types may have subtypes.

use super::{Guest, STOP};
use crate::abi::{HostContext, JitContext, Pending};
use crate::trap;
use etalon_module::TypeId;
use etalon_runtime::{Exhaustion, FuncAddr, InstanceAddr, Stop, Store, TailCall};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Calls a function of the host or of another tier; gives 0 if it returned.
///
/// If the frame that called this stub is the entry trampoline, only tail calls led here. The call is then given back to
/// whoever entered compiled code, and the stub returns at once without results. Otherwise frames would pile up when
/// tiers tail-call each other in turn.
///
/// # Safety
/// `context` must be of the executor that runs, `callee` of a function of its store, `slots` long enough for the function's
/// arguments and results, and `fp` the frame pointer of the stub.
pub(super) unsafe extern "C" fn call_out(
    context: *mut JitContext,
    callee: *const HostContext,
    slots: *mut u64,
    depth: u64,
    fp: u64,
) -> i64 {
    // SAFETY: the executor set both before it entered compiled code, and they outlive the call.
    let (store, executor) = unsafe { (&mut *(*context).store, &*(*context).executor) };
    // SAFETY: who calls an exit stub writes its own context there first, and contexts live as long as their executor.
    let instance = unsafe { (*(*context).caller).instance };
    store.set_running(Some(InstanceAddr(instance as u32)));
    // SAFETY: the context lives as long as the store has the function, and a function that is called is not taken from it.
    let callee = unsafe { &*callee };
    // SAFETY: the exit stub reserved what its signature needs, which is that of the callee's type.
    let slots = unsafe { std::slice::from_raw_parts_mut(slots, callee.slots) };
    // SAFETY: the exit stub passed its frame pointer.
    if unsafe { trap::is_outermost(fp as usize) } {
        let tail = TailCall { func: FuncAddr(callee.func as u32), slots: slots.to_vec() };
        // SAFETY: no reference to the field is alive while compiled code runs.
        unsafe { (*context).pending = Some(Pending::TailCall(tail)) };
        return 0;
    }
    // What it gives is one word, so that a call that returns moves little.
    let call = AssertUnwindSafe(|| {
        let result = leave(store, callee, slots, depth);
        // The callee may have instantiated modules, and compiled code may find their functions in a table.
        executor.synchronise(store);
        result.map_err(Box::new)
    });
    // SAFETY: the exit stub passed its frame pointer, and waits as long as the call lasts.
    let result = unsafe { executor.waiting(fp as usize, || catch_unwind(call)) };
    let pending = match result.map(|ended| ended.map_err(|stop| *stop)) {
        Ok(Ok(())) => return 0,
        // SAFETY: the exit stub passed its frame pointer.
        Ok(Err(Stop::Throw(exn))) if unsafe { executor.catch(store, fp as usize, exn) } => {
            return STOP;
        }
        Ok(Err(stop)) => Pending::Stop(stop),
        Err(panic) => Pending::Panic(panic),
    };
    // SAFETY: no reference to the field is alive while compiled code runs.
    unsafe { (*context).pending = Some(pending) };
    STOP
}

#[inline]
fn leave(
    store: &mut Store,
    callee: &HostContext,
    slots: &mut [u64],
    depth: u64,
) -> Result<(), Stop> {
    let before = store.depth_left();
    store.set_depth_left(depth);
    let func = FuncAddr(callee.func as u32);
    let result = match &callee.host {
        Some(host) => store.call_host(func, host, slots),
        None => store.call(func, slots),
    };
    store.set_depth_left(before);
    result?;
    // Out of gas is sticky: it stops execution here even if the host function ignored it.
    if store.is_metering() && store.meter().is_exhausted() {
        return Err(Exhaustion::Gas.into());
    }
    Ok(())
}

routines! {
    /// `Deftype_sub`: 1 if a canonical type matches another.
    type_matches(sub, sup, c, d, e) = |g: Guest<'_>| {
        Ok(g.store.types.matches_def(TypeId(sub as u32), TypeId(sup as u32)).into())
    };
}
