//! What keeps objects alive.
//!
//! A collection happens only inside [`Store::collect_if_needed`] and [`Store::collect`], which a
//! tier calls just before it allocates. At that moment every reference that is still needed must be
//! found through one of these:
//!
//! - the store: globals, tables and element segments;
//! - the embedder's handles ([`Store::root`]);
//! - the tiers ([`Executor::visit_roots`](crate::Executor::visit_roots));
//! - the activations: a tier that calls another tier or the host leaves what its frames hold in the
//!   store until the call returns ([`Store::push_activation`]);
//! - the roots given with the call: what the tier that is running holds.
//!
//! Any other reference, such as a result or an uncaught exception in the embedder's hands, is valid
//! until the next call into the store.

use crate::reference::Ref;
use crate::store::Store;
use etalon_module::{HeapType, RefType, TypeUse};
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// Something that holds references.
pub trait Roots {
    /// Calls `visit` with each reference held. Null, references to things outside of the heap, and
    /// leftovers in slots that are no longer in use may be among them.
    fn visit_roots(&self, store: &Store, visit: &mut dyn FnMut(Ref));
}

/// No roots.
impl Roots for () {
    fn visit_roots(&self, _: &Store, _: &mut dyn FnMut(Ref)) {}
}

impl Roots for Vec<Ref> {
    fn visit_roots(&self, _: &Store, visit: &mut dyn FnMut(Ref)) {
        self.iter().for_each(|r| visit(*r));
    }
}

/// What a tier leaves in the store while it calls another tier or the host: its machine, for an
/// interpreter; the location of its frames, for compiled code.
pub trait Activation: Roots + Any + Debug + Send + Sync {}

impl<T: Roots + Any + Debug + Send + Sync> Activation for T {}

/// A handle by which the embedder keeps a reference alive. Handles are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RootId(u64);

/// The references that the embedder holds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Handles {
    refs: BTreeMap<RootId, Ref>,
    next: u64,
}

impl Handles {
    /// Whether every handle has a reference that can be one of the store's, and no later handle can be
    /// equal to one of them.
    pub(crate) fn are_good(&self, is_ref: impl Fn(Ref) -> bool) -> bool {
        self.next < u64::MAX && self.refs.iter().all(|(id, r)| id.0 < self.next && is_ref(*r))
    }
}

impl Store {
    /// Keeps what a reference refers to alive until [`Store::unroot`].
    pub fn root(&mut self, r: Ref) -> RootId {
        let id = RootId(self.handles.next);
        self.handles.next += 1;
        self.handles.refs.insert(id, r);
        id
    }

    /// The reference of a handle; `None` after [`Store::unroot`].
    pub fn rooted(&self, id: RootId) -> Option<Ref> {
        self.handles.refs.get(&id).copied()
    }

    /// Releases a handle. Its reference stays valid until the next call into the store.
    pub fn unroot(&mut self, id: RootId) -> Option<Ref> {
        self.handles.refs.remove(&id)
    }

    /// A mark: the handles that are made from now on come after it.
    #[inline]
    pub fn root_mark(&self) -> RootId {
        RootId(self.handles.next)
    }

    /// Releases all handles that were made since a mark.
    #[inline]
    pub fn unroot_since(&mut self, mark: RootId) {
        if self.handles.next > mark.0 {
            drop(self.handles.refs.split_off(&mark));
        }
    }

    /// Leaves what a tier holds in the store for the duration of a call to another tier or to a host
    /// function. Only a collection looks at it.
    pub fn push_activation(&mut self, activation: Box<dyn Activation>) {
        self.activations.push(activation);
    }

    /// Takes back the last activation; `None` if it is not an `A`, which is a bug of the tier.
    ///
    /// Every push needs its pop, however the call ended.
    pub fn pop_activation<A: Activation>(&mut self) -> Option<Box<A>> {
        let last: Box<dyn Any> = self.activations.pop()?;
        last.downcast().ok()
    }

    /// Collects if a collection is due. To be called before an allocation, with the references that
    /// the caller holds, the operands of the allocating instruction included.
    #[inline]
    pub fn collect_if_needed(&mut self, roots: &dyn Roots) {
        if self.heap.wants_collection() {
            self.collect(roots);
        }
    }

    /// Frees every object and exception that cannot be reached; `roots` is what the caller holds.
    pub fn collect(&mut self, roots: &dyn Roots) {
        let marks = self.heap.mark(|mark| self.visit_all_roots(roots, mark), |_| ());
        self.heap.sweep(marks);
    }

    pub(crate) fn visit_all_roots(&self, roots: &dyn Roots, visit: &mut dyn FnMut(Ref)) {
        roots.visit_roots(self, visit);
        for activation in &self.activations {
            activation.visit_roots(self, visit);
        }
        for executor in self.executors() {
            executor.visit_roots(self, visit);
        }
        self.handles.refs.values().for_each(|r| visit(*r));
        for global in &self.globals {
            if let crate::Value::Ref(r) = global.get() {
                visit(r);
            }
        }
        for table in self.tables.iter().filter(|t| self.may_hold_objects(t.ty().element)) {
            table.for_each_piece(|_, refs| refs.iter().for_each(|r| visit(*r)));
        }
        for elem in &self.elems {
            elem.refs.iter().for_each(|r| visit(*r));
        }
    }

    /// Whether references of a type can point into the heap. Tables of functions are common and long, and
    /// need not be scanned.
    fn may_hold_objects(&self, ty: RefType) -> bool {
        match ty.heap {
            HeapType::Func | HeapType::NoFunc | HeapType::I31 => false,
            HeapType::Use(TypeUse::Def(id)) => self.types.func(id).is_none(),
            _ => true,
        }
    }
}
