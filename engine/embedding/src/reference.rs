//! References to what the store holds: objects, exceptions and values of the host.

use crate::context::{
    AsContext, AsContextMut, StoreContext, StoreContextMut, data_of, data_of_mut,
};
use crate::error::{Result, WrongStore};
use crate::tag::Tag;
use crate::value::Val;
use etalon_runtime::{Ref as Word, RefKind, RootId, Store as State, StoreId};
use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use thiserror::Error;

/// An external reference: a value of the host that guests pass around and cannot look into.
#[derive(Debug)]
pub enum ExternRef {}

/// An internal reference: to a structure, an array or an unboxed integer.
#[derive(Debug)]
pub enum AnyRef {}

/// A reference to an exception.
#[derive(Debug)]
pub enum ExnRef {}

/// A reference that the embedder holds: what it refers to stays alive. It is a small value that can be copied.
///
/// One that is made while a host function runs is good until that function returns; one that is made
/// inside of a [`RootScope`], until that ends; any other as long as the store lives.
pub struct Rooted<R> {
    store: StoreId,
    at: At,
    kind: PhantomData<fn() -> R>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum At {
    /// What needs no root: a number of the host or an unboxed integer.
    Word(Word),
    Root(RootId),
}

/// A reference was used after the host function returned, or the [`RootScope`] ended, in which it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a reference was used after its scope")]
pub struct Unrooted;

impl<R> Clone for Rooted<R> {
    fn clone(&self) -> Rooted<R> {
        *self
    }
}

impl<R> Copy for Rooted<R> {}

impl<R> fmt::Debug for Rooted<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rooted").field(&self.at).finish()
    }
}

impl<R> Rooted<R> {
    /// Roots a word of a store, which is not null.
    pub(crate) fn of(state: &mut State, word: Word) -> Rooted<R> {
        let at = match word.kind() {
            Some(RefKind::Struct(_) | RefKind::Array(_) | RefKind::Exn(_)) => {
                At::Root(state.root(word))
            }
            _ => At::Word(word),
        };
        Rooted { store: state.id(), at, kind: PhantomData }
    }

    /// Its word.
    ///
    /// # Errors
    /// If it is of another store, or its scope is over.
    pub(crate) fn word(&self, state: &State) -> Result<Word> {
        if self.store != state.id() {
            return Err(WrongStore.into());
        }
        match self.at {
            At::Word(word) => Ok(word),
            At::Root(id) => Ok(state.rooted(id).ok_or(Unrooted)?),
        }
    }

    /// Whether two refer to the same.
    ///
    /// # Errors
    /// If one is of another store, or its scope is over.
    pub fn ref_eq(store: impl AsContext, a: &Rooted<R>, b: &Rooted<R>) -> Result<bool> {
        let state = store.as_context().state;
        Ok(a.word(state)? == b.word(state)?)
    }
}

impl ExternRef {
    /// A reference to a value of the host. The value lives as long as the store.
    ///
    /// # Errors
    /// If the store has 2^32 of them already.
    pub fn new<C: AsContextMut>(
        mut store: C,
        value: impl Any + Send + Sync,
    ) -> Result<Rooted<ExternRef>> {
        let state = store.as_context_mut().state;
        let values = &mut data_of_mut::<C::Data>(state).externs;
        let number = u32::try_from(values.len())?;
        values.push(Box::new(value));
        Ok(Rooted::of(state, Word::external(number)))
    }
}

impl Rooted<ExternRef> {
    /// The value of the host; `None` if it is none that [`ExternRef::new`] was given in this store, such as an
    /// object of a guest that was converted.
    ///
    /// # Errors
    /// If it is of another store, or its scope is over.
    pub fn data<'a, T: 'static>(
        &self,
        store: impl Into<StoreContext<'a, T>>,
    ) -> Result<Option<&'a (dyn Any + Send + Sync)>> {
        let state = store.into().state;
        Ok(match self.word(state)?.kind() {
            Some(RefKind::Host(n)) => {
                data_of::<T>(state).externs.get(n as usize).map(|value| &**value)
            }
            _ => None,
        })
    }

    /// The value of the host, for writing.
    ///
    /// # Errors
    /// As for [`data`](Self::data).
    pub fn data_mut<'a, T: 'static>(
        &self,
        store: impl Into<StoreContextMut<'a, T>>,
    ) -> Result<Option<&'a mut (dyn Any + Send + Sync)>> {
        let state = store.into().state;
        Ok(match self.word(state)?.kind() {
            Some(RefKind::Host(n)) => {
                data_of_mut::<T>(state).externs.get_mut(n as usize).map(|value| &mut **value)
            }
            _ => None,
        })
    }
}

