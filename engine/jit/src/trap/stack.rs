//! The stack that guests run on, so large that depth in slots always decides first (gas-1 section 8.4).

use std::cell::Cell;
use std::io;

/// Bytes of address space; pages are had when they are touched.
const BYTES: usize = 512 << 20;

thread_local! {
    static ON_GUEST_STACK: Cell<bool> = const { Cell::new(false) };
}

/// Runs `body` on a guest stack; on the one that the thread is on already, if it is.
///
/// # Errors
/// If the system has no address space left.
pub(crate) fn on_guest_stack<R>(body: impl FnOnce() -> R) -> io::Result<R> {
    if ON_GUEST_STACK.get() {
        return Ok(body());
    }
    let body = || {
        let outer = ON_GUEST_STACK.replace(true);
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body));
        ON_GUEST_STACK.set(outer);
        result
    };
    match switch::run(body)? {
        Ok(result) => Ok(result),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

#[cfg(not(target_arch = "s390x"))]
mod switch {
    //! A mapping of our own, to which the thread switches.

    use super::BYTES;
    use corosensei::on_stack;
    use corosensei::stack::{Stack, StackPointer};
    use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};
    use std::cell::RefCell;
    use std::io;
    use std::num::NonZeroUsize;

    /// Bytes at the low end that fault.
    const GUARD: usize = 1 << 20;

    thread_local! {
        /// A stack that nothing runs on.
        static SPARE: RefCell<Option<GuestStack>> = const { RefCell::new(None) };
    }

    /// Runs `body`, which must not panic, on a stack of its own.
    pub(super) fn run<R>(body: impl FnOnce() -> R) -> io::Result<R> {
        let stack = match SPARE.take() {
            Some(stack) => stack,
            None => GuestStack::new()?,
        };
        let result = on_stack(&stack, body);
        SPARE.set(Some(stack));
        Ok(result)
    }

    /// A stack in its own mapping.
    #[derive(Debug)]
    struct GuestStack {
        limit: NonZeroUsize,
        base: NonZeroUsize,
    }

    impl GuestStack {
        fn new() -> io::Result<GuestStack> {
            let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
            let rights = ProtFlags::READ | ProtFlags::WRITE;
            // SAFETY: a fresh anonymous mapping at an address of the system's choice overlaps nothing.
            let start = unsafe { mmap_anonymous(std::ptr::null_mut(), BYTES, rights, flags)? };
            let limit = start.expose_provenance();
            let pointers = NonZeroUsize::new(limit).zip(NonZeroUsize::new(limit + BYTES));
            let Some((limit, base)) = pointers else {
                return Err(io::Error::other("the system mapped the null page"));
            };
            let stack = GuestStack { limit, base };
            // SAFETY: the range is the low end of the mapping just made, which nothing uses yet.
            unsafe { mprotect(start, GUARD, MprotectFlags::empty())? };
            Ok(stack)
        }
    }

    impl Drop for GuestStack {
        fn drop(&mut self) {
            let start = std::ptr::with_exposed_provenance_mut(self.limit.get());
            // SAFETY: the mapping was made by `new` with this length, and nothing runs on it: it was spare.
            // A failure leaks address space and nothing else.
            unsafe {
                let _ = munmap(start, BYTES);
            }
        }
    }

    // SAFETY: `base` is the high end of a mapping of `BYTES` that is aligned to pages, and `limit` its low end with
    // guard pages that fault; both hold as long as the value.
    unsafe impl Stack for &GuestStack {
        fn base(&self) -> StackPointer {
            self.base
        }

        fn limit(&self) -> StackPointer {
            self.limit
        }
    }
}

#[cfg(target_arch = "s390x")]
mod switch {
    //! Stacks cannot be switched here: a thread of its own has the large one, and its caller waits.

    use super::BYTES;
    use std::io;

    /// What passes to the thread that runs and back to the one that waits.
    struct Pass<T>(T);

    // SAFETY: exactly one of the two threads runs at any time, and the start and the end of the other order what
    // they do, as in a call.
    unsafe impl<T> Send for Pass<T> {}

    impl<T> Pass<T> {
        /// Takes the whole value along, not its content.
        fn into_inner(self) -> T {
            self.0
        }
    }

    /// Runs `body`, which must not panic, on a stack of its own.
    pub(super) fn run<R>(body: impl FnOnce() -> R) -> io::Result<R> {
        let body = Pass(body);
        std::thread::scope(|scope| {
            let run = move || Pass(body.into_inner()());
            let thread = std::thread::Builder::new().stack_size(BYTES).spawn_scoped(scope, run)?;
            match thread.join() {
                Ok(result) => Ok(result.into_inner()),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    }
}
