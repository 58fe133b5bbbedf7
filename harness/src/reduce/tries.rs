//! Trying modules: on all cores, with a budget, and with the same result on any number of cores.

use crate::diff::{Case, Differ, Difference, Judged, Verdict};
use crate::localise::{Known, known_values};
use crate::rewrite::Text;
use etalon_adapters::{AdapterError, Outcome};
use etalon_module::Module;
use etalon_record::Aspect;
use std::thread::{Builder, scope};
use std::time::{Duration, Instant};

/// What a try costs: so much as this many proposals that are no valid modules.
const TRY: u64 = 16;
/// A case that times out takes as long as so many others, or longer.
const LATE: u64 = 200 * TRY;
/// How much gas costs as much as a proposal that is no valid module.
const GAS: u64 = 8000;
/// What it costs to have the values of all instructions told.
const TELL: u64 = 8 * TRY;

/// The code generators and validators recurse over what is nested.
const STACK: usize = 16 << 20;

/// How much may be tried.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// How many modules are run. Those that run long count for more, and so many that are not valid for one.
    pub tries: u64,
    /// How many at once.
    pub jobs: usize,
    /// How long at most. What comes of a reduction that this ends depends on the machine.
    pub time: Option<Duration>,
}

impl Default for Budget {
    /// As many tries as take seconds for a usual module, one at a time.
    fn default() -> Self {
        Budget { tries: 6000, jobs: 1, time: None }
    }
}

/// What it cost to judge a case. It is the same on every machine, unless the case timed out.
fn cost(judged: &Judged) -> u64 {
    let gas = judged.traces.iter().flat_map(|trace| &trace.steps).filter_map(|step| step.gas).max();
    match judged.verdict {
        Verdict::TimedOut { .. } => LATE,
        _ => TRY + gas.unwrap_or(0) / GAS,
    }
}

/// In what way engines differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Goal {
    engine: usize,
    aspect: Aspect,
    /// How the step in which they differ ended on the first and on the other, unless it ended alike and they differ in something else.
    endings: [Option<String>; 2],
}

impl Goal {
    pub(crate) fn of(judged: &Judged, engine: usize, difference: &Difference) -> Goal {
        let endings = [0, engine].map(|number| {
            let step = judged.traces.get(number)?.steps.get(difference.step)?;
            Some(match &step.outcome {
                Outcome::Trapped { text, .. } => format!("trapped: {text}"),
                // The text of a crash may name places.
                outcome => outcome.kind().to_string(),
            })
        });
        use Aspect::{Files, Gas, Globals, HostCalls, Memory, Output, Tables};
        let is_of_state = matches!(
            difference.aspect,
            Files | Gas | Globals | HostCalls | Memory | Output | Tables
        );
        // A law is broken by one engine, in what it may have done in any way.
        let is_law = difference.aspect.is_law();
        let endings =
            if is_law || is_of_state && endings[0] == endings[1] { [None, None] } else { endings };
        Goal { engine, aspect: difference.aspect, endings }
    }

    pub(crate) fn aspect(&self) -> Aspect {
        self.aspect
    }

    pub(crate) fn engine(&self) -> usize {
        self.engine
    }

    /// The way in which a case differs, if it does on the same engine.
    pub(crate) fn found(&self, judged: &Judged) -> Option<Goal> {
        match &judged.verdict {
            Verdict::Diverged { engine, difference } if *engine == self.engine => {
                Some(Goal::of(judged, *engine, difference))
            }
            _ => None,
        }
    }
}

/// What tries whether engines still differ in the same way.
pub(crate) struct Tries<'a> {
    pub(crate) differ: &'a Differ,
    pub(crate) goal: Goal,
    budget: Budget,
    /// What is left, in proposals that are not valid.
    left: u64,
    made: u64,
    begun: Instant,
}

impl<'a> Tries<'a> {
    pub(crate) fn new(differ: &'a Differ, goal: Goal, budget: Budget) -> Self {
        let left = budget.tries.saturating_mul(TRY);
        Tries { differ, goal, budget, left, made: 0, begun: Instant::now() }
    }

