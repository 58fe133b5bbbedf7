//! Signal handlers: after a fault in compiled code, execution goes on in the trampoline through which it was entered.

use super::registers;
use crate::abi::{Activation, Landing};
use crate::code::ranges;
use libc::{c_int, c_void, sigaction, siginfo_t, ucontext_t};
use std::cell::Cell;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

const SIGNALS: [c_int; 4] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE];

/// What handled each signal before.
static BEFORE: OnceLock<[sigaction; SIGNALS.len()]> = OnceLock::new();
/// Which of these asked to be called once and were.
static SPENT: [AtomicBool; SIGNALS.len()] = [const { AtomicBool::new(false) }; SIGNALS.len()];

thread_local! {
    /// The innermost activation of the thread. It has no destructor and a constant start, so reading it in a
    /// signal handler neither allocates nor locks.
    static CURRENT: Cell<*mut Activation> = const { Cell::new(ptr::null_mut()) };
    /// Whether the thread has all that its handlers need.
    static IS_READY: Cell<bool> = const { Cell::new(false) };
    static ALTERNATE: AlternateStack = AlternateStack::install();
}

/// Runs `body`, which enters compiled code through a trampoline that fills in `activation`.
#[inline]
pub(crate) fn enter<R>(activation: &mut Activation, body: impl FnOnce(*mut Activation) -> R) -> R {
    if !IS_READY.get() {
        install();
        // A destructor of another thread-local value may call when this one is gone. Handlers then run on the guest
        // stack, which is no worse unless it overflows.
        let _ = ALTERNATE.try_with(|_| ());
        IS_READY.set(true);
    }
    let activation = ptr::from_mut(activation);
    let _outer = Outer(CURRENT.replace(activation));
    body(activation)
}

/// The activation that is the thread's innermost again when this is dropped, by a panic too: what lies further in is gone then.
struct Outer(*mut Activation);

impl Drop for Outer {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

/// Lets the next stop of this thread go on in a handler that was found for an exception.
pub(crate) fn set_landing(landing: Landing) {
    let activation = CURRENT.get();
    if !activation.is_null() {
        // SAFETY: the activation belongs to this thread and lives until `enter` resets the pointer, however it is left.
        // No reference to it is in use: `enter` hands out a pointer alone, and the handler's reference ends with it.
        unsafe { (*activation).landing = Some(landing) };
    }
}

/// Goes on in a handler that was found for an exception; returns if there is none, or if only the next stop can get there.
///
/// # Safety
/// Compiled code must wait for the function that calls this, through stubs alone, and in none of the frames between may anything
/// be left to be done: they are gone afterwards.
pub(crate) unsafe fn land() {
    let activation = CURRENT.get();
    if registers::CAN_JUMP && !activation.is_null() {
        // SAFETY: the activation belongs to this thread and lives until `enter` resets the pointer; no reference to it is in use.
        let landing = unsafe { (*activation).landing.take() };
        if let Some(landing) = landing {
            // SAFETY: it was found among the frames of compiled code that waits, and the caller answers for those between.
            unsafe { registers::jump(landing) }
        }
    }
}

/// Whether a frame is the outermost of this thread's innermost entry into compiled code.
///
/// # Safety
/// `fp` must be the frame pointer of a stub that compiled code called and that has not returned.
pub(crate) unsafe fn is_outermost(fp: usize) -> bool {
    let activation = CURRENT.get();
    // SAFETY: the activation belongs to this thread, whose code waits for the routine that asks; a frame
    // pointer points at the caller's.
    unsafe {
        !activation.is_null()
            && std::ptr::with_exposed_provenance::<usize>(fp).read() == (*activation).fp
    }
}

/// Installs the handlers, once a process.
fn install() {
    BEFORE.get_or_init(|| {
        SIGNALS.map(|signal| {
            let mut before = MaybeUninit::<sigaction>::zeroed();
            // SAFETY: a zeroed action is a valid one; the handler has the form that SA_SIGINFO asks for and
            // does only what may be done in a handler; `before` has room for what is written.
            unsafe {
                let mut action: sigaction = std::mem::zeroed();
                action.sa_sigaction = handle as *const () as usize;
                action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
                libc::sigemptyset(&mut action.sa_mask);
                libc::sigaction(signal, &action, before.as_mut_ptr());
                before.assume_init()
            }
        })
    });
}

/// The handler. Compiled code holds no lock and is in no call of the allocator, so going on elsewhere in the
/// thread leaves nothing half done. That cannot be said of Rust's code: if the guest stack overflows there, which
/// cannot happen, the process ends, and says why.
///
/// # Safety
/// The system calls it with what it promises for SA_SIGINFO.
unsafe extern "C" fn handle(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: with SA_SIGINFO the system passes a valid context of the interrupted thread.
    let registers = unsafe { &mut *context.cast::<ucontext_t>() };
    let pc = registers::pc(registers, signal);
    // SAFETY: the system fills in the information for the signals handled here.
    let (fault, code) = unsafe { ((*info).si_addr() as usize, (*info).si_code) };
    // What somebody sent is no fault of the code that it interrupts.
    let sent = code <= 0 && !registers::is_raised(registers, signal, code, fault);
    let overflow = !sent && signal == libc::SIGSEGV && super::stack::is_beyond(fault);
    let activation = CURRENT.get();
    if !sent && !activation.is_null() && ranges::contains(pc) {
        // SAFETY: the activation belongs to this thread and lives until `enter` resets the pointer, however it is left;
        // the thread is in compiled code, where no reference to it is in use.
        let activation = unsafe { &mut *activation };
        activation.trap_pc = pc;
        activation.pinned = registers::pinned(registers);
        activation.fault = matches!(signal, libc::SIGSEGV | libc::SIGBUS).then_some(fault);
        activation.overflow = overflow;
        if activation.landing.is_none() && !overflow && !activation.returns.is_null() {
            let innermost = registers::frame_pointer(registers);
            // SAFETY: the executor keeps the place as long as the activation is entered, and uses it only after that; compiled
            // code was interrupted at an instruction that may trap, so its frame pointers are in order.
            unsafe { super::trace::note(&mut *activation.returns, innermost, activation.fp) };
        }
        let (pc, sp, fp) = (activation.handler, activation.sp, activation.fp);
        let entry = Landing { pc, sp, fp };
        registers::resume(registers, activation.landing.take().unwrap_or(entry));
        return;
    }
    if overflow {
        let text = b"crash: the guest stack overflowed outside of compiled code\n";
        // SAFETY: both may be called in a handler; the text is as long as it says.
        unsafe {
            libc::write(libc::STDERR_FILENO, text.as_ptr().cast(), text.len());
            libc::abort();
        }
    }
    // SAFETY: the arguments are passed on as they came.
    unsafe { chain(signal, sent, info, context) }
}

/// Does what would have been done without this handler.
///
/// # Safety
/// The arguments must be those of a handler.
unsafe fn chain(signal: c_int, sent: bool, info: *mut siginfo_t, context: *mut c_void) {
    let position = SIGNALS.iter().position(|s| *s == signal);
    let Some((before, spent)) = position.and_then(|i| Some((&BEFORE.get()?[i], &SPENT[i]))) else {
        return end(signal, sent);
    };
    match before.sa_sigaction {
        // The system ignores what was sent. A fault cannot be ignored: its instruction would fault for ever.
        libc::SIG_IGN if sent => {}
        libc::SIG_IGN | libc::SIG_DFL => end(signal, sent),
        _ if spent.load(Ordering::Relaxed) => end(signal, sent),
        _ => {
            spent.store(before.sa_flags & libc::SA_RESETHAND != 0, Ordering::Relaxed);
            // SAFETY: it is the action that was installed for this signal, with the arguments of a handler.
            unsafe { call(before, signal, info, context) }
            // A handler that puts the default back, as Rust's own does, expects a fault to come again.
            if sent && is_default(signal) {
                end(signal, sent);
            }
        }
    }
}

/// Calls a handler with the signals blocked that it asked for.
///
/// # Safety
/// The action must be a handler's, installed for the signal, and the arguments those of a handler.
unsafe fn call(action: &sigaction, signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    let mut blocked = action.sa_mask;
    let mut outside = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: the sets are valid, and there is room for the one that is written.
    unsafe {
        if action.sa_flags & libc::SA_NODEFER == 0 {
            libc::sigaddset(&mut blocked, signal);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, &blocked, outside.as_mut_ptr());
    }
    if action.sa_flags & libc::SA_SIGINFO != 0 {
        // SAFETY: whoever installed it with SA_SIGINFO gave a function of this form.
        unsafe {
            let handler: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) =
                std::mem::transmute(action.sa_sigaction);
            handler(signal, info, context);
        }
    } else {
        // SAFETY: without SA_SIGINFO a handler takes the number alone.
        unsafe {
            let handler: extern "C" fn(c_int) = std::mem::transmute(action.sa_sigaction);
            handler(signal);
        }
    }
    // SAFETY: the set was written above.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, outside.as_ptr(), ptr::null_mut()) };
}

