//! The tier in a store.

mod enter;

use crate::abi::{
    Activation, CODE_GAS, CODE_INTERRUPT, CODE_STACK, CODE_UNWIND, FuncEntry, JitContext, Pending,
    Returns, VmLayout,
};
use crate::code::{LoadedModule, Place};
use crate::compile::isa::PINS_GAS;
use crate::entries::{Callable, Instance, State};
use crate::libcalls::Builtins;
use crate::trap;
use etalon_module::FuncBody;
use etalon_runtime::{
    AttachError, CodeObject, Completion, Executor, Exhaustion, ExnAddr, FuncAddr, InstanceAddr,
    InstanceInst, Kept, Ref, Site, Stop, Store, Trap, Trapped,
};
use std::cell::UnsafeCell;
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard};

/// The compiled tier of one store.
pub struct Jit {
    name: &'static str,
    /// The one store that it runs functions of, from the first that is attached on; 0 before.
    store: AtomicU64,
    state: Mutex<State>,
    /// What compiled code sees; its address is in every instance's context.
    context: Box<UnsafeCell<JitContext>>,
}

// SAFETY: the context is used only by who has the executor's own store: in `attach` and `call`, which have it exclusively, in
// the routines that `call` leads to, and in `forget` and `visit_roots`, which have it shared. That store is the one
// with the identity in `State::store`: no other has it, and each of these compares it first, whoever calls them. A store
// is not `Sync` (its documentation has the program that must not compile), so all references to it are of one thread at a
// time. So two threads are never in the context at once. Everything else is behind the mutex.
unsafe impl Send for Jit {}
// SAFETY: as above.
unsafe impl Sync for Jit {}

