//! Fewer parameters, results, fields and elements.

use super::draft::{Draft, default};
use super::edit::{Edit, named_local};
use super::tries::Tries;
use crate::diff::Case;
use crate::rewrite::{Func, Op, Parts};
use etalon_adapters::AdapterError;
use etalon_module::Opcode;
use std::collections::BTreeSet;
use std::rc::Rc;
use wasm_encoder::{Encode, Instruction as I};
use wasmparser as wp;

/// Elements of an array that are tried alone at a time: each is a whole module, and halves come first.
const MOST_ALONE: usize = 32;

/// Leaves out parameters that are not read, results, fields, and elements of arrays of a fixed length.
pub(crate) fn all(tries: &mut Tries<'_>, best: &mut Case) -> Result<(), AdapterError> {
    each(tries, best, &|draft| Some(draft.text.funcs.len()), &|draft, number| {
        let Some(func) = draft.text.funcs.get(number) else { return Box::new(std::iter::empty()) };
        Box::new(units(draft, number).into_iter().flat_map(move |unit| {
            let last = func.results.len().wrapping_sub(1);
            let ends = if last == 0 { vec![0] } else { vec![last, 0] };
            let unit = Rc::new(unit);
            let other = Rc::clone(&unit);
            let params = (0..func.params.len()).rev();
            let params = params.filter_map(move |nth| without_param(draft, &unit, nth));
            params.chain(ends.into_iter().filter_map(move |nth| without_result(draft, &other, nth)))
        }))
    })?;
    each(tries, best, &|draft| Some(draft.parts.type_count() as usize), &|draft, ty| {
        let fields = struct_of(&draft.parts, ty as u32).map_or(0, |ty| ty.fields.len());
        Box::new((0..fields).rev().filter_map(move |nth| without_field(draft, ty as u32, nth)))
    })?;
    each(tries, best, &|draft| Some(draft.text.funcs.len()), &|draft, number| {
        let Some(func) = draft.text.funcs.get(number) else { return Box::new(std::iter::empty()) };
        let all = move |at| {
            fewer_elements(draft, func, at).into_iter().chain(default_of(draft, func, at))
        };
        Box::new((0..func.ops.len()).flat_map(all))
    })
}

/// Modules that are made when they are tried: each is a whole one, and a file chooses how many there are.
type Proposals<'d> = Box<dyn Iterator<Item = Case> + 'd>;

