//! The instruction that was named as the cause, alone with its operands.

use super::draft::{Draft, constant};
use super::tries::{Goal, Tries};
use crate::diff::Case;
use crate::localise::{Cause, Known};
use crate::rewrite::Func;
use crate::value::show_typed;
use etalon_adapters::{AdapterError, Outcome, Val};
use etalon_module::Opcode;
use etalon_record::Aspect;
use std::cell::RefCell;
use wasmparser as wp;

/// How many instructions deep operands are taken along.
const DEPTH: usize = 5;

/// What becomes of an operand that is not taken along.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaf {
    /// A parameter, so that nothing is known of it when the function is compiled.
    Param,
    /// A constant.
    Constant,
}

/// Tries the instruction with its operands as they were, in the place of the function that is called last: in it the engines must
/// give the two values that were seen, or end as they did.
pub(crate) fn alone(
    tries: &mut Tries<'_>,
    best: &mut Case,
    cause: &Cause,
) -> Result<(), AdapterError> {
    let mut cases = Vec::new();
    if let Some(draft) = Draft::of(best)
        && let Some(func) = draft.text.func(cause.func)
    {
        let known = tries.known_values(best, &draft.text);
        for depth in 1..=DEPTH {
            for leaf in [Leaf::Constant, Leaf::Param] {
                let slice = Slice {
                    draft: &draft,
                    func,
                    cause,
                    known: &known,
                    leaf,
                    params: RefCell::default(),
                };
                cases.extend(slice.case(depth));
            }
        }
    }
    let engine_seen = cause.seen.clone();
    let same = move |goal: &Goal, judged: &crate::diff::Judged| {
        let Some(found) = goal.found(judged) else { return false };
        found == *goal
            || found.aspect() == Aspect::Results && values_are(goal, judged, &engine_seen)
            || found.aspect() == Aspect::Outcome
                && goal.aspect() != Aspect::Outcome
                && is_trap(&engine_seen)
            || decides(cause, found.aspect())
            || changes(cause, found.aspect())
    };
    if let Some(case) = tries.first_that(&mut cases.into_iter(), &same)? {
        let judged = tries.judge(&case)?;
        if let Some(goal) = tries.goal.found(&judged) {
            tries.goal = goal;
            *best = case;
        }
    }
    Ok(())
}

fn is_trap(seen: &[String; 2]) -> bool {
    seen.iter().any(|seen| seen.starts_with("trapped"))
}

/// Where control parts at an instruction, the two ways are made two values.
fn decides(cause: &Cause, aspect: Aspect) -> bool {
    aspect == Aspect::Results && matches!(cause.operator.as_str(), "if" | "br_if")
}

/// What an instruction writes was seen to differ.
fn changes(cause: &Cause, aspect: Aspect) -> bool {
    match aspect {
        Aspect::Memory => cause.seen[0].starts_with("memory with"),
        Aspect::Tables => cause.seen[0].starts_with("tables with"),
        _ => false,
    }
}

/// Whether the engines return the values that were seen to differ.
fn values_are(goal: &Goal, judged: &crate::diff::Judged, seen: &[String; 2]) -> bool {
    [0, goal.engine()].into_iter().zip(seen).all(|(engine, seen)| {
        let last = judged.traces.get(engine).and_then(|trace| trace.steps.last());
        match last.map(|step| &step.outcome) {
            Some(Outcome::Returned(values)) => {
                values.iter().any(|value| show_typed(*value) == *seen)
            }
            _ => false,
        }
    })
}

struct Slice<'a> {
    draft: &'a Draft<'a>,
    func: &'a Func,
    cause: &'a Cause,
    known: &'a Known,
    leaf: Leaf,
    /// The parameters, with the local that each stands for.
    params: RefCell<Vec<(wp::ValType, Val, Option<u32>)>>,
}

