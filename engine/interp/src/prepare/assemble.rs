//! Operations become steps of the program.
//!
//! An operation is one step, except where a constant does not fit into it, and in frames that are larger than the window:
//! there it is preceded by steps that fetch its operands from beyond the window to a scratch place, and followed by those
//! that put its result back.

use super::op::{Bin, Op, Second, Slot, Un};
use super::{Builder, Made, Refused, Result};
use crate::execution::memories::Which;
use crate::execution::{Handler, Handlers, WINDOW, fused, handlers as h, objects};
use crate::program::Step;

/// The slots of the scratch place: for three operands and a result of two slots each.
pub(super) const SCRATCH: u32 = 8;

/// A slot within the window.
fn near(slot: u32) -> Result<u16> {
    let near = u16::try_from(slot).ok().filter(|_| slot < WINDOW as u32);
    near.ok_or(Refused("a slot beyond the window"))
}

/// A slot and another number of 16 bits in one word.
fn pair(slot: u32, number: u32) -> Result<u32> {
    let number = u16::try_from(number).map_err(|_| Refused("a number of more than 16 bits"))?;
    Ok(u32::from(near(slot)?) | u32::from(number) << 16)
}

fn step(handler: Handler, x: u32, y: u32, z: u32) -> Result<Step> {
    Ok(Step { handler, x: near(x)?, y: near(y)?, z })
}

/// A step whose first operands are a result and one operand.
fn un(handler: Handler, o: Un, z: u32) -> Result<Step> {
    step(handler, o.dst, o.a, z)
}

fn bin(handler: Handler, o: Bin) -> Result<Step> {
    step(handler, o.dst, o.a, near(o.b)?.into())
}

/// A step that holds what the step before it needs.
fn data(z: u32) -> Step {
    Step { handler: h::data(), x: 0, y: 0, z }
}

/// The step that names the memory of the access before it, unless that is the first.
fn named(memory: Which) -> Option<Step> {
    match memory {
        Which::Home => None,
        Which::Below(at) | Which::Above(at) => Some(data(at)),
    }
}

impl Builder<'_> {
    /// Appends the operations to the program.
    pub(super) fn assemble(mut self) -> Result {
        let mut starts = Vec::new();
        let mut jumps = Vec::new();
        let ops = std::mem::take(&mut self.ops);
        for made in &ops {
            starts.push(self.program.pc());
            self.steps(*made, &mut jumps)?;
        }
        starts.push(self.program.pc());
        let start = |number: u32| {
            starts.get(number as usize).copied().ok_or(Refused("an operation is missing"))
        };
        let targets = &self.targets;
        let place = |target: u32| {
            let at = targets.get(target as usize).and_then(|target| target.at);
            start(at.ok_or(Refused("a target is missing"))?)
        };
        for step in jumps {
            let step = &mut self.program.ops[step];
            step.z = place(step.z)?;
        }
        for label in &mut self.program.labels[self.first_label..] {
            label.target = place(label.target)?;
        }
        for mut handler in self.handlers {
            (handler.start, handler.end) = (start(handler.start)?, start(handler.end)?);
            self.program.handlers.push(handler);
        }
        // What collects is the last step of an operation, and so is a tail call; a frame that goes on elsewhere is as after one.
        for (number, slot) in self.unplaced {
            self.program.note_unplaced(start(number + 1)? - 1, slot);
        }
        for (number, made) in (1..).zip(&ops) {
            if let Op::ReturnCall { .. }
            | Op::ReturnCallIndirect { .. }
            | Op::Count { leaves: true }
            | Op::ReturnCallRef { .. } = made.op
            {
                self.program.note_tail_call(start(number)? - 1);
            }
        }
        Ok(())
    }

    /// Appends the steps of an operation. If it jumps, the position of its step is added to `jumps`.
    fn steps(&mut self, Made { mut op, cost, offset }: Made, jumps: &mut Vec<usize>) -> Result {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        if self.is_large {
            self.bring_near(&mut op, &mut before, &mut after)?;
        }
        let (mut step, behind) = encode(op, self.store.has_cuts())?;
        if let Op::Count { .. } = op {
            step.z = self.addr.0;
        }
        if let Op::Slow(slow) = op {
            step.z = self.program.slow.len() as u32;
            self.program.slow.push(slow);
        }
        if op.jumps() {
            jumps.push(self.program.ops.len() + before.len());
        }
        let steps = before.into_iter().chain([step]).chain(behind).chain(after);
        for (i, step) in steps.enumerate() {
            self.program.push(step, if i == 0 { cost } else { 0 }, offset);
        }
        Ok(())
    }

    /// Lets an operation name slots of the scratch place instead of those beyond the window.
    fn bring_near(&self, op: &mut Op, before: &mut Vec<Step>, after: &mut Vec<Step>) -> Result {
        // A vector may lie on both sides of the end of the window, so one that ends there counts as beyond.
        let is_near = |slot: u32| slot + 1 < WINDOW as u32;
        let (mut place, to) = (self.scratch, self.scratch + SCRATCH - 2);
        let fetch = |place, slot| step(h::fetch(), place, 0, slot);
        let mut put = |slot: u32, count: u32| -> Result {
            for i in 0..count {
                after.push(step(h::put(), to + i, 0, slot + i)?);
            }
            Ok(())
        };
        if let Op::VectorShuffle { o, .. } = op
            && !is_near(o.a + 2)
        {
            before.extend([fetch(place, o.a)?, fetch(place + 2, o.a + 2)?]);
            o.a = place;
        }
        let mut result = Ok(());
        op.slots(|slot| {
            let done = match slot {
                Slot::Read(slot) if !is_near(*slot) => {
                    place += 2;
                    let from = std::mem::replace(slot, place - 2);
                    fetch(place - 2, from).map(|step| before.push(step))
                }
                Slot::Change(slot, count) if !is_near(*slot) => {
                    let from = std::mem::replace(slot, to);
                    let fetched = fetch(to, from).map(|step| before.push(step));
                    fetched.and_then(|()| put(from, count))
                }
                Slot::Write(slot) if !is_near(*slot) => put(std::mem::replace(slot, to), 1),
                Slot::Write2(slot) if !is_near(*slot) => put(std::mem::replace(slot, to), 2),
                _ => Ok(()),
            };
            result = result.and(done);
        });
        result
    }
}

