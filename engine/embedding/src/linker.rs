//! Linking by name (specification: *Embedding*, and *Modules*, "Instantiation").

use crate::context::{AsContext, AsContextMut, StoreContextMut};
use crate::engine::Engine;
use crate::error::{Error, Result, WrongStore, foreign_import};
use crate::external::Extern;
use crate::func::{Caller, HostFunc, IntoFunc};
use crate::instance::Instance;
use crate::module::Module;
use crate::policy::{Judgement, Policy};
use crate::types::FuncType;
use crate::value::Val;
use etalon_gas::Schedule;
use etalon_module::Import;
use etalon_runtime::{LinkError, Store as State};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use thiserror::Error as Thiserror;

/// What modules can import, by the two names of an import. Functions of the host in it are of no store, and each
/// instance gets its own; everything else is of one store.
pub struct Linker<T> {
    engine: Engine,
    items: BTreeMap<(String, String), Item>,
    shadowing: bool,
    policy: Option<Policy>,
    data: PhantomData<fn(T)>,
}

#[derive(Clone, Debug)]
pub(crate) enum Item {
    Extern(Extern),
    Host(HostFunc),
}

/// A name is defined already.
#[derive(Clone, Debug, PartialEq, Eq, Thiserror)]
#[error("{module:?} {name:?} is defined already; see Linker::allow_shadowing")]
pub struct Redefinition {
    /// First of the two names.
    pub module: String,
    /// Second of the two names.
    pub name: String,
}

impl<T> Clone for Linker<T> {
    fn clone(&self) -> Linker<T> {
        let (engine, items) = (self.engine.clone(), self.items.clone());
        let (shadowing, policy) = (self.shadowing, self.policy.clone());
        Linker { engine, items, shadowing, policy, data: PhantomData }
    }
}

impl<T> fmt::Debug for Linker<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Linker").field("items", &self.items).finish_non_exhaustive()
    }
}

