//! Snapshots: the bills of all scenarios of a module, as text that a person reads and a program compares.

use crate::bill::{Bill, FunctionBill, OperatorBill};
use crate::error::SnapshotError;
use crate::text::ended;
use std::collections::BTreeSet;
use std::fmt;

/// What the first line of a snapshot says.
const TITLE: &str = "gas snapshot 1";

/// The bills of all scenarios of a module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The id of the schedule (gas-1, *Schedule files*).
    pub schedule: String,
    /// The scenarios, in the order of their file.
    pub scenarios: Vec<ScenarioBills>,
}

/// The bills of a scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScenarioBills {
    /// Its name.
    pub name: String,
    /// Loading, then each call.
    pub steps: Vec<StepBill>,
}

/// A bill as a snapshot has it: a [`Bill`] without the way that gas went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepBill {
    /// What was called, with its arguments.
    pub what: String,
    /// How it ended, with its results.
    pub outcome: String,
    /// The figures by name, in the order of [`FIGURES`].
    pub figures: [u64; FIGURES.len()],
    /// Each function that ran, by its index.
    pub functions: Vec<FunctionBill>,
    /// Each operator that ran, by name.
    pub operators: Vec<OperatorBill>,
}

/// The figures of a step, as snapshots name them.
pub const FIGURES: [&str; 6] = ["consumed", "executed", "outside", "depth", "pages", "heap"];

impl From<&Bill> for StepBill {
    fn from(bill: &Bill) -> StepBill {
        let Bill { consumed, executed, outside, depth, pages, heap, .. } = *bill;
        StepBill {
            what: bill.what.clone(),
            outcome: ended(&bill.outcome),
            figures: [consumed, executed, outside, depth, pages, heap],
            functions: bill.functions.clone(),
            operators: bill.operators.clone(),
        }
    }
}

impl StepBill {
    /// Gas that was charged.
    pub fn consumed(&self) -> u64 {
        self.figures[0]
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{TITLE}\nschedule {}", self.schedule)?;
        for scenario in &self.scenarios {
            writeln!(f, "\nscenario {}", scenario.name)?;
            scenario.steps.iter().try_for_each(|step| step.write(f))?;
        }
        Ok(())
    }
}

impl StepBill {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  step {} -> {}", self.what, self.outcome)?;
        for (name, figure) in FIGURES.iter().zip(self.figures) {
            writeln!(f, "    {name} {figure}")?;
        }
        for FunctionBill { index, name, calls, inclusive, exclusive } in &self.functions {
            writeln!(
                f,
                "    function {index} {name}: calls {calls}, inclusive {inclusive}, exclusive {exclusive}"
            )?;
        }
        for OperatorBill { name, count, gas } in &self.operators {
            writeln!(f, "    operator {name}: count {count}, gas {gas}")?;
        }
        Ok(())
    }
}

