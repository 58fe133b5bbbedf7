//! The operand stack during preparation: where every operand will be.
//!
//! Every operand has a slot of its own, determined by its height. Until something needs it there, an
//! operand may stay where it came from: in its local, or as a constant.

use super::op::{Op, Un};
use super::{Builder, Made};

/// How many operands, from the top down, may stay where they came from. This bounds the work when a local
/// is set.
const LAZY: usize = 32;

/// Where an operand is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In its own slot.
    Slot,
    /// In the slot of a local that has not been set since.
    Local(u32),
    /// A constant.
    Const(u64),
}

/// An operand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operand {
    pub(super) place: Place,
    /// Its own slot.
    pub(super) slot: u32,
    /// How many slots it takes.
    pub(super) width: u32,
}

impl Operand {
    /// The slot to read it from; constants must have been placed.
    pub(super) fn source(self) -> u32 {
        match self.place {
            Place::Local(slot) => slot,
            Place::Slot | Place::Const(_) => self.slot,
        }
    }
}

impl Builder<'_> {
    /// The slot that the next operand will have.
    pub(super) fn next_slot(&self) -> u32 {
        self.operands.last().map_or(self.locals, |o| o.slot + o.width)
    }

    /// Pushes a result that the next operation will write; returns its slot.
    pub(super) fn push_slot(&mut self, width: u32) -> u32 {
        let slot = self.next_slot();
        self.operands.push(Operand { place: Place::Slot, slot, width });
        self.settle_deep();
        slot
    }

    /// Pushes the result of an operation that writes one slot, and emits it.
    pub(super) fn push_result(&mut self, make: impl FnOnce(u32) -> Op) {
        self.push_wide_result(1, make);
    }

    /// Pushes the result of an operation that writes a number of slots, and emits it.
    pub(super) fn push_wide_result(&mut self, width: u32, make: impl FnOnce(u32) -> Op) {
        let dst = self.push_slot(width);
        let made = self.emit(make(dst));
        self.producer = Some(made);
    }

    /// Pushes an operand that stays where it is.
    pub(super) fn push_lazy(&mut self, place: Place, width: u32) {
        let slot = self.next_slot();
        self.operands.push(Operand { place, slot, width });
        self.settle_deep();
    }

    /// Moves all operands except the topmost few to their own slots.
    fn settle_deep(&mut self) {
        if let Some(low) = self.operands.len().checked_sub(LAZY + 1) {
            self.settle(low);
        }
    }

    /// Pops an operand.
    pub(super) fn pop(&mut self) -> Result<Operand, super::Refused> {
        self.operands.pop().ok_or(super::Refused("an operand is missing"))
    }

    /// Pops an operand that an operation will read; returns the slot to read.
    pub(super) fn pop_read(&mut self) -> Result<u32, super::Refused> {
        let operand = self.pop()?;
        self.place_const(operand);
        Ok(operand.source())
    }

    /// Writes a constant to its own slot, so that it can be read there.
    pub(super) fn place_const(&mut self, operand: Operand) {
        if let Place::Const(value) = operand.place {
            self.emit(Op::Const { dst: operand.slot, value });
        }
    }

    /// Moves an operand to its own slot.
    pub(super) fn settle(&mut self, at: usize) {
        let operand = self.operands[at];
        self.move_to(operand, operand.slot);
        self.operands[at].place = Place::Slot;
    }

    /// Moves an operand to a slot, unless it is there already.
    pub(super) fn move_to(&mut self, operand: Operand, dst: u32) {
        match operand.place {
            Place::Const(value) => {
                self.emit(Op::Const { dst, value });
            }
            _ if operand.source() != dst => {
                let un = Un { dst, a: operand.source() };
                self.emit(if operand.width == 2 { Op::Copy2(un) } else { Op::Copy(un) });
            }
            _ => {}
        }
    }

    /// Moves the topmost `count` operands to their own slots.
    pub(super) fn settle_top(&mut self, count: usize) {
        let len = self.operands.len();
        for at in len.saturating_sub(count)..len {
            self.settle(at);
        }
    }

    /// Moves all operands to their own slots, because each must have a single place where control may join.
    pub(super) fn settle_all(&mut self) {
        self.settle_top(LAZY);
    }

    /// Records, for an operation at which a collection may happen, which operands below its own are not in their
    /// slots. They stay where they are, and collections skip their slots.
    pub(super) fn note_unplaced(&mut self, made: u32) {
        let first = self.operands.len().saturating_sub(LAZY);
        for operand in self.operands[first..].iter().filter(|o| o.place != Place::Slot) {
            self.unplaced.push((made, operand.slot));
        }
    }

    /// Moves the operands that were left in a local to their own slots, before the local is set.
    fn preserve(&mut self, local: u32) {
        let len = self.operands.len();
        for at in len.saturating_sub(LAZY)..len {
            if self.operands[at].place == Place::Local(local) {
                self.settle(at);
            }
        }
    }

    /// `local.set`: if possible, the operation that computes the value writes to the local directly.
    pub(super) fn set_local(&mut self, local: u32) -> Result<(), super::Refused> {
        let value = self.pop()?;
        match self.take_producer(value) {
            Some(Made { mut op, cost, offset }) => {
                // Operands left in the local are moved before it is written. The operation reads slots
                // above them, or locals, so its own operands are unchanged.
                self.entry_cost_at_next(cost);
                self.preserve(local);
                if let Some(dst) = op.dst_mut() {
                    *dst = local;
                }
                self.increment = Some(self.emit_at(op, offset));
            }
            None => {
                self.preserve(local);
                self.move_to(value, local);
            }
        }
        Ok(())
    }

    /// Removes the last operation if it only computed this operand.
    pub(super) fn take_producer(&mut self, operand: Operand) -> Option<Made> {
        let made = self.producer.take()?;
        if operand.place != Place::Slot || made + 1 != self.here() || self.next_cost.is_some() {
            return None;
        }
        let mut op = self.ops.last()?.op;
        if op.dst_mut().is_none_or(|dst| *dst != operand.slot) {
            return None;
        }
        self.ops.pop()
    }
}
