//! One script on one engine.

use crate::script::actions::{Expect, Stop, unsupported};
use crate::script::at::At;
use crate::script::book::{Book, Verdict, outcome_text};
use crate::script::interleave::Interleaving;
use crate::script::modules::Phase;
use crate::script::parse::{Lines, with_script};
use crate::script::source::{ScriptError, ScriptOptions, ScriptSource};
use crate::script::texts::{TextJudge, TextRule};
use crate::script::threads::Threads;
use etalon_adapters::{Adapter, AdapterError, Instance, Outcome, SessionConfig, Solo};
use etalon_record::Row;
use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use wast::token::Id;
use wast::{Wast, WastDirective, WastExecute};

/// The name of what an engine lacks if it cannot make calls in turns.
const THREADS: &str = "threads scripts";

/// What a name in a script, or the current module, refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// An instance.
    Live(Instance),
    /// Nothing, because the engine lacks this feature.
    Skipped(String),
    /// Nothing, because it failed or never existed.
    Failed,
}

/// The result of a `module definition`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Definition {
    /// The module's bytes.
    Bytes(Vec<u8>),
    /// Nothing, because the engine lacks this feature.
    Skipped(String),
    /// Nothing, because it failed.
    Failed,
}

/// A script's state: the session, and what its names refer to.
pub(crate) struct Runner<'a> {
    pub(crate) session: Solo,
    /// Whether the engine's words are not ours: nobody can compare them.
    is_foreign: bool,
    pub(crate) definitions: BTreeMap<Option<String>, Definition>,
    /// Names that would be registered if the engine had a feature: name and feature.
    pub(crate) skipped_names: BTreeMap<String, String>,
    /// Names that are registered.
    pub(crate) registered: BTreeSet<String>,
    /// The missing feature because of which a module was skipped that might have changed the state of others.
    pub(crate) tainted: Option<String>,
    pub(crate) instances: BTreeMap<String, Slot>,
    pub(crate) current: Slot,
    /// The script's threads.
    pub(crate) threads: Threads<'a>,
    /// Whether a thread was left out. Everything after it is skipped, because it might wait for the thread for ever.
    lacks_threads: bool,
    /// How texts are compared.
    pub(crate) judge: TextJudge,
    observed: blake3::Hasher,
}

/// Runs a script on an engine.
///
/// An engine that panics fails the directive in which it panicked and every assertion after it. After a command that
/// timed out nothing is known of the store, so what needs it is not run: only modules that must be refused, and definitions
/// of modules, are still judged.
///
/// # Errors
/// If the text is not a script. Everything else that goes wrong is in the row.
pub fn run_script(
    adapter: &dyn Adapter,
    source: &ScriptSource,
    options: &ScriptOptions,
) -> Result<Row, ScriptError> {
    let mut interleaving = Interleaving::seeded(options.seed);
    let (row, _) = run_interleaved(adapter, source, options, &mut interleaving)?;
    Ok(row)
}

/// Runs a script with one interleaving of its threads. Returns the row, and the outcomes of the calls as text, thread by
/// thread.
pub(crate) fn run_interleaved(
    adapter: &dyn Adapter,
    source: &ScriptSource,
    options: &ScriptOptions,
    interleaving: &mut Interleaving,
) -> Result<(Row, String), ScriptError> {
    let row = Row::new(&source.suite, &source.file, adapter.info().name);
    // What is known to fail is known of our tiers.
    let expected = if adapter.is_foreign() { &[] } else { source.expected.as_slice() };
    let book = Book::new(row, expected);
    let gas = options.gas.clone().filter(|_| adapter.meters_gas());
    let features = source.features.intersection(options.features);
    with_script(source, |script, lines| {
        let is_thread = |d: &WastDirective<'_>| matches!(d, WastDirective::Thread(_));
        let turns = script.directives.iter().any(is_thread);
        let config =
            SessionConfig { features, gas, turns, measure: false, time: options.time.clone() };
        let texts = if adapter.is_foreign() { TextRule::Lenient } else { options.texts };
        let judge = TextJudge::new(texts, source);
        let script = Judged { script, judge };
        run(adapter, &config, script, lines, book, interleaving)
    })
}

