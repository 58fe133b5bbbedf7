//! Access to a store: what has one, and what may change it.

use crate::engine::Engine;
use crate::store::{Store, StoreData};
use crate::trusted;
use etalon_runtime::Store as State;
use std::fmt;
use std::marker::PhantomData;

/// Something that has a store: the [`Store`] itself, a [`Caller`](crate::Caller), or a reference to one.
pub trait AsContext {
    /// What the embedder keeps with the store.
    type Data: 'static;

    /// The store.
    fn as_context(&self) -> StoreContext<'_, Self::Data>;
}

/// Something that has a store and may change it.
pub trait AsContextMut: AsContext {
    /// The store.
    fn as_context_mut(&mut self) -> StoreContextMut<'_, Self::Data>;
}

/// A borrowed store.
pub struct StoreContext<'a, T: 'static> {
    pub(crate) state: &'a State,
    data: PhantomData<&'a T>,
}

/// A store that is borrowed to be changed.
pub struct StoreContextMut<'a, T: 'static> {
    pub(crate) state: &'a mut State,
    data: PhantomData<&'a mut T>,
}

/// The embedder's data in a store.
pub(crate) fn data_of<T: 'static>(state: &State) -> &StoreData<T> {
    trusted::seek(&*state.host_data).expect("a store has the data of its type")
}

/// The same, for writing.
pub(crate) fn data_of_mut<T: 'static>(state: &mut State) -> &mut StoreData<T> {
    trusted::seek_mut(&mut *state.host_data).expect("a store has the data of its type")
}

impl<'a, T: 'static> StoreContext<'a, T> {
    pub(crate) fn of(state: &'a State) -> StoreContext<'a, T> {
        StoreContext { state, data: PhantomData }
    }

    /// What the embedder keeps with the store.
    pub fn data(&self) -> &'a T {
        &data_of::<T>(self.state).data
    }

    /// The engine of the store.
    pub fn engine(&self) -> &'a Engine {
        &data_of::<T>(self.state).shared.engine
    }
}

impl<'a, T: 'static> StoreContextMut<'a, T> {
    pub(crate) fn of(state: &'a mut State) -> StoreContextMut<'a, T> {
        StoreContextMut { state, data: PhantomData }
    }

    /// What the embedder keeps with the store.
    pub fn data(&self) -> &T {
        &data_of::<T>(self.state).data
    }

    /// What the embedder keeps with the store.
    pub fn data_mut(&mut self) -> &mut T {
        &mut data_of_mut::<T>(self.state).data
    }

    /// The engine of the store.
    pub fn engine(&self) -> &Engine {
        &data_of::<T>(self.state).shared.engine
    }
}

impl<T: 'static> AsContext for Store<T> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        StoreContext::of(self.state())
    }
}

impl<T: 'static> AsContextMut for Store<T> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        StoreContextMut::of(self.state_mut())
    }
}

impl<T: 'static> AsContext for StoreContext<'_, T> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        StoreContext::of(self.state)
    }
}

impl<T: 'static> AsContext for StoreContextMut<'_, T> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        StoreContext::of(self.state)
    }
}

impl<T: 'static> AsContextMut for StoreContextMut<'_, T> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        StoreContextMut::of(self.state)
    }
}

impl<C: AsContext> AsContext for &C {
    type Data = C::Data;

    fn as_context(&self) -> StoreContext<'_, C::Data> {
        C::as_context(self)
    }
}

impl<C: AsContext> AsContext for &mut C {
    type Data = C::Data;

    fn as_context(&self) -> StoreContext<'_, C::Data> {
        C::as_context(self)
    }
}

impl<C: AsContextMut> AsContextMut for &mut C {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, C::Data> {
        C::as_context_mut(self)
    }
}

impl<'a, C: AsContext> From<&'a C> for StoreContext<'a, C::Data> {
    fn from(context: &'a C) -> StoreContext<'a, C::Data> {
        context.as_context()
    }
}

impl<'a, C: AsContext> From<&'a mut C> for StoreContext<'a, C::Data> {
    fn from(context: &'a mut C) -> StoreContext<'a, C::Data> {
        C::as_context(context)
    }
}

impl<'a, C: AsContextMut> From<&'a mut C> for StoreContextMut<'a, C::Data> {
    fn from(context: &'a mut C) -> StoreContextMut<'a, C::Data> {
        context.as_context_mut()
    }
}

impl<T: 'static> fmt::Debug for StoreContext<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreContext").finish_non_exhaustive()
    }
}

impl<T: 'static> fmt::Debug for StoreContextMut<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreContextMut").finish_non_exhaustive()
    }
}
