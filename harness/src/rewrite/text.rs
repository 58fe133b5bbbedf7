//! The instructions of a module's bodies, with what validation knows of each.

use super::parts::Failed;
use etalon_module::Opcode;
use std::collections::HashMap;
use std::ops::Range;
use wasmparser as wp;
use wasmparser::types::{CoreTypeId, Types};

/// An instruction of a body.
#[derive(Clone, Debug)]
pub(crate) struct Op {
    /// Its bytes in the module.
    pub(crate) range: Range<usize>,
    pub(crate) opcode: Opcode,
    /// How many operands lie on the stack before it.
    pub(crate) height: usize,
    /// How many of them it takes.
    pub(crate) taken: usize,
    /// The types of those that it takes, the last on top; `None` for what validation does not know.
    pub(crate) operands: Vec<Option<wp::ValType>>,
    /// The types of what it leaves in their place. For an instruction that begins a block, these are the block's parameters.
    pub(crate) results: Vec<Option<wp::ValType>>,
    /// Whether control can reach the place after it by what stands before it.
    pub(crate) goes_on: bool,
    /// Whether control can reach it.
    pub(crate) is_reached: bool,
    /// How many blocks are open before it, that of the function among them.
    pub(crate) depth: usize,
    /// The `end` of the block that it begins, or the beginning of the block that it ends.
    pub(crate) partner: Option<usize>,
    /// The first immediate, if it is a number: an index, or a depth.
    pub(crate) index: Option<u32>,
    /// The type that it names, of an object, or of a function that is called by a reference.
    pub(crate) ty: Option<u32>,
    /// The number of the field that it names, or of the elements of an array.
    pub(crate) number: Option<u32>,
}

/// A function that the module defines.
#[derive(Clone, Debug)]
pub(crate) struct Func {
    pub(crate) index: u32,
    pub(crate) params: Vec<wp::ValType>,
    pub(crate) results: Vec<wp::ValType>,
    /// The locals that are declared.
    pub(crate) locals: Vec<wp::ValType>,
    /// The last instruction is the `end` of the function.
    pub(crate) ops: Vec<Op>,
}

/// The functions that a module defines.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) imported: u32,
    pub(crate) funcs: Vec<Func>,
}

impl Op {
    /// Whether it begins a block.
    pub(crate) fn opens(&self) -> bool {
        matches!(
            self.opcode,
            Opcode::Block | Opcode::Loop | Opcode::If | Opcode::TryTable | Opcode::Try
        )
    }

    /// Whether it ends one.
    pub(crate) fn closes(&self) -> bool {
        matches!(self.opcode, Opcode::End | Opcode::Delegate)
    }
}

impl Func {
    /// The first instruction of the expression that ends with an instruction: from there on, what the instruction takes is
    /// made, and nothing else is left. `None` if there is none within the block.
    pub(crate) fn start_of(&self, op: usize) -> Option<usize> {
        let last = &self.ops[op];
        let (first, height) = match (last.closes(), last.partner) {
            // Where control does not come, a block may take what is not there.
            (true, Some(opener)) => {
                (opener, self.ops[opener].height.checked_sub(self.ops[opener].taken)?)
            }
            (true, None) => return None,
            (false, _) => (op, last.height.checked_sub(last.taken)?),
        };
        let depth = self.ops[first].depth;
        let mut at = first;
        while self.ops[at].height > height {
            at = at.checked_sub(1)?;
            if self.ops[at].depth < depth || !self.ops[at].is_reached {
                return None;
            }
            if self.ops[at].closes() {
                at = self.ops[at].partner?;
            }
        }
        (self.ops[at].height == height).then_some(at)
    }

    /// The last instructions of the expressions that make the operands of an instruction, in order.
    pub(crate) fn operands_of(&self, op: usize) -> Vec<usize> {
        let opener = match (self.ops[op].closes(), self.ops[op].partner) {
            (true, Some(opener)) => opener,
            (true, None) => return Vec::new(),
            (false, _) => op,
        };
        self.topmost(opener, self.ops[opener].taken)
    }

    /// The same of the results of the block that an instruction ends.
    pub(crate) fn left_at(&self, end: usize) -> Vec<usize> {
        if !self.ops[end].is_reached {
            return Vec::new();
        }
        self.topmost(end, self.ops[end].results.len())
    }

    /// The same of the results that the function ends with.
    pub(crate) fn returned(&self) -> Vec<usize> {
        self.topmost(self.ops.len() - 1, self.results.len())
    }

