//! Another stack on s390x, which the library that switches stacks elsewhere does not know.

use std::arch::naked_asm;
use std::ffi::c_void;
use std::mem::MaybeUninit;

/// Bytes above the stack pointer that belong to whoever is called, by the processor's convention of calls.
const SAVE_AREA: usize = 160;

/// A closure, and where its result goes.
struct Job<F, R> {
    body: Option<F>,
    result: MaybeUninit<R>,
}

/// Runs `body`, which must not panic, on the stack below `top`.
///
/// # Safety
/// `top` must be the high end of memory that is large enough for whatever `body` calls, aligned to 8 bytes, and used by nothing else.
pub(super) unsafe fn on_stack<R>(top: usize, body: impl FnOnce() -> R) -> R {
    let mut job = Job { body: Some(body), result: MaybeUninit::<R>::uninit() };
    let entry = entry_of(&mut job);
    // SAFETY: the entry is of the type of the job, which outlives the call; the caller answers for the stack. The address has its
    // provenance exposed by the mapping.
    unsafe {
        call_on((&raw mut job).cast(), entry, top - SAVE_AREA);
        // The entry wrote it, or has not returned.
        job.result.assume_init()
    }
}

type Entry = unsafe extern "C" fn(*mut c_void);

/// The entry for a job of this type, which has no name.
fn entry_of<F: FnOnce() -> R, R>(_: &mut Job<F, R>) -> Entry {
    enter::<F, R>
}

/// Runs a job. A panic would end the process, since nothing unwinds out of a function of this convention.
///
/// # Safety
/// `job` must be a `Job<F, R>` that nothing else uses meanwhile.
unsafe extern "C" fn enter<F: FnOnce() -> R, R>(job: *mut c_void) {
    // SAFETY: the caller's promise.
    let job = unsafe { &mut *job.cast::<Job<F, R>>() };
    if let Some(body) = job.body.take() {
        job.result.write(body());
    }
}

/// Calls `entry` with `job` on the stack at `sp`. Register 11 keeps the old stack pointer meanwhile, which unwinders are told, so that
/// backtraces go on in the caller.
///
/// # Safety
/// `entry` must be sound to call with `job`, and `sp` point at a save area below which nothing is in use.
#[unsafe(naked)]
unsafe extern "C" fn call_on(job: *mut c_void, entry: Entry, sp: usize) {
    naked_asm!(
        ".cfi_startproc",
        // Where the convention has a place for each register of the caller, in the caller's frame.
        "stmg %r11, %r15, 88(%r15)",
        ".cfi_offset %r11, -72",
        ".cfi_offset %r12, -64",
        ".cfi_offset %r13, -56",
        ".cfi_offset %r14, -48",
        ".cfi_offset %r15, -40",
        "lgr %r11, %r15",
        ".cfi_def_cfa_register %r11",
        "lgr %r15, %r4",
        // No frame is further out on this stack.
        "lghi %r0, 0",
        "stg %r0, 0(%r15)",
        "basr %r14, %r3",
        "lmg %r11, %r15, 88(%r11)",
        ".cfi_def_cfa_register %r15",
        "br %r14",
        ".cfi_endproc",
    )
}
