//! How compiled code calls each function of the store, and by which trampolines it is entered and left.

use crate::abi::{AbiSignature, FuncEntry, HostContext, VmLayout};
use crate::code::{LoadedModule, Modules, Ready};
use crate::executor::Jit;
use etalon_module::TypeId;
use etalon_runtime::{
    AttachError, CodeObject, Executor, FuncAddr, FuncKind, InstanceAddr, InstanceInst, OwnFuncs,
    Referable, Store,
};
use rustc_hash::FxBuildHasher;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// What lives as long as the executor.
#[derive(Default)]
pub(crate) struct State {
    /// Code that may be called.
    pub(crate) modules: Modules,
    /// By address.
    pub(crate) instances: BTreeMap<u32, Instance>,
    /// By function address.
    pub(crate) entries: Vec<FuncEntry>,
    /// Contexts of functions that are not this tier's, by function address.
    pub(crate) hosts: HashMap<u32, Box<HostContext>>,
    /// By canonical type: what its functions share; `None` if no module has trampolines for it. What nobody asked for is missing.
    by_type: HashMap<TypeId, Option<Callable>, FxBuildHasher>,
    /// Functions without a trampoline of their signature so far, so that no code can call them.
    pub(crate) unreachable: BTreeSet<u32>,
    /// Functions that are called by way of trampolines of any module that has them, because there are none of their own instance.
    pub(crate) borrowers: BTreeSet<u32>,
    /// Where contexts name functions of others that may be called otherwise one day: by function address, the instance and the place
    /// in its context.
    pub(crate) importers: HashMap<u32, Vec<(u32, i32)>, FxBuildHasher>,
}

/// An instance that this tier runs functions of.
pub(crate) struct Instance {
    pub(crate) module: Arc<LoadedModule>,
    /// The context of its code; the address is in use as long as the executor lives. Code counts in it, and while code waits in a
    /// call, what it calls next may change.
    pub(crate) vmctx: Box<[AtomicU64]>,
    /// Functions that were compiled one by one, by their indices. What is replaced stays: it may be running.
    pub(crate) ones: Vec<(u32, Arc<LoadedModule>)>,
    /// The last of each function, by its index, and where the code of all begins.
    latest: HashMap<u32, usize, FxBuildHasher>,
    starts: HashSet<usize, FxBuildHasher>,
}

impl Instance {
    pub(crate) fn new(module: &Arc<LoadedModule>) -> Instance {
        let vmctx = (0..module.layout().words()).map(|_| AtomicU64::new(0)).collect();
        let (ones, latest, starts) = Default::default();
        Instance { module: Arc::clone(module), vmctx, ones, latest, starts }
    }

    /// Writes a word of the context.
    pub(crate) fn put(&self, at: i32, word: usize) {
        self.vmctx[at as usize / 8].store(word as u64, Relaxed);
    }

    /// Has the code of this instance call the function of a place by other code.
    fn call_by(&self, place: Option<i32>, code: usize, vmctx: usize) {
        if let Some(at) = place {
            self.put(at, code);
            self.put(at + 8, vmctx);
        }
    }

    /// Address of a function's code; `None` if it has none here.
    fn function(&self, index: u32) -> Option<usize> {
        let one = self.latest.get(&index).and_then(|at| self.ones[*at].1.function(index));
        one.or_else(|| self.module.function(index))
    }

    /// The trampolines of a function, which are of the module whose code all of the instance is.
    fn callable(&self, inst: &InstanceInst, index: u32) -> Option<Callable> {
        let ty = *inst.module.funcs.get(index as usize)?;
        *self.module.by_type().get(ty as usize)?
    }

    /// Whether code that begins at an address is of this instance.
    pub(crate) fn has(&self, start: usize) -> bool {
        self.module.addresses().0 == start || self.starts.contains(&start)
    }

    /// Has a function run by this code from now on; gives false if it was already.
    pub(crate) fn take(&mut self, index: u32, code: &Arc<LoadedModule>) -> bool {
        let at = self.ones.len();
        let is_new = self.keep(index, code);
        if is_new {
            self.latest.insert(index, at);
        }
        is_new
    }