/// A script, and how its texts are compared.
struct Judged<'a> {
    script: Wast<'a>,
    judge: TextJudge,
}

fn run<'a>(
    adapter: &'a dyn Adapter,
    config: &SessionConfig,
    Judged { script, judge }: Judged<'a>,
    lines: &'a Lines<'a>,
    mut book: Book,
    interleaving: &'a mut Interleaving,
) -> (Row, String) {
    let start = At::start();
    let mut runner = match guarded(|| Runner::new(adapter, config, judge, lines, interleaving)) {
        Ok(Ok(runner)) => Some(runner),
        Ok(Err(error)) => {
            book.judge(&start, Verdict::fail("a session", error.to_string()));
            return (book.finish(), String::new());
        }
        Err(panic) => {
            book.judge(&start, broken(&panic));
            None
        }
    };
    // Directives of threads that have not been judged yet.
    let mut pending = Vec::new();
    let mut halt = None;
    for directive in script.directives {
        let mut all = At::all_in(&directive, lines);
        let is_thread = matches!(directive, WastDirective::Thread(_));
        let needs_store = needs_store(&directive);
        let work = |live: &mut Runner<'a>| live.directive(directive);
        let verdict = match halt.filter(|_| needs_store) {
            Some(line) => Verdict::NotRun { line },
            None => in_turn(&mut runner, &mut pending, &mut book, work),
        };
        if needs_store && matches!(verdict, Verdict::TimedOut { .. }) {
            halt = halt.or(Some(all[0].line));
        }
        if is_thread && verdict == Verdict::Pass {
            pending.extend(all.split_off(1));
        }
        for at in &all {
            book.judge(at, verdict.clone());
        }
        halt = halt.or(settle(&mut runner, &mut pending, &mut book));
        if let Some(line) = halt {
            pending.drain(..).for_each(|at| book.judge(&at, Verdict::NotRun { line }));
        }
    }
    // Threads that the script did not wait for still run to their ends.
    if halt.is_none() {
        halt = finish_threads(&mut runner, &mut pending, &mut book);
    }
    if let Some(line) = halt {
        pending.drain(..).for_each(|at| book.judge(&at, Verdict::NotRun { line }));
    }
    let mut row = book.finish();
    let mut outcomes = String::new();
    if let Some(runner) = runner {
        outcomes = runner.threads.outcomes();
        runner.finish(&mut row);
    }
    (row, outcomes)
}

/// Whether a directive needs what the store holds. Others are judged even after a command that timed out.
fn needs_store(directive: &WastDirective<'_>) -> bool {
    !matches!(
        directive,
        WastDirective::AssertMalformed { .. }
            | WastDirective::AssertInvalid { .. }
            | WastDirective::AssertMalformedCustom { .. }
            | WastDirective::AssertInvalidCustom { .. }
            | WastDirective::ModuleDefinition(_)
    )
}

/// Runs the threads to their ends. Returns the line of a directive that timed out.
fn finish_threads(
    runner: &mut Option<Runner<'_>>,
    pending: &mut Vec<At>,
    book: &mut Book,
) -> Option<u32> {
    in_turn(runner, pending, book, |live| {
        live.threads.begin();
        live.finish_threads();
        Verdict::Pass
    });
    settle(runner, pending, book)
}

