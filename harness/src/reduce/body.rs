//! Making bodies smaller: expressions become their values, or one of their operands; what leaves nothing goes; blocks are unwrapped.

use super::calls::simpler;
use super::draft::{Draft, constant, default, made};
use super::fold;
use super::inline::calls_of;
use super::tries::Tries;
use crate::diff::Case;
use crate::localise::Known;
use crate::rewrite::{Func, Op};
use etalon_adapters::{AdapterError, Val};
use etalon_module::Opcode;
use wasmparser as wp;

/// How long pieces are that are cut out whatever they are.
const PIECES: [usize; 5] = [8, 4, 3, 2, 1];

const BLOCK: u8 = 0x02;
const END: &[u8] = &[0x0b];
const DROP: &[u8] = &[0x1a];
const UNREACHABLE: &[u8] = &[0x00];
const RETURN: &[u8] = &[0x0f];

/// Makes each body smaller, as far as that goes.
pub(crate) fn shrink(tries: &mut Tries<'_>, best: &mut Case) -> Result<(), AdapterError> {
    end_early(tries, best)?;
    let count = Draft::of(best).map_or(0, |draft| draft.text.funcs.len());
    for number in (0..count).rev() {
        expressions(tries, best, number)?;
        fold::locals(tries, best, number)?;
        locals(tries, best, number)?;
        pieces(tries, best, number)?;
        constants(tries, best, number)?;
    }
    Ok(())
}

/// The function of the last call returns the first value that differs.
fn end_early(tries: &mut Tries<'_>, best: &mut Case) -> Result<(), AdapterError> {
    let Some(draft) = Draft::of(best) else { return Ok(()) };
    let Some(func) = draft.called(best.calls.len().wrapping_sub(1)) else { return Ok(()) };
    if draft.is_used(func.index) {
        return Ok(());
    }
    let most = func.ops.len().saturating_sub(2);
    let own = (0..most).filter_map(|at| ended(&draft, func, at));
    let inner = ends_with_call(&draft, func);
    let of_inner = inner.into_iter().flat_map(|inner| {
        let draft = &draft;
        let most = inner.ops.len().saturating_sub(2);
        (0..most).filter_map(move |at| ended_within(draft, func, inner, at))
    });
    let found = tries.first(&mut own.chain(of_inner))?;
    drop(draft);
    if let Some(found) = found {
        *best = found;
    }
    Ok(())
}

/// The function returns what an instruction gives.
fn ended(draft: &Draft<'_>, func: &Func, at: usize) -> Option<Case> {
    let op = &func.ops[at];
    let results = op.results.iter().copied().collect::<Option<Vec<_>>>()?;
    if op.opens() || results.is_empty() {
        return None;
    }
    ending(draft, func, at, results, &[])
}

/// The function whose results are those of another, because a call of it is the last instruction, and the only call.
fn ends_with_call<'d>(draft: &'d Draft<'_>, func: &Func) -> Option<&'d Func> {
    let last = func.ops.get(func.ops.len().checked_sub(2)?)?;
    let inner = draft.text.func(last.index.filter(|_| last.opcode == Opcode::Call)?)?;
    let fits = last.depth == 1 && inner.results == func.results && inner.index != func.index;
    (fits && calls_of(draft).get(&inner.index) == Some(&1)).then_some(inner)
}

/// Both return what an instruction of the inner one gives.
fn ended_within(draft: &Draft<'_>, outer: &Func, inner: &Func, at: usize) -> Option<Case> {
    let op = &inner.ops[at];
    let results = op.results.iter().copied().collect::<Option<Vec<_>>>()?;
    if op.opens() || results.is_empty() || results == inner.results {
        return None;
    }
    let mut parts = draft.parts.clone();
    let code = ending_code(draft, inner, at, &[])?;
    parts.bodies[draft.number(inner)] = [draft.locals(inner), &code].concat().into();
    for func in [inner, outer] {
        let ty = wp::FuncType::new(func.params.iter().copied(), results.iter().copied());
        let ty = draft.type_of(&mut parts, ty);
        parts.funcs[draft.number(func)] = ty;
    }
    draft.finish(&parts)
}

/// The function ends behind an instruction, with code that gives its results.
pub(super) fn ending(
    draft: &Draft<'_>,
    func: &Func,
    at: usize,
    results: Vec<wp::ValType>,
    more: &[u8],
) -> Option<Case> {
    let ty = wp::FuncType::new(func.params.iter().copied(), results);
    draft.with_function(func, ty, &func.locals, &ending_code(draft, func, at, more)?)
}

