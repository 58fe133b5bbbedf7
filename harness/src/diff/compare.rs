//! The comparison of two traces.

use super::policy::Policy;
use super::trace::{Step, Trace, call_text};
use etalon_adapters::{HostCall, MemorySum, Outcome, Rejection, Trap, Val, traps_in};
use etalon_record::Aspect;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How two engines are compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// The nondeterminism that is allowed between them.
    pub policies: BTreeSet<Policy>,
    /// Whether both charge by the same schedule, so that gas must be equal.
    pub gas: bool,
    /// Whether the texts of traps need only begin alike, for engines that add details.
    pub trap_prefix: bool,
    /// Whether one of them is of another maker, so that it need not tell as much as ours.
    pub foreign: bool,
}

/// Where two traces differ, and in what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The aspect.
    pub aspect: Aspect,
    /// The step: 0 is loading, n is the nth call.
    pub step: usize,
}

/// The result of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Nothing differs.
    Equal,
    /// Something differs in this step, and the policy covers it.
    Poisoned(Policy, usize),
    /// Something differs that no policy covers.
    Differs(Difference),
    /// Nothing differs until one of them, or both, did not end within the limit in this step.
    TimedOut(usize),
}

/// Compares two traces of the same case: the first step in which they differ, and in it the first aspect in the
/// order of [`Aspect`].
pub fn compare(a: &Trace, b: &Trace, rules: &Rules) -> Comparison {
    compare_from(a, b, rules, 0)
}

/// The same from a step on.
pub(crate) fn compare_from(a: &Trace, b: &Trace, rules: &Rules, from: usize) -> Comparison {
    for (step, (a, b)) in a.steps.iter().zip(&b.steps).enumerate().skip(from) {
        let timed_out = |step: &Step| matches!(step.outcome, Outcome::TimedOut);
        let crashed = |step: &Step| matches!(step.outcome, Outcome::Crashed(_));
        // Nothing is known of an action that was broken off. A crash is one whatever the other does.
        if (timed_out(a) || timed_out(b)) && !crashed(a) && !crashed(b) {
            return Comparison::TimedOut(step);
        }
        let Some(aspect) = first_difference(a, b, rules) else { continue };
        let covered = |policy: &&Policy| policy.covers(a, b);
        // No policy excuses a crash.
        return match rules.policies.iter().find(covered) {
            Some(policy) if aspect != Aspect::Crash => Comparison::Poisoned(*policy, step),
            _ => Comparison::Differs(Difference { aspect, step }),
        };
    }
    // The last step shows why a trace ended early, so equal steps mean equal lengths.
    Comparison::Equal
}

pub(super) fn first_difference(a: &Step, b: &Step, rules: &Rules) -> Option<Aspect> {
    if let Some(aspect) = outcome_difference(&a.outcome, &b.outcome, rules) {
        return Some(aspect);
    }
    if !same_host_calls(&a.host_calls, &b.host_calls, rules.gas) {
        return Some(Aspect::HostCalls);
    }
    if differing_program_calls(a, b, rules.gas).is_some() {
        return Some(Aspect::HostCalls);
    }
    match (&a.program, &b.program) {
        (Some(a), Some(b)) if (&a.stdout, &a.stderr) != (&b.stdout, &b.stderr) => {
            return Some(Aspect::Output);
        }
        (Some(a), Some(b)) if a.folders != b.folders => return Some(Aspect::Files),
        // An engine that does not tell what its program left has nothing to be compared with.
        (Some(_), None) | (None, Some(_)) => return Some(Aspect::Output),
        _ => {}
    }
    if let (Some(a), Some(b)) = (&a.digest, &b.digest) {
        if a.memories != b.memories {
            return Some(Aspect::Memory);
        }
        if a.globals != b.globals {
            return Some(Aspect::Globals);
        }
        if a.tables != b.tables {
            return Some(Aspect::Tables);
        }
    }
    if differing_memories(&a.memories, &b.memories).next().is_some() {
        return Some(Aspect::Memory);
    }
    if !same_globals(&a.globals, &b.globals, rules.foreign) {
        return Some(Aspect::Globals);
    }
    if rules.gas && a.gas != b.gas {
        return Some(Aspect::Gas);
    }
    // Not every engine tells.
    let pages = a.pages.zip(b.pages);
    pages.is_some_and(|(a, b)| a != b).then_some(Aspect::Pages)
}

fn outcome_difference(a: &Outcome, b: &Outcome, rules: &Rules) -> Option<Aspect> {
    use Outcome::*;
    match (a, b) {
        // Two engines that crash in the same way are still a finding.
        (Crashed(_), _) | (_, Crashed(_)) => Some(Aspect::Crash),
        (Rejected(a), Rejected(b)) => (!same_rejection(a, b)).then_some(Aspect::Loading),
        (Rejected(_), _) | (_, Rejected(_)) => Some(Aspect::Loading),
        (Returned(a), Returned(b)) => (a != b).then_some(Aspect::Results),
        (Trapped { text: a, .. }, Trapped { text: b, .. }) => {
            (!same_traps(a, b, rules.trap_prefix, rules.foreign)).then_some(Aspect::Trap)
        }
        // An engine of another maker need not show what an exception carries.
        (Threw(a), Threw(b)) => {
            let hidden = rules.foreign && (a.is_empty() || b.is_empty());
            (a != b && !hidden).then_some(Aspect::Exception)
        }
        (Exited(a), Exited(b)) => (a != b).then_some(Aspect::Outcome),
        (Exhausted(a), Exhausted(b)) => (a != b).then_some(Aspect::Outcome),
        // The text of a failing host function is the harness's or the engine's own, so it is not compared.
        (HostError(_), HostError(_)) => None,
        _ => Some(Aspect::Outcome),
    }
}

