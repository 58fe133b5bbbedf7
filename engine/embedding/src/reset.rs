//! A fresh start for an instance, in its place.

use crate::context::{AsContextMut, data_of, data_of_mut};
use crate::error::{Result, from_instantiate, no_stack};
use crate::instance::Instance;
use crate::life::LifeHandle;
use crate::metrics::Ending;
use crate::work::Work;
use etalon_jit::on_guest_stack;
use etalon_runtime::{InstantiateError, reset};
use thiserror::Error;

/// Why an instance was not given a fresh start. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ResetError {
    /// Something runs in the store: this was asked for by a host function.
    #[error("an instance cannot be reset while something runs in its store")]
    Running,
    /// An execution of the store is paused or waits, and could go on with what is not its own; see
    /// [`Store::abandon`](crate::Store::abandon).
    #[error("an instance cannot be reset while executions are paused in its store")]
    Paused,
}

impl Instance {
    /// What tells of its life, to any thread.
    ///
    /// # Panics
    /// If it is of another store.
    #[track_caller]
    pub fn life<C: AsContextMut>(&self, mut store: C) -> LifeHandle {
        let state = store.as_context_mut().state;
        let address = self.0.of(state).index();
        LifeHandle::new(data_of_mut::<C::Data>(state).shared.lives.of(address))
    }

    /// Gives it a fresh start, in its place: what its module defines is as after instantiation. Memories and tables have their
    /// first sizes and contents, globals their first values, segments that were dropped are there again; then active segments are
    /// copied and the start function runs, which costs what it did the first time.
    ///
    /// What it *imports* stays as it is, a [`SharedMemory`](crate::SharedMemory) among it, but for what its segments and its start
    /// function write there; so do the heap, the gas and the figures of the store, what the embedder keeps with it but for what
    /// [`Store::on_reset`](crate::Store::on_reset) does, and references to functions of the instance that others hold. Handles of the instance and of what it exports stay good: they are of the
    /// fresh state, and other instances that import from it see that too.
    ///
    /// An interrupted store is to be cleared ([`InterruptHandle::clear`](crate::InterruptHandle::clear)) and one without gas to be
    /// given some ([`Store::set_fuel`](crate::Store::set_fuel)) before.
    ///
    /// # Errors
    /// [`WrongStore`](crate::WrongStore); [`ResetError`], and nothing is changed; or as for [`Instance::new`], if a segment or the start
    /// function stops. The instance has failed then, or stopped, and may be reset again.
    ///
    /// # Panics
    /// If a host function panics that the start function calls, or what [`Store::on_reset`](crate::Store::on_reset) has set.
    pub fn reset<C: AsContextMut>(&self, mut store: C) -> Result<()> {
        let state = store.as_context_mut().state;
        let address = self.0.find(state)?;
        if state.is_running() {
            return Err(ResetError::Running.into());
        }
        if !data_of::<C::Data>(state).shared.oracle.paused().is_empty() {
            return Err(ResetError::Paused.into());
        }
        let data = data_of_mut::<C::Data>(state);
        if let Some(renew) = &mut data.on_reset {
            renew(&mut data.data);
        }
        let work = Work::<C::Data>::reset(state, address.index());
        let done = on_guest_stack(|| reset(work.state, address))
            .unwrap_or_else(|error| Err(InstantiateError::Stop(no_stack(&error))));
        work.end(ending_of(&done));
        done.map_err(|error| from_instantiate(state, error))
    }
}

/// How an instantiation or a reset ended.
pub(crate) fn ending_of<V>(result: &Result<V, InstantiateError>) -> Ending {
    match result {
        Ok(_) => Ending::Returned,
        Err(InstantiateError::Stop(stop)) => Ending::of(stop),
        Err(_) => Ending::Refused,
    }
}
