//! Whether two ends of a call are the same.

use super::metered::{Ended, exhaustion};
use crate::diff::same_traps;
use etalon_adapters::{HostCall, Outcome, Val};
use std::fmt::Write;

/// What is said of two ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Equal,
    /// The engine ran out of something of its own.
    Open(&'static str),
    Unequal,
}

/// Compares what the oracle did with what an engine did with the copy.
pub(super) fn judge(ours: &Ended, theirs: &Ended, foreign: bool) -> Verdict {
    let stop = exhaustion(&theirs.outcome);
    match &theirs.outcome {
        Outcome::Exhausted(_) if stop.is_none() || theirs.consumed.is_none() => {
            return Verdict::Open("the engine's own stack or memory ran out");
        }
        Outcome::TimedOut => return Verdict::Open("out of time"),
        Outcome::Rejected(_) => return Verdict::Open("no way to call it"),
        _ => {}
    }
    let same = same_outcome(&ours.outcome, &theirs.outcome, foreign)
        && ours.consumed == theirs.consumed
        && same_calls(ours, theirs, foreign);
    // After an exhaustion the state is not to be looked at.
    let shows = !foreign && ours.outcome.goes_on();
    let state = !shows || (ours.globals == theirs.globals && ours.memories == theirs.memories);
    if same && state { Verdict::Equal } else { Verdict::Unequal }
}

/// Whether two outcomes are the same; `foreign` if one is of another maker, who may choose the bits of NaNs and the words of traps.
pub(super) fn same_outcome(a: &Outcome, b: &Outcome, foreign: bool) -> bool {
    match (a, b) {
        (Outcome::Returned(a), Outcome::Returned(b)) => same_values(a, b, foreign),
        (Outcome::Threw(a), Outcome::Threw(b)) => foreign || a == b,
        (Outcome::Trapped { text: a, .. }, Outcome::Trapped { text: b, .. }) => {
            same_traps(a, b, foreign, foreign)
        }
        (Outcome::Exhausted(a), Outcome::Exhausted(b)) => a == b,
        (Outcome::HostError(_), Outcome::HostError(_)) => true,
        _ => false,
    }
}

fn same_values(a: &[Val], b: &[Val], foreign: bool) -> bool {
    let same = |(a, b): (&Val, &Val)| a == b || (foreign && either_may_be(*a, *b));
    a.len() == b.len() && a.iter().zip(b).all(same)
}

/// Whether both may be NaNs, or are references that engines show otherwise.
fn either_may_be(a: Val, b: Val) -> bool {
    match (a, b) {
        (Val::F32(a), Val::F32(b)) => f32::from_bits(a).is_nan() && f32::from_bits(b).is_nan(),
        (Val::F64(a), Val::F64(b)) => f64::from_bits(a).is_nan() && f64::from_bits(b).is_nan(),
        (Val::V128(_), Val::V128(_)) | (Val::Ref(_), Val::Ref(_)) => true,
        _ => false,
    }
}

/// How much gas is left at a call is known only where the meter is the engine's own.
fn same_calls(ours: &Ended, theirs: &Ended, foreign: bool) -> bool {
    let (Some(a), Some(b)) = (&ours.host_calls, &theirs.host_calls) else { return true };
    let same = |(a, b): (&HostCall, &HostCall)| {
        let names = (&a.module, &a.name) == (&b.module, &b.name);
        names && same_values(&a.args, &b.args, foreign)
    };
    a.len() == b.len() && a.iter().zip(b).all(same)
}

/// An end, for people.
pub(super) fn said(ended: &Ended) -> String {
    let mut text = format!("{:?}", ended.outcome);
    match ended.consumed {
        Some(gas) => _ = write!(text, ", consumed {gas}"),
        None => text.push_str(", consumed an unknown amount"),
    }
    if let Some(calls) = ended.host_calls.as_ref().filter(|calls| !calls.is_empty()) {
        _ = write!(text, ", {} host calls", calls.len());
    }
    text
}
