//! A session of an engine in a process of its own.

use super::child::Patience;
use super::engine::{Pool, RemoteModule, Seat, Seated, Setup, Sitting, gone};
use super::facts::{Facts, spectest};
use super::folder::KeptFolder;
use super::protocol::{Answer, Ask, CallOf, Give, Given, TypeOf, Watched, value_text};
use crate::adapter::{
    AdapterError, ExportInfo, Extent, HostCall, Instance, Invocation, Prepared, Seen, Session,
    StateDigest, Watch,
};
use crate::memory::MemorySum;
use crate::outcome::{Outcome, Reason, Rejection};
use crate::program::{ProgramSeen, ProgramSetup};
use crate::reentry::REENTRY;
use crate::value::Val;
use crate::watchdog::TimeLimit;
use etalon::wasi;
use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

/// Whether an import is a function of WASI preview 1.
fn is_of_wasi(module: &str, name: &str) -> bool {
    module == wasi::MODULE && wasi::refused(module, name).is_none()
}

/// A session of an engine in a process of its own.
pub(crate) struct RemoteSession {
    pool: Arc<Pool>,
    setup: Setup,
    time: Option<TimeLimit>,
    seat: Arc<Seat>,
    /// Whether the process holds a session of somebody else's before this one.
    is_new: bool,
    /// Registered names, the last first looked at.
    names: Vec<(String, usize)>,
    has_spectest: bool,
    /// Whether it runs a program of WASI.
    has_program: bool,
    /// Imports that are made from their types.
    made: BTreeSet<(String, String)>,
    /// The number of each instance in the process, and its module.
    instances: Vec<(u64, Arc<RemoteModule>)>,
    host_calls: Vec<HostCall>,
    gas: Option<u64>,
    executed: Option<u64>,
}

impl RemoteSession {
    pub(crate) fn new(
        pool: Arc<Pool>,
        setup: Setup,
        time: Option<TimeLimit>,
        seat: Arc<Seat>,
    ) -> RemoteSession {
        RemoteSession {
            pool,
            setup,
            time,
            seat,
            is_new: true,
            names: Vec::new(),
            has_spectest: false,
            has_program: false,
            made: BTreeSet::new(),
            instances: Vec::new(),
            host_calls: Vec::new(),
            gas: None,
            executed: None,
        }
    }

    /// Does something with the process. An outcome after which nothing is known of it ends it.
    fn with<T>(
        &mut self,
        work: impl FnOnce(&mut Seated, &Pool, Option<&TimeLimit>) -> Result<T, Outcome>,
    ) -> Result<T, Outcome> {
        let (seat, time) = (Arc::clone(&self.seat), self.time.clone());
        let mut sitting = seat.lock();
        if matches!(*sitting, Sitting::Nobody) {
            *sitting = match self.pool.take(&self.setup, time.as_ref()) {
                Ok(seated) => Sitting::Somebody(Box::new(seated)),
                Err(outcome) => return Err(outcome),
            };
        }
        let Sitting::Somebody(seated) = &mut *sitting else {
            return Err(Outcome::Crashed("the engine's process is gone".to_owned()));
        };
        if std::mem::take(&mut self.is_new) && std::mem::replace(&mut seated.is_used, true) {
            // Written with what follows.
            seated.child.ask(Ask::Reset);
            if let Err(end) = seated.child.answer(Patience::of(time.as_ref()), false) {
                *sitting = Sitting::Gone;
                return Err(gone(end));
            }
        }
        let result = work(seated, &self.pool, time.as_ref());
        if matches!(result, Err(Outcome::Crashed(_) | Outcome::TimedOut)) {
            *sitting = Sitting::Gone;
        }
        result
    }

