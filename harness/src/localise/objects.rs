//! Digests of structures and arrays, told after instructions that make them or write to them.

use super::instrument::{Shift, What, Writer};
use crate::rewrite::{Failed, Op};
use etalon_module::Opcode;
use wasm_encoder as we;
use wasm_encoder::{Encode, Instruction as I};
use wasmparser as wp;

/// Mixes what was told of an object with the next part of it.
const PRIME: i64 = 0x0100_0000_01b3;

/// How many types of objects are told apart.
const MOST_TYPES: usize = 24;

/// The defined type that a reference is to.
fn defined(ty: Option<wp::ValType>) -> Option<u32> {
    let wp::ValType::Ref(r) = ty? else { return None };
    match r.heap_type() {
        wp::HeapType::Concrete(index) | wp::HeapType::Exact(index) => index.as_module_index(),
        _ => None,
    }
}

/// An instruction that writes to the object that its first operand refers to.
fn writes_object(opcode: Opcode) -> bool {
    let name = opcode.name();
    ["struct.set", "array.set", "array.fill", "array.copy"].contains(&name)
        || name.starts_with("array.init_")
}

fn makes_object(opcode: Opcode) -> bool {
    opcode.name().starts_with("struct.new") || opcode.name().starts_with("array.new")
}

impl Writer<'_> {
    /// Keeps the object that an instruction will write to: the local that has it, and its type.
    pub(super) fn object_before(
        &mut self,
        re: &mut Shift,
        op: &Op,
    ) -> Result<Option<(u32, u32)>, Failed> {
        if !self.tells_objects() || !op.is_reached || !writes_object(op.opcode) {
            return Ok(None);
        }
        let Some(ty) = defined(op.operands.first().copied().flatten()) else { return Ok(None) };
        let types: Option<Vec<_>> = op.operands.iter().copied().collect();
        let Some(types) = types else { return Ok(None) };
        let locals = self.keep_operands(re, &types)?;
        Ok(locals.first().map(|local| (*local, ty)))
    }

    /// Tells the object that an instruction made or wrote to.
    pub(super) fn object_after(
        &mut self,
        re: &mut Shift,
        at: usize,
        op: &Op,
        object: Option<(u32, u32)>,
    ) -> Result<(), Failed> {
        let made = op.results.first().copied().flatten().filter(|_| makes_object(op.opcode));
        let (local, ty) = match (object, made, defined(made)) {
            (Some(object), ..) => object,
            (None, Some(reference), Some(ty)) => {
                let local = self.temporary(re, reference, 0)?;
                I::LocalTee(local).encode(&mut self.code);
                (local, ty)
            }
            _ => return Ok(()),
        };
        let sum = self.temporary(re, wp::ValType::I64, 0)?;
        I::I64Const(0).encode(&mut self.code);
        I::LocalSet(sum).encode(&mut self.code);
        if self.digest(re, local, ty, sum)? {
            self.tell(Some(at), What::Object, Some(wp::ValType::I64), Some(sum));
        }
        Ok(())
    }

    /// Tells what a local refers to: of which types it is, and what it holds.
    pub(super) fn object(
        &mut self,
        re: &mut Shift,
        at: Option<usize>,
        what: What,
        local: u32,
    ) -> Result<(), Failed> {
        let sum = self.temporary(re, wp::ValType::I64, 0)?;
        let mut code = we::InstructionSink::new(&mut self.code);
        code.local_get(local).ref_is_null().i64_extend_i32_u().local_set(sum);
        for ty in (0..self.types.len() as u32).take(MOST_TYPES) {
            if matches!(
                self.types[ty as usize].composite_type.inner,
                wp::CompositeInnerType::Func(_) | wp::CompositeInnerType::Cont(_)
            ) {
                continue;
            }
            let heap = we::HeapType::Concrete(ty);
            let index = wp::PackedIndex::from_module_index(ty).ok_or(Failed)?;
            let own = wp::ValType::Ref(wp::RefType::concrete(true, index));
            let cast = self.temporary(re, own, 0)?;
            let mut code = we::InstructionSink::new(&mut self.code);
            code.local_get(local).ref_test_non_null(heap).if_(we::BlockType::Empty);
            code.local_get(sum).i64_const(PRIME).i64_mul().i64_const(i64::from(ty) + 1).i64_xor();
            code.local_set(sum).local_get(local).ref_cast_nullable(heap).local_set(cast);
            self.digest(re, cast, ty, sum)?;
            I::End.encode(&mut self.code);
        }
        self.tell(at, what, Some(wp::ValType::I64), Some(sum));
        Ok(())
    }

    /// Mixes what an object holds into a sum; no if it is no object.
    fn digest(&mut self, re: &mut Shift, local: u32, ty: u32, sum: u32) -> Result<bool, Failed> {
        let Some(composite) = self.types.get(ty as usize).map(|ty| &ty.composite_type.inner) else {
            return Ok(false);
        };
        match composite.clone() {
            wp::CompositeInnerType::Struct(ty_of) => {
                for (field, of) in (0..).zip(ty_of.fields.iter()) {
                    let (struct_type_index, field_index) = (ty, field);
                    I::LocalGet(local).encode(&mut self.code);
                    match is_packed(of.element_type) {
                        true => I::StructGetU { struct_type_index, field_index },
                        false => I::StructGet { struct_type_index, field_index },
                    }
                    .encode(&mut self.code);
                    self.mix(re, of.element_type, sum)?;
                }
            }
            wp::CompositeInnerType::Array(array) => self.elements(re, local, ty, array.0, sum)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn elements(
        &mut self,
        re: &mut Shift,
        local: u32,
        ty: u32,
        element: wp::FieldType,
        sum: u32,
    ) -> Result<(), Failed> {
        let index = self.temporary(re, wp::ValType::I32, 0)?;
        let mut code = we::InstructionSink::new(&mut self.code);
        code.i32_const(0).local_set(index);
        code.block(we::BlockType::Empty).loop_(we::BlockType::Empty);
        code.local_get(index).local_get(local).array_len().i32_ge_u().br_if(1);
        code.local_get(local).local_get(index);
        match is_packed(element.element_type) {
            true => code.array_get_u(ty),
            false => code.array_get(ty),
        };
        self.mix(re, element.element_type, sum)?;
        let mut code = we::InstructionSink::new(&mut self.code);
        code.local_get(index).i32_const(1).i32_add().local_set(index).br(0).end().end();
        Ok(())
    }

    /// Mixes the topmost value into a sum.
    fn mix(&mut self, re: &mut Shift, ty: wp::StorageType, sum: u32) -> Result<(), Failed> {
        let vector = match ty {
            wp::StorageType::Val(wp::ValType::V128) => {
                Some(self.temporary(re, wp::ValType::V128, 0)?)
            }
            _ => None,
        };
        let mut code = we::InstructionSink::new(&mut self.code);
        match ty {
            wp::StorageType::Val(wp::ValType::I64) => {}
            wp::StorageType::Val(wp::ValType::F32) => {
                _ = code.i32_reinterpret_f32().i64_extend_i32_u()
            }
            wp::StorageType::Val(wp::ValType::F64) => _ = code.i64_reinterpret_f64(),
            wp::StorageType::Val(wp::ValType::Ref(_)) => _ = code.ref_is_null().i64_extend_i32_u(),
            wp::StorageType::Val(wp::ValType::V128) => {
                let local = vector.ok_or(Failed)?;
                code.local_tee(local).i64x2_extract_lane(0).local_get(local).i64x2_extract_lane(1);
                code.i64_const(PRIME).i64_mul().i64_xor();
            }
            wp::StorageType::Val(wp::ValType::I32) | wp::StorageType::I8 | wp::StorageType::I16 => {
                code.i64_extend_i32_u();
            }
        }
        code.local_get(sum).i64_const(PRIME).i64_mul().i64_const(1).i64_add().i64_xor();
        code.local_set(sum);
        Ok(())
    }
}

fn is_packed(ty: wp::StorageType) -> bool {
    matches!(ty, wp::StorageType::I8 | wp::StorageType::I16)
}
