//! Entering compiled code.

use super::Jit;
use crate::abi::{Activation, FuncEntry};
use crate::trap;
use etalon_runtime::{Completion, HostError, Stop, Store};

/// The entry trampoline: context, code, slots, depth, activation; gives 0 if the code returned.
type Entry = unsafe extern "C" fn(usize, usize, *mut u64, u64, *mut Activation) -> u32;

impl Jit {
    /// Enters the code of a function if there are slots enough.
    ///
    /// # Safety
    /// The store must be the executor's own, the entry of one of its functions, and the slots must hold arguments of its type.
    #[inline]
    pub(super) unsafe fn enter_checked(
        &self,
        store: &mut Store,
        entry: FuncEntry,
        slots: &mut [u64],
    ) -> Result<Completion, Stop> {
        let FuncEntry { code, vmctx, entry, slots: needed, .. } = entry;
        if slots.len() < needed as usize {
            let have = slots.len();
            return Err(Stop::crash(format!("{have} slots for a function of {needed}")));
        }
        // SAFETY: the caller's promise; what belongs together was kept together.
        unsafe { self.enter(store, code, vmctx, entry, slots) }
    }

    /// Enters compiled code.
    ///
    /// # Safety
    /// The store must be the executor's own; code, context and entry trampoline must belong together and be in what the executor
    /// keeps; and the slots must be as many as the trampoline uses, and hold arguments of the code's types.
    pub(super) unsafe fn enter(
        &self,
        store: &mut Store,
        code: usize,
        vmctx: usize,
        entry: usize,
        slots: &mut [u64],
    ) -> Result<Completion, Stop> {
        let depth = store.depth_left();
        store.meter_mut().fill_up();
        let (gas, interrupt) = (store.meter().address(), store.interrupt().address());
        let store: *mut Store = store;
        // SAFETY: the executor's own store is held exclusively, so no one else uses the context; compiled code of
        // this thread that is further out waits for this call.
        let (outer, returns) = unsafe {
            let context = &mut *self.context.get();
            (context.gas, context.interrupt) = (gas, interrupt);
            (std::mem::replace(&mut context.store, store), &raw mut context.returns)
        };
        let mut activation = Activation::new(returns);
        let slots = slots.as_mut_ptr();
        let status = trap::on_guest_stack(|| {
            trap::enter(&mut activation, |activation| {
                // SAFETY: the entry trampoline has this form, and is of the signature of the code, whose arguments
                // and results fit the slots: the caller's promise. The code and its context live as long as
                // this executor, and what the code relies on is what `Jit::new` asks for.
                unsafe {
                    let enter: Entry =
                        std::mem::transmute(std::ptr::with_exposed_provenance::<()>(entry));
                    enter(vmctx, code, slots, depth, activation)
                }
            })
        });
        // SAFETY: as above. (A panic leaves the pointer, which nothing uses before it is set again: routines catch panics,
        // and compiled code further out is left.)
        unsafe { (*self.context.get()).store = outer };
        // SAFETY: it was made of an exclusive reference that is not used otherwise.
        let store = unsafe { &mut *store };
        match status {
            Ok(0) => self.completion(),
            Ok(_) => {
                let stop = self.stop(store, &activation);
                if stop.is_traced() {
                    self.trace(store, &activation);
                }
                Err(stop)
            }
            Err(error) => Err(Stop::Host(HostError::new(error.to_string()))),
        }
    }
}
