//! Figures of a store: what ran in it, how it ended, how much it took.
//!
//! ```
//! use etalon::{Config, Engine, Instance, Module, Store, Tier};
//!
//! let engine = Engine::new(Config::new().tier(Tier::Oracle).consume_fuel(true))?;
//! let text = r#"(module (memory 2) (func (export "f") (param i32) (result i32)
//!     (i32.div_u (i32.const 6) (local.get 0))))"#;
//! let module = Module::new(&engine, text)?;
//! let mut store = Store::new(&engine, ());
//! let f = Instance::new(&mut store, &module, &[])?.get_typed_func::<i32, i32>(&store, "f")?;
//! f.call(&mut store, 2)?;
//! f.call(&mut store, 0).unwrap_err();
//! let metrics = store.metrics();
//! // Two constants or locals, a division, and the `end` that the second call does not reach.
//! assert_eq!(metrics.instructions, Some(7));
//! assert_eq!((metrics.calls, metrics.errors.traps), (2, 1));
//! assert_eq!(metrics.peak_memory_pages(), 2);
//! assert_eq!(metrics.gas, store.fuel_consumed());
//! assert!(metrics.times.is_none(), "nobody asked for times");
//! # Ok::<(), etalon::Error>(())
//! ```

use crate::context::data_of;
use crate::error::is_exit;
use crate::facade;
use crate::store::Store;
use etalon_module::Module;
use etalon_runtime::{Exhaustion, Promotions, Stop, Store as State};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// Figures of a store since it was made. What is not said to depend on the tier is the same on every tier, and but for `times`
/// and what is said of a cache the same on every run that nothing interrupts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// Instructions that were executed; `None` if a function of the store is not the oracle's, as no other tier counts them.
    pub instructions: Option<u64>,
    /// Gas that was charged, over all limits that were set; `None` if the engine charges none.
    pub gas: Option<u64>,
    /// Calls of functions, and starts and resumptions of executions, by the embedder and its host functions. A call that was refused
    /// before anything ran is none.
    pub calls: u64,
    /// Calls of host functions, by guests and by the embedder.
    pub host_calls: u64,
    /// The most bytes that the store's memories had together. A [`SharedMemory`](crate::SharedMemory) is not of the store.
    pub peak_memory_bytes: u64,
    /// Bytes of all objects and exceptions that were ever allocated, as gas-1 sizes them.
    pub heap_bytes: u64,
    /// The most bytes that objects took at once, alive or not yet collected. It depends on when the heap is collected, and so on
    /// the tier.
    pub peak_heap_bytes: u64,
    /// How calls and instantiations failed.
    pub errors: ErrorCounts,
    /// Modules of its instances whose code was found in the engine's [`Cache`](crate::Cache). It depends on what ran before.
    pub cache_hits: u64,
    /// Modules of its instances whose code was looked for there, and was made.
    pub cache_misses: u64,
    /// Functions that changed their tier, on the tier [`Tier::Auto`](crate::Tier::Auto). In the background it depends on the machine.
    pub promotions: Promotions,
    /// Where the time went; `None` without [`Config::measure_time`](crate::Config::measure_time).
    pub times: Option<Times>,
}

impl Metrics {
    /// [`Metrics::peak_memory_bytes`] in pages of 64 KiB, rounded up.
    pub fn peak_memory_pages(&self) -> u64 {
        self.peak_memory_bytes.div_ceil(1 << 16)
    }
}

/// How often calls and instantiations of a store failed, by the ways in which they do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ErrorCounts {
    /// By a trap.
    pub traps: u64,
    /// By an exception that nobody caught.
    pub exceptions: u64,
    /// For want of gas, depth, or by a limit.
    pub exhaustions: u64,
    /// By an [`InterruptHandle`](crate::InterruptHandle).
    pub interruptions: u64,
    /// By an error of a host function, or of the host.
    pub host_errors: u64,
    /// By a panic of a host function.
    pub panics: u64,
    /// By a bug of ours.
    pub crashes: u64,
    /// Before anything ran: an import of another type, an instance that a limit forbids or that the engine calls no more. Arguments
    /// that do not fit are no call.
    pub refusals: u64,
}

/// Where the time of a store's embedder went, by the clock of the machine. No moment counts twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Times {
    /// Decoding, validating and compiling the modules of its instances, each once.
    pub compile: Duration,
    /// Instantiations and resets, with their start functions.
    pub instantiate: Duration,
    /// Calls and resumptions, without the host functions that they call.
    pub run: Duration,
    /// Host functions, without the guests that they call back.
    pub host: Duration,
}

/// How a piece of work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Returned,
    Trapped,
    Thrown,
    Exhausted,
    Interrupted,
    HostError,
    Panicked,
    Crashed,
    Refused,
}

impl Ending {
    const COUNT: usize = Ending::Refused as usize + 1;

    pub(crate) fn of(stop: &Stop) -> Ending {
        match stop {
            Stop::Trap(_) => Ending::Trapped,
            Stop::Throw(_) => Ending::Thrown,
            Stop::Exhausted(Exhaustion::Interrupted) => Ending::Interrupted,
            Stop::Exhausted(_) => Ending::Exhausted,
            Stop::Host(error) if is_exit(error) => Ending::Returned,
            Stop::Host(_) => Ending::HostError,
            Stop::Crash(_) => Ending::Crashed,
        }
    }
}

/// What a store spends its time on, as far as it is told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activity {
    Outside,
    Instantiation,
    Guest,
    Host,
}

