//! Where two snapshots part.

use crate::bill::FunctionBill;
use crate::snapshot::{FIGURES, ScenarioBills, Snapshot, StepBill};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// By how much consumed gas may differ. Everything else must be equal.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tolerance {
    /// In gas.
    pub gas: u64,
    /// In hundredths of what was consumed before.
    pub percent: f64,
}

impl Tolerance {
    fn allows(&self, before: u64, now: u64) -> bool {
        let change = before.abs_diff(now);
        change <= self.gas || change as f64 <= before as f64 * self.percent / 100.0
    }

    fn is_none(&self) -> bool {
        self.gas == 0 && self.percent <= 0.0
    }
}

/// A step, a scenario or a schedule that is another.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Difference {
    /// Another schedule: no figure of one can be compared with one of the other.
    Schedule {
        /// The id before.
        before: String,
        /// The id now.
        now: String,
    },
    /// A scenario is gone.
    Vanished {
        /// Its name.
        scenario: String,
    },
    /// A scenario is new.
    New {
        /// Its name.
        scenario: String,
    },
    /// The steps of a scenario are others.
    Steps {
        /// Its name.
        scenario: String,
        /// The first step that was not there, or is another.
        before: String,
        /// What is in its place.
        now: String,
    },
    /// A step did something else, or took something else.
    Step {
        /// The scenario.
        scenario: String,
        /// The step.
        step: String,
        /// How it ended before and now, if otherwise.
        outcome: Option<[String; 2]>,
        /// The figures that changed, with what they were and are.
        figures: Vec<(&'static str, [u64; 2])>,
        /// The functions that moved gas, those that moved most first.
        functions: Vec<Moved>,
        /// The operators that moved gas, likewise.
        operators: Vec<Moved>,
    },
}

/// What moved gas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// The function or operator.
    pub name: String,
    /// Its own gas before.
    pub before: u64,
    /// Its own gas now.
    pub now: u64,
    /// How often it was called or executed before.
    pub count_before: u64,
    /// How often now.
    pub count_now: u64,
}

impl Moved {
    /// How much more it takes.
    pub fn by(&self) -> i128 {
        i128::from(self.now) - i128::from(self.before)
    }
}

/// Where two snapshots part, in the order of the second, then what is gone.
pub fn differences(before: &Snapshot, now: &Snapshot, tolerance: Tolerance) -> Vec<Difference> {
    if before.schedule != now.schedule {
        let (before, now) = (before.schedule.clone(), now.schedule.clone());
        return vec![Difference::Schedule { before, now }];
    }
    let mut all = Vec::new();
    let old: BTreeMap<&str, &ScenarioBills> =
        before.scenarios.iter().map(|scenario| (&*scenario.name, scenario)).collect();
    for scenario in &now.scenarios {
        match old.get(&*scenario.name) {
            Some(old) => of_scenario(old, scenario, tolerance, &mut all),
            None => all.push(Difference::New { scenario: scenario.name.clone() }),
        }
    }
    let names: BTreeSet<&str> = now.scenarios.iter().map(|scenario| &*scenario.name).collect();
    let gone = before.scenarios.iter().filter(|scenario| !names.contains(&*scenario.name));
    all.extend(gone.map(|gone| Difference::Vanished { scenario: gone.name.clone() }));
    all
}

fn of_scenario(
    before: &ScenarioBills,
    now: &ScenarioBills,
    tolerance: Tolerance,
    all: &mut Vec<Difference>,
) {
    for at in 0..before.steps.len().max(now.steps.len()) {
        let [old, new] = [before, now].map(|scenario| scenario.steps.get(at));
        let (Some(old), Some(new)) = (old, new) else {
            all.push(other_steps(&now.name, old, new));
            return;
        };
        if old.what != new.what {
            all.push(other_steps(&now.name, Some(old), Some(new)));
            return;
        }
        all.extend(of_step(&now.name, old, new, tolerance));
    }
}

fn other_steps(scenario: &str, old: Option<&StepBill>, new: Option<&StepBill>) -> Difference {
    let what = |step: Option<&StepBill>| step.map_or("nothing", |step| &step.what).to_owned();
    Difference::Steps { scenario: scenario.to_owned(), before: what(old), now: what(new) }
}

fn of_step(
    scenario: &str,
    old: &StepBill,
    new: &StepBill,
    tolerance: Tolerance,
) -> Option<Difference> {
    if old == new || said(old) == said(new) {
        return None;
    }
    let outcome = (old.outcome != new.outcome).then(|| [old.outcome.clone(), new.outcome.clone()]);
    let figures: Vec<(&str, [u64; 2])> = FIGURES
        .into_iter()
        .zip(old.figures.into_iter().zip(new.figures))
        .filter(|(_, (old, new))| old != new)
        .map(|(name, (old, new))| (name, [old, new]))
        .collect();
    // What else counts gas follows what was consumed.
    let in_bounds = !tolerance.is_none()
        && outcome.is_none()
        && tolerance.allows(old.consumed(), new.consumed())
        && figures.iter().all(|(name, _)| ["consumed", "executed", "outside"].contains(name));
    if in_bounds {
        return None;
    }
    let functions = |step: &StepBill| -> Vec<(String, u64, u64)> {
        step.functions.iter().map(|f| (f.name.clone(), f.exclusive, f.calls)).collect()
    };
    let operators = |step: &StepBill| -> Vec<(String, u64, u64)> {
        step.operators.iter().map(|o| (o.name.clone(), o.gas, o.count)).collect()
    };
    Some(Difference::Step {
        scenario: scenario.to_owned(),
        step: new.what.clone(),
        outcome,
        figures,
        functions: moved(functions(old), functions(new)),
        operators: moved(operators(old), operators(new)),
    })
}

/// What a step says, but for the indices of functions, which change where one is added.
fn said(step: &StepBill) -> StepBill {
    let mut step = step.clone();
    step.functions.iter_mut().for_each(|function| function.index = 0);
    step.functions.sort_by(|a, b| {
        let key = |f: &FunctionBill| (f.name.clone(), f.calls, f.inclusive, f.exclusive);
        key(a).cmp(&key(b))
    });
    step
}

/// What moved gas or changed its count, what moved most first. Functions are known by their names: their indices change where one is added.
fn moved(old: Vec<(String, u64, u64)>, new: Vec<(String, u64, u64)>) -> Vec<Moved> {
    let mut rows: BTreeMap<String, [u64; 4]> = BTreeMap::new();
    for (name, gas, count) in old {
        let row = rows.entry(name).or_default();
        (row[0], row[2]) = (row[0].saturating_add(gas), row[2].saturating_add(count));
    }
    for (name, gas, count) in new {
        let row = rows.entry(name).or_default();
        (row[1], row[3]) = (row[1].saturating_add(gas), row[3].saturating_add(count));
    }
    let changed = rows.into_iter().filter(|(_, row)| row[0] != row[1] || row[2] != row[3]);
    let mut moved: Vec<Moved> = changed
        .map(|(name, [before, now, count_before, count_now])| Moved {
            name,
            before,
            now,
            count_before,
            count_now,
        })
        .collect();
    moved.sort_by_key(|moved| std::cmp::Reverse(moved.by().unsigned_abs()));
    moved
}
