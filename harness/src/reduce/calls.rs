//! Fewer calls, and simpler arguments.

use super::tries::Tries;
use crate::diff::{Call, Case};
use etalon_adapters::{AdapterError, Val};

/// Leaves out calls: those after the difference, then as many of the others as can be.
pub(crate) fn few(tries: &mut Tries<'_>, best: &mut Case, step: usize) -> Result<(), AdapterError> {
    if step == 0 {
        // Some call may be needed all the same: the state is compared after the last.
        let none = Case { calls: Vec::new(), ..best.clone() };
        if tries.holds(&none)? {
            *best = none;
        }
        return Ok(());
    }
    best.calls.truncate(step);
    let with = |best: &Case, calls: Vec<Call>| Case { calls, ..best.clone() };
    let last = best.calls.split_off(best.calls.len().saturating_sub(1));
    let mut before = std::mem::take(&mut best.calls);
    let alone = with(best, last.clone());
    if !before.is_empty() && tries.holds(&alone)? {
        before.clear();
    }
    let mut piece = before.len().div_ceil(2);
    while piece > 0 && !before.is_empty() {
        let mut end = before.len();
        while end > 0 {
            let first = end.saturating_sub(piece);
            let fewer = [&before[..first], &before[end..], &last[..]].concat();
            if tries.holds(&with(best, fewer))? {
                before.drain(first..end);
            }
            end = first;
        }
        piece /= 2;
    }
    best.calls = [before, last].concat();
    Ok(())
}

/// Leaves out calls one by one, and sets arguments to zero.
pub(crate) fn simple(tries: &mut Tries<'_>, best: &mut Case) -> Result<(), AdapterError> {
    for at in (0..best.calls.len().saturating_sub(1)).rev() {
        let mut fewer = best.clone();
        fewer.calls.remove(at);
        if tries.holds(&fewer)? {
            *best = fewer;
        }
    }
    for call in 0..best.calls.len() {
        for arg in 0..best.calls[call].args.len() {
            for simpler in simpler(best.calls[call].args[arg]) {
                let mut case = best.clone();
                case.calls[call].args[arg] = simpler;
                if tries.holds(&case)? {
                    *best = case;
                    break;
                }
            }
        }
    }
    Ok(())
}

/// Values to try in the place of one, simplest first.
pub(crate) fn simpler(value: Val) -> Vec<Val> {
    let all = match value {
        Val::I32(_) => vec![Val::I32(0), Val::I32(1), Val::I32(-1)],
        Val::I64(_) => vec![Val::I64(0), Val::I64(1), Val::I64(-1)],
        Val::F32(_) => vec![Val::F32(0), Val::F32(1f32.to_bits())],
        Val::F64(_) => vec![Val::F64(0), Val::F64(1f64.to_bits())],
        Val::V128(_) => vec![Val::V128(0)],
        _ => Vec::new(),
    };
    // What is simple already stays.
    all.into_iter().take_while(|simple| *simple != value).collect()
}