    /// Keeps code of a function as long as the instance; gives false if it was kept already.
    pub(crate) fn keep(&mut self, index: u32, code: &Arc<LoadedModule>) -> bool {
        let is_new = self.starts.insert(code.addresses().0);
        if is_new {
            self.ones.push((index, Arc::clone(code)));
        }
        is_new
    }
}

/// What the functions of a type share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Callable {
    /// Address of the entry trampoline.
    pub(crate) entry: usize,
    /// Address of the exit stub.
    pub(crate) exit: usize,
    /// Slots for arguments and results.
    pub(crate) slots: u32,
}

impl State {
    /// Notes what the functions of a type share, if it is not known yet.
    fn note(&mut self, ty: TypeId, callable: Callable) {
        self.by_type.entry(ty).or_default().get_or_insert(callable);
    }

    /// What the functions of a type share; `None` if no module has trampolines for it.
    fn callable(&mut self, store: &Store, ty: TypeId) -> Option<Callable> {
        let modules = &self.modules;
        *self.by_type.entry(ty).or_insert_with(|| {
            let signature = AbiSignature::of(store.types.func(ty)?);
            modules.iter().find_map(|module| module.callable(&signature))
        })
    }

    /// Notes which functions of others an instance calls through its context, if how it calls them may change.
    pub(crate) fn note_imports(
        &mut self,
        store: &Store,
        instance: InstanceAddr,
        layout: &VmLayout,
    ) {
        let inst = store.instance(instance);
        for (index, func) in (0..).zip(&inst.imported_funcs).filter(|_| layout.is_one_by_one()) {
            if let Some(at) = layout.callee(index) {
                self.importers.entry(func.0).or_default().push((instance.0, at));
            }
        }
    }

    /// Has the code of others call a function as its entry says.
    fn tell_importers(&self, func: FuncAddr) {
        let FuncEntry { code, vmctx, .. } = self.entries[func.index()];
        for (instance, at) in self.importers.get(&func.0).into_iter().flatten() {
            if let Some(caller) = self.instances.get(instance) {
                caller.call_by(Some(*at), code, vmctx);
            }
        }
    }

    /// Asks a new module about the types for which the others have no trampolines.
    fn ask(&mut self, store: &Store, module: &LoadedModule) {
        for (ty, callable) in self.by_type.iter_mut().filter(|(_, callable)| callable.is_none()) {
            let signature = store.types.func(*ty).map(AbiSignature::of);
            *callable = signature.and_then(|signature| module.callable(&signature));
        }
    }
}

impl Jit {
    /// Makes every function of the store callable from compiled code that there may be a reference to. Any other has an entry of zeros,
    /// which no code reads, until somebody asks for it.
    pub(crate) fn add_entries(&self, state: &mut State, store: &Store) {
        state.entries.reserve(store.funcs.len().saturating_sub(state.entries.len()));
        while state.entries.len() < store.funcs.len() {
            let first = FuncAddr(state.entries.len() as u32);
            match store.funcs.own(first) {
                Some(own) => self.add_run(state, store, &own),
                None => {
                    state.entries.push(FuncEntry::NONE);
                    self.make(state, store, first);
                }
            }
        }
        // Code that waits for this in a call reads the address again before its next one: the word is not constant to it.
        self.set_entries(store, state);
    }

    /// Makes the functions of an instance callable that there may be references to. Where the instance's module has the code and the
    /// trampolines, nothing is searched for any of them: there may be thousands.
    fn add_run(&self, state: &mut State, store: &Store, own: &OwnFuncs) {
        let (start, end) = (own.addresses.start as usize, own.addresses.end as usize);
        let inst = store.instances.get(own.instance.index());
        let inst = inst.filter(|_| own.referable == Referable::Declared);
        let compiled = inst.and_then(|inst| self.compiled(state, store, own).map(|it| (inst, it)));
        let entries = &mut state.entries;
        let unready = if let Some((inst, (module, vmctx))) = &compiled {
            let entry_of = |ready: &Ready| {
                let &Ready { ty, slots, code, entry, .. } = ready;
                FuncEntry { code, vmctx: *vmctx, ty: inst.types[ty as usize].0, slots, entry }
            };
            let ready = module.ready();
            // Where they are all, each place is written once.
            let are_all = entries.len() == start && ready.len() == own.addresses.len();
            if are_all {
                entries.extend(ready.iter().map(entry_of));
            } else {
                entries.resize(end, FuncEntry::NONE);
                let run = &mut entries[start..];
                ready.iter().for_each(|ready| run[ready.at as usize] = entry_of(ready));
            }
            module.unready()
        } else {
            entries.resize(end, FuncEntry::NONE);
            inst.map_or(&[][..], |inst| inst.module.referable())
        };
        match inst {
            Some(inst) => {
                let rest = unready.iter().filter_map(|func| inst.func(*func));
                rest.for_each(|addr| self.make(state, store, addr));
            }
            None => own.addresses.clone().for_each(|a| self.make(state, store, FuncAddr(a))),
        }
    }

