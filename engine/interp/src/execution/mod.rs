//! Execution of instructions ("Instructions"): the loop, and instructions outside of it.

mod aggregate;
mod atomic;
mod far;
mod memory;
mod reference;
mod run;
mod table;
mod vector;
mod wide;

pub(crate) use far::far;
pub(crate) use run::run;

use crate::gas;
use crate::program::{Program, Slow};
use etalon_module::Opcode;
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
    use Opcode as O;
    let mut context = Context { program, store, slots, op };
    let c = &mut context;
    match op.opcode {
        O::MemorySize => c.memory_size(),
        O::MemoryGrow => c.memory_grow(),
        O::MemoryFill => c.memory_fill(),
        O::MemoryDiscard => c.memory_discard(),
        O::MemoryCopy => c.memory_copy(),
        O::MemoryInit => c.memory_init(),
        O::DataDrop => c.data_drop(),
        O::TableSize => c.table_size(),
        O::TableGrow => c.table_grow(),
        O::TableFill => c.table_fill(),
        O::TableCopy => c.table_copy(),
        O::TableInit => c.table_init(),
        O::ElemDrop => c.elem_drop(),
        O::RefAsNonNull => c.ref_as_non_null(),
        O::RefTestNonNull | O::RefTestNullable => c.ref_test(),
        O::RefCastNonNull | O::RefCastNullable => c.ref_cast(),
        O::RefI31 => c.ref_i31(),
        O::I31GetS => c.i31_get(true),
        O::I31GetU => c.i31_get(false),
        O::AnyConvertExtern => c.any_convert_extern(),
        O::ExternConvertAny => c.extern_convert_any(),
        O::StructNew => c.struct_new(),
        O::StructNewDefault => c.struct_new_default(),
        O::StructGet | O::StructGetS | O::StructGetU => c.struct_get(),
        O::StructSet => c.struct_set(),
        O::ArrayNew => c.array_new(),
        O::ArrayNewDefault => c.array_new_default(),
        O::ArrayNewFixed => c.array_new_fixed(),
        O::ArrayNewData => c.array_new_data(),
        O::ArrayNewElem => c.array_new_elem(),
        O::ArrayGet | O::ArrayGetS | O::ArrayGetU => c.array_get(),
        O::ArraySet => c.array_set(),
        O::ArrayLen => c.array_len(),
        O::ArrayFill => c.array_fill(),
        O::ArrayCopy => c.array_copy(),
        O::ArrayInitData => c.array_init_data(),
        O::ArrayInitElem => c.array_init_elem(),
        O::I64Add128 => c.add128(),
        O::I64Sub128 => c.sub128(),
        O::I64MulWideS => c.mul_wide_s(),
        O::I64MulWideU => c.mul_wide_u(),
        other => Err(Stop::crash(format!("{other} has no operation"))),
    }
}

/// Whether an instruction allocates on the heap, so that a collection may be due before it.
#[rustfmt::skip]
pub(crate) fn allocates(opcode: Opcode) -> bool {
    use Opcode as O;
    matches!(
        opcode,
        O::StructNew | O::StructNewDefault | O::ArrayNew | O::ArrayNewDefault | O::ArrayNewFixed
            | O::ArrayNewData | O::ArrayNewElem | O::Throw
    )
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
