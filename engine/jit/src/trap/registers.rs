//! The registers of a thread that was interrupted, by processor.

use crate::abi::Landing;
use libc::ucontext_t;

/// Where the instruction that raised a signal is.
#[cfg(target_arch = "x86_64")]
pub(super) fn pc(context: &ucontext_t, _signal: i32) -> usize {
    context.uc_mcontext.gregs[libc::REG_RIP as usize] as usize
}

/// The frame pointer of the interrupted code; `None` where there is none.
#[cfg(target_arch = "x86_64")]
pub(super) fn frame_pointer(context: &ucontext_t) -> Option<usize> {
    Some(context.uc_mcontext.gregs[libc::REG_RBP as usize] as usize)
}

/// What is in the register that the code generator calls pinned.
#[cfg(target_arch = "x86_64")]
pub(super) fn pinned(context: &ucontext_t) -> u64 {
    context.uc_mcontext.gregs[libc::REG_R15 as usize].cast_unsigned()
}

/// What is in the register that the code generator calls pinned.
#[cfg(target_arch = "aarch64")]
pub(super) fn pinned(context: &ucontext_t) -> u64 {
    context.uc_mcontext.regs[21]
}

/// Nothing is pinned.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(super) fn pinned(_context: &ucontext_t) -> u64 {
    0
}

/// Lets the thread go on in a handler of compiled code.
#[cfg(target_arch = "x86_64")]
pub(super) fn resume(context: &mut ucontext_t, to: Landing) {
    let registers = &mut context.uc_mcontext.gregs;
    registers[libc::REG_RIP as usize] = to.pc as i64;
    registers[libc::REG_RSP as usize] = to.sp as i64;
    registers[libc::REG_RBP as usize] = to.fp as i64;
}

/// Where the instruction that raised a signal is.
#[cfg(target_arch = "aarch64")]
pub(super) fn pc(context: &ucontext_t, _signal: i32) -> usize {
    context.uc_mcontext.pc as usize
}

/// The frame pointer of the interrupted code; `None` where there is none.
#[cfg(target_arch = "aarch64")]
pub(super) fn frame_pointer(context: &ucontext_t) -> Option<usize> {
    Some(context.uc_mcontext.regs[29] as usize)
}

/// Lets the thread go on in a handler of compiled code.
#[cfg(target_arch = "aarch64")]
pub(super) fn resume(context: &mut ucontext_t, to: Landing) {
    let registers = &mut context.uc_mcontext;
    registers.pc = to.pc as u64;
    registers.sp = to.sp as u64;
    registers.regs[29] = to.fp as u64;
}

/// Where the instruction that raised a signal is.
#[cfg(target_arch = "riscv64")]
pub(super) fn pc(context: &ucontext_t, _signal: i32) -> usize {
    context.uc_mcontext.__gregs[libc::REG_PC] as usize
}

/// The frame pointer of the interrupted code; `None` where there is none.
#[cfg(target_arch = "riscv64")]
pub(super) fn frame_pointer(context: &ucontext_t) -> Option<usize> {
    Some(context.uc_mcontext.__gregs[libc::REG_S0] as usize)
}

/// Lets the thread go on in a handler of compiled code.
#[cfg(target_arch = "riscv64")]
pub(super) fn resume(context: &mut ucontext_t, to: Landing) {
    let registers = &mut context.uc_mcontext.__gregs;
    registers[libc::REG_PC] = to.pc as _;
    registers[libc::REG_SP] = to.sp as _;
    registers[libc::REG_S0] = to.fp as _;
}

/// Where the instruction that raised a signal is. An illegal instruction or a failed division leaves the
/// counter behind itself, and the code generator records the last byte of those.
#[cfg(target_arch = "s390x")]
pub(super) fn pc(context: &ucontext_t, signal: i32) -> usize {
    let pc = context.uc_mcontext.psw.addr as usize;
    if matches!(signal, libc::SIGILL | libc::SIGFPE) { pc - 1 } else { pc }
}

/// Whether the processor raised a signal without a code that says so. A conditional trap, as the overflow of a division is, is a data
/// exception that is of no float: the system gives it no code, and the address of the instruction. What somebody sent has the sender there.
#[cfg(target_arch = "s390x")]
pub(super) fn is_raised(context: &ucontext_t, signal: i32, code: i32, address: usize) -> bool {
    let behind = context.uc_mcontext.psw.addr as usize;
    // An instruction has six bytes at most.
    signal == libc::SIGFPE && code == 0 && (behind.wrapping_sub(6)..=behind).contains(&address)
}

/// Every fault has a code.
#[cfg(not(target_arch = "s390x"))]
pub(super) fn is_raised(_context: &ucontext_t, _signal: i32, _code: i32, _address: usize) -> bool {
    false
}

/// The frame pointer of the interrupted code; `None` where there is none.
#[cfg(target_arch = "s390x")]
pub(super) fn frame_pointer(_context: &ucontext_t) -> Option<usize> {
    None
}

/// Lets the thread go on in a handler of compiled code.
#[cfg(target_arch = "s390x")]
pub(super) fn resume(context: &mut ucontext_t, to: Landing) {
    let registers = &mut context.uc_mcontext;
    registers.psw.addr = to.pc as u64;
    // There is no frame pointer: frames are found from the stack pointer.
    registers.gregs[15] = to.sp as u64;
}

/// Whether code can go on in a handler without a signal.
pub(super) const CAN_JUMP: bool = cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));

/// Goes on in a handler of compiled code.
///
/// # Safety
/// The stack pointer and the frame pointer must be those of the frame that the handler is in, which has not returned, and no frame
/// further in may have anything left to do.
#[cfg(target_arch = "x86_64")]
pub(super) unsafe fn jump(to: Landing) -> ! {
    let Landing { pc, sp, fp } = to;
    // SAFETY: the caller's promise; a handler takes nothing from any other register.
    unsafe {
        std::arch::asm!(
            "mov rsp, {sp}", "mov rbp, {fp}", "jmp {pc}",
            sp = in(reg) sp, fp = in(reg) fp, pc = in(reg) pc,
            options(noreturn)
        )
    }
}

/// Goes on in a handler of compiled code.
///
/// # Safety
/// As for the other.
#[cfg(target_arch = "aarch64")]
pub(super) unsafe fn jump(to: Landing) -> ! {
    let Landing { pc, sp, fp } = to;
    // SAFETY: the caller's promise; a handler takes nothing from any other register.
    unsafe {
        std::arch::asm!(
            "mov sp, {sp}", "mov x29, {fp}", "br {pc}",
            sp = in(reg) sp, fp = in(reg) fp, pc = in(reg) pc,
            options(noreturn)
        )
    }
}

/// Never called: see [`CAN_JUMP`].
///
/// # Safety
/// None is needed.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(super) unsafe fn jump(_: Landing) -> ! {
    unreachable!("only the next stop goes on in a handler")
}
