//! Control instructions: blocks and branches become positions.

use super::op::Op;
use super::operands::{Operand, Place};
use super::{Builder, Refused, Result, Target, widths};
use crate::program::{Catch, Handler, HandlerKind, Label};
use etalon_module::ValType;
use wasmparser::{BlockType, Operator, TryTable};

/// The kind of an open block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The body of the function.
    Body,
    /// `block`, or an `if` whose `else` has been reached.
    Block,
    /// `loop`
    Loop,
    /// `if` before its `else`: the target of its second arm.
    If { other: usize },
    /// `try_table`: its position, its first clause, and the number of clauses.
    TryTable { start: u32, first: u32, count: u32 },
    /// `try` before its first catch.
    Try,
    /// `catch` or `catch_all` of a `try`, and how many other `try`s enclose it.
    Catch { level: usize },
    /// A block in unreachable code.
    Skipped,
}

/// An open block.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) kind: Kind,
    /// The number of operands below it.
    pub(super) height: usize,
    /// The slot of its first parameter and of its first result.
    pub(super) slot: u32,
    params: Box<[u32]>,
    results: Box<[u32]>,
    /// Where branches to its label go.
    target: usize,
}

impl Block {
    /// Widths of the values that a branch to its label carries.
    fn label_widths(&self) -> &[u32] {
        if self.kind == Kind::Loop { &self.params } else { &self.results }
    }
}