/// The figures that are kept while a store works. Who works shares them, so that they are right after a panic too.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    calls: AtomicU64,
    endings: [AtomicU64; Ending::COUNT],
    /// Gas that was charged before the present limit was set.
    gas_before: AtomicU64,
    /// Modules whose code was found in a cache, and not.
    cached: [AtomicU64; 2],
    /// The modules that are counted, by their addresses; no other has one of these as long as it is noted here.
    modules: Mutex<BTreeMap<usize, Weak<Module>>>,
    clock: Option<Mutex<Clock>>,
}

#[derive(Debug)]
struct Clock {
    activity: Activity,
    since: Instant,
    spent: [Duration; Activity::Host as usize + 1],
    compile: Duration,
}

impl Clock {
    #[inline]
    fn turn(&mut self, to: Activity) -> Activity {
        let now = Instant::now();
        self.spent[self.activity as usize] += now.saturating_duration_since(self.since);
        self.since = now;
        std::mem::replace(&mut self.activity, to)
    }
}

/// Adds to a number that only who has the store changes: no change need be one step.
#[inline]
fn add(number: &AtomicU64, more: u64) {
    number.store(number.load(Relaxed).wrapping_add(more), Relaxed);
}

impl Figures {
    pub(crate) fn new(with_times: bool) -> Arc<Figures> {
        let clock = || {
            let (activity, since) = (Activity::Outside, Instant::now());
            let (spent, compile) = Default::default();
            Mutex::new(Clock { activity, since, spent, compile })
        };
        Arc::new(Figures { clock: with_times.then(clock), ..Figures::default() })
    }

    fn clock(&self) -> Option<MutexGuard<'_, Clock>> {
        Some(self.clock.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The time counts for something else until the turn is dropped.
    #[inline]
    pub(crate) fn turn(self: &Arc<Figures>, to: Activity) -> Option<Turn> {
        if self.clock.is_none() { None } else { self.timed_turn(to) }
    }

    fn timed_turn(self: &Arc<Figures>, to: Activity) -> Option<Turn> {
        let back = self.clock()?.turn(to);
        Some(Turn { figures: Arc::clone(self), back })
    }

    /// Itself, if it has a clock to be turned.
    pub(crate) fn if_timed(self: &Arc<Figures>) -> Option<Arc<Figures>> {
        self.clock.as_ref().map(|_| Arc::clone(self))
    }

    #[inline]
    pub(crate) fn count_call(&self, ending: Ending) {
        if ending != Ending::Refused {
            add(&self.calls, 1);
        }
        self.count(ending);
        facade::call(ending);
    }

    #[inline]
    pub(crate) fn count(&self, ending: Ending) {
        add(&self.endings[ending as usize], 1);
    }

    pub(crate) fn add_gas(&self, gas: u64) {
        add(&self.gas_before, gas);
    }

    /// The time that a module took, and whether its code was found, count when it is first instantiated.
    pub(crate) fn add_module(&self, module: &crate::Module) {
        let (time, cached, data) = (module.compile_time(), module.is_from_cache(), module.data());
        if time.is_none() && cached.is_none() {
            return;
        }
        let mut modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        if modules.insert(Arc::as_ptr(data).addr(), Arc::downgrade(data)).is_some() {
            return;
        }
        if let Some(found) = cached {
            add(&self.cached[usize::from(!found)], 1);
        }
        if let (Some(mut clock), Some(time)) = (self.clock(), time) {
            clock.compile += time;
        }
    }

    fn errors(&self) -> ErrorCounts {
        let of = |ending: Ending| self.endings[ending as usize].load(Relaxed);
        ErrorCounts {
            traps: of(Ending::Trapped),
            exceptions: of(Ending::Thrown),
            exhaustions: of(Ending::Exhausted),
            interruptions: of(Ending::Interrupted),
            host_errors: of(Ending::HostError),
            panics: of(Ending::Panicked),
            crashes: of(Ending::Crashed),
            refusals: of(Ending::Refused),
        }
    }

    fn times(&self) -> Option<Times> {
        let mut clock = self.clock()?;
        // What goes on counts up to now.
        let activity = clock.activity;
        clock.turn(activity);
        let spent = |activity: Activity| clock.spent[activity as usize];
        Some(Times {
            compile: clock.compile,
            instantiate: spent(Activity::Instantiation),
            run: spent(Activity::Guest),
            host: spent(Activity::Host),
        })
    }
}

/// As long as this lives the time counts for something else.
pub(crate) struct Turn {
    figures: Arc<Figures>,
    back: Activity,
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").field("back", &self.back).finish_non_exhaustive()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(mut clock) = self.figures.clock() {
            clock.turn(self.back);
        }
    }
}

impl<T: 'static> Store<T> {
    /// Its figures since it was made; of a store that was restored, since then. The instructions and the bytes of the heap are
    /// those of the snapshot and since. No times are in snapshots, nor in anything else that is to be compared.
    pub fn metrics(&self) -> Metrics {
        metrics_of::<T>(self.state())
    }
}

pub(crate) fn metrics_of<T: 'static>(state: &State) -> Metrics {
    let shared = &data_of::<T>(state).shared;
    let figures = &shared.figures;
    let counted = state.funcs.tiers().all(|tier| tier == shared.tiers.oracle);
    let gas = figures.gas_before.load(Relaxed).saturating_add(state.meter().consumed());
    Metrics {
        instructions: counted.then(|| shared.oracle.usage().instructions()),
        gas: state.is_metering().then_some(gas),
        calls: figures.calls.load(Relaxed),
        host_calls: state.host_calls(),
        peak_memory_bytes: state.peak_memory_bytes(),
        heap_bytes: state.heap.allocated_bytes(),
        peak_heap_bytes: state.heap.peak_bytes(),
        errors: figures.errors(),
        cache_hits: figures.cached[0].load(Relaxed),
        cache_misses: figures.cached[1].load(Relaxed),
        promotions: state.promotions(),
        times: figures.times(),
    }
}
