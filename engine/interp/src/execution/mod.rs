//! Execution of instructions (specification chapter 4.6).

mod far;
mod memory;
mod run;
mod table;

pub(crate) use far::far;
pub(crate) use run::run;

use crate::observer::{Observer, Rule};
use crate::program::Slow;
use etalon_module::Opcode;
use etalon_runtime::{Stop, Store};

/// What an instruction outside the loop works on.
pub(crate) struct Context<'a> {
    pub(crate) store: &'a mut Store,
    /// The slots from its first operand on, which are also those of its results.
    pub(crate) slots: &'a mut [u64],
    pub(crate) op: Slow,
    observer: Option<&'a mut (dyn Observer + Send)>,
}

impl Context<'_> {
    /// Tells the observer that a rule was used.
    fn rule(&mut self, rule: Rule) {
        if let Some(observer) = &mut self.observer {
            observer.rule(rule);
        }
    }

    /// The dynamic charge of the instruction (gas-1, section 5), after its checks and before its
    /// effect.
    fn charge(&mut self, units: u64) -> Result<(), Stop> {
        let schedule = self.store.schedule();
        let Some(rate) = schedule.dynamic(self.op.opcode) else {
            return Err(Stop::crash("a dynamic charge of an operator that has none"));
        };
        let gas = rate.charge(units);
        self.store.charge(gas)?;
        if let Some(observer) = &mut self.observer {
            observer.dynamic_charge(u64::try_from(gas).unwrap_or(u64::MAX));
        }
        Ok(())
    }

    /// An instruction whose result replaces its first operand.
    fn set(&mut self, value: u64) {
        self.slots[0] = value;
    }
}

/// Executes an instruction that has no operation of its own in the loop.
pub(crate) fn slow<'a>(
    store: &'a mut Store,
    slots: &'a mut [u64],
    op: Slow,
    observer: Option<&'a mut (dyn Observer + Send)>,
) -> Result<(), Stop> {
    use Opcode as O;
    let mut context = Context { store, slots, op, observer };
    let c = &mut context;
    match op.opcode {
        O::MemorySize => c.memory_size(),
        O::MemoryGrow => c.memory_grow(),
        O::MemoryFill => c.memory_fill(),
        O::MemoryCopy => c.memory_copy(),
        O::MemoryInit => c.memory_init(),
        O::DataDrop => c.data_drop(),
        O::TableSize => c.table_size(),
        O::TableGrow => c.table_grow(),
        O::TableFill => c.table_fill(),
        O::TableCopy => c.table_copy(),
        O::TableInit => c.table_init(),
        O::ElemDrop => c.elem_drop(),
        other => Err(Stop::crash(format!("{other} has no rule"))),
    }
}