    /// What each import of a module is given.
    fn given(&self, facts: &Facts) -> Result<Vec<Given>, Outcome> {
        let given = facts.imports.iter().map(|(module, name, ty)| {
            let (give, ty) = match self.exporter(module, name) {
                Some(instance) => {
                    let instance = self.instances[instance].0;
                    (Give::Export { instance, export: name.clone() }, ty.clone())
                }
                None if facts.own_types.contains(&(module.clone(), name.clone())) => {
                    return Err(unlinkable("incompatible-import", module, name));
                }
                None if self.has_program && is_of_wasi(module, name) => (Give::Program, ty.clone()),
                None => {
                    match spectest(name).filter(|_| self.has_spectest && module == "spectest") {
                        Some(ty) => (Give::Spectest, ty),
                        None if self.made.contains(&(module.clone(), name.clone())) => {
                            let reenters = module == REENTRY && matches!(ty, TypeOf::Func { .. });
                            let calls = || facts.functions.iter().any(|of| of.is(name, ty));
                            if reenters && !(self.pool.can("reenter") && calls()) {
                                return Err(calls_nobody_back());
                            }
                            (if reenters { Give::Reenter } else { Give::Make }, ty.clone())
                        }
                        None => {
                            return Err(unlinkable("unknown-import", module, name));
                        }
                    }
                }
            };
            Ok(Given { module: module.clone(), name: name.clone(), give, ty })
        });
        given.collect()
    }

    /// The instance that a registered name means, if it exports the item.
    fn exporter(&self, module: &str, name: &str) -> Option<usize> {
        let named = self.names.iter().rev().filter(|(registered, _)| registered == module);
        let mut instances = named.map(|(_, instance)| *instance);
        instances.find(|instance| {
            let exports = &self.instances[*instance].1.facts.exports;
            exports.iter().any(|export| export.name == name)
        })
    }

    /// What the process is asked to observe, as far as it can.
    fn watched(&self, facts: &Facts, watch: Watch) -> Watched {
        let globals = if watch.globals { facts.globals.clone() } else { Vec::new() };
        let mut memories = Vec::new();
        if watch.memories && self.pool.can("memories") {
            let exports = facts.exports.iter().filter(|export| export.extent == Extent::Memory);
            memories.extend(exports.map(|export| export.name.clone()));
        }
        Watched { globals, digest: watch.digest && self.pool.can("digest"), memories }
    }

    /// Notes what an answer tells of the session.
    fn note(&mut self, seen: &Seen) {
        self.gas = seen.gas.or(self.gas);
        self.executed = seen.executed.or(self.executed);
    }

    /// One call, as the process is asked for it.
    fn call_of(facts: &Facts, call: Invocation<'_>) -> Option<CallOf> {
        let function = facts.functions.iter().find(|function| function.export == call.export)?;
        Some(CallOf {
            export: call.export.to_owned(),
            args: call.args.iter().map(|val| value_text(*val)).collect(),
            params: function.params.clone(),
            results: function.results.clone(),
        })
    }
}

/// What an answer shows. One that is none ends the process.
fn seen(
    seated: &mut Seated,
    pool: &Pool,
    answer: Answer,
    watch: &Watched,
) -> Result<Seen, Outcome> {
    if let Some(error) = answer.error {
        return Err(Outcome::HostError(error));
    }
    let mut seen = answer.seen(watch).map_err(|error| gone(seated.child.crashed(error)))?;
    seen.outcome = pool.in_our_words(seen.outcome);
    Ok(seen)
}

fn calls_nobody_back() -> Outcome {
    let feature = "re-entry".to_owned();
    let message = "its host functions do not call the guest in that way".to_owned();
    Outcome::Rejected(Rejection::Unsupported { feature, message })
}

fn unlinkable(kind: &'static str, module: &str, name: &str) -> Outcome {
    let text = format!("{}: {module:?} {name:?}", kind.replace('-', " "));
    Outcome::Rejected(Rejection::Unlinkable(Reason::new(Some(kind), text)))
}

/// What an engine lacks that only validates.
pub(super) const EXECUTION: &str = "execution";

fn executes_nothing() -> Outcome {
    let (feature, message) = (EXECUTION.to_owned(), "the engine only validates".to_owned());
    Outcome::Rejected(Rejection::Unsupported { feature, message })
}

impl Session for RemoteSession {
    fn define_spectest(&mut self) -> Result<(), AdapterError> {
        self.has_spectest = true;
        Ok(())
    }

