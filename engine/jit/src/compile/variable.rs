//! "Variable Instructions" and "Parametric Instructions".

use super::control::value_type;
use super::roots::may_be_object;
use super::translator::Translator;
use crate::abi::{AbiType, Region, slots};
use crate::error::Failure;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{InstBuilder, StackSlot, StackSlotData, StackSlotKind, Value};
use cranelift_frontend::Variable;
use etalon_module::ValType;
use wasmparser::Operator as O;

/// Where a function has its locals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Locals {
    /// In variables, which the code generator gives registers: where paths join, the values of each are merged.
    Variables,
    /// In memory, but for references that collections must find: nothing is merged, which takes no time, and makes slower code.
    Memory,
}

/// Where a local is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Local {
    Variable(Variable),
    Memory(StackSlot, AbiType),
}

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
        let value = match self.locals[&index] {
            Local::Variable(variable) => self.b.use_var(variable),
            Local::Memory(slot, ty) => {
                let base = self.b.ins().stack_addr(I64, slot, 0);
                slots::read(&mut self.b, Region::Locals, ty, base, 0)
            }
        };
        self.push(value);
    }

    fn set_local(&mut self, local: Local, value: Value) {
        match local {
            Local::Variable(variable) => self.b.def_var(variable, value),
            Local::Memory(slot, ty) => {
                let base = self.b.ins().stack_addr(I64, slot, 0);
                slots::write(&mut self.b, Region::Locals, ty, value, base, 0);
            }
        }
    }

    /// `local.set`
    fn local_set(&mut self, index: u32) {
        let value = self.pop();
        self.set_local(self.locals[&index], value);
    }

    /// `local.tee`
    fn local_tee(&mut self, index: u32) {
        let value = self.pop();
        self.set_local(self.locals[&index], value);
        self.push(value);
    }

    /// Declares a local by its number, with its first value.
    pub(super) fn local(&mut self, number: u32, ty: ValType, value: Value) {
        // Collections look for references in the places of values alone.
        let is_root = may_be_object(self.module, ty);
        let abi = AbiType::of(ty);
        let local = if self.place == Locals::Memory && !is_root {
            let bytes = 8 * abi.slots() as u32;
            let data = StackSlotData::new(StackSlotKind::ExplicitSlot, bytes, 3);
            Local::Memory(self.b.create_sized_stack_slot(data), abi)
        } else {
            let variable = self.b.declare_var(abi.clif());
            if is_root {
                self.b.declare_var_needs_stack_map(variable);
            }
            Local::Variable(variable)
        };
        self.set_local(local, value);
        self.locals.insert(number, local);
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
