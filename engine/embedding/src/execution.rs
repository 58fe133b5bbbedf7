//! Executions in pieces, on the oracle: started, paused before any instruction, resumed.
//!
//! ```
//! use etalon::{Config, Engine, Instance, Module, PauseLimits, Progress, Store, Tier, Val};
//!
//! let engine = Engine::new(Config::new().tier(Tier::Oracle))?;
//! let module = Module::new(&engine, r#"(module
//!     (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))"#)?;
//! let mut store = Store::new(&engine, ());
//! let instance = Instance::new(&mut store, &module, &[])?;
//! let add = instance.get_func(&store, "add").expect("the module exports it");
//! let execution = store.start(add, &[Val::I32(1), Val::I32(2)])?;
//! let mut pauses = 0;
//! let results = loop {
//!     match store.resume(execution, &PauseLimits::instructions(1))? {
//!         Progress::Done(results) => break results,
//!         Progress::Paused(_) => pauses += 1,
//!         Progress::Waiting(_) => unreachable!("it has no memory to wait at"),
//!     }
//! };
//! // Two `local.get`, the addition and `end`, with a pause between each of them.
//! assert_eq!((results[0].unwrap_i32(), pauses), (3, 3));
//! # Ok::<(), etalon::Error>(())
//! ```

use crate::context::data_of;
use crate::error::{Result, WrongStore, from_invoke, from_stop, no_stack};
use crate::func::Func;
use crate::life::Life;
use crate::memory::Memory;
use crate::metrics::Ending;
use crate::store::Store;
use crate::value::Val;
use crate::work::{Work, life_of};
use etalon_jit::on_guest_stack;
use etalon_oracle as oracle;
pub use etalon_oracle::{PauseReason, PauseRequest};
use etalon_runtime::{InvokeError, Piece, Site, Store as State, StoreId, WaiterId};
use std::sync::Arc;
use thiserror::Error as Thiserror;

/// An execution that was started in a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Execution {
    store: StoreId,
    execution: oracle::Execution,
}

/// When to pause; whatever comes first counts. With none of them the execution runs to its end.
#[derive(Clone, Debug, Default)]
pub struct PauseLimits {
    limits: oracle::PauseLimits,
    breakpoints: Vec<(Func, u32)>,
}

/// A pause: where, and why. It lies before an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// Why.
    pub reason: PauseReason,
    /// The function that the next instruction is of.
    pub func: Func,
    /// The next instruction.
    pub site: Site,
    /// How many instructions were executed since the execution was resumed.
    pub instructions: u64,
}

/// A wait for a notification (`memory.atomic.wait32`, `memory.atomic.wait64`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Who waits.
    pub execution: Execution,
    /// The memory.
    pub memory: Memory,
    /// The address in it.
    pub address: u64,
    /// The timeout in nanoseconds; negative for none.
    pub timeout: i64,
}

/// How far an execution got.
#[derive(Clone, Debug)]
pub enum Progress {
    /// It can be resumed.
    Paused(Pause),
    /// It waits to be notified. Resuming it meanwhile changes nothing.
    Waiting(Wait),
    /// It is over, with these results.
    Done(Vec<Val>),
}

/// Why an execution was not started or resumed. Where it stopped, the error is another, as for [`Func::call`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Thiserror)]
pub enum ExecutionError {
    /// The function is the host's, or one that another tier runs.
    #[error("the oracle does not run the function")]
    NotTheOracles,
    /// It is over, or was given up, or is of another store.
    #[error("the execution does not exist")]
    Unknown,
    /// Something runs already. Nothing was changed.
    #[error("an invocation is under way")]
    Running,
}

impl PauseLimits {
    /// No limits.
    pub fn new() -> PauseLimits {
        PauseLimits::default()
    }

    /// After so many instructions; 0 counts as 1.
    pub fn instructions(count: u64) -> PauseLimits {
        let limits = oracle::PauseLimits::instructions(count);
        PauseLimits { limits, ..PauseLimits::default() }
    }

    /// When at least so much gas was taken since the execution was resumed; 0 counts as 1. This is no limit of the
    /// meter's: nothing runs out. Without metering it is never reached.
    pub fn gas(slice: u64) -> PauseLimits {
        let limits = oracle::PauseLimits::gas(slice);
        PauseLimits { limits, ..PauseLimits::default() }
    }

