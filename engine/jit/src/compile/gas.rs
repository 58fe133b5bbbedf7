//! Charging for instructions (gas-1 sections 2 to 4).
//!
//! The costs of a body's segments are summed before it is translated. Wherever control reaches a cut, translation has just
//! finished the operator before it in the text. So the charge is emitted after that operator: after the header of a loop,
//! at the start of an arm, where paths join after an `end`, after a call. Where the operators between two charges become no code, both are
//! made as one: nobody can tell which of them was one too many.
//!
//! The counter is in a register that nothing else uses, if the processor has one to spare: the handler of signals reads it at a trap,
//! calls of compiled code pass it on, and memory gets it only where code of another kind is called. There it holds the complement of
//! what is left, to which a charge is added: the addition carries just where the charge is more than is left, and one instruction
//! traps then. Elsewhere it is a variable of the
//! function, or in a function of many segments always in memory: a variable that changes on every way through would take the code
//! generator time that grows as the square of their number. A variable is written to memory before whatever may leave the function.
//! So the count is exact at every trap, call and return.

use super::cuts::ends_segment;
use super::pinned::mark;
use super::translator::Translator;
use crate::abi::{CODE_GAS, JitContext, Region, trap_code};
use crate::error::Failure;
use crate::libcalls::Builtins;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{Block, InstBuilder, Value};
use cranelift_frontend::Variable;
use etalon_gas::Function;
use etalon_module::FuncBody;
use etalon_module::operator::Opcode;
use std::mem::offset_of;

/// Segments beyond which the counter stays in memory.
const MOST_SEGMENTS: usize = 1000;

/// The greatest charge that the store is not asked about where the counter falls short. Without a limit the counter is filled up when
/// 2^63 are gone, and many charges of this size, for months, do not use them up.
pub(super) const MOST_UNASKED: u64 = 1 << 10;

/// Where the counter is while a function runs.
#[derive(Clone, Copy)]
enum Left {
    /// Its complement is in the register that is kept for it.
    Pinned,
    /// In a variable, which memory may lag behind.
    Variable(Variable),
    /// In memory.
    Memory,
}

/// What the text of a function says of its charges.
pub(super) struct Segments {
    /// Cost of each segment, in the order of the text.
    costs: Vec<u64>,
    /// The segment that begins behind the end of each block.
    behind: Vec<u32>,
}

impl Segments {
    fn cost(&self, segment: usize) -> u64 {
        self.costs.get(segment).copied().unwrap_or(0)
    }

    /// What is charged behind the end of a block.
    pub(super) fn behind(&self, block: usize) -> u64 {
        self.behind.get(block).map_or(0, |segment| self.cost(*segment as usize))
    }
}

/// Whether an operator begins a block of the text.
pub(super) fn opens(opcode: Opcode) -> bool {
    use Opcode as O;
    matches!(opcode, O::Block | O::Loop | O::If | O::TryTable)
}

/// The state of metering in a function.
pub(super) struct Gas {
    left: Left,
    /// Where the counter is in memory.
    address: Value,
    /// What the text says.
    pub(super) text: Segments,
    /// The segment that the operator being translated is in.
    segment: usize,
    /// Blocks that have begun, in the order of the text.
    pub(super) opened: usize,
    /// What is to be charged before the next code that may be seen.
    pub(super) due: u64,
    /// Whether the segment that begins after this operator has been paid for.
    pub(super) paid: bool,
    /// Whether memory may hold an older count than the variable.
    stale: bool,
}

