//! Exceptions ("Control Instructions").
//!
//! A call in a `try_table` may go to its landing, which goes on to the clause that was found, by number. A clause becomes a
//! block that fetches what the clause carries and branches to its label. So the edges are as many as the calls and the clauses,
//! and not as their product. The exception and the number are in the store's context: as values they would pass along each of
//! these edges, and meet those of all scopes around, which takes the code generator more than in proportion.

use super::control::{Kind, args};
use super::translator::Translator;
use crate::abi::{AbiType, CODE_UNWIND, JitContext, Region, slots, throw_signature, trap_code};
use crate::code::Scope;
use crate::error::Failure;
use crate::libcalls::Builtins;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{
    Block, BlockArg, ExceptionTable, ExceptionTableData, ExceptionTableItem, ExceptionTag,
    InstBuilder, JumpTableData, SigRef, StackSlotData, StackSlotKind, Value,
};
use etalon_module::{TypeUse, ValType};
use etalon_runtime::Trap;
use std::collections::HashSet;
use std::mem::offset_of;
use wasmparser::{Catch, Operator as O, TryTable};

/// A `try_table` that is open. Whatever is thrown in it comes to its landing, with the number of a clause of the function: of
/// this one or of one further out. So a call has one handler, however many clauses are around it.
#[derive(Debug)]
pub(super) struct Try {
    /// Where the number decides, here or further out.
    landing: Block,
    /// Whether anything leads there.
    used: bool,
    /// Number of the first clause.
    first: u32,
    clauses: Vec<Catch>,
    /// The scope around this one, if what is not handled here may be there.
    outer: Option<u32>,
}

