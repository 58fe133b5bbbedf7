//! Wide arithmetic: numbers of 128 bits as two operands, the low half first.

use super::translator::Translator;
use crate::error::Failure;
use cranelift_codegen::ir::types::I128;
use cranelift_codegen::ir::{InstBuilder, Value};
use cranelift_frontend::FunctionBuilder;
use wasmparser::Operator as O;

impl<'a> Translator<'a> {
    /// Translates an operator of this file; gives false for any other.
    pub(super) fn wide_operator(&mut self, operator: &O<'_>) -> Result<bool, Failure> {
        match operator {
            // `i64.add128`, `i64.sub128`, `i64.mul_wide_s`, `i64.mul_wide_u`
            O::I64Add128 => self.wide_binary(|b, x, y| b.ins().iadd(x, y)),
            O::I64Sub128 => self.wide_binary(|b, x, y| b.ins().isub(x, y)),
            O::I64MulWideS => self.wide_mul(true),
            O::I64MulWideU => self.wide_mul(false),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn push_wide(&mut self, value: Value) {
        let (low, high) = self.b.ins().isplit(value);
        self.push(low);
        self.push(high);
    }

    fn pop_wide(&mut self) -> Value {
        let (low, high) = self.pop2();
        self.b.ins().iconcat(low, high)
    }

    /// `i64.add128` and `i64.sub128`
    fn wide_binary(&mut self, f: impl FnOnce(&mut FunctionBuilder<'a>, Value, Value) -> Value) {
        let second = self.pop_wide();
        let first = self.pop_wide();
        let value = f(&mut self.b, first, second);
        self.push_wide(value);
    }

    /// `i64.mul_wide_s` and `i64.mul_wide_u`
    fn wide_mul(&mut self, signed: bool) {
        let (first, second) = self.pop2();
        let mut widen = |value| match signed {
            true => self.b.ins().sextend(I128, value),
            false => self.b.ins().uextend(I128, value),
        };
        let (first, second) = (widen(first), widen(second));
        let value = self.b.ins().imul(first, second);
        self.push_wide(value);
    }
}
