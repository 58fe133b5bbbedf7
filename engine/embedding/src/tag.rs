//! Tags of exceptions (specification: *Runtime Structure*, "Tag Instances").

use crate::context::{AsContext, AsContextMut};
use crate::error::Result;
use crate::handle::Handle;
use crate::types::{ExternType, TagType};
use etalon_runtime::{Extern as RawExtern, Store as State, TagAddr};

/// A tag of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tag(pub(crate) Handle<TagAddr>);

impl Tag {
    pub(crate) fn of(state: &State, tag: TagAddr) -> Tag {
        Tag(Handle::new(state, tag))
    }

    /// A new tag.
    ///
    /// # Errors
    /// If its type names one of another store.
    pub fn new(mut store: impl AsContextMut, ty: &TagType) -> Result<Tag> {
        let state = store.as_context_mut().state;
        let ty = ty.ty().canonical(state)?;
        let ty = state.types.intern_func(ty);
        let addr = state.alloc_tag(ty);
        Ok(Tag::of(state, addr))
    }

    /// Its type.
    ///
    /// # Panics
    /// If it is of another store.
    #[track_caller]
    pub fn ty(&self, store: impl AsContext) -> TagType {
        let state = store.as_context().state;
        let ty = state.type_of(RawExtern::Tag(self.0.of(state)));
        match ExternType::of_store(state, ty) {
            ExternType::Tag(ty) => ty,
            other => panic!("a tag is of type {other:?}"),
        }
    }
}
