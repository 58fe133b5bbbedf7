//! The loop: a machine runs until it needs something outside of it.

use super::flow::{Flow, Running, drive};
use super::memories;
use crate::machine::{Exit, Machine};
use crate::program::{Program, Step};
use etalon_module::TypeId;
use etalon_runtime::{Store, Trap};
use std::cell::Cell;

/// Runs a machine until it needs something outside of the loop.
pub(crate) fn run(program: &Program, store: &mut Store, machine: &mut Machine) -> Exit {
    const LOST: Exit = Exit::Crash("a machine without a position");
    let (memory, others) = memories::split(&mut store.memories, machine.home);
    let stack = Cell::from_mut(&mut machine.stack[..]).as_slice_of_cells();
    let slots = stack.get(machine.fp as usize..).and_then(|frame| frame.first_chunk());
    let code = program.ops.get(machine.pc as usize..);
    let (Some(slots), Some(code)) = (slots, code) else { return LOST };
    let mut cx = Running {
        ops: &program.ops,
        costs: &program.costs,
        gas: machine.fuel.gas,
        fuel: &mut machine.fuel,
        codes: &program.codes,
        stack,
        frames: &mut machine.frames,
        fp: machine.fp,
        home: machine.home,
        others,
        depth_left: machine.depth_left,
        globals: &store.globals,
        tables: &mut store.tables,
        heap: &mut store.heap,
        funcs: &store.funcs,
        types: &store.types,
        program,
        pc: machine.pc,
        exit: LOST,
    };
    drive(&mut cx, code, slots, memory);
    let Running { gas, fp, depth_left, pc, exit, .. } = cx;
    machine.fuel.gas = gas;
    (machine.fp, machine.depth_left, machine.pc) = (fp, depth_left, pc);
    exit
}

impl<'a> Running<'a> {
    /// The slots of the current frame from one on, however large it is.
    pub(super) fn frame_from(&self, slot: u32) -> Option<&'a [Cell<u64>]> {
        self.stack.get(self.fp as usize + slot as usize..)
    }

    /// An operation names a slot that its frame does not have.
    #[cold]
    pub(super) fn beyond_frame(&mut self, code: &[Step]) -> Flow<'a> {
        self.crash(code, "an operation names a slot beyond its frame")
    }

    /// Moves slots of the current frame down; whether it has them.
    #[inline(always)]
    pub(super) fn move_down(&self, from: u32, count: u32, to: u32) -> bool {
        let (Some(source), Some(target)) = (self.frame_from(from), self.frame_from(to)) else {
            return false;
        };
        // Mostly there is one.
        if let ([first, ..], [to, ..], 1) = (source, target, count) {
            to.set(first.get());
            return true;
        }
        move_many(source, target, count as usize)
    }

    /// The function that an indirect call refers to: in bounds, not null, of the right type.
    #[inline(always)]
    pub(super) fn callee(&self, index: u64, table: usize, ty: TypeId) -> Result<u32, Trap> {
        let element = self.tables.get(table).and_then(|table| table.get(index));
        let element = element.ok_or(Trap::UndefinedElement)?;
        let func = element.as_func().ok_or(Trap::UninitializedElement)?;
        // What this tier runs itself need not be searched.
        let found = match self.codes.get(func.index()) {
            Some(code) if code.own => code.ty,
            _ => self.funcs.ty(func).ok_or(Trap::UninitializedElement)?,
        };
        if found != ty && !self.matches(found, ty) {
            return Err(Trap::IndirectCallTypeMismatch);
        }
        Ok(func.0)
    }

    #[inline(never)]
    fn matches(&self, found: TypeId, ty: TypeId) -> bool {
        self.types.matches_def(found, ty)
    }
}

/// The lowest first, so none is overwritten before it is moved.
#[inline(never)]
fn move_many(source: &[Cell<u64>], target: &[Cell<u64>], count: usize) -> bool {
    let (Some(source), Some(target)) = (source.get(..count), target.get(..count)) else {
        return false;
    };
    for (from, to) in source.iter().zip(target) {
        to.set(from.get());
    }
    true
}
