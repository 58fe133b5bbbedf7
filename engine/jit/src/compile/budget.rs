//! What compiling a function costs, in units that do not depend on the machine, and how much of it is done.
//!
//! Nearly all of what the code generator does grows as the operators do. What does not is bounded here: at each place where
//! control parts or joins, it looks at what is alive there, and a call or a block may have a thousand values for one byte of text.

use crate::error::{CompileError, Failure, Reason};
use etalon_module::{CompType, FuncBody, Module, TypeUse};
use std::collections::{BTreeSet, HashMap};
use wasmparser::{BlockType, Catch, Operator as O};

/// How much is compiled. What is beyond it runs in the interpreter.
///
/// Compiling costs a unit for each operator and for each value that passes at a call, at a block or to a handler, and for each edge
/// of control a unit and one more for each eight values that may be alive there.
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
///
/// # Errors
/// If a body cannot be read, which validation excludes.
pub(super) fn within(
    budget: Budget,
    module: &Module,
    functions: &[u32],
) -> Result<Vec<Result<(), Reason>>, Failure> {
    let mut left = budget.module;
    let mut outcomes = Vec::with_capacity(functions.len());
    for func in functions {
        let cost = cost(module, *func)?;
        let limit = budget.function.min(left);
        outcomes.push(if cost > limit {
            Err(Reason::Budget { cost, limit })
        } else {
            left -= cost;
            Ok(())
        });
    }
    Ok(outcomes)
}

/// What compiling a function costs.
pub(super) fn cost(module: &Module, func: u32) -> Result<u64, Failure> {
    let Some(body) = module.body(func) else { return Ok(0) };
    let alive = values_alive(module, func, body)?;
    let edge = 1 + alive / VALUES;
    let mut cost = alive;
    let mut reader = module.operators(body);
    while !reader.eof() {
        let operator = reader.read().map_err(|e| fault(func, e.message()))?;
        let edges = edges(&operator).saturating_mul(edge);
        cost = cost.saturating_add(1 + edges + passed(module, &operator));
    }
    Ok(cost)
}

/// How many values are alive at all edges of a function together, at most.
pub(super) fn alive_at_edges(module: &Module, func: u32) -> Result<u64, Failure> {
    let Some(body) = module.body(func) else { return Ok(0) };
    let mut sum = 0u64;
    let mut reader = module.operators(body);
    while !reader.eof() {
        sum += edges(&reader.read().map_err(|e| fault(func, e.message()))?);
    }
    Ok(sum.saturating_mul(values_alive(module, func, body)?))
}

/// The operators between the first and the last mention of each local, summed over all locals: places in the text at which the value of
/// a local is to be kept somewhere.
pub(super) fn held(module: &Module, func: u32) -> Result<u64, Failure> {
    let Some(body) = module.body(func) else { return Ok(0) };
    let mut spans: HashMap<u32, (u64, u64)> = HashMap::new();
    let mut reader = module.operators(body);
    let mut at = 0;
    while !reader.eof() {
        at += 1;
        let operator = reader.read().map_err(|e| fault(func, e.message()))?;
        if let Some(local) = local_of(&operator) {
            spans.entry(local).or_insert((at, at)).1 = at;
        }
    }
    Ok(spans.values().map(|(first, last)| last - first).sum())
}

/// The values that pass at one operator, squared, summed over all operators and the function's own type: each is to have a place where
/// none of the others is.
pub(super) fn crowd(module: &Module, func: u32) -> Result<u64, Failure> {
    let Some(body) = module.body(func) else { return Ok(0) };
    let ty = module.func_type(func);
    let mut sum = [ty.params.len() as u64, ty.results.len() as u64].map(|n| n * n).iter().sum();
    let mut reader = module.operators(body);
    while !reader.eof() {
        let operator = reader.read().map_err(|e| fault(func, e.message()))?;
        let values = passed(module, &operator);
        sum = values.saturating_mul(values).saturating_add(sum);
    }
    Ok(sum)
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

/// The locals that a function mentions. Nothing is done for the others, of which a few bytes may declare 50,000.
pub(super) fn mentioned(
    module: &Module,
    func: u32,
    body: &FuncBody,
) -> Result<BTreeSet<u32>, Failure> {
    let mut locals = BTreeSet::new();
    let mut reader = module.operators(body);
    while !reader.eof() {
        let operator = reader.read().map_err(|e| fault(func, e.message()))?;
        locals.extend(local_of(&operator));
    }
    Ok(locals)
}

fn fault(func: u32, message: &str) -> Failure {
    CompileError::Codegen { func, message: message.to_owned() }.into()
}

/// Values that are alive at most: the parameters, the locals that are mentioned, and the operands.
fn values_alive(module: &Module, func: u32, body: &FuncBody) -> Result<u64, Failure> {
    let params = module.func_type(func).params.len() as u32;
    let locals = mentioned(module, func, body)?.range(params..).count() as u64;
    Ok(u64::from(params) + locals + u64::from(body.max_height))
}

/// To how many places control may go from an operator, or come to it. An exception may leave a call.
fn edges(operator: &O<'_>) -> u64 {
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
fn passed(module: &Module, operator: &O<'_>) -> u64 {
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
