//! Execution of instructions ("Instructions"): the loop, and instructions outside of it.

#[macro_use]
mod flow;

pub(crate) mod access;
mod aggregate;
pub(crate) mod atomic;
mod bulk;
mod control;
mod far;
pub(crate) mod fused;
pub(crate) mod lanes;
pub(crate) mod memories;
mod memory;
mod numeric;
pub(crate) mod objects;
mod packed;
pub(crate) mod rare;
mod reference;
mod regions;
mod relation;
mod run;
mod slots;
mod table;
mod variable;
mod vector;
mod wide;

pub(crate) use control::exit;
pub(crate) use far::far;
pub(crate) use flow::{Handler, Handlers, WINDOW};
pub(crate) use numeric::{Width, binary, unary};
pub(crate) use packed::{Packed, packed};
pub(crate) use relation::Relation;
pub(crate) use run::run;
pub(crate) use variable::ref_is_null;

/// The handlers of what is not told apart by an operator.
pub(crate) mod handlers {
    pub(crate) use super::bulk::{copy as memory_copy, fill as memory_fill, size as memory_size};
    pub(crate) use super::control::*;
    pub(crate) use super::packed::{constant as vector_constant, shuffle};
    pub(crate) use super::variable::*;
}

use crate::gas;
use crate::program::Slow;
use etalon_module::{Class, Opcode};
use etalon_runtime::{Stop, Store};

/// What an instruction outside of the loop works on.
pub(crate) struct Context<'a> {
    pub(crate) store: &'a mut Store,
    /// The slots from its first operand on; its results go to the same slots.
    pub(crate) slots: &'a mut [u64],
    pub(crate) op: Slow,
}

impl Context<'_> {
    /// The dynamic charge of the instruction (gas-1, *Dynamic charges*), after its checks and before its
    /// effect.
    fn charge(&mut self, units: u64) -> Result<(), Stop> {
        let schedule = self.store.schedule();
        let Some(rate) = schedule.dynamic(self.op.opcode) else {
            return Err(Stop::crash("a dynamic charge of an operator that has none"));
        };
        self.store.charge(gas::dynamic(rate, units))
    }

    /// An instruction whose result replaces its first operand.
    fn set(&mut self, value: u64) {
        self.slots[0] = value;
    }
}

/// Executes an instruction that has no operation of its own in the loop.
pub(crate) fn slow<'a>(store: &'a mut Store, slots: &'a mut [u64], op: Slow) -> Result<(), Stop> {
    match rare::find(op.opcode) {
        Some(rare) => rare.run(&mut Context { store, slots, op }),
        None => Err(Stop::crash(format!("{} has no operation", op.opcode))),
    }
}

/// Whether an instruction allocates on the heap, so that a collection may be due before it.
pub(crate) fn allocates(opcode: Opcode) -> bool {
    opcode == Opcode::Throw || opcode.class() == Some(Class::Allocation)
}