impl<T: 'static> Linker<T> {
    /// An empty one.
    pub fn new(engine: &Engine) -> Linker<T> {
        let (engine, items) = (engine.clone(), BTreeMap::new());
        Linker { engine, items, shadowing: false, policy: None, data: PhantomData }
    }

    /// Its engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Whether a later definition of a name replaces an earlier one. By default it is an error.
    pub fn allow_shadowing(&mut self, allow: bool) -> &mut Linker<T> {
        self.shadowing = allow;
        self
    }

    /// Sets what modules may import; by default all that is defined. An import that the policy forbids is a
    /// [`LinkError::Forbidden`], whatever it is and whether it is defined or not. It is judged by its own two names, not by
    /// those that the thing behind them has elsewhere, and when a module is instantiated: what exists already stays.
    ///
    /// It speaks of what guests import by this linker. [`Linker::get`] and [`Instance::new`] are the embedder's own choice.
    pub fn policy(&mut self, policy: Policy) -> &mut Linker<T> {
        self.policy = Some(policy);
        self
    }

    /// What its policy says of an import; `None` if it has none.
    pub fn judge(&self, module: &str, name: &str) -> Option<Judgement> {
        Some(self.policy.as_ref()?.judge(module, name))
    }

    pub(crate) fn check(&self, module: &str, name: &str) -> Result<(), LinkError> {
        self.policy.as_ref().map_or(Ok(()), |policy| policy.check_import(module, name))
    }

    pub(crate) fn item(&self, module: &str, name: &str) -> Option<&Item> {
        self.items.get(&(module.to_owned(), name.to_owned()))
    }

    pub(crate) fn items(&self) -> impl ExactSizeIterator<Item = &(String, String)> {
        self.items.keys()
    }

    fn insert(&mut self, module: &str, name: &str, item: Item) -> Result<&mut Linker<T>> {
        match self.items.entry((module.to_owned(), name.to_owned())) {
            Entry::Occupied(_) if !self.shadowing => {
                let (module, name) = (module.to_owned(), name.to_owned());
                return Err(Redefinition { module, name }.into());
            }
            Entry::Occupied(mut entry) => drop(entry.insert(item)),
            Entry::Vacant(entry) => drop(entry.insert(item)),
        }
        Ok(self)
    }

    /// Defines a name as something of a store.
    ///
    /// # Errors
    /// If it is of another store, or the name is defined already.
    pub fn define(
        &mut self,
        store: impl AsContext<Data = T>,
        module: &str,
        name: &str,
        item: impl Into<Extern>,
    ) -> Result<&mut Linker<T>> {
        let item = item.into();
        item.find(store.as_context().state)?;
        self.insert(module, name, Item::Extern(item))
    }

    /// Defines a name as a function of the host, of a closure; see [`IntoFunc`]. A schedule prices its calls by
    /// its two names.
    ///
    /// # Errors
    /// If the name is defined already.
    pub fn func_wrap<Params, Results>(
        &mut self,
        module: &str,
        name: &str,
        func: impl IntoFunc<T, Params, Results>,
    ) -> Result<&mut Linker<T>> {
        self.insert(module, name, Item::Host(HostFunc::wrapped(func)))
    }

    /// Defines a name as a function of the host of a type that is known when the program runs; see
    /// [`Func::new`](crate::Func::new).
    ///
    /// # Errors
    /// If the name is defined already.
    pub fn func_new(
        &mut self,
        module: &str,
        name: &str,
        ty: FuncType,
        func: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
    ) -> Result<&mut Linker<T>> {
        self.insert(module, name, Item::Host(HostFunc::dynamic(ty, func)))
    }

    /// Defines all exports of an instance under a module name.
    ///
    /// # Errors
    /// If a name is defined already.
    ///
    /// # Panics
    /// If the instance is of another store.
    pub fn instance(
        &mut self,
        store: impl AsContext<Data = T>,
        module: &str,
        instance: Instance,
    ) -> Result<&mut Linker<T>> {
        let context = store.as_context();
        for export in instance.exports(&context) {
            let name = export.name().to_owned();
            self.insert(module, &name, Item::Extern(export.into_extern()))?;
        }
        Ok(self)
    }

    /// What a pair of names is defined as, if it is; a function of the host is added to the store.
    ///
    /// # Panics
    /// If it is of another store.
    pub fn get(
        &self,
        mut store: impl AsContextMut<Data = T>,
        module: &str,
        name: &str,
    ) -> Option<Extern> {
        let item = self.item(module, name)?;
        let found = item.in_store(store.as_context_mut().state, module, name);
        Some(found.unwrap_or_else(|error| panic!("{error}")))
    }

    /// Whether a pair of names is defined.
    pub fn contains(&self, module: &str, name: &str) -> bool {
        self.items.contains_key(&(module.to_owned(), name.to_owned()))
    }

    /// Defines each function that a module imports and that is not defined yet: it gives zeros and nulls.
    ///
    /// # Errors
    /// If a function has a result for which there is no such value.
    pub fn define_unknown_imports_as_default_values(
        &mut self,
        module: &Module,
    ) -> Result<&mut Linker<T>> {
        for import in module.imports() {
            if self.contains(import.module(), import.name()) {
                continue;
            }
            let crate::types::ExternType::Func(ty) = import.ty() else { continue };
            let defaults: Option<Vec<Val>> = ty.results().iter().map(Val::default_for_ty).collect();
            let defaults = defaults
                .ok_or_else(|| Error::msg(format!("{ty} has a result without a default value")))?;
            self.func_new(import.module(), import.name(), ty.clone(), move |_, _, results| {
                results.copy_from_slice(&defaults);
                Ok(())
            })?;
        }
        Ok(self)
    }

    /// Instantiates a module with what it imports, by name.
    ///
    /// # Errors
    /// [`LinkError`] if an import is not defined, is of another store, or is forbidden by the policy; otherwise as for
    /// [`Instance::new`].
    ///
    /// # Panics
    /// As for [`Instance::new`].
    pub fn instantiate(
        &self,
        mut store: impl AsContextMut<Data = T>,
        module: &Module,
    ) -> Result<Instance> {
        let items = self.resolve(module)?;
        instantiate(store.as_context_mut(), module, items.into_iter())
    }

    /// What a module imports, by name.
    fn resolve(&self, module: &Module) -> Result<Vec<&Item>, LinkError> {
        let imports = || module.data().imports.iter().map(|i| (i.module.as_str(), i.name.as_str()));
        imports().try_for_each(|(module, name)| self.check(module, name))?;
        let found = imports().map(|(module, name)| {
            self.item(module, name).ok_or_else(|| {
                let (module, name) = (module.to_owned(), name.to_owned());
                LinkError::Unknown { module, name }
            })
        });
        found.collect()
    }

    /// As [`Linker::instantiate`], for a module that must keep to a policy of its own besides the linker's: each must allow
    /// what it imports.
    ///
    /// # Errors
    /// As for [`Linker::instantiate`].
    ///
    /// # Panics
    /// As for [`Instance::new`].
    pub fn instantiate_with_policy(
        &self,
        store: impl AsContextMut<Data = T>,
        module: &Module,
        policy: &Policy,
    ) -> Result<Instance> {
        policy.check(module)?;
        self.instantiate(store, module)
    }

    /// The module with what it imports, to be instantiated any number of times: as [`Linker::instantiate`] with the names as they are
    /// defined now, and under the policy as it is now.
    ///
    /// # Errors
    /// [`LinkError`] if an import is not defined or is forbidden by the policy.
    pub fn instantiate_pre(&self, module: &Module) -> Result<InstancePre<T>> {
        let schedule = &module.engine().config().schedule;
        let found = self.resolve(module)?.into_iter().zip(&module.data().imports);
        let items = found.map(|(item, import)| item.made_ready(schedule, import)).collect();
        Ok(InstancePre { items, module: module.clone(), data: PhantomData })
    }

    /// The same names, for another store: `rebind` gives what each thing of a store becomes.
    pub(crate) fn rebound(
        mut self,
        rebind: impl Fn(Extern) -> Option<Extern>,
    ) -> Option<Linker<T>> {
        for item in self.items.values_mut() {
            if let Item::Extern(item) = item {
                *item = rebind(*item)?;
            }
        }
        Some(self)
    }

    /// The function of the host that a pair of names is defined as.
    pub(crate) fn host(&self, module: &str, name: &str) -> Option<&HostFunc> {
        match self.item(module, name)? {
            Item::Host(host) => Some(host),
            Item::Extern(_) => None,
        }
    }
}

