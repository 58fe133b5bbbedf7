//! Globals (specification: *Runtime Structure*, "Global Instances").

use crate::context::{AsContext, AsContextMut};
use crate::error::{Mismatch, Result};
use crate::handle::Handle;
use crate::types::GlobalType;
use crate::value::Val;
use etalon_runtime::{GlobalAddr, GlobalInst, Store as State};

/// A global of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Global(pub(crate) Handle<GlobalAddr>);

impl Global {
    pub(crate) fn of(state: &State, global: GlobalAddr) -> Global {
        Global(Handle::new(state, global))
    }

    #[track_caller]
    fn inst<'a>(&self, state: &'a State) -> &'a GlobalInst {
        &state.globals[self.0.of(state).index()]
    }

    /// A global with a value.
    ///
    /// # Errors
    /// If the value is not of the type.
    pub fn new(mut store: impl AsContextMut, ty: GlobalType, value: Val) -> Result<Global> {
        let state = store.as_context_mut().state;
        let ty = ty.canonical(state)?;
        let value = value.value_of(state, ty.val)?;
        let addr = state.alloc_global(ty, value);
        Ok(Global::of(state, addr))
    }

    /// Its type.
    ///
    /// # Panics
    /// If it is of another store.
    #[track_caller]
    pub fn ty(&self, store: impl AsContext) -> GlobalType {
        let state = store.as_context().state;
        GlobalType::of_store(state, self.inst(state).ty())
    }

    /// Its value.
    ///
    /// # Panics
    /// If it is of another store.
    #[track_caller]
    pub fn get(&self, mut store: impl AsContextMut) -> Val {
        let state = store.as_context_mut().state;
        let global = self.inst(state);
        let (value, ty) = (global.get(), global.ty().val);
        Val::of(state, value, ty)
    }

    /// Sets its value.
    ///
    /// # Errors
    /// If it cannot be set, or the value is not of its type.
    ///
    /// # Panics
    /// If it is of another store.
    #[track_caller]
    pub fn set(&self, mut store: impl AsContextMut, value: Val) -> Result<()> {
        let state = store.as_context_mut().state;
        let addr = self.0.of(state);
        let ty = self.inst(state).ty();
        if !ty.mutable {
            return Err(Mismatch("the global is immutable".to_owned()).into());
        }
        let value = value.value_of(state, ty.val)?;
        state.globals[addr.index()].set(value);
        Ok(())
    }
}
