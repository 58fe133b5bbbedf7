//! The function that is called ends with what the cause wrote.

use super::body::ending;
use super::draft::Draft;
use super::tries::{Goal, Tries};
use crate::diff::{Case, Judged};
use crate::localise::Cause;
use crate::rewrite::{Func, Op};
use etalon_adapters::AdapterError;
use etalon_module::Opcode;
use etalon_record::Aspect;
use wasm_encoder::{Encode, Instruction as I};
use wasmparser as wp;

/// How many elements of an array are looked at.
const ELEMENTS: i32 = 16;

/// Returns a part of the object that the cause writes to, right behind it.
pub(crate) fn written(
    tries: &mut Tries<'_>,
    best: &mut Case,
    cause: &Cause,
) -> Result<(), AdapterError> {
    let Some(draft) = Draft::of(best) else { return Ok(()) };
    let last = best.calls.len().wrapping_sub(1);
    let Some(func) = draft.called(last).filter(|func| func.index == cause.func) else {
        return Ok(());
    };
    if draft.is_used(func.index) {
        return Ok(());
    }
    let cases = parts_of_object(&draft, func, cause.op);
    let same = |goal: &Goal, judged: &Judged| {
        goal.found(judged).is_some_and(|found| found == *goal || found.aspect() == Aspect::Results)
    };
    let found = tries.first_that(&mut cases.into_iter(), &same)?;
    drop(draft);
    if let Some(case) = found
        && let Some(goal) = tries.goal.found(&tries.judge(&case)?)
    {
        tries.goal = goal;
        *best = case;
    }
    Ok(())
}

/// Cases that end with the field, or with one of the first elements, of the object that an instruction writes to.
fn parts_of_object(draft: &Draft<'_>, func: &Func, at: usize) -> Vec<Case> {
    let op = &func.ops[at];
    let Some(Some(wp::ValType::Ref(object))) = op.operands.first() else { return Vec::new() };
    let wp::HeapType::Concrete(ty) = object.heap_type() else { return Vec::new() };
    let ends = func.operands_of(at);
    let first = ends.first().filter(|_| ends.len() == op.taken && writes(op));
    let (Some(ty), Some(end)) = (ty.as_module_index(), first) else { return Vec::new() };
    let Some(start) = func.start_of(*end) else { return Vec::new() };
    let reference = draft.code(func, start..end + 1);
    let types = draft.parts.groups.iter().flat_map(|group| group.types());
    let reads: Vec<(wp::StorageType, Vec<I<'_>>)> =
        match types.into_iter().nth(ty as usize).map(|ty| &ty.composite_type.inner) {
            Some(wp::CompositeInnerType::Struct(of)) => {
                let field = op.number.and_then(|field| of.fields.get(field as usize));
                let Some((field, number)) = field.zip(op.number) else { return Vec::new() };
                let (struct_type_index, field_index) = (ty, number);
                let read = match field.element_type {
                    wp::StorageType::Val(_) => I::StructGet { struct_type_index, field_index },
                    _ => I::StructGetU { struct_type_index, field_index },
                };
                vec![(field.element_type, vec![read])]
            }
            Some(wp::CompositeInnerType::Array(of)) => {
                let read = match of.0.element_type {
                    wp::StorageType::Val(_) => I::ArrayGet(ty),
                    _ => I::ArrayGetU(ty),
                };
                let at = |index| (of.0.element_type, vec![I::I32Const(index), read.clone()]);
                (0..ELEMENTS).map(at).collect()
            }
            _ => Vec::new(),
        };
    let case = |(storage, read): (wp::StorageType, Vec<I<'_>>)| {
        let mut code = reference.to_vec();
        read.iter().for_each(|instruction| instruction.encode(&mut code));
        let ty = match storage.unpack() {
            wp::ValType::Ref(_) => {
                I::RefIsNull.encode(&mut code);
                wp::ValType::I32
            }
            number => number,
        };
        ending(draft, func, at, vec![ty], &code)
    };
    reads.into_iter().filter_map(case).collect()
}

fn writes(op: &Op) -> bool {
    matches!(
        op.opcode,
        Opcode::StructSet
            | Opcode::ArraySet
            | Opcode::ArrayFill
            | Opcode::ArrayCopy
            | Opcode::ArrayInitData
            | Opcode::ArrayInitElem
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::Call;
    use etalon_module::{Features, Module};

    /// What an instruction writes inside of a loop is returned there, with what comes after it left out.
    #[test]
    fn a_part_of_what_was_written_is_returned() {
        let wasm = wat::parse_str(
            r#"(module (type $a (array (mut i16))) (type $s (struct (field f32) (field (mut i64))))
              (func (export "f") (result i32) (local $x (ref $a)) (local $y (ref $s))
                (local.set $x (array.new $a (i32.const 1) (i32.const 9)))
                (local.set $y (struct.new_default $s))
                (loop
                  (array.fill $a (local.get $x) (i32.const 2) (i32.const 3) (i32.const 4))
                  (struct.set $s 1 (local.get $y) (i64.const 5)))
                (array.get_u $a (local.get $x) (i32.const 7))))"#,
        );
        let calls = vec![Call { export: "f".into(), args: Vec::new() }];
        let case = Case::new("case", wasm.unwrap(), calls);
        let draft = Draft::of(&case).unwrap();
        let func = draft.called(0).unwrap();
        for (opcode, count, read, result) in [
            (Opcode::ArrayFill, ELEMENTS as usize, "array.get_u 0\n      return", "(result i32)"),
            (Opcode::StructSet, 1, "struct.get 1 1\n      return", "(result i64)"),
        ] {
            let at = func.ops.iter().position(|op| op.opcode == opcode).unwrap();
            let cases = parts_of_object(&draft, func, at);
            assert_eq!(cases.len(), count);
            for case in cases {
                let text = wasmprinter::print_bytes(&case.wasm).unwrap();
                assert!(Module::new(&case.wasm, Features::all()).is_ok(), "{text}");
                assert!(text.contains(read) && text.contains(result), "{text}");
            }
        }
    }
}
