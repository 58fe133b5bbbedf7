//! "Reference Instructions".

use super::translator::Translator;
use crate::abi::trap_code;
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64};
use etalon_runtime::Trap;

impl Translator<'_> {
    /// `ref.null`
    pub(super) fn ref_null(&mut self) {
        let null = self.iconst(I64, 0);
        self.push(null);
    }

    /// `ref.is_null`
    pub(super) fn ref_is_null(&mut self) {
        let reference = self.pop();
        let zero = self.iconst(I64, 0);
        let null = self.b.ins().icmp(IntCC::Equal, reference, zero);
        let null = self.b.ins().uextend(I32, null);
        self.push(null);
    }

    /// `ref.func`
    pub(super) fn ref_func(&mut self, func: u32) {
        let word = self.vm_word(self.env.layout.func(func));
        self.push(word);
    }

    /// `ref.as_non_null`
    pub(super) fn ref_as_non_null(&mut self) {
        self.flush_gas();
        let reference = self.pop();
        self.b.ins().trapz(reference, trap_code(Trap::NullReference as u8));
        self.push(reference);
    }
}