    /// The last instructions of the expressions that make so many values on top of the stack before an instruction.
    fn topmost(&self, before: usize, count: usize) -> Vec<usize> {
        let mut ends = Vec::new();
        let mut at = before;
        let Some(base) = self.ops[before].height.checked_sub(count) else {
            return ends;
        };
        for nth in (0..count).rev() {
            let height = base + nth + 1;
            // Back over what leaves nothing.
            loop {
                let Some(before) = at.checked_sub(1) else { return ends };
                let Some(start) = self.start_of(before) else { return ends };
                let leaves = self.ops[at].height.saturating_sub(self.ops[start].height);
                let is_operand = leaves > 0 && self.ops[at].height == height;
                at = start;
                if is_operand {
                    ends.insert(0, before);
                    break;
                }
            }
        }
        ends
    }
}

/// Names types by their numbers in the module, as bodies do.
struct Names(HashMap<CoreTypeId, u32>);

impl Names {
    fn of(types: &Types) -> Names {
        let types = types.as_ref();
        let mut indices = HashMap::new();
        for index in 0..types.core_type_count_in_module() {
            indices.entry(types.core_type_at_in_module(index)).or_insert(index);
        }
        Names(indices)
    }

    fn ty(&self, ty: wp::ValType) -> Option<wp::ValType> {
        let wp::ValType::Ref(r) = ty else { return Some(ty) };
        let index = |index: wp::UnpackedIndex| match index {
            wp::UnpackedIndex::Module(_) => Some(index),
            wp::UnpackedIndex::Id(id) => Some(wp::UnpackedIndex::Module(*self.0.get(&id)?)),
            wp::UnpackedIndex::RecGroup(_) => None,
        };
        let heap = match r.heap_type() {
            // With all features, what is made is of exactly its type, which is a type of its own.
            wp::HeapType::Concrete(i) | wp::HeapType::Exact(i) => wp::HeapType::Concrete(index(i)?),
            other => other,
        };
        Some(wp::ValType::Ref(wp::RefType::new(r.is_nullable(), heap)?))
    }
}

impl Text {
    /// Reads the bodies of a valid module.
    pub(crate) fn of(wasm: &[u8]) -> Result<Text, Failed> {
        let features = wp::WasmFeatures::all();
        let mut validator = wp::Validator::new_with_features(features);
        let (mut bodies, mut types) = (Vec::new(), None);
        let mut parser = wp::Parser::new(0);
        parser.set_features(features);
        for payload in parser.parse_all(wasm) {
            match validator.payload(&payload?)? {
                wp::ValidPayload::Func(func, body) => bodies.push((func, body)),
                wp::ValidPayload::End(end) => types = Some(end),
                _ => {}
            }
        }
        let types = types.ok_or(Failed)?;
        let names = Names::of(&types);
        let imported = types.as_ref().function_count() - bodies.len() as u32;
        let mut allocations = wp::FuncValidatorAllocations::default();
        let mut funcs = Vec::new();
        for (func, body) in bodies {
            let mut validator = func.into_validator(allocations);
            funcs.push(read(&mut validator, &body, &types, &names)?);
            allocations = validator.into_allocations();
        }
        Ok(Text { imported, funcs })
    }

    /// A function that the module defines, by its index.
    pub(crate) fn func(&self, index: u32) -> Option<&Func> {
        self.funcs.get(index.checked_sub(self.imported)? as usize)
    }
}

type Validator = wp::FuncValidator<wp::ValidatorResources>;

