//! Exceptions ("Control Instructions"): throwing, and finding the handler.

use super::Executing;
use crate::program::{Catch, EXIT_PC, HandlerKind, Slow};
use etalon_runtime::{ExnAddr, Ref, RefKind, Stop, TagAddr, Trap, Value};

impl Executing<'_> {
    /// `throw`
    pub(super) fn throw(&mut self, op: Slow) -> Result<(), Stop> {
        let tag = TagAddr(op.x);
        let ty = self.store.tags[tag.index()].ty;
        let Some(ty) = self.store.types.func(ty) else {
            return Err(Stop::crash("a tag that is not of a function type"));
        };
        let fields = Value::read_all(&ty.params, self.machine.slots(op.at));
        let exn = self.store.alloc_exn(tag, fields.into_vec())?;
        self.unwind(exn)
    }

    /// `throw_ref`
    pub(super) fn throw_ref(&mut self, op: Slow) -> Result<(), Stop> {
        match Ref::from_bits(self.machine.slots(op.at)[0]).and_then(Ref::kind) {
            Some(RefKind::Exn(exn)) => self.unwind(exn),
            None => Err(self.trap(Trap::NullExceptionReference)),
            Some(_) => Err(Stop::crash("throw_ref of another reference")),
        }
    }

    /// `rethrow`: throws again what the catch of a `try` has caught.
    pub(super) fn throw_kept(&mut self, op: Slow) -> Result<(), Stop> {
        match Ref::from_bits(self.machine.slots(op.at)[0]).and_then(Ref::kind) {
            Some(RefKind::Exn(exn)) => self.unwind(exn),
            _ => Err(Stop::crash("rethrow of what was not caught")),
        }
    }

    /// Leaves blocks and frames until a handler catches; if none does, the exception is uncaught.
    fn unwind(&mut self, exn: ExnAddr) -> Result<(), Stop> {
        let Some(tag) = self.store.exn(exn).map(|e| e.tag) else {
            return Err(Stop::crash("an exception that does not exist"));
        };
        loop {
            let pc = self.machine.pc.saturating_sub(1);
            if let Some(catch) = self.catch_at(pc, tag) {
                return self.catch(exn, catch);
            }
            self.leave_frame(exn)?;
        }
    }

    /// An exception left a call to the outside. After a tail call the current function and its handlers are
    /// gone.
    pub(crate) fn rethrow(&mut self, exn: ExnAddr, tail: bool) -> Result<(), Stop> {
        if tail {
            self.leave_frame(exn)?;
        }
        self.unwind(exn)
    }

    /// The innermost clause around an operation that catches a tag.
    fn catch_at(&self, pc: u32, tag: TagAddr) -> Option<Catch> {
        // How deep a handler may be nested to be considered; a `delegate` lowers it.
        let mut deepest = u32::MAX;
        for handler in self.program.handlers_at(pc) {
            if handler.depth > deepest {
                continue;
            }
            if let HandlerKind::Delegate { to } = handler.kind {
                deepest = to;
                continue;
            }
            let (first, count) = (handler.first as usize, handler.count as usize);
            let clauses = &self.program.catches[first..first + count];
            if let Some(clause) = clauses.iter().find(|c| c.tag.is_none_or(|t| t == tag)) {
                return Some(*clause);
            }
        }
        None
    }

    /// Leaves the current function for its caller.
    fn leave_frame(&mut self, exn: ExnAddr) -> Result<(), Stop> {
        let machine = &mut *self.machine;
        let frame = machine.frames.pop().ok_or_else(|| Stop::crash("no frame to leave"))?;
        machine.depth_left += u64::from(frame.depth);
        (machine.fp, machine.pc) = (frame.fp, frame.return_pc);
        if frame.return_pc == EXIT_PC {
            return Err(Stop::Throw(exn));
        }
        Ok(())
    }

    /// Continues at the label of a clause, with the values of the clause.
    fn catch(&mut self, exn: ExnAddr, catch: Catch) -> Result<(), Stop> {
        let label = self.program.labels[catch.label as usize];
        if let Some(slot) = catch.keep {
            self.machine.slots(slot)[0] = Ref::exn(exn).to_bits();
        }
        let slots = self.machine.slots(label.to);
        let mut written = 0;
        if catch.tag.is_some() {
            let fields = self.store.exn(exn).map_or(&[][..], |e| &e.fields);
            written = Value::write_all(fields, slots);
        }
        if catch.with_ref {
            slots[written] = Ref::exn(exn).to_bits();
        }
        self.machine.pc = label.target;
        self.machine.home = self.program.home_at(label.target);
        // As after a branch to the label of the clause, a gas segment begins.
        self.store.charge(self.program.cost_at(label.target).into())
    }
}
