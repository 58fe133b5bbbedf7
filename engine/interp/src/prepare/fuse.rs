//! Two instructions become one operation.
//!
//! A computation may be part of the next operation if that is its only use: its result is an operand that no local and no
//! label has. A change of a count may be part of the branch behind it. In frames larger than the window nothing is fused.

use super::Builder;
use super::op::{Bin, Op, Second};
use super::operands::{Operand, Place};
use crate::execution::{Relation, access, fused};
use etalon_module::Opcode;

impl Builder<'_> {
    /// An operator of two operands around the operation that computed one of them.
    pub(super) fn pair(&mut self, opcode: Opcode, a: Operand, b: Operand) -> bool {
        for (inner, other, inner_first) in [(b, a, false), (a, b, true)] {
            if matches!(other.place, Place::Const(_)) || !self.computed_last(inner) {
                continue;
            }
            let pair = match self.ops.last().map(|made| made.op) {
                Some(Op::Binary { opcode: last, o, .. }) => {
                    fused::pair(opcode, last, inner_first).map(|handler| (handler, o))
                }
                Some(Op::BinaryK { opcode: last, o, .. }) if o.b <= u16::MAX.into() => {
                    fused::pair_with_constant(opcode, last, inner_first).map(|handler| (handler, o))
                }
                _ => None,
            };
            if let Some((handler, Bin { a, b: c, .. })) = pair {
                self.take_last();
                let b = other.source();
                self.push_result(|dst| Op::Pair { handler, o: Bin { dst, a, b }, c });
                return true;
            }
        }
        false
    }

    /// A load from a sum of two slots that was computed for it, in the instance's first memory.
    pub(super) fn load_sum(
        &mut self,
        opcode: Opcode,
        addr: Operand,
        (offset, wide): (u32, bool),
    ) -> bool {
        let handler = access::load_sum(opcode, wide).filter(|_| offset <= u16::MAX.into());
        let Some(handler) = handler else { return false };
        let add = if wide { Opcode::I64Add } else { Opcode::I32Add };
        match self.ops.last().map(|made| made.op) {
            Some(Op::Binary { opcode: last, o, .. }) if last == add && self.computed_last(addr) => {
                self.take_last();
                let Bin { a, b, .. } = o;
                self.push_result(|dst| Op::LoadSum { handler, o: Bin { dst, a, b }, offset });
                true
            }
            _ => false,
        }
    }

    /// Whether the last operation only computed this operand.
    fn computed_last(&self, operand: Operand) -> bool {
        let is_last = self.producer.is_some_and(|made| made + 1 == self.here());
        let writes = |op: &mut Op| op.dst_mut().is_some_and(|dst| *dst == operand.slot);
        let mut last = self.ops.last().map(|made| made.op);
        let fits = operand.place == Place::Slot && self.next_cost.is_none() && !self.is_large;
        is_last && fits && last.as_mut().is_some_and(writes)
    }

    fn take_last(&mut self) {
        self.producer = None;
        if let Some(made) = self.ops.pop() {
            self.entry_cost_at_next(made.cost);
        }
    }

    /// Takes the last operation if it added a constant to a slot; returns the constant.
    fn take_increment(&mut self, slot: u32) -> Option<i16> {
        let is_last = self.increment.is_some_and(|made| made + 1 == self.here());
        if !is_last || self.next_cost.is_some() || self.is_large {
            return None;
        }
        let Op::BinaryK { opcode, o, .. } = self.ops.last()?.op else { return None };
        let k = match opcode {
            Opcode::I32Add | Opcode::I64Add => i32::try_from(i64::from(o.b as i32)).ok()?,
            Opcode::I32Sub | Opcode::I64Sub => (o.b as i32).checked_neg()?,
            _ => return None,
        };
        let k = i16::try_from(k).ok().filter(|_| (o.dst, o.a) == (slot, slot))?;
        self.take_last();
        Some(k)
    }

    /// A branch, with the change of a count before it.
    pub(super) fn with_increment(&mut self, jump: Op) -> Op {
        let (relation, a, second, target) = match jump {
            Op::BrIf { cond, target } => (Relation::I32Ne, cond, Second::Constant(0), target),
            Op::BrUnless { cond, target } => (Relation::I32Eq, cond, Second::Constant(0), target),
            Op::BrIfCompare { relation, a, b, target } => (relation, a, Second::Slot(b), target),
            Op::BrIfCompareK { relation, a, b, target } => {
                (relation, a, Second::Constant(b), target)
            }
            Op::Br { target } => {
                let Some(slot) = self.counted(Opcode::I32Add).or(self.counted(Opcode::I32Sub))
                else {
                    return jump;
                };
                return match self.take_increment(slot) {
                    Some(k) => Op::AddAndBr { a: slot, k, target },
                    None => jump,
                };
            }
            _ => return jump,
        };
        // The sum must have the type that is compared.
        let (add, sub) = match relation.width() {
            Some(crate::execution::Width::Narrow) => (Opcode::I32Add, Opcode::I32Sub),
            Some(crate::execution::Width::Wide) => (Opcode::I64Add, Opcode::I64Sub),
            None => return jump,
        };
        if self.counted(add).or(self.counted(sub)) != Some(a) {
            return jump;
        }
        match self.take_increment(a) {
            Some(k) => Op::AddAndBrIf { relation, a, k, second, target },
            None => jump,
        }
    }

    /// The slot that the last operation changed, if that is this operator.
    fn counted(&self, by: Opcode) -> Option<u32> {
        match self.ops.last()?.op {
            Op::BinaryK { opcode, o, .. } if opcode == by => Some(o.dst),
            _ => None,
        }
    }
}