/// The step of an operation, and one that holds what does not fit into it.
#[rustfmt::skip]
fn encode(op: Op, charges: bool) -> Result<(Step, Option<Step>)> {
    let of = |handlers: Handlers| handlers[usize::from(charges)];
    let wide = |handler, wide, z| Ok(Step::with_wide(handler, wide, z));
    let one = match op {
        Op::Const { dst, value } => match u32::try_from(value) {
            Ok(value) => step(h::constant(), dst, 0, value),
            Err(_) => {
                let behind = Step::with_word(h::data(), value);
                return Ok((step(h::constant_wide(), dst, 0, 0)?, Some(behind)));
            }
        },
        Op::BrIfCompareK { relation, a, b, target } => {
            let comparison = relation.comparison();
            let with = comparison.constant.ok_or(Refused("a comparison with no constant"))?;
            if i32::from(b as i16) as u32 != b {
                return Ok((step(of(with.branch_wide), a, 0, target)?, Some(data(b))));
            }
            Ok(Step { handler: of(with.branch), x: near(a)?, y: b as u16, z: target })
        }
        Op::AddAndBrIf { relation, a, k, second, target } => {
            let with = relation.comparison().constant.ok_or(Refused("a comparison with no constant"))?;
            let (handlers, second) = match second {
                Second::Slot(slot) => (with.add_and_branch, near(slot)?.into()),
                Second::Constant(value) => (with.add_and_branch_wide, value),
            };
            let step = Step { handler: of(handlers), x: near(a)?, y: k as u16, z: target };
            return Ok((step, Some(data(second))));
        }
        Op::Load { handler, o, memory, .. } => {
            return Ok((step(handler, o.dst, o.a, o.b)?, named(memory)));
        }
        Op::Store { handler, addr, value, offset, memory } => {
            return Ok((step(handler, addr, value, offset)?, named(memory)));
        }
        Op::BrOnCast { a, fails, label, cast } => {
            let step = Step { handler: of(h::br_on_cast()), x: near(a)?, y: fails.into(), z: label };
            return Ok((step, Some(data(cast))));
        }
        Op::LoadLane { handler, o, lane, offset } => {
            return Ok((step(handler, o.dst, o.a, pair(o.b, lane.into())?)?, Some(data(offset))));
        }
        Op::StoreLane { handler, addr, value, lane, offset } => {
            return Ok((step(handler, 0, addr, pair(value, lane.into())?)?, Some(data(offset))));
        }
        Op::AddAndBr { a, k, target } => {
            Ok(Step { handler: of(fused::add_and_br()), x: near(a)?, y: k as u16, z: target })
        }
        Op::Pair { handler, o, c } => step(handler, o.dst, o.a, pair(o.b, c)?),
        Op::LoadSum { handler, o, offset } => step(handler, o.dst, o.a, pair(o.b, offset)?),
        Op::Nop => wide(h::nop(), 0, 0),
        // The function is added where it is known.
        Op::Count { leaves } => wide(h::count(), leaves.into(), 0),
        Op::Unreachable => wide(h::unreachable(), 0, 0),
        Op::Charge { cost } => Ok(Step::with_word(of(h::charge()), cost)),
        Op::Copy(o) => un(h::copy(), o, 0),
        Op::Copy2(o) => un(h::copy_vector(), o, 0),
        Op::Select { dst, b, cond } => bin(h::select(), Bin { dst, a: b, b: cond }),
        Op::Select2 { dst, b, cond } => bin(h::select_vector(), Bin { dst, a: b, b: cond }),
        Op::GlobalGet { dst, global } => step(h::global_get(), dst, 0, global),
        Op::GlobalGet2 { dst, global } => step(h::global_get_vector(), dst, 0, global),
        Op::GlobalSet { src, global } => step(h::global_set(), src, 0, global),
        Op::GlobalSet2 { src, global } => step(h::global_set_vector(), src, 0, global),
        Op::TableGet { dst, index, table } => step(h::table_get(), dst, index, table),
        Op::TableSet { index, value, table } => step(h::table_set(), index, value, table),
        Op::Unary(handler, o) | Op::VectorUnary(handler, o) | Op::VectorSplat(handler, o) => un(handler, o, 0),
        Op::Binary { handler, o, .. } | Op::VectorBinary(handler, o) | Op::VectorShift(handler, o) => bin(handler, o),
        Op::BinaryK { handler, o, .. } => step(handler, o.dst, o.a, o.b),
        Op::Compare(relation, o) => bin(relation.comparison().value, o),
        Op::CompareK(relation, o) => {
            let with = relation.comparison().constant;
            step(with.ok_or(Refused("a comparison with no constant"))?.value, o.dst, o.a, o.b)
        }
        Op::ArraySet { array, index, value } => step(objects::array_set(), array, index, near(value)?.into()),
        Op::Br { target } => wide(of(h::br()), 0, target),
        Op::BrIf { cond, target } => step(of(h::br_if()), cond, 0, target),
        Op::BrUnless { cond, target } => step(of(h::br_unless()), cond, 0, target),
        Op::BrIfCompare { relation, a, b, target } => step(of(relation.comparison().branch), a, b, target),
        Op::BrIfMove { cond, label } => step(of(h::br_if_move()), cond, 0, label),
        Op::BrTable { index, first, count, in_place } => {
            let handlers = if in_place { h::br_table_in_place() } else { h::br_table() };
            Ok(Step { handler: of(handlers), x: near(index)?, y: count, z: first })
        }
        Op::BrOnNull { a, label } => step(of(h::br_on_null()), a, 0, label),
        Op::BrOnNonNull { a, label } => step(of(h::br_on_non_null()), a, 0, label),
        Op::Call { func, at } => wide(of(h::call()), at, func),
        Op::CallIndirect { index, signature } => step(of(h::call_indirect()), index, 0, signature),
        Op::CallRef { func, at } => step(of(h::call_ref()), func, 0, at),
        Op::ReturnCall { func, at } => wide(of(h::return_call()), at, func),
        Op::ReturnCallIndirect { index, signature } => step(of(h::return_call_indirect()), index, 0, signature),
        Op::ReturnCallRef { func, at } => step(of(h::return_call_ref()), func, 0, at),
        Op::Return0 => wide(of(h::return_none()), 0, 0),
        Op::Return1 { src } => step(of(h::return_one()), src, 0, 0),
        Op::Return { from, count } => wide(of(h::return_many()), from, count),
        Op::VectorConst { dst, row } => step(h::vector_constant(), dst, 0, row),
        Op::VectorTernary(handler, o, c) => step(handler, o.dst, o.a, pair(o.b, near(c)?.into())?),
        Op::VectorExtract { handler, o, lane } => un(handler, o, lane.into()),
        Op::VectorReplace { handler, o, lane } => step(handler, o.dst, o.a, pair(o.b, lane.into())?),
        Op::VectorShuffle { o, row } => un(h::shuffle(), o, row),
        Op::MemorySize { dst, log2 } => step(h::memory_size(), dst, 0, log2),
        Op::MemoryFill { at, wide, rate } => step(of(h::memory_fill()), at, wide.into(), rate),
        Op::MemoryCopy { at, wide, rate } => step(of(h::memory_copy()), at, wide.into(), rate),
        Op::Far { at, row } => wide(h::far(), at, row),
        // The number of its row is added where the row is.
        Op::Slow(_) => wide(h::slow(), 0, 0),
    };
    Ok((one?, None))
}
