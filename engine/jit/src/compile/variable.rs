//! "Variable Instructions" and "Parametric Instructions".

use super::control::value_type;
use super::translator::Translator;
use crate::abi::{AbiType, Region, slots};
use crate::error::Failure;
use cranelift_codegen::ir::InstBuilder;
use wasmparser::Operator as O;

impl Translator<'_> {
    /// Translates an operator of this file; gives false for any other.
    pub(super) fn variable_operator(&mut self, operator: &O<'_>) -> Result<bool, Failure> {
        match operator {
            // `drop`
            O::Drop => {
                self.pop();
            }
            O::Select => self.select(),
            O::TypedSelect { ty } => self.typed_select(*ty),
            O::LocalGet { local_index } => self.local_get(*local_index),
            O::LocalSet { local_index } => self.local_set(*local_index),
            O::LocalTee { local_index } => self.local_tee(*local_index),
            O::GlobalGet { global_index } => self.global_get(*global_index),
            O::GlobalSet { global_index } => self.global_set(*global_index),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// `local.get`
    fn local_get(&mut self, index: u32) {
        let value = self.b.use_var(self.locals[index as usize]);
        self.push(value);
    }

    /// `local.set`
    fn local_set(&mut self, index: u32) {
        let value = self.pop();
        self.b.def_var(self.locals[index as usize], value);
    }

    /// `local.tee`
    fn local_tee(&mut self, index: u32) {
        let value = self.pop();
        self.b.def_var(self.locals[index as usize], value);
        self.push(value);
    }

    /// `global.get`
    fn global_get(&mut self, index: u32) {
        let ty = self.module.globals[index as usize].val;
        let cell = self.vm_word(self.env.layout.global(index));
        let value = slots::read(&mut self.b, Region::Globals, AbiType::of(ty), cell, 0);
        self.push_of(ty, value);
    }

    /// `global.set`
    fn global_set(&mut self, index: u32) {
        let value = self.pop();
        let ty = AbiType::of(self.module.globals[index as usize].val);
        let cell = self.vm_word(self.env.layout.global(index));
        slots::write(&mut self.b, Region::Globals, ty, value, cell, 0);
    }

    /// `select` without a type, of numbers or vectors.
    fn select(&mut self) {
        let (first, second, condition) = self.pop3();
        let value = self.b.ins().select(condition, first, second);
        self.push(value);
    }

    /// `select` with a type.
    fn typed_select(&mut self, ty: wasmparser::ValType) {
        self.select();
        let value = self.pop();
        self.push_of(value_type(ty), value);
    }
}
