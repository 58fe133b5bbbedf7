//! "Reference Instructions".

use super::translator::Translator;
use crate::abi::trap_code;
use crate::error::Failure;
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64};
use etalon_runtime::Trap;
use wasmparser::Operator as O;

impl Translator<'_> {
    /// Translates an operator of this file; gives false for any other.
    pub(super) fn reference_operator(&mut self, operator: &O<'_>) -> Result<bool, Failure> {
        match operator {
            O::RefNull { .. } => self.ref_null(),
            O::RefIsNull => self.ref_is_null(),
            O::RefFunc { function_index } => self.ref_func(*function_index),
            O::RefAsNonNull => self.ref_as_non_null(),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// `ref.null`
    fn ref_null(&mut self) {
        let null = self.iconst(I64, 0);
        self.push(null);
    }

    /// `ref.is_null`
    fn ref_is_null(&mut self) {
        let reference = self.pop();
        let zero = self.iconst(I64, 0);
        let null = self.b.ins().icmp(IntCC::Equal, reference, zero);
        let null = self.b.ins().uextend(I32, null);
        self.push(null);
    }

    /// `ref.func`
    fn ref_func(&mut self, func: u32) {
        let word = self.vm_word(self.env.layout.func(func));
        self.push(word);
    }

    /// `ref.as_non_null`
    fn ref_as_non_null(&mut self) {
        self.flush_gas();
        let reference = self.pop();
        self.b.ins().trapz(reference, trap_code(Trap::NullReference as u8));
        self.push(reference);
    }
}
