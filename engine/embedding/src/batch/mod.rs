//! Many calls over all cores, each in a store of its own.
//!
//! ```
//! use etalon::{BatchOptions, Config, Engine, Job, Linker, Module, Trap, Val};
//!
//! let engine = Engine::new(Config::new().consume_fuel(true))?;
//! let module = Module::new(&engine, r#"(module (func (export "inverse") (param i32) (result i32)
//!     (i32.div_u (i32.const 100) (local.get 0))))"#)?;
//! let job = |n: i32| Job::new(&module, "inverse").args([Val::I32(n)]).gas(1_000);
//! let jobs: Vec<Job> = (0..4).map(job).collect();
//! let outcomes = engine.run_batch(&Linker::new(&engine), &jobs, &BatchOptions::new(), |_| ());
//! let trap = outcomes[0].result.as_ref().unwrap_err().downcast_ref();
//! assert_eq!(trap, Some(&Trap::IntegerDivideByZero));
//! let results = outcomes[1..].iter().map(|outcome| outcome.result.as_ref().unwrap()[0].i32());
//! assert_eq!(results.collect::<Vec<_>>(), [Some(100), Some(50), Some(33)]);
//! # Ok::<(), etalon::Error>(())
//! ```

mod execute;
mod gate;
mod order;
mod watch;

use crate::engine::Engine;
use crate::error::Result;
use crate::interrupt::InterruptHandle;
use crate::linker::Linker;
use crate::metrics::Metrics;
use crate::module::Module;
use crate::value::Val;
use execute::Batch;
use order::Order;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::Duration;
use thiserror::Error as Thiserror;

/// A call to be made: a module, the name of a function that it exports, arguments, and limits.
#[derive(Clone, Debug)]
pub struct Job {
    source: Source,
    func: String,
    args: Vec<Val>,
    gas: Option<u64>,
    time: Option<Duration>,
    interrupt: Option<InterruptHandle>,
    memory: Option<usize>,
}

#[derive(Clone, Debug)]
enum Source {
    Module(Module),
    Bytes(Arc<[u8]>),
}

impl Job {
    fn with(source: Source, func: &str) -> Job {
        let (func, args) = (func.to_owned(), Vec::new());
        Job { source, func, args, gas: None, time: None, interrupt: None, memory: None }
    }

    /// A call of what a module exports under a name, without arguments and limits.
    pub fn new(module: &Module, func: &str) -> Job {
        Job::with(Source::Module(module.clone()), func)
    }

    /// The same for the bytes of a module, or its text with the feature `wat`. The job decodes and compiles them itself, so
    /// whatever refuses them fails it alone; one that many jobs have is better made once, for [`Job::new`].
    pub fn from_bytes(bytes: impl Into<Arc<[u8]>>, func: &str) -> Job {
        Job::with(Source::Bytes(bytes.into()), func)
    }

    /// Its arguments. References among them are of no store that it could have, but for null.
    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = Val>) -> Job {
        self.args = args.into_iter().collect();
        self
    }

    /// The gas that it may use, its instantiation included.
    #[must_use]
    pub fn gas(mut self, gas: u64) -> Job {
        self.gas = Some(gas);
        self
    }

    /// The time that it may take, its compilation and instantiation included, but not what it waits for memory. Whether it is enough depends on
    /// the machine and on what else runs, so results can: gas is the limit that is the same every time. Host functions are not cut
    /// short.
    #[must_use]
    pub fn time(mut self, time: Duration) -> Job {
        self.time = Some(time);
        self
    }

    /// A handle, of any store or of none, that interrupts it too. Many jobs may have the same.
    #[must_use]
    pub fn interrupt(mut self, handle: &InterruptHandle) -> Job {
        self.interrupt = Some(handle.clone());
        self
    }

    /// The bytes that its memories and tables may take together, an element of a table taking eight; and, counted apart, the
    /// bytes of its heap. Growth beyond it is refused as beyond a maximum, and what begins with more cannot be instantiated.
    #[must_use]
    pub fn memory(mut self, bytes: usize) -> Job {
        self.memory = Some(bytes);
        self
    }
}

/// How a batch is run. What it gives does not depend on it, but for the limit of memory.
#[derive(Clone, Debug, Default)]
pub struct BatchOptions {
    threads: Option<NonZeroUsize>,
    memory: Option<usize>,
    window: Option<usize>,
}

impl BatchOptions {
    /// The most threads of a batch, whatever is asked for: each has a stack, and beyond the cores of a machine more of them only wait.
    pub const MOST_THREADS: usize = 256;

    /// As many threads as the machine runs at once, and no limit of memory.
    pub fn new() -> BatchOptions {
        BatchOptions::default()
    }

    /// The most threads that work, the calling one among them; 0 for as many as the machine runs at once. More than
    /// [`BatchOptions::MOST_THREADS`] are not started, nor more than there are jobs; if the system has fewer, the batch is run on fewer.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> BatchOptions {
        self.threads = NonZeroUsize::new(threads);
        self
    }

    /// The bytes that the memories and tables of all jobs that run at the same time may take, and their heaps likewise. A job
    /// waits until what [`Job::memory`] lets it have is free; one without a limit of its own may have all, and runs alone. So
    /// what a job can have never depends on what runs beside it. A job is compiled and linked before it waits: one that is refused
    /// waits for nothing, and to wait takes no time of [`Job::time`].
    #[must_use]
    pub fn memory(mut self, bytes: usize) -> BatchOptions {
        self.memory = Some(bytes);
        self
    }

    /// How many jobs may have begun whose outcomes are not given yet: what waits for an earlier one takes memory. At least one; by
    /// default there is no such limit.
    #[must_use]
    pub fn window(mut self, jobs: usize) -> BatchOptions {
        self.window = Some(jobs);
        self
    }

    fn threads_for(&self, jobs: usize) -> usize {
        let cores = || thread::available_parallelism().map_or(1, NonZeroUsize::get);
        self.threads.map_or_else(cores, NonZeroUsize::get).min(jobs).min(BatchOptions::MOST_THREADS)
    }
}

