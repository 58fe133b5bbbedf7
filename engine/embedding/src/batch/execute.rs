//! One job of a batch, from its store to its outcome.

use super::gate::Gate;
use super::watch::{Watch, Watching};
use super::{Job, JobError, JobOutcome, Source};
use crate::engine::Engine;
use crate::error::{Error, Mismatch, ModuleError, Result};
use crate::func::Func;
use crate::interrupt::InterruptHandle;
use crate::limits::{StoreLimits, StoreLimitsBuilder, ask, shrink};
use crate::linker::{InstancePre, Linker};
use crate::metrics::Metrics;
use crate::module::Module;
use crate::store::Store;
use crate::types::ExternType;
use crate::value::Val;
use etalon_jit::CompileError;
use etalon_runtime::{Exhaustion, HostError, Interrupt, Limiter, Request};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Scope;
use std::time::{Duration, Instant};

/// What the jobs of a batch have in common.
pub(super) struct Batch<'a, T: 'static> {
    engine: &'a Engine,
    linker: &'a Linker<T>,
    data: &'a (dyn Fn(usize) -> T + Sync),
    gate: Gate,
    watch: Watch,
}

/// The limiter of a job: numbers that are kept apart from the embedder's data.
#[derive(Debug)]
struct JobLimiter(Mutex<StoreLimits>);

impl JobLimiter {
    fn limits(&self) -> MutexGuard<'_, StoreLimits> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Limiter for JobLimiter {
    fn allows(&self, _: &mut (dyn Any + Send), request: Request) -> Result<bool, HostError> {
        ask(&mut *self.limits(), request)
    }

    fn shrunk(&self, _: &mut (dyn Any + Send), request: Request) {
        shrink(&mut *self.limits(), request);
    }
}

impl<'a, T: Send + 'static> Batch<'a, T> {
    pub(super) fn new(
        engine: &'a Engine,
        linker: &'a Linker<T>,
        memory: Option<usize>,
        data: &'a (dyn Fn(usize) -> T + Sync),
    ) -> Batch<'a, T> {
        Batch { engine, linker, data, gate: Gate::new(memory), watch: Watch::default() }
    }

    /// Looks at the time from now on, if a job needs that.
    pub(super) fn watch<'scope, 'env>(
        &'scope self,
        scope: &'scope Scope<'scope, 'env>,
        jobs: &[Job],
    ) -> Option<Watching<'scope>> {
        jobs.iter().any(Job::is_watched).then(|| self.watch.start(scope))
    }

    /// Runs a job. No panic leaves it.
    pub(super) fn run(&self, number: usize, job: &Job) -> JobOutcome<T> {
        let mut store = None;
        let result = caught(|| {
            let memory = self.memory_of(job)?;
            // What is refused takes no memory, and waits for none.
            let ready = self.prepare(job)?;
            let _pass = self.gate.pass(memory.unwrap_or(0));
            let result = self.execute(store.insert(self.store(number, job, memory)?), job, &ready);
            // While the pass is still here: what a store took is given back before another job may take it.
            let finished = store.take().map(|store| (store.metrics(), store.into_data()));
            Ok((result, finished))
        });
        match result {
            Ok((result, Some((metrics, data)))) => JobOutcome { result, metrics, data: Some(data) },
            Ok((result, None)) => JobOutcome { result, metrics: Metrics::default(), data: None },
            Err(error) => {
                let ended = store.map(|store| {
                    let metrics = store.metrics();
                    (metrics, caught(|| Ok(store.into_data())).ok())
                });
                let (metrics, data) = ended.unwrap_or_default();
                JobOutcome { result: Err(error), metrics, data }
            }
        }
    }

    /// The bytes that a job may have; `None` if it may have any.
    fn memory_of(&self, job: &Job) -> Result<Option<usize>> {
        match (job.memory, self.gate.total()) {
            (Some(job), Some(batch)) if job > batch => Err(JobError::Memory { job, batch }.into()),
            (job, batch) => Ok(job.or(batch)),
        }
    }

    /// What can be known and done of a job before it has a store.
    fn prepare(&self, job: &Job) -> Result<Ready<T>> {
        if job.gas.is_some() && !self.engine.consumes_fuel() {
            return Err(JobError::NotMetered.into());
        }
        if job.is_watched() && !self.engine.config().interruptible {
            return Err(JobError::NotInterruptible.into());
        }
        if job.is_watched() && !self.watch.has_thread() {
            return Err(JobError::NoThread.into());
        }
        let begun = Instant::now();
        let module = match &job.source {
            Source::Module(module) => module.clone(),
            Source::Bytes(bytes) if job.is_watched() => {
                let stop = InterruptHandle::new(&Interrupt::new());
                let load = || Ok(Module::new_interruptible(self.engine, bytes, &stop)?);
                self.guarded(job, job.time, stop.clone(), load)?
            }
            Source::Bytes(bytes) => Module::new(self.engine, bytes)?,
        };
        if !Engine::same(self.engine, module.engine()) {
            return Err(Mismatch("the module is of another engine".to_owned()).into());
        }
        // To wait for memory takes none of its time.
        let time = job.time.map(|time| time.saturating_sub(begun.elapsed()));
        let is_there = matches!(module.get_export(&job.func), Some(ExternType::Func(_)));
        let pre = self.linker.instantiate_pre(&module)?;
        if !is_there {
            return Err(JobError::NoFunction(job.func.clone()).into());
        }
        Ok(Ready { pre, time })
    }

    fn store(&self, number: usize, job: &Job, memory: Option<usize>) -> Result<Store<T>> {
        let mut store = Store::new(self.engine, (self.data)(number));
        if let Some(gas) = job.gas {
            store.set_fuel(gas)?;
        }
        if let Some(bytes) = memory {
            let limits = StoreLimitsBuilder::new().total_bytes(bytes).build();
            let state = store.state_mut();
            state.set_limiter(Arc::new(JobLimiter(Mutex::new(limits))));
            state.heap.lower_cap(bytes as u64);
        }
        Ok(store)
    }

    fn execute(&self, store: &mut Store<T>, job: &Job, ready: &Ready<T>) -> Result<Vec<Val>> {
        if !job.is_watched() {
            return caught(|| call(store, job, ready));
        }
        let stop = store.interrupt_handle().map_err(|_| JobError::NotInterruptible)?;
        self.guarded(job, ready.time, stop, || call(store, job, ready))
    }

    /// Does a piece of the work of a job that is looked after. It is late if its time ended it: what fails for another reason while its
    /// time is up fails for that reason.
    fn guarded<R>(
        &self,
        job: &Job,
        time: Option<Duration>,
        stop: InterruptHandle,
        work: impl FnOnce() -> Result<R>,
    ) -> Result<R> {
        let guarded = self.watch.guard(stop, time, job.interrupt.clone());
        let guarded = guarded.ok_or(JobError::NoThread)?;
        let result = caught(work);
        match (result, job.time) {
            (Err(error), Some(time)) if guarded.is_late() && is_interruption(&error) => {
                Err(error.context(JobError::TimedOut(time)))
            }
            (result, _) => result,
        }
    }
}

