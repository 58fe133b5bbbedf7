//! Small functions in place of their calls.
//!
//! A function that computes, reads memories, and writes at last, is translated where it is called. There it never stops: what would make
//! it stop, which is too little gas or depth or an access out of bounds, is found out before anybody can see anything of it. Then the
//! call is made after all, aside, and stops as calls do. So traps, backtraces, depth and gas are those of the call, and nothing else
//! in the compiler or at run time knows of inlined functions.

use super::control::args;
use super::cuts::{ends_segment, may_trap};
use super::due::only_computes;
use super::gas::MOST_UNASKED;
use super::translator::{Form, Translator};
use super::variable::Locals;
use crate::error::Failure;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{Block, InstBuilder, Value};
use cranelift_codegen::settings::OptLevel;
use etalon_module::operator::Opcode;
use etalon_module::{AddrType, Class, FuncBody, Immediates, ValType};
use wasmparser::Operator as O;

/// Bytes of the body of a function that is inlined.
const MOST_BYTES: usize = 32;
/// Its operators, with its `end`: about as many instructions as a call of it takes.
const MOST_OPERATORS: usize = 10;
/// Its parameters, locals and results.
const MOST_VALUES: u64 = 8;
/// So many calls in a function have others in their place, each with blocks of its own.
const MOST_CALLS: u32 = 32;

/// A function that may be inlined.
pub(super) struct Small<'a> {
    func: u32,
    body: &'a FuncBody,
    /// What its call costs.
    gas: u64,
}

impl<'a> Translator<'a> {
    /// Whether a call of a function can be replaced by the function here.
    ///
    /// # Errors
    /// If the body cannot be read, which validation excludes.
    pub(super) fn small(&self, func: u32) -> Result<Option<Small<'a>>, Failure> {
        let env = self.env;
        // Where code counts, calls are what it counts; and in memory, locals have the function's own numbers.
        let wanted = env.isa.flags().opt_level() == OptLevel::Speed
            && env.form != Form::Counting
            && self.place == Locals::Variables;
        if !wanted || self.inlined >= MOST_CALLS || self.is_handled() {
            return Ok(None);
        }
        let Some(body) = self.module.body(func) else { return Ok(None) };
        let ty = self.module.func_type(func);
        let values = ty.params.len() as u64 + ty.results.len() as u64 + body.locals.len() as u64;
        if body.range.len() > MOST_BYTES || values > MOST_VALUES {
            return Ok(None);
        }
        let locals = body.locals.some(0..body.locals.len() as u32).map(|(_, ty)| ty);
        let mut types = ty.params.iter().chain(&*ty.results).copied().chain(locals);
        if types.any(|ty| matches!(ty, ValType::Ref(_))) {
            return Ok(None);
        }
        let Some(cost) = self.straight_cost(body)? else { return Ok(None) };
        let gas = self.entry_of(func, body).saturating_add(cost);
        Ok((gas <= MOST_UNASKED).then_some(Small { func, body, gas }))
    }

    /// The weight of a body that can stop only before anything of it is seen.
    fn straight_cost(&self, body: &FuncBody) -> Result<Option<u64>, Failure> {
        let schedule = &self.env.schedule;
        let (mut cost, mut has_written) = (0u64, false);
        let mut reader = self.module.operators(body);
        for _ in 0..MOST_OPERATORS {
            let operator = reader.read().map_err(|e| self.crash(e.message()))?;
            let opcode = Opcode::of(&operator);
            cost = cost.saturating_add(schedule.weight(opcode).into());
            let goes_on = match opcode.class() {
                // The `end` of the body, for no block is in it.
                _ if opcode == Opcode::End => return Ok(Some(cost)),
                Some(Class::Load) => !has_written && self.is_checked(&operator),
                Some(Class::Store) => {
                    !std::mem::replace(&mut has_written, true) && self.is_checked(&operator)
                }
                _ if opcode == Opcode::GlobalSet => {
                    has_written = true;
                    true
                }
                _ => only_computes(opcode) && !may_trap(opcode),
            };
            if !goes_on || ends_segment(schedule.cuts(), opcode) {
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// Whether an access can be checked before it is made, by one comparison.
    fn is_checked(&self, operator: &O<'_>) -> bool {
        let Some((memory, _)) = Immediates::of(operator).memarg else { return false };
        self.memory_type(memory).addr == AddrType::I32 && !self.env.memory_regions
    }

    /// Translates a function where it is called.
    pub(super) fn inline(&mut self, small: &Small<'_>) -> Result<(), Failure> {
        self.inlined += 1;
        let ty = self.module.funcs[small.func as usize];
        let types = self.module.func_type_at(ty);
        let arguments = self.pop_many(types.params.len());
        let (aside, behind) = (self.b.create_block(), self.block_with(&types.results));
        self.b.set_cold_block(aside);
        if self.due().saturating_add(small.gas) > MOST_UNASKED {
            self.settle_gas();
        }
        let due = self.due();
        self.set_due(0);
        self.go_without_depth(small.func, aside);
        // The call aside pays for each by itself: the last may be missing when the function has been seen.
        let ahead = self.pay_ahead(due + small.gas);
        let total = due + small.gas + ahead;
        self.go_without_gas(total, aside);
        let results = self.body_in_place(small, &arguments, aside)?;
        self.take_gas(total);
        self.b.ins().jump(behind, &args(&results));
        self.b.seal_block(aside);
        self.b.switch_to_block(aside);
        self.set_due(due);
        self.settle_gas();
        self.stack.extend(arguments);
        self.call_itself(small.func);
        self.charge(ahead);
        self.settle_gas();
        let results = self.pop_many(types.results.len());
        self.b.ins().jump(behind, &args(&results));
        self.b.seal_block(behind);
        self.b.switch_to_block(behind);
        self.stack.extend_from_slice(self.b.block_params(behind));
        self.gas_at_join();
        Ok(())
    }

    /// The operators of a small function; gives its results. Whatever would stop it goes `aside`.
    fn body_in_place(
        &mut self,
        small: &Small<'_>,
        arguments: &[Value],
        aside: Block,
    ) -> Result<Vec<Value>, Failure> {
        let gas = self.gas.take();
        let (locals, stack) = (std::mem::take(&mut self.locals), std::mem::take(&mut self.stack));
        self.aside = Some(aside);
        let params = &self.module.func_type(small.func).params;
        for (number, (ty, value)) in (0..).zip(params.iter().zip(arguments)) {
            self.local(number, *ty, *value);
        }
        self.own_locals(small.body, params.len() as u32, 0..small.body.locals.len() as u32);
        let mut reader = self.module.operators(small.body);
        loop {
            let operator = reader.read().map_err(|e| self.crash(e.message()))?;
            if let O::End = operator {
                break;
            }
            self.operator(&operator)?;
        }
        (self.gas, self.locals, self.aside) = (gas, locals, None);
        Ok(std::mem::replace(&mut self.stack, stack))
    }

    /// Goes to a block if the depth that is left for callees is too little for a function.
    fn go_without_depth(&mut self, func: u32, aside: Block) {
        let frame = i64::try_from(self.env.frame_cost(func)).unwrap_or(i64::MAX);
        let frame = self.iconst(I64, frame);
        let over = self.b.ins().icmp(IntCC::UnsignedLessThan, self.depth, frame);
        self.go_aside(over, aside);
    }

    /// Goes to a block where a condition holds.
    pub(super) fn go_aside(&mut self, condition: Value, aside: Block) {
        let on = self.b.create_block();
        self.b.ins().brif(condition, aside, &[], on, &[]);
        self.b.seal_block(on);
        self.b.switch_to_block(on);
    }
}
