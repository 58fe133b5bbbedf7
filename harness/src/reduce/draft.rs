//! A case whose functions are to be changed.

use crate::diff::Case;
use crate::rewrite::{Func, Op, Parts, Text, clean};
use etalon_adapters::Val;
use std::borrow::Cow;
use wasm_encoder as we;
use wasm_encoder::Encode;
use wasmparser as wp;

/// A case, and its functions.
pub(crate) struct Draft<'a> {
    pub(crate) case: &'a Case,
    pub(crate) parts: Parts<'a>,
    pub(crate) text: Text,
}

impl<'a> Draft<'a> {
    /// `None` if the module cannot be read.
    pub(crate) fn of(case: &'a Case) -> Option<Self> {
        let parts = Parts::of(&case.wasm).ok()?;
        Some(Draft { case, parts, text: Text::of(&case.wasm).ok()? })
    }

    /// The function that a call is of; `None` if it is imported.
    pub(crate) fn called(&self, call: usize) -> Option<&Func> {
        let name = &self.case.calls.get(call)?.export;
        let mut exports = self.parts.exports.iter();
        let export = exports.find(|e| e.name == name && e.kind == wp::ExternalKind::Func)?;
        self.text.func(export.index)
    }

    /// Whether a function is called or referred to by another, or by itself.
    pub(crate) fn is_used(&self, func: u32) -> bool {
        let ops = self.text.funcs.iter().flat_map(|func| &func.ops);
        let mut calls = ops.filter(|op| {
            matches!(op.opcode, etalon_module::Opcode::Call | etalon_module::Opcode::ReturnCall)
        });
        calls.any(|op| op.index == Some(func))
    }

    /// The bytes of some instructions of a function.
    pub(crate) fn code(&self, func: &Func, ops: std::ops::Range<usize>) -> &'a [u8] {
        if ops.is_empty() {
            return &[];
        }
        let bytes = func.ops[ops.start].range.start..func.ops[ops.end - 1].range.end;
        &self.case.wasm[bytes]
    }

    /// The declarations of a function's locals.
    pub(crate) fn locals(&self, func: &Func) -> &'a [u8] {
        let body = &self.parts.bodies[self.number(func)];
        let code: usize = func.ops.iter().map(|op| op.range.len()).sum();
        let start = func.ops[0].range.start;
        &self.case.wasm[start + code - body.len()..start]
    }

    pub(crate) fn number(&self, func: &Func) -> usize {
        (func.index - self.text.imported) as usize
    }

    /// The case with other instructions in a function, the last `end` among them.
    pub(crate) fn with_code(&self, func: &Func, pieces: &[&[u8]]) -> Option<Case> {
        let mut body = self.locals(func).to_vec();
        pieces.iter().for_each(|piece| body.extend_from_slice(piece));
        let mut parts = self.parts.clone();
        parts.bodies[self.number(func)] = Cow::Owned(body);
        self.finish(&parts)
    }

    /// The case with another function in the place of one.
    pub(crate) fn with_function(
        &self,
        func: &Func,
        ty: wp::FuncType,
        locals: &[wp::ValType],
        code: &[u8],
    ) -> Option<Case> {
        let mut body = declared(locals)?;
        body.extend_from_slice(code);
        let mut parts = self.parts.clone();
        let number = self.number(func);
        parts.bodies[number] = Cow::Owned(body);
        parts.funcs[number] = self.type_of(&mut parts, ty);
        self.finish(&parts)
    }

    /// The number of a type, which is added if there is none.
    pub(crate) fn type_of(&self, parts: &mut Parts<'_>, ty: wp::FuncType) -> u32 {
        let single = parts.groups.iter().scan(0, |first, group| {
            let index = *first;
            *first += group.types().len() as u32;
            Some((index, group))
        });
        for (index, group) in single {
            let mut types = group.types();
            if let (Some(one), None) = (types.next(), types.next())
                && one.is_final
                && one.supertype_idxs.is_empty()
                && matches!(&one.composite_type.inner, wp::CompositeInnerType::Func(f) if *f == ty)
            {
                return index;
            }
        }
        parts.new_types.push(ty);
        parts.type_count() - 1
    }

    /// The case with other parts.
    pub(crate) fn finish(&self, parts: &Parts<'_>) -> Option<Case> {
        let wasm = clean(parts).ok()?;
        (wasm != self.case.wasm).then(|| Case { wasm, ..self.case.clone() })
    }
}

