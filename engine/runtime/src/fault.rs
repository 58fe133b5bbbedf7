//! Failures on purpose, for tests: the n-th request to the system or the allocator that a thread makes fails, or its n-th look for
//! an interrupt finds one. This is for builds with debug assertions; in others nothing here does or costs anything.

use std::io;

#[cfg(debug_assertions)]
mod plan {
    use std::cell::Cell;

    thread_local! {
        /// Requests until the one that fails; `None` if none does.
        static LEFT: Cell<Option<u64>> = const { Cell::new(None) };
        static FAILED: Cell<bool> = const { Cell::new(false) };
        /// Looks for an interrupt until the one that finds it; `None` if none does.
        static LOOKS: Cell<Option<u64>> = const { Cell::new(None) };
    }

    pub(super) fn interrupt(nth: Option<u64>) {
        LOOKS.set(nth);
    }

    /// Whether this look is the one that finds an interrupt.
    pub(super) fn interrupts() -> bool {
        let Some(left) = LOOKS.get() else { return false };
        LOOKS.set(left.checked_sub(1).filter(|left| *left > 0));
        left == 1
    }

    pub(super) fn fail(nth: Option<u64>) -> bool {
        LEFT.set(nth);
        FAILED.replace(false)
    }

    /// Whether this request is the one that fails.
    pub(super) fn fails() -> bool {
        let Some(left) = LEFT.get() else { return false };
        LEFT.set(left.checked_sub(1).filter(|left| *left > 0));
        if left == 1 {
            FAILED.set(true);
        }
        left == 1
    }
}

/// Makes the n-th request of this thread from now on fail, counted from 1; `None` ends that. Tells whether a request has failed
/// since this was last called.
pub fn fail(nth: Option<u64>) -> bool {
    #[cfg(debug_assertions)]
    return plan::fail(nth);
    #[cfg(not(debug_assertions))]
    {
        _ = nth;
        false
    }
}

/// Makes the n-th look for an interrupt of this thread from now on find one, counted from 1, as if another thread had just asked:
/// so a test sees in the midst of what a run is stopped. `None` ends that. Compiled code looks itself, and is not counted.
pub fn interrupt(nth: Option<u64>) {
    #[cfg(debug_assertions)]
    plan::interrupt(nth);
    #[cfg(not(debug_assertions))]
    {
        _ = nth;
    }
}

/// Whether a test wants this look for an interrupt to find one.
#[inline(always)]
pub(crate) fn interrupts() -> bool {
    #[cfg(debug_assertions)]
    return plan::interrupts();
    #[cfg(not(debug_assertions))]
    false
}

/// A request that may fail: to be made before each one to the system or the allocator.
///
/// # Errors
/// If a test wants it to fail.
#[inline(always)]
pub fn may_fail() -> io::Result<()> {
    #[cfg(debug_assertions)]
    if plan::fails() {
        return Err(io::Error::from(io::ErrorKind::OutOfMemory));
    }
    Ok(())
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use super::*;

    #[test]
    fn the_nth_request_fails_and_no_other() {
        assert!(!fail(Some(3)));
        let requests: Vec<bool> = (0..5).map(|_| may_fail().is_err()).collect();
        assert_eq!(requests, [false, false, true, false, false]);
        assert!(fail(Some(1)));
        assert!(!fail(None));
        assert!(may_fail().is_ok());
    }
}