/// The instructions of a function that ends behind one of them, with more.
fn ending_code(draft: &Draft<'_>, func: &Func, at: usize, more: &[u8]) -> Option<Vec<u8>> {
    let op = &func.ops[at];
    if !op.goes_on {
        return None;
    }
    let depth = op.depth - usize::from(op.closes());
    let mut code = [draft.code(func, 0..at + 1), more].concat();
    if depth == 1 && op.height == op.taken && !op.closes() {
        code.extend_from_slice(END);
    } else {
        code.extend_from_slice(RETURN);
        for _ in 1..depth {
            code.extend_from_slice(END);
            code.extend_from_slice(UNREACHABLE);
        }
        code.extend_from_slice(END);
    }
    Some(code)
}

/// From the last instruction to the first, so that what is around others goes before them.
fn expressions(tries: &mut Tries<'_>, best: &mut Case, number: usize) -> Result<(), AdapterError> {
    let mut known: Option<Known> = None;
    let mut at = usize::MAX;
    loop {
        let Some(draft) = Draft::of(best) else { return Ok(()) };
        let Some(func) = draft.text.funcs.get(number) else { return Ok(()) };
        let Some(last) = func.ops.len().checked_sub(2) else { return Ok(()) };
        at = at.min(last);
        let values = known.get_or_insert_with(|| tries.known_values(best, &draft.text));
        let cases = smaller(&draft, func, at, values);
        let found = tries.first(&mut cases.into_iter())?;
        drop(draft);
        match found {
            Some(case) => {
                *best = case;
                known = None;
            }
            None if at == 0 => return Ok(()),
            None => at -= 1,
        }
        if tries.is_over() {
            return Ok(());
        }
    }
}

/// Smaller modules, in which something stands in the place of the expression that ends with an instruction.
fn smaller(draft: &Draft<'_>, func: &Func, at: usize, known: &Known) -> Vec<Case> {
    let op = &func.ops[at];
    let mut cases = Vec::new();
    let len = func.ops.len();
    let mut put = |start: usize, inside: &[u8]| {
        let (before, after) = (draft.code(func, 0..start), draft.code(func, at + 1..len));
        cases.extend(draft.with_code(func, &[before, inside, after]));
    };
    if let Some(start) = func.start_of(at).filter(|_| op.is_reached) {
        for value in values(func, at, start, known) {
            put(start, &value);
        }
        for value in made(draft, op, at - start) {
            put(start, &value);
        }
        for operand in func.operands_of(at) {
            if let Some(first) = func.start_of(operand)
                && func.ops[operand].results == op.results
                && (first, operand) != (start, at)
            {
                put(start, draft.code(func, first..operand + 1));
            }
        }
    }
    if op.closes()
        && let Some(opener) = op.partner
    {
        let is_if = func.ops[opener].opcode == Opcode::If;
        let begin: &[u8] = if is_if { DROP } else { &[] };
        let other = else_of(func, opener, at);
        let first = opener + 1..other.unwrap_or(at);
        let second = other.map(|other| other + 1..at);
        for arm in std::iter::once(first).chain(second) {
            put(opener, &[begin, draft.code(func, arm.clone())].concat());
            // Or a plain block, which others may branch out of.
            let own = draft.code(func, opener..opener + 1);
            if is_if && let Some(start) = func.start_of(at) {
                let block = [&[BLOCK], &own[1..], draft.code(func, arm), END].concat();
                put(start, &block);
            }
        }
    }
    cases
}

/// What leaves the same as an expression, and is shorter: nothing; the values that it was seen to have; zeros.
fn values(func: &Func, at: usize, start: usize, known: &Known) -> Vec<Vec<u8>> {
    let op = &func.ops[at];
    let Some(types) = op.results.iter().copied().collect::<Option<Vec<_>>>() else {
        return Vec::new();
    };
    if start == at && (is_constant(op) || op.opens()) {
        return Vec::new();
    }
    let mut found: Vec<Vec<u8>> = Vec::new();
    if let Some(seen) = known.get(&(func.index, at)) {
        for values in seen.iter().rev() {
            let code = values.iter().map(|value| constant((*value)?));
            found.extend(code.collect::<Option<Vec<_>>>().map(|code| code.concat()));
        }
    }
    let zeros = types.iter().map(|ty| default(*ty)).collect::<Option<Vec<_>>>();
    found.extend(zeros.map(|code| code.concat()));
    found.dedup();
    found
}

fn is_constant(op: &Op) -> bool {
    op.opcode.name().ends_with(".const") || op.opcode == Opcode::RefNull
}

/// The `else` of an `if`.
fn else_of(func: &Func, opener: usize, end: usize) -> Option<usize> {
    let depth = func.ops[opener].depth + 1;
    (opener + 1..end)
        .find(|at| func.ops[*at].opcode == Opcode::Else && func.ops[*at].depth == depth)
}

