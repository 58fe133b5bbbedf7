//! Effects of host functions that are kept until the outermost invocation ends well.
//!
//! A host function that changes something outside of the store cannot take that back when the guest traps later, or runs out of
//! gas. So it declares what it would do. Each invocation is a savepoint: where it fails, what was declared in it is dropped. A host
//! function that fails drops its own with [`Store::drop_effects_since`], where its error becomes a stop: the guest may catch that.

use crate::room;
use crate::stop::Stop;
use crate::store::Store;
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;

/// What the embedder keeps with the store.
type Data = dyn Any + Send;

/// What is done once.
trait Effect: Send {
    fn apply(self: Box<Self>, data: &mut Data);
}

/// An array of one, because a vector of one can be had from an allocator that fails, and a box can not.
impl<F: FnOnce(&mut Data) + Send> Effect for [F; 1] {
    fn apply(self: Box<Self>, data: &mut Data) {
        let [effect] = *self;
        effect(data);
    }
}

/// Effects with their numbers, in the order in which they were declared.
type Kept = Vec<(u64, Box<dyn Effect>)>;

/// A number that effects which are declared later have at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

/// What is kept, in the order in which it was declared.
#[derive(Default)]
pub(crate) struct Effects {
    kept: Kept,
    /// The number of the next. It grows all the time, so that an old moment stands for no later one.
    next: u64,
    /// Whether what ends is only a piece of an execution.
    is_piece: bool,
    /// Of executions that are paused, by their numbers.
    paused: BTreeMap<u64, Kept>,
}

/// How a piece of an execution ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The execution goes on later.
    Paused,
    /// It is over, and has results.
    Returned,
    /// It is over, and has none.
    Stopped,
}

impl Effects {
    /// Now.
    #[inline]
    pub(crate) fn now(&self) -> Moment {
        Moment(self.next)
    }

    /// Drops what was declared since.
    #[cold]
    pub(crate) fn drop_since(&mut self, moment: Moment) {
        let first = self.kept.partition_point(|(number, _)| *number < moment.0);
        self.kept.truncate(first);
    }
}

impl Store {
    /// Keeps an effect until the outermost invocation ends well. It gets what the embedder keeps with the store.
    ///
    /// # Errors
    /// If the host is out of memory.
    pub fn keep_effect(
        &mut self,
        effect: impl FnOnce(&mut (dyn Any + Send)) + Send + 'static,
    ) -> Result<(), Stop> {
        let effect: Box<dyn Effect> = room::alone(effect)?;
        let number = self.effects.next;
        room::push(&mut self.effects.kept, (number, effect))?;
        self.effects.next += 1;
        Ok(())
    }

    /// How many effects are kept.
    pub fn effects(&self) -> usize {
        self.effects.kept.len()
    }

    /// Now, as [`Store::drop_effects_since`] takes it.
    #[inline]
    pub fn effects_moment(&self) -> Moment {
        self.effects.now()
    }

    /// Drops the effects that were declared since, and are still kept.
    pub fn drop_effects_since(&mut self, moment: Moment) {
        self.effects.drop_since(moment);
    }

    /// An invocation that began at a moment has ended: what was declared in it is dropped if it did not end well, and applied with all else
    /// where it was the outermost.
    #[cold]
    pub(crate) fn settle_effects(&mut self, began: Moment, is_well: bool) {
        if !is_well {
            self.effects.drop_since(began);
        } else if self.nesting == 0 && !self.effects.is_piece {
            self.apply_effects();
        }
    }

    /// A host function may have ignored that gas ran out.
    fn apply_effects(&mut self) {
        let kept = std::mem::take(&mut self.effects.kept);
        if self.is_metering() && self.meter().is_exhausted() {
            return;
        }
        for (_, effect) in kept {
            effect.apply(&mut *self.host_data);
        }
    }

    /// Whether something is to be settled.
    #[inline]
    pub(crate) fn has_effects(&self) -> bool {
        !self.effects.kept.is_empty()
    }

    /// Runs a piece of an execution, which has a number: the effects of its earlier pieces are kept again, and applied when it
    /// returns. `ended` tells how the piece ended. Inside of an invocation no execution goes on, and nothing is done.
    pub fn in_pieces<R>(
        &mut self,
        execution: u64,
        work: impl FnOnce(&mut Store) -> R,
        ended: impl FnOnce(&R) -> Piece,
    ) -> R {
        if self.is_running() {
            return work(self);
        }
        let store = self.resumed(execution);
        let result = work(store.0);
        let piece = ended(&result);
        store.end(execution, piece);
        result
    }

    fn resumed(&mut self, execution: u64) -> Resumed<'_> {
        self.effects.kept = self.effects.paused.remove(&execution).unwrap_or_default();
        self.effects.is_piece = true;
        Resumed(self)
    }

    /// Drops the effects of an execution that is paused and was given up.
    pub fn drop_effects_of(&mut self, execution: u64) {
        self.effects.paused.remove(&execution);
    }

    /// Whether an execution that is paused has effects that are kept.
    pub fn has_paused_effects(&self) -> bool {
        !self.effects.paused.is_empty()
    }
}

/// While a piece of an execution runs. What is kept when a panic leaves it is dropped.
struct Resumed<'a>(&'a mut Store);

impl Resumed<'_> {
    fn end(self, execution: u64, piece: Piece) {
        let effects = &mut self.0.effects;
        effects.is_piece = false;
        match piece {
            Piece::Returned => self.0.apply_effects(),
            Piece::Paused if !effects.kept.is_empty() => {
                let kept = std::mem::take(&mut effects.kept);
                effects.paused.insert(execution, kept);
            }
            Piece::Paused | Piece::Stopped => {}
        }
    }
}

impl Drop for Resumed<'_> {
    fn drop(&mut self) {
        self.0.effects.is_piece = false;
        self.0.effects.kept.clear();
    }
}

impl fmt::Debug for Effects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Effects").field("kept", &self.kept.len()).finish_non_exhaustive()
    }
}
