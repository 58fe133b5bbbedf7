//! The laws of gas-1, for a case on several engines.

use super::exhaustion::{difference, out_of_gas};
use super::law::{Breach, Law};
use super::subject::Subject;
use crate::diff::{Case, Ready, RunOptions, Step, Trace};
use etalon_adapters::{Adapter, AdapterError, Outcome};
use etalon_module::Opcode;
use etalon_record::LawCoverage;
use std::collections::BTreeMap;

/// Whether a case keeps the laws, and what that says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lawful {
    /// What was covered.
    pub coverage: LawCoverage,
    /// The first breach, with the place of its engine in the list.
    pub breach: Option<(usize, Breach)>,
}

/// Checks a law for a case on an engine that meters. `options.gas` says schedule and limit: calls that run out of it are left out.
///
/// # Errors
/// If the engine cannot be set up.
pub fn check_law(
    law: Law,
    adapter: &dyn Adapter,
    options: &RunOptions,
    case: &Case,
) -> Result<Option<Breach>, AdapterError> {
    let ready = Ready::new(adapter, options, case)?;
    let limit = options.gas.as_ref().and_then(|gas| gas.limit);
    let together = Case { is_apart: false, ..case.clone() };
    let first = ready.run(&together, limit)?.trace;
    if first.timed_out().is_some() {
        return Ok(Some(law.breach(0, super::exhaustion::NOT_CHECKED)));
    }
    let Ok((ending, _)) = ending(&ready, case, &first, limit)? else { return Ok(None) };
    match Subject::of(adapter, options, &ending, ready)? {
        Some(subject) => subject.check(law),
        None => Ok(None),
    }
}

/// Checks the laws for a case on engines that have its module ready, after they did the same in it under the limit. `traces` is what
/// they did. Transparency and freshness, for which the module is compiled again, are checked on one engine, another for each module.
pub(crate) fn check_all<'a>(
    engines: Vec<(&'a dyn Adapter, Ready<'a>)>,
    options: &'a RunOptions,
    case: &Case,
    traces: &[Trace],
) -> Result<Lawful, AdapterError> {
    let left_out = |reason: &str| {
        let left_out = BTreeMap::from([(reason.to_owned(), 1)]);
        Lawful { coverage: LawCoverage { left_out, ..LawCoverage::default() }, breach: None }
    };
    if case.program.is_some() {
        return Ok(left_out("a program"));
    }
    let limit = options.gas.as_ref().and_then(|gas| gas.limit);
    let Some(((_, ready), first)) = engines.first().zip(traces.first()) else {
        return Ok(Lawful::default());
    };
    let (ending, numbers) = match ending(ready, case, first, limit)? {
        Ok(ending) => ending,
        Err(reason) => return Ok(left_out(reason)),
    };
    let is_whole = case.is_apart && ending.calls == case.calls;
    let chosen = usize::from(blake3::hash(&case.wasm).as_bytes()[31]) % engines.len();
    let mut lawful = Lawful::default();
    let mut full: Option<Trace> = None;
    for (place, (adapter, ready)) in engines.into_iter().enumerate() {
        if !adapter.meters_gas() {
            continue;
        }
        let Some(subject) = Subject::of(adapter, options, &ending, ready)? else { break };
        let subject = subject.with_apart(traces.get(place).filter(|_| is_whole).cloned());
        let differs = full.as_ref().and_then(|full| difference(full, subject.full(), true));
        let mut breach = differs.map(|(step, text)| {
            Law::Transparency.breach(step, format!("without a limit, not as the first: {text}"))
        });
        let is_late = subject.full().timed_out().is_some();
        for law in Law::ALL.iter().filter(|law| !is_late && (!law.compiles() || place == chosen)) {
            breach = match breach {
                Some(breach) => Some(breach),
                None => subject.check(*law)?,
            };
        }
        lawful.coverage.runs += subject.runs();
        lawful.coverage.limits += subject.limits();
        executed(&mut lawful.coverage, subject.operators());
        if let Some(mut breach) = breach {
            breach.step = numbers.get(breach.step).copied().unwrap_or(breach.step);
            lawful.breach = Some((place, breach));
            break;
        }
        full.get_or_insert_with(|| subject.full().clone());
    }
    if let Some(full) = &full {
        seen(&mut lawful.coverage, &ending, full);
    }
    Ok(lawful)
}

/// A case that ends without being stopped by gas, and of loading and each of its calls the number in the case that it was made from.
type Ending = (Case, Vec<usize>);

/// The calls of a case that end without being stopped by gas, one after the other in one session; or why there is no such case. `first` is
/// what the engine did in the case under the limit.
fn ending(
    ready: &Ready<'_>,
    case: &Case,
    first: &Trace,
    limit: Option<u64>,
) -> Result<Result<Ending, &'static str>, AdapterError> {
    let ends = |step: &Step| !out_of_gas(step);
    match first.steps.first().map(|step| &step.outcome) {
        Some(Outcome::Rejected(_)) => return Ok(Err("refused")),
        _ if first.timed_out().is_some() => return Ok(Err("late")),
        _ if !first.steps.first().is_some_and(ends) => return Ok(Err("endless")),
        _ => {}
    }
    let numbered = first.steps.iter().enumerate().skip(1);
    let mut numbers = vec![0];
    numbers.extend(numbered.filter(|(_, step)| ends(step)).map(|(number, _)| number));
    let with = |numbers: &[usize]| {
        let calls = numbers.iter().skip(1).filter_map(|number| case.calls.get(number - 1));
        Case { calls: calls.cloned().collect(), is_apart: false, ..case.clone() }
    };
    if numbers.len() == first.steps.len() {
        return Ok(Ok((with(&numbers), numbers)));
    }
    // After other calls than before, one that ended may not.
    let again = ready.run(&with(&numbers), limit)?.trace;
    if again.timed_out().is_some() {
        return Ok(Err("late"));
    }
    let lasting = again.steps.iter().take_while(|step| ends(step)).count();
    numbers.truncate(lasting.max(1));
    Ok(Ok((with(&numbers), numbers)))
}

/// Adds the operators that were executed.
fn executed(coverage: &mut LawCoverage, operators: &[(Opcode, u64)]) {
    // Those that no tier executes have a price and no more.
    let all = || Opcode::ALL.iter().filter(|opcode| opcode.is_executed());
    coverage.operators_total = all().count() as u64;
    coverage.dynamic_total = all().filter(|opcode| opcode.is_dynamic()).count() as u64;
    for (opcode, count) in operators {
        *coverage.executed.entry(opcode.name().to_owned()).or_default() += count;
        if opcode.is_dynamic() {
            *coverage.dynamic.entry(opcode.name().to_owned()).or_default() += count;
        }
    }
}

/// Adds what one run showed.
fn seen(coverage: &mut LawCoverage, case: &Case, full: &Trace) {
    coverage.modules += 1;
    coverage.calls += case.calls.len() as u64;
    for step in &full.steps {
        coverage.host_calls += step.host_calls.len() as u64;
        if let Outcome::Trapped { text, .. } = &step.outcome {
            *coverage.traps.entry(text.clone()).or_default() += 1;
        }
    }
}
