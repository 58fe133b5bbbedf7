//! The interpreter as a tier.

use crate::features::supported_features;
use crate::machine::{Executing, Held, Leave, Machine, RootMaps, Standing};
use crate::program::{Code, EXIT_PC, NO_MEMORY, Program};
use etalon_runtime::{
    Answer, AttachError, CodeObject, Completion, Executor, FuncAddr, FuncKind, InstanceAddr, Kept,
    Promotion, Stop, Store, TailCall,
};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many machines are kept for later calls.
const POOL: usize = 16;

/// The interpreter of one store.
pub struct Interp {
    /// Shared with the machines that wait in the store, which need it to find their roots. It is never
    /// locked while the store collects.
    state: Arc<Mutex<State>>,
}

pub(crate) struct State {
    pub(crate) program: Program,
    pub(crate) root_maps: RootMaps,
    /// Machines not in use. Nested calls each need their own.
    machines: Vec<Machine>,
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
        let (program, root_maps) = (Program::new(), RootMaps::default());
        let state = State { program, root_maps, machines: Vec::new() };
        Interp { state: Arc::new(Mutex::new(state)) }
    }

    /// A store runs on one thread at a time, so the lock is never held for long. A lock poisoned by a panic
    /// guards a program that is still valid, because programs only grow.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does a piece of work with the program.
    fn executing<T>(
        &self,
        store: &mut Store,
        machine: &mut Machine,
        work: impl FnOnce(&mut Executing<'_>) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let state = &mut *self.lock();
        work(&mut Executing { program: &mut state.program, store, machine })
    }

    /// Runs a function until it has returned or is replaced by a function of another tier. The lock is not held
    /// while anything else runs: a callee may call this tier again, and a collection asks for roots.
    fn run(&self, store: &mut Store, machine: &mut Machine, func: FuncAddr) -> Result<Leave, Stop> {
        let mut leave = self.executing(store, machine, |e| {
            e.enter(func, 0, EXIT_PC)?;
            e.advance()
        })?;
        loop {
            leave = match leave {
                Leave::CallOut { func, at, tail } => {
                    let called = self.call_out(store, machine, func, at, tail);
                    self.executing(store, machine, |e| {
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
                    self.executing(store, machine, |e| {
                        e.slow(op)?;
                        e.advance()
                    })?
                }
                Leave::Ask { func, turn } => {
                    let answer = self.ask(store, func, turn)?;
                    let gone = !self.runs(store, func);
                    self.executing(store, machine, |e| {
                        e.program.set_count(func, answer.count);
                        if gone {
                            e.program.give_up(func);
                        }
                        Ok(())
                    })?;
                    match answer.enter {
                        Some(promotion) => self.go_on(store, machine, func, &promotion)?,
                        None => self.executing(store, machine, |e| e.advance())?,
                    }
                }
                other => return Ok(other),
            };
        }
    }

    /// Puts a machine where collections find its roots.
    fn held(&self, machine: &mut Machine, standing: Standing) -> Held {
        let machine = std::mem::replace(machine, Machine::new());
        Held { machine, standing, state: Arc::clone(&self.state) }
    }

    /// Slots for the arguments of a function and for its results.
    fn width(store: &Store, func: FuncAddr) -> usize {
        let ty = store.func_type(func);
        ty.param_slots().max(ty.result_slots())
    }

    /// A machine for a call.
    fn machine(&self) -> Machine {
        self.lock().machines.pop().unwrap_or_else(Machine::new)
    }

    /// Keeps a machine for a later call.
    fn keep(&self, machine: Machine) {
        let mut state = self.lock();
        if state.machines.len() < POOL {
            state.machines.push(machine);
        }
    }

    /// Calls a function of the host or of another tier.
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
        if store.heap.is_empty() {
            return store.call_once(func, machine.slots(at));
        }
        // The callee may collect, and must find what this machine holds.
        let len = Self::width(store, func);
        let mut slots = machine.slots(at)[..len].to_vec();
        let result = self.standing(store, machine, |store| store.call_once(func, &mut slots));
        machine.slots(at)[..len].copy_from_slice(&slots);
        result
    }

    /// Goes on with the current frame in code of another tier, and without it.
    fn go_on(
        &self,
        store: &mut Store,
        machine: &mut Machine,
        func: FuncAddr,
        promotion: &Promotion,
    ) -> Result<Leave, Stop> {
        let mut slots = self.executing(store, machine, |e| e.leave_at_loop(func))?;
        let depth = machine.depth_left + machine.frames.last().map_or(0, |f| u64::from(f.depth));
        let mut next = None;
        loop {
            store.set_depth_left(depth);
            let called = self.standing(store, machine, |store| match next {
                None => store.enter_loop(func, promotion, &mut slots),
                Some(other) => store.call_once(other, &mut slots),
            });
            return match called {
                Ok(Completion::Returned) => self.executing(store, machine, |e| {
                    e.returned_from(func, &slots)?;
                    e.advance()
                }),
                Ok(Completion::TailCall(call)) if !self.runs(store, call.func) => {
                    (next, slots) = (Some(call.func), call.slots);
                    continue;
                }
                Ok(Completion::TailCall(call)) => {
                    self.executing(store, machine, |e| e.called_back(call, 0, true))
                }
                Err(Stop::Throw(exn)) => self.executing(store, machine, |e| {
                    e.rethrow(exn, true)?;
                    e.advance()
                }),
                Err(stop) => {
                    machine.drop_frame();
                    Err(stop)
                }
            };
        }
    }

    /// Does something with a machine where collections find what it holds, if there is anything to hold.
    fn standing<T>(
        &self,
        store: &mut Store,
        machine: &mut Machine,
        work: impl FnOnce(&mut Store) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        if store.heap.is_empty() {
            return work(store);
        }
        store.push_activation(Box::new(self.held(machine, Standing::CallingOut)));
        let result = work(store);
        let Some(held) = store.pop_activation::<Held>() else {
            return Err(Stop::crash("a machine was left in the store and is gone"));
        };
        *machine = held.machine;
        result
    }

    /// Asks whether another tier is to run a function; gives after how much more to ask again.
    fn ask(&self, store: &mut Store, func: FuncAddr, turn: Option<u32>) -> Result<Answer, Stop> {
        let Some(FuncKind::Wasm { instance, .. }) = store.funcs.kind(func) else {
            return Err(Stop::crash("a function of the host was counted"));
        };
        match store.instance(instance).promoter.clone() {
            Some(promoter) => promoter.ask(store, func, turn),
            None => Err(Stop::crash("a function was counted and nobody is to be asked")),
        }
    }

    /// Whether a function of the store is this interpreter's.
    fn runs(&self, store: &Store, func: FuncAddr) -> bool {
        match store.funcs.kind(func) {
            Some(FuncKind::Wasm { tier, .. }) => self.is(store.executor(tier)),
            _ => false,
        }
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
        let tier = store.funcs.own(inst.first_func).and_then(|own| own.tier);
        let runs_all = tier.map(|tier| self.is(store.executor(tier)));
        let types = &inst.module.funcs[inst.module.imported_funcs as usize..];
        for (func, ty) in inst.own_funcs().zip(types) {
            if runs_all.unwrap_or_else(|| self.runs(store, func)) {
                let ty = inst.types[*ty as usize];
                state.program.set_code(func, Code { own: true, home, ty, ..Code::FOREIGN });
                if let Some(promoter) = &inst.promoter {
                    state.program.set_count(func, promoter.first());
                }
            }
        }
        Ok(())
    }

    fn forget(&self, _: &Store, kept: Kept) {
        let mut state = self.lock();
        if state.program.forget(kept.funcs) {
            state.root_maps = RootMaps::default();
        }
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
        let leave = self.run(store, &mut machine, func);
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
            Err(stop) => {
                if stop.is_traced() {
                    machine.note_frames(&self.lock().program, store);
                }
                Err(stop)
            }
        };
        self.keep(machine);
        result
    }
}
