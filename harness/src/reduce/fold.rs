//! Locals that only carry a value to where it is used.

use super::draft::Draft;
use super::edit::{Edit, named_local, with_index};
use super::tries::Tries;
use crate::diff::Case;
use crate::rewrite::Func;
use etalon_adapters::AdapterError;
use etalon_module::Opcode;

const LOCAL_TEE: u8 = 0x22;

/// Computes what a local carries where it is read, in the place of the local.
pub(crate) fn locals(
    tries: &mut Tries<'_>,
    best: &mut Case,
    number: usize,
) -> Result<(), AdapterError> {
    let mut at = usize::MAX;
    loop {
        let Some(draft) = Draft::of(best) else { return Ok(()) };
        let Some(func) = draft.text.funcs.get(number) else { return Ok(()) };
        at = at.min(func.ops.len());
        if at == 0 || tries.is_over() {
            return Ok(());
        }
        let found = tries.first(&mut folded(&draft, func, at - 1).into_iter())?;
        drop(draft);
        match found {
            Some(case) => *best = case,
            None => at -= 1,
        }
    }
}

/// Cases without the instruction that writes to a local.
fn folded(draft: &Draft<'_>, func: &Func, at: usize) -> Vec<Case> {
    let op = &func.ops[at];
    let Some(local) = named_local(op) else { return Vec::new() };
    if !matches!(op.opcode, Opcode::LocalSet | Opcode::LocalTee) || !op.is_reached {
        return Vec::new();
    }
    let others: Vec<usize> = (0..func.ops.len())
        .filter(|other| *other != at && named_local(&func.ops[*other]) == Some(local))
        .collect();
    let is_read = |at: &usize| func.ops[*at].opcode == Opcode::LocalGet;
    let reads: Vec<usize> = others.iter().copied().filter(is_read).collect();
    let next = reads.iter().copied().find(|read| *read > at);
    let ends = func.operands_of(at);
    let ([end], Some(next)) = (&ends[..], next) else { return Vec::new() };
    let Some(start) = func.start_of(*end) else { return Vec::new() };
    let value = draft.code(func, start..end + 1);
    let mut cases = Vec::new();
    let mut put = |edit: &Edit<'_, '_>| cases.extend(draft.with_code(func, &[&edit.code()]));
    let is_set = op.opcode == Opcode::LocalSet;
    // One instruction stands wherever it is read.
    if end == &start && others.len() == reads.len() {
        let mut edit = Edit::of(draft, func);
        reads.iter().for_each(|read| edit.replace(*read, value.to_vec()));
        edit.remove(if is_set { start..at + 1 } else { at..at + 1 });
        put(&edit);
    }
    if is_set {
        // It is moved to where it is read first, and kept there if it is read again.
        let mut edit = Edit::of(draft, func);
        edit.remove(start..at + 1);
        let again = reads.len() > 1;
        let keep = if again { with_index(LOCAL_TEE, local) } else { Vec::new() };
        edit.replace(next, [value, &keep].concat());
        put(&edit);
    }
    cases
}
