//! One entry into compiled code, from its trampoline to the return or the stop.

use etalon_runtime::Trace;

/// What the entry trampoline leaves for the signal handler, and the handler for the executor.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Activation {
    /// Where execution goes on after a stop: the trampoline's handler.
    pub(crate) handler: usize,
    /// Stack pointer of the trampoline.
    pub(crate) sp: usize,
    /// Frame pointer of the trampoline.
    pub(crate) fp: usize,
    /// Where the stop was raised.
    pub(crate) trap_pc: usize,
    /// What was in the register in which metered code keeps the complement of the gas left.
    pub(crate) pinned: u64,
    /// The address whose access faulted, if that is what stopped it.
    pub(crate) fault: Option<usize>,
    /// Whether that was beyond the end of the guest stack.
    pub(crate) overflow: bool,
    /// Where the handler leaves the return addresses of the frames that a stop ends.
    pub(crate) returns: *mut Returns,
    /// Where execution goes on at the next stop instead: a handler that was found for an exception.
    pub(crate) landing: Option<Landing>,
}

/// Return addresses of frames of compiled code, the innermost first. Their frames are gone when the executor asks, so the handler
/// notes them; it cannot allocate.
#[derive(Debug)]
pub(crate) struct Returns {
    /// How many there are.
    pub(crate) len: usize,
    /// How many frames there were further out, at least.
    pub(crate) omitted: u64,
    pub(crate) at: [usize; Trace::MOST],
}

impl Returns {
    pub(crate) fn new() -> Returns {
        Returns { len: 0, omitted: 0, at: [0; Trace::MOST] }
    }
}

/// Where an exception goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Landing {
    pub(crate) pc: usize,
    pub(crate) sp: usize,
    #[cfg_attr(
        target_arch = "s390x",
        expect(dead_code, reason = "frames are found from the stack pointer")
    )]
    pub(crate) fp: usize,
}

impl Activation {
    /// Before the entry. `returns` must be valid as long as the activation is entered; null if nobody asks.
    pub(crate) fn new(returns: *mut Returns) -> Activation {
        Activation {
            handler: 0,
            sp: 0,
            fp: 0,
            trap_pc: 0,
            pinned: 0,
            fault: None,
            overflow: false,
            returns,
            landing: None,
        }
    }
}
