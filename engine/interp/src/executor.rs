//! The oracle as a tier.

use crate::executions::Executions;
use crate::features::supported_features;
use crate::machine::{Executing, Held, Leave, Machine, Pausing, RootMaps, Standing};
use crate::observer::Observer;
use crate::program::{Code, EXIT_PC, NO_MEMORY, Program};
use etalon_runtime::{
    AttachError, CodeObject, Completion, Executor, FuncAddr, FuncKind, InstanceAddr, Ref, Stop,
    Store, TailCall,
};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most machines kept for later calls.
const POOL: usize = 16;

/// The interpreter of one store.
pub struct Interp {
    /// Shared with the machines that wait in the store, which need it to tell their roots. It is never
    /// locked while the store collects.
    state: Arc<Mutex<State>>,
    /// Locked after the state, where both are.
    pub(crate) executions: Mutex<Executions>,
}

pub(crate) struct State {
    pub(crate) program: Program,
    pub(crate) root_maps: RootMaps,
    /// Machines not in use: calls from inside calls each need their own.
    machines: Vec<Machine>,
    observer: Option<Box<dyn Observer + Send>>,
}

impl fmt::Debug for Interp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interp").finish_non_exhaustive()
    }
}

impl Default for Interp {
    fn default() -> Self {
        Interp::new()
    }
}

impl Interp {
    /// An interpreter for one store, to be added to it with [`Store::add_executor`].
    pub fn new() -> Interp {
        Interp::with(None, false)
    }

    /// An interpreter that tells an observer every step. It can be paused too.
    pub fn with_observer(observer: Box<dyn Observer + Send>) -> Interp {
        Interp::with(Some(observer), true)
    }

    /// An interpreter whose executions can be paused at every instruction. It is slower for it.
    pub fn pausable() -> Interp {
        Interp::with(None, true)
    }

    fn with(observer: Option<Box<dyn Observer + Send>>, eager: bool) -> Interp {
        let (program, root_maps) = (Program::new(eager), RootMaps::default());
        let state = State { program, root_maps, machines: Vec::new(), observer };
        Interp { state: Arc::new(Mutex::new(state)), executions: Mutex::default() }
    }

    /// Whether executions can be started and paused.
    pub fn is_pausable(&self) -> bool {
        self.lock().program.eager
    }

