//! Exceptions ("Control Instructions").
//!
//! A clause of a `try_table` becomes a block that every call inside may go to; it fetches what the clause
//! carries and branches to the clause's label.

use super::control::{Kind, args};
use super::translator::Translator;
use crate::abi::{AbiType, CODE_UNWIND, JitContext, Region, slots, throw_signature, trap_code};
use crate::error::Failure;
use crate::libcalls::Builtins;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{
    Block, BlockArg, ExceptionTable, ExceptionTableData, ExceptionTableItem, ExceptionTag,
    InstBuilder, SigRef, StackSlotData, StackSlotKind, Value,
};
use etalon_module::{TypeUse, ValType};
use etalon_runtime::Trap;
use std::mem::offset_of;
use wasmparser::{Catch, Operator as O, TryTable};

/// A clause of a `try_table`.
#[derive(Debug)]
pub(super) struct Handler {
    /// The tag that it handles; `None` is all of them.
    tag: Option<u32>,
    pub(super) block: Block,
}

impl Translator<'_> {
    /// Translates an operator of this file; gives false for any other.
    pub(super) fn exception_operator(&mut self, operator: &O<'_>) -> Result<bool, Failure> {
        match operator {
            O::TryTable { try_table } => self.try_table(try_table)?,
            O::Throw { tag_index } => self.throw(*tag_index)?,
            O::ThrowRef => self.throw_ref(),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// `try_table`
    fn try_table(&mut self, table: &TryTable) -> Result<(), Failure> {
        let (params, results) = self.block_type(table.ty);
        let exit = self.block_with(&results);
        let body = self.b.create_block();
        self.b.ins().jump(body, &[]);
        self.b.seal_block(body);
        // A clause's label counts from outside of the instruction.
        let mut handlers = Vec::with_capacity(table.catches.len());
        for catch in &table.catches {
            handlers.push(self.handler(catch)?);
        }
        self.b.switch_to_block(body);
        self.push_frame(Kind::Try(handlers), exit, params.len(), results.len());
        Ok(())
    }

    /// The block of a clause.
    fn handler(&mut self, catch: &Catch) -> Result<Handler, Failure> {
        let (tag, label, with_reference) = match *catch {
            Catch::One { tag, label } => (Some(tag), label, false),
            Catch::OneRef { tag, label } => (Some(tag), label, true),
            Catch::All { label } => (None, label, false),
            Catch::AllRef { label } => (None, label, true),
        };
        let block = self.b.create_block();
        let exception = self.b.append_block_param(block, I64);
        self.hold_reference(exception);
        self.b.switch_to_block(block);
        self.reload_gas();
        let mut values = match tag {
            Some(tag) => self.fields(tag, exception)?,
            None => Vec::new(),
        };
        if with_reference {
            values.push(exception);
        }
        let (target, _) = self.target(label)?;
        self.b.ins().jump(target, &args(&values));
        Ok(Handler { tag, block })
    }

    /// Types of the fields of a tag's exceptions, and how they lie in slots.
    fn tag_fields(&self, tag: u32) -> Result<(Vec<ValType>, Vec<AbiType>), Failure> {
        let TypeUse::Idx(ty) = self.module.tags[tag as usize].ty else {
            return Err(self.crash("the type of a tag is not an index"));
        };
        let fields = self.module.func_type_at(ty).params.to_vec();
        let in_slots = fields.iter().map(|t| AbiType::of(*t)).collect();
        Ok((fields, in_slots))
    }

    /// Room on the stack for values of some types, until more room is asked for: all accesses of a function share it.
    pub(super) fn room(&mut self, types: &[AbiType]) -> Value {
        let bytes = types.iter().map(|t| t.slots() as u32 * 8).sum::<u32>().max(8);
        let slot = *self.scratch.get_or_insert_with(|| {
            let data = StackSlotData::new(StackSlotKind::ExplicitSlot, bytes, 4);
            self.b.create_sized_stack_slot(data)
        });
        let size = &mut self.b.func.sized_stack_slots[slot].size;
        *size = bytes.max(*size);
        self.b.ins().stack_addr(I64, slot, 0)
    }

    fn fields(&mut self, tag: u32, exception: Value) -> Result<Vec<Value>, Failure> {
        let (fields, types) = self.tag_fields(tag)?;
        if types.is_empty() {
            return Ok(Vec::new());
        }
        let room = self.room(&types);
        self.routine(offset_of!(Builtins, exception.exn_fields), &[exception, room]);
        let mut at = 0;
        let mut values = Vec::with_capacity(types.len());
        for (field, ty) in fields.iter().zip(types) {
            let value = slots::read(&mut self.b, Region::Slots, ty, room, at);
            self.hold(*field, value);
            values.push(value);
            at += 8 * ty.slots() as i32;
        }
        Ok(values)
    }

    /// `throw`
    fn throw(&mut self, tag: u32) -> Result<(), Failure> {
        let (_, types) = self.tag_fields(tag)?;
        let values = self.pop_many(types.len());
        let room = self.spill(&types, &values);
        let tag = self.iconst(I64, tag.into());
        let exception = self.allocate(offset_of!(Builtins, exception.exn_new), &[tag, room]);
        self.raise(exception);
        Ok(())
    }

    /// `throw_ref`
    fn throw_ref(&mut self) {
        self.flush_gas();
        let exception = self.pop();
        self.b.ins().trapz(exception, trap_code(Trap::NullExceptionReference as u8));
        self.raise(exception);
    }

    /// Calls what throws; it does not return.
    fn raise(&mut self, exception: Value) {
        self.flush_gas();
        let context = self.context();
        let at = offset_of!(JitContext, throw) as i32;
        let code = self.load_word(Region::Context, context, at);
        let signature = self.b.import_signature(throw_signature());
        self.indirect(signature, code, &[self.vmctx, exception]);
        self.b.ins().trap(trap_code(CODE_UNWIND));
        self.reachable = false;
    }

    /// Whether an exception of a call here may be handled in this function.
    pub(super) fn is_handled(&self) -> bool {
        self.frames.iter().any(|f| matches!(&f.kind, Kind::Try(handlers) if !handlers.is_empty()))
    }

    /// The enclosing handlers, the innermost first, and the block in which a call that returns goes on.
    pub(super) fn exception_table(&mut self, signature: SigRef) -> (ExceptionTable, Block) {
        let returns = self.b.func.dfg.signatures[signature].returns.clone();
        let normal = self.b.create_block();
        let results: Vec<BlockArg> = (0..returns.len() as u32).map(BlockArg::TryCallRet).collect();
        for result in returns {
            self.b.append_block_param(normal, result.value_type);
        }
        let mut items = vec![ExceptionTableItem::Context(self.vmctx)];
        let clauses = self.frames.iter().rev().filter_map(|frame| match &frame.kind {
            Kind::Try(handlers) => Some(handlers),
            _ => None,
        });
        for handler in clauses.flatten() {
            let call = self.b.func.dfg.block_call(handler.block, &[BlockArg::TryCallExn(0)]);
            let Some(tag) = handler.tag else {
                // It handles every exception, so handlers further out are not reached.
                items.push(ExceptionTableItem::Default(call));
                break;
            };
            items.push(ExceptionTableItem::Tag(ExceptionTag::from_u32(tag), call));
        }
        let returned = self.b.func.dfg.block_call(normal, &results);
        let data = ExceptionTableData::new(signature, returned, items);
        (self.b.func.dfg.exception_tables.push(data), normal)
    }

    /// Goes on behind a call that returned; gives its results.
    pub(super) fn returned(&mut self, normal: Block) -> Vec<Value> {
        self.b.seal_block(normal);
        self.b.switch_to_block(normal);
        self.b.block_params(normal).to_vec()
    }
}