    /// Also before this instruction: a function, and the offset in its module's bytes. If the execution is resumed at
    /// it, it does not count.
    #[must_use]
    pub fn breakpoint(mut self, func: Func, offset: u32) -> PauseLimits {
        self.breakpoints.push((func, offset));
        self
    }

    /// Also before every instruction that reads or writes a memory, but for the one that the execution is resumed at.
    #[must_use]
    pub fn accesses(mut self) -> PauseLimits {
        self.limits.accesses = true;
        self
    }

    /// Also when this is asked for, from any thread.
    #[must_use]
    pub fn request(mut self, request: PauseRequest) -> PauseLimits {
        self.limits.request = Some(request);
        self
    }

    fn in_store(&self, state: &State) -> Result<oracle::PauseLimits, WrongStore> {
        let mut limits = self.limits.clone();
        for (func, offset) in &self.breakpoints {
            limits.breakpoints.insert((func.find(state)?, *offset));
        }
        Ok(limits)
    }
}

impl Execution {
    fn of(state: &State, execution: oracle::Execution) -> Execution {
        Execution { store: state.id(), execution }
    }

    fn find(self, state: &State) -> Result<oracle::Execution, ExecutionError> {
        if self.store == state.id() { Ok(self.execution) } else { Err(ExecutionError::Unknown) }
    }
}

/// What becomes of the effects of an execution.
fn piece_of(resumed: &Result<oracle::Progress, oracle::ResumeError>) -> Piece {
    match resumed {
        Ok(oracle::Progress::Done(_)) => Piece::Returned,
        Err(oracle::ResumeError::Stop(_)) => Piece::Stopped,
        Ok(_) | Err(_) => Piece::Paused,
    }
}

fn wait_of(state: &State, wait: etalon_runtime::Wait) -> Wait {
    Wait {
        execution: Execution::of(state, oracle::Execution(wait.waiter.0)),
        memory: Memory::of(state, wait.memory),
        address: wait.address,
        timeout: wait.timeout,
    }
}

