//! "Variable Instructions" and "Parametric Instructions".

use super::control::value_type;
use super::translator::Translator;
use crate::abi::{AbiType, Region, slots};
use cranelift_codegen::ir::InstBuilder;

impl Translator<'_> {
    /// `local.get`
    pub(super) fn local_get(&mut self, index: u32) {
        let value = self.b.use_var(self.locals[index as usize]);
        self.push(value);
    }

    /// `local.set`
    pub(super) fn local_set(&mut self, index: u32) {
        let value = self.pop();
        self.b.def_var(self.locals[index as usize], value);
    }

    /// `local.tee`
    pub(super) fn local_tee(&mut self, index: u32) {
        let value = self.pop();
        self.b.def_var(self.locals[index as usize], value);
        self.push(value);
    }

    /// `global.get`
    pub(super) fn global_get(&mut self, index: u32) {
        let ty = self.module.globals[index as usize].val;
        let cell = self.vm_word(self.env.layout.global(index));
        let value = slots::read(&mut self.b, Region::Globals, AbiType::of(ty), cell, 0);
        self.push_of(ty, value);
    }

    /// `global.set`
    pub(super) fn global_set(&mut self, index: u32) {
        let value = self.pop();
        let ty = AbiType::of(self.module.globals[index as usize].val);
        let cell = self.vm_word(self.env.layout.global(index));
        slots::write(&mut self.b, Region::Globals, ty, value, cell, 0);
    }

    /// `select` without a type, of numbers or vectors.
    pub(super) fn select(&mut self) {
        let (first, second, condition) = self.pop3();
        let value = self.b.ins().select(condition, first, second);
        self.push(value);
    }

    /// `select` with a type.
    pub(super) fn typed_select(&mut self, ty: wasmparser::ValType) {
        self.select();
        let value = self.pop();
        self.push_of(value_type(ty), value);
    }
}
