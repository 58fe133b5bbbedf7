//! Wide arithmetic: numbers of 128 bits as two operands, the low half first.

use super::translator::Translator;
use cranelift_codegen::ir::types::I128;
use cranelift_codegen::ir::{InstBuilder, Value};
use cranelift_frontend::FunctionBuilder;

impl<'a> Translator<'a> {
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
    pub(super) fn wide_binary(
        &mut self,
        f: impl FnOnce(&mut FunctionBuilder<'a>, Value, Value) -> Value,
    ) {
        let second = self.pop_wide();
        let first = self.pop_wide();
        let value = f(&mut self.b, first, second);
        self.push_wide(value);
    }

    /// `i64.mul_wide_s` and `i64.mul_wide_u`
    pub(super) fn wide_mul(&mut self, signed: bool) {
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
