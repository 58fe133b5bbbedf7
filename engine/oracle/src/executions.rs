//! Executions that can be paused: started, run piece by piece, and given up.
//!
//! The oracle keeps what is paused, by number, so that collections and snapshots find it.

use crate::oracle::{Execution, Oracle, Suspended, check_results, slots_of};
use crate::pause::{Pause, PauseLimits, Pausing};
use crate::rules::TIMED_OUT;
use crate::step::Leave;
use etalon_runtime::{FuncAddr, InvokeError, Stop, Store, Value, Wait, WaiterId};
use thiserror::Error;

/// How far an execution got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It can be resumed.
    Paused(Pause),
    /// It waits to be notified (`memory.atomic.wait32`, `memory.atomic.wait64`). Resuming it meanwhile changes nothing.
    Waiting(Wait),
    /// It is over, with these results. References among them are good until the next call into the
    /// store, unless the embedder roots them.
    Done(Vec<Value>),
}

/// Why an execution cannot be started.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StartError {
    /// The function is the host's or another tier's.
    #[error("the oracle does not run the function")]
    NotTheOracles,
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

impl Oracle {
    /// Begins to execute a function: it is entered, and paused before its first instruction. Its entry is charged.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start(
        &self,
        store: &mut Store,
        func: FuncAddr,
        args: &[Value],
    ) -> Result<Execution, StartError> {
        if store.is_running() {
            return Err(StartError::Running);
        }
        // Checks the arguments.
        store.arguments(func, args)?;
        if self.text(store, func).map_err(InvokeError::Stop)?.is_none() {
            return Err(StartError::NotTheOracles);
        }
        let mut thread = self.thread();
        let entered = store.enter(|store| {
            thread.begin(args, store.depth_left());
            self.with(store, &mut thread, None, |configuration| configuration.start(func))
        });
        if let Err(stop) = entered {
            self.keep(thread);
            return Err(InvokeError::Stop(stop).into());
        }
        let mut executions = self.executions();
        let id = Execution(executions.next);
        executions.next += 1;
        executions.paused.insert(id, Suspended { thread, func });
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
        let Suspended { mut thread, func } = suspended.ok_or(ResumeError::Unknown(id))?;
        let mut pausing = Pausing::new(limits.clone(), store.meter().cell().left());
        let left = store.enter(|store| {
            let depth = store.depth_left();
            let leave = self.with(store, &mut thread, Some(waiter), |configuration| {
                configuration.run(Some(&mut pausing))
            })?;
            if let Leave::TailCall(tail) = leave {
                // What the outermost function calls in its place is over at once.
                store.set_depth_left(depth);
                let mut slots = slots_of(store, tail, &thread.values)?;
                store.call(tail, &mut slots)?;
                thread.values = Value::read_all(&store.func_type(tail).results, &slots).into_vec();
            }
            if let Leave::Done | Leave::TailCall(_) = leave {
                check_results(store, func, &thread.values)?;
            }
            Ok(leave)
        });
        match left {
            Ok(Leave::Paused(pause)) => {
                self.executions().paused.insert(id, Suspended { thread, func });
                Ok(Progress::Paused(pause))
            }
            Ok(Leave::Waiting) => {
                self.executions().paused.insert(id, Suspended { thread, func });
                let wait = store.waits.of(waiter);
                Ok(Progress::Waiting(wait.ok_or_else(|| Stop::crash("a wait is gone"))?))
            }
            Ok(Leave::Done | Leave::TailCall(_)) => {
                let results = thread.values.clone();
                self.keep(thread);
                Ok(Progress::Done(results))
            }
            Err(stop) => {
                // It may have begun to wait and then not have had the gas for what comes next.
                store.waits.remove(waiter);
                self.keep(thread);
                Err(stop.into())
            }
        }
    }

    /// Ends the wait of an execution because its time is up; `false` if it does not wait. There is no
    /// clock here: who schedules decides when that is.
    pub fn time_out(&self, store: &mut Store, id: Execution) -> bool {
        let mut executions = self.executions();
        let Some(suspended) = executions.paused.get_mut(&id) else { return false };
        if !store.waits.remove(WaiterId(id.0)) {
            return false;
        }
        // The instruction has left its result, which says that the thread was woken.
        if let Some(result) = suspended.thread.values.last_mut() {
            *result = Value::I32(TIMED_OUT);
        }
        true
    }

    /// Gives an execution up; `false` if there is none of that number.
    pub fn abandon(&self, store: &mut Store, id: Execution) -> bool {
        store.waits.remove(WaiterId(id.0));
        let suspended = self.executions().paused.remove(&id);
        suspended.map(|s| self.keep(s.thread)).is_some()
    }

    /// The function that an execution was started with; `None` if it is not paused.
    pub fn function(&self, id: Execution) -> Option<FuncAddr> {
        self.executions().paused.get(&id).map(|suspended| suspended.func)
    }

    /// The executions that are paused, in the order in which they were started.
    pub fn paused(&self) -> Vec<Execution> {
        self.executions().paused.keys().copied().collect()
    }
}
