//! The smallest module and calls in which engines still differ in the same way.
//!
//! First the calls, then what is not executed, then what is: the instruction that was named as the cause alone with its operands,
//! or, where that does not do, what it wrote, or one expression after the other replaced by its value. Then what is around: callees
//! in the places of their callers, and fewer parameters, results, fields, elements, types and other items. Every proposal is a valid
//! module without anything that nothing uses.

mod body;
mod calls;
mod data;
mod draft;
mod edit;
mod fold;
mod inline;
mod items;
mod module;
mod narrow;
mod observe;
mod slice;
mod tries;

#[cfg(test)]
pub(crate) use draft::Draft;
pub use tries::Budget;

use crate::diff::{
    Case, DiffOptions, Differ, Difference, Judged, RunOptions, SecondOpinion, Verdict,
};
use crate::localise::{Cause, localise};
use etalon_adapters::{Adapter, AdapterError, SettingsTurn};
use std::collections::BTreeSet;
use std::sync::Arc;
use tries::{Goal, Tries};

/// How often all passes are made, as long as they change something.
const ROUNDS: usize = 6;

/// A case that was made smaller.
#[derive(Clone, Debug)]
pub struct Reduced {
    /// The case.
    pub case: Case,
    /// What the engines did in it.
    pub judged: Judged,
    /// The instruction at which they part in it, if it is known.
    pub cause: Option<Cause>,
    /// How many modules were tried.
    pub tries: u64,
    /// The engines with the settings with which they differ in it, if these are not those that were given.
    pub under: Option<Arc<Differ>>,
}

/// Makes a case smaller in which an engine differs from the first. The result depends on the case and the number of tries alone,
/// and not on the number of threads, unless the time of the budget ends it, or the watchdog of the engines is stopped.
///
/// # Errors
/// If an engine cannot be set up.
pub fn reduce(
    differ: &Differ,
    case: &Case,
    engine: usize,
    difference: &Difference,
    budget: Budget,
) -> Result<Reduced, AdapterError> {
    let all = differ;
    let mut differ = &all.pair(engine);
    let engine = engine.min(1);
    let whole = Case { artefact: None, ..case.clone() };
    // What depends on when the heap is collected needs calls that fill it, unless that is at every allocation.
    let stressed = differ.turned(SettingsTurn::GcStress).map(Arc::new);
    let mut under = None;
    let mut begun = alone(differ, &whole, engine, difference)?;
    if let (None, Some(stressed)) = (&begun, &stressed) {
        begun = under_stress(stressed, &whole, engine, difference)?;
        if begun.is_some() {
            (differ, under) = (stressed, Some(Arc::clone(stressed)));
        }
    }
    let (mut best, before, difference) = match begun {
        Some(begun) => begun,
        None => earliest(differ, whole, engine, difference)?,
    };
    let mut tries = Tries::new(differ, Goal::of(&before, engine, &difference), budget);
    calls::few(&mut tries, &mut best, difference.step)?;
    module::exports(&mut tries, &mut best)?;
    module::stubs(&mut tries, &mut best)?;
    if !tries.is_over()
        && let Some(found) = found(&tries.judge(&best)?, engine)
        && let Some(cause) = localise(differ, &best, engine, &found)?
    {
        let whole = best.clone();
        slice::alone(&mut tries, &mut best, &cause)?;
        if best == whole {
            observe::written(&mut tries, &mut best, &cause)?;
        }
    }
    rounds(&mut tries, &mut best)?;
    let judged = differ.judge(&best)?;
    let cause = match found(&judged, engine) {
        _ if tries.is_stopped() => None,
        Some(difference) => localise(differ, &best, engine, &difference)?,
        None => None,
    };
    let tries = tries.made();
    let plain = all.judge(&best)?;
    let is_plain = matches!(plain.verdict, Verdict::Diverged { .. });
    // The settings may not be needed after all.
    let under = under.filter(|_| !is_plain);
    let judged = if under.is_some() { judged } else { plain };
    Ok(Reduced { judged, case: best, cause, tries, under })
}

