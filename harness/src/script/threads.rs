//! `thread` and `wait`: the threads of a script, in turns.
//!
//! A thread has names of its own and shares with the script the one module that it names. The script
//! and its threads run on one engine, one turn at a time, so the outcome depends only on the
//! interleaving, and is sequentially consistent. A turn ends before an access to a memory. Everything
//! between two accesses, including loading modules, happens at once, because no other thread can
//! observe it.
//!
//! Time stands still as long as a thread can run. When none can, the wait with the shortest timeout
//! ends. If all remaining threads wait for ever, that is a deadlock, and each of their calls fails.

use crate::script::actions::{Expect, unsupported};
use crate::script::at::At;
use crate::script::book::{Verdict, outcome_text};
use crate::script::interleave::Interleaving;
use crate::script::parse::Lines;
use crate::script::runner::{Definition, Runner, Slot, action};
use etalon_adapters::{Call, Instance, Outcome, TimeLimit, Turn, Val};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::mem::swap;
use std::time::{Duration, Instant};
use wast::token::Id;
use wast::{WastDirective, WastExecute, WastThread};

/// Most turns of a script, because threads that wait for each other in loops would never end.
const MOST_TURNS: usize = 1_000_000;

/// The threads of a script, and their verdicts and outcomes.
pub(crate) struct Threads<'a> {
    all: Vec<Thread<'a>>,
    lines: &'a Lines<'a>,
    interleaving: &'a mut Interleaving,
    verdicts: Vec<(At, Verdict)>,
    /// The outcomes of calls as text, by thread.
    log: BTreeMap<String, Vec<String>>,
    /// The call that the script itself is making.
    script: Option<Call>,
    /// How long the turns of one directive may take together. The session watches each turn, but there may be many.
    limit: Option<Duration>,
    /// Until when turns may be taken.
    deadline: Option<Instant>,
    /// Whether the directive took too long.
    late: bool,
}

