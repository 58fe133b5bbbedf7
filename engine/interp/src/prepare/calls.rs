//! Calls.

use super::{Builder, Result, widths};
use crate::program::{Op, Signature};
use etalon_module::TypeId;
use wasmparser::Operator;

impl Builder<'_> {
    pub(super) fn call(&mut self, operator: &Operator<'_>) -> Result<bool> {
        match *operator {
            Operator::Call { function_index } => {
                let type_index = self.module.funcs[function_index as usize];
                let func = self.instance.funcs[function_index as usize].0;
                self.call_with(type_index, |at| Op::Call { func, at })?;
            }
            Operator::CallIndirect { type_index, table_index } => {
                let index = self.pop_read()?;
                let signature = self.signature(type_index, table_index);
                self.call_with(type_index, |at| Op::CallIndirect { index, at, signature })?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Arguments in their own slots, the call, the results in the same slots.
    fn call_with(&mut self, type_index: u32, make: impl FnOnce(u32) -> Op) -> Result {
        let ty = self.module.func_type_at(type_index);
        let at = self.settle_operands(ty.params.len())?;
        self.emit(make(at));
        self.enter_at_next(self.cost_after);
        for width in widths(&ty.results) {
            self.push_slot(width);
        }
        Ok(())
    }

    /// The canonical type of a type index.
    pub(super) fn type_id(&self, type_index: u32) -> TypeId {
        self.instance.types[type_index as usize]
    }

    /// A row for an indirect call.
    fn signature(&mut self, type_index: u32, table_index: u32) -> u32 {
        let table = self.instance.tables[table_index as usize];
        let ty = self.type_id(type_index);
        self.program.signatures.push(Signature { table, ty });
        self.program.signatures.len() as u32 - 1
    }
}
