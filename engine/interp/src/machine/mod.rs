//! The machine: the state of a running guest apart from the store, as plain data.

mod fuel;
mod leaving;
mod roots;
mod run;
mod trace;
mod unwind;

pub(crate) use roots::{Held, RootMaps, Standing};
pub(crate) use run::{Executing, Leave};

use crate::execution::WINDOW;
use crate::program::NO_MEMORY;
use etalon_runtime::Trap;
pub(crate) use fuel::Fuel;

/// Where a return goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    /// The caller's next operation.
    pub(crate) return_pc: u32,
    /// The caller's first slot.
    pub(crate) fp: u32,
    /// The depth that the callee took.
    pub(crate) depth: u32,
    /// Whether caller and callee belong to different instances.
    pub(crate) far: bool,
}

/// The state of a guest: one stack with the locals and operands of all frames, and the position.
#[derive(Debug)]
pub(crate) struct Machine {
    /// The slots of all frames; the first slots of a callee are the last of its caller.
    pub(crate) stack: Vec<u64>,
    /// Where each active function returns to.
    pub(crate) frames: Vec<Frame>,
    /// The next operation.
    pub(crate) pc: u32,
    /// The first slot of the current frame.
    pub(crate) fp: u32,
    /// The first memory of the current function's instance.
    pub(crate) home: u32,
    /// Slots of depth left.
    pub(crate) depth_left: u64,
    /// What the loop may spend.
    pub(crate) fuel: Fuel,
}

impl Machine {
    pub(crate) fn new() -> Machine {
        Machine {
            stack: Vec::new(),
            frames: Vec::new(),
            pc: 0,
            fp: 0,
            home: NO_MEMORY,
            depth_left: 0,
            fuel: Fuel::default(),
        }
    }

    /// Resets the machine, with arguments for the first function.
    pub(crate) fn begin(&mut self, arguments: &[u64], depth_left: u64) {
        self.frames.clear();
        Machine::reserve(&mut self.stack, 0, arguments.len());
        self.stack[..arguments.len()].copy_from_slice(arguments);
        (self.pc, self.fp, self.home) = (0, 0, NO_MEMORY);
        self.depth_left = depth_left;
    }

    /// The slots from a given one of the current frame on.
    pub(crate) fn slots(&mut self, at: u32) -> &mut [u64] {
        let start = (self.fp as usize + at as usize).min(self.stack.len());
        &mut self.stack[start..]
    }

    /// Makes room for a frame, and for as many slots from its first on as operations can name; and for one more, because one
    /// that is fetched may be the first half of a vector.
    pub(crate) fn reserve(stack: &mut Vec<u64>, fp: usize, slots: usize) {
        let top = fp + slots.max(WINDOW) + 1;
        if stack.len() < top {
            let len = top.max(stack.len() * 2);
            stack.resize(len, 0);
        }
    }
}

/// Why the loop was left. The machine is at the point where that happened.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Exit {
    /// The function that was called from outside has returned.
    Done,
    /// An operation that needs more of the store than the loop has.
    Slow(crate::program::Slow),
    /// An access outside of the loop.
    Far {
        /// Its row in the program.
        row: u32,
        /// Its operands.
        at: u32,
    },
    /// A call of a function that is not prepared, or that belongs to another instance, another tier or the host.
    Call {
        /// The function's address.
        func: u32,
        /// Its arguments.
        at: u32,
    },
    /// A tail call.
    TailCall {
        /// The function's address.
        func: u32,
        /// Its arguments.
        at: u32,
    },
    /// As much of a function was counted as was said.
    Counted {
        /// The function's address.
        func: u32,
        /// Whether its frame can go on elsewhere.
        leaves: bool,
    },
    /// A return into another instance.
    Returned,
    /// The guest trapped.
    Trap(Trap),
    /// A charge is greater than the gas left.
    OutOfGas,
    /// Another thread has asked to stop.
    Interrupted,
    /// A frame needs more depth than is left.
    StackOverflow,
    /// Something that cannot happen in valid code.
    Crash(&'static str),
}