/// What became of a job.
#[derive(Debug)]
#[non_exhaustive]
pub struct JobOutcome<T> {
    /// The results of the call, or why there are none: as for [`Func::call`](crate::Func::call),
    /// [`Linker::instantiate`] and [`Module::new`], or a [`JobError`]. References among them are of a store that is gone.
    pub result: Result<Vec<Val>>,
    /// The figures of its store.
    pub metrics: Metrics,
    /// What was kept with its store; `None` if it never came to be, or could not be had back for a panic.
    pub data: Option<T>,
}

/// Why a job of a batch has no results, where a call alone could not fail so.
#[derive(Clone, Debug, PartialEq, Eq, Thiserror)]
pub enum JobError {
    /// A host function, or what makes the data of its store, panicked, with this message.
    #[error("a panic: {0}")]
    Panicked(String),
    /// Its time was up. The [`Exhaustion`](crate::Exhaustion) that this led to can be had from the error as well.
    #[error("the job takes longer than {0:?}")]
    TimedOut(Duration),
    /// It has a limit of time or a handle that interrupts it, and the engine's code looks for no interrupts.
    #[error("the engine does not interrupt guests; see Config::interruptible")]
    NotInterruptible,
    /// It has a limit of gas, and the engine charges none.
    #[error("the engine charges no gas; see Config::consume_fuel")]
    NotMetered,
    /// It may have more memory than the whole batch.
    #[error("the job may take {job} bytes, and the whole batch {batch}")]
    Memory {
        /// Bytes of the job.
        job: usize,
        /// Bytes of the batch.
        batch: usize,
    },
    /// The module exports no function of this name.
    #[error("no function is exported as {0:?}")]
    NoFunction(String),
    /// The system has no thread left that would look at the time.
    #[error("no thread to look at the time in")]
    NoThread,
}

impl Engine {
    /// Makes many calls, each in a store of its own, over all cores: one outcome for each job, in the order of the jobs.
    ///
    /// Jobs share nothing but what the embedder's host functions and `data`, which makes what is kept with the store of the job of a
    /// number, share. So the outcomes are the same with any number of threads, times apart, and a job that fails, even by a panic,
    /// fails alone. The panic hook of the process hears of it.
    ///
    /// Of a module without `_start` its export `_initialize`, if it is of a function that takes and gives nothing, is called before: it is a
    /// reactor of WASI. The calling thread works too. It comes back when all jobs are done.
    ///
    /// # Panics
    /// Never: a thread catches every panic of its jobs.
    pub fn run_batch<T: Send + 'static>(
        &self,
        linker: &Linker<T>,
        jobs: &[Job],
        options: &BatchOptions,
        data: impl Fn(usize) -> T + Sync,
    ) -> Vec<JobOutcome<T>> {
        let mut done = Vec::with_capacity(jobs.len());
        self.run_batch_with(linker, jobs, options, data, |_, outcome| {
            done.push(outcome);
            ControlFlow::Continue(())
        });
        done
    }

    /// The same, but `sink` is given the number and the outcome of each job as soon as those of all jobs before it are given, on any
    /// thread, one at a time; [`BatchOptions::window`] bounds what waits meanwhile. If it breaks, no further job begins, and nothing
    /// more is given: what is under way comes to its end, by [`Job::interrupt`] soon.
    ///
    /// # Panics
    /// If `sink` does.
    pub fn run_batch_with<T: Send + 'static>(
        &self,
        linker: &Linker<T>,
        jobs: &[Job],
        options: &BatchOptions,
        data: impl Fn(usize) -> T + Sync,
        sink: impl FnMut(usize, JobOutcome<T>) -> ControlFlow<()> + Send,
    ) {
        let batch = Batch::new(self, linker, options.memory, &data);
        let next = AtomicUsize::new(0);
        let order = Order::new(options.window.unwrap_or(usize::MAX), sink);
        let work = || {
            loop {
                let number = next.fetch_add(1, Relaxed);
                let Some(job) = jobs.get(number) else { return };
                if !order.may_begin(number) {
                    return;
                }
                order.put(number, batch.run(number, job));
            }
        };
        thread::scope(|scope| {
            let _watching = batch.watch(scope, jobs);
            let others: Vec<_> = (1..options.threads_for(jobs.len()))
                .map_while(|_| thread::Builder::new().spawn_scoped(scope, work).ok())
                .collect();
            work();
            // While somebody still looks at the time.
            for other in others {
                other.join().unwrap_or_else(|panic| resume_unwind(panic));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_no_more_than_jobs_and_than_the_most() {
        let threads = |asked| BatchOptions::new().threads(asked).threads_for(1_000_000);
        assert_eq!(threads(usize::MAX), BatchOptions::MOST_THREADS);
        assert_eq!(threads(3), 3);
        assert!((1..=BatchOptions::MOST_THREADS).contains(&threads(0)));
        assert_eq!(BatchOptions::new().threads(8).threads_for(2), 2);
    }
}
