//! One job of a batch, from its store to its outcome.

use super::gate::Gate;
use super::watch::{Guarded, Watch, Watching};
use super::{Job, JobError, JobOutcome, Source};
use crate::engine::Engine;
use crate::error::Result;
use crate::limits::{StoreLimits, StoreLimitsBuilder, ask, shrink};
use crate::linker::Linker;
use crate::metrics::Metrics;
use crate::module::Module;
use crate::store::Store;
use crate::value::Val;
use etalon_runtime::{HostError, Limiter, Request};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Scope;

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
            let _pass = self.gate.pass(memory.unwrap_or(0));
            let result = self.execute(store.insert(self.store(number, job, memory)?), job);
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

    fn store(&self, number: usize, job: &Job, memory: Option<usize>) -> Result<Store<T>> {
        if job.gas.is_some() && !self.engine.consumes_fuel() {
            return Err(JobError::NotMetered.into());
        }
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

    fn execute(&self, store: &mut Store<T>, job: &Job) -> Result<Vec<Val>> {
        let guarded = self.guard(store, job)?;
        let result = caught(|| self.call(store, job));
        match (result, job.time) {
            (Err(error), Some(time)) if guarded.as_ref().is_some_and(Guarded::is_late) => {
                Err(error.context(JobError::TimedOut(time)))
            }
            (result, _) => result,
        }
    }

    fn guard(&self, store: &Store<T>, job: &Job) -> Result<Option<Guarded<'_>>> {
        if !job.is_watched() {
            return Ok(None);
        }
        let stop = store.interrupt_handle().map_err(|_| JobError::NotInterruptible)?;
        let guarded = self.watch.guard(stop, job.time, job.interrupt.clone());
        Ok(Some(guarded.ok_or(JobError::NoThread)?))
    }

    fn call(&self, store: &mut Store<T>, job: &Job) -> Result<Vec<Val>> {
        let module = match &job.source {
            Source::Module(module) => module.clone(),
            Source::Bytes(bytes) if job.is_watched() => {
                Module::new_interruptible(self.engine, bytes, &store.interrupt_handle()?)?
            }
            Source::Bytes(bytes) => Module::new(self.engine, bytes)?,
        };
        let instance = self.linker.instantiate(&mut *store, &module)?;
        let func = instance.get_func(&*store, &job.func);
        let func = func.ok_or_else(|| JobError::NoFunction(job.func.clone()))?;
        let mut results = vec![Val::I32(0); func.ty(&*store).results().len()];
        func.call(store, &job.args, &mut results)?;
        Ok(results)
    }
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
