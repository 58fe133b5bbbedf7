//! Fewer items of each kind: one stands in the places of two, and types are plain.

use super::draft::Draft;
use super::tries::Tries;
use crate::diff::Case;
use crate::rewrite::{Parts, TYPES, space};
use etalon_adapters::AdapterError;
use wasmparser as wp;

/// How many items of a kind there are at most for pairs of them to be tried.
const MOST: usize = 24;

/// Merges items, writes types without groups and supertypes, and empties functions that are only referred to.
pub(crate) fn all(tries: &mut Tries<'_>, best: &mut Case) -> Result<(), AdapterError> {
    plain_types(tries, best)?;
    empty(tries, best)?;
    for space in (0..=TYPES).rev() {
        merge(tries, best, space)?;
    }
    Ok(())
}

/// How many items an index space has.
fn count(parts: &Parts<'_>, of: usize) -> usize {
    let kinds = [
        (wp::ExternalKind::Func, parts.funcs.len()),
        (wp::ExternalKind::Table, parts.tables.len()),
        (wp::ExternalKind::Memory, parts.memories.len()),
        (wp::ExternalKind::Global, parts.globals.len()),
        (wp::ExternalKind::Tag, parts.tags.len()),
    ];
    let found = kinds.into_iter().find(|(kind, _)| space(*kind) == of);
    found.map_or(parts.type_count() as usize, |(kind, own)| parts.imported(kind) as usize + own)
}

/// Puts one item in the place of another, from the last.
fn merge(tries: &mut Tries<'_>, best: &mut Case, space: usize) -> Result<(), AdapterError> {
    let mut item = Draft::of(best).map_or(0, |draft| count(&draft.parts, space));
    if item > MOST {
        return Ok(());
    }
    while item > 0 && !tries.is_over() {
        let Some(draft) = Draft::of(best) else { return Ok(()) };
        let all = count(&draft.parts, space);
        item = item.min(all);
        let Some(index) = item.checked_sub(1) else { return Ok(()) };
        let case = |other: usize| {
            let mut parts = draft.parts.clone();
            parts.instead.put(space, index as u32, other as u32);
            // Only what becomes shorter is worth a try.
            draft.finish(&parts).filter(|case| case.wasm.len() < draft.case.wasm.len())
        };
        let others = (0..all).filter(|other| *other != index);
        let cases: Vec<Case> = others.filter_map(case).collect();
        let found = tries.first(&mut cases.into_iter())?;
        drop(draft);
        match found {
            Some(case) => *best = case,
            None => item -= 1,
        }
    }
    Ok(())
}

/// Types that are not defined together, and have no supertype: all, or one after the other.
fn plain_types(tries: &mut Tries<'_>, best: &mut Case) -> Result<(), AdapterError> {
    let Some(draft) = Draft::of(best) else { return Ok(()) };
    let groups = draft.parts.groups.len();
    let mut cases = Vec::new();
    cases.extend((0..=groups).filter_map(|at| {
        let chosen = if at == 0 { 0..groups } else { groups - at..groups - at + 1 };
        let mut parts = draft.parts.clone();
        let single =
            |ty: wp::SubType| crate::rewrite::Group { types: vec![ty], is_explicit: false };
        parts.groups = Vec::new();
        for (number, group) in draft.parts.groups.iter().enumerate() {
            if chosen.contains(&number) {
                parts.groups.extend(group.types().cloned().map(single));
            } else {
                parts.groups.push(group.clone());
            }
        }
        draft.finish(&parts)
    }));
    let found = tries.first(&mut cases.into_iter())?;
    drop(draft);
    if let Some(case) = found {
        *best = case;
    }
    let mut number = Draft::of(best).map_or(0, |draft| draft.parts.type_count() as usize);
    while number > 0 {
        number -= 1;
        let Some(draft) = Draft::of(best) else { return Ok(()) };
        let mut parts = draft.parts.clone();
        let mut types = parts.groups.iter_mut().flat_map(|group| group.types.iter_mut());
        let Some(ty) = types.nth(number) else { continue };
        ty.is_final = true;
        ty.supertype_idxs = Default::default();
        drop(types);
        if let Some(case) = draft.finish(&parts)
            && tries.holds(&case)?
        {
            *best = case;
        }
    }
    Ok(())
}

/// Functions without parameters, results and instructions.
fn empty(tries: &mut Tries<'_>, best: &mut Case) -> Result<(), AdapterError> {
    let count = Draft::of(best).map_or(0, |draft| draft.text.funcs.len());
    for number in (0..count).rev() {
        let Some(draft) = Draft::of(best) else { return Ok(()) };
        let Some(func) = draft.text.funcs.get(number) else { continue };
        if let Some(case) = draft.with_function(func, wp::FuncType::new([], []), &[], &[0x0b])
            && func.ops.len() > 1
            && tries.holds(&case)?
        {
            *best = case;
        }
    }
    Ok(())
}
