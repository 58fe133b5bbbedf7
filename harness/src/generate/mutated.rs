//! Modules of the scripts, changed in a few places, with the calls that the scripts make.
//!
//! A change keeps the types: an operator without immediates gives way to another one of the same shape, a constant to a value
//! beside it or to an edge value, an operand to another one of its type, and a value that stands alone is computed twice. What
//! is not valid after all is passed over.

use super::choices::Choices;
use super::typed::{RELATIONS, Ty, edges, lanes, related};
use crate::rewrite::{Func, Op, Parts, Text, clean};
use crate::script::{ScriptModule, Selection, called_modules};
use etalon_adapters::{Features, Val};
use etalon_module::{Module, Opcode};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use wasm_encoder::Encode;

/// Calls that a case has at most.
const MOST_CALLS: usize = 64;

/// Changes of a module at most.
const MOST_CHANGES: usize = 5;

/// Bytes of a module at most: what is larger makes few cases a second.
const MOST_BYTES: usize = 1 << 14;

/// A module, and its calls: exports with arguments.
pub(crate) type Mutated = (Vec<u8>, Vec<(String, Vec<Val>)>);

/// A changed module that needs no more than some features; `None` if no script has one.
pub(crate) fn mutated(u: &mut Choices<'_>, features: Features) -> Option<Mutated> {
    let modules = modules(features);
    if modules.is_empty() {
        return None;
    }
    let module = u.of(&modules);
    let mut wasm = module.wasm.clone();
    for _ in 0..1 + u.below(MOST_CHANGES) {
        if let Some(changed) = changed(u, &wasm)
            && Module::new(&changed, features).is_ok()
        {
            wasm = changed;
        }
    }
    // A part of the calls that stand together, so that a long script is seen from all sides.
    let first = u.below(module.calls.len().saturating_sub(MOST_CALLS) + 1);
    let calls = module.calls.iter().skip(first).take(MOST_CALLS);
    Some((wasm, calls.map(|call| (call.export.clone(), call.args.clone())).collect()))
}

/// The modules of the scripts that need no more than some features and have calls; made once for each.
fn modules(features: Features) -> Arc<Vec<ScriptModule>> {
    static ALL: LazyLock<Vec<ScriptModule>> = LazyLock::new(|| {
        let sources = Selection::default().sources().unwrap_or_default();
        let all = sources.iter().filter_map(|source| called_modules(source).ok()).flatten();
        all.filter(|m| !m.calls.is_empty() && m.wasm.len() <= MOST_BYTES).collect()
    });
    static CHOSEN: Mutex<Vec<(Features, Arc<Vec<ScriptModule>>)>> = Mutex::new(Vec::new());
    let mut chosen = CHOSEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, modules)) = chosen.iter().find(|(of, _)| *of == features) {
        return Arc::clone(modules);
    }
    let fit = ALL.iter().filter(|module| Module::new(&module.wasm, features).is_ok());
    let modules = Arc::new(fit.cloned().collect::<Vec<_>>());
    chosen.push((features, Arc::clone(&modules)));
    modules
}

/// A module with one change; `None` if there is nothing to change where one was tried.
fn changed(u: &mut Choices<'_>, wasm: &[u8]) -> Option<Vec<u8>> {
    let text = Text::of(wasm).ok()?;
    let parts = Parts::of(wasm).ok()?;
    let functions: Vec<&Func> = text.funcs.iter().filter(|func| func.ops.len() > 1).collect();
    if functions.is_empty() {
        return None;
    }
    let func = *u.of(&functions);
    let at = u.below(func.ops.len() - 1);
    // The next instruction of which something can be made.
    let (range, code) = (at..func.ops.len() - 1).find_map(|at| replacement(u, wasm, func, at))?;
    let number = (func.index - text.imported) as usize;
    let body = parts.bodies.get(number)?;
    let start = func.ops[0].range.start;
    let end = func.ops.last()?.range.end;
    // The declarations of locals stand before the instructions.
    let locals = wasm.get(end.checked_sub(body.len())?..start)?;
    let new = [locals, &wasm[start..range.start], &code, &wasm[range.end..end]].concat();
    let mut parts = parts.clone();
    parts.bodies[number] = Cow::Owned(new);
    clean(&parts).ok()
}

