//! What compiling a function costs, in units that do not depend on the machine, and how much of it is done.
//!
//! Nearly all of what the code generator does grows as the operators do. What does not is bounded here: at each place where
//! control parts or joins, it looks at what is alive there, and a call or a block may have a thousand values for one byte of text.

use crate::error::{CompileError, Failure, Reason};
use etalon_module::{CompType, FuncBody, Immediates, Module, TypeUse};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use wasmparser::{BlockType, Catch, Operator as O};

/// How much is compiled. What is beyond it runs in the interpreter.
///
/// Compiling costs a unit for each operator and for each value that passes at a call, at a block or to a handler, and for each edge
/// of control a unit and one more for each eight values that may be alive there. Besides, whatever the budget, a function is
/// interpreted on which the code generator's work would grow faster than its size
/// ([`Reason::Growth`](crate::Reason::Growth)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Most units of a function.
    pub function: u64,
    /// Most units of all functions of a module; those with a lower index come first.
    pub module: u64,
}

impl Default for Budget {
    /// Some seconds for a function, a minute for a module.
    fn default() -> Budget {
        Budget { function: 4 << 20, module: 64 << 20 }
    }
}

/// Values at an edge for which it costs another unit.
const VALUES: u64 = 8;

/// Says of each function whether it is within the budget, in the order of their indices.
pub(super) fn within(budget: Budget, functions: &[Survey]) -> Vec<Result<(), Reason>> {
    let mut left = budget.module;
    let one = |function: &Survey| {
        let (cost, limit) = (function.cost, budget.function.min(left));
        if cost > limit {
            return Err(Reason::Budget { cost, limit });
        }
        left -= cost;
        Ok(())
    };
    functions.iter().map(one).collect()
}

/// What is counted of a function before it is translated.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Survey {
    /// What compiling it costs.
    pub(super) cost: u64,
    /// How many values are alive at all edges together, at most.
    pub(super) alive_at_edges: u64,
    /// The operators between the first and the last mention of each local, summed over all locals: places in the text at which the
    /// value of a local is to be kept somewhere.
    pub(super) held: u64,
    /// The values that pass at one operator, squared, summed over all operators and the function's own type: each is to have a
    /// place where none of the others is.
    pub(super) crowd: u64,
}

impl Survey {
    /// Of a function that asks no regions of memories.
    #[cfg(test)]
    pub(super) fn of(module: &Module, func: u32) -> Result<Survey, Failure> {
        Survey::with(module, func, false)
    }

    /// Reads a function once. With `regions`, control parts at each access to a memory.
    ///
    /// # Errors
    /// If the body cannot be read, which validation excludes.
    pub(super) fn with(module: &Module, func: u32, regions: bool) -> Result<Survey, Failure> {
        let Some(body) = module.body(func) else { return Ok(Survey::default()) };
        let ty = module.func_type(func);
        let [params, results] = [ty.params.len(), ty.results.len()].map(|n| n as u64);
        let mut crowd = params * params + results * results;
        let (mut at, mut edges, mut passed) = (0u64, 0u64, 0u64);
        let mut spans: FxHashMap<u32, (u64, u64)> = FxHashMap::default();
        for_each_operator(module, func, body, |operator| {
            at += 1;
            edges += edges_of(operator);
            edges += u64::from(regions && Immediates::of(operator).memarg.is_some());
            let values = passed_at(module, operator);
            passed = passed.saturating_add(values);
            crowd = crowd.saturating_add(values.saturating_mul(values));
            if let Some(local) = local_of(operator) {
                spans.entry(local).or_insert((at, at)).1 = at;
            }
        })?;
        // The parameters, the locals that are mentioned, and the operands.
        let locals = spans.keys().filter(|local| u64::from(**local) >= params).count() as u64;
        let alive = params + locals + u64::from(body.max_height);
        let of_edges = edges.saturating_mul(1 + alive / VALUES);
        Ok(Survey {
            cost: alive.saturating_add(at).saturating_add(of_edges).saturating_add(passed),
            alive_at_edges: edges.saturating_mul(alive),
            held: spans.values().map(|(first, last)| last - first).sum(),
            crowd,
        })
    }
}

/// The locals that a function mentions. Nothing is done for the others, of which a few bytes may declare 50,000.
///
/// # Errors
/// If the body cannot be read, which validation excludes.
pub(super) fn mentioned(
    module: &Module,
    func: u32,
    body: &FuncBody,
) -> Result<BTreeSet<u32>, Failure> {
    let mut locals = BTreeSet::new();
    for_each_operator(module, func, body, |operator| locals.extend(local_of(operator)))?;
    Ok(locals)
}

fn for_each_operator(
    module: &Module,
    func: u32,
    body: &FuncBody,
    mut each: impl FnMut(&O<'_>),
) -> Result<(), Failure> {
    let fault = |message: &str| CompileError::Codegen { func, message: message.to_owned() };
    let mut reader = module.operators(body);
    while !reader.eof() {
        each(&reader.read().map_err(|e| fault(e.message()))?);
    }
    Ok(())
}

/// The local that an operator mentions.
fn local_of(operator: &O<'_>) -> Option<u32> {
    match operator {
        O::LocalGet { local_index } | O::LocalSet { local_index } | O::LocalTee { local_index } => {
            Some(*local_index)
        }
        _ => None,
    }
}

/// To how many places control may go from an operator, or come to it. An exception may leave a call.
fn edges_of(operator: &O<'_>) -> u64 {
    match operator {
        O::Loop { .. } | O::If { .. } | O::Else | O::End => 1,
        O::Br { .. } | O::BrIf { .. } | O::Return => 1,
        O::BrOnNull { .. } | O::BrOnNonNull { .. } => 1,
        O::BrOnCast { .. } | O::BrOnCastFail { .. } => 1,
        O::BrTable { targets } => 1 + u64::from(targets.len()),
        O::Call { .. } | O::CallIndirect { .. } | O::CallRef { .. } => 1,
        O::Throw { .. } | O::ThrowRef => 1,
        O::TryTable { try_table } => 1 + try_table.catches.len() as u64,
        _ => 0,
    }
}

/// How many values pass at an operator, where more may than the text has operators for.
fn passed_at(module: &Module, operator: &O<'_>) -> u64 {
    let of_type = |index: u32| match module.flat_types.get(index as usize).map(|t| &t.comp) {
        Some(CompType::Func(ty)) => (ty.params.len() + ty.results.len()) as u64,
        _ => 0,
    };
    let of_block = |ty: &BlockType| match ty {
        BlockType::FuncType(index) => of_type(*index),
        BlockType::Empty | BlockType::Type(_) => 0,
    };
    match operator {
        O::Block { blockty } | O::Loop { blockty } | O::If { blockty } => of_block(blockty),
        O::Call { function_index } => of_type(module.funcs[*function_index as usize]),
        O::CallIndirect { type_index, .. } | O::CallRef { type_index } => of_type(*type_index),
        O::TryTable { try_table } => {
            let of_clause = |catch: &Catch| match *catch {
                Catch::One { tag, .. } | Catch::OneRef { tag, .. } => {
                    match module.tags[tag as usize].ty {
                        TypeUse::Idx(index) => of_type(index),
                        _ => 0,
                    }
                }
                Catch::All { .. } | Catch::AllRef { .. } => 0,
            };
            of_block(&try_table.ty) + try_table.catches.iter().map(of_clause).sum::<u64>()
        }
        _ => 0,
    }
}
