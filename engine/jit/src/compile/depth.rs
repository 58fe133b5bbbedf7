//! Depth (gas-1 section 8). A function subtracts its frame from the depth that its caller passes as an argument, so a
//! return has nothing to undo.

use super::translator::{Env, Translator};
use crate::abi::{CODE_STACK, trap_code};
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use etalon_gas::Depth;

impl Env<'_> {
    /// frame(f) of gas-1 section 8.1: the slots of depth that a function takes.
    pub(crate) fn frame_cost(&self, func: u32) -> u64 {
        let Some(body) = self.module.body(func) else { return 0 };
        let params = self.module.func_type(func).param_slots() as u64;
        let locals = body.locals.slots() as u64;
        frame_cost(self.schedule.depth(), [params, locals, body.max_height.into()])
    }
}

/// What a frame of so many slots takes. It saturates at the greatest number, which is above every depth.
fn frame_cost(depth: Depth, slots: [u64; 3]) -> u64 {
    let slots: u128 = slots.into_iter().map(u128::from).sum();
    u64::try_from(u128::from(depth.frame) + slots).unwrap_or(u64::MAX)
}

impl Translator<'_> {
    /// Takes this function's frame from the depth that is left; stack overflow if it does not fit.
    pub(super) fn take_depth(&mut self) {
        // A frame that saturated is greater than whatever is left.
        let frame = i64::try_from(self.env.frame_cost(self.func)).unwrap_or(i64::MAX);
        let frame = self.iconst(I64, frame);
        let left = self.depth_outside;
        let over = self.b.ins().icmp(IntCC::UnsignedLessThan, left, frame);
        self.b.ins().trapnz(over, trap_code(CODE_STACK));
        self.depth = self.b.ins().isub(left, frame);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_takes_its_slots_and_saturates() {
        let depth = Depth { frame: 8, reentry: 0, max: 1000 };
        assert_eq!(frame_cost(depth, [0, 0, 0]), 8);
        assert_eq!(frame_cost(depth, [2, 3, 5]), 18);
        assert_eq!(frame_cost(depth, [u64::MAX, 1, 1]), u64::MAX);
    }
}
