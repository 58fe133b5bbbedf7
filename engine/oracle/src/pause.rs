//! Pausing: when a machine stops, to be resumed as if it never had.
//!
//! A machine pauses *before* an instruction, and what an instruction is, is the module's text: every operator that control
//! reaches is one, `block`, `loop` and `end` among them; a branch passes over the `end` that it goes to. A call is one instruction,
//! and the callee's come after it; a call of the host or of another tier is over when the next instruction begins, and with it
//! whatever that called. So at every pause the gas of the segment that control is in has been taken, as in a run without pauses.

use crate::text::Instruction;
use crate::thread::Thread;
pub use etalon_runtime::PauseRequest;
use etalon_runtime::{FuncAddr, Site};
use std::collections::BTreeSet;
use std::num::NonZeroU64;

/// When to pause; whatever comes first counts. With none of them the execution runs to its end.
#[derive(Clone, Debug, Default)]
pub struct PauseLimits {
    /// After so many instructions.
    pub instructions: Option<NonZeroU64>,
    /// When at least so much gas has been taken since the execution was resumed. This is no limit of
    /// the meter's: nothing runs out. Without metering it is never reached.
    pub gas: Option<NonZeroU64>,
    /// Before these instructions: a function, and the offset in its module's bytes. The one that the
    /// execution is resumed at does not count.
    pub breakpoints: BTreeSet<(FuncAddr, u32)>,
    /// Before every instruction that reads or writes a memory, except where the execution is resumed.
    pub accesses: bool,
    /// When this is asked for, from any thread.
    pub request: Option<PauseRequest>,
}

impl PauseLimits {
    /// After so many instructions; 0 counts as 1.
    pub fn instructions(count: u64) -> PauseLimits {
        let instructions = NonZeroU64::new(count.max(1));
        PauseLimits { instructions, ..PauseLimits::default() }
    }

    /// After so much gas; 0 counts as 1.
    pub fn gas(slice: u64) -> PauseLimits {
        PauseLimits { gas: NonZeroU64::new(slice.max(1)), ..PauseLimits::default() }
    }
}

/// Why an execution paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PauseReason {
    /// So many instructions were executed.
    Instructions,
    /// So much gas was taken.
    Gas,
    /// The next instruction has a breakpoint.
    Breakpoint,
    /// The next instruction reads or writes a memory.
    Access,
    /// It was asked for.
    Request,
}

/// A pause: where, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// Why.
    pub reason: PauseReason,
    /// The function that the next instruction is of.
    pub func: FuncAddr,
    /// The next instruction.
    pub site: Site,
    /// How many instructions were executed since the execution was resumed.
    pub instructions: u64,
}

/// Decides before each instruction whether to pause.
#[derive(Debug)]
pub(crate) struct Pausing {
    limits: PauseLimits,
    /// Gas left when the execution was resumed.
    gas_before: u64,
    executed: u64,
}

impl Pausing {
    pub(crate) fn new(limits: PauseLimits, gas_before: u64) -> Pausing {
        Pausing { limits, gas_before, executed: 0 }
    }

    /// The pause before the next instruction of a thread, if there is to be one.
    pub(crate) fn before(&mut self, thread: &Thread, gas_left: u64) -> Option<Pause> {
        let frame = thread.frames.last()?;
        let next = frame.text.instructions.get(frame.next as usize)?;
        let Some(reason) = self.reason(frame.func, next, gas_left) else {
            self.executed += 1;
            return None;
        };
        let site = Site { func: frame.text.index, offset: next.offset };
        Some(Pause { reason, func: frame.func, site, instructions: self.executed })
    }

    fn reason(&self, func: FuncAddr, next: &Instruction, gas_left: u64) -> Option<PauseReason> {
        let limits = &self.limits;
        if limits.request.as_ref().is_some_and(PauseRequest::take) {
            return Some(PauseReason::Request);
        }
        // Whatever else asks for a pause, a resumed execution gets on by one instruction.
        if self.executed == 0 {
            return None;
        }
        if limits.instructions.is_some_and(|most| self.executed >= most.get()) {
            return Some(PauseReason::Instructions);
        }
        let taken = self.gas_before.saturating_sub(gas_left);
        if limits.gas.is_some_and(|most| taken >= most.get()) {
            return Some(PauseReason::Gas);
        }
        if limits.accesses && next.opcode.accesses_memory() {
            return Some(PauseReason::Access);
        }
        limits.breakpoints.contains(&(func, next.offset)).then_some(PauseReason::Breakpoint)
    }
}