impl Snapshot {
    /// Reads what [`Display`](fmt::Display) wrote.
    ///
    /// # Errors
    /// If it is something else.
    pub fn parse(text: &str) -> Result<Snapshot, SnapshotError> {
        let mut snapshot = Snapshot::default();
        let (mut names, mut figures) = (BTreeSet::new(), BTreeSet::new());
        let mut lines = (1..).zip(text.lines());
        let mut expect = |what: &str| match lines.next() {
            Some((_, line)) if line == what || (what.ends_with(' ') && line.starts_with(what)) => {
                Ok(line[what.len()..].to_owned())
            }
            other => {
                let line = other.map_or(1, |(number, _)| number);
                Err(SnapshotError { line, message: format!("`{}` is missing", what.trim_end()) })
            }
        };
        expect(TITLE)?;
        snapshot.schedule = expect("schedule ")?;
        for (line, text) in lines {
            let fault = |message: &str| SnapshotError { line, message: message.to_owned() };
            let word = text.trim_start();
            if word.is_empty() {
                continue;
            }
            if let Some(name) = text.strip_prefix("scenario ") {
                let name = name.to_owned();
                if !names.insert(name.clone()) {
                    return Err(fault("there is a scenario of that name already"));
                }
                if missing(&snapshot, &figures) {
                    return Err(fault("the step before lacks a figure"));
                }
                snapshot.scenarios.push(ScenarioBills { name, steps: Vec::new() });
                continue;
            }
            let scenario = snapshot.scenarios.last_mut().ok_or(fault("no scenario has begun"))?;
            if let Some(step) = text.strip_prefix("  step ") {
                if !scenario.steps.is_empty() && figures.len() < FIGURES.len() {
                    return Err(fault("the step before lacks a figure"));
                }
                figures.clear();
                let (what, outcome) = step.rsplit_once(" -> ").ok_or(fault("` -> ` is missing"))?;
                let (what, outcome) = (what.to_owned(), outcome.to_owned());
                scenario.steps.push(StepBill { what, outcome, ..StepBill::default() });
                continue;
            }
            let step = scenario.steps.last_mut().ok_or(fault("no step has begun"))?;
            let row = read_row(step, word);
            let row = row.ok_or(fault("it is no figure, function or operator of a step"))?;
            if let Row::Figure(at) = row
                && !figures.insert(at)
            {
                return Err(fault("it is said twice"));
            }
            if !is_in_order(step) {
                return Err(fault("it is not in order, or said twice"));
            }
        }
        let line = text.lines().count();
        match missing(&snapshot, &figures) {
            true => Err(SnapshotError { line, message: "the last step lacks a figure".to_owned() }),
            false => Ok(snapshot),
        }
    }
}

/// What a line of a step was.
enum Row {
    Figure(usize),
    Other,
}

/// Whether the last step lacks one of the figures, of which these are there.
fn missing(snapshot: &Snapshot, figures: &BTreeSet<usize>) -> bool {
    let last = snapshot.scenarios.last().and_then(|scenario| scenario.steps.last());
    last.is_some() && figures.len() < FIGURES.len()
}

/// Whether the last function and the last operator come after the ones before.
fn is_in_order(step: &StepBill) -> bool {
    let functions = match &*step.functions {
        [.., before, last] => before.index < last.index,
        _ => true,
    };
    let operators = match &*step.operators {
        [.., before, last] => before.name < last.name,
        _ => true,
    };
    functions && operators
}

/// A line of a step.
fn read_row(step: &mut StepBill, line: &str) -> Option<Row> {
    let (word, rest) = line.split_once(' ')?;
    if let Some(at) = FIGURES.iter().position(|name| *name == word) {
        step.figures[at] = rest.parse().ok()?;
        return Some(Row::Figure(at));
    }
    match word {
        "function" => {
            let (index, rest) = rest.split_once(' ')?;
            let (name, numbers) = rest.rsplit_once(": calls ")?;
            let (calls, numbers) = numbers.split_once(", inclusive ")?;
            let (inclusive, exclusive) = numbers.split_once(", exclusive ")?;
            step.functions.push(FunctionBill {
                index: index.parse().ok()?,
                name: name.to_owned(),
                calls: calls.parse().ok()?,
                inclusive: inclusive.parse().ok()?,
                exclusive: exclusive.parse().ok()?,
            });
        }
        "operator" => {
            let (name, numbers) = rest.rsplit_once(": count ")?;
            let (count, gas) = numbers.split_once(", gas ")?;
            let (count, gas) = (count.parse().ok()?, gas.parse().ok()?);
            step.operators.push(OperatorBill { name: name.to_owned(), count, gas });
        }
        _ => return None,
    }
    Some(Row::Other)
}

/// A snapshot of bills.
impl FromIterator<(String, Vec<Bill>)> for Snapshot {
    fn from_iter<I: IntoIterator<Item = (String, Vec<Bill>)>>(bills: I) -> Snapshot {
        let scenario = |(name, bills): (String, Vec<Bill>)| {
            let steps = bills.iter().map(StepBill::from).collect();
            ScenarioBills { name, steps }
        };
        Snapshot { schedule: String::new(), scenarios: bills.into_iter().map(scenario).collect() }
    }
}
