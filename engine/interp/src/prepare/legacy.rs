//! The exceptions of before version 3.0: `try` with its catches, `delegate`, `rethrow`.
//!
//! `rethrow` can use a caught exception as long as control is in the catch. The exception has no operand, so each level
//! of nested `try` has a slot of its own behind the locals of the function.

use super::control::Kind;
use super::op::Op;
use super::{Builder, Refused, Result};
use crate::program::{Catch, Handler, HandlerKind, Label, Slow};
use etalon_module::{Opcode, TypeUse};
use wasmparser::{BlockType, Operator};

/// A `try` whose `end` or `delegate` has not been reached.
#[derive(Debug)]
pub(super) struct Try {
    start: u32,
    /// Where its first catch begins.
    end: Option<u32>,
    /// The clauses of its catches, in their order.
    catches: Vec<Catch>,
}

/// The greatest number of nested `try`s in a body: how many slots it needs for caught exceptions.
pub(super) fn levels(body: &[Opcode]) -> u32 {
    // For each open block: whether it is a `try`.
    let mut open = Vec::new();
    let (mut level, mut most) = (0, 0);
    for opcode in body {
        match opcode {
            Opcode::Block | Opcode::Loop | Opcode::If | Opcode::TryTable => open.push(false),
            Opcode::Try => {
                open.push(true);
                level += 1;
                most = level.max(most);
            }
            Opcode::End | Opcode::Delegate if open.pop() == Some(true) => level -= 1,
            _ => {}
        }
    }
    most
}

impl Builder<'_> {
    pub(super) fn legacy(&mut self, operator: &Operator<'_>) -> Result<bool> {
        match *operator {
            Operator::Try { blockty } => self.begin_try_block(blockty)?,
            Operator::Catch { tag_index } => self.begin_catch(Some(tag_index))?,
            Operator::CatchAll => self.begin_catch(None)?,
            Operator::Delegate { relative_depth } => self.delegate(relative_depth)?,
            Operator::Rethrow { relative_depth } => self.rethrow(relative_depth)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn begin_try_block(&mut self, ty: BlockType) -> Result {
        self.open(Kind::Try, ty)?;
        self.fall_through();
        let start = self.here();
        self.tries.push(Try { start, end: None, catches: Vec::new() });
        Ok(())
    }

    /// The slot for the exception that a `try` at this level has caught.
    fn kept(&self, level: usize) -> u32 {
        self.kept + level as u32
    }

    /// `catch` or `catch_all`: the part before it ends like the first arm of an `if` at its `else`.
    pub(super) fn begin_catch(&mut self, tag: Option<u32>) -> Result {
        let block = self.block(0)?;
        if !matches!(block.kind, Kind::Try | Kind::Catch { .. }) {
            return Ok(());
        }
        let (to, height) = (block.slot, block.height);
        self.end_arm()?;
        let level = self.tries.len().checked_sub(1).ok_or(Refused("a catch without its try"))?;
        let end = self.here();
        // The values come from the exception, so none is moved.
        let label = Label { target: 0, keep: 0, from: 0, to };
        let entry = self.new_target();
        let label = self.label_row(entry, label);
        self.bind(entry, self.cost_after);
        let (address, widths) = match tag {
            Some(index) => {
                let TypeUse::Idx(ty) = self.module.tags[index as usize].ty else {
                    return Err(Refused("a tag without its type"));
                };
                let params = &self.module.func_type_at(ty).params;
                (Some(self.instance.tags[index as usize]), super::widths(params))
            }
            None => (None, Box::default()),
        };
        let keep = Some(self.kept(level));
        let catch = Catch { tag: address, with_ref: false, keep, label };
        let open = self.tries.last_mut().ok_or(Refused("a catch without its try"))?;
        open.end.get_or_insert(end);
        open.catches.push(catch);
        if let Some(block) = self.blocks.last_mut() {
            block.kind = Kind::Catch { level };
        }
        self.operands.truncate(height);
        self.push_all(&widths);
        self.dead = false;
        Ok(())
    }

    /// Turns the closed `try` into a handler.
    pub(super) fn end_try(&mut self, delegate: Option<u32>) -> Result {
        let kind = delegate.map_or(HandlerKind::Try, |to| HandlerKind::Delegate { to });
        let open = self.tries.pop().ok_or(Refused("an end without its try"))?;
        let (first, count) = (self.program.catches.len() as u32, open.catches.len() as u32);
        let end = open.end.unwrap_or(self.here());
        self.program.catches.extend(open.catches);
        let depth = self.blocks.len() as u32;
        self.handlers.push(Handler { start: open.start, end, first, count, depth, kind });
        Ok(())
    }

    /// `delegate`: an exception continues as if it left the block of the label.
    fn delegate(&mut self, depth: u32) -> Result {
        // The label is outside of the `try`.
        let target = self.blocks.len().checked_sub(2 + depth as usize);
        let target = target.ok_or(Refused("a label is missing"))?;
        self.end(Some(target as u32))
    }

    fn rethrow(&mut self, depth: u32) -> Result {
        let Kind::Catch { level } = self.block(depth)?.kind else {
            return Err(Refused("a rethrow outside of a catch"));
        };
        let (opcode, at) = (Opcode::Rethrow, self.kept(level));
        self.emit(Op::Slow(Slow { opcode, at, x: 0, y: 0 }));
        self.dead = true;
        Ok(())
    }
}
