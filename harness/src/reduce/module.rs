//! Leaving out what is not executed.

use super::draft::Draft;
use super::tries::Tries;
use crate::diff::Case;
use etalon_adapters::AdapterError;
use wasmparser as wp;

/// `unreachable` and `end`.
const STUB: &[u8] = &[0x00, 0x0b];

/// The case without exports that are not called.
pub(crate) fn called_only(case: &Case) -> Option<Case> {
    let draft = Draft::of(case)?;
    let mut parts = draft.parts.clone();
    parts.exports.retain(|export| is_called(case, export));
    draft.finish(&parts)
}

fn is_called(case: &Case, export: &wp::Export<'_>) -> bool {
    export.kind == wp::ExternalKind::Func
        && case.calls.iter().any(|call| call.export == export.name)
}

/// Leaves out exports that are not called, and the start function: all, or one after the other.
pub(crate) fn exports(tries: &mut Tries<'_>, best: &mut Case) -> Result<(), AdapterError> {
    let Some(draft) = Draft::of(best) else { return Ok(()) };
    let is_called = |export: &wp::Export<'_>| is_called(draft.case, export);
    let mut candidates = Vec::new();
    let mut none = draft.parts.clone();
    none.exports.retain(is_called);
    none.start = None;
    candidates.extend(draft.finish(&none));
    none.start = draft.parts.start;
    candidates.extend(draft.finish(&none));
    if let Some(found) = tries.first(&mut candidates.into_iter())? {
        *best = found;
        return Ok(());
    }
    let names: Vec<String> =
        draft.parts.exports.iter().filter(|e| !is_called(e)).map(|e| e.name.to_owned()).collect();
    for name in names {
        let Some(draft) = Draft::of(best) else { return Ok(()) };
        let mut without = draft.parts.clone();
        without.exports.retain(|export| export.name != name);
        if let Some(case) = draft.finish(&without)
            && tries.holds(&case)?
        {
            *best = case;
        }
    }
    Ok(())
}

/// Replaces bodies by `unreachable`: of all functions that are not called from outside, or of one after the other.
pub(crate) fn stubs(tries: &mut Tries<'_>, best: &mut Case) -> Result<(), AdapterError> {
    let count = {
        let Some(draft) = Draft::of(best) else { return Ok(()) };
        let mut parts = draft.parts.clone();
        let called: Vec<u32> =
            (0..best.calls.len()).filter_map(|i| Some(draft.called(i)?.index)).collect();
        for func in draft.text.funcs.iter().filter(|func| !called.contains(&func.index)) {
            parts.bodies[draft.number(func)] = [&[0], STUB].concat().into();
        }
        let case = draft.finish(&parts);
        let count = draft.text.funcs.len();
        if let Some(case) = case
            && tries.holds(&case)?
        {
            *best = case;
            return Ok(());
        }
        count
    };
    // A function that is left out takes its number along, so from the last to the first.
    for number in (0..count).rev() {
        let Some(draft) = Draft::of(best) else { return Ok(()) };
        let Some(func) = draft.text.funcs.get(number) else { continue };
        if func.ops.len() <= STUB.len() {
            continue;
        }
        if let Some(case) = draft.with_function(func, ty_of(func), &[], STUB)
            && tries.holds(&case)?
        {
            *best = case;
        }
    }
    Ok(())
}

fn ty_of(func: &crate::rewrite::Func) -> wp::FuncType {
    wp::FuncType::new(func.params.iter().copied(), func.results.iter().copied())
}

/// Leaves out segments that are copied at instantiation.
pub(crate) fn segments(tries: &mut Tries<'_>, best: &mut Case) -> Result<(), AdapterError> {
    for kind in 0..2 {
        let count = match Draft::of(best) {
            Some(draft) if kind == 0 => draft.parts.elems.len(),
            Some(draft) => draft.parts.datas.len(),
            None => 0,
        };
        for index in (0..count as u32).rev() {
            let Some(draft) = Draft::of(best) else { return Ok(()) };
            let mut parts = draft.parts.clone();
            parts.left_out[kind].insert(index);
            if let Some(case) = draft.finish(&parts)
                && tries.holds(&case)?
            {
                *best = case;
            }
        }
    }
    Ok(())
}