impl Jit {
    /// A tier called `jit`, or `aot` where the code comes from artefacts. It serves one store: others are refused.
    ///
    /// # Safety
    /// Compiled code reads and writes the store behind Rust's back and relies on what validation promised. So as
    /// long as the executor and its store live:
    ///
    /// - every code object that it is given was loaded from what [`compile`](crate::compile) made of a module, in
    ///   this process or, by way of an artefact, in one that is trusted as this program is;
    /// - whatever the store had when an instance was attached stays in it: no memory, table, global, function, tag
    ///   or instance is taken out, exchanged or replaced, nor its heap, and the store itself is not exchanged for another while
    ///   one of its functions runs; a shared memory (`SharedMemory`) is taken out by the store itself while nothing runs;
    /// - words that are written to globals, tables, objects and results are of their types, and references among
    ///   them of the store, to functions only where [`Funcs::is_referable`](etalon_runtime::Funcs::is_referable) says so;
    /// - no reference to the store's memories or cells outlives the borrow of the store.
    ///
    /// The runtime's types leave all of this to their user. The package `etalon` keeps these promises for its users.
    pub unsafe fn new(name: &'static str) -> Arc<Jit> {
        Arc::new_cyclic(|this| Jit {
            name,
            store: AtomicU64::new(0),
            state: Mutex::default(),
            context: Box::new(UnsafeCell::new(JitContext {
                gas: 0,
                interrupt: 0,
                entries: 0,
                throw: 0,
                safepoint: 0,
                caught: 0,
                clause: 0,
                caller: std::ptr::null(),
                builtins: Builtins::ALL,
                store: std::ptr::null_mut(),
                executor: this.as_ptr(),
                known: 0,
                pending: None,
                waiting: Vec::new(),
                returns: Returns::new(),
            })),
        })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic while it was held came from a bug; what it guards is still consistent enough to drop.
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Whether it is this executor's store. Whoever holds it may then use the context.
    #[inline]
    pub(crate) fn serves(&self, store: &Store) -> bool {
        self.store.load(Relaxed) == store.id().get()
    }

    /// Makes every function of the store callable from compiled code.
    #[inline]
    pub(crate) fn synchronise(&self, store: &Store) {
        // SAFETY: the caller has the store, so no other thread is in the context; no reference to the field is in use.
        let known = unsafe { (*self.context.get()).known };
        if known < store.funcs.len() {
            self.add_entries(&mut self.state(), store);
        }
    }

    /// The address of the store's context.
    pub(crate) fn context_address(&self) -> usize {
        self.context.get().expose_provenance()
    }

    /// Says where the function entries are. The caller has the store.
    pub(crate) fn set_entries(&self, _: &Store, state: &State) {
        let (entries, known) = (state.entries.as_ptr().expose_provenance(), state.entries.len());
        // SAFETY: the caller has the store, so no other thread is in the context; compiled code has no reference to it.
        unsafe {
            (*self.context.get()).entries = entries;
            (*self.context.get()).known = known;
        }
    }

    /// Says where the stubs are that all modules have. The caller has the store.
    pub(crate) fn set_stubs(&self, _: &Store, throw: usize, safepoint: usize) {
        // SAFETY: as above.
        unsafe {
            (*self.context.get()).throw = throw;
            (*self.context.get()).safepoint = safepoint;
        }
    }

    /// How compiled code calls a function of the executor's own store; `None` if there is no such function.
    #[inline]
    fn entry(&self, _: &Store, func: FuncAddr) -> Option<FuncEntry> {
        // SAFETY: the caller has the store, so no other thread is in the context or changes the entries, and compiled code
        // has no reference to them.
        unsafe {
            let context = self.context.get();
            let entries = std::ptr::with_exposed_provenance::<FuncEntry>((*context).entries);
            (func.index() < (*context).known).then(|| entries.add(func.index()).read())
        }
    }

    /// Finds the handler of an exception in compiled code; the next stop then goes on there.
    ///
    /// # Safety
    /// As for [`trap::find_handler`].
    pub(crate) unsafe fn catch(&self, store: &Store, fp: usize, exn: ExnAddr) -> bool {
        let Some(tag) = store.exn(exn).map(|exn| exn.tag) else { return false };
        // SAFETY: the caller's promise.
        let found = unsafe { trap::find_handler(&self.state().modules, fp, tag) };
        let Some((landing, clause)) = found else { return false };
        // SAFETY: compiled code of this store waits on this thread, so no other thread has the store; and no reference to these
        // fields is in use.
        unsafe {
            let context = self.context.get();
            (*context).caught = Ref::exn(exn).to_bits();
            (*context).clause = clause.into();
        }
        trap::set_landing(landing);
        true
    }

    /// Runs what may collect while compiled code waits in a stub of a frame pointer: what the code holds is
    /// found from there.
    ///
    /// # Safety
    /// As for [`trap::find_handler`], as long as `body` runs.
    #[inline]
    pub(crate) unsafe fn waiting<R>(&self, fp: usize, body: impl FnOnce() -> R) -> R {
        /// Takes the frame pointer off the list when what waited goes on, or is left by a panic.
        struct Waits<'a>(&'a Jit);
        impl Drop for Waits<'_> {
            fn drop(&mut self) {
                // SAFETY: as where it was put on the list.
                unsafe { (*self.0.context.get()).waiting.pop() };
            }
        }
        // SAFETY: compiled code of this store waits on this thread, so no other thread has the store; and no reference
        // to the field lasts.
        unsafe { (*self.context.get()).waiting.push(fp) };
        let _waits = Waits(self);
        body()
    }

    pub(crate) fn refuse(&self, reason: impl Into<String>) -> AttachError {
        AttachError { tier: self.name, reason: reason.into() }
    }

    /// Whether the code fits the store and the instance.
    pub(crate) fn check(
        &self,
        store: &Store,
        inst: &InstanceInst,
        code: Option<&CodeObject>,
    ) -> Result<Arc<LoadedModule>, AttachError> {
        let code = code.ok_or_else(|| self.refuse("no code was given"))?;
        let module = Arc::clone(code)
            .downcast::<LoadedModule>()
            .map_err(|_| self.refuse("the code is not of this tier"))?;
        let settings = module.settings();
        let schedule = store.schedule().id().to_string();
        if settings.schedule != schedule {
            let made = &settings.schedule;
            return Err(self.refuse(format!("compiled under {made}, the store has {schedule}")));
        }
        if settings.metering != store.is_metering() {
            return Err(self.refuse("compiled with other metering than the store's"));
        }
        if store.is_interruptible() && !settings.interruptible {
            return Err(self.refuse("compiled without interruption, and the store has it"));
        }
        if settings.memory_regions != store.checks_regions() {
            return Err(self.refuse("compiled with other checks of regions than the store's"));
        }
        if module.digest() != inst.module.digest() {
            return Err(self.refuse("the code is of another module"));
        }
        Ok(module)
    }

    /// Why compiled code left through the handler.
    fn stop(&self, store: &mut Store, activation: &Activation) -> Stop {
        if activation.overflow {
            return Stop::crash("the guest stack overflowed");
        }
        let pc = activation.trap_pc;
        let place = self.state().modules.at(pc).and_then(|m| m.locate(pc));
        let Some(Place { trap: Some(code), func, offset }) = place else {
            let fault = activation.fault;
            return Stop::crash(format!(
                "a fault at {place:?}, where no trap is expected (access to {fault:x?})"
            ));
        };
        // Compiled code relies on faults for the bounds of memories alone. Any other address is our mistake.
        let reserves = |fault| store.memories.iter().any(|memory| memory.reserves(fault));
        if let Some(fault) = activation.fault
            && !(code == Trap::MemoryOutOfBounds as u8 && reserves(fault))
        {
            return Stop::crash(format!("an access to {fault:#x}, which is in no memory"));
        }
        // Whatever a routine recorded, it has also charged.
        if PINS_GAS && code != CODE_UNWIND && store.is_metering() {
            store.meter().cell().set_left(!activation.pinned);
        }
        let site = func.zip(offset).map(|(func, offset)| Site { func, offset });
        match code {
            CODE_UNWIND => self.pending(site),
            CODE_STACK => Exhaustion::Stack.into(),
            CODE_INTERRUPT => Exhaustion::Interrupted.into(),
            CODE_GAS => match store.meter_mut().exhaust() {
                Err(_) => Exhaustion::Gas.into(),
                // After months of small charges; see the charges of the compiler.
                Ok(()) => Exhaustion::Limit("more gas than can be counted").into(),
            },
            code => match Trap::from_code(code) {
                Some(trap) => Stop::Trap(Trapped { site, ..trap.into() }),
                None => Stop::crash(format!("code {code} is no trap")),
            },
        }
    }

    /// Notes the frames of the activation that a stop has ended.
    fn trace(&self, store: &mut Store, activation: &Activation) {
        let state = self.state();
        let instance_of = |start| {
            let found = state.instances.iter().find(|(_, instance)| instance.has(start));
            found.map(|(addr, _)| InstanceAddr(*addr))
        };
        // SAFETY: the store is held exclusively here, and compiled code does not run.
        let returns = unsafe { &(*self.context.get()).returns };
        let pc = activation.trap_pc;
        // A function that finds no depth left when it is entered is not called: as in the other tiers its caller is the innermost.
        let place = state.modules.at(pc).and_then(|module| module.locate(pc));
        let is_entered = place.is_none_or(|place| place.trap != Some(CODE_STACK));
        trap::tell(store, &state.modules, is_entered.then_some(pc), returns, instance_of);
    }

    /// Takes what a routine recorded.
    fn take_pending(&self) -> Option<Pending> {
        // SAFETY: the store is held exclusively here, and compiled code does not run.
        unsafe { (*self.context.get()).pending.take() }
    }

    /// How a call ended that did not leave through the handler.
    fn completion(&self) -> Result<Completion, Stop> {
        match self.take_pending() {
            None => Ok(Completion::Returned),
            Some(Pending::TailCall(tail)) => Ok(Completion::TailCall(tail)),
            Some(_) => Err(Stop::crash("compiled code returned in spite of a stop")),
        }
    }

    /// What a routine recorded before it asked to leave.
    fn pending(&self, here: Option<Site>) -> Stop {
        match self.take_pending() {
            // A trap of an instruction that is a routine; one from a call has no site here, for exit stubs have none.
            Some(Pending::Stop(Stop::Trap(trapped))) if trapped.site.is_none() => {
                Stop::Trap(Trapped { site: here, ..trapped })
            }
            Some(Pending::Stop(stop)) => stop,
            Some(Pending::Panic(panic)) => std::panic::resume_unwind(panic),
            Some(Pending::TailCall(_)) | None => Stop::crash("compiled code left without a reason"),
        }
    }
}

