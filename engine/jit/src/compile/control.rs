//! "Control Instructions": a label becomes a block of the code generator, and the operands that a branch takes along
//! become the parameters of that block.

use super::due::Due;
use super::exception::Try;
use super::translator::{Translator, clif};
use crate::abi::{CODE_INTERRUPT, JitContext, Region, trap_code};
use crate::error::Failure;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{Block, BlockArg, BlockCall, InstBuilder, JumpTableData, Value};
use etalon_module::{HeapType, RefType, ValType};
use etalon_runtime::Trap;
use std::mem::offset_of;
use wasmparser::{BlockType, BrTable, Operator as O};

/// Targets that the code generator takes in one table.
const TABLE_MAX: usize = 65_520;

/// The instruction that a label belongs to.
#[derive(Debug)]
pub(super) enum Kind {
    /// `block`, or the body.
    Block,
    /// `loop`, with its header.
    Loop(Block),
    /// The first arm of an `if`, with the block of the other and the operands that it starts with.
    If(Block, Vec<Value>),
    /// The second arm.
    Else,
    /// `try_table` with clauses.
    Try(Try),
}

/// A control frame.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    /// Where control goes after the `end`; `None` if the whole frame cannot be reached.
    exit: Option<Block>,
    /// Whether something jumps to `exit`.
    pub(super) exited: bool,
    /// What was due where it began, and where what has been paid for goes on.
    pub(super) due: Due,
    params: usize,
    results: usize,
    /// Operands below the frame's.
    height: usize,
}

impl Frame {
    fn dead() -> Frame {
        let (due, kind) = (Due::default(), Kind::Block);
        Frame { kind, exit: None, exited: false, due, params: 0, results: 0, height: 0 }
    }

    /// Whether control gets behind its `end`.
    fn is_exited(&self) -> bool {
        self.exited || self.due.paid.is_some()
    }

    /// How many operands a branch takes along.
    fn arity(&self) -> usize {
        if let Kind::Loop(_) = self.kind { self.params } else { self.results }
    }
}

pub(super) fn args(values: &[Value]) -> Vec<BlockArg> {
    values.iter().map(|v| BlockArg::Value(*v)).collect()
}