impl Translator<'_> {
    /// Reads the counter and charges for the entry and the first segment.
    pub(super) fn start_gas(&mut self, body: &FuncBody) -> Result<(), Failure> {
        self.go_on_with_gas(body)?;
        let Some(first) = self.gas.as_ref().map(|gas| gas.text.cost(0)) else { return Ok(()) };
        let entry = self.entry_of(self.func, body);
        self.charge(entry.saturating_add(first));
        Ok(())
    }

    /// What entering a function costs.
    pub(super) fn entry_of(&self, func: u32, body: &FuncBody) -> u64 {
        let params = self.module.func_type(func).params.len() as u64;
        let locals = body.locals.len() as u64;
        entry_cost(self.env.schedule.function(), params, locals)
    }

    /// Reads the counter, and charges nothing.
    pub(super) fn go_on_with_gas(&mut self, body: &FuncBody) -> Result<(), Failure> {
        if !self.env.metering {
            return Ok(());
        }
        let text = self.segments(body)?;
        let context = self.context();
        let flags = Region::VmCtx.flags(self.b.func);
        // The address of the counter is part of the store's context, and as constant as an instance's.
        let at = offset_of!(JitContext, gas) as i32;
        let address = self.b.ins().load(I64, flags, context, at);
        let left = match () {
            () if self.env.isa.flags().enable_pinned_reg() => Left::Pinned,
            () if text.costs.len() <= MOST_SEGMENTS => Left::Variable(self.b.declare_var(I64)),
            () => Left::Memory,
        };
        let (segment, opened, due) = (0, 0, 0);
        self.gas =
            Some(Gas { left, address, text, segment, opened, due, paid: false, stale: true });
        self.gas_after_call();
        Ok(())
    }

    /// Sums the weights between cuts.
    fn segments(&self, body: &FuncBody) -> Result<Segments, Failure> {
        let schedule = &self.env.schedule;
        let (mut costs, mut behind, mut open) = (vec![0u64], Vec::new(), Vec::new());
        let mut reader = self.module.operators(body);
        while !reader.eof() {
            let operator = reader.read().map_err(|e| self.crash(e.message()))?;
            let opcode = Opcode::of(&operator);
            if let Some(cost) = costs.last_mut() {
                *cost = cost.saturating_add(schedule.weight(opcode).into());
            }
            if ends_segment(schedule.cuts(), opcode) {
                costs.push(0);
            }
            if opens(opcode) {
                open.push(behind.len());
                behind.push(0);
            } else if opcode == Opcode::End
                && let Some(block) = open.pop()
            {
                behind[block] = costs.len() as u32 - 1;
            }
        }
        Ok(Segments { costs, behind })
    }

    /// After an operator: if it ends a segment, control that gets here is charged for the next one.
    pub(super) fn cut_after(&mut self, opcode: Opcode) {
        let reachable = self.reachable && !self.frames.is_empty();
        let Some(gas) = &mut self.gas else { return };
        if !ends_segment(self.env.schedule.cuts(), opcode) {
            return;
        }
        gas.segment += 1;
        let cost = gas.text.cost(gas.segment);
        // On another path to this place, memory may be older than on the path that was translated last.
        gas.stale = true;
        if reachable && !std::mem::take(&mut gas.paid) {
            self.charge(cost);
        }
    }

    /// Adds to what is due. Charges that the store is asked about are not made of others.
    pub(super) fn charge(&mut self, cost: u64) {
        if self.due() > 0 && self.due().saturating_add(cost) > MOST_UNASKED {
            self.settle_gas();
        }
        if let Some(gas) = &mut self.gas {
            gas.due = gas.due.saturating_add(cost);
            gas.stale = true;
        }
    }

    /// Makes the charges that are due.
    pub(super) fn settle_gas(&mut self) {
        let Some(gas) = &mut self.gas else { return };
        let cost = std::mem::take(&mut gas.due);
        if cost == 0 {
            return;
        }
        let Some(Gas { left, .. }) = self.gas else { return };
        let asked = cost > MOST_UNASKED;
        // A cost above every limit stays above every limit as a signed number.
        let cost = self.iconst(I64, i64::try_from(cost).unwrap_or(i64::MAX));
        if let (Left::Pinned, false) = (left, asked) {
            return self.pay_constant(cost);
        }
        let Some(left) = self.gas_left() else { return };
        let over = self.b.ins().icmp(IntCC::UnsignedLessThan, left, cost);
        let rest = self.b.ins().isub(left, cost);
        if asked {
            return self.ask(over, rest);
        }
        self.b.ins().trapnz(over, trap_code(CODE_GAS));
        self.set_left(rest);
    }

    /// Charges a constant from the register, or traps. The place says which code that is, for [`super::pinned`].
    fn pay_constant(&mut self, cost: Value) {
        let place = self.b.srcloc();
        self.b.set_srcloc(mark(place));
        self.pay_from_register(cost);
        self.b.set_srcloc(place);
    }

    /// Charges what is in the register, or traps.
    pub(super) fn pay_from_register(&mut self, cost: Value) {
        let spent = self.b.ins().get_pinned_reg(I64);
        let spent = self.b.ins().uadd_overflow_trap(spent, cost, trap_code(CODE_GAS));
        self.b.ins().set_pinned_reg(spent);
    }

    /// Goes to a block if less than a charge is left, of which nothing is taken then.
    pub(super) fn go_without_gas(&mut self, cost: u64, aside: Block) {
        let short = match self.gas {
            Some(Gas { left: Left::Pinned, .. }) => {
                let most = self.iconst(I64, !cost.cast_signed());
                let spent = self.b.ins().get_pinned_reg(I64);
                self.b.ins().icmp(IntCC::UnsignedGreaterThan, spent, most)
            }
            _ => {
                let Some(left) = self.gas_left() else { return };
                let cost = self.iconst(I64, cost.cast_signed());
                self.b.ins().icmp(IntCC::UnsignedLessThan, left, cost)
            }
        };
        self.go_aside(short, aside);
    }

    /// Takes a charge of which so much is known to be left.
    pub(super) fn take_gas(&mut self, cost: u64) {
        if let Some(Gas { left: Left::Pinned, .. }) = self.gas {
            let cost = self.iconst(I64, cost.cast_signed());
            let spent = self.b.ins().get_pinned_reg(I64);
            let spent = self.b.ins().iadd(spent, cost);
            self.b.ins().set_pinned_reg(spent);
        } else if let Some(left) = self.gas_left() {
            let cost = self.iconst(I64, cost.cast_signed());
            let left = self.b.ins().isub(left, cost);
            self.set_left(left);
        }
    }

    /// What the segment after this operator costs, if that can be taken along with another charge. Whoever asks pays for it.
    pub(super) fn pay_ahead(&mut self, cost: u64) -> u64 {
        let Some(gas) = &mut self.gas else { return 0 };
        let next = gas.text.cost(gas.segment + 1);
        gas.paid = cost.saturating_add(next) <= MOST_UNASKED;
        if gas.paid { next } else { 0 }
    }

    pub(super) fn gas_left(&mut self) -> Option<Value> {
        let Gas { left, address, .. } = *self.gas.as_ref()?;
        Some(match left {
            Left::Pinned => {
                let spent = self.b.ins().get_pinned_reg(I64);
                self.b.ins().bnot(spent)
            }
            Left::Variable(variable) => self.b.use_var(variable),
            Left::Memory => self.load_word(Region::Gas, address, 0),
        })
    }

    pub(super) fn set_left(&mut self, value: Value) {
        let Some(Gas { left, address, .. }) = self.gas else { return };
        match left {
            Left::Pinned => {
                let spent = self.b.ins().bnot(value);
                self.b.ins().set_pinned_reg(spent);
            }
            Left::Variable(variable) => self.b.def_var(variable, value),
            Left::Memory => self.store_word(Region::Gas, value, address, 0),
        }
    }

    /// If a charge is over what is left, the store knows whether there is a limit; where there is none, the counter is full
    /// after it. Otherwise `rest` is left.
    fn ask(&mut self, over: Value, rest: Value) {
        let (short, paid) = (self.b.create_block(), self.b.create_block());
        let after = self.b.append_block_param(paid, I64);
        self.b.set_cold_block(short);
        self.b.ins().brif(over, short, &[], paid, &[rest.into()]);
        self.b.seal_block(short);
        self.b.switch_to_block(short);
        self.stopping_routine(offset_of!(Builtins, gas.exhaust), &[]);
        if let Some(full) = self.gas_left() {
            self.b.ins().jump(paid, &[full.into()]);
        }
        self.b.seal_block(paid);
        self.b.switch_to_block(paid);
        self.set_left(after);
        self.gas_at_join();
    }

    /// Before something that may trap, or calls compiled code: writes the counter to memory, if it is not found elsewhere then.
    pub(super) fn flush_gas(&mut self) {
        let Some(Gas { left: Left::Variable(variable), address, stale, .. }) = &mut self.gas else {
            return;
        };
        if std::mem::take(stale) {
            let (variable, address) = (*variable, *address);
            let left = self.b.use_var(variable);
            self.store_word(Region::Gas, left, address, 0);
        }
    }

    /// Before something that is no code of a guest: writes the counter to memory.
    pub(super) fn store_gas(&mut self) {
        self.flush_gas();
        if let Some(Gas { left: Left::Pinned, address, .. }) = self.gas
            && let Some(left) = self.gas_left()
        {
            self.store_word(Region::Gas, left, address, 0);
        }
    }

    /// Reads the counter from memory, after something that is no code of a guest, or where an exception arrives.
    pub(super) fn reload_gas(&mut self) {
        let Some(Gas { left, address, .. }) = self.gas else { return };
        if let Left::Pinned | Left::Variable(_) = left {
            let value = self.load_word(Region::Gas, address, 0);
            self.set_left(value);
        }
    }

    /// After a call of compiled code, which passes a pinned counter on.
    pub(super) fn gas_after_call(&mut self) {
        if let Some(Gas { left: Left::Variable(_), .. }) = self.gas {
            self.reload_gas();
        }
    }

    /// Several paths join here, and on some of them memory may be older than the variable.
    pub(super) fn gas_at_join(&mut self) {
        if let Some(gas) = &mut self.gas {
            gas.stale = true;
        }
    }
}

/// E(f) of gas-1 section 4. It saturates at the greatest number, which is above every limit.
fn entry_cost(price: Function, params: u64, locals: u64) -> u64 {
    let values =
        u128::from(price.arg) * u128::from(params) + u128::from(price.local) * u128::from(locals);
    u64::try_from(u128::from(price.entry) + values).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_costs_its_values_and_saturates() {
        let price = Function { entry: 4, arg: 1, local: 2 };
        assert_eq!(entry_cost(price, 0, 0), 4);
        assert_eq!(entry_cost(price, 2, 3), 4 + 2 + 6);
        assert_eq!(entry_cost(price, u64::MAX, u64::MAX), u64::MAX);
        let priced = Function { entry: u32::MAX, arg: u32::MAX, local: 0 };
        assert_eq!(entry_cost(priced, 3, 9), 4 * u64::from(u32::MAX));
    }
}