    /// The code of all of an instance's functions, and the address of its context, if this tier runs all of them by it.
    fn compiled(
        &self,
        state: &State,
        store: &Store,
        own: &OwnFuncs,
    ) -> Option<(Arc<LoadedModule>, usize)> {
        let is_own = own.tier.is_some_and(|tier| self.is(store.executor(tier)));
        let instance =
            state.instances.get(&own.instance.0).filter(|it| is_own && it.ones.is_empty())?;
        Some((Arc::clone(&instance.module), instance.vmctx.as_ptr().expose_provenance()))
    }

    /// Makes a function callable from compiled code, if it is not.
    pub(crate) fn make(&self, state: &mut State, store: &Store, func: FuncAddr) {
        if state.entries.get(func.index()).is_some_and(|entry| entry.code == 0) {
            self.look_again(state, store, func.0);
        }
    }

    /// Has the functions of an instance that this tier knew before use the trampolines of their own module.
    pub(crate) fn reclaim(&self, state: &mut State, store: &Store, inst: &InstanceInst) {
        let end = inst.own_funcs().last().map_or(inst.first_func.0, |last| last.0 + 1);
        let before = state.borrowers.range(inst.first_func.0..end).copied();
        for func in before.collect::<Vec<u32>>() {
            state.borrowers.remove(&func);
            self.look_again(state, store, func);
            state.tell_importers(FuncAddr(func));
        }
    }

    /// The entry of a function that there may be no reference to, and that somebody calls by its address; `None` if it is not of this
    /// tier.
    #[cold]
    pub(crate) fn late_entry(&self, store: &Store, func: FuncAddr) -> Option<FuncEntry> {
        let state = &mut *self.state();
        self.make(state, store, func);
        state.entries.get(func.index()).copied().filter(|entry| entry.entry != 0)
    }

    /// How a function is called from compiled code.
    fn entry_of(&self, state: &mut State, store: &Store, addr: u32) -> FuncEntry {
        let Some(func) = store.funcs.get(FuncAddr(addr)) else { return FuncEntry::NONE };
        let ty = func.ty.0;
        let (mut callable, mut code) = (None, None);
        if let FuncKind::Wasm { instance, index, tier } = func.kind
            && let Some(own) = state.instances.get(&instance.0)
        {
            // The trampolines of its own module, which stays as long as the function.
            callable = own.callable(store.instance(instance), index);
            let is_own = self.is(store.executor(tier));
            let address = own.function(index).filter(|_| is_own);
            code = address.map(|code| (code, own.vmctx.as_ptr().expose_provenance()));
        }
        if callable.is_none() {
            callable = state.callable(store, func.ty);
            state.borrowers.insert(addr);
        }
        let Some(Callable { entry, exit, slots }) = callable else {
            // Without a trampoline of its signature no code can call it.
            return FuncEntry { ty, ..FuncEntry::NONE };
        };
        if let Some((code, vmctx)) = code {
            return FuncEntry { code, vmctx, ty, slots, entry };
        }
        // Its stub may be running: what the context says of a function never changes.
        let host = state.hosts.entry(addr).or_insert_with(|| {
            let host =
                if let FuncKind::Host(host) = func.kind { Some(Arc::clone(host)) } else { None };
            let (context, func) = (self.context_address(), addr.into());
            Box::new(HostContext { context, func, slots: slots as usize, host })
        });
        let vmctx = std::ptr::from_ref(&**host).expose_provenance();
        FuncEntry { code: exit, vmctx, ty, slots, entry: 0 }
    }

    /// Whether a tier of the store is this one.
    fn is(&self, other: &Arc<dyn Executor>) -> bool {
        std::ptr::addr_eq(Arc::as_ptr(other), self)
    }

