//! "Vector Instructions".
//!
//! A vector is kept as sixteen bytes; each operator reinterprets it as the lanes that it works on.

mod comparison;
mod float;
mod integer;
mod lane;
mod memory;
mod relaxed;
mod width;

use super::translator::Translator;
use crate::abi::slots::lanes;
use crate::error::Failure;
use cranelift_codegen::ir::types::I8X16;
use cranelift_codegen::ir::{InstBuilder, Type, Value};
use cranelift_frontend::FunctionBuilder;
use wasmparser::Operator;

impl<'a> Translator<'a> {
    /// Translates an operator of this folder; gives false for any other.
    pub(super) fn vector_operator(&mut self, operator: &Operator<'_>) -> Result<bool, Failure> {
        Ok(self.vector_memory(operator)?
            || self.vector_lane(operator)?
            || self.vector_comparison(operator)?
            || self.vector_bits(operator)?
            || self.vector_integer(operator)?
            || self.vector_width(operator)?
            || self.vector_float(operator)?
            || self.vector_relaxed(operator)?)
    }

    /// Reinterprets a vector as lanes of a type.
    fn as_lanes(&mut self, ty: Type, value: Value) -> Value {
        if self.b.func.dfg.value_type(value) == ty {
            return value;
        }
        self.b.ins().bitcast(ty, lanes(), value)
    }

    fn pop_lanes(&mut self, ty: Type) -> Value {
        let value = self.pop();
        self.as_lanes(ty, value)
    }

    fn pop_lanes2(&mut self, ty: Type) -> (Value, Value) {
        let second = self.pop_lanes(ty);
        (self.pop_lanes(ty), second)
    }

    fn push_lanes(&mut self, value: Value) {
        let value = self.as_lanes(I8X16, value);
        self.push(value);
    }

    fn v_unary(&mut self, ty: Type, f: impl FnOnce(&mut FunctionBuilder<'a>, Value) -> Value) {
        let operand = self.pop_lanes(ty);
        let result = f(&mut self.b, operand);
        self.push_lanes(result);
    }

    fn v_binary(
        &mut self,
        ty: Type,
        f: impl FnOnce(&mut FunctionBuilder<'a>, Value, Value) -> Value,
    ) {
        let (first, second) = self.pop_lanes2(ty);
        let result = f(&mut self.b, first, second);
        self.push_lanes(result);
    }

    /// A number from a vector.
    fn test(&mut self, ty: Type, f: impl FnOnce(&mut FunctionBuilder<'a>, Value) -> Value) {
        let operand = self.pop_lanes(ty);
        let result = f(&mut self.b, operand);
        self.push(result);
    }

    fn bitselect(&mut self) {
        let (first, second, mask) = self.pop3();
        let value = self.b.ins().bitselect(mask, first, second);
        self.push(value);
    }
}
