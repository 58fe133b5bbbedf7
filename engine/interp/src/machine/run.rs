//! The code around the loop: preparing functions, calls to the outside, and how a run ends.

use super::{Exit, Frame, Machine};
use crate::execution;
use crate::prepare;
use crate::program::{EXIT_PC, Program, Slow};
use etalon_module::Opcode;
use etalon_runtime::{Exhaustion, FuncAddr, FuncKind, Stop, Store, TailCall, Trapped};

/// Why execution leaves to the executor, which then releases the lock.
#[derive(Debug)]
pub(crate) enum Leave {
    /// The function that was called from outside has returned.
    Done,
    /// A function of the host or of another tier must be called.
    CallOut {
        /// The function.
        func: FuncAddr,
        /// Its arguments in the current frame.
        at: u32,
        /// Whether its frame replaces the current one.
        tail: bool,
    },
    /// A collection is due before an operation that allocates. Everything that holds references is visited, and
    /// some of it needs the program.
    Collect(Slow),
    /// Whoever moves functions to other tiers is to be asked about one.
    Ask {
        /// The function.
        func: FuncAddr,
        /// The offset of the loop that it is about to turn, if its frame can go on elsewhere.
        turn: Option<u32>,
    },
    /// The function that was called from outside is replaced by a function of the host or of another tier.
    TailCall {
        /// The function.
        func: FuncAddr,
        /// Its arguments in the frame that was left.
        at: u32,
    },
}

/// Execution from entering the loop to leaving it.
pub(crate) struct Executing<'a> {
    pub(crate) program: &'a mut Program,
    pub(crate) store: &'a mut Store,
    pub(crate) machine: &'a mut Machine,
}