/// Does a piece of work with a runner, if it still exists. An engine that panics is abandoned, and with it everything
/// that its threads still had to do.
fn in_turn<'a>(
    runner: &mut Option<Runner<'a>>,
    pending: &mut Vec<At>,
    book: &mut Book,
    work: impl FnOnce(&mut Runner<'a>) -> Verdict,
) -> Verdict {
    let Some(live) = runner else {
        let got = "not run: the engine had crashed".to_owned();
        return Verdict::Broken { expected: "an engine that runs".to_owned(), got };
    };
    match guarded(|| work(live)) {
        Ok(verdict) => verdict,
        Err(panic) => {
            abandon(runner.take());
            for at in pending.drain(..) {
                book.judge(&at, broken(&panic));
            }
            broken(&panic)
        }
    }
}

/// Adds the verdicts on directives of threads. Returns the line of one that timed out.
fn settle(runner: &mut Option<Runner<'_>>, pending: &mut Vec<At>, book: &mut Book) -> Option<u32> {
    let mut timed_out = None;
    let verdicts = runner.as_mut().map(|live| live.threads.take_verdicts());
    for (at, verdict) in verdicts.unwrap_or_default() {
        if let Some(i) = pending.iter().position(|p| *p == at) {
            pending.remove(i);
        }
        if matches!(verdict, Verdict::TimedOut { .. }) {
            timed_out = timed_out.or(Some(at.line));
        }
        book.judge(&at, verdict);
    }
    timed_out
}

/// Calls into an engine and catches its panics.
fn guarded<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|panic| panic_text(panic.as_ref()))
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("panic").to_owned()
}

fn broken(panic: &str) -> Verdict {
    let expected = "an engine that does not crash".to_owned();
    Verdict::Broken { expected, got: format!("crashed: {panic}") }
}

/// Drops what a panicked engine left behind, which may panic again.
fn abandon(runner: Option<Runner<'_>>) {
    drop(guarded(|| drop(runner)));
}

/// The action of a directive, and what the script expects of it; the directive itself if it is no action.
pub(crate) fn action(
    directive: WastDirective<'_>,
) -> Result<(WastExecute<'_>, Expect<'_>), Box<WastDirective<'_>>> {
    Ok(match directive {
        WastDirective::Invoke(invoke) => (WastExecute::Invoke(invoke), Expect::Returned),
        WastDirective::AssertReturn { exec, results, .. } => (exec, Expect::Results(results)),
        WastDirective::AssertTrap { exec, message, .. }
        | WastDirective::AssertSuspension { exec, message, .. } => {
            (exec, Expect::Stop(Stop::Trap(message)))
        }
        WastDirective::AssertExhaustion { call, message, .. } => {
            (WastExecute::Invoke(call), Expect::Stop(Stop::Exhaustion(message)))
        }
        WastDirective::AssertException { exec, .. } => (exec, Expect::Stop(Stop::Exception)),
        other => return Err(Box::new(other)),
    })
}

impl<'a> Runner<'a> {
    fn new(
        adapter: &'a dyn Adapter,
        config: &SessionConfig,
        judge: TextJudge,
        lines: &'a Lines<'a>,
        interleaving: &'a mut Interleaving,
    ) -> Result<Self, AdapterError> {
        let mut session = adapter.session(config)?;
        session.define_spectest()?;
        Ok(Runner {
            session,
            is_foreign: adapter.is_foreign(),
            definitions: BTreeMap::new(),
            skipped_names: BTreeMap::new(),
            registered: BTreeSet::new(),
            tainted: None,
            instances: BTreeMap::new(),
            current: Slot::Failed,
            threads: Threads::new(lines, interleaving, config.time.as_ref()),
            lacks_threads: false,
            judge,
            observed: blake3::Hasher::new(),
        })
    }

    /// The verdict on a directive. If a skipped module shares state with others, a failure may be due to that, and counts
    /// as skipped.
    pub(crate) fn directive(&mut self, directive: WastDirective<'a>) -> Verdict {
        self.threads.begin();
        let verdict = self.dispatch(directive);
        if verdict == Verdict::Pass && self.threads.is_late() {
            return Verdict::TimedOut { expected: "threads that end".to_owned() };
        }
        match (verdict, &self.tainted) {
            (Verdict::Fail { .. }, Some(feature)) => Verdict::Skip { feature: feature.clone() },
            (verdict, _) => verdict,
        }
    }

