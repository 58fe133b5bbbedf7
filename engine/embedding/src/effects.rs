//! What host functions do outside of the store, and only when the outermost call ends well.

use crate::error::{Error, Result, WrongStore, from_stop};
use crate::trusted;
use etalon_runtime::{Moment, Store as State, StoreId};
use std::fmt;
use std::marker::PhantomData;
use thiserror::Error as Thiserror;

/// The effects of host functions that wait until the outermost call ends well.
///
/// A host function that writes to a database or sends a message cannot take that back when the guest traps later, or runs out of
/// gas. So it declares what it would do, and a call does all of it or nothing:
///
/// - effects are applied in the order in which they were declared, when the outermost call, instantiation or execution in pieces
///   returns its results, before the embedder has them;
/// - all are dropped where it ends in any other way: by a trap, an exception, exhaustion, an error, an interrupt, a panic, or where
///   gas ran out and a host function returned all the same;
/// - where an inner call fails, those that were declared in it are dropped: a call that a host function makes into the guest, and the call of a host
///   function that returns an error. A function of a guest that an exception leaves is no such call: what was declared in it stays, and a host function
///   can drop it at a [`Savepoint`].
///
/// An effect may change what the embedder keeps with the store, and cannot fail: what can fail is for the host function to find out.
/// Where one panics, those after it are dropped, and the panic goes on. No gas is charged for an effect; the host function charges for
/// it. An execution that is paused keeps its effects; a store that has such an execution has no snapshot.
///
/// ```
/// use etalon::{Caller, Config, Engine, Exhaustion, Instance, Linker, Module, Store};
///
/// let engine = Engine::new(Config::new().consume_fuel(true))?;
/// let mut linker = Linker::<Vec<i64>>::new(&engine);
/// linker.func_wrap("chain", "pay", |mut caller: Caller<'_, Vec<i64>>, amount: i64| {
///     caller.effects().push(move |paid| paid.push(amount))
/// })?;
/// let module = Module::new(&engine, r#"(module
///     (import "chain" "pay" (func $pay (param i64)))
///     (func (export "both") (call $pay (i64.const 3)) (call $pay (i64.const 4))))"#)?;
/// let mut store = Store::new(&engine, Vec::new());
/// let both = linker.instantiate(&mut store, &module)?.get_typed_func::<(), ()>(&store, "both")?;
/// // The second payment is too much for the gas, so the first is not made either.
/// store.set_fuel(50)?;
/// assert!(both.call(&mut store, ()).unwrap_err().is::<Exhaustion>());
/// assert!(store.data().is_empty());
/// store.set_fuel(1_000)?;
/// both.call(&mut store, ())?;
/// assert_eq!(store.data(), &[3, 4]);
/// # Ok::<(), etalon::Error>(())
/// ```
pub struct Effects<'a, T: 'static> {
    state: &'a mut State,
    data: PhantomData<&'a mut T>,
}

/// A moment in a call, to which [`Effects::drop_since`] goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Savepoint {
    store: StoreId,
    moment: Moment,
}

/// The call keeps as many effects as the limits of the store allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Thiserror)]
#[error("{kept} effects are kept already, which is the limit of the store")]
pub struct TooManyEffects {
    /// How many.
    pub kept: usize,
}

impl<'a, T: 'static> Effects<'a, T> {
    pub(crate) fn of(state: &'a mut State) -> Effects<'a, T> {
        Effects { state, data: PhantomData }
    }

    /// Declares one: it is done when the outermost call has ended well, after those that were declared before.
    ///
    /// # Errors
    /// [`TooManyEffects`], by [`ResourceLimiter::effects`](crate::ResourceLimiter::effects); [`HostError`](crate::HostError) if the
    /// host is out of memory.
    pub fn push(&mut self, effect: impl FnOnce(&mut T) + Send + 'static) -> Result<()> {
        let allowed = self.state.may_keep_effect().map_err(|stop| from_stop(self.state, stop))?;
        if !allowed {
            return Err(Error::new(TooManyEffects { kept: self.len() }));
        }
        let kept = self.state.keep_effect(move |data| {
            if let Some(data) = trusted::seek_mut::<T>(data) {
                effect(&mut data.data);
            }
        });
        kept.map_err(|stop| from_stop(self.state, stop))
    }

    /// How many are kept, of all host functions of the outermost call.
    pub fn len(&self) -> usize {
        self.state.effects()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Now.
    pub fn savepoint(&self) -> Savepoint {
        Savepoint { store: self.state.id(), moment: self.state.effects_moment() }
    }

    /// Drops what was declared since, and is still kept. A savepoint of an earlier call lies before everything that is kept.
    ///
    /// # Errors
    /// [`WrongStore`] if the savepoint is of another store; nothing is dropped.
    pub fn drop_since(&mut self, savepoint: Savepoint) -> Result<(), WrongStore> {
        if savepoint.store != self.state.id() {
            return Err(WrongStore);
        }
        self.state.drop_effects_since(savepoint.moment);
        Ok(())
    }
}

impl<T: 'static> fmt::Debug for Effects<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Effects").field("kept", &self.len()).finish_non_exhaustive()
    }
}