/// A job that may begin.
struct Ready<T: 'static> {
    pre: InstancePre<T>,
    /// What is left of its time.
    time: Option<Duration>,
}

fn call<T: 'static>(store: &mut Store<T>, job: &Job, ready: &Ready<T>) -> Result<Vec<Val>> {
    let instance = ready.pre.instantiate(&mut *store)?;
    // A reactor of WASI is made ready before anything else is called.
    if job.func != "_initialize" && instance.get_func(&*store, "_start").is_none() {
        let ready = instance.get_func(&*store, "_initialize");
        let takes_nothing = |func: &Func, store: &Store<T>| {
            let ty = func.ty(store);
            ty.params().is_empty() && ty.results().is_empty()
        };
        if let Some(ready) = ready.filter(|func| takes_nothing(func, store)) {
            ready.call(&mut *store, &[], &mut [])?;
        }
    }
    let func = instance.get_func(&*store, &job.func);
    let func = func.ok_or_else(|| JobError::NoFunction(job.func.clone()))?;
    let mut results = vec![Val::I32(0); func.ty(&*store).results().len()];
    func.call(store, &job.args, &mut results)?;
    Ok(results)
}

/// Whether an error is what an interrupt led to.
fn is_interruption(error: &Error) -> bool {
    let interrupted =
        |error: &ModuleError| matches!(error, ModuleError::Compile(CompileError::Interrupted));
    error.downcast_ref() == Some(&Exhaustion::Interrupted)
        || error.downcast_ref().is_some_and(interrupted)
}

impl Job {
    /// Whether somebody must look after it.
    fn is_watched(&self) -> bool {
        self.time.is_some() || self.interrupt.is_some()
    }
}

/// What work gives, or its panic as an error.
fn caught<R>(work: impl FnOnce() -> Result<R>) -> Result<R> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = match (panic.downcast_ref::<String>(), panic.downcast_ref::<&str>()) {
            (Some(text), _) => text.clone(),
            (None, Some(text)) => (*text).to_owned(),
            (None, None) => "no message".to_owned(),
        };
        // To drop what a stranger panicked with may panic again.
        std::mem::forget(panic);
        Err(JobError::Panicked(text).into())
    })
}