impl Translator<'_> {
    /// Translates an operator of this file; gives false for any other.
    pub(super) fn control_operator(&mut self, operator: &O<'_>) -> Result<bool, Failure> {
        match operator {
            O::Unreachable => self.unreachable_trap(),
            // `nop`
            O::Nop => {}
            O::Block { blockty } => self.block(*blockty),
            O::Loop { blockty } => self.loop_(*blockty)?,
            O::If { blockty } => self.if_(*blockty),
            O::Else => self.else_(),
            O::End => self.end()?,
            O::Br { relative_depth } => self.br(*relative_depth)?,
            O::BrIf { relative_depth } => self.br_if(*relative_depth)?,
            O::BrTable { targets } => self.br_table(targets)?,
            O::BrOnNull { relative_depth } => self.br_on_null(*relative_depth)?,
            O::BrOnNonNull { relative_depth } => self.br_on_non_null(*relative_depth)?,
            O::Return => self.return_()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Parameters and results of a block.
    pub(super) fn block_type(&self, ty: BlockType) -> (Vec<ValType>, Vec<ValType>) {
        match ty {
            BlockType::Empty => (Vec::new(), Vec::new()),
            BlockType::Type(ty) => (Vec::new(), vec![value_type(ty)]),
            BlockType::FuncType(index) => {
                let ty = self.module.func_type_at(index);
                (ty.params.to_vec(), ty.results.to_vec())
            }
        }
    }

    pub(super) fn block_with(&mut self, types: &[ValType]) -> Block {
        let block = self.b.create_block();
        for ty in types {
            let value = self.b.append_block_param(block, clif(*ty));
            self.hold(*ty, value);
        }
        block
    }

    pub(super) fn push_frame(
        &mut self,
        kind: Kind,
        exit: Block,
        params: usize,
        results: &[ValType],
    ) {
        let height = self.stack.len().saturating_sub(params);
        let (due, results) = (self.due_at(results), results.len());
        let exit = Some(exit);
        self.frames.push(Frame { kind, exit, exited: false, due, params, results, height });
    }

    /// The frame of the body: its label is the return.
    pub(super) fn push_body_frame(&mut self) {
        let results = self.module.func_type(self.func).results.clone();
        let exit = self.block_with(&results);
        self.push_frame(Kind::Block, exit, 0, &results);
    }

    /// `block`
    fn block(&mut self, ty: BlockType) {
        let (params, results) = self.block_type(ty);
        let exit = self.block_with(&results);
        self.push_frame(Kind::Block, exit, params.len(), &results);
    }

    /// `loop`
    fn loop_(&mut self, ty: BlockType) -> Result<(), Failure> {
        let (params, results) = self.block_type(ty);
        let header = self.block_with(&params);
        let exit = self.block_with(&results);
        let operands = self.pop_many(params.len());
        self.b.ins().jump(header, &args(&operands));
        self.enter_here(header, operands.len())?;
        self.b.switch_to_block(header);
        let operands = self.b.block_params(header).to_vec();
        self.stack.extend(operands);
        self.push_frame(Kind::Loop(header), exit, params.len(), &results);
        self.look_for_interrupt();
        self.count();
        Ok(())
    }

    /// Leaves if another thread has asked to stop: in every entry and every turn of a loop, so control always gets here.
    pub(super) fn look_for_interrupt(&mut self) {
        if !self.env.interruptible {
            return;
        }
        let context = self.context();
        let flags = Region::VmCtx.flags(self.b.func);
        // The address is part of the store's context, and as constant as an instance's.
        let at = offset_of!(JitContext, interrupt) as i32;
        let address = self.b.ins().load(I64, flags, context, at);
        // Without this the code generator takes what it read before for what it would read now.
        self.b.ins().sequence_point();
        let flags = Region::Interrupt.flags(self.b.func);
        let asked = self.b.ins().load(I32, flags, address, 0);
        self.b.ins().trapnz(asked, trap_code(CODE_INTERRUPT));
    }

    /// `if`
    fn if_(&mut self, ty: BlockType) {
        let (params, results) = self.block_type(ty);
        let condition = self.pop();
        let then = self.b.create_block();
        let other = self.b.create_block();
        let exit = self.block_with(&results);
        self.b.ins().brif(condition, then, &[], other, &[]);
        self.b.seal_block(then);
        self.b.seal_block(other);
        self.b.switch_to_block(then);
        let operands = self.stack[self.stack.len() - params.len()..].to_vec();
        self.push_frame(Kind::If(other, operands), exit, params.len(), &results);
    }

    /// `else`: ends the first arm and begins the second.
    fn else_(&mut self) {
        if self.reachable {
            self.jump_to_exit();
        }
        let Some(frame) = self.frames.last_mut() else { return };
        if let Kind::If(other, operands) = &mut frame.kind {
            let (other, operands) = (*other, std::mem::take(operands));
            frame.kind = Kind::Else;
            self.stack.truncate(frame.height);
            self.stack.extend(operands);
            let due = frame.due;
            self.b.switch_to_block(other);
            self.reachable = true;
            self.set_due(due.begun);
        }
    }

    /// Leaves the innermost frame with its results, at its end.
    fn jump_to_exit(&mut self) {
        let Some(frame) = self.frames.last() else { return };
        let Some(exit) = frame.exit else { return };
        let results = frame.results;
        let values = self.pop_many(results);
        let exit = self.pay_for_exit(self.frames.len() - 1, exit);
        self.b.ins().jump(exit, &args(&values));
    }

    /// Whether the innermost frame ends where nothing but the end of its body leads to: the operands stay as they are.
    fn falls_through(&self) -> bool {
        self.frames.len() > 1
            && self.frames.last().is_some_and(|frame| {
                !frame.is_exited() && matches!(frame.kind, Kind::Block | Kind::Loop(_))
            })
    }

    /// Whether an operator becomes no code at all, so that charges on both sides of it can be made as one.
    pub(super) fn is_silent(&self, operator: &O<'_>) -> bool {
        match operator {
            O::Nop | O::Block { .. } => true,
            O::End => self.falls_through(),
            _ => false,
        }
    }

    /// `end`
    fn end(&mut self) -> Result<(), Failure> {
        if self.reachable && self.falls_through() {
            if let Some(Kind::Loop(header)) = self.frames.pop().map(|frame| frame.kind) {
                self.b.seal_block(header);
            }
            return Ok(());
        }
        if let Some(Kind::If(..)) = self.frames.last().map(|frame| &frame.kind) {
            // An `if` without `else`: the other arm passes its operands through.
            self.else_();
        }
        if self.reachable {
            self.jump_to_exit();
        }
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        let Some(exit) = frame.exit else { return Ok(()) };
        match &frame.kind {
            Kind::Loop(header) => self.b.seal_block(*header),
            Kind::Try(this) => self.end_try(this)?,
            Kind::Block | Kind::If(..) | Kind::Else => {}
        }
        self.b.seal_block(exit);
        self.stack.truncate(frame.height);
        self.reachable = frame.is_exited();
        if self.reachable {
            let join = self.join(&frame.due, frame.exited.then_some(exit)).unwrap_or(exit);
            self.b.switch_to_block(join);
            let results = self.b.block_params(join).to_vec();
            self.stack.extend(results);
            self.gas_at_join();
        }
        if self.frames.is_empty() && self.reachable {
            self.flush_gas();
            let results = std::mem::take(&mut self.stack);
            self.b.ins().return_(&results);
            self.reachable = false;
        }
        Ok(())
    }

    /// Where a branch to a label goes, and how many operands it takes along. What is due is paid on the way.
    pub(super) fn target(&mut self, depth: u32) -> Result<(Block, usize), Failure> {
        let count = self.frames.len();
        let fault = self.crash("a label beyond the body");
        let at = count.checked_sub(1 + depth as usize).ok_or(fault.clone())?;
        let frame = &self.frames[at];
        let (arity, exit) = (frame.arity(), frame.exit);
        let block = match frame.kind {
            Kind::Loop(header) => {
                self.settle_gas();
                header
            }
            _ => self.pay_for_exit(at, exit.ok_or(fault)?),
        };
        Ok((block, arity))
    }

    /// `br`
    fn br(&mut self, depth: u32) -> Result<(), Failure> {
        let (block, arity) = self.target(depth)?;
        let values = self.pop_many(arity);
        self.b.ins().jump(block, &args(&values));
        self.reachable = false;
        Ok(())
    }

    /// `br_if`
    fn br_if(&mut self, depth: u32) -> Result<(), Failure> {
        let condition = self.pop();
        self.branch_when(condition, depth)
    }

    /// Branches with the topmost operands, which stay, if a value is not zero.
    pub(super) fn branch_when(&mut self, condition: Value, depth: u32) -> Result<(), Failure> {
        let next = self.b.create_block();
        let (due, aside) = (self.due(), self.pays_aside(depth));
        if aside {
            let aside = self.b.create_block();
            self.b.ins().brif(condition, aside, &[], next, &[]);
            self.b.seal_block(aside);
            self.b.switch_to_block(aside);
        }
        let (block, arity) = self.target(depth)?;
        let values = args(&self.stack[self.stack.len() - arity..]);
        if aside {
            self.b.ins().jump(block, &values);
            self.set_due(due);
        } else {
            self.b.ins().brif(condition, block, &values, next, &[]);
        }
        self.b.seal_block(next);
        self.b.switch_to_block(next);
        Ok(())
    }

    /// `br_table`
    fn br_table(&mut self, table: &BrTable<'_>) -> Result<(), Failure> {
        let mut index = self.pop();
        let (default, arity) = self.target(table.default())?;
        let values = args(&self.pop_many(arity));
        let mut targets = Vec::with_capacity(table.len() as usize);
        for depth in table.targets() {
            let depth = depth.map_err(|e| self.crash(e.message()))?;
            let (block, _) = self.target(depth)?;
            targets.push(self.b.func.dfg.block_call(block, &values));
        }
        let default = self.b.func.dfg.block_call(default, &values);
        let mut chunks = targets.chunks(TABLE_MAX).peekable();
        if chunks.peek().is_none() {
            self.table(index, default, &[]);
        }
        while let Some(chunk) = chunks.next() {
            if chunks.peek().is_none() {
                self.table(index, default, chunk);
                break;
            }
            // An index beyond this piece goes on to the next one, less the length of this piece.
            let next = self.b.create_block();
            let beyond = self.b.func.dfg.block_call(next, &[]);
            self.table(index, beyond, chunk);
            self.b.seal_block(next);
            self.b.switch_to_block(next);
            let len = self.iconst(I32, chunk.len() as i64);
            index = self.b.ins().isub(index, len);
        }
        self.reachable = false;
        Ok(())
    }

    fn table(&mut self, index: Value, default: BlockCall, targets: &[BlockCall]) {
        let table = self.b.create_jump_table(JumpTableData::new(default, targets));
        self.b.ins().br_table(index, table);
    }

    /// `return`: a branch to the label of the body.
    fn return_(&mut self) -> Result<(), Failure> {
        self.br(self.frames.len() as u32 - 1)
    }

    /// `unreachable`
    fn unreachable_trap(&mut self) {
        self.flush_gas();
        self.b.ins().trap(trap_code(Trap::Unreachable as u8));
        self.reachable = false;
    }

    /// Counts frames in code that cannot be reached; nothing else of it is translated.
    pub(super) fn unreachable_operator(&mut self, operator: &O<'_>) -> Result<(), Failure> {
        match operator {
            O::Block { .. } | O::Loop { .. } | O::If { .. } | O::TryTable { .. } => {
                self.frames.push(Frame::dead())
            }
            O::Else => self.else_(),
            O::End => self.end()?,
            // Its `end` would be taken for that of the frame around it.
            O::Try { .. } => return Err(Self::unsupported(operator)),
            _ => {}
        }
        Ok(())
    }

    /// `br_on_null`: branches without the reference if it is null.
    fn br_on_null(&mut self, depth: u32) -> Result<(), Failure> {
        let reference = self.pop();
        let zero = self.iconst(I64, 0);
        let null = self.b.ins().icmp(IntCC::Equal, reference, zero);
        self.branch_when(null, depth)?;
        self.push(reference);
        Ok(())
    }

    /// `br_on_non_null`: branches with the reference unless it is null.
    fn br_on_non_null(&mut self, depth: u32) -> Result<(), Failure> {
        let reference = *self.stack.last().ok_or_else(|| self.crash("no operand"))?;
        let zero = self.iconst(I64, 0);
        let there = self.b.ins().icmp(IntCC::NotEqual, reference, zero);
        self.branch_when(there, depth)?;
        self.pop();
        Ok(())
    }
}

/// The type of a block's result. A reference of unknown type is treated as one to an object.
pub(super) fn value_type(ty: wasmparser::ValType) -> ValType {
    match ty {
        wasmparser::ValType::I32 => ValType::I32,
        wasmparser::ValType::I64 => ValType::I64,
        wasmparser::ValType::F32 => ValType::F32,
        wasmparser::ValType::F64 => ValType::F64,
        wasmparser::ValType::V128 => ValType::V128,
        wasmparser::ValType::Ref(ty) => ValType::Ref(RefType {
            nullable: ty.is_nullable(),
            heap: HeapType::from_decoder(ty.heap_type()).unwrap_or(HeapType::Any),
        }),
    }
}
