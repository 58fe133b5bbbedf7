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
mod memory;
mod numeric;
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
    pub(crate) use super::bulk::{copy as memory_copy, fill as memory_fill};
    pub(crate) use super::control::*;
    pub(crate) use super::packed::{constant as vector_constant, shuffle};
    pub(crate) use super::variable::*;
}

use crate::gas;
use crate::program::{Program, Slow};
use etalon_module::{Class, Opcode};
use etalon_runtime::{Ref, Stop, Store};

/// What an instruction outside of the loop works on.
pub(crate) struct Context<'a> {
    pub(crate) program: &'a Program,
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
pub(crate) fn slow<'a>(
    program: &'a Program,
    store: &'a mut Store,
    slots: &'a mut [u64],
    op: Slow,
) -> Result<(), Stop> {
    match rare::find(op.opcode) {
        Some(rare) => rare.run(&mut Context { program, store, slots, op }),
        None => Err(Stop::crash(format!("{} has no operation", op.opcode))),
    }
}

/// Whether an instruction allocates on the heap, so that a collection may be due before it.
pub(crate) fn allocates(opcode: Opcode) -> bool {
    opcode == Opcode::Throw || opcode.class() == Some(Class::Allocation)
}

/// Whether the reference of a `br_on_cast` belongs to the type in a row of the casts.
pub(crate) fn cast_succeeds(
    program: &Program,
    store: &Store,
    word: u64,
    cast: u32,
) -> Result<bool, Stop> {
    let r = Ref::from_bits(word).ok_or_else(|| Stop::crash("a word that is no reference"))?;
    reference::belongs(store, r, program.casts[cast as usize])
}