/// Fills in the context of an instance.
fn fill(entries: &[FuncEntry], store: &Store, inst: &InstanceInst, own: &Instance) {
    let layout = own.module.layout();
    let put = |at: i32, word: usize| own.put(at, word);
    let heap = store.heap.def();
    put(VmLayout::HEAP_BASE, heap.base.load(Relaxed));
    put(VmLayout::HEAP_DEF, std::ptr::from_ref(heap).expose_provenance());
    for (i, addr) in inst.memories.iter().enumerate() {
        let def = store.memories[addr.index()].def();
        put(layout.memory(i as u32), def.base.load(Relaxed));
        put(layout.memory(i as u32) + 8, std::ptr::from_ref(def).expose_provenance());
    }
    for (i, addr) in inst.tables.iter().enumerate() {
        let def = store.tables[addr.index()].def();
        put(layout.table(i as u32), std::ptr::from_ref(def).expose_provenance());
    }
    for (i, addr) in inst.globals.iter().enumerate() {
        let cell = store.globals[addr.index()].cell();
        put(layout.global(i as u32), std::ptr::from_ref(cell).expose_provenance());
    }
    for (i, tag) in inst.tags.iter().enumerate() {
        put(layout.tag(i as u32), tag.index());
    }
    for (i, ty) in inst.types.iter().enumerate() {
        put(layout.ty(i as u32), ty.0 as usize);
    }
    for (i, addr) in inst.imported_funcs.iter().enumerate() {
        put(layout.imported_func(i as u32), Ref::func(*addr).to_bits() as usize);
    }
    put(layout.first_func(), Ref::func(inst.first_func).to_bits() as usize);
    for func in layout.foreign() {
        let entry = inst.func(func).and_then(|addr| entries.get(addr.index()));
        if let Some((at, entry)) = layout.callee(func).zip(entry) {
            put(at, entry.code);
            put(at + 8, entry.vmctx);
        }
    }
}

