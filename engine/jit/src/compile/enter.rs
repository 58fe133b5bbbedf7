//! Code that begins with a loop, for a frame of another tier that is about to turn it. It gets the locals and behind them the operands, and
//! the address of them is its only argument; what it returns is what the function returns.
//!
//! The text before the loop is translated as always, because what surrounds the loop begins there, but into a block that nothing leads to;
//! the generator removes it. The way in leads to the header of the loop instead. A loop with handlers around it is not entered so. Nor is
//! one with operands below it inside of another: what is before it is reached after all then, by a turn of the other, where those
//! operands are values of before.

use super::budget::mentioned;
use super::control::{Kind, args};
use super::translator::{Form, Translator};
use crate::abi::{AbiSignature, AbiType, Region, slots};
use crate::error::{Failure, Reason};
use cranelift_codegen::ir::{Block, InstBuilder, Value};
use etalon_module::{FuncBody, FuncType, ValType};

/// The signature of such code.
pub(super) fn entrance(ty: &FuncType) -> AbiSignature {
    AbiSignature { params: [AbiType::I64].into(), ..AbiSignature::of(ty) }
}

/// The way in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entrance {
    way: Block,
    /// The address of the locals.
    locals: Value,
    /// How many slots they take; the operands are behind them.
    slots: usize,
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
        self.entrance = Some(Entrance { way, locals, slots: slot });
        self.push_body_frame();
        Ok(())
    }

    /// The header of a loop was made, and the operands that it takes are gone from the stack: leads there, if it is the one that the code
    /// begins with. The operands below it are those of the way in then.
    pub(super) fn enter_here(&mut self, header: Block, takes: usize) -> Result<(), Failure> {
        let Form::From(at) = self.env.form else { return Ok(()) };
        let Some(Entrance { way, locals, slots }) = self.entrance.filter(|_| at == self.offset)
        else {
            return Ok(());
        };
        let is_inside = self.frames.iter().any(|frame| matches!(frame.kind, Kind::Loop(_)));
        let below = self.stack.len();
        if self.is_handled() || is_inside && below > 0 {
            return Err(Reason::Entrance.into());
        }
        self.entrance = None;
        self.b.switch_to_block(way);
        let mut values = self.operands_in(locals, slots, below + takes)?;
        let taken = values.split_off(below);
        self.stack = values;
        self.b.ins().jump(header, &args(&taken));
        self.gas_at_join();
        Ok(())
    }

    /// Reads so many operands, which are all that there are here, behind the locals.
    fn operands_in(
        &mut self,
        locals: Value,
        behind: usize,
        count: usize,
    ) -> Result<Vec<Value>, Failure> {
        // The types are asked for only where there is something to read.
        let found = (count > 0).then(|| self.module.operand_types(self.func, self.offset));
        let types = found.flatten().map_or(Box::default(), |found| found.operands);
        let types: Option<Vec<ValType>> = types.iter().copied().collect();
        let types = types.filter(|types| types.len() == count).ok_or(Reason::Entrance)?;
        let (mut values, mut place) = (Vec::new(), behind);
        for ty in types {
            let at = i32::try_from(8 * place).map_err(|_| Reason::Entrance)?;
            let value = slots::read(&mut self.b, Region::Slots, AbiType::of(ty), locals, at);
            self.hold(ty, value);
            values.push(value);
            place += ty.slots();
        }
        Ok(values)
    }
}