    /// Adds the trampolines of a module that has an instance, those of what it imports at once, and looks again at what could not be
    /// called without them.
    pub(crate) fn add_module(
        &self,
        state: &mut State,
        store: &Store,
        module: &Arc<LoadedModule>,
        inst: &InstanceInst,
    ) {
        for ty in inst.module.funcs.iter().take(inst.imported_funcs.len()) {
            let callable = module.by_type().get(*ty as usize).copied().flatten();
            // One that is of a subtype is looked for.
            if let Some((callable, ty)) = callable.zip(inst.types.get(*ty as usize)) {
                state.note(*ty, callable);
            }
        }
        state.modules.insert(module);
        state.ask(store, module);
        // Every module has the same ones; a module stays as long as the executor.
        self.set_stubs(store, module.throw(), module.safepoint());
        for index in std::mem::take(&mut state.unreachable) {
            self.look_again(state, store, index);
        }
    }

    /// Forgets a module that no instance has any more. Functions that its trampolines made callable get those of another module,
    /// or wait for one.
    pub(crate) fn remove_module(
        &self,
        state: &mut State,
        store: &Store,
        module: &Arc<LoadedModule>,
    ) {
        state.modules.remove(module);
        state.by_type.clear();
        let (start, end) = module.addresses();
        let inside = |address: usize| (start..end).contains(&address);
        let other = state.modules.iter().next().map(|m| (m.throw(), m.safepoint()));
        let (throw, safepoint) = other.unwrap_or((0, 0));
        self.set_stubs(store, throw, safepoint);
        let is_gone = |entry: &FuncEntry| inside(entry.code) || inside(entry.entry);
        let borrowers = state.borrowers.iter().copied();
        let borrowers =
            borrowers.filter(|func| state.entries.get(*func as usize).is_some_and(is_gone));
        for func in borrowers.collect::<Vec<u32>>() {
            self.look_again(state, store, func);
            // An instance whose functions are compiled one by one may have had its context filled in after this module came.
            state.tell_importers(FuncAddr(func));
        }
    }

    /// The code of one function, with its instance, which has a context then.
    pub(crate) fn one(
        &self,
        store: &mut Store,
        func: FuncAddr,
        code: &CodeObject,
    ) -> Result<(InstanceAddr, u32, Arc<LoadedModule>), AttachError> {
        let Some(FuncKind::Wasm { instance, index, .. }) = store.funcs.kind(func) else {
            return Err(self.refuse("a function of the host has its own code"));
        };
        let one = self.check(store, store.instance(instance), Some(code))?;
        let Some(stubs) = one.stubs().filter(|_| one.function(index).is_some()) else {
            return Err(self.refuse("the code is not of this function alone"));
        };
        // The instance's context is made with its first function. What the functions of a module share is the same each time.
        if !self.state().instances.contains_key(&instance.0) {
            let shared: CodeObject = Arc::<LoadedModule>::clone(stubs);
            self.attach(store, instance, Some(&shared))?;
        }
        let is_same = |own: &Instance| Arc::ptr_eq(&own.module, stubs);
        if !self.serves(store) || !self.state().instances.get(&instance.0).is_some_and(is_same) {
            return Err(self.refuse("its instance has other code"));
        }
        Ok((instance, index, one))
    }

    /// Has a function of an instance run by code that was made of it alone, from its next call on; gives false if it was already.
    pub(crate) fn take(
        &self,
        state: &mut State,
        store: &Store,
        func: FuncAddr,
        (instance, index): (InstanceAddr, u32),
        code: &Arc<LoadedModule>,
    ) -> bool {
        let Some(own) = state.instances.get_mut(&instance.0) else { return false };
        if !own.take(index, code) {
            return false;
        }
        let at = own.module.layout().callee(index);
        state.modules.insert(code);
        self.look_again(state, store, func.0);
        let FuncEntry { code, vmctx, .. } = state.entries[func.index()];
        if let Some(own) = state.instances.get(&instance.0) {
            own.call_by(at, code, vmctx);
        }
        state.tell_importers(func);
        true
    }

    pub(crate) fn look_again(&self, state: &mut State, store: &Store, index: u32) {
        let entry = self.entry_of(state, store, index);
        if entry.code == 0 {
            state.unreachable.insert(index);
        }
        state.entries[index as usize] = entry;
    }
}