impl Executing<'_> {
    /// Runs until something outside of the tier is needed.
    pub(crate) fn advance(&mut self) -> Result<Leave, Stop> {
        loop {
            let exit = self.run_loop();
            match exit {
                Exit::Done => return Ok(Leave::Done),
                Exit::Slow(op) if self.must_collect(op) => return Ok(Leave::Collect(op)),
                Exit::Slow(op) => self.slow(op)?,
                Exit::TailCall { func, at } => {
                    let func = FuncAddr(func);
                    if !self.program.code(func).own {
                        return Ok(self.leave_by_tail_call(func, at));
                    }
                    self.replace(func, at)?;
                }
                Exit::Far { row, at } => self.far(row, at)?,
                Exit::Counted { func, leaves } => {
                    let site = self.program.site(self.machine.pc.saturating_sub(1));
                    let turn = site.filter(|_| leaves).map(|site| site.offset);
                    return Ok(Leave::Ask { func: FuncAddr(func), turn });
                }
                Exit::Returned => self.machine.home = self.program.home_at(self.machine.pc),
                Exit::Call { func, at } => {
                    let func = FuncAddr(func);
                    if !self.program.code(func).own {
                        self.note_running();
                        return Ok(Leave::CallOut { func, at, tail: false });
                    }
                    self.enter(func, at, self.machine.pc)?;
                }
                Exit::Trap(trap) => return Err(self.trap(trap)),
                Exit::OutOfGas => return Err(self.out_of_gas()),
                Exit::Interrupted => {
                    // A jump may have led here, and what stands before is of another function: the place is what comes next.
                    self.machine.pc += 1;
                    return Err(Exhaustion::Interrupted.into());
                }
                Exit::StackOverflow => return Err(Exhaustion::Stack.into()),
                Exit::Crash(what) => return Err(Stop::crash(what)),
            }
        }
    }

    /// Runs the loop. The meter is exact whenever the loop is left.
    fn run_loop(&mut self) -> Exit {
        self.machine.fuel.take(self.store);
        let (program, store, machine) = (&*self.program, &mut *self.store, &mut *self.machine);
        let exit = execution::run(program, store, machine);
        machine.fuel.give_back(store);
        exit
    }

    /// Enters a function of this tier whose arguments are in the current frame.
    pub(crate) fn enter(&mut self, func: FuncAddr, at: u32, return_pc: u32) -> Result<(), Stop> {
        if self.program.code(func).entry == EXIT_PC {
            prepare::prepare(self.store, self.program, func)?;
        }
        let code = self.program.code(func);
        let machine = &mut *self.machine;
        // The depth is checked before anything is charged (gas-1, *Depth*).
        let Some(left) = machine.depth_left.checked_sub(code.depth) else {
            return Err(Exhaustion::Stack.into());
        };
        machine.depth_left = left;
        self.store.charge(code.entry_cost.into())?;
        let far = return_pc != EXIT_PC && code.home != machine.home;
        machine.frames.push(Frame { return_pc, fp: machine.fp, depth: code.depth as u32, far });
        machine.fp += at;
        machine.home = code.home;
        machine.pc = code.entry;
        let fp = machine.fp as usize;
        Machine::reserve(&mut machine.stack, fp, code.frame_slots as usize);
        machine.stack[fp + code.params as usize..fp + code.locals as usize].fill(0);
        Ok(())
    }

    /// Enters a function of this tier in place of the current one.
    fn replace(&mut self, func: FuncAddr, at: u32) -> Result<(), Stop> {
        let params = self.store.func_type(func).param_slots();
        self.machine.slots(0).copy_within(at as usize..at as usize + params, 0);
        let Some(frame) = self.machine.frames.pop() else {
            return Err(Stop::crash("a tail call without a frame"));
        };
        // The callee's frame replaces the caller's (gas-1, *Depth*).
        self.machine.depth_left += u64::from(frame.depth);
        self.enter(func, 0, frame.return_pc)?;
        if let Some(new) = self.machine.frames.last_mut() {
            new.fp = frame.fp;
            // The caller's instance is not looked up; a return outside of the loop is always correct.
            new.far = frame.return_pc != EXIT_PC;
        }
        Ok(())
    }

    /// Tells the store whose code calls out.
    pub(super) fn note_running(&mut self) {
        let func = self.program.func_at(self.machine.pc.saturating_sub(1));
        let kind = func.and_then(|func| self.store.funcs.kind(func));
        let instance = match kind {
            Some(FuncKind::Wasm { instance, .. }) => Some(instance),
            _ => None,
        };
        self.store.set_running(instance);
    }

    /// A tail call to the outside. The last frame is dropped; any other frame waits for the callee's results,
    /// which then become its own.
    fn leave_by_tail_call(&mut self, func: FuncAddr, at: u32) -> Leave {
        self.note_running();
        if self.machine.frames.len() > 1 {
            Leave::CallOut { func, at, tail: true }
        } else {
            Leave::TailCall { func, at }
        }
    }

    /// A call to the outside ended with a tail call, which is made from here.
    pub(crate) fn called_back(
        &mut self,
        call: TailCall,
        at: u32,
        tail: bool,
    ) -> Result<Leave, Stop> {
        let TailCall { func, slots } = call;
        let machine = &mut *self.machine;
        Machine::reserve(&mut machine.stack, machine.fp as usize + at as usize, slots.len());
        machine.slots(at)[..slots.len()].copy_from_slice(&slots);
        if !self.program.code(func).own {
            return Ok(Leave::CallOut { func, at, tail });
        }
        if tail {
            self.replace(func, at)?;
        } else {
            self.enter(func, at, self.machine.pc)?;
        }
        self.advance()
    }

    /// Continues after a call to the outside has returned: the gas segment after the call begins.
    pub(crate) fn resume(&mut self) -> Result<(), Stop> {
        if self.store.is_metering() {
            self.store.charge(self.program.cost_at(self.machine.pc).into())?;
        }
        Ok(())
    }

    pub(super) fn trap(&self, trap: impl Into<Trapped>) -> Stop {
        let site = self.program.site(self.machine.pc.saturating_sub(1));
        Stop::Trap(Trapped { site, ..trap.into() })
    }

    /// A charge was greater than the gas left of a limit.
    fn out_of_gas(&mut self) -> Stop {
        match self.store.meter_mut().exhaust() {
            Err(_) => Exhaustion::Gas.into(),
            Ok(()) => Stop::crash("gas without a limit ran out"),
        }
    }

    fn must_collect(&self, op: Slow) -> bool {
        self.store.heap.wants_collection() && execution::allocates(op.opcode)
    }

    /// Executes an operation outside of the loop.
    pub(crate) fn slow(&mut self, op: Slow) -> Result<(), Stop> {
        match op.opcode {
            Opcode::Throw => return self.throw(op),
            Opcode::ThrowRef => return self.throw_ref(op),
            Opcode::Rethrow => return self.throw_kept(op),
            _ => {}
        }
        let slots = self.machine.slots(op.at);
        let result = execution::slow(self.store, slots, op);
        result.map_err(|stop| self.located(stop))
    }

    fn far(&mut self, row: u32, at: u32) -> Result<(), Stop> {
        let arg = self.program.far_args[row as usize];
        let slots = self.machine.slots(at);
        execution::far(self.store, slots, arg).map_err(|stop| self.located(stop))
    }

    /// Adds the place to a trap.
    fn located(&self, stop: Stop) -> Stop {
        match stop {
            Stop::Trap(trapped) if trapped.site.is_none() => self.trap(trapped),
            other => other,
        }
    }
}
