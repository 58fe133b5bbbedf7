//! How compiled code calls each function of the store, and by which trampolines it is entered and left.

use crate::abi::{AbiSignature, FuncEntry, HostContext, VmLayout};
use crate::code::{LoadedModule, Modules};
use crate::executor::Jit;
use etalon_module::TypeId;
use etalon_runtime::{AttachError, CodeObject, Executor, FuncAddr, FuncKind, InstanceAddr, Store};
use rustc_hash::FxBuildHasher;
use std::collections::{BTreeMap, HashMap, HashSet};
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
    pub(crate) unreachable: Vec<u32>,
    /// Where contexts name functions that may change their tier and are of other instances: by function address, the instance and the
    /// place in its context.
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

    /// Notes which functions of others an instance calls through its context, if what it calls may change.
    pub(crate) fn note_imports(
        &mut self,
        store: &Store,
        instance: InstanceAddr,
        layout: &VmLayout,
    ) {
        let inst = store.instance(instance);
        let imports = inst.module.imported_funcs.min(inst.funcs.len() as u32);
        for index in (0..imports).filter(|_| layout.is_one_by_one()) {
            let func = inst.funcs[index as usize];
            let is_guests = matches!(store.funcs[func.index()].kind, FuncKind::Wasm { .. });
            if let Some(at) = layout.callee(index).filter(|_| is_guests) {
                self.importers.entry(func.0).or_default().push((instance.0, at));
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
    /// Makes every function of the store callable from compiled code.
    pub(crate) fn add_entries(&self, state: &mut State, store: &Store) {
        state.entries.reserve(store.funcs.len().saturating_sub(state.entries.len()));
        while state.entries.len() < store.funcs.len() {
            if self.add_run(state, store) {
                continue;
            }
            let index = state.entries.len();
            let entry = self.entry_of(state, store, index as u32);
            if entry.code == 0 {
                state.unreachable.push(index as u32);
            }
            state.entries.push(entry);
        }
        // Code that waits for this in a call reads the address again before its next one: the word is not constant to it.
        self.set_entries(store, state);
    }

    /// Adds the next functions as long as they are of one instance, whose module has the code and the trampolines of each: most
    /// instances have thousands of such functions, and nothing is searched for any. Gives false if there are none.
    fn add_run(&self, state: &mut State, store: &Store) -> bool {
        let State { entries, instances, .. } = state;
        let funcs = store.funcs.get(entries.len()..).unwrap_or_default();
        let Some(FuncKind::Wasm { instance, tier, .. }) = funcs.first().map(|func| &func.kind)
        else {
            return false;
        };
        let is_own = std::ptr::addr_eq(Arc::as_ptr(store.executor(*tier)), self);
        let Some(own) = instances.get(&instance.0).filter(|own| is_own && own.ones.is_empty())
        else {
            return false;
        };
        let (module, types) = (&store.instance(*instance).module, own.module.by_type());
        let vmctx = own.vmctx.as_ptr().expose_provenance();
        let run = funcs.iter().map_while(|func| {
            let FuncKind::Wasm { instance: of, index, tier: by } = &func.kind else { return None };
            if (of, by) != (instance, tier) {
                return None;
            }
            let ty = *module.funcs.get(*index as usize)?;
            let Callable { entry, slots, .. } = (*types.get(ty as usize)?)?;
            let code = own.module.function(*index)?;
            Some(FuncEntry { code, vmctx, ty: func.ty.0, slots, entry })
        });
        let before = entries.len();
        entries.extend(run);
        entries.len() > before
    }

    /// How a function is called from compiled code.
    fn entry_of(&self, state: &mut State, store: &Store, index: u32) -> FuncEntry {
        let func = &store.funcs[index as usize];
        let ty = func.ty.0;
        // Without a trampoline of its signature no code can call it.
        let none = FuncEntry { code: 0, vmctx: 0, ty, slots: 0, entry: 0 };
        let Some(Callable { entry, exit, slots }) = state.callable(store, func.ty) else {
            return none;
        };
        if let FuncKind::Wasm { instance, index, tier } = &func.kind
            && std::ptr::addr_eq(Arc::as_ptr(store.executor(*tier)), self)
            && let Some(own) = state.instances.get(&instance.0)
            && let Some(code) = own.function(*index)
        {
            let vmctx = own.vmctx.as_ptr().expose_provenance();
            return FuncEntry { code, vmctx, ty, slots, entry };
        }
        // Its stub may be running: what the context says of a function never changes.
        let host = state.hosts.entry(index).or_insert_with(|| {
            let host =
                if let FuncKind::Host(host) = &func.kind { Some(Arc::clone(host)) } else { None };
            let (context, func) = (self.context_address(), index.into());
            Box::new(HostContext { context, func, slots: slots as usize, host })
        });
        let vmctx = std::ptr::from_ref(&**host).expose_provenance();
        FuncEntry { code: exit, vmctx, ty, slots, entry: 0 }
    }

    /// Adds the trampolines of a module that has an instance with these types, and looks again at what could not be called without
    /// them.
    pub(crate) fn add_module(
        &self,
        state: &mut State,
        store: &Store,
        module: &Arc<LoadedModule>,
        types: &[TypeId],
    ) {
        for (ty, callable) in types.iter().zip(module.by_type()) {
            if let Some(callable) = callable {
                state.note(*ty, *callable);
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
        for index in 0..state.entries.len() {
            let FuncEntry { code, entry, .. } = state.entries[index];
            if inside(code) || inside(entry) {
                self.look_again(state, store, index as u32);
            }
        }
        // An instance whose functions are compiled one by one may have had its context filled in after this module came.
        for (addr, own) in &state.instances {
            let layout = own.module.layout();
            let inst = store.instance(InstanceAddr(*addr));
            for func in layout.foreign().filter(|_| layout.is_one_by_one()) {
                let FuncEntry { code, vmctx, .. } =
                    state.entries[inst.funcs[func as usize].index()];
                own.call_by(layout.callee(func), code, vmctx);
            }
        }
    }

    /// The code of one function, with its instance, which has a context then.
    pub(crate) fn one(
        &self,
        store: &mut Store,
        func: FuncAddr,
        code: &CodeObject,
    ) -> Result<(InstanceAddr, u32, Arc<LoadedModule>), AttachError> {
        let FuncKind::Wasm { instance, index, .. } = store.funcs[func.index()].kind else {
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
        let others = state.importers.get(&func.0).into_iter().flatten().copied();
        for (instance, at) in at.map(|at| (instance.0, at)).into_iter().chain(others) {
            if let Some(caller) = state.instances.get(&instance) {
                caller.call_by(Some(at), code, vmctx);
            }
        }
        true
    }

    pub(crate) fn look_again(&self, state: &mut State, store: &Store, index: u32) {
        let entry = self.entry_of(state, store, index);
        if entry.code == 0 {
            state.unreachable.push(index);
        }
        state.entries[index as usize] = entry;
    }
}