impl<T: 'static> Store<T> {
    /// Begins to execute a function of the oracle's: it is entered, and paused before its first instruction. Its entry
    /// is charged. Any number of executions may be paused in a store, and calls may come between.
    ///
    /// # Errors
    /// [`ExecutionError`] if the function is not the oracle's; another error if it is of another store, the
    /// arguments do not fit, or there is no gas or depth to enter it.
    pub fn start(&mut self, func: Func, params: &[Val]) -> Result<Execution> {
        let oracle = Arc::clone(&self.shared().oracle);
        let state = self.state_mut();
        let func = func.find(state)?;
        let args = Val::arguments(state, params, &state.func_type(func).clone())?;
        let mut work = Work::<T>::call(state);
        work.begin_call(func)?;
        let started = on_guest_stack(|| oracle.start(work.state, func, &args))
            .unwrap_or_else(|error| Err(InvokeError::Stop(no_stack(&error)).into()));
        match &started {
            Ok(_) => work.pause(Ending::Returned),
            Err(oracle::StartError::Invoke(InvokeError::Stop(stop))) => work.end(Ending::of(stop)),
            Err(_) => work.end(Ending::Refused),
        }
        match started {
            Ok(execution) => Ok(Execution::of(state, execution)),
            Err(oracle::StartError::NotTheOracles) => Err(ExecutionError::NotTheOracles.into()),
            Err(oracle::StartError::Running) => Err(ExecutionError::Running.into()),
            Err(oracle::StartError::Invoke(error)) => Err(from_invoke(state, error)),
        }
    }

    /// Goes on with an execution until a limit is reached or it ends. All its pieces together show what
    /// one [`Func::call`] shows: results, traps, gas. What a host function calls back, and a module's
    /// start function, run in one piece.
    ///
    /// # Errors
    /// [`ExecutionError`] if it does not exist; as for [`Func::call`] if it stopped, and is over. Where the host has no address space
    /// for a stack, which is a [`HostError`](crate::HostError), nothing ran, and it is paused as before.
    ///
    /// # Panics
    /// If a host function panics: its panic goes on here, and the execution is over.
    pub fn resume(&mut self, execution: Execution, limits: &PauseLimits) -> Result<Progress> {
        let oracle = Arc::clone(&self.shared().oracle);
        let state = self.state_mut();
        let mut limits = limits.in_store(state)?;
        if state.is_interruptible() {
            let asked = &data_of::<T>(state).shared.pause;
            let own = limits.request.take();
            limits.request = Some(own.map_or_else(|| asked.clone(), |own| own.or(asked)));
        }
        let number = execution.find(state)?;
        let func = oracle.function(number).ok_or(ExecutionError::Unknown)?;
        let work = Work::<T>::resumption(state, func);
        let resumed = on_guest_stack(|| {
            let piece = |state: &mut State| oracle.resume(state, number, &limits);
            work.state.in_pieces(number.0, piece, piece_of)
        });
        let resumed = match resumed {
            Ok(resumed) => resumed,
            Err(error) => {
                // Nothing ran, and it is paused as before.
                work.pause(Ending::HostError);
                return Err(from_stop(state, no_stack(&error)));
            }
        };
        match &resumed {
            Ok(oracle::Progress::Done(_)) => work.end(Ending::Returned),
            Err(oracle::ResumeError::Stop(stop)) => work.end(Ending::of(stop)),
            // It is as it was.
            Err(oracle::ResumeError::Unknown(_) | oracle::ResumeError::Running) => {
                work.pause(Ending::Refused);
            }
            Ok(oracle::Progress::Paused(_) | oracle::Progress::Waiting(_)) => {
                work.pause(Ending::Returned);
            }
        }
        match resumed {
            Ok(oracle::Progress::Paused(pause)) => {
                // The module may not export it, nor name it anywhere.
                state.refer(pause.func);
                Ok(Progress::Paused(Pause {
                    reason: pause.reason,
                    func: Func::of(state, pause.func),
                    site: pause.site,
                    instructions: pause.instructions,
                }))
            }
            Ok(oracle::Progress::Waiting(wait)) => Ok(Progress::Waiting(wait_of(state, wait))),
            Ok(oracle::Progress::Done(values)) => {
                let types = state.func_type(func).results.clone();
                Ok(Progress::Done(Val::list_of(state, &values, &types)))
            }
            Err(oracle::ResumeError::Unknown(_)) => Err(ExecutionError::Unknown.into()),
            Err(oracle::ResumeError::Running) => Err(ExecutionError::Running.into()),
            Err(oracle::ResumeError::Stop(stop)) => Err(from_stop(state, stop)),
        }
    }

    /// Ends the wait of an execution because its time is up: it goes on with the result 2 of
    /// `memory.atomic.wait`. `false` if it does not wait. The engine has no clock, so that runs are the
    /// same every time: whoever schedules decides when the time is up.
    pub fn time_out(&mut self, execution: Execution) -> bool {
        let oracle = Arc::clone(&self.shared().oracle);
        let state = self.state_mut();
        execution.find(state).is_ok_and(|execution| oracle.time_out(state, execution))
    }

    /// Gives a paused execution up; `false` if it does not exist.
    pub fn abandon(&mut self, execution: Execution) -> bool {
        let oracle = Arc::clone(&self.shared().oracle);
        let state = self.state_mut();
        let Ok(number) = execution.find(state) else { return false };
        let func = oracle.function(number);
        let is_given_up = oracle.abandon(state, number);
        state.drop_effects_of(number.0);
        if let Some(life) = func.filter(|_| is_given_up).and_then(|f| life_of::<T>(state, f)) {
            life.abandon();
        }
        is_given_up
    }

    /// The executions that came with a snapshot are known to the lives of their instances.
    pub(crate) fn note_paused(&mut self) {
        let oracle = Arc::clone(&self.shared().oracle);
        let state = self.state_mut();
        for func in oracle.paused().into_iter().filter_map(|number| oracle.function(number)) {
            life_of::<T>(state, func).into_iter().for_each(Life::pause);
        }
    }

    /// The executions that are paused, in the order in which they were started.
    pub fn paused(&self) -> Vec<Execution> {
        let paused = self.shared().oracle.paused();
        paused.into_iter().map(|execution| Execution::of(self.state(), execution)).collect()
    }

    /// What an execution waits for; `None` if it does not wait.
    pub fn wait_of(&self, execution: Execution) -> Option<Wait> {
        let state = self.state();
        let number = execution.find(state).ok()?;
        Some(wait_of(state, state.waits.of(WaiterId(number.0))?))
    }
}
