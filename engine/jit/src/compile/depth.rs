//! Depth (gas-1 section 8): a frame is taken from what the caller hands down, so that a return has
//! nothing to undo.

use super::translator::Translator;
use crate::abi::{CODE_STACK, trap_code};
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;

impl Translator<'_> {
    /// Takes this function's frame, or leaves with the stack exhausted.
    pub(super) fn take_depth(&mut self) {
        // A frame above every depth saturates, and is then greater than whatever is left.
        let frame = i64::try_from(self.env.frame_cost(self.func)).unwrap_or(i64::MAX);
        let frame = self.iconst(I64, frame);
        let left = self.depth_outside;
        let over = self.b.ins().icmp(IntCC::UnsignedLessThan, left, frame);
        self.b.ins().trapnz(over, trap_code(CODE_STACK));
        self.depth = self.b.ins().isub(left, frame);
    }
}
