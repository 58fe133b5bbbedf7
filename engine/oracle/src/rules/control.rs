//! Control Instructions: blocks and branches.

use crate::configuration::{Configuration, Context, Label, Step, bug, crash};
use etalon_module::Rule;
use etalon_runtime::{Ref, Trap, Value};

/// Blocks.
impl Configuration<'_> {
    /// `unreachable` traps. `Step_pure/unreachable`
    pub(crate) fn unreachable(&mut self) -> Step {
        self.traps(Rule::Unreachable, Trap::Unreachable)
    }

    /// `nop` does nothing. `Step_pure/nop`
    pub(crate) fn nop(&mut self) -> Step {
        self.used(Rule::Nop);
        Ok(())
    }

    /// `block` enters a label that continues after the block's end. `Step_read/block`
    pub(crate) fn block(&mut self, number: u32) -> Step {
        self.used(Rule::Block);
        self.enter_block(number)
    }

    /// Enters the label of a block that continues after the block's end.
    pub(super) fn enter_block(&mut self, number: u32) -> Step {
        let block = self.block_data(number)?;
        let (arity, continuation, params) = (block.results, block.end + 1, block.params);
        self.enter_label(arity, continuation, params, false)
    }

    /// `loop` enters a label that continues with the loop again. `Step_read/loop`
    ///
    /// A branch to it would enter the same label again, so it leaves the label where it is.
    pub(crate) fn loop_(&mut self, number: u32) -> Step {
        self.used(Rule::Loop);
        let params = self.block_data(number)?.params;
        let body = self.frame()?.next;
        self.enter_label(params, body, params, true)
    }

    /// `if` becomes the block of its first arm if the condition is not 0, else that of its second, which may be empty.
    /// `Step_pure/if-true`, `Step_pure/if-false`
    pub(crate) fn if_(&mut self, number: u32) -> Step {
        if self.pop_i32()? != 0 {
            self.used(Rule::IfTrue);
            return self.block(number);
        }
        self.used(Rule::IfFalse);
        self.block(number)?;
        match self.block_data(number)?.otherwise {
            Some(otherwise) => self.jump(otherwise + 1),
            None => self.end_label(),
        }
    }

    /// Enters a label whose block has its parameters on the stack. Every block makes at least one step inside of its label.
    /// `Step/ctxt-label`
    pub(super) fn enter_label(
        &mut self,
        arity: u32,
        continuation: u32,
        params: u32,
        repeats: bool,
    ) -> Step {
        self.used(Rule::CtxtLabel);
        let height = self.height_below(params)?;
        self.enter(Context::Label(Label { arity, continuation, height, repeats }))
    }

    /// `end` of a block or of a function, and what ends a block's first arm or its body: `else`, `catch`, `catch_all`, `delegate`. Values
    /// alone are left inside of the label: they stay, and the label goes. `Step_pure/label-vals`
    pub(crate) fn end_label(&mut self) -> Step {
        let Some(Context::Label(label)) = self.innermost()? else {
            return crash("an end without its label");
        };
        self.used(Rule::LabelVals);
        if !label.repeats {
            self.keep(label.arity, label.height)?;
            self.jump(label.continuation)?;
        }
        self.leave();
        self.leave_what_is_done()
    }

    /// A label is gone, and values alone are left inside of what is around it. A handler goes too, and if it was the body's label, so does
    /// the frame. `Step_pure/handler-vals`, `Step_pure/frame-vals`
    fn leave_what_is_done(&mut self) -> Step {
        let Some(around) = self.innermost()? else {
            self.used(Rule::FrameVals);
            return self.leave_frame();
        };
        match around {
            Context::Label(_) => {}
            Context::Handler { .. } => {
                self.used(Rule::HandlerVals);
                self.leave();
            }
            Context::Try { .. } | Context::Caught { .. } => self.leave(),
        }
        Ok(())
    }
}

/// What traps and exceptions leave on their way out.
impl Configuration<'_> {
    /// Whether there are values before the present instruction, or instructions after it, in the innermost label.
    pub(crate) fn is_among_others(&self) -> Step<bool> {
        let frame = self.frame()?;
        let present =
            frame.next.checked_sub(1).and_then(|at| frame.text.instructions.get(at as usize));
        let is_followed = present.is_some_and(|instruction| instruction.is_followed);
        Ok(is_followed || self.thread.values.len() > self.thread.floor)
    }

    /// A trap or an exception has come out of a label. The values of its block are gone, and the present instruction is the block's end.
    pub(crate) fn come_out_of(&mut self, label: Label) -> Step {
        let end = match label.repeats {
            true => self.end_of_loop(label)?,
            false => label.continuation,
        };
        self.leave();
        self.thread.values.truncate(label.height as usize);
        self.jump(end)
    }

    /// Where control continues after a loop: the label of one knows only where its body begins.
    fn end_of_loop(&self, label: Label) -> Step<u32> {
        let text = &self.frame()?.text;
        let at = label.continuation.checked_sub(1);
        let begin = at.and_then(|at| text.instructions.get(at as usize));
        let begin = begin.ok_or_else(|| bug("a loop that begins nowhere"))?;
        Ok(text.block(begin.block()?)?.end + 1)
    }
}

