//! What is put right when guest code or a host function is left, by a panic too.

use crate::InstanceAddr;
use crate::effects::Moment;
use crate::reference::Ref;
use crate::store::Store;

/// An invocation: when it is left, the store is as it was before. A panic of a host function thus leaves a
/// store that works, whatever tiers it passed through.
pub(crate) struct Inside<'a> {
    pub(crate) store: &'a mut Store,
    /// The depth left before the invocation.
    depth: u64,
    /// How many activations there were.
    activations: usize,
    running: Option<InstanceAddr>,
    /// When it began, for the effects that are dropped unless it ends well.
    moment: Moment,
}

impl Inside<'_> {
    /// `depth` is what is left again afterwards.
    #[inline]
    pub(crate) fn new(store: &mut Store, depth: u64) -> Inside<'_> {
        store.nesting += 1;
        store.trace.clear();
        let (activations, running) = (store.activations.len(), store.running.take());
        let moment = store.effects.now();
        Inside { store, depth, activations, running, moment }
    }

    /// It is left without a panic; says when it began. What is only for panics is then not looked at.
    #[inline]
    pub(crate) fn leave(mut self) -> Moment {
        self.put_right();
        let moment = self.moment;
        std::mem::forget(self);
        moment
    }

    #[inline]
    fn put_right(&mut self) {
        self.store.nesting -= 1;
        self.store.depth_left = self.depth;
        self.store.activations.truncate(self.activations);
        self.store.running = self.running;
    }
}

impl Drop for Inside<'_> {
    #[cold]
    fn drop(&mut self) {
        self.put_right();
        self.store.effects.drop_since(self.moment);
    }
}

/// The call of a host function: its arguments stay alive even if nothing else refers to them.
pub(crate) struct Holding<'a> {
    pub(crate) store: &'a mut Store,
    activations: usize,
}

impl Holding<'_> {
    pub(crate) fn new(store: &mut Store, held: Vec<Ref>) -> Holding<'_> {
        let activations = store.activations.len();
        if !held.is_empty() {
            store.push_activation(Box::new(held));
        }
        Holding { store, activations }
    }
}

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        self.store.activations.truncate(self.activations);
    }
}
