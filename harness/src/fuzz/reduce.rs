//! Makes a diverging case smaller while it diverges in the same way.

use super::shrink::Shrinker;
use crate::diff::{Case, Differ, Difference, Judged, Verdict};
use etalon_adapters::{AdapterError, Val};

/// How often the engines run for one reduction at most.
const TRIES: usize = 4000;

/// A case that times out takes as long as so many others, or longer.
const LATE: usize = 200;

/// The smallest case that was found in which the engines differ in the same aspect, and what they did in it. Calls are
/// dropped, arguments are set to zero, and then the module is reduced.
///
/// # Errors
/// If an engine cannot be set up.
pub fn reduce(
    differ: &Differ,
    case: &Case,
    difference: &Difference,
) -> Result<(Case, Judged), AdapterError> {
    let mut reducer = Reducer { differ, difference, tries: TRIES };
    let mut best = case.clone();
    // Calls after the one in which the engines differ do not matter.
    best.calls.truncate(difference.step);
    let last = best.calls.len().saturating_sub(1);
    let alone = Case { calls: best.calls.get(last).cloned().into_iter().collect(), ..best.clone() };
    if difference.step > 0 && reducer.still(&alone)? {
        best = alone;
    }
    reducer.drop_calls(&mut best)?;
    reducer.simplify_arguments(&mut best)?;
    reducer.cut_module(&mut best)?;
    reducer.drop_calls(&mut best)?;
    let judged = differ.judge(&best)?;
    Ok((best, judged))
}

struct Reducer<'a> {
    differ: &'a Differ,
    difference: &'a Difference,
    tries: usize,
}

impl Reducer<'_> {
    /// Whether the engines differ in the given aspect on a case.
    fn still(&mut self, case: &Case) -> Result<bool, AdapterError> {
        if self.tries == 0 {
            return Ok(false);
        }
        self.tries -= 1;
        let judged = self.differ.judge(case)?;
        if matches!(judged.verdict, Verdict::TimedOut { .. }) {
            self.tries = self.tries.saturating_sub(LATE);
        }
        Ok(matches!(judged.verdict, Verdict::Diverged { difference, .. }
            if difference.aspect == self.difference.aspect))
    }

    fn drop_calls(&mut self, best: &mut Case) -> Result<(), AdapterError> {
        let mut i = best.calls.len();
        while i > 0 {
            i -= 1;
            let mut smaller = best.clone();
            smaller.calls.remove(i);
            if self.still(&smaller)? {
                *best = smaller;
            }
        }
        Ok(())
    }

    fn simplify_arguments(&mut self, best: &mut Case) -> Result<(), AdapterError> {
        for call in 0..best.calls.len() {
            for arg in 0..best.calls[call].args.len() {
                let mut simpler = best.clone();
                let value = &mut simpler.calls[call].args[arg];
                let zero = match *value {
                    Val::I32(_) => Val::I32(0),
                    Val::I64(_) => Val::I64(0),
                    Val::F32(_) => Val::F32(0),
                    Val::F64(_) => Val::F64(0),
                    Val::V128(_) => Val::V128(0),
                    other => other,
                };
                if std::mem::replace(value, zero) != zero && self.still(&simpler)? {
                    *best = simpler;
                }
            }
        }
        Ok(())
    }

    fn cut_module(&mut self, best: &mut Case) -> Result<(), AdapterError> {
        let features = self.differ.options().run.features;
        let mut shrinker = Shrinker::new(features);
        while let Some(wasm) = shrinker.next(&best.wasm) {
            if self.tries == 0 {
                break;
            }
            let smaller = Case { wasm, ..best.clone() };
            let taken = self.still(&smaller)?;
            if taken {
                *best = smaller;
            }
            shrinker.tell(taken);
        }
        Ok(())
    }
}