impl Executor for Jit {
    fn name(&self) -> &'static str {
        self.name
    }

    fn attach(
        &self,
        store: &mut Store,
        instance: InstanceAddr,
        code: Option<&CodeObject>,
    ) -> Result<(), AttachError> {
        let module = self.check(store, store.instance(instance), code)?;
        // Code of other modules has no operators on objects, so they need no address space.
        if store.instance(instance).module.needs().names().contains(&"gc") {
            let prepared = store.heap.prepare(&store.types);
            prepared.map_err(|_| self.refuse("the host has no address space left for objects"))?;
        }
        let inst = store.instance(instance);
        let mut state = self.state();
        // The lock that is held orders this among threads.
        match self.store.load(Relaxed) {
            0 => self.store.store(store.id().get(), Relaxed),
            _ if self.serves(store) => {}
            _ => return Err(self.refuse("it runs functions of another store")),
        }
        let own = Instance::new(&module);
        own.put(VmLayout::CONTEXT, self.context.get().expose_provenance());
        own.put(VmLayout::INSTANCE, instance.0 as usize);
        state.instances.insert(instance.0, own);
        self.add_module(&mut state, store, &module, inst);
        self.add_entries(&mut state, store);
        let state = &mut *state;
        self.reclaim(state, store, inst);
        for func in module.layout().foreign().filter_map(|func| inst.func(func)) {
            self.make(state, store, func);
        }
        if let Some(own) = state.instances.get(&instance.0) {
            fill(&state.entries, store, inst, own);
        }
        state.note_imports(store, instance, module.layout());
        Ok(())
    }

    fn take_over(
        &self,
        store: &mut Store,
        func: FuncAddr,
        code: &CodeObject,
        count: u32,
    ) -> Result<bool, AttachError> {
        let (instance, index, one) = self.one(store, func, code)?;
        if one.entrance().is_some() {
            return Err(self.refuse("the code begins with a loop"));
        }
        let state = &mut *self.state();
        if let Some(own) = state.instances.get(&instance.0) {
            own.put(own.module.layout().count(index), count as usize);
        }
        Ok(self.take(state, store, func, (instance, index), &one))
    }

    fn enter_loop(
        &self,
        store: &mut Store,
        func: FuncAddr,
        code: &CodeObject,
        slots: &mut [u64],
    ) -> Result<Completion, Stop> {
        let crash = |error: AttachError| Stop::crash(error.to_string());
        let (instance, index, one) = self.one(store, func, code).map_err(crash)?;
        let module = &store.instance(instance).module;
        let own = |body: &FuncBody| body.locals.slots() + body.max_height as usize;
        let held = module.func_type(index).param_slots() + module.body(index).map_or(0, own);
        let found = one.entrance().zip(one.function(index)).filter(|_| slots.len() >= held);
        let Some((Callable { entry, slots: count, .. }, code)) = found else {
            return Err(Stop::crash("a loop is entered with other locals or other code"));
        };
        let vmctx = {
            let state = &mut *self.state();
            state.modules.insert(&one);
            let own = state.instances.get_mut(&instance.0);
            own.map_or(0, |own| {
                own.keep(index, &one);
                own.vmctx.as_ptr().expose_provenance()
            })
        };
        // Its argument is the address of the locals and operands, which nobody touches until it has returned.
        let mut results = vec![0; count as usize];
        results[0] = slots.as_mut_ptr().expose_provenance() as u64;
        // SAFETY: `one` has seen that the code is of this function in this store, and it is kept now with its instance, whose context
        // there is. The trampoline is of its signature. The locals and operands are as many as it can read, and as the contract of
        // `Jit::new` has it of their types.
        let completion = unsafe { self.enter(store, code, vmctx, entry, &mut results) }?;
        let count = results.len().min(slots.len());
        slots[..count].copy_from_slice(&results[..count]);
        Ok(completion)
    }

    fn refer(&self, store: &Store, func: FuncAddr) {
        if self.serves(store) {
            self.synchronise(store);
            self.make(&mut self.state(), store, func);
        }
    }

    fn forget(&self, store: &Store, kept: Kept) {
        if !self.serves(store) {
            return;
        }
        // What the store still has may be running or be called, whatever the caller says.
        let kept = Kept {
            funcs: kept.funcs.max(store.funcs.len()),
            instances: kept.instances.max(store.instances.len()),
        };
        let mut state = self.state();
        let state = &mut *state;
        state.entries.truncate(kept.funcs);
        self.set_entries(store, state);
        state.hosts.retain(|func, _| (*func as usize) < kept.funcs);
        state.unreachable.retain(|func| (*func as usize) < kept.funcs);
        state.borrowers.retain(|func| (*func as usize) < kept.funcs);
        state.importers.retain(|func, _| (*func as usize) < kept.funcs);
        for places in state.importers.values_mut() {
            places.retain(|(instance, _)| (*instance as usize) < kept.instances);
        }
        let mut gone = Vec::new();
        state.instances.retain(|addr, instance| {
            let stays = (*addr as usize) < kept.instances;
            if !stays {
                gone.push(Arc::clone(&instance.module));
                gone.extend(instance.ones.iter().map(|(_, code)| Arc::clone(code)));
            }
            stays
        });
        for module in gone {
            let start = module.addresses().0;
            let in_use = state.instances.values().any(|instance| instance.has(start));
            match module.stubs() {
                _ if in_use => {}
                // Its functions are gone, and nobody else has anything of it.
                Some(_) => state.modules.remove(&module),
                None => self.remove_module(state, store, &module),
            }
        }
    }

    fn visit_roots(&self, store: &Store, visit: &mut dyn FnMut(Ref)) {
        if !self.serves(store) {
            return;
        }
        let modules = &self.state().modules;
        // SAFETY: the caller has the store, so no other thread is in the context. Nobody changes the list meanwhile: that
        // takes a routine, which needs the store exclusively.
        for fp in unsafe { &(*self.context.get()).waiting } {
            // SAFETY: each is of a stub that waits until `waiting` takes it off the list, however that is left. The list is
            // of the executor's own store, and the code of the stub's callers of its modules.
            unsafe { trap::visit_references(modules, *fp, visit) };
        }
    }

    fn call(
        &self,
        store: &mut Store,
        func: FuncAddr,
        slots: &mut [u64],
    ) -> Result<Completion, Stop> {
        if !self.serves(store) {
            return Err(Stop::crash(format!("function {} is of another store", func.0)));
        }
        self.synchronise(store);
        if let Some(entry) = self.entry(store, func).filter(|e| e.entry != 0) {
            // SAFETY: the entry is of a function of the executor's own store.
            return unsafe { self.enter_checked(store, entry, slots) };
        }
        let Some(entry) = self.late_entry(store, func) else {
            return Err(Stop::crash(format!("function {} is not of this tier", func.0)));
        };
        // SAFETY: as above.
        unsafe { self.enter_checked(store, entry, slots) }
    }
}

impl fmt::Debug for Jit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jit").field("name", &self.name).finish_non_exhaustive()
    }
}
