//! Control Instructions: exceptions.

use crate::configuration::{Configuration, Context, Step, bug, crash};
use crate::text::Catch;
use etalon_module::Rule;
use etalon_runtime::{ExnAddr, Ref, RefKind, Stop, TagAddr, Trap};

impl Configuration<'_> {
    /// `try_table` enters a handler with its clauses, and in it the label of the block. Every block makes at least one step inside of its
    /// handler. `Step_read/try_table`, `Step/ctxt-handler`
    pub(crate) fn try_table(&mut self, number: u32) -> Step {
        self.used(Rule::TryTable);
        self.used(Rule::CtxtHandler);
        let height = self.height_below(self.block_data(number)?.params)?;
        self.enter(Context::Handler { block: number, height })?;
        self.enter_block(number)
    }

    /// `throw` makes an exception of the tag's parameters and throws it. `Step/throw`
    pub(crate) fn throw(&mut self, index: u32) -> Step {
        self.used(Rule::Throw);
        self.store.collect_if_needed(&*self.thread);
        let tag = self.tag_addr(index)?;
        let ty = self.store.types.func(self.store.tags[tag.index()].ty);
        let ty = ty.ok_or_else(|| bug("a tag that is not of a function type"))?;
        let fields = self.pop_values(ty.params.len())?;
        let exn = self.store.alloc_exn(tag, fields)?;
        self.throw_exception(exn)
    }

    /// `throw_ref` throws an exception again; it traps if the reference is null. `Step_read/throw_ref-null`
    pub(crate) fn throw_ref(&mut self) -> Step {
        match self.pop_ref()?.kind() {
            Some(RefKind::Exn(exn)) => self.throw_exception(exn),
            None => self.traps(Rule::ThrowRefNull, Trap::NullExceptionReference),
            Some(_) => crash("throw_ref of what is no exception"),
        }
    }

    /// Leaves values, labels, handlers and frames, from the innermost outwards, until a handler catches the exception. If none does, it
    /// leaves the thread.
    /// `Step_read/throw_ref-instrs`, `Step_read/throw_ref-label`, `Step_read/throw_ref-frame`
    pub(super) fn throw_exception(&mut self, exn: ExnAddr) -> Step {
        let tag = self.store.exn(exn).map(|exn| exn.tag);
        let tag = tag.ok_or_else(|| bug("an exception that is gone"))?;
        loop {
            let Some(context) = self.innermost()? else {
                self.used(Rule::ThrowRefFrame);
                self.drop_frame()?;
                if self.thread.frames.is_empty() {
                    return Err(Stop::Throw(exn).into());
                }
                continue;
            };
            match context {
                Context::Label(label) => {
                    if self.is_among_others()? {
                        self.used(Rule::ThrowRefInstrs);
                    }
                    self.used(Rule::ThrowRefLabel);
                    self.come_out_of(label)?;
                }
                Context::Handler { block, .. } => {
                    self.leave();
                    if let Some(catch) = self.clause_for(block, tag)? {
                        return self.catch(exn, catch);
                    }
                }
                Context::Try { block, .. } => {
                    self.leave();
                    if self.caught_by_try(block, exn, tag)? {
                        return Ok(());
                    }
                }
                Context::Caught { .. } => self.leave(),
            }
        }
    }

    /// The first clause of a `try_table` that catches a tag. `Step_read/throw_ref-handler-next`, `Step_read/throw_ref-handler-empty`
    fn clause_for(&mut self, block: u32, tag: TagAddr) -> Step<Option<Catch>> {
        let clauses = self.block_data(block)?.catches.len();
        for number in 0..clauses {
            let clause = self.block_data(block)?.catches[number];
            if self.catches(clause.tag, tag)? {
                return Ok(Some(clause));
            }
            self.used(Rule::ThrowRefHandlerNext);
        }
        self.used(Rule::ThrowRefHandlerEmpty);
        Ok(None)
    }

    /// Whether a clause for the tag of an index, or for all, catches a tag.
    pub(super) fn catches(&self, clause: Option<u32>, tag: TagAddr) -> Step<bool> {
        clause.map_or(Ok(true), |index| Ok(self.tag_addr(index)? == tag))
    }

    /// A clause branches to its label, with the exception's values and with the exception, as it says.
    /// `Step_read/throw_ref-handler-catch`, `Step_read/throw_ref-handler-catch_ref`,
    /// `Step_read/throw_ref-handler-catch_all`, `Step_read/throw_ref-handler-catch_all_ref`
    fn catch(&mut self, exn: ExnAddr, clause: Catch) -> Step {
        self.used(match (clause.tag, clause.with_ref) {
            (Some(_), false) => Rule::ThrowRefHandlerCatch,
            (Some(_), true) => Rule::ThrowRefHandlerCatchRef,
            (None, false) => Rule::ThrowRefHandlerCatchAll,
            (None, true) => Rule::ThrowRefHandlerCatchAllRef,
        });
        if clause.tag.is_some() {
            self.push_fields(exn);
        }
        if clause.with_ref {
            self.push_ref(Ref::exn(exn))?;
        }
        self.br(clause.label)
    }

    /// The values that an exception carries.
    pub(super) fn push_fields(&mut self, exn: ExnAddr) {
        let fields = self.store.exn(exn).map_or(&[][..], |exn| &exn.fields);
        self.thread.values.extend_from_slice(fields);
    }
}