impl AnyRef {
    /// An unboxed integer, of which the lowest 31 bits count.
    pub fn from_i31(mut store: impl AsContextMut, value: u32) -> Rooted<AnyRef> {
        Rooted::of(store.as_context_mut().state, Word::i31(value))
    }
}

impl Rooted<AnyRef> {
    /// The 31 bits of an unboxed integer; `None` if it is something else.
    ///
    /// # Errors
    /// If it is of another store, or its scope is over.
    pub fn as_i31(&self, store: impl AsContext) -> Result<Option<u32>> {
        Ok(match self.word(store.as_context().state)?.kind() {
            Some(RefKind::I31(bits)) => Some(bits),
            _ => None,
        })
    }

    /// Whether it refers to a structure.
    ///
    /// # Errors
    /// If it is of another store, or its scope is over.
    pub fn is_struct(&self, store: impl AsContext) -> Result<bool> {
        let kind = self.word(store.as_context().state)?.kind();
        Ok(matches!(kind, Some(RefKind::Struct(_))))
    }

    /// Whether it refers to an array.
    ///
    /// # Errors
    /// If it is of another store, or its scope is over.
    pub fn is_array(&self, store: impl AsContext) -> Result<bool> {
        let kind = self.word(store.as_context().state)?.kind();
        Ok(matches!(kind, Some(RefKind::Array(_))))
    }
}

impl Rooted<ExnRef> {
    /// The tag of the exception.
    ///
    /// # Errors
    /// If it is of another store, or its scope is over.
    pub fn tag(&self, store: impl AsContext) -> Result<Tag> {
        let state = store.as_context().state;
        let exn = self.word(state)?.as_exn().and_then(|exn| state.exn(exn)).ok_or(Unrooted)?;
        Ok(Tag::of(state, exn.tag))
    }

    /// The values of the exception.
    ///
    /// # Errors
    /// If it is of another store, or its scope is over.
    pub fn fields(&self, mut store: impl AsContextMut) -> Result<Vec<Val>> {
        let state = store.as_context_mut().state;
        let exn = self.word(state)?.as_exn().and_then(|exn| state.exn(exn)).ok_or(Unrooted)?;
        let fields = exn.fields.clone();
        let ty = state.tags.get(exn.tag.index()).and_then(|tag| state.types.func(tag.ty));
        let params = ty.map(|ty| ty.params.clone()).unwrap_or_default();
        Ok(Val::list_of(state, &fields, &params))
    }
}

/// A part of the embedder's work: references that are made through it are given up when it ends, and what they
/// refer to may be collected then.
#[derive(Debug)]
pub struct RootScope<C: AsContextMut> {
    store: C,
    mark: RootId,
}

impl<C: AsContextMut> RootScope<C> {
    /// Begins now, and ends when it is dropped.
    pub fn new(store: C) -> RootScope<C> {
        let mark = store.as_context().state.root_mark();
        RootScope { store, mark }
    }
}

impl<C: AsContextMut> Drop for RootScope<C> {
    fn drop(&mut self) {
        self.store.as_context_mut().state.unroot_since(self.mark);
    }
}

impl<C: AsContextMut> AsContext for RootScope<C> {
    type Data = C::Data;

    fn as_context(&self) -> StoreContext<'_, C::Data> {
        self.store.as_context()
    }
}

impl<C: AsContextMut> AsContextMut for RootScope<C> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, C::Data> {
        self.store.as_context_mut()
    }
}