fn read(
    validator: &mut Validator,
    body: &wp::FunctionBody<'_>,
    types: &Types,
    names: &Names,
) -> Result<Func, Failed> {
    let index = validator.index();
    let ty = types[types.as_ref().core_function_at(index)].unwrap_func().clone();
    let known = |all: &[wp::ValType]| -> Result<Vec<wp::ValType>, Failed> {
        all.iter().map(|ty| names.ty(*ty).ok_or(Failed)).collect()
    };
    let (params, results) = (known(ty.params())?, known(ty.results())?);
    let mut reader = body.get_binary_reader();
    validator.read_locals(&mut reader)?;
    let locals: Option<Vec<_>> = (params.len() as u32..validator.len_locals())
        .map(|i| validator.get_local_type(i).and_then(|ty| names.ty(ty)))
        .collect();
    let mut reader = wp::OperatorsReader::new(reader);
    let (mut ops, mut open): (Vec<Op>, Vec<usize>) = (Vec::new(), Vec::new());
    while !reader.eof() {
        let at = reader.original_position();
        let operator = reader.read()?;
        let (taken, given) = operator.operator_arity(&*validator).ok_or(Failed)?;
        let height = validator.operand_stack_height() as usize;
        let depth = validator.control_stack_height() as usize;
        let top = |validator: &Validator, count: usize| -> Vec<Option<wp::ValType>> {
            let ty = |i| validator.get_operand_type(i).flatten().and_then(|ty| names.ty(ty));
            (0..count).rev().map(ty).collect()
        };
        let base = validator.get_control_frame(0).map_or(0, |frame| frame.height);
        let opcode = Opcode::of(&operator);
        let mut op = Op {
            range: at as usize..reader.original_position() as usize,
            opcode,
            height,
            taken: taken as usize,
            operands: top(validator, (taken as usize).min(height.saturating_sub(base))),
            results: Vec::new(),
            goes_on: false,
            is_reached: !is_dead(validator),
            depth,
            partner: None,
            index: first_index(&operator),
            ty: None,
            number: None,
        };
        (op.ty, op.number) = of_type(&operator);
        validator.op(at, &operator)?;
        let after = validator.operand_stack_height() as usize;
        let here = validator.get_control_frame(0).map_or(0, |frame| frame.height);
        let given = match opcode {
            _ if op.opens() || opcode == Opcode::Else => after - here,
            Opcode::Catch | Opcode::CatchAll => after - here,
            _ => (given as usize).min(after.saturating_sub(here)),
        };
        op.results = top(validator, given);
        op.goes_on = validator.control_stack_height() > 0 && !is_dead(validator);
        if op.opens() {
            open.push(ops.len());
        } else if op.closes()
            && let Some(opener) = open.pop()
        {
            op.partner = Some(opener);
            let end = ops.len();
            ops[opener].partner = Some(end);
        }
        ops.push(op);
    }
    Ok(Func { index, params, results, locals: locals.ok_or(Failed)?, ops })
}

fn is_dead(validator: &Validator) -> bool {
    validator.get_control_frame(0).is_none_or(|frame| frame.unreachable)
}

/// The index that an instruction begins with, where the harness asks for it.
fn first_index(operator: &wp::Operator<'_>) -> Option<u32> {
    use wp::Operator::*;
    Some(match operator {
        LocalGet { local_index: i } | LocalSet { local_index: i } | LocalTee { local_index: i } => {
            *i
        }
        GlobalGet { global_index: i } | GlobalSet { global_index: i } => *i,
        Call { function_index: i } | ReturnCall { function_index: i } => *i,
        Br { relative_depth: i } | BrIf { relative_depth: i } => *i,
        _ => return None,
    })
}

/// The type that an instruction names, and the field of it, or how many elements.
fn of_type(operator: &wp::Operator<'_>) -> (Option<u32>, Option<u32>) {
    use wp::Operator::*;
    match operator {
        CallIndirect { type_index: ty, .. } | ReturnCallIndirect { type_index: ty, .. } => {
            (Some(*ty), None)
        }
        CallRef { type_index: ty } | ReturnCallRef { type_index: ty } => (Some(*ty), None),
        StructNew { struct_type_index: ty } | StructNewDefault { struct_type_index: ty } => {
            (Some(*ty), None)
        }
        StructGet { struct_type_index: ty, field_index: field }
        | StructGetS { struct_type_index: ty, field_index: field }
        | StructGetU { struct_type_index: ty, field_index: field }
        | StructSet { struct_type_index: ty, field_index: field } => (Some(*ty), Some(*field)),
        ArrayNew { array_type_index: ty } => (Some(*ty), None),
        ArrayNewFixed { array_type_index: ty, array_size: size } => (Some(*ty), Some(*size)),
        _ => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{Selection, modules_of};

    /// Of every instruction of every module of the scripts, those that control does not reach among them: its expression ends with
    /// it, and its operands stand before it.
    #[test]
    fn expressions_and_operands_stand_before_the_instruction() {
        let mut found = 0;
        for source in Selection::default().sources().unwrap() {
            for wasm in modules_of(&source).unwrap() {
                let Ok(text) = Text::of(&wasm) else { continue };
                for (func, at) in
                    text.funcs.iter().flat_map(|f| (0..f.ops.len()).map(move |at| (f, at)))
                {
                    let start = func.start_of(at);
                    assert!(start.is_none_or(|start| start <= at), "{} {at}", source.name());
                    assert!(
                        func.operands_of(at).iter().all(|end| *end < at),
                        "{} {at}",
                        source.name()
                    );
                    found += usize::from(start.is_some());
                }
            }
        }
        assert!(found > 100_000, "{found}");
    }
}
