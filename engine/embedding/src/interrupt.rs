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

use etalon_runtime::{Interrupt, PauseRequest};
use std::io;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// Interrupts what runs in a store, from any thread. Clones are of the same store.
///
/// A guest is stopped at the next entry of a function or loop, and in the midst of long operations on memories and tables; an
/// instantiation as well. What it did until then stays. The call fails with [`Exhaustion::Interrupted`](crate::Exhaustion), and so does
/// every call of the store until [`InterruptHandle::clear`]: a host function that drops the error cannot keep the guest alive.
/// Host functions themselves are not interrupted. A handle outlives its store, and then does nothing. To pause an execution of the
/// oracle instead, and resume it later, see [`InterruptHandle::pause`].
#[derive(Clone, Debug)]
pub struct InterruptHandle {
    flag: Interrupt,
    pause: PauseRequest,
}

impl InterruptHandle {
    pub(crate) fn new(flag: &Interrupt) -> InterruptHandle {
        InterruptHandle { flag: flag.clone(), pause: PauseRequest::new() }
    }

    pub(crate) fn with_pause(self, pause: PauseRequest) -> InterruptHandle {
        InterruptHandle { pause, ..self }
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

    /// Asks for a pause: the execution that [`Store::resume`](crate::Store::resume) is running, or the next one that it runs,
    /// pauses before its next instruction ([`PauseReason::Request`](crate::PauseReason)), and the request is over. Only the oracle
    /// pauses, and only executions that were started by [`Store::start`](crate::Store::start): other calls run on.
    pub fn pause(&self) {
        self.pause.request();
    }

    /// Takes back a request for a pause that nothing has come to yet; whether there was one.
    pub fn cancel_pause(&self) -> bool {
        self.pause.take()
    }

    /// Whether guests are to stop.
    pub fn is_interrupted(&self) -> bool {
        self.flag.is_requested()
    }
}

/// How often an interrupt is looked for while work goes on that cannot look itself.
const LOOKS: Duration = Duration::from_millis(5);

/// Waits for work that may take long in one step, such as the code of one large function, or until it is interrupted: `None`.
///
/// The work is done in a thread of its own, as no such step can be cut short. It is given a handle that is raised when nobody waits for
/// it any more, so it ends with the step that it is at.
///
/// # Errors
/// If the system has no thread left.
///
/// # Panics
/// If the work does.
pub fn until_interrupted<T: Send + 'static>(
    handle: &InterruptHandle,
    work: impl FnOnce(&InterruptHandle) -> T + Send + 'static,
) -> io::Result<Option<T>> {
    if handle.is_interrupted() {
        return Ok(None);
    }
    let abandoned = InterruptHandle::new(&Interrupt::new());
    let (theirs, (done, result)) = (abandoned.clone(), mpsc::channel());
    let run = move || {
        // Who no longer waits does not want it.
        let _ = done.send(work(&theirs));
    };
    etalon_runtime::fault::may_fail()?;
    let thread = thread::Builder::new().spawn(run)?;
    loop {
        match result.recv_timeout(LOOKS) {
            Ok(result) => return Ok(Some(result)),
            Err(RecvTimeoutError::Timeout) if handle.is_interrupted() => {
                abandoned.interrupt();
                return Ok(None);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => match thread.join() {
                Ok(()) => return Ok(None),
                Err(panic) => std::panic::resume_unwind(panic),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// This work ends only after nobody waits for it any more: if that were waited for, this test would not end.
    #[test]
    fn one_long_step_is_not_waited_for() {
        let handle = InterruptHandle::new(&Interrupt::new());
        let (begun, begins) = mpsc::channel();
        let (go_on, goes_on) = mpsc::channel::<()>();
        let (ended, end) = mpsc::channel();
        let other = handle.clone();
        let raise = thread::spawn(move || {
            begins.recv().unwrap();
            other.interrupt();
        });
        let work = move |abandoned: &InterruptHandle| {
            begun.send(()).unwrap();
            goes_on.recv().unwrap();
            ended.send(abandoned.is_interrupted()).unwrap();
        };
        assert!(until_interrupted(&handle, work).unwrap().is_none());
        raise.join().unwrap();
        go_on.send(()).unwrap();
        assert!(end.recv().unwrap(), "the work knows that nobody waits");
    }

    #[test]
    #[should_panic(expected = "of the work")]
    fn a_panic_of_the_work_is_passed_on() {
        let handle = InterruptHandle::new(&Interrupt::new());
        let _ = until_interrupted(&handle, |_| panic!("of the work"));
    }
}