/// Declarations of locals.
pub(crate) fn declared(types: &[wp::ValType]) -> Option<Vec<u8>> {
    let mut locals = Vec::new();
    for ty in types {
        locals.push(we::ValType::try_from(*ty).ok()?);
    }
    Some(we::Function::new_with_locals_types(locals).into_raw_body())
}

/// An instruction that gives a value; `None` if none does.
pub(crate) fn constant(value: Val) -> Option<Vec<u8>> {
    let mut code = Vec::new();
    let instruction = match value {
        Val::I32(bits) => we::Instruction::I32Const(bits),
        Val::I64(bits) => we::Instruction::I64Const(bits),
        Val::F32(bits) => we::Instruction::F32Const(we::Ieee32::new(bits)),
        Val::F64(bits) => we::Instruction::F64Const(we::Ieee64::new(bits)),
        Val::V128(bits) => we::Instruction::V128Const(bits as i128),
        Val::Null(_) | Val::Ref(_) => return None,
    };
    instruction.encode(&mut code);
    Some(code)
}

/// An instruction that gives the default value of a type; `None` if there is none.
pub(crate) fn default(ty: wp::ValType) -> Option<Vec<u8>> {
    match ty {
        wp::ValType::I32 => constant(Val::I32(0)),
        wp::ValType::I64 => constant(Val::I64(0)),
        wp::ValType::F32 => constant(Val::F32(0)),
        wp::ValType::F64 => constant(Val::F64(0)),
        wp::ValType::V128 => constant(Val::V128(0)),
        wp::ValType::Ref(r) => {
            let heap = we::HeapType::try_from(r.heap_type()).ok()?;
            let mut code = Vec::new();
            we::Instruction::RefNull(heap).encode(&mut code);
            r.is_nullable().then_some(code)
        }
    }
}

/// The simplest values in the place of an instruction that gives a reference, if its expression has more instructions than told.
pub(crate) fn made(draft: &Draft<'_>, op: &Op, more_than: usize) -> Vec<Vec<u8>> {
    let [Some(wp::ValType::Ref(r))] = op.results[..] else { return Vec::new() };
    let mut made: Vec<(usize, Vec<we::Instruction<'_>>)> = Vec::new();
    match r.heap_type() {
        wp::HeapType::Concrete(index) => {
            let Some(index) = index.as_module_index() else { return Vec::new() };
            let types = draft.parts.groups.iter().flat_map(|group| group.types());
            match types.into_iter().nth(index as usize).map(|ty| &ty.composite_type.inner) {
                Some(wp::CompositeInnerType::Struct(_)) => {
                    made.push((1, vec![we::Instruction::StructNewDefault(index)]));
                }
                Some(wp::CompositeInnerType::Array(_)) => {
                    let sizes = [Some(1), op.number.map(|size| size as i32)];
                    for size in sizes.into_iter().flatten() {
                        let size = we::Instruction::I32Const(size);
                        made.push((2, vec![size, we::Instruction::ArrayNewDefault(index)]));
                    }
                }
                _ => {}
            }
        }
        wp::HeapType::Abstract { .. } => {
            made.push((2, vec![we::Instruction::I32Const(1), we::Instruction::RefI31]));
        }
        wp::HeapType::Exact(_) => {}
    }
    made.retain(|(count, _)| *count <= more_than);
    let written = |(_, made): (usize, Vec<we::Instruction<'_>>)| {
        let mut code = Vec::new();
        made.iter().for_each(|instruction| instruction.encode(&mut code));
        code
    };
    made.into_iter().map(written).collect()
}