/// Branches.
impl Configuration<'_> {
    /// `br` leaves labels and handlers until its label is the innermost, and continues there with as many values as the label has
    /// results. `Step_pure/br-label-zero`, `Step_pure/br-label-succ`, `Step_pure/br-handler`
    pub(crate) fn br(&mut self, label: u32) -> Step {
        let mut outwards = label;
        loop {
            match self.innermost()? {
                Some(Context::Label(label)) if outwards == 0 => {
                    self.used(Rule::BrLabelZero);
                    return self.continue_at(label);
                }
                Some(Context::Label(_)) => {
                    self.used(Rule::BrLabelSucc);
                    outwards -= 1;
                }
                Some(Context::Handler { .. }) => self.used(Rule::BrHandler),
                Some(Context::Try { .. } | Context::Caught { .. }) => {}
                None => return crash("a branch to no label"),
            }
            self.leave();
        }
    }

    fn continue_at(&mut self, label: Label) -> Step {
        self.keep(label.arity, label.height)?;
        self.jump(label.continuation)?;
        if label.repeats {
            return Ok(());
        }
        self.leave();
        self.leave_what_is_done()
    }

    /// `br_if` branches if the condition is not 0. `Step_pure/br_if-true`, `Step_pure/br_if-false`
    pub(crate) fn br_if(&mut self, label: u32) -> Step {
        if self.pop_i32()? == 0 {
            self.used(Rule::BrIfFalse);
            return Ok(());
        }
        self.used(Rule::BrIfTrue);
        self.br(label)
    }

    /// `br_table` branches to the label that the operand numbers, or to the last if there are not so many.
    /// `Step_pure/br_table-lt`, `Step_pure/br_table-ge`
    pub(crate) fn br_table(&mut self, number: u32) -> Step {
        let index = self.pop_i32()? as usize;
        let labels = self.frame()?.text.branches.get(number as usize);
        let (default, labels) = labels
            .and_then(|labels| labels.split_last())
            .ok_or_else(|| bug("a br_table without labels"))?;
        let (rule, label) = match labels.get(index) {
            Some(label) => (Rule::BrTableLt, *label),
            None => (Rule::BrTableGe, *default),
        };
        self.used(rule);
        self.br(label)
    }

    /// `br_on_null` branches if the reference is null, and leaves it on the stack if not.
    /// `Step_pure/br_on_null-null`, `Step_pure/br_on_null-addr`
    pub(crate) fn br_on_null(&mut self, label: u32) -> Step {
        let reference = self.pop_ref()?;
        if reference.is_null() {
            self.used(Rule::BrOnNullNull);
            return self.br(label);
        }
        self.used(Rule::BrOnNullAddr);
        self.push_ref(reference)
    }

    /// `br_on_non_null` branches with the reference if it is not null. `Step_pure/br_on_non_null-null`, `Step_pure/br_on_non_null-addr`
    pub(crate) fn br_on_non_null(&mut self, label: u32) -> Step {
        let reference = self.pop_ref()?;
        if reference.is_null() {
            self.used(Rule::BrOnNonNullNull);
            return Ok(());
        }
        self.used(Rule::BrOnNonNullAddr);
        self.push_ref(reference)?;
        self.br(label)
    }

    /// `br_on_cast` branches with the reference if it is of the type. `Step_read/br_on_cast-succeed`, `Step_read/br_on_cast-fail`
    pub(crate) fn br_on_cast(&mut self, (label, ty): (u32, u32)) -> Step {
        let reference = self.pop_ref()?;
        let is_of_type = self.is_of_type(reference, ty)?;
        self.push_ref(reference)?;
        if !is_of_type {
            self.used(Rule::BrOnCastFail);
            return Ok(());
        }
        self.used(Rule::BrOnCastSucceed);
        self.br(label)
    }

    /// `br_on_cast_fail` branches with the reference if it is not of the type.
    /// `Step_read/br_on_cast_fail-succeed`, `Step_read/br_on_cast_fail-fail`
    pub(crate) fn br_on_cast_fail(&mut self, (label, ty): (u32, u32)) -> Step {
        let reference = self.pop_ref()?;
        let is_of_type = self.is_of_type(reference, ty)?;
        self.push_ref(reference)?;
        if is_of_type {
            self.used(Rule::BrOnCastFailSucceed);
            return Ok(());
        }
        self.used(Rule::BrOnCastFailFail);
        self.br(label)
    }

    pub(super) fn push_ref(&mut self, reference: Ref) -> Step {
        self.push(Value::Ref(reference))
    }
}