/// Tries what there is for each item, from the last, again as long as something is found for it.
fn each(
    tries: &mut Tries<'_>,
    best: &mut Case,
    count: &dyn Fn(&Draft<'_>) -> Option<usize>,
    cases: &dyn for<'d> Fn(&'d Draft<'d>, usize) -> Proposals<'d>,
) -> Result<(), AdapterError> {
    let mut item = match Draft::of(best) {
        Some(draft) => count(&draft).unwrap_or(0),
        None => 0,
    };
    while item > 0 && !tries.is_over() {
        let Some(draft) = Draft::of(best) else { return Ok(()) };
        let found = tries.first(&mut cases(&draft, item - 1))?;
        drop(draft);
        match found {
            Some(case) => *best = case,
            None => item -= 1,
        }
    }
    Ok(())
}

/// Functions that change together: one that is called by its number alone, or all of a type.
struct Unit {
    funcs: Vec<usize>,
    ty: Option<u32>,
}

fn units(draft: &Draft<'_>, number: usize) -> [Unit; 2] {
    let ty = draft.parts.funcs[number];
    let all = (0..draft.parts.funcs.len()).filter(|other| draft.parts.funcs[*other] == ty);
    [Unit { funcs: vec![number], ty: None }, Unit { funcs: all.collect(), ty: Some(ty) }]
}

impl Unit {
    /// Whether an instruction calls one of them.
    fn is_called(&self, draft: &Draft<'_>, op: &Op) -> bool {
        match op.opcode {
            Opcode::Call | Opcode::ReturnCall => op
                .index
                .and_then(|index| index.checked_sub(draft.text.imported))
                .is_some_and(|number| self.funcs.contains(&(number as usize))),
            Opcode::CallIndirect
            | Opcode::CallRef
            | Opcode::ReturnCallIndirect
            | Opcode::ReturnCallRef => self.ty.is_some() && op.ty == self.ty,
            _ => false,
        }
    }
}

/// The case with other bodies, and another type for the functions of a unit.
fn retyped(draft: &Draft<'_>, unit: &Unit, ty: wp::FuncType, bodies: Vec<Vec<u8>>) -> Option<Case> {
    let mut parts = draft.parts.clone();
    for (number, code) in bodies.into_iter().enumerate() {
        let locals = draft.locals(&draft.text.funcs[number]);
        parts.bodies[number] = [locals, &code].concat().into();
    }
    match unit.ty {
        Some(index) => {
            let types = parts.groups.iter_mut().flat_map(|group| group.types.iter_mut());
            let old = types.into_iter().nth(index as usize)?;
            old.composite_type.inner = wp::CompositeInnerType::Func(ty);
        }
        None => {
            let ty = draft.type_of(&mut parts, ty);
            unit.funcs.iter().for_each(|number| parts.funcs[*number] = ty);
        }
    }
    draft.finish(&parts)
}

/// Those without one.
fn without<T: Copy>(all: &[T], nth: usize) -> Vec<T> {
    let kept = all.iter().enumerate().filter(|(at, _)| *at != nth);
    kept.map(|(_, one)| *one).collect()
}

/// Without a parameter that no function of a unit names.
fn without_param(draft: &Draft<'_>, unit: &Unit, nth: usize) -> Option<Case> {
    let first = &draft.text.funcs[unit.funcs[0]];
    let is_named = |number: &usize| {
        let ops = &draft.text.funcs[*number].ops;
        ops.iter().any(|op| named_local(op) == Some(nth as u32))
    };
    if unit.funcs.iter().any(is_named) {
        return None;
    }
    let mut bodies = Vec::new();
    for (number, func) in draft.text.funcs.iter().enumerate() {
        let mut edit = Edit::of(draft, func);
        for (at, op) in func.ops.iter().enumerate() {
            if unit.is_called(draft, op) && op.is_reached {
                edit.remove(operand(func, at, nth)?);
            }
        }
        if unit.funcs.contains(&number) {
            edit.renumber(|local| if local > nth as u32 { local - 1 } else { local });
        }
        bodies.push(edit.code());
    }
    let params = without(&first.params, nth);
    let ty = wp::FuncType::new(params, first.results.iter().copied());
    let mut case = retyped(draft, unit, ty, bodies)?;
    for call in 0..case.calls.len() {
        let called = draft.called(call).map(|func| draft.number(func));
        let args = &mut case.calls[call].args;
        if called.is_some_and(|number| unit.funcs.contains(&number)) && nth < args.len() {
            args.remove(nth);
        }
    }
    Some(case)
}

/// The instructions that make an operand.
fn operand(func: &Func, at: usize, nth: usize) -> Option<std::ops::Range<usize>> {
    let ends = func.operands_of(at);
    let end = *ends.get(nth).filter(|_| ends.len() == func.ops[at].taken)?;
    expression(func, end)
}

/// The instructions that make one value, the last of which is given.
fn expression(func: &Func, end: usize) -> Option<std::ops::Range<usize>> {
    (func.ops[end].results.len() == 1).then_some(func.start_of(end)?..end + 1)
}

/// Without the first or the last result. Callers have a zero in its place.
fn without_result(draft: &Draft<'_>, unit: &Unit, nth: usize) -> Option<Case> {
    let first = &draft.text.funcs[unit.funcs[0]];
    let zero = default(*first.results.get(nth)?)?;
    let is_last = nth + 1 == first.results.len();
    let mut bodies = Vec::new();
    for (number, func) in draft.text.funcs.iter().enumerate() {
        let mut edit = Edit::of(draft, func);
        let in_unit = unit.funcs.contains(&number);
        for (at, op) in func.ops.iter().enumerate() {
            let calls = unit.is_called(draft, op) && op.goes_on;
            match (calls, is_last) {
                (true, true) => edit.insert(at + 1, &zero),
                (true, false) => edit.insert(func.start_of(at)?, &zero),
                _ if in_unit && op.is_reached && op.opcode == Opcode::Return => {
                    edit.remove(operand(func, at, nth)?);
                }
                _ => {}
            }
        }
        if in_unit && func.ops.last()?.is_reached {
            let ends = func.returned();
            let end = *ends.get(nth).filter(|_| ends.len() == func.results.len())?;
            edit.remove(expression(func, end)?);
        }
        bodies.push(edit.code());
    }
    let ty = wp::FuncType::new(first.params.iter().copied(), without(&first.results, nth));
    retyped(draft, unit, ty, bodies)
}

fn struct_of<'p>(parts: &'p Parts<'_>, index: u32) -> Option<&'p wp::StructType> {
    let ty = parts.groups.iter().flat_map(|group| group.types()).nth(index as usize)?;
    match &ty.composite_type.inner {
        wp::CompositeInnerType::Struct(ty) => Some(ty),
        _ => None,
    }
}

/// The types of structures that have a field in common with one: those above and below it.
fn family(parts: &Parts<'_>, ty: u32, nth: usize) -> BTreeSet<u32> {
    let all: Vec<_> = parts.groups.iter().flat_map(|group| group.types()).collect();
    let above = |index: u32| {
        let above = all.get(index as usize).and_then(|ty| ty.supertype_idxs.first());
        above.and_then(|above| above.unpack().as_module_index())
    };
    let has = |index: u32| struct_of(parts, index).is_some_and(|ty| ty.fields.len() > nth);
    let mut found = BTreeSet::from([ty]);
    loop {
        let more: Vec<u32> = (0..all.len() as u32)
            .filter(|index| !found.contains(index) && has(*index))
            .filter(|index| {
                above(*index).is_some_and(|above| found.contains(&above))
                    || found.iter().any(|below| above(*below) == Some(*index))
            })
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

/// Without a field. What reads it has a zero in its place.
fn without_field(draft: &Draft<'_>, ty: u32, nth: usize) -> Option<Case> {
    let family = family(&draft.parts, ty, nth);
    let storage = struct_of(&draft.parts, ty)?.fields.get(nth)?.element_type;
    let zero = default(storage.unpack());
    let mut parts = draft.parts.clone();
    for func in &draft.text.funcs {
        let mut edit = Edit::of(draft, func);
        for (at, op) in func.ops.iter().enumerate() {
            let Some(ty) = op.ty.filter(|ty| family.contains(ty)) else { continue };
            match (op.opcode, op.number) {
                (Opcode::StructNew, _) if op.is_reached => edit.remove(operand(func, at, nth)?),
                (Opcode::StructSet, Some(field)) if field as usize == nth => {
                    edit.replace(at, vec![0x1a, 0x1a]);
                }
                (_, Some(field)) if field as usize == nth => {
                    edit.replace(at, [&[0x1a][..], zero.as_ref()?].concat());
                }
                (_, Some(field)) if field as usize > nth => {
                    edit.replace(at, with_field(op.opcode, ty, field - 1)?);
                }
                _ => {}
            }
        }
        let number = draft.number(func);
        parts.bodies[number] = [draft.locals(func), &edit.code()].concat().into();
    }
    let types = parts.groups.iter_mut().flat_map(|group| group.types.iter_mut());
    for (_, ty) in (0u32..).zip(types).filter(|(index, _)| family.contains(index)) {
        if let wp::CompositeInnerType::Struct(ty) = &mut ty.composite_type.inner {
            ty.fields = without(&ty.fields, nth).into();
        }
    }
    draft.finish(&parts)
}

fn with_field(opcode: Opcode, struct_type_index: u32, field_index: u32) -> Option<Vec<u8>> {
    let mut code = Vec::new();
    match opcode {
        Opcode::StructGet => I::StructGet { struct_type_index, field_index },
        Opcode::StructGetS => I::StructGetS { struct_type_index, field_index },
        Opcode::StructGetU => I::StructGetU { struct_type_index, field_index },
        Opcode::StructSet => I::StructSet { struct_type_index, field_index },
        _ => return None,
    }
    .encode(&mut code);
    Some(code)
}

/// A structure or an array of default values in the place of one of others.
fn default_of(draft: &Draft<'_>, func: &Func, at: usize) -> Option<Case> {
    let op = &func.ops[at];
    let (ty, ends) = (op.ty.filter(|_| op.is_reached)?, func.operands_of(at));
    let (given, instruction) = match op.opcode {
        Opcode::ArrayNew => (1, I::ArrayNewDefault(ty)),
        Opcode::StructNew if op.taken > 0 => (op.taken, I::StructNewDefault(ty)),
        _ => return None,
    };
    let mut edit = Edit::of(draft, func);
    for end in ends.get(..given).filter(|_| ends.len() == op.taken)? {
        edit.remove(expression(func, *end)?);
    }
    let mut code = Vec::new();
    instruction.encode(&mut code);
    edit.replace(at, code);
    draft.with_code(func, &[&edit.code()])
}

/// With fewer elements of an array of a fixed length: without half of them, or one.
fn fewer_elements(draft: &Draft<'_>, func: &Func, at: usize) -> Vec<Case> {
    let op = &func.ops[at];
    let (Some(array_type_index), Some(size)) = (op.ty, op.number) else { return Vec::new() };
    let ends = func.operands_of(at);
    if op.opcode != Opcode::ArrayNewFixed || ends.len() != size as usize || !op.is_reached {
        return Vec::new();
    }
    let half = ends.len() / 2;
    let mut pieces = vec![half..ends.len(), 0..half];
    pieces.extend((0..ends.len()).rev().take(MOST_ALONE).map(|nth| nth..nth + 1));
    pieces.retain(|piece| !piece.is_empty());
    let case = |piece: std::ops::Range<usize>| {
        let mut edit = Edit::of(draft, func);
        let array_size = size - piece.len() as u32;
        for nth in piece {
            edit.remove(expression(func, ends[nth])?);
        }
        let mut code = Vec::new();
        I::ArrayNewFixed { array_type_index, array_size }.encode(&mut code);
        edit.replace(at, code);
        draft.with_code(func, &[&edit.code()])
    };
    // Or all have the value of one of them.
    let alike = |end: usize| {
        let mut edit = Edit::of(draft, func);
        ends.iter().filter(|other| **other != end).try_for_each(|other| {
            edit.remove(expression(func, *other)?);
            Some(())
        })?;
        let mut code = Vec::new();
        I::I32Const(size as i32).encode(&mut code);
        I::ArrayNew(array_type_index).encode(&mut code);
        edit.replace(at, code);
        draft.with_code(func, &[&edit.code()])
    };
    let mut cases: Vec<Case> = pieces.into_iter().filter_map(case).collect();
    if ends.len() > 2 {
        cases.extend(ends.iter().rev().take(MOST_ALONE).filter_map(|end| alike(*end)));
    }
    cases
}