    /// A store runs on one thread at a time, so nobody else holds the lock for long; one left by a
    /// panic holds a program that is still good, since it only grows.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One piece of work with the program at hand.
    pub(crate) fn executing<T>(
        &self,
        store: &mut Store,
        machine: &mut Machine,
        pausing: Option<&mut Pausing>,
        work: impl FnOnce(&mut Executing<'_>) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let state = &mut *self.lock();
        let observer = state.observer.as_mut().map(|o| &mut **o as &mut (dyn Observer + Send));
        work(&mut Executing { program: &mut state.program, observer, pausing, store, machine })
    }

    /// Runs a machine until it is done or paused.
    pub(crate) fn drive(
        &self,
        store: &mut Store,
        machine: &mut Machine,
        pausing: Option<&mut Pausing>,
        begin: impl FnOnce(&mut Executing<'_>) -> Result<(), Stop>,
    ) -> Result<Leave, Stop> {
        let result = self.advance(store, machine, pausing, begin);
        if let Ok(Leave::Done) | Err(_) = result {
            self.executing(store, machine, None, |e| {
                e.ended(result.as_ref().err());
                Ok(())
            })?;
        }
        result
    }

    fn advance(
        &self,
        store: &mut Store,
        machine: &mut Machine,
        mut pausing: Option<&mut Pausing>,
        begin: impl FnOnce(&mut Executing<'_>) -> Result<(), Stop>,
    ) -> Result<Leave, Stop> {
        let mut leave = self.executing(store, machine, pausing.as_deref_mut(), |e| {
            begin(e)?;
            e.advance()
        })?;
        loop {
            let pausing = pausing.as_deref_mut();
            leave = match leave {
                Leave::CallOut { func, at, tail } => {
                    let called = self.call_out(store, machine, func, at, tail);
                    self.executing(store, machine, pausing, |e| {
                        match called {
                            Ok(Completion::Returned) => e.resume()?,
                            Ok(Completion::TailCall(call)) => return e.called_back(call, at, tail),
                            Err(Stop::Throw(exn)) => e.rethrow(exn, tail)?,
                            Err(stop) => return Err(stop),
                        }
                        e.advance()
                    })?
                }
                Leave::Collect(op) => {
                    let held = self.held(machine, Standing::Allocating);
                    store.collect(&held);
                    *machine = held.machine;
                    self.executing(store, machine, pausing, |e| {
                        e.slow(op)?;
                        e.advance()
                    })?
                }
                other => return Ok(other),
            };
        }
    }

    /// Takes a machine for as long as others look for its roots.
    fn held(&self, machine: &mut Machine, standing: Standing) -> Held {
        let machine = std::mem::replace(machine, Machine::new());
        Held { machine, standing, state: Arc::clone(&self.state) }
    }

    /// Slots for the arguments of a function and for its results.
    pub(crate) fn width(store: &Store, func: FuncAddr) -> usize {
        let ty = store.func_type(func);
        ty.param_slots().max(ty.result_slots())
    }

    /// A machine for a call.
    pub(crate) fn machine(&self) -> Machine {
        self.lock().machines.pop().unwrap_or_else(Machine::new)
    }

    /// Keeps a machine for a later call.
    pub(crate) fn keep(&self, machine: Machine) {
        let mut state = self.lock();
        if state.machines.len() < POOL {
            state.machines.push(machine);
        }
    }

    /// Calls a function of the host or of another tier. The lock is not held: what is called may
    /// come back to this interpreter.
    fn call_out(
        &self,
        store: &mut Store,
        machine: &mut Machine,
        func: FuncAddr,
        at: u32,
        tail: bool,
    ) -> Result<Completion, Stop> {
        let frame = machine.frames.last().filter(|_| tail).map_or(0, |f| f.depth);
        store.set_depth_left(machine.depth_left + u64::from(frame));
        if store.heap.live_objects() == 0 {
            return store.call_once(func, machine.slots(at));
        }
        // What is called may collect, and must find what this machine holds.
        let len = Self::width(store, func);
        let mut slots = machine.slots(at)[..len].to_vec();
        store.push_activation(Box::new(self.held(machine, Standing::CallingOut)));
        let result = store.call_once(func, &mut slots);
        let Some(held) = store.pop_activation::<Held>() else {
            return Err(Stop::crash("a machine was left in the store and is gone"));
        };
        *machine = held.machine;
        machine.slots(at)[..len].copy_from_slice(&slots);
        result
    }

    /// Whether a tier of the store is this interpreter.
    fn is(&self, other: &Arc<dyn Executor>) -> bool {
        std::ptr::addr_eq(Arc::as_ptr(other), self)
    }
}

impl Executor for Interp {
    fn name(&self) -> &'static str {
        "interp"
    }

    fn attach(
        &self,
        store: &mut Store,
        instance: InstanceAddr,
        _code: Option<&CodeObject>,
    ) -> Result<(), AttachError> {
        let inst = store.instance(instance);
        if let Some(feature) = inst.module.lacking(supported_features()) {
            let reason = format!("it does not implement {feature}");
            return Err(AttachError { tier: self.name(), reason });
        }
        let mut state = self.lock();
        let home = inst.memories.first().map_or(NO_MEMORY, |m| m.0);
        for func in &inst.funcs[inst.module.imported_funcs as usize..] {
            let FuncKind::Wasm { tier, .. } = store.funcs[func.index()].kind else { continue };
            if self.is(store.executor(tier)) {
                state.program.set_code(*func, Code { own: true, home, ..Code::FOREIGN });
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
        let mut machine = self.machine();
        let depth = store.depth_left();
        machine.begin(slots, depth);
        let leave = self.drive(store, &mut machine, None, |e| e.enter(func, 0, EXIT_PC));
        store.set_depth_left(depth);
        let result = match leave {
            Ok(Leave::Done) => {
                let results = machine.slots(0);
                let count = slots.len().min(results.len());
                slots[..count].copy_from_slice(&results[..count]);
                Ok(Completion::Returned)
            }
            Ok(Leave::TailCall { func, at }) => {
                let slots = machine.slots(at)[..Self::width(store, func)].to_vec();
                Ok(Completion::TailCall(TailCall { func, slots }))
            }
            Ok(_) => Err(Stop::crash("a call was left for no reason")),
            Err(stop) => Err(stop),
        };
        self.keep(machine);
        result
    }

    fn visit_roots(&self, store: &Store, visit: &mut dyn FnMut(Ref)) {
        let mut state = self.lock();
        for paused in self.executions().paused.values() {
            state.visit_machine(store, &paused.machine, Standing::Paused, visit);
        }
    }
}
