//! The oracle of a store: what its threads share, and what is paused.

use crate::observer::{Observer, Watching};
use crate::stop::Step;
use crate::text::{Text, decode};
use crate::thread::Thread;
use crate::usage::Usage;
use etalon_runtime::{FuncAddr, InvokeError, Stop, Store, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most threads that are kept for later calls.
const POOL: usize = 16;

/// The oracle of one store, to be added to it with [`Store::add_executor`].
#[derive(Debug, Default)]
pub struct Oracle {
    state: Mutex<State>,
    /// Locked after the state, where both are.
    pub(crate) executions: Mutex<Executions>,
    pub(crate) observer: Option<Watching>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    /// Threads that nobody runs; calls inside of calls each need their own.
    threads: Vec<Thread>,
    /// What one thread has at a time: the one that runs. It lies here while none does, or while that one calls out.
    pub(crate) desk: Option<Box<Desk>>,
}

/// What all threads of an oracle share.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    /// By address: the functions that the oracle runs.
    pub(crate) functions: Vec<Function>,
    /// What executions have used of the specification so far.
    pub(crate) usage: Usage,
}

#[derive(Clone, Debug, Default)]
pub(crate) enum Function {
    /// The host or another tier runs it.
    #[default]
    Foreign,
    /// It has not been called yet.
    Own,
    Decoded(Arc<Text>),
}

impl Desk {
    /// The text of a function; `None` if the oracle does not run it.
    #[inline]
    pub(crate) fn text(&mut self, store: &Store, func: FuncAddr) -> Step<Option<Arc<Text>>> {
        match self.functions.get(func.index()) {
            Some(Function::Decoded(text)) => return Ok(Some(Arc::clone(text))),
            None | Some(Function::Foreign) => return Ok(None),
            Some(Function::Own) => {}
        }
        let text = Arc::new(decode(store, func)?);
        self.functions[func.index()] = Function::Decoded(Arc::clone(&text));
        Ok(Some(text))
    }
}

impl Oracle {
    /// An oracle for one store.
    pub fn new() -> Oracle {
        Oracle::default()
    }

    /// An oracle that tells an observer every step.
    pub fn with_observer(observer: Box<dyn Observer + Send>) -> Oracle {
        Oracle { observer: Some(Watching::new(observer)), ..Oracle::default() }
    }

    /// What all executions have used of the specification so far. Inside of a host function it is empty.
    pub fn usage(&self) -> Usage {
        self.lock().desk.as_ref().map(|desk| desk.usage.clone()).unwrap_or_default()
    }

    /// A store runs on one thread at a time, so nobody holds the lock for long. One that a panic left behind guards a state that is good.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the oracle runs a function.
    pub(crate) fn text(&self, store: &Store, func: FuncAddr) -> Result<Option<Arc<Text>>, Stop> {
        self.lock().desk.get_or_insert_default().text(store, func).map_err(|stop| *stop)
    }

    /// What the thread that runs needs.
    pub(crate) fn take_desk(&self) -> Box<Desk> {
        self.lock().desk.take().unwrap_or_default()
    }

    /// The thread does not run, or calls out.
    pub(crate) fn give_desk(&self, desk: Box<Desk>) {
        self.lock().desk = Some(desk);
    }

    /// A thread for a call.
    pub(crate) fn thread(&self) -> Thread {
        self.lock().threads.pop().unwrap_or_default()
    }

    /// Keeps a thread for a later call.
    pub(crate) fn keep(&self, thread: Thread) {
        let mut state = self.lock();
        if state.threads.len() < POOL {
            state.threads.push(thread);
        }
    }

    pub(crate) fn executions(&self) -> MutexGuard<'_, Executions> {
        self.executions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An execution of an oracle. Numbers are never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Execution(pub u64);

/// An execution while it is paused.
#[derive(Debug)]
pub(crate) struct Suspended {
    pub(crate) thread: Thread,
    /// The function that was started.
    pub(crate) func: FuncAddr,
}

/// All that are paused.
#[derive(Debug, Default)]
pub(crate) struct Executions {
    pub(crate) next: u64,
    pub(crate) paused: BTreeMap<Execution, Suspended>,
}

/// The slots of a function's arguments, with room for its results. Who runs it trusts their types, so these are checked.
pub(crate) fn slots_of(store: &Store, func: FuncAddr, args: &[Value]) -> Result<Vec<u64>, Stop> {
    store.arguments(func, args).map_err(|error| match error {
        InvokeError::Arguments(what) => Stop::crash(what),
        InvokeError::Stop(stop) => stop,
    })
}

/// Checks that values are results of a function.
pub(crate) fn check_results(store: &Store, func: FuncAddr, values: &[Value]) -> Result<(), Stop> {
    let types = &store.func_type(func).results;
    let fit = values.iter().zip(types).all(|(value, ty)| store.has_type(*value, *ty));
    if !fit || values.len() != types.len() {
        return Err(Stop::crash("results that are not of the function's type"));
    }
    Ok(())
}
