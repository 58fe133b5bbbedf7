//! A piece of work of a store: a call, a resumption, an instantiation. However it ends, by a panic too, the life of its
//! instance and the figures of the store know.

use crate::context::{data_of, data_of_mut};
use crate::error::Result;
use crate::facade::{self, Span};
use crate::life::{Life, LifeState, NotCallable};
use crate::metrics::{Activity, Ending, Turn};
use etalon_runtime::{FuncAddr, FuncKind, InvokeError, Store as State};
use std::marker::PhantomData;

/// Work that has begun. If nobody says how it ended, that was by a panic.
///
/// It has the store as long as it lasts, and looks up what is to know of its end: so a call counts nothing that is shared.
pub(crate) struct Work<'a, T: 'static> {
    pub(crate) state: &'a mut State,
    kind: Kind,
    /// The address of the instance that it is of; none if it is a call of a host function.
    instance: Option<usize>,
    is_over: bool,
    data: PhantomData<T>,
    /// Dropped last but for the span, after the end was noted.
    turn: Option<Turn>,
    _span: Option<Span>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Call,
    Instantiation,
}

impl<'a, T: 'static> Work<'a, T> {
    #[inline]
    fn begin(
        state: &'a mut State,
        kind: Kind,
        name: &'static str,
        instance: Option<usize>,
    ) -> Work<'a, T> {
        let activity = if kind == Kind::Call { Activity::Guest } else { Activity::Instantiation };
        let turn = data_of::<T>(state).shared.figures.turn(activity);
        let (data, span) = (PhantomData, Some(Span::new(name)));
        Work { state, kind, instance, is_over: false, data, turn, _span: span }
    }

    /// A call of a function for the embedder, which has not begun. It stays where it is made: to move it takes longer than the rest.
    #[inline]
    pub(crate) fn call(state: &'a mut State) -> Work<'a, T> {
        let (kind, data) = (Kind::Call, PhantomData);
        Work { state, kind, instance: None, is_over: true, data, turn: None, _span: None }
    }

    /// The call begins.
    ///
    /// # Errors
    /// [`NotCallable`] if the engine calls no instance that has stopped or failed, and that of the function has.
    #[inline]
    pub(crate) fn begin_call(&mut self, func: FuncAddr) -> Result<(), NotCallable> {
        self.instance = instance_of(self.state, func);
        let shared = &mut data_of_mut::<T>(self.state).shared;
        if let Some(address) = self.instance {
            let refuses = shared.engine.config().refuse_after_failure;
            let life = shared.lives.of(address);
            if refuses && let state @ (LifeState::Stopped | LifeState::Failed) = life.base() {
                shared.figures.count_call(Ending::Refused);
                return Err(NotCallable { state });
            }
            life.enter();
        }
        self.turn = shared.figures.turn(Activity::Guest);
        // What is refused is no piece of work.
        self._span = Some(Span::new("call"));
        self.is_over = false;
        Ok(())
    }

    /// An execution that is paused goes on.
    pub(crate) fn resumption(state: &'a mut State, func: FuncAddr) -> Work<'a, T> {
        let instance = instance_of(state, func);
        if let Some(life) = life_of::<T>(state, func) {
            life.resume();
        }
        Work::begin(state, Kind::Call, "resume", instance)
    }

    /// The next instance is made.
    pub(crate) fn instantiation(state: &'a mut State) -> Work<'a, T> {
        let address = state.instances.len();
        data_of_mut::<T>(state).shared.lives.begin(address);
        Work::begin(state, Kind::Instantiation, "instantiate", Some(address))
    }

    /// An instance begins anew.
    pub(crate) fn reset(state: &'a mut State, address: usize) -> Work<'a, T> {
        data_of_mut::<T>(state).shared.lives.of(address).begin_anew();
        Work::begin(state, Kind::Instantiation, "reset", Some(address))
    }

    /// It has ended.
    #[inline]
    pub(crate) fn end(mut self, ending: Ending) {
        self.over(ending);
    }

    /// Its execution is paused, or still so because nothing of it ran. `ending` is how the attempt counts.
    pub(crate) fn pause(mut self, ending: Ending) {
        self.is_over = true;
        let shared = &mut data_of_mut::<T>(self.state).shared;
        if let Some(address) = self.instance {
            shared.lives.of(address).pause_again();
        }
        shared.figures.count_call(ending);
    }

    /// It has ended; what is left to do is done when this is dropped.
    #[inline]
    pub(crate) fn over(&mut self, ending: Ending) {
        self.is_over = true;
        let instances = self.state.instances.len();
        let shared = &mut data_of_mut::<T>(self.state).shared;
        let life = self.instance.map(|address| shared.lives.of(address));
        match self.kind {
            Kind::Call => {
                if let Some(life) = life {
                    life.leave(ending);
                }
                shared.figures.count_call(ending);
            }
            Kind::Instantiation => {
                if let Some(life) = life {
                    life.initialised(ending);
                }
                shared.figures.count(ending);
                facade::instantiation(ending);
                // What nothing can reach is gone, after a panic too.
                shared.lives.truncate(instances);
            }
        }
    }
}

impl<T: 'static> Drop for Work<'_, T> {
    fn drop(&mut self) {
        if !self.is_over {
            self.over(Ending::Panicked);
        }
    }
}

impl Ending {
    pub(crate) fn of_invocation<V>(result: Result<V, &InvokeError>) -> Ending {
        match result {
            Ok(_) => Ending::Returned,
            Err(InvokeError::Arguments(_)) => Ending::Refused,
            Err(InvokeError::Stop(stop)) => Ending::of(stop),
        }
    }
}

/// The address of the instance that a function is of; `None` if it is the host's.
#[inline]
fn instance_of(state: &State, func: FuncAddr) -> Option<usize> {
    match state.funcs.kind(func)? {
        FuncKind::Wasm { instance, .. } => Some(instance.index()),
        FuncKind::Host(_) => None,
    }
}

/// The life of the instance that a function is of; `None` if it is the host's.
pub(crate) fn life_of<T: 'static>(state: &mut State, func: FuncAddr) -> Option<&Life> {
    let address = instance_of(state, func)?;
    Some(&**data_of_mut::<T>(state).shared.lives.of(address))
}
