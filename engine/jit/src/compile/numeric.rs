//! "Numeric Instructions": helpers of the table in `operator.rs`.

use super::translator::Translator;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{I8, I16, I32};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value};
use cranelift_frontend::FunctionBuilder;

impl<'a> Translator<'a> {
    pub(super) fn unary(&mut self, f: impl FnOnce(&mut FunctionBuilder<'a>, Value) -> Value) {
        let operand = self.pop();
        let result = f(&mut self.b, operand);
        self.push(result);
    }

    pub(super) fn binary(
        &mut self,
        f: impl FnOnce(&mut FunctionBuilder<'a>, Value, Value) -> Value,
    ) {
        let (first, second) = self.pop2();
        let result = f(&mut self.b, first, second);
        self.push(result);
    }

    /// As [`unary`](Self::unary), for what may trap.
    pub(super) fn trapping_unary(
        &mut self,
        f: impl FnOnce(&mut FunctionBuilder<'a>, Value) -> Value,
    ) {
        self.flush_gas();
        self.unary(f);
    }

    /// As [`binary`](Self::binary), for what may trap.
    pub(super) fn trapping_binary(
        &mut self,
        f: impl FnOnce(&mut FunctionBuilder<'a>, Value, Value) -> Value,
    ) {
        self.flush_gas();
        self.binary(f);
    }

    pub(super) fn int_compare(&mut self, condition: IntCC) {
        self.binary(|b, x, y| {
            let holds = b.ins().icmp(condition, x, y);
            b.ins().uextend(I32, holds)
        });
    }

    pub(super) fn float_compare(&mut self, condition: FloatCC) {
        self.binary(|b, x, y| {
            let holds = b.ins().fcmp(condition, x, y);
            b.ins().uextend(I32, holds)
        });
    }

    pub(super) fn eqz(&mut self) {
        self.unary(|b, x| {
            let ty = b.func.dfg.value_type(x);
            let zero = b.ins().iconst(ty, 0);
            let holds = b.ins().icmp(IntCC::Equal, x, zero);
            b.ins().uextend(I32, holds)
        });
    }

    /// Takes the lowest bits as a signed number of the operand's own type.
    pub(super) fn extend_from(&mut self, bits: u8) {
        self.unary(|b, x| {
            let ty = b.func.dfg.value_type(x);
            let narrow = match bits {
                8 => I8,
                16 => I16,
                _ => I32,
            };
            let low = b.ins().ireduce(narrow, x);
            b.ins().sextend(ty, low)
        });
    }

    pub(super) fn reinterpret(&mut self, ty: Type) {
        self.unary(|b, x| b.ins().bitcast(ty, MemFlagsData::new(), x));
    }
}
