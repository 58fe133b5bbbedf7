//! Functions that change their tier while a program runs: they begin on one that needs no preparation, and go to a faster one when they
//! were called or have turned loops so often that this is worth its while.
//!
//! A tier only counts. When a count runs out it asks who made the placement ([`Placement::promoted_by`]), and that one moves the
//! function, or does not. The next call begins on the new tier. A call that is under way goes on where it is, unless it turns a loop: there
//! it can be told to go on in code that begins with that loop.

use crate::address::FuncAddr;
use crate::executor::{AttachError, CodeObject, Completion, Placement, TierId};
use crate::stop::Stop;
use crate::store::Store;
use std::fmt::Debug;
use std::sync::Arc;

/// Decides when the functions of a module change their tier.
pub trait Promote: Debug + Send + Sync {
    /// How many entries and turns of loops of a function are counted before it is asked for the first time.
    fn first(&self) -> u32;

    /// The count of a function has run out. It may be moved to another tier ([`Store::promote`]), from the next call on. `turn` is the
    /// offset in the module of the loop that the asking frame is about to turn, if it can go on elsewhere from there.
    ///
    /// # Errors
    /// If there is a bug in what moves it: a crash.
    fn ask(&self, store: &mut Store, func: FuncAddr, turn: Option<u32>) -> Result<Answer, Stop>;
}

/// What to do about a function whose count has run out.
#[derive(Clone, Debug)]
pub struct Answer {
    /// How many more are counted before it is asked again.
    pub count: u32,
    /// Code that begins with the loop, and takes the frame over there ([`Store::enter_loop`]).
    pub enter: Option<Promotion>,
}

/// What decides for an instance.
pub type Promoter = Arc<dyn Promote>;

/// Code that takes over a function.
#[derive(Clone, Debug)]
pub struct Promotion {
    /// The tier that runs the function from now on.
    pub tier: TierId,
    /// What that tier produced of the function.
    pub code: CodeObject,
    /// What the tier counts of it before it asks, if its code counts.
    pub count: u32,
}

/// What became of functions of a store that were asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Promotions {
    /// How often a function was moved to code that is made fast.
    pub baseline: u64,
    /// How often a function was moved to code that is fast.
    pub speed: u64,
    /// How often a call that was under way went on in fast code at a loop.
    pub loops: u64,
    /// Functions that stay where they are because there is no code for them.
    pub refused: u64,
}

impl Placement {
    /// Has functions counted, and someone asked when their counts run out.
    #[must_use]
    pub fn promoted_by(mut self, promoter: Promoter) -> Placement {
        self.promoter = Some(promoter);
        self
    }
}

impl Store {
    /// Moves a function to another tier, from its next call on. Calls that are under way go on where they are. Gives false if that code ran
    /// it already.
    ///
    /// # Errors
    /// If the tier cannot run it, or the address is of another store; then it stays where it is.
    pub fn promote(&mut self, func: FuncAddr, to: &Promotion) -> Result<bool, AttachError> {
        let executor = Arc::clone(self.executor(to.tier));
        let refuse =
            |reason: &str| AttachError { tier: executor.name(), reason: reason.to_owned() };
        let before = match self.funcs.place(func, to.tier) {
            Ok(before) => before.ok_or_else(|| refuse("a function of the host has no tier"))?,
            Err(stop) => return Err(refuse(&stop.to_string())),
        };
        let taken = executor.take_over(self, func, &to.code, to.count);
        if taken.is_err() {
            // Its run has a place for each of its functions now.
            let _ = self.funcs.place(func, before);
        }
        taken
    }

    /// Goes on with a frame that is about to turn a loop, in code that begins with that loop. `slots` holds the locals and, behind
    /// them, the operands, with room for as many as the function ever has, and receives its results; it is long enough for both. The store knows the depth left without the frame. What enters the loop is
    /// charged once more: the caller has given it back.
    ///
    /// # Errors
    /// How execution stopped.
    pub fn enter_loop(
        &mut self,
        func: FuncAddr,
        to: &Promotion,
        slots: &mut [u64],
    ) -> Result<Completion, Stop> {
        let executor = Arc::clone(self.executor(to.tier));
        executor.enter_loop(self, func, &to.code, slots)
    }

    /// What became of functions that were asked about.
    pub fn promotions(&self) -> Promotions {
        self.promotions
    }

    /// The same, for who decides to count what it did.
    pub fn promotions_mut(&mut self) -> &mut Promotions {
        &mut self.promotions
    }
}