/// Makes a case smaller in which a second opinion finds a law broken; `None` if it finds none in the case.
///
/// # Errors
/// If an engine cannot be set up.
pub fn reduce_for(
    opinion: Arc<dyn SecondOpinion>,
    first: Arc<dyn Adapter>,
    case: &Case,
    run: RunOptions,
    budget: Budget,
) -> Result<Option<Reduced>, AdapterError> {
    let options = DiffOptions { run, policies: BTreeSet::new(), trap_prefix: false, laws: false };
    let differ = Differ::new(vec![first], options).with_opinion(opinion);
    match differ.judge(case)?.verdict {
        Verdict::Diverged { engine, difference } => {
            reduce(&differ, case, engine, &difference, budget).map(Some)
        }
        _ => Ok(None),
    }
}

/// All passes, as long as they change something.
fn rounds(tries: &mut Tries<'_>, best: &mut Case) -> Result<(), AdapterError> {
    for _ in 0..ROUNDS {
        let so_far = best.clone();
        module::exports(tries, best)?;
        module::stubs(tries, best)?;
        inline::enter(tries, best)?;
        body::shrink(tries, best)?;
        inline::calls(tries, best)?;
        narrow::all(tries, best)?;
        items::all(tries, best)?;
        module::segments(tries, best)?;
        data::shorter(tries, best)?;
        calls::simple(tries, best)?;
        if *best == so_far {
            break;
        }
    }
    Ok(())
}

/// A case, what engines do in it, and in what they differ.
type Differing = (Case, Judged, Difference);

/// The call in which they differ by itself, in a module that exports nothing else, if they differ in that too: what others have to be
/// compiled for takes most of the time of a try.
fn alone(
    differ: &Differ,
    whole: &Case,
    engine: usize,
    difference: &Difference,
) -> Result<Option<Differing>, AdapterError> {
    let Some(call) = difference.step.checked_sub(1).and_then(|at| whole.calls.get(at)) else {
        return Ok(None);
    };
    let alone = Case { calls: vec![call.clone()], ..whole.clone() };
    let Some(alone) = module::called_only(&alone) else { return Ok(None) };
    let judged = differ.judge(&alone)?;
    Ok(found(&judged, engine).map(|difference| (alone, judged, difference)))
}

/// The same where every allocation collects, or the whole case, if they differ in the same there.
fn under_stress(
    stressed: &Differ,
    whole: &Case,
    engine: usize,
    difference: &Difference,
) -> Result<Option<Differing>, AdapterError> {
    if let Some(alone) = alone(stressed, whole, engine, difference)? {
        return Ok(Some(alone));
    }
    match found(&stressed.judge(whole)?, engine) {
        Some(seen) if seen.aspect == difference.aspect => {
            earliest(stressed, whole.clone(), engine, &seen).map(Some)
        }
        _ => Ok(None),
    }
}

/// The case with the least number of calls after which anything differs, what the engines do in it, and in what they differ. The state
/// is compared after the last call, so what a call wrote may be seen long before it shows.
fn earliest(
    differ: &Differ,
    mut case: Case,
    engine: usize,
    difference: &Difference,
) -> Result<Differing, AdapterError> {
    let (mut same, mut least) = (0, difference.step);
    let with = |calls: usize| {
        let calls = case.calls.get(..calls).unwrap_or(&case.calls).to_vec();
        Case { calls, ..case.clone() }
    };
    let mut seen = None;
    while same < least {
        let calls = same + (least - same) / 2;
        let judged = differ.judge(&with(calls))?;
        match found(&judged, engine) {
            Some(difference) => {
                least = calls;
                seen = Some((judged, difference));
            }
            None => same = calls + 1,
        }
    }
    let (judged, difference) = match seen {
        Some(seen) => seen,
        None => (differ.judge(&case)?, difference.clone()),
    };
    if least > 0 {
        case = with(least);
    }
    Ok((case, judged, difference))
}

/// The difference of an engine from the first.
fn found(judged: &Judged, engine: usize) -> Option<Difference> {
    match &judged.verdict {
        Verdict::Diverged { engine: other, difference } if *other == engine => {
            Some(difference.clone())
        }
        _ => None,
    }
}
