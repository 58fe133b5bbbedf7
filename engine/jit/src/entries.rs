//! How compiled code calls each function of the store, and by which trampolines it is entered and left.

use crate::abi::{AbiSignature, FuncEntry, HostContext};
use crate::code::{LoadedModule, Modules};
use crate::executor::Jit;
use etalon_module::TypeId;
use etalon_runtime::{FuncKind, Store};
use rustc_hash::FxBuildHasher;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

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
}

/// An instance that this tier runs functions of.
pub(crate) struct Instance {
    pub(crate) module: Arc<LoadedModule>,
    /// The context of its code; the address is in use as long as the executor lives.
    pub(crate) vmctx: Box<[u64]>,
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
        for index in state.entries.len()..store.funcs.len() {
            let entry = self.entry_of(state, store, index as u32);
            if entry.code == 0 {
                state.unreachable.push(index as u32);
            }
            state.entries.push(entry);
        }
        // Code that waits for this in a call reads the address again before its next one: the word is not constant to it.
        self.set_entries(store, state);
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
            && let Some(code) = own.module.function(*index)
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
    }

    fn look_again(&self, state: &mut State, store: &Store, index: u32) {
        let entry = self.entry_of(state, store, index);
        if entry.code == 0 {
            state.unreachable.push(index);
        }
        state.entries[index as usize] = entry;
    }
}
