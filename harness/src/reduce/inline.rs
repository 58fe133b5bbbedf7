//! Functions that others call: called in their place, or part of them.

use super::draft::Draft;
use super::edit::{Edit, named_local, with_index};
use super::tries::Tries;
use crate::diff::{Call, Case};
use crate::localise::Known;
use crate::rewrite::{Func, Op};
use etalon_adapters::{AdapterError, Val};
use etalon_module::Opcode;
use std::collections::BTreeMap;
use wasm_encoder::Encode;
use wasmparser as wp;

/// How many instructions a function has at most that is copied to several places.
const SHORT: usize = 8;

const LOCAL_SET: u8 = 0x21;
const BLOCK: u8 = 0x02;
const BR: u8 = 0x0c;
const RETURN: u8 = 0x0f;
const END: u8 = 0x0b;

/// Calls a function that the last call leads to in its place, with the arguments that it was given there.
pub(crate) fn enter(tries: &mut Tries<'_>, best: &mut Case) -> Result<(), AdapterError> {
    loop {
        let Some(draft) = Draft::of(best) else { return Ok(()) };
        let last = best.calls.len().wrapping_sub(1);
        let Some(func) = draft.called(last) else { return Ok(()) };
        let calls = |op: &Op| op.opcode == Opcode::Call && op.is_reached;
        if !func.ops.iter().any(calls) {
            return Ok(());
        }
        let known = tries.known_values(best, &draft.text);
        let places = (0..func.ops.len()).filter(|at| calls(&func.ops[*at]));
        let found = tries.first(&mut places.flat_map(|at| entered(&draft, func, at, &known)))?;
        drop(draft);
        match found {
            Some(case) => *best = case,
            None => return Ok(()),
        }
    }
}

/// Cases in which the export of the last call is what an instruction calls.
fn entered(draft: &Draft<'_>, func: &Func, at: usize, known: &Known) -> Vec<Case> {
    let target = func.ops[at].index.and_then(|index| draft.text.func(index));
    let Some(target) = target.filter(|target| target.index != func.index) else {
        return Vec::new();
    };
    let Some((last, others)) = draft.case.calls.split_last() else { return Vec::new() };
    if others.iter().any(|call| call.export == last.export) {
        return Vec::new();
    }
    let ends = func.operands_of(at);
    if ends.len() != target.params.len() {
        return Vec::new();
    }
    let mut cases: Vec<Case> = Vec::new();
    for turn in [1, 0] {
        let value = |end: &usize| {
            let seen = known.get(&(func.index, *end))?;
            seen[turn].first().copied().flatten()
        };
        let Some(args) = ends.iter().map(value).collect::<Option<Vec<Val>>>() else { continue };
        let mut parts = draft.parts.clone();
        for export in &mut parts.exports {
            if export.name == last.export && export.kind == wp::ExternalKind::Func {
                export.index = target.index;
            }
        }
        let Some(mut case) = draft.finish(&parts) else { continue };
        case.calls.pop();
        case.calls.push(Call { export: last.export.clone(), args });
        if !cases.contains(&case) {
            cases.push(case);
        }
    }
    cases
}

/// Puts functions into those that call them.
pub(crate) fn calls(tries: &mut Tries<'_>, best: &mut Case) -> Result<(), AdapterError> {
    loop {
        let Some(draft) = Draft::of(best) else { return Ok(()) };
        let counts = calls_of(&draft);
        let all = draft.text.funcs.iter();
        let all = all.flat_map(|caller| (0..caller.ops.len()).map(move |at| (caller, at)));
        // Each is a whole module, so it is made when it is tried.
        let mut cases = all.filter_map(|(caller, at)| {
            let op = &caller.ops[at];
            let calls = matches!(op.opcode, Opcode::Call | Opcode::ReturnCall) && op.is_reached;
            let target = op.index.filter(|_| calls).and_then(|index| draft.text.func(index))?;
            let fits = counts.get(&target.index) == Some(&1) || target.ops.len() <= SHORT;
            fits.then(|| inlined(&draft, caller, at, target)).flatten()
        });
        let found = tries.first(&mut cases)?;
        drop(draft);
        match found {
            Some(case) if !tries.is_over() => *best = case,
            _ => return Ok(()),
        }
    }
}

/// How many instructions call each function by its number.
pub(super) fn calls_of(draft: &Draft<'_>) -> BTreeMap<u32, usize> {
    let ops = draft.text.funcs.iter().flat_map(|func| &func.ops);
    let calls = ops.filter(|op| matches!(op.opcode, Opcode::Call | Opcode::ReturnCall));
    let mut counts = BTreeMap::new();
    calls.filter_map(|op| op.index).for_each(|index| *counts.entry(index).or_default() += 1);
    counts
}

/// The case in which a function stands in the place of a call of it.
fn inlined(draft: &Draft<'_>, caller: &Func, at: usize, target: &Func) -> Option<Case> {
    let calls_itself = |op: &Op| {
        matches!(op.opcode, Opcode::Call | Opcode::ReturnCall) && op.index == Some(target.index)
    };
    if caller.index == target.index || target.ops.iter().any(calls_itself) {
        return None;
    }
    let first = (caller.params.len() + caller.locals.len()) as u32;
    let mut body = Edit::of(draft, target);
    let mut leaves = false;
    for (at, op) in target.ops.iter().enumerate() {
        if let Some(local) = named_local(op) {
            let opcode = draft.code(target, at..at + 1)[0];
            body.replace(at, with_index(opcode, first + local));
        }
        if op.opcode == Opcode::Return {
            body.replace(at, with_index(BR, op.depth as u32 - 1));
            leaves = true;
        }
        leaves |= op.index.is_some_and(|depth| depth as usize + 1 == op.depth)
            && matches!(op.opcode, Opcode::Br | Opcode::BrIf)
            || matches!(op.opcode, Opcode::BrTable | Opcode::BrOnNull | Opcode::BrOnNonNull)
            || op.opcode.name().starts_with("br_on_cast");
    }
    let mut code = Vec::new();
    for param in (0..target.params.len() as u32).rev() {
        code.extend(with_index(LOCAL_SET, first + param));
    }
    let mut parts = draft.parts.clone();
    let inside = body.range(0..target.ops.len() - 1);
    if leaves {
        let ty = wp::FuncType::new([], target.results.iter().copied());
        let ty = draft.type_of(&mut parts, ty);
        code.push(BLOCK);
        i64::from(ty).encode(&mut code);
        code.extend_from_slice(&inside);
        code.push(END);
    } else {
        code.extend_from_slice(&inside);
    }
    if caller.ops[at].opcode == Opcode::ReturnCall {
        code.push(RETURN);
    }
    let (before, after) = (draft.code(caller, 0..at), draft.code(caller, at + 1..caller.ops.len()));
    let more = target.params.iter().chain(&target.locals);
    let locals: Vec<wp::ValType> = caller.locals.iter().chain(more).copied().collect();
    let locals = super::draft::declared(&locals)?;
    let number = draft.number(caller);
    parts.bodies[number] = [&locals, before, &code, after].concat().into();
    draft.finish(&parts)
}