    fn dispatch(&mut self, directive: WastDirective<'a>) -> Verdict {
        if self.lacks_threads {
            return unsupported(THREADS);
        }
        match directive {
            WastDirective::Module(module) => self.module(module),
            WastDirective::ModuleDefinition(module) => self.definition(module),
            WastDirective::ModuleInstance { instance, module, .. } => {
                self.instance(instance, module)
            }
            WastDirective::Register { name, module, .. } => self.register(name, module),
            WastDirective::Invoke(_)
            | WastDirective::AssertReturn { .. }
            | WastDirective::AssertTrap { .. }
            | WastDirective::AssertSuspension { .. }
            | WastDirective::AssertExhaustion { .. }
            | WastDirective::AssertException { .. } => match action(directive) {
                Ok((exec, expect)) => self.act(exec, &expect),
                Err(_) => unsupported("actions"),
            },
            WastDirective::AssertMalformed { module, message, .. } => {
                self.assert_refused(module, Phase::Malformed, message)
            }
            WastDirective::AssertInvalid { module, message, .. } => {
                self.assert_refused(module, Phase::Invalid, message)
            }
            WastDirective::AssertUnlinkable { module, message, .. } => {
                self.assert_unlinkable(module, message)
            }
            WastDirective::AssertMalformedCustom { module, message, .. } => {
                self.assert_custom_refused(module, Phase::Malformed, message)
            }
            WastDirective::AssertInvalidCustom { module, message, .. } => {
                self.assert_custom_refused(module, Phase::Invalid, message)
            }
            WastDirective::Thread(_) if !self.session.takes_turns() => {
                self.lacks_threads = true;
                unsupported(THREADS)
            }
            WastDirective::Thread(thread) => self.thread(thread),
            WastDirective::Wait { thread, .. } => self.wait(thread),
        }
    }

    /// What a name, or its absence, refers to.
    pub(crate) fn slot(&self, name: Option<Id<'_>>) -> Slot {
        match name {
            None => self.current.clone(),
            Some(id) => self.instances.get(id.name()).cloned().unwrap_or(Slot::Failed),
        }
    }

    /// Makes an instance, or its absence, the current one.
    pub(crate) fn set_instance(&mut self, name: Option<String>, slot: Slot) {
        self.current = slot.clone();
        if let Some(name) = name {
            self.instances.insert(name, slot);
        }
    }

    /// Adds an outcome and the calls to host functions to the digest.
    pub(crate) fn note(&mut self, outcome: &Outcome) {
        self.observe(&outcome_text(outcome));
        for call in self.session.take_host_calls() {
            let args: Vec<_> = call.args.iter().map(|arg| arg.to_record().to_string()).collect();
            self.observe(&format!("{}.{}({})", call.module, call.name, args.join(", ")));
        }
    }

    fn observe(&mut self, text: &str) {
        self.observed.update(text.as_bytes());
        self.observed.update(b"\n");
    }

    fn finish(mut self, row: &mut Row) {
        row.not_compiled = self.session.not_compiled();
        if row.timed_out > 0 {
            return abandon(Some(self));
        }
        let state = guarded(|| (self.session.digest(), self.session.gas_consumed()));
        let Ok((digest, gas)) = state else { return abandon(Some(self)) };
        if let Some(digest) = digest {
            self.observe(&format!("{}{}{}", digest.memories, digest.globals, digest.tables));
        }
        let observed = self.observed.finalize().to_hex().to_string();
        row.digest = Some(observed).filter(|_| !self.is_foreign);
        // An engine that left something out has not charged for it, so its gas cannot be compared.
        row.gas_consumed = gas.filter(|_| row.unsupported.is_empty());
        abandon(Some(self));
    }
}
