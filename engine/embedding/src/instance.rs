//! Instances of modules (specification: *Runtime Structure*, "Module Instances").

use crate::context::{AsContext, AsContextMut, StoreContext, data_of};
use crate::engine::Engine;
use crate::error::{Mismatch, Result, foreign_import, from_instantiate, no_stack};
use crate::external::{Export, Extern};
use crate::func::{Func, TypedFunc, WasmParams, WasmResults};
use crate::global::Global;
use crate::handle::Handle;
use crate::memory::Memory;
use crate::module::Module;
use crate::reset::ending_of;
use crate::table::Table;
use crate::tag::Tag;
use crate::tier_up::Promoter;
use crate::work::Work;
use etalon_jit::on_guest_stack;
use etalon_module::Import;
use etalon_runtime::{
    Extern as RawExtern, InstanceAddr, InstantiateError, LinkError, Store as State, instantiate,
};
use std::borrow::Cow;
use std::sync::Arc;

/// An instance of a module in a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instance(pub(crate) Handle<InstanceAddr>);

impl Instance {
    pub(crate) fn of(state: &State, instance: InstanceAddr) -> Instance {
        Instance(Handle::new(state, instance))
    }

    /// Instantiates a module, with what it imports in the order in which it does.
    ///
    /// # Errors
    /// If an import does not fit or is of another store ([`LinkError`]; the latter has
    /// [`WrongStore`](crate::WrongStore) as its source), the module is of another engine, a limit is exceeded, or a segment or the start function stops execution, as [`Func::call`] says.
    ///
    /// # Panics
    /// If a host function panics that the start function calls.
    pub fn new<C: AsContextMut>(
        mut store: C,
        module: &Module,
        imports: &[Extern],
    ) -> Result<Instance> {
        let state = store.as_context_mut().state;
        let needed = &module.data().imports;
        if needed.len() != imports.len() {
            return Err(LinkError::Count { needed: needed.len(), given: imports.len() }.into());
        }
        let find = |(item, import): (&Extern, &Import)| {
            item.find(state).map_err(|e| foreign_import(&import.module, &import.name, e))
        };
        let imports = imports.iter().zip(needed).map(find).collect::<Result<Vec<_>>>()?;
        Instance::with::<C::Data>(state, module, &imports)
    }

    pub(crate) fn with<T: 'static>(
        state: &mut State,
        module: &Module,
        imports: &[RawExtern],
    ) -> Result<Instance> {
        let shared = &data_of::<T>(state).shared;
        if !Engine::same(&shared.engine, module.engine()) {
            return Err(Mismatch("the module is of another engine".to_owned()).into());
        }
        if module.code().is_some() && !shared.may_compile {
            let text = "a store that was restored from a snapshot runs no compiled code";
            return Err(Mismatch(text.to_owned()).into());
        }
        let mut placement = Cow::Borrowed(module.placement());
        if let Some(promoter) = module.promoter().filter(|_| shared.may_compile) {
            let promoter = Arc::<Promoter>::clone(promoter);
            placement = Cow::Owned(placement.into_owned().promoted_by(promoter));
        }
        shared.figures.add_module(module);
        let work = Work::<T>::instantiation(state);
        let made = on_guest_stack(|| instantiate(work.state, module.data(), imports, &placement))
            .unwrap_or_else(|error| Err(InstantiateError::Stop(no_stack(&error))));
        work.end(ending_of(&made));
        match made {
            Ok(addr) => Ok(Instance::of(state, addr)),
            Err(error) => Err(from_instantiate(state, error)),
        }
    }

    /// What it exports under a name.
    ///
    /// # Panics
    /// If it is of another store.
    #[track_caller]
    pub fn get_export(&self, store: impl AsContext, name: &str) -> Option<Extern> {
        let state = store.as_context().state;
        let item = state.instance(self.0.of(state)).export(name)?;
        Some(Extern::of(state, item))
    }

    /// What it exports, in the module's order.
    ///
    /// # Panics
    /// If it is of another store.
    #[track_caller]
    pub fn exports<'a, T: 'static>(
        &self,
        store: impl Into<StoreContext<'a, T>>,
    ) -> impl ExactSizeIterator<Item = Export<'a>> {
        let state = store.into().state;
        let inst = state.instance(self.0.of(state));
        inst.module
            .exports
            .iter()
            .map(move |export| Export::new(&export.name, Extern::of(state, inst.resolve(export))))
    }

    /// The function that it exports under a name, if there is one.
    ///
    /// # Panics
    /// If it is of another store.
    #[track_caller]
    pub fn get_func(&self, store: impl AsContext, name: &str) -> Option<Func> {
        self.get_export(store, name)?.into_func()
    }

    /// The function that it exports under a name, with types of Rust.
    ///
    /// # Errors
    /// If there is none, or it is of another type.
    ///
    /// # Panics
    /// If it is of another store.
    #[track_caller]
    pub fn get_typed_func<Params: WasmParams, Results: WasmResults>(
        &self,
        store: impl AsContext,
        name: &str,
    ) -> Result<TypedFunc<Params, Results>> {
        let func = self.get_func(&store, name);
        let missing = || Mismatch(format!("no function is exported as {name:?}"));
        func.ok_or_else(missing)?.typed(store)
    }

    /// The memory that it exports under a name, if there is one.
    ///
    /// # Panics
    /// If it is of another store.
    #[track_caller]
    pub fn get_memory(&self, store: impl AsContext, name: &str) -> Option<Memory> {
        self.get_export(store, name)?.into_memory()
    }

    /// The table that it exports under a name, if there is one.
    ///
    /// # Panics
    /// If it is of another store.
    #[track_caller]
    pub fn get_table(&self, store: impl AsContext, name: &str) -> Option<Table> {
        self.get_export(store, name)?.into_table()
    }

    /// The global that it exports under a name, if there is one.
    ///
    /// # Panics
    /// If it is of another store.
    #[track_caller]
    pub fn get_global(&self, store: impl AsContext, name: &str) -> Option<Global> {
        self.get_export(store, name)?.into_global()
    }

    /// The tag that it exports under a name, if there is one.
    ///
    /// # Panics
    /// If it is of another store.
    #[track_caller]
    pub fn get_tag(&self, store: impl AsContext, name: &str) -> Option<Tag> {
        self.get_export(store, name)?.into_tag()
    }
}
