//! Variable and parametric instructions (specification chapters 4.6.3 and 4.6.2).

use super::translator::{Translator, clif};
use crate::abi::Region;
use cranelift_codegen::ir::InstBuilder;

impl Translator<'_> {
    pub(super) fn local_get(&mut self, index: u32) {
        let value = self.b.use_var(self.locals[index as usize]);
        self.push(value);
    }

    pub(super) fn local_set(&mut self, index: u32) {
        let value = self.pop();
        self.b.def_var(self.locals[index as usize], value);
    }

    pub(super) fn local_tee(&mut self, index: u32) {
        let value = self.pop();
        self.b.def_var(self.locals[index as usize], value);
        self.push(value);
    }

    pub(super) fn global_get(&mut self, index: u32) {
        let ty = clif(self.module.globals[index as usize].val);
        let cell = self.vm_word(self.env.layout.global(index));
        let word = self.load_word(Region::Globals, cell, 0);
        let value = self.value_of_word(ty, word);
        self.push(value);
    }

    pub(super) fn global_set(&mut self, index: u32) {
        let value = self.pop();
        let word = self.word_of_value(value);
        let cell = self.vm_word(self.env.layout.global(index));
        self.store_word(Region::Globals, word, cell, 0);
    }

    pub(super) fn select(&mut self) {
        let (first, second, condition) = self.pop3();
        let value = self.b.ins().select(condition, first, second);
        self.push(value);
    }
}
