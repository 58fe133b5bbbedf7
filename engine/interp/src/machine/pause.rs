//! Pausing: when a machine stops, to be resumed as if it never had.
//!
//! A machine pauses *before* an instruction, and what an instruction is, is the module's text: every
//! operator that control reaches is one, `block`, `loop` and `end` among them; a branch passes over the
//! `end` that it goes to. A call is one instruction, and the callee's come after it; a call of the host
//! or of another tier is over when the next instruction begins, and with it whatever that called. So
//! at every pause the operands lie in their slots, and the gas of the segment that control is in has
//! been taken, as in a run that does not pause.

use crate::observer::{Observer, Watch};
use crate::program::Program;
use etalon_module::Opcode;
use etalon_runtime::{FuncAddr, Site, WaiterId};
use std::collections::BTreeSet;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
    /// Before every instruction that reads or writes a memory, but for the one that the execution is
    /// resumed at.
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

/// A flag with which any thread asks for a pause. Clones are the same flag.
#[derive(Clone, Debug, Default)]
pub struct PauseRequest(Arc<AtomicBool>);

impl PauseRequest {
    /// A flag that is not set.
    pub fn new() -> PauseRequest {
        PauseRequest::default()
    }

    /// Asks for a pause before the next instruction. The pause takes the request back.
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn take(&self) -> bool {
        // Read first: writing at every instruction would be slow.
        self.0.load(Ordering::Relaxed) && self.0.swap(false, Ordering::Relaxed)
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

/// Decides at each instruction whether to pause before it.
#[derive(Debug)]
pub(crate) struct Pausing {
    waiter: WaiterId,
    limits: PauseLimits,
    /// Gas left when the execution was resumed.
    gas_before: u64,
    executed: u64,
    pause: Option<Pause>,
}

impl Pausing {
    pub(crate) fn new(waiter: WaiterId, limits: PauseLimits, gas_before: u64) -> Pausing {
        Pausing { waiter, limits, gas_before, executed: 0, pause: None }
    }

    /// Who waits when the machine comes to a wait.
    pub(crate) fn waiter(&self) -> WaiterId {
        self.waiter
    }

    /// The pause that stopped the machine.
    pub(crate) fn pause(&self) -> Option<Pause> {
        self.pause
    }

    fn reason(&self, program: &Program, pc: u32, opcode: Opcode, gas: u64) -> Option<PauseReason> {
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
        if limits.gas.is_some_and(|most| self.gas_before.saturating_sub(gas) >= most.get()) {
            return Some(PauseReason::Gas);
        }
        if limits.accesses && opcode.accesses_memory() {
            return Some(PauseReason::Access);
        }
        let here = || Some((program.func_at(pc)?, program.site(pc)?.offset));
        let stops = !limits.breakpoints.is_empty()
            && here().is_some_and(|here| limits.breakpoints.contains(&here));
        stops.then_some(PauseReason::Breakpoint)
    }
}

/// What the loop is compiled for when it may pause.
pub(crate) struct Stepped<'a> {
    pub(crate) pausing: &'a mut Pausing,
    pub(crate) observer: Option<&'a mut (dyn Observer + Send)>,
}

impl Watch for Stepped<'_> {
    const ON: bool = true;

    fn observer(&mut self) -> Option<&mut dyn Observer> {
        match &mut self.observer {
            Some(observer) => Some(&mut **observer),
            None => None,
        }
    }

    fn stops(&mut self, program: &Program, pc: u32, opcode: Opcode, gas: u64) -> bool {
        let pausing = &mut *self.pausing;
        let Some(reason) = pausing.reason(program, pc, opcode, gas) else {
            pausing.executed += 1;
            return false;
        };
        let place = program.func_at(pc).zip(program.site(pc));
        let instructions = pausing.executed;
        pausing.pause = place.map(|(func, site)| Pause { reason, func, site, instructions });
        true
    }
}
