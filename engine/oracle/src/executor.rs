//! The oracle as a tier of a store.

use crate::configuration::{Configuration, Step, Thread};
use crate::executions::Executions;
use crate::observer::{Observer, Watching};
use crate::step::Leave;
use crate::text::{Text, decode};
use crate::usage::Usage;
use etalon_runtime::{
    AttachError, CodeObject, Completion, Executor, FuncAddr, FuncKind, InstanceAddr, InvokeError,
    Ref, Roots, Stop, Store, TailCall, Value, WaiterId,
};
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
struct State {
    /// Threads that nobody runs; calls inside of calls each need their own.
    threads: Vec<Thread>,
    /// What one thread has at a time: the one that runs. It lies here while none does, or while that one calls out.
    desk: Option<Box<Desk>>,
}

/// What all threads of an oracle share.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    /// By address: the functions that the oracle runs.
    functions: Vec<Function>,
    /// What executions have used of the specification so far.
    pub(crate) usage: Usage,
}

#[derive(Clone, Debug, Default)]
enum Function {
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
    fn lock(&self) -> MutexGuard<'_, State> {
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

    /// One piece of work of a thread.
    pub(crate) fn with<T>(
        &self,
        store: &mut Store,
        thread: &mut Thread,
        waiter: Option<WaiterId>,
        work: impl FnOnce(&mut Configuration<'_>) -> Step<T>,
    ) -> Result<T, Stop> {
        let desk = Some(self.take_desk());
        let mut configuration = Configuration { oracle: self, store, thread, desk, waiter };
        let result = work(&mut configuration);
        if let Some(desk) = configuration.desk {
            self.give_desk(desk);
        }
        result.map_err(|stop| *stop)
    }

    fn is(&self, other: &Arc<dyn Executor>) -> bool {
        std::ptr::addr_eq(Arc::as_ptr(other), self)
    }
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

impl Executor for Oracle {
    fn name(&self) -> &'static str {
        "oracle"
    }

    fn attach(
        &self,
        store: &mut Store,
        instance: InstanceAddr,
        _code: Option<&CodeObject>,
    ) -> Result<(), AttachError> {
        let inst = store.instance(instance);
        let mut state = self.lock();
        let functions = &mut state.desk.get_or_insert_default().functions;
        for func in &inst.funcs[inst.module.imported_funcs as usize..] {
            let FuncKind::Wasm { tier, .. } = store.funcs[func.index()].kind else { continue };
            if self.is(store.executor(tier)) {
                let len = functions.len().max(func.index() + 1);
                functions.resize(len, Function::Foreign);
                functions[func.index()] = Function::Own;
            }
        }
        Ok(())
    }

    fn call(
        &self,
        store: &mut Store,
        func: FuncAddr,
        slots: &mut [u64],
    ) -> Result<Completion, Stop> {
        let depth = store.depth_left();
        let args = Value::read_all(&store.func_type(func).params, slots);
        let mut thread = self.thread();
        thread.begin(&args, depth);
        let leave = self.with(store, &mut thread, None, |configuration| {
            configuration.start(func)?;
            configuration.run(None)
        });
        store.set_depth_left(depth);
        let result = match leave {
            Ok(Leave::Done) => check_results(store, func, &thread.values).map(|()| {
                Value::write_all(&thread.values, slots);
                Completion::Returned
            }),
            Ok(Leave::TailCall(func)) => slots_of(store, func, &thread.values)
                .map(|slots| Completion::TailCall(TailCall { func, slots })),
            Ok(_) => Err(Stop::crash("a thread that nobody pauses has paused")),
            Err(stop) => Err(stop),
        };
        self.keep(thread);
        result
    }

    fn visit_roots(&self, store: &Store, visit: &mut dyn FnMut(Ref)) {
        for paused in self.executions().paused.values() {
            paused.thread.visit_roots(store, visit);
        }
    }
}
