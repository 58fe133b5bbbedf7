//! Executions that can be paused: started, run piece by piece, and given up.
//!
//! What is paused is in the interpreter, by number, so that collections and snapshots find it.

use crate::execution::TIMED_OUT;
use crate::executor::Interp;
use crate::machine::{Leave, Machine, Pause, PauseLimits, Pausing};
use crate::program::{EXIT_PC, Op};
use etalon_runtime::{FuncAddr, InvokeError, Stop, Store, Value, Wait, WaiterId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};
use thiserror::Error;

/// An execution of an interpreter. Numbers are never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Execution(pub u64);

/// How far an execution got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It can be resumed.
    Paused(Pause),
    /// It waits to be notified (`memory.atomic.wait`). Resumed while it does, it gets no further.
    Waiting(Wait),
    /// It is over, with these results. References among them are good until the next call into the
    /// store, unless the embedder roots them.
    Done(Vec<Value>),
}

/// Why an execution cannot be started.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StartError {
    /// The interpreter was made for running without pauses.
    #[error("the interpreter was not made to be paused")]
    NotPausable,
    /// The interpreter does not run the function: it is the host's or another tier's.
    #[error("the function is not run by the interpreter")]
    NotInterpreted,
    /// Something runs already: executions are started and resumed at the top, not by host functions.
    #[error("an invocation is under way")]
    Running,
    /// The arguments do not fit, or the function could not be entered for want of gas or depth.
    #[error(transparent)]
    Invoke(#[from] InvokeError),
}

/// Why an execution did not get on.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ResumeError {
    /// There is none of that number: it is over, or never was.
    #[error("execution {} does not exist", .0.0)]
    Unknown(Execution),
    /// Something runs already. Nothing was changed.
    #[error("an invocation is under way")]
    Running,
    /// It stopped, and is over.
    #[error(transparent)]
    Stop(#[from] Stop),
}

/// An execution while it is paused.
#[derive(Debug)]
pub(crate) struct Suspended {
    pub(crate) machine: Machine,
    /// The function that was started.
    pub(crate) func: FuncAddr,
}

/// All that are paused.
#[derive(Debug, Default)]
pub(crate) struct Executions {
    pub(crate) next: u64,
    pub(crate) paused: BTreeMap<Execution, Suspended>,
}

impl Interp {
    pub(crate) fn executions(&self) -> MutexGuard<'_, Executions> {
        self.executions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to execute a function: it is entered, and paused before its first instruction.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start(
        &self,
        store: &mut Store,
        func: FuncAddr,
        args: &[Value],
    ) -> Result<Execution, StartError> {
        if !self.is_pausable() {
            return Err(StartError::NotPausable);
        }
        if store.is_running() {
            return Err(StartError::Running);
        }
        let slots = store.arguments(func, args)?;
        if !self.lock().program.code(func).own {
            return Err(StartError::NotInterpreted);
        }
        let mut machine = self.machine();
        let entered = store.enter(|store| {
            machine.begin(&slots, store.depth_left());
            self.executing(store, &mut machine, None, |e| e.enter(func, 0, EXIT_PC))
        });
        entered.map_err(InvokeError::Stop)?;
        let mut executions = self.executions();
        let id = Execution(executions.next);
        executions.next += 1;
        executions.paused.insert(id, Suspended { machine, func });
        Ok(id)
    }

    /// Goes on with an execution until a limit is reached or it ends. A piece counts for the store as
    /// an invocation does, and all pieces together show what one run shows.
    ///
    /// # Errors
    /// See [`ResumeError`].
    pub fn resume(
        &self,
        store: &mut Store,
        id: Execution,
        limits: &PauseLimits,
    ) -> Result<Progress, ResumeError> {
        if store.is_running() {
            return Err(ResumeError::Running);
        }
        let waiter = WaiterId(id.0);
        if let Some(wait) = store.waits.of(waiter) {
            return Ok(Progress::Waiting(wait));
        }
        let suspended = self.executions().paused.remove(&id);
        let mut suspended = suspended.ok_or(ResumeError::Unknown(id))?;
        let mut pausing = Pausing::new(waiter, limits.clone(), store.meter().cell().left());
        let machine = &mut suspended.machine;
        let mut called = None;
        let leave = store.enter(|store| {
            let depth = store.depth_left();
            let leave = self.drive(store, machine, Some(&mut pausing), |_| Ok(()))?;
            if let Leave::TailCall { func, at } = leave {
                // What the outermost function calls in its place is the host's or another tier's, and
                // is over at once.
                store.set_depth_left(depth);
                let mut slots = machine.slots(at)[..Interp::width(store, func)].to_vec();
                store.call(func, &mut slots)?;
                called = Some(slots);
            }
            Ok(leave)
        });
        match (leave?, pausing.pause()) {
            (Leave::Paused, Some(pause)) => {
                self.executions().paused.insert(id, suspended);
                Ok(Progress::Paused(pause))
            }
            (Leave::Waiting, _) => {
                self.executions().paused.insert(id, suspended);
                let wait = store.waits.of(waiter);
                let wait = wait.ok_or_else(|| Stop::crash("a wait is gone"))?;
                Ok(Progress::Waiting(wait))
            }
            (Leave::Done | Leave::TailCall { .. }, _) => {
                let results = &store.func_type(suspended.func).results;
                let slots = called.as_deref().unwrap_or_else(|| suspended.machine.slots(0));
                let values = Value::read_all(results, slots);
                self.keep(suspended.machine);
                Ok(Progress::Done(values))
            }
            _ => Err(Stop::crash("an execution was left for no reason").into()),
        }
    }

    /// Ends the wait of an execution because its time is up; `false` if it does not wait. There is no
    /// clock here: who schedules decides when that is.
    pub fn time_out(&self, store: &mut Store, id: Execution) -> bool {
        let state = self.lock();
        let mut executions = self.executions();
        let Some(suspended) = executions.paused.get_mut(&id) else { return false };
        let machine = &mut suspended.machine;
        let op = state.program.ops[machine.pc.saturating_sub(1) as usize].op;
        match op {
            Op::Far { at, .. } if store.waits.remove(WaiterId(id.0)) => {
                machine.slots(at)[0] = TIMED_OUT;
                true
            }
            _ => false,
        }
    }

    /// Gives an execution up; `false` if there is none of that number.
    pub fn abandon(&self, store: &mut Store, id: Execution) -> bool {
        store.waits.remove(WaiterId(id.0));
        let suspended = self.executions().paused.remove(&id);
        suspended.map(|s| self.keep(s.machine)).is_some()
    }

    /// The executions that are paused, in the order in which they were started.
    pub fn paused(&self) -> Vec<Execution> {
        self.executions().paused.keys().copied().collect()
    }
}
