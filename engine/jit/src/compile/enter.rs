//! Code that begins with a loop, for a frame of another tier that is about to turn it. It gets the locals, and the address of them is its
//! only argument; what it returns is what the function returns.
//!
//! The text before the loop is translated as always, because what surrounds the loop begins there, but into a block that nothing leads to;
//! the generator removes it. The way in leads to the header of the loop instead. So all that the frame has must be in its locals: a loop with
//! operands below it, or handlers around it, is not entered so.

use super::budget::mentioned;
use super::translator::{Form, Translator};
use crate::abi::{AbiSignature, AbiType, Region, slots};
use crate::error::{Failure, Reason};
use cranelift_codegen::ir::{Block, InstBuilder, Value};
use etalon_module::{FuncBody, FuncType};

/// The signature of such code.
pub(super) fn entrance(ty: &FuncType) -> AbiSignature {
    AbiSignature { params: [AbiType::I64].into(), ..AbiSignature::of(ty) }
}

impl Translator<'_> {
    /// What comes first: depth and gas as in a frame that was entered before, the locals, and the way to the loop.
    pub(super) fn begin_before_loop(
        &mut self,
        body: &FuncBody,
        locals: Value,
    ) -> Result<(), Failure> {
        self.take_depth();
        self.go_on_with_gas(body)?;
        let params = &self.module.func_type(self.func).params;
        let mentioned = mentioned(self.module, self.func, body)?;
        let mut slot = 0;
        for (number, ty) in (0..).zip(params.iter().copied().chain(body.locals.iter())) {
            let is_needed = (number as usize) < params.len() || mentioned.contains(&number);
            if is_needed {
                let at = i32::try_from(8 * slot).map_err(|_| Reason::Entrance)?;
                let value = slots::read(&mut self.b, Region::Slots, AbiType::of(ty), locals, at);
                self.local(number, ty, value);
            }
            slot += ty.slots();
        }
        let (way, nowhere) = (self.b.create_block(), self.b.create_block());
        self.b.ins().jump(way, &[]);
        self.b.seal_block(way);
        self.b.seal_block(nowhere);
        self.b.switch_to_block(nowhere);
        self.entrance = Some(way);
        self.push_body_frame();
        Ok(())
    }

    /// The header of a loop was made, and the operands that it takes are gone from the stack: leads there, if it is the one that the code
    /// begins with.
    pub(super) fn enter_here(&mut self, header: Block, takes: usize) -> Result<(), Failure> {
        let Form::From(at) = self.env.form else { return Ok(()) };
        let Some(way) = self.entrance.filter(|_| at == self.offset) else { return Ok(()) };
        if takes > 0 || !self.stack.is_empty() || self.is_handled() {
            return Err(Reason::Entrance.into());
        }
        self.entrance = None;
        self.b.switch_to_block(way);
        self.b.ins().jump(header, &[]);
        self.gas_at_join();
        Ok(())
    }
}