/// What stands in the place of an instruction, or of the expression that ends with it.
fn replacement(
    u: &mut Choices<'_>,
    wasm: &[u8],
    func: &Func,
    at: usize,
) -> Option<(std::ops::Range<usize>, Vec<u8>)> {
    let op = &func.ops[at];
    if !op.is_reached || !op.goes_on || op.opens() || op.closes() {
        return None;
    }
    if op.opcode.name().ends_with(".const") {
        return Some((op.range.clone(), constant(u, wasm, op)?));
    }
    let alike = op.opcode.shape().and_then(|shape| ALIKE.get(&format!("{shape:?}")));
    let alike = alike.filter(|all| all.iter().any(|(other, _)| *other == op.opcode));
    match (u.below(4), alike) {
        (0, _) => twice(wasm, func, at),
        (1, _) => other_operand(u, wasm, func, at),
        (_, Some(alike)) => Some((op.range.clone(), u.of(alike).1.clone())),
        (_, None) => None,
    }
}

/// Operators with their bytes.
type Plain = Vec<(Opcode, Vec<u8>)>;

/// The operators without immediates, by their shape.
static ALIKE: LazyLock<BTreeMap<String, Plain>> = LazyLock::new(|| {
    let mut alike = BTreeMap::<String, Plain>::new();
    for op in Opcode::ALL {
        let Some(shape) = op.shape().filter(|_| op.is_executed()) else { continue };
        // Only operators without immediates are text by their name alone.
        let text = format!("(module (func unreachable {} unreachable))", op.name());
        let Ok(wasm) = wat::parse_str(text) else { continue };
        let Ok(text) = Text::of(&wasm) else { continue };
        if let [func] = &text.funcs[..]
            && let [_, found, _, _] = &func.ops[..]
            && found.opcode == *op
        {
            let code = wasm[found.range.clone()].to_vec();
            alike.entry(format!("{shape:?}")).or_default().push((*op, code));
        }
    }
    alike
});

/// Another constant.
fn constant(u: &mut Choices<'_>, wasm: &[u8], op: &Op) -> Option<Vec<u8>> {
    let ty = Ty::named(op.opcode.name().strip_suffix(".const")?)?;
    let bytes = wasm.get(op.range.clone())?;
    let reader = wasmparser::BinaryReader::new(bytes, 0);
    let bits = match wasmparser::OperatorsReader::new(reader).read().ok()? {
        wasmparser::Operator::I32Const { value } => u128::from(value as u32),
        wasmparser::Operator::I64Const { value } => u128::from(value as u64),
        wasmparser::Operator::F32Const { value } => value.bits().into(),
        wasmparser::Operator::F64Const { value } => value.bits().into(),
        wasmparser::Operator::V128Const { value } => value.i128() as u128,
        _ => return None,
    };
    let bits = match u.below(4) {
        0 => u.bits(),
        1 => related(ty, bits, u.below(RELATIONS)),
        2 if ty == Ty::V128 => lanes(&mut |n| u.below(n)),
        _ => *u.of(&edges(ty)),
    };
    let instruction = match ty {
        Ty::I32 => wasm_encoder::Instruction::I32Const(bits as i32),
        Ty::I64 => wasm_encoder::Instruction::I64Const(bits as i64),
        Ty::F32 => wasm_encoder::Instruction::F32Const(wasm_encoder::Ieee32::new(bits as u32)),
        Ty::F64 => wasm_encoder::Instruction::F64Const(wasm_encoder::Ieee64::new(bits as u64)),
        Ty::V128 => wasm_encoder::Instruction::V128Const(bits as i128),
        Ty::Ref(_) => return None,
    };
    let mut code = Vec::new();
    instruction.encode(&mut code);
    Some(code)
}

/// The expression that ends with an instruction, and behind it once more, in the place of the first value.
fn twice(wasm: &[u8], func: &Func, at: usize) -> Option<(std::ops::Range<usize>, Vec<u8>)> {
    const DROP: u8 = 0x1a;
    let start = func.start_of(at)?;
    if func.ops[at].results.len() != 1 {
        return None;
    }
    let range = func.ops[start].range.start..func.ops[at].range.end;
    let code = &wasm[range.clone()];
    Some((range, [code, &[DROP], code].concat()))
}

/// One operand of an instruction in the place of another one of its type.
fn other_operand(
    u: &mut Choices<'_>,
    wasm: &[u8],
    func: &Func,
    at: usize,
) -> Option<(std::ops::Range<usize>, Vec<u8>)> {
    let ends = func.operands_of(at);
    let [first, second] = ends[..] else { return None };
    if func.ops[first].results != func.ops[second].results {
        return None;
    }
    let bytes = |end: usize| {
        let start = func.start_of(end)?;
        Some(func.ops[start].range.start..func.ops[end].range.end)
    };
    let (first, second) = (bytes(first)?, bytes(second)?);
    let (a, b) = (&wasm[first.clone()], &wasm[second.clone()]);
    Some(match u.below(3) {
        0 => (first, b.to_vec()),
        1 => (second, a.to_vec()),
        _ if first.end == second.start => (first.start..second.end, [b, a].concat()),
        _ => return None,
    })
}
