//! The tier `auto`: functions begin in the interpreter, and those that turn out to be hot are compiled.
//!
//! ```
//! use etalon::{Config, Engine, Instance, Module, Store, Tier, TierUp};
//!
//! // Compiled at the tenth call, at once, by the thread that calls.
//! let when = TierUp::new().baseline_after(10).speed_after(10).background(false);
//! let engine = Engine::new(Config::new().tier(Tier::Auto).tier_up(when))?;
//! let module = Module::new(&engine, r#"(module (func (export "next") (param i32) (result i32)
//!     (i32.add (local.get 0) (i32.const 1))))"#)?;
//! let mut store = Store::new(&engine, ());
//! let next = Instance::new(&mut store, &module, &[])?.get_typed_func::<i32, i32>(&store, "next")?;
//! let mut number = 0;
//! while number < 100 {
//!     number = next.call(&mut store, number)?;
//! }
//! let moved = store.metrics().promotions;
//! assert_eq!((moved.baseline, moved.speed, moved.refused), (1, 1, 0));
//! # Ok::<(), etalon::Error>(())
//! ```

mod promoter;
mod worker;

pub(crate) use promoter::Promoter;
pub(crate) use worker::Worker;

/// When the functions of modules on the tier [`Tier::Auto`](crate::Tier::Auto) are compiled.
///
/// Entries of a function and turns of its loops are counted, for each instance. A function begins in the interpreter; after
/// [`TierUp::baseline_after`] it is compiled quickly, and its code counts on; after [`TierUp::speed_after`] it is compiled once more, for
/// speed. Each change is for the next call. A call that is under way stays where it is, but for a loop that turns for long in the
/// interpreter: it goes on in compiled code, unless a handler is around it, or another loop and operands lie below it. What a program does and what gas it
/// takes never depend on any of this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TierUp {
    pub(crate) baseline_after: u32,
    pub(crate) speed_after: u32,
    pub(crate) background: bool,
}

impl Default for TierUp {
    fn default() -> TierUp {
        TierUp::new()
    }
}

impl TierUp {
    /// Counts for programs that are to start at once and to become fast soon, in the background.
    pub const fn new() -> TierUp {
        TierUp { baseline_after: 1_000, speed_after: 10_000, background: true }
    }

    /// After how many entries and turns of loops in the interpreter a function is compiled; 0 counts as 1.
    #[must_use]
    pub const fn baseline_after(self, count: u32) -> TierUp {
        TierUp { baseline_after: if count == 0 { 1 } else { count }, ..self }
    }

    /// After how many more it is compiled for speed; 0 counts as 1.
    #[must_use]
    pub const fn speed_after(self, count: u32) -> TierUp {
        TierUp { speed_after: if count == 0 { 1 } else { count }, ..self }
    }

    /// Whether functions are compiled in the background, by one thread of the engine, which begins with the first of them and ends when the
    /// engine is gone. When a function changes depends on the machine then. Otherwise the thread that calls compiles, there is no other,
    /// and the counts alone decide: each run makes the same changes at the same places.
    #[must_use]
    pub const fn background(self, background: bool) -> TierUp {
        TierUp { background, ..self }
    }
}
