//! Interrupting guests from another thread.
//!
//! ```
//! use etalon::{Config, Engine, Exhaustion, Instance, Module, Store};
//!
//! let engine = Engine::new(Config::new().interruptible(true))?;
//! let module = Module::new(&engine, r#"(module (func (export "spin") (loop (br 0))))"#)?;
//! let mut store = Store::new(&engine, ());
//! let spin = Instance::new(&mut store, &module, &[])?.get_typed_func::<(), ()>(&mut store, "spin")?;
//!
//! let handle = store.interrupt_handle()?;
//! std::thread::spawn(move || handle.interrupt());
//! let error = spin.call(&mut store, ()).unwrap_err();
//! assert_eq!(error.downcast_ref(), Some(&Exhaustion::Interrupted));
//! # Ok::<(), etalon::Error>(())
//! ```

use etalon_runtime::Interrupt;

/// Interrupts what runs in a store, from any thread. Clones are of the same store.
///
/// A guest is stopped at the next entry of a function or loop, and in the midst of long operations on memories; an
/// instantiation as well. What it did until then stays. The call fails with [`Exhaustion::Interrupted`](crate::Exhaustion), and so does
/// every call of the store until [`InterruptHandle::clear`]: a host function that drops the error cannot keep the guest alive.
/// Host functions themselves are not interrupted. To pause an execution of the oracle instead, and resume it later, see
/// [`PauseRequest`](crate::PauseRequest).
#[derive(Clone, Debug)]
pub struct InterruptHandle {
    flag: Interrupt,
}

impl InterruptHandle {
    pub(crate) fn new(flag: &Interrupt) -> InterruptHandle {
        InterruptHandle { flag: flag.clone() }
    }

    pub(crate) fn flag(&self) -> &Interrupt {
        &self.flag
    }

    /// Asks what runs in the store, and whatever begins to run, to stop.
    pub fn interrupt(&self) {
        self.flag.request();
    }

    /// Lets guests run again.
    pub fn clear(&self) {
        self.flag.clear();
    }

    /// Whether guests are to stop.
    pub fn is_interrupted(&self) -> bool {
        self.flag.is_requested()
    }
}
