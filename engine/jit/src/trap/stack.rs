//! The stack that guests run on, so large that depth in slots always decides first (gas-1 section 8.4).

use etalon_gas::Depth;
use std::cell::Cell;
use std::io;
use std::ops::Range;
use std::panic::{self, AssertUnwindSafe};

/// Bytes of address space; pages are had when they are touched.
const BYTES: usize = 512 << 20;

/// Bytes for each slot that are kept for what belongs to a frame and is not in it: arguments and results on the stack, the
/// return address, and the stub through which it calls out, each at most two words for a slot.
const BYTES_BESIDE: u64 = 64;

/// Bytes of Rust's frames for each frame of the guest, where every call is from tier to tier.
const BYTES_BETWEEN: u64 = 4 << 10;

thread_local! {
    static ON_GUEST_STACK: Cell<bool> = const { Cell::new(false) };
    /// The pages that fault at the end of this thread's guest stack. It has no destructor and a constant start, so
    /// that a signal handler may read it.
    static GUARD: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// Bytes of the guest stack that a frame of compiled code may take for each of its slots, so that no depth outgrows the
/// stack: a frame takes `frame` slots at least. With 0 no code may run.
pub(crate) fn bytes_per_slot(depth: Depth) -> u64 {
    let (max, frame) = (u64::from(depth.max).max(1), u64::from(depth.frame.max(1)));
    let left = (BYTES as u64).saturating_sub(max / frame * BYTES_BETWEEN);
    (left / max).saturating_sub(BYTES_BESIDE)
}

/// Bytes of the native stack for a slot of depth, of frames that have so many of it: with what belongs to a frame and is not in it.
pub(crate) fn bytes_with_calls(per_slot: u64) -> u64 {
    per_slot + BYTES_BESIDE
}

/// Whether an address is just beyond the end of the guest stack that this thread is on. Safe in a signal handler.
pub(super) fn is_beyond(address: usize) -> bool {
    let (from, to) = GUARD.get();
    (from..to).contains(&address)
}

/// Notes the pages that fault; gives those that were noted before.
#[inline]
fn set_guard(pages: Range<usize>) -> Range<usize> {
    let (from, to) = GUARD.replace((pages.start, pages.end));
    from..to
}

/// Runs `body` on a stack that is so large that the depth of calls decides before the stack does (gas-1, *Depth*), whichever tiers
/// call each other; on the one that the thread is on already, if it is. A panic of `body` goes on in the caller.
///
/// # Errors
/// If the system has no address space left for the stack. `body` was not run then.
#[inline]
pub fn on_guest_stack<R>(body: impl FnOnce() -> R) -> io::Result<R> {
    if ON_GUEST_STACK.get() {
        return Ok(body());
    }
    let mut job = Job { body: Some(body), result: None };
    switch::run(|| job.run())?;
    match job.result {
        Some(Ok(result)) => Ok(result),
        Some(Err(panic)) => panic::resume_unwind(panic),
        None => Err(io::Error::other("nothing ran on the guest stack")),
    }
}

/// What is to run on the guest stack, and what came of it. The switch takes no more there than where this is: to copy what was just
/// written in pieces costs more than the switch.
struct Job<F, R> {
    body: Option<F>,
    result: Option<std::thread::Result<R>>,
}

impl<R, F: FnOnce() -> R> Job<F, R> {
    /// Never panics.
    #[inline]
    fn run(&mut self) {
        let outer = ON_GUEST_STACK.replace(true);
        let body = self.body.take();
        self.result = body.map(|body| panic::catch_unwind(AssertUnwindSafe(body)));
        ON_GUEST_STACK.set(outer);
    }
}

mod switch {
    //! A mapping of our own, to which the thread switches.

    use super::BYTES;
    #[cfg(not(target_arch = "s390x"))]
    use corosensei::{
        on_stack,
        stack::{Stack, StackPointer},
    };
    use etalon_runtime::fault;
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
        // In a destructor of another thread-local value there may be no spare one.
        let stack = match SPARE.try_with(RefCell::take) {
            Ok(Some(stack)) => stack,
            _ => GuestStack::new()?,
        };
        let limit = stack.limit.get();
        let outer = super::set_guard(limit..limit + GUARD);
        let result = on_stack(&stack, body);
        super::set_guard(outer);
        let _ = SPARE.try_with(|spare| spare.replace(Some(stack)));
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
            fault::may_fail()?;
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
            fault::may_fail()?;
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

    /// Runs `body`, which must not panic, on a stack on which nothing runs.
    #[cfg(target_arch = "s390x")]
    fn on_stack<R>(stack: &GuestStack, body: impl FnOnce() -> R) -> R {
        // SAFETY: it is the high end of a mapping of `BYTES` that is aligned to pages, on which nothing runs: it was spare.
        unsafe { super::super::s390x::on_stack(stack.base.get(), body) }
    }

    #[cfg(not(target_arch = "s390x"))]
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::hint::black_box;
    use std::process::Command;

    /// Set in the process that is to end.
    const VARIABLE: &str = "ETALON_TEST_OVERFLOW";

    #[test]
    fn the_schedules_fit() {
        let depth = Depth { frame: 8, reentry: 0, max: 524_288 };
        assert_eq!(bytes_per_slot(depth), 512 - BYTES_BESIDE);
        assert_eq!(bytes_per_slot(Depth { max: depth.max / 2, ..depth }), 1536 - BYTES_BESIDE);
        assert_eq!(bytes_per_slot(Depth { max: 2 * depth.max, ..depth }), 0);
        assert_eq!(bytes_per_slot(Depth { frame: 0, ..depth }), 0);
        assert_eq!(bytes_per_slot(Depth { max: u32::MAX, ..depth }), 0);
    }

    fn recurse(n: u64) -> u64 {
        let frame = black_box([n; 64]);
        if n == 0 { frame[7] } else { recurse(n - 1) + black_box(frame)[3] }
    }

    #[test]
    fn an_overflow_of_rust_ends_the_process_with_a_message() {
        if std::env::var_os(VARIABLE).is_some() {
            let mut activation = crate::abi::Activation::new(std::ptr::null_mut());
            let run = || crate::trap::enter(&mut activation, |_| recurse(1 << 30));
            on_guest_stack(run).unwrap();
            return;
        }
        let test = "trap::stack::tests::an_overflow_of_rust_ends_the_process_with_a_message";
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(VARIABLE, "1")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success());
        assert!(text.contains("crash: the guest stack overflowed"), "{text}");
    }
}