    fn define_program(&mut self, setup: &ProgramSetup) -> Result<(), AdapterError> {
        let refused = |reason: String| AdapterError { engine: self.pool.name.clone(), reason };
        if !self.pool.can("program") {
            return Err(refused("it runs no programs of WASI preview 1".to_owned()));
        }
        let setup = setup.clone();
        let defined = self.with(|seated, pool, time| {
            if pool.can("folder") && seated.folder.is_none() {
                let made = KeptFolder::new(seated.child.group());
                let failed = |error: io::Error| Outcome::HostError(error.to_string());
                seated.folder = Some(made.map_err(failed)?);
            }
            let folder = seated.folder.as_ref().map(|kept| kept.path().to_owned());
            let ask = Ask::Program { setup, folder };
            let answer = seated.child.exchange(ask, Patience::of(time)).map_err(gone)?;
            let seen = seen(seated, pool, answer, &Watched::default())?;
            if seen.outcome.goes_on() && !matches!(seen.outcome, Outcome::HostError(_)) {
                return Ok(());
            }
            Err(seen.outcome)
        });
        defined.map_err(|outcome| AdapterError {
            engine: self.pool.name.clone(),
            reason: format!("it cannot have the program: {outcome:?}"),
        })?;
        self.has_program = true;
        Ok(())
    }

    fn program_seen(&mut self) -> Option<ProgramSeen> {
        if !self.has_program {
            return None;
        }
        let left = self.with(|seated, _, time| {
            seated.child.exchange(Ask::Left, Patience::of(time)).map_err(gone)
        });
        left.ok()?.left
    }

    fn define_missing_imports(&mut self, module: &Prepared) -> Result<(), Outcome> {
        let module: &Arc<RemoteModule> = module.module()?;
        for (from, name, _) in &module.facts.imports {
            let in_spectest = self.has_spectest && from == "spectest" && spectest(name).is_some();
            let in_program = self.has_program && is_of_wasi(from, name);
            if !in_spectest && !in_program && self.exporter(from, name).is_none() {
                self.made.insert((from.clone(), name.clone()));
            }
        }
        Ok(())
    }

    fn instantiate(&mut self, module: &Prepared) -> Result<Instance, Outcome> {
        let module = Arc::clone(module.module::<Arc<RemoteModule>>()?);
        if !self.pool.can("instantiate") {
            return Err(executes_nothing());
        }
        let (imports, number) = (self.given(&module.facts)?, module.number);
        let held = Arc::clone(&module);
        let (seen, instance) = self.with(move |seated, pool, time| {
            seated.hold(&held, time)?;
            let watch = Watched::default();
            let ask = Ask::Instantiate { module: number, imports, watch: watch.clone() };
            let answer = seated.child.exchange(ask, Patience::of(time)).map_err(gone)?;
            let instance = answer.instance;
            let seen = seen(seated, pool, answer, &watch)?;
            match (&seen.outcome, instance) {
                (Outcome::Returned(_), None) => {
                    let text = "it made an instance without a number".to_owned();
                    Err(gone(seated.child.crashed(text)))
                }
                _ => Ok((seen, instance)),
            }
        })?;
        self.note(&seen);
        self.host_calls.extend(seen.host_calls);
        match (seen.outcome, instance) {
            (Outcome::Returned(_), Some(instance)) => {
                self.instances.push((instance, module));
                Ok(Instance(self.instances.len() - 1))
            }
            (outcome, _) => Err(outcome),
        }
    }

    fn register(&mut self, name: &str, instance: Instance) {
        self.names.push((name.to_owned(), instance.0));
    }

    fn exports(&self, instance: Instance) -> Vec<ExportInfo> {
        self.instances[instance.0].1.facts.exports.clone()
    }

    fn invoke(&mut self, instance: Instance, export: &str, args: &[Val]) -> Outcome {
        let mut outcome = None;
        let mut host_calls = Vec::new();
        let call = Invocation { export, args };
        self.invoke_all(instance, &[call], Watch::default(), &mut |seen| {
            outcome = Some(seen.outcome);
            host_calls = seen.host_calls;
        });
        self.host_calls = host_calls;
        outcome.unwrap_or_else(|| Outcome::HostError("the engine did not answer".to_owned()))
    }