/// Whether the phases are the same; an engine that does not tell malformed from invalid agrees with both.
fn same_rejection(a: &Rejection, b: &Rejection) -> bool {
    use Rejection::*;
    let vague = |r: &Rejection| matches!(r, MalformedOrInvalid(_));
    let refused = |r: &Rejection| matches!(r, Malformed(_) | Invalid(_) | MalformedOrInvalid(_));
    a.word() == b.word() || ((vague(a) || vague(b)) && refused(a) && refused(b))
}

/// Whether two traps are the same; `prefix` if one may add details to the words of the other, `foreign` if one is of another maker.
pub(crate) fn same_traps(a: &str, b: &str, prefix: bool, foreign: bool) -> bool {
    same_trap(a, b, prefix) || (foreign && either_check(a, b))
}

fn same_trap(a: &str, b: &str, prefix: bool) -> bool {
    let alike = |a: &str, b: &str| a == b || (prefix && (adds_to(a, b) || adds_to(b, a)));
    // One that does not tell some traps apart means either.
    traps_in(a).any(|a| traps_in(b).any(|b| alike(a, b)))
}

/// Whether a text of a trap says what another does, and details. The beginning of the texts of several traps means none of them.
fn adds_to(long: &str, short: &str) -> bool {
    let rest = long.strip_prefix(short).filter(|_| !short.is_empty());
    let is_word = rest.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
    let mut meant = Trap::ALL.iter().filter(|trap| trap.text().starts_with(short));
    let is_one = Trap::ALL.iter().any(|trap| trap.text() == short) || meant.nth(1).is_none();
    is_word && is_one
}

/// Whether one of two checks failed that an engine may make in either order: an access that is atomic may be beyond the memory
/// and not aligned (*Execution: Memory Instructions* in the proposal of threads; the specification has one trap for both).
fn either_check(a: &str, b: &str) -> bool {
    let (unaligned, beyond) = (Trap::UnalignedAtomic.text(), Trap::MemoryOutOfBounds.text());
    let one =
        |a: &str, b: &str| traps_in(a).any(|a| a == unaligned) && traps_in(b).any(|b| b == beyond);
    one(a, b) || one(b, a)
}

/// The memories in which two steps differ, of those that both told.
pub(crate) fn differing_memories<'a>(
    a: &'a [(String, MemorySum)],
    b: &'a [(String, MemorySum)],
) -> impl Iterator<Item = &'a str> {
    let differs =
        |name: &str, sum: &MemorySum| b.iter().any(|(other, told)| other == name && told != sum);
    a.iter().filter(move |(name, sum)| differs(name, sum)).map(|(name, _)| name.as_str())
}

/// An engine of another maker need not be able to read every global.
fn same_globals(a: &[(String, Val)], b: &[(String, Val)], foreign: bool) -> bool {
    if !foreign {
        return a == b;
    }
    let other: BTreeMap<&str, Val> =
        b.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    a.iter().all(|(name, value)| other.get(name.as_str()).is_none_or(|other| other == value))
}

pub(super) fn same_host_calls(a: &[HostCall], b: &[HostCall], gas: bool) -> bool {
    let same = |(a, b): (&HostCall, &HostCall)| {
        a.module == b.module
            && a.name == b.name
            && a.args == b.args
            && (!gas || a.gas_left == b.gas_left)
    };
    a.len() == b.len() && a.iter().zip(b).all(same)
}

/// The first call of a WASI function in which two programs differ, for messages; `None` if they do not, or one engine does not tell them.
pub(crate) fn differing_program_calls(a: &Step, b: &Step, gas: bool) -> Option<[String; 2]> {
    let (a, b) = (a.program.as_ref()?.calls.as_ref()?, b.program.as_ref()?.calls.as_ref()?);
    (!a.are(b, gas)).then(|| a.difference(b, gas))
}

/// The first host call in which two traces differ, one line for each trace; for messages.
pub(crate) fn differing_host_call(a: &[HostCall], b: &[HostCall], gas: bool) -> [String; 2] {
    let differs = |(a, b): (&HostCall, &HostCall)| {
        !same_host_calls(std::slice::from_ref(a), std::slice::from_ref(b), gas)
    };
    let at = a.iter().zip(b).position(differs).unwrap_or(a.len().min(b.len()));
    [a, b].map(|calls| match calls.get(at) {
        Some(call) => format!("host call {at}: {}", call_text(call)),
        None => format!("no host call {at}"),
    })
}