struct Thread<'a> {
    name: String,
    names: Names,
    left: VecDeque<(At, WastDirective<'a>)>,
    running: Option<(Call, At, Expect<'a>)>,
}

/// What names refer to in a thread. While the thread runs, this holds the script's names instead.
struct Names {
    definitions: BTreeMap<Option<String>, Definition>,
    skipped_names: BTreeMap<String, String>,
    registered: BTreeSet<String>,
    instances: BTreeMap<String, Slot>,
    current: Slot,
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Script,
    Thread(usize),
}

impl<'a> Threads<'a> {
    pub(crate) fn new(
        lines: &'a Lines<'a>,
        interleaving: &'a mut Interleaving,
        time: Option<&TimeLimit>,
    ) -> Self {
        let (all, verdicts, log) = Default::default();
        let limit = time.and_then(|time| time.each);
        let (script, deadline, late) = (None, None, false);
        Threads { all, lines, interleaving, verdicts, log, script, limit, deadline, late }
    }

    /// A directive begins, and with it the time that it may take.
    pub(crate) fn begin(&mut self) {
        self.late = false;
        self.deadline = self.limit.and_then(|limit| Instant::now().checked_add(limit));
    }

    /// Whether the turns of the directive took too long.
    pub(crate) fn is_late(&self) -> bool {
        self.late
    }

    /// Whether the script has started no thread yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Takes the verdicts on directives of threads since this was last called.
    pub(crate) fn take_verdicts(&mut self) -> Vec<(At, Verdict)> {
        std::mem::take(&mut self.verdicts)
    }

    /// Records the outcome of a call of a thread.
    pub(crate) fn log(&mut self, thread: &str, outcome: &Outcome) {
        if !self.is_empty() {
            self.log.entry(thread.to_owned()).or_default().push(outcome_text(outcome));
        }
    }

    /// The outcomes of all calls, thread by thread.
    pub(crate) fn outcomes(&self) -> String {
        let of =
            |(name, outcomes): (&String, &Vec<String>)| format!("{name}: {}", outcomes.join(", "));
        self.log.iter().map(of).collect::<Vec<_>>().join("; ")
    }
}

impl<'a> Runner<'a> {
    /// `thread`: it runs up to its first access to a memory, and continues when it gets turns.
    pub(crate) fn thread(&mut self, thread: WastThread<'a>) -> Verdict {
        let mut instances = BTreeMap::new();
        if let Some(shared) = thread.shared_module {
            instances.insert(shared.name().to_owned(), self.slot(Some(shared)));
        }
        let names = Names {
            definitions: BTreeMap::new(),
            skipped_names: BTreeMap::new(),
            registered: BTreeSet::new(),
            instances,
            current: Slot::Failed,
        };
        let lines = self.threads.lines;
        let at = |d: &WastDirective<'_>| At::all_in(d, lines).swap_remove(0);
        let left = thread.directives.into_iter().map(|d| (at(&d), d)).collect();
        let name = thread.name.name().to_owned();
        self.threads.all.push(Thread { name, names, left, running: None });
        self.turn_of_thread(self.threads.all.len() - 1);
        Verdict::Pass
    }

    /// `wait`: turns are taken until the thread has ended.
    pub(crate) fn wait(&mut self, name: Id<'_>) -> Verdict {
        let is_it = |thread: &Thread<'_>| thread.name == name.name();
        let Some(i) = self.threads.all.iter().rposition(is_it) else {
            return Verdict::fail(format!("a thread ${}", name.name()), "no such thread");
        };
        while !self.threads.all[i].is_over() {
            self.one_turn();
        }
        Verdict::Pass
    }

    /// Turns are taken until all threads have ended.
    pub(crate) fn finish_threads(&mut self) {
        while self.threads.all.iter().any(|thread| !thread.is_over()) {
            self.one_turn();
        }
    }

    /// A call of the script itself, while its threads take turns too.
    pub(crate) fn call_among_threads(
        &mut self,
        instance: Instance,
        export: &str,
        args: &[Val],
    ) -> Outcome {
        let call = match self.session.start(instance, export, args) {
            Ok(call) => call,
            Err(outcome) => return outcome,
        };
        if let Turn::Done(outcome) = self.session.turn(call) {
            return outcome;
        }
        self.threads.script = Some(call);
        loop {
            if let Some(outcome) = self.one_turn() {
                self.threads.script = None;
                return outcome;
            }
        }
    }

    /// Gives one thread, or the script, a turn. Returns the outcome of the script's own call, if that ended.
    fn one_turn(&mut self) -> Option<Outcome> {
        if self.threads.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            self.threads.late = true;
            // What they still had to do is not run.
            self.threads.all.iter_mut().for_each(|thread| thread.left.clear());
            return self.give_up(&Outcome::TimedOut);
        }
        let mut able: Vec<Who> = self.everybody().collect();
        able.retain(|who| self.timeout(*who).is_none());
        if able.is_empty() {
            return self.nobody_can_run();
        }
        let who = able[self.threads.interleaving.choose(able.len())];
        if self.threads.interleaving.turns() > MOST_TURNS {
            let why = format!("the threads took more than {MOST_TURNS} turns");
            let outcome = self.give_up(&Outcome::HostError(why.clone()));
            for thread in &mut self.threads.all {
                let left = thread.left.drain(..);
                self.threads
                    .verdicts
                    .extend(left.map(|(at, _)| (at, Verdict::fail("a turn", &why))));
            }
            return outcome;
        }
        match who {
            Who::Script => match self.session.turn(self.threads.script?) {
                Turn::Done(outcome) => Some(outcome),
                Turn::Paused | Turn::Waiting => None,
            },
            Who::Thread(i) => {
                self.turn_of_thread(i);
                None
            }
        }
    }

    /// All that have not ended.
    fn everybody(&self) -> impl Iterator<Item = Who> {
        let script = self.threads.script.map(|_| Who::Script);
        let threads = self.threads.all.iter().enumerate();
        script.into_iter().chain(threads.filter(|(_, t)| !t.is_over()).map(|(i, _)| Who::Thread(i)))
    }

    fn call_of(&self, who: Who) -> Option<Call> {
        match who {
            Who::Script => self.threads.script,
            Who::Thread(i) => self.threads.all[i].running.as_ref().map(|(call, ..)| *call),
        }
    }

    /// How long a thread or the script waits; `None` if it can run.
    fn timeout(&mut self, who: Who) -> Option<i64> {
        self.call_of(who).and_then(|call| self.session.waits(call))
    }

    /// All wait. The shortest timeout, if there is one, ends now; otherwise this is a deadlock.
    fn nobody_can_run(&mut self) -> Option<Outcome> {
        let everybody: Vec<Who> = self.everybody().collect();
        let waits = everybody.into_iter().filter_map(|who| Some((self.timeout(who)?, who)));
        let first = waits.filter(|(timeout, _)| *timeout >= 0).min_by_key(|(timeout, _)| *timeout);
        if let Some(call) = first.and_then(|(_, who)| self.call_of(who)) {
            self.session.time_out(call);
            return None;
        }
        let name = |who| match who {
            Who::Script => "the script".to_owned(),
            Who::Thread(i) => format!("${}", self.threads.all[i].name),
        };
        let names: Vec<String> = self.everybody().map(name).collect();
        let why = format!("deadlock: nobody is left to notify {}", names.join(", "));
        self.give_up(&Outcome::HostError(why))
    }

    /// Ends all calls that are under way; returns the outcome of the script's own.
    fn give_up(&mut self, outcome: &Outcome) -> Option<Outcome> {
        for i in 0..self.threads.all.len() {
            if let Some((call, at, expect)) = self.threads.all[i].running.take() {
                self.session.abandon(call);
                self.conclude(i, at, &expect, outcome);
            }
        }
        let call = self.threads.script?;
        self.session.abandon(call);
        Some(outcome.clone())
    }

    /// Runs a thread to its next access to a memory, or to its end.
    fn turn_of_thread(&mut self, i: usize) {
        self.swap_names(i);
        self.session.use_names(i + 1);
        self.advance(i);
        self.session.use_names(0);
        self.swap_names(i);
    }

    fn advance(&mut self, i: usize) {
        loop {
            if let Some((call, at, expect)) = self.threads.all[i].running.take() {
                let Turn::Done(outcome) = self.session.turn(call) else {
                    self.threads.all[i].running = Some((call, at, expect));
                    return;
                };
                self.conclude(i, at, &expect, &outcome);
            }
            let Some((at, directive)) = self.threads.all[i].left.pop_front() else { return };
            match action(directive) {
                Ok((WastExecute::Invoke(invoke), expect)) => {
                    let started = self
                        .callee(&invoke)
                        .map(|(instance, args)| self.session.start(instance, invoke.name, &args));
                    match started {
                        Ok(Ok(call)) => self.threads.all[i].running = Some((call, at, expect)),
                        Ok(Err(outcome)) => self.conclude(i, at, &expect, &outcome),
                        Err(verdict) => self.threads.verdicts.push((at, verdict)),
                    }
                }
                Ok((exec, expect)) => {
                    let verdict = self.act(exec, &expect);
                    self.threads.verdicts.push((at, verdict));
                }
                Err(directive) => {
                    let verdict = match *directive {
                        WastDirective::Thread(_) | WastDirective::Wait { .. } => {
                            unsupported("threads of threads")
                        }
                        other => self.directive(other),
                    };
                    self.threads.verdicts.push((at, verdict));
                }
            }
        }
    }

    /// A call of a thread has ended.
    fn conclude(&mut self, i: usize, at: At, expect: &Expect<'_>, outcome: &Outcome) {
        self.note(outcome);
        let name = self.threads.all[i].name.clone();
        self.threads.log(&name, outcome);
        self.threads.verdicts.push((at, expect.verdict(outcome, &self.judge)));
    }

    /// Swaps the current names with those of a thread.
    fn swap_names(&mut self, i: usize) {
        let names = &mut self.threads.all[i].names;
        swap(&mut self.definitions, &mut names.definitions);
        swap(&mut self.skipped_names, &mut names.skipped_names);
        swap(&mut self.registered, &mut names.registered);
        swap(&mut self.instances, &mut names.instances);
        swap(&mut self.current, &mut names.current);
    }
}

impl Thread<'_> {
    fn is_over(&self) -> bool {
        self.left.is_empty() && self.running.is_none()
    }
}