/// Whether the default handles a signal now.
fn is_default(signal: c_int) -> bool {
    let mut present = MaybeUninit::<sigaction>::zeroed();
    // SAFETY: there is room for what is written, and a zeroed action is a valid one.
    unsafe {
        libc::sigaction(signal, ptr::null(), present.as_mut_ptr());
        present.assume_init().sa_sigaction == libc::SIG_DFL
    }
}

/// The default ends the process: it is put back, and the instruction faults again, or the signal is sent again.
fn end(signal: c_int, sent: bool) {
    // SAFETY: a zeroed action with the default handler is valid, and all three may be called in a handler.
    unsafe {
        let mut action: sigaction = std::mem::zeroed();
        action.sa_sigaction = libc::SIG_DFL;
        libc::sigaction(signal, &action, ptr::null_mut());
        if sent {
            libc::raise(signal);
        }
    }
}

/// The stack of this thread's signal handlers, if the thread had none.
struct AlternateStack(Option<Box<[u8]>>);

impl AlternateStack {
    const BYTES: usize = 64 << 10;

    fn install() -> AlternateStack {
        // SAFETY: the system writes the present stack to a place that is large enough for it.
        let present = unsafe {
            let mut present = MaybeUninit::<libc::stack_t>::zeroed();
            libc::sigaltstack(ptr::null(), present.as_mut_ptr());
            present.assume_init()
        };
        if present.ss_flags & libc::SS_DISABLE == 0 {
            return AlternateStack(None);
        }
        let mut memory = vec![0u8; Self::BYTES].into_boxed_slice();
        let stack =
            libc::stack_t { ss_sp: memory.as_mut_ptr().cast(), ss_flags: 0, ss_size: memory.len() };
        // SAFETY: the memory is owned by this value, whose drop takes the stack away before it is freed.
        unsafe { libc::sigaltstack(&stack, ptr::null_mut()) };
        AlternateStack(Some(memory))
    }
}

impl Drop for AlternateStack {
    fn drop(&mut self) {
        if self.0.is_some() {
            let none =
                libc::stack_t { ss_sp: ptr::null_mut(), ss_flags: libc::SS_DISABLE, ss_size: 0 };
            // SAFETY: it is this thread's stack, installed by `install`, and no handler runs on it now.
            unsafe { libc::sigaltstack(&none, ptr::null_mut()) };
        }
    }
}