/// Leaves out the locals that nothing names.
fn locals(tries: &mut Tries<'_>, best: &mut Case, number: usize) -> Result<(), AdapterError> {
    let Some(draft) = Draft::of(best) else { return Ok(()) };
    let Some(func) = draft.text.funcs.get(number) else { return Ok(()) };
    let names =
        |op: &&Op| matches!(op.opcode, Opcode::LocalGet | Opcode::LocalSet | Opcode::LocalTee);
    let params = func.params.len();
    let is_called =
        draft.called(best.calls.len().wrapping_sub(1)).map(|f| f.index) == Some(func.index);
    let can_change = is_called && !draft.is_used(func.index) && best.calls.len() == 1;
    let count = params + func.locals.len();
    let used: Vec<bool> = (0..count)
        .map(|local| {
            let mut named = func.ops.iter().filter(names);
            (local < params && !can_change) || named.any(|op| op.index == Some(local as u32))
        })
        .collect();
    if used.iter().all(|used| *used) {
        return Ok(());
    }
    let mut code = Vec::new();
    for (at, op) in func.ops.iter().enumerate() {
        let bytes = draft.code(func, at..at + 1);
        match op.index.filter(|_| names(&op)) {
            Some(index) => {
                let place = used[..index as usize].iter().filter(|used| **used).count();
                code.push(bytes[0]);
                wasm_encoder::Encode::encode(&(place as u32), &mut code);
            }
            None => code.extend_from_slice(bytes),
        }
    }
    let left = |types: &[wp::ValType], first: usize| -> Vec<wp::ValType> {
        let kept = types.iter().zip(&used[first..]).filter(|(_, used)| **used);
        kept.map(|(ty, _)| *ty).collect()
    };
    let ty = wp::FuncType::new(left(&func.params, 0), func.results.iter().copied());
    let case = draft.with_function(func, ty, &left(&func.locals, params), &code);
    let Some(mut case) = case else { return Ok(()) };
    if can_change && let Some(call) = case.calls.last_mut() {
        let mut used = used.iter();
        call.args.retain(|_| used.next() == Some(&true));
    }
    if tries.holds(&case)? {
        *best = case;
    }
    Ok(())
}

/// Cuts pieces out, whatever they are, with nothing or something short in their place.
fn pieces(tries: &mut Tries<'_>, best: &mut Case, number: usize) -> Result<(), AdapterError> {
    for piece in PIECES {
        let mut end = usize::MAX;
        loop {
            let Some(draft) = Draft::of(best) else { return Ok(()) };
            let Some(func) = draft.text.funcs.get(number) else { return Ok(()) };
            let last = func.ops.len() - 1;
            end = end.min(last);
            let Some(start) = end.checked_sub(piece) else { break };
            let (before, after) = (draft.code(func, 0..start), draft.code(func, end..last + 1));
            let mut inserts: Vec<&[u8]> = vec![&[]];
            if piece > 1 {
                inserts.extend([DROP, UNREACHABLE]);
            }
            let cases: Vec<Case> = inserts
                .iter()
                .filter_map(|inside| draft.with_code(func, &[before, inside, after]))
                .collect();
            match tries.first(&mut cases.into_iter())? {
                Some(case) => *best = case,
                None => end -= 1,
            }
            if tries.is_over() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Simpler constants.
fn constants(tries: &mut Tries<'_>, best: &mut Case, number: usize) -> Result<(), AdapterError> {
    let mut at = 0;
    loop {
        let Some(draft) = Draft::of(best) else { return Ok(()) };
        let Some(func) = draft.text.funcs.get(number) else { return Ok(()) };
        let Some(op) = func.ops.get(at) else { return Ok(()) };
        let mut cases = Vec::new();
        if let Some(value) = read(op.opcode, draft.code(func, at..at + 1)) {
            let (before, after) =
                (draft.code(func, 0..at), draft.code(func, at + 1..func.ops.len()));
            for code in simpler(value).into_iter().filter_map(constant) {
                cases.extend(draft.with_code(func, &[before, &code, after]));
            }
        }
        let found = tries.first(&mut cases.into_iter())?;
        drop(draft);
        if let Some(case) = found {
            *best = case;
        }
        at += 1;
    }
}

/// The value of a constant.
fn read(opcode: Opcode, code: &[u8]) -> Option<Val> {
    let mut reader = wp::BinaryReader::new(code, 0);
    reader.read_u8().ok()?;
    Some(match opcode {
        Opcode::I32Const => Val::I32(reader.read_var_i32().ok()?),
        Opcode::I64Const => Val::I64(reader.read_var_i64().ok()?),
        Opcode::F32Const => Val::F32(reader.read_f32().ok()?.bits()),
        Opcode::F64Const => Val::F64(reader.read_f64().ok()?.bits()),
        Opcode::V128Const => {
            Val::V128(u128::from_le_bytes(code.get(code.len() - 16..)?.try_into().ok()?))
        }
        _ => return None,
    })
}