/// A module with what it imports, ready to be instantiated: what [`Linker::instantiate_pre`] gives.
#[derive(Debug)]
pub struct InstancePre<T> {
    /// In the order of the imports.
    items: Arc<[Item]>,
    module: Module,
    data: PhantomData<fn(T)>,
}

impl<T> Clone for InstancePre<T> {
    fn clone(&self) -> InstancePre<T> {
        InstancePre { items: self.items.clone(), module: self.module.clone(), data: PhantomData }
    }
}

impl<T: 'static> InstancePre<T> {
    /// Instantiates the module in a store.
    ///
    /// # Errors
    /// As for [`Linker::instantiate`].
    ///
    /// # Panics
    /// As for [`Instance::new`].
    pub fn instantiate(&self, mut store: impl AsContextMut<Data = T>) -> Result<Instance> {
        instantiate(store.as_context_mut(), &self.module, self.items.iter())
    }

    /// The module.
    pub fn module(&self) -> &Module {
        &self.module
    }
}

/// Instantiates a module with what it imports, in order. Nothing is added to the store before all of it is known to be there.
fn instantiate<'a, T: 'static>(
    store: StoreContextMut<'_, T>,
    module: &Module,
    items: impl ExactSizeIterator<Item = &'a Item>,
) -> Result<Instance> {
    let state = store.state;
    let mut found = Vec::with_capacity(items.len());
    for (item, import) in items.zip(&module.data().imports) {
        let (module, name) = (import.module.as_str(), import.name.as_str());
        let item = item.in_store(state, module, name).and_then(|item| item.find(state));
        found.push(item.map_err(|source| foreign_import(module, name, source))?);
    }
    Instance::with::<T>(state, module, &found)
}

impl Item {
    /// The same, with what the stores of an engine can share of it.
    fn made_ready(&self, schedule: &Arc<Schedule>, import: &Import) -> Item {
        match self {
            Item::Extern(item) => Item::Extern(*item),
            Item::Host(host) => Item::Host(host.made_ready(schedule, &import.module, &import.name)),
        }
    }

    fn in_store(&self, state: &mut State, module: &str, name: &str) -> Result<Extern, WrongStore> {
        Ok(match self {
            Item::Extern(item) => {
                item.find(state)?;
                *item
            }
            Item::Host(host) => host.allocate(state, module, name)?.into(),
        })
    }
}
