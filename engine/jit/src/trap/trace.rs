//! Where compiled code stopped: its frames, for a backtrace.

use super::unwind::caller_of;
use crate::abi::Returns;
use crate::code::Modules;
use etalon_runtime::{InstanceAddr, Store};

/// How many frames are counted beyond those that are noted.
const MOST_COUNTED: u64 = 1 << 16;

/// Notes the return addresses of the frames from `innermost` out to the trampoline, whose frame pointer is `entry`. It is
/// called in a signal handler: it allocates nothing, and takes time for so many frames at most.
///
/// # Safety
/// Between the two there must be frames of compiled code alone, each with a frame pointer.
pub(super) unsafe fn note(returns: &mut Returns, innermost: Option<usize>, entry: usize) {
    (returns.len, returns.omitted) = (0, 0);
    let Some(mut fp) = innermost else { return };
    // Frames further out lie higher; whatever does not is no chain of frames.
    while fp < entry && fp % 8 == 0 && returns.omitted < MOST_COUNTED {
        // SAFETY: the caller's promise.
        let (caller, pc) = unsafe { caller_of(fp) };
        if caller <= fp || caller >= entry {
            // The outermost function returns to the trampoline.
            break;
        }
        match returns.at.get_mut(returns.len) {
            Some(place) => {
                *place = pc;
                returns.len += 1;
            }
            None => returns.omitted += 1,
        }
        fp = caller;
    }
}

/// Tells the store which functions the frames are of, from where the stop was raised, if that is in one, outwards. `instance_of` says of which
/// instance a module's code is, by a number of the module.
pub(crate) fn tell(
    store: &mut Store,
    modules: &Modules,
    trap_pc: Option<usize>,
    returns: &Returns,
    instance_of: impl Fn(usize) -> Option<InstanceAddr>,
) {
    // A call may be the last instruction of its function, so the address before is looked up.
    let callers = returns.at[..returns.len].iter().map(|pc| pc.saturating_sub(1));
    let mut last = None;
    for pc in trap_pc.into_iter().chain(callers) {
        let Some(module) = modules.at(pc) else { continue };
        let Some(place) = module.locate(pc) else { continue };
        // Stubs and trampolines are no functions of the guest.
        let Some(func) = place.func else { continue };
        let start = module.addresses().0;
        let instance = match last {
            Some((known, instance)) if known == start => Some(instance),
            _ => instance_of(start),
        };
        if let Some(instance) = instance {
            last = Some((start, instance));
            store.note_frame(instance, func, place.offset);
        }
    }
    store.trace_mut().omit(returns.omitted);
}
