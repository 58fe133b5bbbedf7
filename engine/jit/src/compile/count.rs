//! Code that counts how often it is entered and turns loops, until it is worth its while to compile the function once more.

use super::translator::{Form, Translator};
use crate::abi::Region;
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::types::I64;
use std::mem::offset_of;

impl Translator<'_> {
    /// Counts an entry or a turn of a loop; where so many were counted as was said, a routine asks what to do and says how many more are
    /// to be counted. Nothing is charged, and control goes on here.
    pub(super) fn count(&mut self) {
        if self.env.form != Form::Counting {
            return;
        }
        let (vmctx, at) = (self.vmctx, self.env.layout.count(self.func));
        let count = self.load_word(Region::Counts, vmctx, at);
        let left = self.b.ins().iadd_imm_s(count, -1);
        self.store_word(Region::Counts, left, vmctx, at);
        let (ask, next) = (self.b.create_block(), self.b.create_block());
        self.b.ins().brif(left, next, &[], ask, &[]);
        self.b.seal_block(ask);
        self.b.set_cold_block(ask);
        self.b.switch_to_block(ask);
        let func = self.iconst(I64, self.func.into());
        let more = self.routine(offset_of!(crate::libcalls::Builtins, promote.ask), &[func]);
        self.leave_if_stopped(more);
        self.store_word(Region::Counts, more, vmctx, at);
        self.b.ins().jump(next, &[]);
        self.b.seal_block(next);
        self.b.switch_to_block(next);
    }
}
