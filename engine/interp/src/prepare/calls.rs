//! Calls.

use super::op::Op;
use super::{Builder, Refused, Result, widths};
use crate::program::Signature;
use etalon_module::TypeId;
use etalon_runtime::FuncAddr;
use wasmparser::Operator;

impl Builder<'_> {
    /// The address of a function of the module.
    pub(super) fn function(&self, index: u32) -> Result<FuncAddr> {
        self.instance.func(index).ok_or(Refused("there is no such function"))
    }

    pub(super) fn call(&mut self, operator: &Operator<'_>) -> Result<bool> {
        match *operator {
            Operator::Call { function_index } => {
                let type_index = self.module.funcs[function_index as usize];
                let func = self.function(function_index)?.0;
                self.call_with(type_index, |at| Op::Call { func, at })?;
            }
            Operator::CallIndirect { type_index, table_index } => {
                let index = self.pop_read()?;
                let signature = self.signature(type_index, table_index)?;
                self.call_with(type_index, |_| Op::CallIndirect { index, signature })?;
            }
            Operator::CallRef { type_index } => {
                let func = self.pop_read()?;
                self.call_with(type_index, |at| Op::CallRef { func, at })?;
            }
            Operator::ReturnCall { function_index } => {
                let type_index = self.module.funcs[function_index as usize];
                let func = self.function(function_index)?.0;
                self.return_call(type_index, |at| Op::ReturnCall { func, at })?;
            }
            Operator::ReturnCallIndirect { type_index, table_index } => {
                let index = self.pop_read()?;
                let signature = self.signature(type_index, table_index)?;
                let make = |_| Op::ReturnCallIndirect { index, signature };
                self.return_call(type_index, make)?;
            }
            Operator::ReturnCallRef { type_index } => {
                let func = self.pop_read()?;
                self.return_call(type_index, |at| Op::ReturnCallRef { func, at })?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// A tail call. If the callee turns out to belong to the host or another tier, it is called as usual, and its
    /// results, which are then in the slots of its arguments, are returned.
    fn return_call(&mut self, type_index: u32, make: impl FnOnce(u32) -> Op) -> Result {
        let ty = self.module.func_type_at(type_index);
        let from = self.settle_operands(ty.params.len())?;
        self.emit(make(from));
        self.emit(Op::Return { from, count: ty.result_slots() as u32 });
        self.dead = true;
        Ok(())
    }

    /// A call: the arguments are moved to their own slots, and the results are in the same slots.
    fn call_with(&mut self, type_index: u32, make: impl FnOnce(u32) -> Op) -> Result {
        let ty = self.module.func_type_at(type_index);
        let at = self.settle_operands(ty.params.len())?;
        let call = self.emit(make(at));
        self.note_unplaced(call);
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

    /// A row for an indirect call, whose arguments are on top of the stack.
    fn signature(&mut self, type_index: u32, table_index: u32) -> Result<u32> {
        let table = self.instance.tables[table_index as usize];
        let ty = self.type_id(type_index);
        let params = self.module.func_type_at(type_index).params.len();
        let first = self.operands.len().checked_sub(params).ok_or(Refused("arguments"))?;
        let at = self.operands.get(first).map_or(self.next_slot(), |o| o.slot);
        self.program.signatures.push(Signature { table, ty, at });
        Ok(self.program.signatures.len() as u32 - 1)
    }
}