impl Builder<'_> {
    pub(super) fn begin_body(&mut self, results: &[ValType]) {
        let target = self.new_target();
        let (slot, results) = (self.locals, widths(results));
        let params = Box::default();
        self.blocks.push(Block { kind: Kind::Body, height: 0, slot, params, results, target });
    }

    pub(super) fn new_target(&mut self) -> usize {
        self.targets.push(Target::default());
        self.targets.len() - 1
    }

    /// The number of a target in an operation or a label, which thereby goes there.
    pub(super) fn refer(&mut self, target: usize) -> u32 {
        self.targets[target].used = true;
        target as u32
    }

    /// Places a target here. A branch to it begins a gas segment of this cost. Returns whether any branch goes to
    /// it.
    pub(super) fn bind(&mut self, target: usize, cost: u64) -> bool {
        if !self.targets[target].used {
            return false;
        }
        self.enter_at_next(cost);
        self.targets[target].at = Some(self.here());
        true
    }

    /// In unreachable code only the nesting of blocks matters.
    pub(super) fn skip(&mut self, operator: &Operator<'_>) -> Result {
        match operator {
            Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::TryTable { .. }
            | Operator::Try { .. } => {
                let (kind, slot, target) = (Kind::Skipped, 0, 0);
                let (params, results) = Default::default();
                self.blocks.push(Block { kind, height: 0, slot, params, results, target });
                Ok(())
            }
            Operator::Else => self.begin_else(),
            Operator::End => self.end(None),
            Operator::Catch { .. } | Operator::CatchAll | Operator::Delegate { .. } => {
                self.legacy(operator).map(drop)
            }
            _ => Ok(()),
        }
    }

    pub(super) fn control(&mut self, operator: &Operator<'_>) -> Result<bool> {
        match operator {
            // `block`: it needs no operation.
            Operator::Block { blockty } => self.open(Kind::Block, *blockty)?,
            // `loop`: its label is here, and control falls through to it.
            Operator::Loop { blockty } => {
                self.open(Kind::Loop, *blockty)?;
                self.fall_through();
                let target = self.block(0)?.target;
                self.enter_at_next(self.cost_after);
                self.targets[target].at = Some(self.here());
                self.count(true);
            }
            Operator::If { blockty } => self.begin_if(*blockty)?,
            Operator::Else => self.begin_else()?,
            Operator::End => self.end(None)?,
            Operator::Br { relative_depth } => self.br(*relative_depth)?,
            Operator::BrIf { relative_depth } => self.br_if(*relative_depth)?,
            Operator::BrTable { targets } => {
                let mut depths = Vec::new();
                for depth in targets.targets() {
                    depths.push(depth.map_err(|_| Refused("br_table does not decode"))?);
                }
                depths.push(targets.default());
                self.br_table(&depths)?;
            }
            Operator::TryTable { try_table } => self.begin_try(try_table)?,
            Operator::BrOnNull { relative_depth } => self.br_on_null(*relative_depth)?,
            Operator::BrOnNonNull { relative_depth } => self.br_on_non_null(*relative_depth)?,
            Operator::BrOnCast { relative_depth, to_ref_type, .. } => {
                self.br_on_cast(*relative_depth, *to_ref_type, false)?;
            }
            Operator::BrOnCastFail { relative_depth, to_ref_type, .. } => {
                self.br_on_cast(*relative_depth, *to_ref_type, true)?;
            }
            Operator::Return => self.emit_return()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The block of a label index.
    pub(super) fn block(&self, depth: u32) -> Result<&Block> {
        let at = self.blocks.len().checked_sub(1 + depth as usize);
        at.map(|i| &self.blocks[i]).ok_or(Refused("a label is missing"))
    }

    fn block_type(&self, ty: BlockType) -> (Box<[u32]>, Box<[u32]>) {
        match ty {
            BlockType::Empty => Default::default(),
            BlockType::Type(wasmparser::ValType::V128) => (Box::default(), Box::new([2])),
            BlockType::Type(_) => (Box::default(), Box::new([1])),
            BlockType::FuncType(index) => {
                let ty = self.module.func_type_at(index);
                (widths(&ty.params), widths(&ty.results))
            }
        }
    }

    /// Opens a block whose parameters are on the operand stack.
    pub(super) fn open(&mut self, kind: Kind, ty: BlockType) -> Result {
        let (params, results) = self.block_type(ty);
        self.settle_all();
        let Some(height) = self.operands.len().checked_sub(params.len()) else {
            return Err(Refused("a block lacks its parameters"));
        };
        let slot = self.operands.get(height).map_or(self.next_slot(), |o| o.slot);
        let target = self.new_target();
        self.blocks.push(Block { kind, height, slot, params, results, target });
        self.forget_last();
        Ok(())
    }

    fn begin_if(&mut self, ty: BlockType) -> Result {
        let condition = self.pop()?;
        let other = self.new_target();
        self.settle_before(condition);
        self.jump_if(condition, false, other)?;
        // All operands are in their own slots, so opening the block emits nothing.
        self.open(Kind::If { other }, ty)?;
        self.enter_at_next(self.cost_after);
        Ok(())
    }

    /// Moves all operands to their own slots. If there is nothing to move, a condition stays together with the
    /// operation that computed it.
    fn settle_before(&mut self, condition: Operand) {
        let lazy = self.operands.iter().rev().take(64).any(|o| o.place != Place::Slot);
        if lazy {
            self.place_const(condition);
            self.settle_all();
            self.forget_last();
        }
    }

    fn begin_else(&mut self) -> Result {
        let block = self.block(0)?;
        let Kind::If { other } = block.kind else {
            return Ok(());
        };
        self.end_arm()?;
        self.bind(other, self.cost_after);
        let Some(block) = self.blocks.last_mut() else {
            return Err(Refused("an else without its if"));
        };
        block.kind = Kind::Block;
        let (height, params) = (block.height, block.params.clone());
        self.operands.truncate(height);
        self.push_all(&params);
        self.dead = false;
        Ok(())
    }

    /// Ends one arm of a block before another begins. If control reaches its end, it continues after the `end`.
    pub(super) fn end_arm(&mut self) -> Result {
        let block = self.block(0)?;
        let (target, count) = (block.target, block.results.len());
        if !self.dead {
            self.settle_top(count);
            let target = self.refer(target);
            self.emit(Op::Br { target });
        }
        Ok(())
    }

    pub(super) fn push_all(&mut self, widths: &[u32]) {
        for width in widths {
            self.push_slot(*width);
        }
        self.forget_last();
    }

    /// Ends a block, by `end` or by a `delegate` to another block.
    pub(super) fn end(&mut self, delegate: Option<u32>) -> Result {
        let Some(block) = self.blocks.pop() else {
            return Err(Refused("an end too many"));
        };
        match block.kind {
            Kind::Skipped => return Ok(()),
            Kind::Body => return self.end_body(&block),
            _ => {}
        }
        let (end, depth) = (self.here(), self.blocks.len() as u32);
        match block.kind {
            Kind::TryTable { start, first, count } => {
                let kind = HandlerKind::TryTable;
                self.handlers.push(Handler { kind, depth, start, end, first, count });
            }
            Kind::Try | Kind::Catch { .. } => self.end_try(delegate)?,
            _ => {}
        }
        let mut live = !self.dead;
        if live {
            self.settle_top(block.results.len());
            self.fall_through();
        }
        if let Kind::If { other } = block.kind {
            // Without a second arm, the parameters are the results.
            live |= self.bind(other, self.cost_after);
        }
        if block.kind != Kind::Loop {
            live |= self.bind(block.target, self.cost_after);
        }
        self.operands.truncate(block.height);
        self.push_all(&block.results);
        self.dead = !live;
        Ok(())
    }

    fn end_body(&mut self, body: &Block) -> Result {
        if !self.dead {
            self.return_values(&body.results)?;
        }
        // A branch to the body's label leaves the function, so there is nothing left to charge.
        if self.bind(body.target, 0) {
            self.operands.clear();
            self.push_all(&body.results);
            self.return_values(&body.results)?;
        }
        self.dead = true;
        Ok(())
    }

    fn emit_return(&mut self) -> Result {
        let results = self.blocks.first().ok_or(Refused("a return outside"))?.results.clone();
        self.return_values(&results)?;
        self.dead = true;
        Ok(())
    }

    fn return_values(&mut self, results: &[u32]) -> Result {
        match results {
            [] => self.emit(Op::Return0),
            [1] => {
                let src = self.pop_read()?;
                self.emit(Op::Return1 { src })
            }
            _ => {
                let from = self.settle_operands(results.len())?;
                self.emit(Op::Return { from, count: results.iter().sum() })
            }
        };
        Ok(())
    }

    /// Jumps to a target if a condition holds, or if it does not. If a comparison that computed the condition is the
    /// last operation, the two are fused.
    fn jump_if(&mut self, condition: Operand, if_holds: bool, target: usize) -> Result {
        let target = self.refer(target);
        let fused = self.ops.last().and_then(|made| made.op.as_branch(if_holds, target));
        let jump = match (fused, condition.place) {
            (Some(op), Place::Slot) => match self.take_producer(condition) {
                Some(made) => {
                    self.entry_cost_at_next(made.cost);
                    Some(op)
                }
                None => None,
            },
            _ => None,
        };
        let jump = match jump {
            Some(op) => op,
            None => {
                self.place_const(condition);
                let cond = condition.source();
                match if_holds {
                    true => Op::BrIf { cond, target },
                    false => Op::BrUnless { cond, target },
                }
            }
        };
        let jump = self.with_increment(jump);
        self.emit(jump);
        Ok(())
    }

    /// `br`
    fn br(&mut self, depth: u32) -> Result {
        let block = self.block(depth)?;
        if block.kind == Kind::Body {
            return self.emit_return();
        }
        let (mut to, target) = (block.slot, block.target);
        let count = block.label_widths().len();
        let first = self.operands.len().checked_sub(count).ok_or(Refused("a label's values"))?;
        for at in first..self.operands.len() {
            // No value is overwritten before it is moved, because none moves up.
            let operand = self.operands[at];
            self.move_to(operand, to);
            to += operand.width;
        }
        let target = self.refer(target);
        let jump = self.with_increment(Op::Br { target });
        self.emit(jump);
        self.dead = true;
        Ok(())
    }

    /// `br_if`: it is fused with the comparison before it if no values must be moved.
    fn br_if(&mut self, depth: u32) -> Result {
        let condition = self.pop()?;
        let block = self.block(depth)?;
        let (count, target) = (block.label_widths().len(), block.target);
        if count == 0 {
            self.jump_if(condition, true, target)?;
        } else {
            self.place_const(condition);
            self.settle_top(count);
            let label = self.label(depth)?;
            if label.from == label.to {
                self.forget_last();
                self.jump_if(condition_in_place(condition), true, target)?;
            } else {
                let label = self.label_row(target, label);
                self.emit(Op::BrIfMove { cond: condition.source(), label });
            }
        }
        self.enter_at_next(self.cost_after);
        Ok(())
    }

    /// `br_table`
    fn br_table(&mut self, depths: &[u32]) -> Result {
        let index = self.pop_read()?;
        let arity = self.block(depths[0])?.label_widths().len();
        self.settle_top(arity);
        let first = self.program.labels.len() as u32;
        let mut in_place = true;
        for depth in depths {
            let label = self.label(*depth)?;
            in_place &= label.from == label.to;
            let target = self.block(*depth)?.target;
            self.label_row(target, label);
        }
        let count = u16::try_from(depths.len() - 1);
        let count = count.map_err(|_| Refused("a br_table has too many labels"))?;
        self.emit(Op::BrTable { index, first, count, in_place });
        self.dead = true;
        Ok(())
    }

    /// `try_table`: the handler needs no operation; it is found by position.
    fn begin_try(&mut self, table: &TryTable) -> Result {
        let first = self.program.catches.len() as u32;
        let count = table.catches.len() as u32;
        for clause in &table.catches {
            let (tag, with_ref, depth) = match *clause {
                wasmparser::Catch::One { tag, label } => (Some(tag), false, label),
                wasmparser::Catch::OneRef { tag, label } => (Some(tag), true, label),
                wasmparser::Catch::All { label } => (None, false, label),
                wasmparser::Catch::AllRef { label } => (None, true, label),
            };
            // The clauses are outside of the block, so their labels do not count it.
            let block = self.block(depth)?;
            let (to, target) = (block.slot, block.target);
            let label = Label { target: 0, keep: 0, from: 0, to };
            let label = self.label_row(target, label);
            let tag = tag.map(|tag| self.instance.tags[tag as usize]);
            self.program.catches.push(Catch { tag, with_ref, keep: None, label });
        }
        self.open(Kind::Block, table.ty)?;
        self.fall_through();
        let start = self.here();
        if let Some(block) = self.blocks.last_mut() {
            block.kind = Kind::TryTable { start, first, count };
        }
        Ok(())
    }

    /// `br_on_null`
    fn br_on_null(&mut self, depth: u32) -> Result {
        let reference = self.pop()?;
        self.place_const(reference);
        let count = self.block(depth)?.label_widths().len();
        self.settle_top(count);
        let (label, target) = (self.label(depth)?, self.block(depth)?.target);
        let label = self.label_row(target, label);
        self.emit(Op::BrOnNull { a: reference.source(), label });
        self.enter_at_next(self.cost_after);
        self.operands.push(condition_in_place(reference));
        Ok(())
    }

    /// `br_on_non_null`
    fn br_on_non_null(&mut self, depth: u32) -> Result {
        let count = self.block(depth)?.label_widths().len();
        self.settle_top(count);
        let (label, target) = (self.label(depth)?, self.block(depth)?.target);
        let label = self.label_row(target, label);
        let a = self.pop()?.slot;
        self.emit(Op::BrOnNonNull { a, label });
        self.enter_at_next(self.cost_after);
        Ok(())
    }

    /// `br_on_cast`, and `br_on_cast_fail`, which branches when the cast fails.
    fn br_on_cast(&mut self, depth: u32, ty: wasmparser::RefType, fails: bool) -> Result {
        let cast = self.cast(ty.is_nullable(), ty.heap_type())?;
        let count = self.block(depth)?.label_widths().len();
        self.settle_top(count.max(1));
        let (label, target) = (self.label(depth)?, self.block(depth)?.target);
        let label = self.label_row(target, label);
        let a = self.operands.last().ok_or(Refused("a reference is missing"))?.slot;
        self.emit(Op::BrOnCast { a, fails, label, cast });
        self.enter_at_next(self.cost_after);
        Ok(())
    }

    /// A row for a label whose values are on top of the stack, in their own slots.
    pub(super) fn label(&self, depth: u32) -> Result<Label> {
        let block = self.block(depth)?;
        let widths = block.label_widths();
        let first = self.operands.len().checked_sub(widths.len());
        let first = first.ok_or(Refused("a label's values"))?;
        let from = self.operands.get(first).map_or(block.slot, |o| o.slot);
        Ok(Label { target: 0, keep: widths.iter().sum(), from, to: block.slot })
    }
}

/// A condition that has been placed in a slot and is no constant any more.
fn condition_in_place(condition: Operand) -> Operand {
    match condition.place {
        Place::Const(_) => Operand { place: Place::Slot, ..condition },
        _ => condition,
    }
}