    /// How many were made.
    pub(crate) fn made(&self) -> u64 {
        self.made
    }

    /// The values that the first engine has for each instruction of a case.
    pub(crate) fn known_values(&mut self, case: &Case, text: &Text) -> Known {
        self.left = self.left.saturating_sub(TELL);
        known_values(self.differ, case, text)
    }

    /// Whether nothing more is to be tried.
    pub(crate) fn is_over(&self) -> bool {
        let is_late = self.budget.time.is_some_and(|time| self.begun.elapsed() >= time);
        is_late || self.left == 0 || self.is_stopped()
    }

    /// Whether somebody has stopped everything.
    pub(crate) fn is_stopped(&self) -> bool {
        let time = &self.differ.options().run.time;
        time.as_ref().is_some_and(|time| time.watchdog.is_stopped())
    }

    pub(crate) fn judge(&self, case: &Case) -> Result<Judged, AdapterError> {
        self.differ.judge(case)
    }

    /// Whether engines differ in a case in the same way.
    pub(crate) fn holds(&mut self, case: &Case) -> Result<bool, AdapterError> {
        Ok(self.first(&mut std::iter::once(case.clone()))?.is_some())
    }

    /// The first of the cases in which engines differ in the same way.
    pub(crate) fn first(
        &mut self,
        cases: &mut dyn Iterator<Item = Case>,
    ) -> Result<Option<Case>, AdapterError> {
        self.first_that(cases, &|goal, judged| goal.found(judged).as_ref() == Some(goal))
    }

    /// The first of the cases of which something holds. Those that are no valid modules are passed over.
    pub(crate) fn first_that(
        &mut self,
        cases: &mut dyn Iterator<Item = Case>,
        holds: &dyn Fn(&Goal, &Judged) -> bool,
    ) -> Result<Option<Case>, AdapterError> {
        let features = self.differ.options().run.features;
        // Each with the number of proposals before it that are not valid: those behind the one that is taken do not count, however
        // many are looked at at once.
        let mut refused = 0;
        let mut valid = cases.filter_map(|case| {
            if Module::new(&case.wasm, features).is_ok() {
                return Some((std::mem::take(&mut refused), case));
            }
            refused += 1;
            None
        });
        loop {
            if self.is_over() {
                return Ok(None);
            }
            let most = self.budget.jobs.clamp(1, 64);
            let (before, some): (Vec<u64>, Vec<Case>) = valid.by_ref().take(most).unzip();
            if some.is_empty() {
                drop(valid);
                self.left = self.left.saturating_sub(refused);
                return Ok(None);
            }
            let judged = self.judge_all(&some);
            for ((case, judged), before) in some.into_iter().zip(judged).zip(before) {
                // As if they were tried one after the other.
                if self.left == 0 {
                    return Ok(None);
                }
                let judged = judged?;
                self.made += 1;
                self.left = self.left.saturating_sub(before + cost(&judged));
                if holds(&self.goal, &judged) {
                    return Ok(Some(case));
                }
            }
        }
    }

    /// The verdicts on several cases, one thread for each.
    fn judge_all(&self, cases: &[Case]) -> Vec<Result<Judged, AdapterError>> {
        if let [one] = cases {
            return vec![self.differ.judge(one)];
        }
        scope(|scope| {
            let start = |case| {
                let work = move || self.differ.judge(case);
                (case, Builder::new().stack_size(STACK).spawn_scoped(scope, work))
            };
            let threads: Vec<_> = cases.iter().map(start).collect();
            let end = |(case, thread): (&Case, std::io::Result<_>)| match thread {
                Ok(thread) => {
                    let thread: std::thread::ScopedJoinHandle<'_, _> = thread;
                    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                }
                // The system has no thread for it.
                Err(_) => self.differ.judge(case),
            };
            threads.into_iter().map(end).collect()
        })
    }
}
