//! Which values collections must find.
//!
//! A reference to what may be in the heap is declared to the code generator, which keeps it in a known place of the
//! frame in every call across which it is used.

use super::translator::Translator;
use crate::abi::{JitContext, Region, SAFEPOINT_WORDS, safepoint_signature};
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{InstBuilder, Value};
use cranelift_frontend::FunctionBuilder;
use etalon_module::{CompType, HeapType, Module, StorageType, TypeUse, ValType};
use std::mem::offset_of;

/// Whether a value of a type may refer to something in the heap. A function never is, nor is a small integer.
pub(super) fn may_be_object(module: &Module, ty: ValType) -> bool {
    let ValType::Ref(ty) = ty else { return false };
    match ty.heap {
        HeapType::Func | HeapType::NoFunc | HeapType::I31 => false,
        HeapType::Use(TypeUse::Idx(index)) => {
            !matches!(module.flat_types[index as usize].comp, CompType::Func(_))
        }
        _ => true,
    }
}

/// Gives the places of references an alias region, as every access must have one.
pub(super) fn tag_places(b: &mut FunctionBuilder<'_>) {
    b.make_stack_map_alias_region(Box::new(|regions, _, _, _| Some(Region::Roots.tag_in(regions))));
}

impl Translator<'_> {
    /// Lets collections find a value of a type.
    pub(super) fn hold(&mut self, ty: ValType, value: Value) {
        if may_be_object(self.module, ty) {
            self.hold_reference(value);
        }
    }

    /// Lets collections find a reference.
    pub(super) fn hold_reference(&mut self, reference: Value) {
        self.b.declare_value_needs_stack_map(reference);
    }

    /// Pushes a value of a type.
    pub(super) fn push_of(&mut self, ty: ValType, value: Value) {
        self.hold(ty, value);
        self.push(value);
    }

    /// Pushes a value that comes from a field or an element.
    pub(super) fn push_unpacked(&mut self, storage: StorageType, value: Value) {
        match storage {
            StorageType::Val(ty) => self.push_of(ty, value),
            StorageType::I8 | StorageType::I16 => self.push(value),
        }
    }

    /// Calls a routine that may stop execution, may charge, may collect, and gives a reference to an object.
    pub(super) fn allocate(&mut self, place: usize, args: &[Value]) -> Value {
        self.store_gas();
        let context = self.context();
        let at = offset_of!(JitContext, builtins) + place;
        let routine = self.load_word(Region::Context, context, at as i32);
        let at = offset_of!(JitContext, safepoint) as i32;
        let code = self.load_word(Region::Context, context, at);
        let mut all = vec![self.vmctx, routine];
        all.extend_from_slice(args);
        while all.len() < 2 + SAFEPOINT_WORDS {
            let none = self.iconst(I64, 0);
            all.push(none);
        }
        let signature = self.b.import_signature(safepoint_signature());
        let call = self.b.ins().call_indirect(signature, code, &all);
        let result = self.b.inst_results(call)[0];
        let reference = self.unless_stopped(result);
        self.hold_reference(reference);
        reference
    }
}
