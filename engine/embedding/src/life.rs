//! The life of an instance, as any thread can watch it.
//!
//! ```
//! use etalon::{Engine, Instance, LifeState, Module, Store};
//!
//! let engine = Engine::default();
//! let module = Module::new(&engine, r#"(module (func (export "f") unreachable))"#)?;
//! let mut store = Store::new(&engine, ());
//! let instance = Instance::new(&mut store, &module, &[])?;
//! let life = instance.life(&mut store);
//! assert_eq!(life.state(), LifeState::Initialised);
//! instance.get_typed_func::<(), ()>(&store, "f")?.call(&mut store, ()).unwrap_err();
//! assert_eq!(life.state(), LifeState::Failed);
//! instance.reset(&mut store)?;
//! assert_eq!((life.state(), life.fresh_starts()), (LifeState::Initialised, 1));
//! drop(store);
//! assert_eq!(life.state(), LifeState::Destroyed);
//! # Ok::<(), etalon::Error>(())
//! ```

use crate::metrics::Ending;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use thiserror::Error;

/// Where an instance is in its life.
///
/// What is told of an instance is told of the calls that the embedder, or a host function, makes to *its* functions: a function of
/// another instance that runs inside of such a call is part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum LifeState {
    /// It is there, and its segments are being copied or its start function runs, for the first time or after a reset.
    Created,
    /// It has been initialised, and nothing of it runs.
    Initialised,
    /// A call of one of its functions is under way.
    Running,
    /// An execution of one of its functions is paused or waits, and no call is under way.
    Paused,
    /// Since its last fresh start a call was stopped by an [`InterruptHandle`](crate::InterruptHandle), or a paused execution
    /// was given up. Its state is whatever the guest had reached.
    Stopped,
    /// Since its last fresh start a call ended by a trap, an exhaustion, an error or a panic of the host, or a crash. This counts
    /// for more than `Stopped`.
    Failed,
    /// Its store is gone, or its instantiation failed and nothing can reach it. There is no way back.
    Destroyed,
}

impl LifeState {
    /// Every state.
    pub const ALL: &[LifeState] = &[
        LifeState::Created,
        LifeState::Initialised,
        LifeState::Running,
        LifeState::Paused,
        LifeState::Stopped,
        LifeState::Failed,
        LifeState::Destroyed,
    ];

    /// The states that can follow this one. A thread that looks now and then may have missed some in between.
    pub fn next(self) -> &'static [LifeState] {
        use LifeState::{Created, Destroyed, Failed, Initialised, Paused, Running, Stopped};
        match self {
            // The host functions that a start function calls can call the instance.
            Created => &[Initialised, Running, Stopped, Failed, Destroyed],
            Initialised => &[Created, Running, Paused, Destroyed],
            Running => &[Created, Initialised, Paused, Stopped, Failed],
            Paused => &[Running, Stopped, Failed, Destroyed],
            Stopped => &[Created, Running, Paused, Destroyed],
            Failed => &[Created, Running, Paused, Destroyed],
            Destroyed => &[],
        }
    }

    /// Whether the other state can follow this one.
    pub fn can_become(self, next: LifeState) -> bool {
        self.next().contains(&next)
    }

    /// Its name, in small letters.
    pub fn name(self) -> &'static str {
        match self {
            LifeState::Created => "created",
            LifeState::Initialised => "initialised",
            LifeState::Running => "running",
            LifeState::Paused => "paused",
            LifeState::Stopped => "stopped",
            LifeState::Failed => "failed",
            LifeState::Destroyed => "destroyed",
        }
    }

    #[inline]
    fn of(number: u8) -> LifeState {
        LifeState::ALL.get(usize::from(number)).copied().unwrap_or(LifeState::Destroyed)
    }
}

impl fmt::Display for LifeState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The instance has stopped or failed, and the engine calls no such instance
/// ([`Config::refuse_after_failure`](crate::Config::refuse_after_failure)). Nothing was executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the instance has {state}, and the engine refuses further calls before a reset")]
pub struct NotCallable {
    /// [`LifeState::Stopped`] or [`LifeState::Failed`].
    pub state: LifeState,
}

/// Watches an instance, from any thread, also when its store is gone. It keeps nothing alive, and can change nothing. Clones
/// are of the same instance.
#[derive(Clone, Debug)]
pub struct LifeHandle(Arc<Life>);

impl LifeHandle {
    pub(crate) fn new(life: &Arc<Life>) -> LifeHandle {
        LifeHandle(Arc::clone(life))
    }

    /// Where the instance is now.
    pub fn state(&self) -> LifeState {
        self.0.state()
    }

    /// How often a reset was begun.
    pub fn fresh_starts(&self) -> u64 {
        self.0.resets.load(Relaxed)
    }
}

/// What is known of an instance's life. Only who has the store changes it, so no change need be one step; any thread reads it, and finds
/// what was true at one moment, because one number holds all of it.
#[derive(Debug)]
pub(crate) struct Life {
    now: AtomicU64,
    resets: AtomicU64,
}

/// What is true of an instance at a moment.
#[derive(Clone, Copy, Debug)]
struct Moment(u64);

impl Moment {
    /// What is seen when nothing runs or is paused, as a number, is in the low bits.
    const BASE: u64 = 0xff;
    /// A call under way. No more are nested than have room here.
    const RUNNING: u64 = 1 << 8;
    const RUNNINGS: u64 = 0xff_ffff << 8;
    /// An execution that is paused.
    const PAUSED: u64 = 1 << 32;

    #[inline]
    fn base(self) -> LifeState {
        LifeState::of((self.0 & Moment::BASE) as u8)
    }

    fn with_base(self, state: LifeState) -> Moment {
        Moment(self.0 & !Moment::BASE | state as u64)
    }