impl Translator<'_> {
    /// Translates an operator of this file; gives false for any other.
    pub(super) fn exception_operator(&mut self, operator: &O<'_>) -> Result<bool, Failure> {
        match operator {
            O::TryTable { try_table } => self.try_table(try_table),
            O::Throw { tag_index } => self.throw(*tag_index)?,
            O::ThrowRef => self.throw_ref(),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// `try_table`
    fn try_table(&mut self, table: &TryTable) {
        let (params, results) = self.block_type(table.ty);
        let exit = self.block_with(&results);
        let clauses = reached(&table.catches);
        if clauses.is_empty() {
            return self.push_frame(Kind::Block, exit, params.len(), &results);
        }
        let landing = self.b.create_block();
        let first = self.clauses;
        self.clauses += clauses.len() as u32;
        let tags: Vec<Option<u32>> = clauses.iter().map(tag).collect();
        // Beyond a clause for everything nothing is looked for.
        let outer = self.scope().filter(|_| tags.last() != Some(&None));
        self.scopes.push(Scope { first, tags, outer });
        self.open.push((self.scopes.len() as u32 - 1, self.frames.len()));
        let this = Try { landing, used: false, first, clauses, outer };
        self.push_frame(Kind::Try(this), exit, params.len(), &results);
    }

    /// The innermost scope of handlers.
    fn scope(&self) -> Option<u32> {
        self.open.last().map(|(scope, _)| *scope)
    }

    /// The innermost `try_table`.
    fn innermost(&mut self) -> Option<&mut Try> {
        let (_, frame) = *self.open.last()?;
        let Kind::Try(this) = &mut self.frames[frame].kind else { return None };
        Some(this)
    }

    /// Ends a `try_table`, whose frame is gone: what its landing and its clauses do.
    pub(super) fn end_try(&mut self, this: &Try) -> Result<(), Failure> {
        self.open.pop();
        self.b.seal_block(this.landing);
        if !this.used {
            return Ok(());
        }
        self.b.switch_to_block(this.landing);
        let number = self.caught(offset_of!(JitContext, clause));
        let outer = if this.outer.is_some() { self.innermost() } else { None };
        let beyond = match outer {
            Some(outer) => {
                outer.used = true;
                outer.landing
            }
            None => self.b.create_block(),
        };
        let handlers: Vec<Block> = this.clauses.iter().map(|_| self.b.create_block()).collect();
        let calls: Vec<_> =
            handlers.iter().map(|block| self.b.func.dfg.block_call(*block, &[])).collect();
        let first = self.iconst(I64, this.first.into());
        let clause = self.b.ins().isub(number, first);
        let clause = self.b.ins().ireduce(I32, clause);
        let default = self.b.func.dfg.block_call(beyond, &[]);
        let table = self.b.create_jump_table(JumpTableData::new(default, &calls));
        self.b.ins().br_table(clause, table);
        if this.outer.is_none() {
            self.b.seal_block(beyond);
            self.b.switch_to_block(beyond);
            // Only clauses of this scope are looked for.
            self.b.ins().trap(trap_code(CODE_UNWIND));
        }
        for (catch, block) in this.clauses.iter().zip(handlers) {
            self.handler(catch, block)?;
        }
        Ok(())
    }

    /// What a clause does. Its label counts from outside of the instruction.
    fn handler(&mut self, catch: &Catch, block: Block) -> Result<(), Failure> {
        let (label, with_reference) = match *catch {
            Catch::One { label, .. } | Catch::All { label } => (label, false),
            Catch::OneRef { label, .. } | Catch::AllRef { label } => (label, true),
        };
        self.b.seal_block(block);
        self.b.switch_to_block(block);
        let exception = self.caught(offset_of!(JitContext, caught));
        self.hold_reference(exception);
        self.reload_gas();
        let mut values = match tag(catch) {
            Some(tag) => self.fields(tag, exception)?,
            None => Vec::new(),
        };
        if with_reference {
            values.push(exception);
        }
        let (target, _) = self.target(label)?;
        self.b.ins().jump(target, &args(&values));
        Ok(())
    }

    /// What the walk left in the store's context for the clause that it found. Nothing writes there between landing and clause.
    fn caught(&mut self, at: usize) -> Value {
        let context = self.context();
        self.load_word(Region::Context, context, at as i32)
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
        self.store_gas();
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
        !self.open.is_empty()
    }

    /// The innermost scope of handlers, and the block in which a call that returns goes on.
    pub(super) fn exception_table(&mut self, signature: SigRef) -> (ExceptionTable, Block) {
        let returns = self.b.func.dfg.signatures[signature].returns.clone();
        let normal = self.b.create_block();
        let results: Vec<BlockArg> = (0..returns.len() as u32).map(BlockArg::TryCallRet).collect();
        for result in returns {
            self.b.append_block_param(normal, result.value_type);
        }
        let mut items = vec![ExceptionTableItem::Context(self.vmctx)];
        let scope = self.scope();
        if let Some((scope, landing)) = scope.zip(self.landing()) {
            let call = self.b.func.dfg.block_call(landing, &[]);
            items.push(ExceptionTableItem::Tag(ExceptionTag::from_u32(scope), call));
        }
        let returned = self.b.func.dfg.block_call(normal, &results);
        let data = ExceptionTableData::new(signature, returned, items);
        (self.b.func.dfg.exception_tables.push(data), normal)
    }

    /// Where a call of the innermost `try_table` goes when it throws.
    fn landing(&mut self) -> Option<Block> {
        let this = self.innermost()?;
        this.used = true;
        Some(this.landing)
    }

    /// Goes on behind a call that returned; gives its results.
    pub(super) fn returned(&mut self, normal: Block) -> Vec<Value> {
        self.b.seal_block(normal);
        self.b.switch_to_block(normal);
        self.b.block_params(normal).to_vec()
    }
}

/// The tag of a clause; `None` is all of them.
fn tag(catch: &Catch) -> Option<u32> {
    match *catch {
        Catch::One { tag, .. } | Catch::OneRef { tag, .. } => Some(tag),
        Catch::All { .. } | Catch::AllRef { .. } => None,
    }
}

/// The clauses that may be reached: not those behind one of the same tag, or behind one for everything.
fn reached(catches: &[Catch]) -> Vec<Catch> {
    let mut seen = HashSet::new();
    let mut clauses = Vec::with_capacity(catches.len());
    for catch in catches {
        let tag = tag(catch);
        if seen.insert(tag) {
            clauses.push(*catch);
        }
        if tag.is_none() {
            break;
        }
    }
    clauses
}
