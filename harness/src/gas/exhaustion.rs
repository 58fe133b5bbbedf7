//! What a run does with less gas, told from what it does with enough.

use super::law::{Breach, Law};
use crate::diff::{Comparison, Rules, Step, Trace, compare, observation};
use etalon_adapters::{Exhaustion, HostCall, Outcome};

/// The most gas that a run can have (gas-1, *Gas, limits and schedules*).
pub const MOST_GAS: u64 = i64::MAX as u64;

/// What is said where a limit of time ended a run: the law was not broken, but it did not hold either.
pub(crate) const NOT_CHECKED: &str = "not checked: timed out";

pub(crate) fn out_of_gas(step: &Step) -> bool {
    matches!(&step.outcome, Outcome::Exhausted(text) if text == Exhaustion::Gas.text())
}

/// What is wrong with a run that had a limit, if anything. `full` is the same run with [`MOST_GAS`], in one session with one meter.
///
/// All of it follows from what the full run consumed until each host call and until the end of each step. A step that ended by then
/// does the same. The first that did not is out of gas with all that there was, is the last, and has seen exactly the host calls
/// that the gas sufficed for. At each host call what is left is the limit less what the full run had consumed.
pub fn breach_at(full: &Trace, limit: u64, seen: &Trace) -> Option<Breach> {
    if seen.timed_out().is_some() {
        return Some(Law::KnifeEdge.breach(0, NOT_CHECKED));
    }
    for (number, step) in full.steps.iter().enumerate() {
        let broken = |text: String| {
            Some(Law::KnifeEdge.breach(number, format!("with a limit of {limit}: {text}")))
        };
        // Where a run was refused there is no gas.
        let consumed = step.gas?;
        let Some(got) = seen.steps.get(number) else {
            return broken("it ended before".to_owned());
        };
        let suffices = consumed <= limit;
        if let Some(text) = wrong_host_calls(step, limit, got) {
            return Some(
                Law::Additivity.breach(number, format!("with a limit of {limit}: {text}")),
            );
        }
        if suffices {
            let difference = difference(&alone(step), &alone(got), true);
            if let Some((_, text)) = difference {
                return broken(text);
            }
            continue;
        }
        let is_last = seen.steps.len() == number + 1;
        return match out_of_gas(got) && got.gas == Some(limit) && is_last {
            true => None,
            false => {
                broken(format!("{consumed} is consumed without it, and with it {}", said(got)))
            }
        };
    }
    (seen.steps.len() > full.steps.len())
        .then(|| Law::KnifeEdge.breach(full.steps.len(), format!("with {limit} it goes on")))
}

/// What is wrong with the host calls that a step has seen under a limit.
fn wrong_host_calls(full: &Step, limit: u64, seen: &Step) -> Option<String> {
    let expected = full.host_calls.iter().map_while(|call| {
        let consumed = MOST_GAS - call.gas_left?;
        let left = limit.checked_sub(consumed)?;
        Some(HostCall { gas_left: Some(left), ..call.clone() })
    });
    let expected: Vec<HostCall> = expected.collect();
    if expected == seen.host_calls {
        return None;
    }
    let differ = expected.iter().zip(&seen.host_calls).position(|(a, b)| a != b);
    let at = differ.unwrap_or_else(|| expected.len().min(seen.host_calls.len()));
    let of = |calls: &[HostCall]| calls.get(at).map(|call| (call.name.clone(), call.gas_left));
    Some(format!(
        "host call {at} must be {:?} and is {:?}, {} of {} calls",
        of(&expected),
        of(&seen.host_calls),
        seen.host_calls.len(),
        expected.len()
    ))
}

/// A step by itself, without what is left at its host calls: that depends on the limit.
fn alone(step: &Step) -> Trace {
    let mut step = step.clone();
    step.host_calls.iter_mut().for_each(|call| call.gas_left = None);
    Trace { steps: vec![step], not_compiled: 0 }
}

/// The same of a whole run.
pub(crate) fn without_gas_left(trace: &Trace) -> Trace {
    let steps = trace.steps.iter().flat_map(|step| alone(step).steps);
    Trace { steps: steps.collect(), not_compiled: trace.not_compiled }
}

/// Where two runs differ, and in what, in words.
pub(crate) fn difference(a: &Trace, b: &Trace, gas: bool) -> Option<(usize, String)> {
    let difference = match compare(a, b, &Rules { gas, ..Rules::default() }) {
        Comparison::Equal if a.steps.len() == b.steps.len() => return None,
        Comparison::Equal => return Some((0, "one ended before the other".to_owned())),
        Comparison::Differs(difference) => difference,
        Comparison::TimedOut(step) => return Some((step, NOT_CHECKED.to_owned())),
        Comparison::Poisoned(policy, step) => return Some((step, policy.why().to_owned())),
    };
    let seen = |trace: &Trace| trace.steps.get(difference.step).map(said).unwrap_or_default();
    let text = format!("{}: {} | {}", difference.aspect, seen(a), seen(b));
    Some((difference.step, text))
}

fn said(step: &Step) -> String {
    format!("{} gas {:?}", observation(step, None), step.gas)
}