    /// What the others see.
    #[inline]
    fn shown(self) -> LifeState {
        let base = self.base();
        if base == LifeState::Destroyed {
            base
        } else if self.0 & Moment::RUNNINGS != 0 {
            LifeState::Running
        } else if self.0 >= Moment::PAUSED {
            LifeState::Paused
        } else {
            base
        }
    }

    /// After a call. Of none, if a host function put another store in the place of the one that it was called from.
    #[inline]
    fn after_call(self) -> Moment {
        if self.0 & Moment::RUNNINGS == 0 { self } else { Moment(self.0 - Moment::RUNNING) }
    }

    /// After a pause, with the same proviso.
    fn after_pause(self) -> Moment {
        if self.0 < Moment::PAUSED { self } else { Moment(self.0 - Moment::PAUSED) }
    }

    /// After a piece of work that ended so. What is worse stays.
    #[inline]
    fn after(self, ending: Ending) -> Moment {
        match ending {
            Ending::Returned | Ending::Thrown | Ending::Refused => self,
            Ending::Interrupted if self.base() == LifeState::Failed => self,
            Ending::Interrupted => self.with_base(LifeState::Stopped),
            _ => self.with_base(LifeState::Failed),
        }
    }
}

impl Life {
    pub(crate) fn new(state: LifeState) -> Life {
        Life { now: AtomicU64::new(state as u64), resets: AtomicU64::new(0) }
    }

    pub(crate) fn state(&self) -> LifeState {
        Moment(self.now.load(Acquire)).shown()
    }

    /// What it is apart from what runs or is paused.
    #[inline]
    pub(crate) fn base(&self) -> LifeState {
        Moment(self.now.load(Relaxed)).base()
    }

    #[inline]
    fn change(&self, change: impl FnOnce(Moment) -> Moment) {
        let before = Moment(self.now.load(Relaxed));
        let now = change(before);
        self.now.store(now.0, Release);
        let (before, now) = (before.shown(), now.shown());
        debug_assert!(before == now || before.can_become(now), "{before} became {now}");
    }

    /// A call begins.
    #[inline]
    pub(crate) fn enter(&self) {
        self.change(|now| Moment(now.0 + Moment::RUNNING));
    }

    /// A call has ended.
    #[inline]
    pub(crate) fn leave(&self, ending: Ending) {
        self.change(|now| now.after(ending).after_call());
    }

    /// An execution is paused from now on.
    pub(crate) fn pause(&self) {
        self.change(|now| Moment(now.0 + Moment::PAUSED));
    }

    /// A paused execution goes on, as a call.
    pub(crate) fn resume(&self) {
        self.change(|now| Moment(now.after_pause().0 + Moment::RUNNING));
    }

    /// An execution that went on is paused again.
    pub(crate) fn pause_again(&self) {
        self.change(|now| Moment(now.after_call().0 + Moment::PAUSED));
    }

    /// A paused execution is given up.
    pub(crate) fn abandon(&self) {
        self.change(|now| now.after_pause().after(Ending::Interrupted));
    }

    /// Initialisation has ended.
    pub(crate) fn initialised(&self, ending: Ending) {
        self.change(|now| match ending {
            Ending::Returned if now.base() == LifeState::Created => {
                now.with_base(LifeState::Initialised)
            }
            Ending::Returned | Ending::Interrupted => now.after(ending),
            // What throws, or is refused, while it begins has not begun.
            _ => now.with_base(LifeState::Failed),
        });
    }

    /// It begins anew.
    pub(crate) fn begin_anew(&self) {
        self.resets.store(self.resets.load(Relaxed) + 1, Relaxed);
        self.change(|now| now.with_base(LifeState::Created));
    }

    /// There is no way back, and nothing runs.
    fn destroy(&self) {
        self.now.store(LifeState::Destroyed as u64, Release);
    }
}

/// The lives of a store's instances, by their addresses.
#[derive(Debug, Default)]
pub(crate) struct Lives(Vec<Arc<Life>>);

impl Lives {
    /// Of the instance with an address. One that nobody has spoken of yet came with a snapshot.
    #[inline]
    pub(crate) fn of(&mut self, address: usize) -> &Arc<Life> {
        while self.0.len() <= address {
            self.0.push(Arc::new(Life::new(LifeState::Initialised)));
        }
        &self.0[address]
    }

    /// Of an instance that is about to be made. Whatever had this address never came to be.
    pub(crate) fn begin(&mut self, address: usize) {
        self.truncate(address);
        if address > 0 {
            self.of(address - 1);
        }
        self.0.push(Arc::new(Life::new(LifeState::Created)));
    }

    /// Forgets instances that are no more.
    pub(crate) fn truncate(&mut self, instances: usize) {
        self.0.drain(instances.min(self.0.len())..).for_each(|life| life.destroy());
    }

    /// Whether each has stopped or failed, for a snapshot: those that are not listed are well.
    pub(crate) fn bases(&self) -> Vec<u8> {
        self.0.iter().map(|life| life.base() as u8).collect()
    }

    /// As a snapshot has it; `None` if it cannot be so.
    pub(crate) fn take_up(&mut self, bases: &[u8], instances: usize) -> Option<()> {
        let good = [LifeState::Initialised, LifeState::Stopped, LifeState::Failed];
        if bases.len() > instances {
            return None;
        }
        for base in bases {
            let state = good.into_iter().find(|state| *state as u8 == *base)?;
            self.0.push(Arc::new(Life::new(state)));
        }
        Some(())
    }
}

impl Drop for Lives {
    fn drop(&mut self) {
        self.truncate(0);
    }
}

const _: fn() = || {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<LifeHandle>();
};
