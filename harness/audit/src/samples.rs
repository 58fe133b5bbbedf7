//! What calls of an export were seen to take.

use crate::bill::Bill;
use crate::error::RunError;
use crate::run::{Trial, run};
use crate::scenario::{Import, Scenario, Step, said};
use crate::text::one_line;
use etalon::unstable::module::ExternKind;
use etalon_adapters::{Outcome, Val};
use etalon_harness::generate::{Stream, arguments};
use serde::Serialize;
use std::collections::BTreeMap;

/// Where calls come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Arguments were generated, and each call had a fresh instance.
    Generated,
    /// They are steps of scenarios.
    Scenarios,
}

/// How much calls of an export took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// The export.
    pub export: String,
    /// Where the calls come from.
    pub source: Source,
    /// How many there were.
    pub calls: usize,
    /// The least that one took, in gas.
    pub min: u64,
    /// As much as half of them took, or less.
    pub median: u64,
    /// As much as 99 of 100 took, or less.
    pub p99: u64,
    /// The most that one took.
    pub max: u64,
    /// The first call that took that.
    pub max_call: String,
    /// How many ended in which way.
    pub outcomes: BTreeMap<&'static str, u64>,
}

/// The spread of bills; `None` if there is none.
pub fn spread_of<'b>(
    export: &str,
    source: Source,
    bills: impl IntoIterator<Item = &'b Bill>,
) -> Option<Spread> {
    let mut outcomes: BTreeMap<&'static str, u64> = BTreeMap::new();
    let mut all: Vec<(u64, &str)> = Vec::new();
    for bill in bills {
        *outcomes.entry(word(&bill.outcome)).or_default() += 1;
        all.push((bill.consumed, &bill.what));
    }
    // The sort is stable, so the first of equals stays the first.
    all.sort_by_key(|(gas, _)| *gas);
    let (max, _) = *all.last()?;
    let (_, max_call) = *all.iter().find(|(gas, _)| *gas == max)?;
    // The least that so many of a hundred are no more than.
    let rank = |percent: usize| all[(all.len() * percent).div_ceil(100).max(1) - 1].0;
    Some(Spread {
        export: export.to_owned(),
        source,
        calls: all.len(),
        min: all.first()?.0,
        median: rank(50),
        p99: rank(99),
        max,
        max_call: max_call.to_owned(),
        outcomes,
    })
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Returned(_) => "returned",
        Outcome::Trapped { .. } => "trapped",
        Outcome::Threw(_) => "threw",
        Outcome::Exhausted(_) => "exhausted",
        _ => "failed",
    }
}

/// Calls an export so often with generated arguments, each time in a fresh instance and with a limit of gas. The same seed gives the same calls.
/// `None` if a parameter has a type of which the embedder has no value, or the module cannot be loaded.
///
/// # Errors
/// If the imports do not fit the module.
pub fn sample(
    trial: &Trial,
    imports: &[Import],
    export: &str,
    count: u64,
    seed: u64,
    gas: u64,
) -> Result<Option<Spread>, RunError> {
    let module = trial.module();
    let is_it =
        |e: &&etalon::unstable::module::Export| e.kind == ExternKind::Func && e.name == export;
    let Some(index) = module.exports.iter().find(is_it).map(|export| export.index) else {
        return Ok(None);
    };
    let mut stream = Stream::new("estimate", seed, 0);
    let mut bills = Vec::new();
    for round in 0..count {
        let params = &module.func_type(index).params;
        let Some(args) = arguments(module, params, round as usize, &mut stream) else {
            return Ok(None);
        };
        let words: Vec<String> = args.iter().map(|arg| in_words(*arg)).collect();
        let call = Step { export: export.to_owned(), args, gas: Some(gas) };
        let (name, calls) = (format!("sample {round}"), vec![call]);
        let scenario = Scenario { name, calls, ..Scenario::default() };
        let Some(mut bill) = run(trial, imports, &scenario, None)?.into_iter().nth(1) else {
            return Ok(None);
        };
        bill.what = format!("{}({})", one_line(export), words.join(", "));
        bills.push(bill);
    }
    Ok(spread_of(export, Source::Generated, &bills))
}

/// An argument for people, a reference too.
fn in_words(value: Val) -> String {
    match value {
        Val::Ref(_) => value.to_record().to_string(),
        value => said(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bill(consumed: u64) -> Bill {
        Bill {
            what: format!("f({consumed})"),
            outcome: Outcome::Returned(Vec::new()),
            consumed,
            executed: 0,
            depth: 0,
            pages: 0,
            heap: 0,
            outside: 0,
            functions: Vec::new(),
            operators: Vec::new(),
            segments: Vec::new(),
            tree: crate::Tree::default(),
        }
    }

    #[test]
    fn ranks_are_of_calls_that_took_it() {
        let spread = |all: &[u64]| {
            let bills: Vec<Bill> = all.iter().map(|gas| bill(*gas)).collect();
            let spread = spread_of("f", Source::Scenarios, &bills)?;
            Some((spread.min, spread.median, spread.p99, spread.max))
        };
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[7]), Some((7, 7, 7, 7)));
        assert_eq!(spread(&[9, 1]), Some((1, 1, 9, 9)));
        let all: Vec<u64> = (1..=200).rev().collect();
        assert_eq!(spread(&all), Some((1, 100, 198, 200)));
    }
}
