//! A piece of work of a store: a call, a resumption, an instantiation. However it ends, by a panic too, the life of its
//! instance and the figures of the store know.

use crate::context::{data_of, data_of_mut};
use crate::error::Result;
use crate::facade::{self, Span};
use crate::life::{Life, LifeState, NotCallable};
use crate::metrics::{Activity, Ending, Figures, Turn};
use etalon_runtime::{FuncAddr, FuncKind, InvokeError, Store as State};
use std::sync::Arc;

/// Work that has begun. If nobody says how it ended, that was by a panic.
#[derive(Debug)]
pub(crate) struct Work {
    kind: Kind,
    /// The instance that it is of; none if it is a call of a host function.
    life: Option<Arc<Life>>,
    figures: Arc<Figures>,
    is_over: bool,
    /// Dropped last but for the span, after the end was noted.
    _turn: Option<Turn>,
    _span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Call,
    Instantiation,
}

impl Work {
    fn begin(
        kind: Kind,
        name: &'static str,
        life: Option<Arc<Life>>,
        figures: &Arc<Figures>,
    ) -> Work {
        let activity = if kind == Kind::Call { Activity::Guest } else { Activity::Instantiation };
        let (turn, span) = (figures.turn(activity), Span::new(name));
        let figures = Arc::clone(figures);
        Work { kind, life, figures, is_over: false, _turn: turn, _span: span }
    }

    /// A call of a function for the embedder.
    ///
    /// # Errors
    /// [`NotCallable`] if the engine calls no instance that has stopped or failed, and its instance has.
    pub(crate) fn call<T: 'static>(state: &mut State, func: FuncAddr) -> Result<Work> {
        let life = callable::<T>(state, func)?;
        if let Some(life) = &life {
            life.enter();
        }
        Ok(Work::begin(Kind::Call, "call", life, &data_of::<T>(state).shared.figures))
    }

    /// An execution that is paused goes on.
    pub(crate) fn resumption<T: 'static>(state: &mut State, func: FuncAddr) -> Work {
        let life = life_of::<T>(state, func);
        if let Some(life) = &life {
            life.resume();
        }
        Work::begin(Kind::Call, "resume", life, &data_of::<T>(state).shared.figures)
    }

    /// The next instance is made.
    pub(crate) fn instantiation<T: 'static>(state: &mut State) -> Work {
        let address = state.instances.len();
        let shared = &mut data_of_mut::<T>(state).shared;
        let life = shared.lives.begin(address);
        Work::begin(Kind::Instantiation, "instantiate", Some(life), &shared.figures)
    }

    /// An instance begins anew.
    pub(crate) fn reset<T: 'static>(state: &mut State, address: usize) -> Work {
        let shared = &mut data_of_mut::<T>(state).shared;
        let life = Arc::clone(shared.lives.of(address));
        life.begin_anew();
        Work::begin(Kind::Instantiation, "reset", Some(life), &shared.figures)
    }

    /// It has ended.
    pub(crate) fn end(mut self, ending: Ending) {
        self.over(ending);
    }

    /// It is paused again.
    pub(crate) fn pause(mut self) {
        self.is_over = true;
        if let Some(life) = &self.life {
            life.pause_again();
        }
        self.figures.count_call(Ending::Returned);
    }

    fn over(&mut self, ending: Ending) {
        self.is_over = true;
        match self.kind {
            Kind::Call => {
                self.figures.count_call(ending);
                if let Some(life) = &self.life {
                    life.leave(ending);
                }
            }
            Kind::Instantiation => {
                self.figures.count(ending);
                facade::instantiation(ending);
                if let Some(life) = &self.life {
                    life.initialised(ending);
                }
            }
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if !self.is_over {
            self.over(Ending::Panicked);
        }
    }
}

impl Ending {
    pub(crate) fn of_invocation<V>(result: &Result<V, InvokeError>) -> Ending {
        match result {
            Ok(_) => Ending::Returned,
            Err(InvokeError::Arguments(_)) => Ending::Refused,
            Err(InvokeError::Stop(stop)) => Ending::of(stop),
        }
    }
}

/// The life of the instance that a function is of; `None` if it is the host's.
pub(crate) fn life_of<T: 'static>(state: &mut State, func: FuncAddr) -> Option<Arc<Life>> {
    match state.funcs[func.index()].kind {
        FuncKind::Wasm { instance, .. } => {
            let lives = &mut data_of_mut::<T>(state).shared.lives;
            Some(Arc::clone(lives.of(instance.index())))
        }
        FuncKind::Host(_) => None,
    }
}

/// The same, if the engine calls functions of such an instance.
fn callable<T: 'static>(state: &mut State, func: FuncAddr) -> Result<Option<Arc<Life>>> {
    let life = life_of::<T>(state, func);
    let shared = &data_of::<T>(state).shared;
    if shared.engine.config().refuse_after_failure
        && let Some(state) = life.as_ref().map(|life| life.base())
        && matches!(state, LifeState::Stopped | LifeState::Failed)
    {
        shared.figures.count_call(Ending::Refused);
        return Err(NotCallable { state }.into());
    }
    Ok(life)
}
