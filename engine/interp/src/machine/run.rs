//! What is around the loop: preparing functions, calls to the outside, and ends.

use super::{Exit, Frame, Machine};
use crate::execution;
use crate::observer::{NoObserver, Observer, Watched};
use crate::prepare;
use crate::program::{EXIT_PC, Program};
use etalon_runtime::{Exhaustion, FuncAddr, Stop, Store, Trapped};

/// What needs the executor to let go of its program.
#[derive(Debug)]
pub(crate) enum Leave {
    /// The function that was called from outside has returned.
    Done,
    /// A function of the host or of another tier is to be called.
    CallOut {
        /// The function.
        func: FuncAddr,
        /// Its arguments in the present frame.
        at: u32,
    },
}

/// One step of execution from entering the loop to leaving it.
pub(crate) struct Executing<'a> {
    pub(crate) program: &'a mut Program,
    pub(crate) observer: Option<&'a mut (dyn Observer + Send)>,
    pub(crate) store: &'a mut Store,
    pub(crate) machine: &'a mut Machine,
}

impl Executing<'_> {
    /// Runs until something outside is needed.
    pub(crate) fn advance(&mut self) -> Result<Leave, Stop> {
        loop {
            let exit = self.run_loop();
            match exit {
                Exit::Done => return Ok(Leave::Done),
                Exit::Slow(op) => self.slow(op)?,
                Exit::Far { opcode, at, memarg } => self.far(opcode, at, memarg)?,
                Exit::Returned => self.machine.home = self.program.home_at(self.machine.pc),
                Exit::Call { func, at } => {
                    let func = FuncAddr(func);
                    if !self.program.code(func).own {
                        return Ok(Leave::CallOut { func, at });
                    }
                    self.enter(func, at, self.machine.pc)?;
                }
                Exit::Trap(trap) => return Err(self.trap(trap)),
                Exit::OutOfGas => self.out_of_gas()?,
                Exit::StackOverflow => return Err(Exhaustion::Stack.into()),
                Exit::Crash(what) => return Err(Stop::crash(what)),
            }
        }
    }

    /// The loop, in the form for what is needed; the meter is exact whenever it is left.
    fn run_loop(&mut self) -> Exit {
        let metered = self.store.is_metering();
        self.machine.gas = self.store.meter().cell().left();
        let (program, store, machine) = (&*self.program, &mut *self.store, &mut *self.machine);
        let exit = match (&mut self.observer, metered) {
            (Some(observer), _) => {
                execution::run::<_, true>(program, store, machine, &mut Watched(*observer))
            }
            (None, true) => execution::run::<_, true>(program, store, machine, &mut NoObserver),
            (None, false) => execution::run::<_, false>(program, store, machine, &mut NoObserver),
        };
        if metered {
            self.store.meter().cell().set_left(self.machine.gas);
        }
        exit
    }

    /// Enters a function of this tier whose arguments are in the present frame.
    pub(crate) fn enter(&mut self, func: FuncAddr, at: u32, return_pc: u32) -> Result<(), Stop> {
        if self.program.code(func).entry == EXIT_PC {
            prepare::prepare(self.store, self.program, func, self.observer.is_some())?;
        }
        let code = self.program.code(func);
        let machine = &mut *self.machine;
        // gas-1, section 8: the depth is tested before anything is charged.
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
        Machine::reserve(&mut machine.stack, fp + code.frame_slots as usize);
        machine.stack[fp + code.params as usize..fp + code.locals as usize].fill(0);
        if let Some(observer) = &mut self.observer {
            observer.enter(func, code.entry_gas);
        }
        Ok(())
    }

    /// After a call to the outside has returned: the gas segment after the call begins.
    pub(crate) fn resume(&mut self) -> Result<(), Stop> {
        if self.store.is_metering() {
            self.store.charge(self.program.costs[self.machine.pc as usize].into())?;
        }
        Ok(())
    }

    fn trap(&self, trap: etalon_runtime::Trap) -> Stop {
        let site = self.program.site(self.machine.pc.saturating_sub(1));
        Stop::Trap(Trapped { trap, site })
    }

    /// A charge was greater than the gas left: with a limit that is the end.
    fn out_of_gas(&mut self) -> Result<(), Stop> {
        match self.store.meter_mut().exhaust() {
            Err(_) => Err(Exhaustion::Gas.into()),
            Ok(()) => Err(Stop::crash("an unlimited meter ran out")),
        }
    }

    fn slow(&mut self, op: crate::program::Slow) -> Result<(), Stop> {
        let slots = self.machine.slots(op.at);
        let observer: Option<&mut (dyn Observer + Send)> = match &mut self.observer {
            Some(observer) => Some(&mut **observer),
            None => None,
        };
        let result = execution::slow(self.store, slots, op, observer);
        result.map_err(|stop| self.located(stop))
    }

    fn far(&mut self, opcode: etalon_module::Opcode, at: u32, memarg: u32) -> Result<(), Stop> {
        let arg = self.program.far_args[memarg as usize];
        let slots = self.machine.slots(at);
        execution::far(self.store, slots, opcode, arg).map_err(|stop| self.located(stop))
    }

    /// Adds to a trap where it was raised.
    fn located(&self, stop: Stop) -> Stop {
        match stop {
            Stop::Trap(Trapped { trap, site: None }) => self.trap(trap),
            other => other,
        }
    }
}