    fn global(&mut self, instance: Instance, export: &str) -> Option<Val> {
        let (number, module) = self.instances[instance.0].clone();
        let global = module.facts.globals.iter().find(|global| global.export == export)?.clone();
        let read = self.with(|seated, pool, time| {
            let ask = Ask::Global { instance: number, global: global.clone() };
            let answer = seated.child.exchange(ask, Patience::of(time)).map_err(gone)?;
            seen(seated, pool, answer, &Watched::default())
        });
        match read.ok()?.outcome {
            Outcome::Returned(values) => values.first().copied(),
            _ => None,
        }
    }

    fn memory(&mut self, instance: Instance, export: &str) -> Option<MemorySum> {
        if !self.pool.can("memories") {
            return None;
        }
        let (instance, memory) = (self.instances[instance.0].0, export.to_owned());
        let answer = self.with(|seated, _, time| {
            let ask = Ask::Memory { instance, memory };
            seated.child.exchange(ask, Patience::of(time)).map_err(gone)
        });
        answer.ok()?.memories.first().copied()?
    }

    fn take_host_calls(&mut self) -> Vec<HostCall> {
        std::mem::take(&mut self.host_calls)
    }

    fn gas_consumed(&self) -> Option<u64> {
        self.gas
    }

    fn gas_executed(&self) -> Option<u64> {
        self.executed
    }

    fn digest(&mut self) -> Option<StateDigest> {
        if !self.pool.can("digest") {
            return None;
        }
        let answer = self.with(|seated, _, time| {
            seated.child.exchange(Ask::Digest, Patience::of(time)).map_err(gone)
        });
        answer.ok()?.digest.map(super::protocol::DigestOf::digest)
    }

    /// All calls are written at once, and each has an answer of its own: one way there and back for as many as there are.
    fn invoke_all(
        &mut self,
        instance: Instance,
        calls: &[Invocation<'_>],
        watch: Watch,
        sink: &mut dyn FnMut(Seen),
    ) {
        let (number, module) = self.instances[instance.0].clone();
        let asked: Option<Vec<CallOf>> =
            calls.iter().map(|call| Self::call_of(&module.facts, *call)).collect();
        let Some(asked) = asked else {
            let text = "no function is exported under that name".to_owned();
            return sink(Seen::ended(Outcome::HostError(text)));
        };
        if asked.is_empty() {
            return;
        }
        let watch = self.watched(&module.facts, watch);
        let mut observed = Vec::new();
        let ended = self.with(|seated, pool, time| {
            let count = asked.len();
            let watched = watch.clone();
            seated.child.ask(Ask::Invoke { instance: number, calls: asked, watch: watched });
            let mut is_over = false;
            for left in (0..count).rev() {
                let answer = seated.child.answer(Patience::of(time), left > 0).map_err(gone)?;
                // The engine stops by its own words, which may mean something else in ours.
                let stops = answer.error.is_some() || answer.stops();
                if stops && left > 0 {
                    seated.child.no_more();
                }
                if !is_over {
                    let seen = seen(seated, pool, answer, &watch)?;
                    is_over = !seen.outcome.goes_on();
                    let outcome = seen.outcome.clone();
                    observed.push(seen.clone());
                    sink(seen);
                    if matches!(outcome, Outcome::Crashed(_) | Outcome::TimedOut) {
                        return Err(outcome);
                    }
                }
                if stops {
                    break;
                }
            }
            Ok(())
        });
        for seen in &observed {
            self.note(seen);
        }
        let told = observed.last().is_some_and(|seen| !seen.outcome.goes_on());
        if let Err(outcome) = ended
            && !told
        {
            sink(Seen::ended(outcome));
        }
    }
}

/// A process that lives is for the next session.
impl Drop for RemoteSession {
    fn drop(&mut self) {
        let sitting = std::mem::replace(&mut *self.seat.lock(), Sitting::Gone);
        if let Sitting::Somebody(seated) = sitting {
            self.pool.put(*seated);
        }
    }
}