impl Slice<'_> {
    fn case(self, depth: usize) -> Option<Case> {
        let called = self.draft.called(self.draft.case.calls.len().wrapping_sub(1))?;
        let op = &self.func.ops[self.cause.op];
        let mut code = self.operands(self.cause.op, depth)?;
        let results = match op.opcode {
            // The two ways that control can go.
            Opcode::If => {
                code.extend([0x04, 0x7f, 0x41, 1, 0x05, 0x41, 0, 0x0b]);
                vec![wp::ValType::I32]
            }
            Opcode::BrIf => {
                let value = [&[0x02, 0x7f, 0x41, 1][..], &code, &[0x0d, 0, 0x1a, 0x41, 0, 0x0b]];
                code = value.concat();
                vec![wp::ValType::I32]
            }
            _ if op.opens() || op.closes() || op.index.is_some() || !op.goes_on => return None,
            _ => {
                let results = op.results.iter().copied().collect::<Option<Vec<_>>>()?;
                code.extend_from_slice(
                    self.draft.code(self.func, self.cause.op..self.cause.op + 1),
                );
                results
            }
        };
        code.push(0x0b);
        let params = self.params.into_inner();
        let ty = wp::FuncType::new(params.iter().map(|(ty, ..)| *ty), results);
        let mut case = self.draft.with_function(called, ty, &[], &code)?;
        let call = case.calls.last_mut()?;
        call.args = params.into_iter().map(|(_, value, _)| value).collect();
        // What was called before has no effect on it.
        case.calls.drain(..case.calls.len() - 1);
        Some(case)
    }

    /// What makes the operands of an instruction.
    fn operands(&self, op: usize, depth: usize) -> Option<Vec<u8>> {
        let ends = self.func.operands_of(op);
        let taken = self.func.ops[op].taken;
        let mut code = Vec::new();
        for nth in 0..taken {
            let exact = match &self.cause.values {
                Some(values) if op == self.cause.op => values.get(nth).copied(),
                _ => None,
            };
            // Where blocks lie between them, only the values are known.
            let end = ends.get(nth).copied().filter(|_| ends.len() == taken);
            code.extend(self.operand(op, nth, end, exact, depth - 1)?);
        }
        Some(code)
    }

    fn operand(
        &self,
        op: usize,
        nth: usize,
        end: Option<usize>,
        exact: Option<Val>,
        depth: usize,
    ) -> Option<Vec<u8>> {
        if let Some(end) = end {
            let inner = &self.func.ops[end];
            let is_simple = inner.index.is_none() && !inner.closes() && inner.results.len() == 1;
            let own = self.draft.code(self.func, end..end + 1);
            let is_given =
                inner.opcode.name().ends_with(".const") || inner.opcode == Opcode::RefNull;
            if is_given || inner.taken == 0 && is_simple && !inner.opens() {
                return Some(own.to_vec());
            }
            if depth > 0
                && is_simple
                && let Some(mut code) = self.operands(end, depth)
            {
                code.extend_from_slice(own);
                return Some(code);
            }
        }
        let known = || {
            if let Some(before) = self.cause.before.get(&end?) {
                return Some(*before);
            }
            let [first, last] = self.known.get(&(self.func.index, end?))?;
            last.first().or(first.first()).copied().flatten()
        };
        let value = exact.or_else(known)?;
        let ty = (*self.func.ops[op].operands.get(nth)?)?;
        match self.leaf {
            Leaf::Constant => constant(value),
            Leaf::Param => {
                let local = end.and_then(|end| {
                    let inner = &self.func.ops[end];
                    inner.index.filter(|_| inner.opcode == Opcode::LocalGet)
                });
                let mut params = self.params.borrow_mut();
                let same = |param: &(_, Val, Option<u32>)| {
                    local.is_some() && param.2 == local && param.1 == value
                };
                let place = params.iter().position(same).unwrap_or_else(|| {
                    params.push((ty, value, local));
                    params.len() - 1
                });
                let mut code = vec![0x20];
                wasm_encoder::Encode::encode(&(place as u32), &mut code);
                Some(code)
            }
        }
    }
}
