//! The exceptions of before version 3.0 (proposal *exception handling*, the legacy instructions): `try` with `catch`, `catch_all` and
//! `delegate`, and `rethrow`. The specification of 3.0 has no rules for them. Where control reaches `catch`, `catch_all` or `delegate`, the
//! block ends as it does at `end`.

use crate::configuration::{Configuration, Context, Step, crash};
use etalon_runtime::{ExnAddr, TagAddr};

impl Configuration<'_> {
    /// `try` enters a handler, and in it the label of the block.
    pub(crate) fn try_(&mut self, number: u32) -> Step {
        let height = self.height_below(self.block_data(number)?.params)?;
        self.enter(Context::Try { block: number, height })?;
        self.enter_block(number)
    }

    /// `rethrow` throws again what the catch of a label has caught.
    pub(crate) fn rethrow(&mut self, label: u32) -> Step {
        let of_frame = self.frame()?.contexts as usize;
        let contexts = self.thread.contexts.get(of_frame..).unwrap_or_default();
        let is_label = |(_, context): &(usize, &Context)| matches!(context, Context::Label(_));
        let labels = contexts.iter().enumerate().rev().filter(is_label);
        let at = labels.map(|(at, _)| at).nth(label as usize);
        match at.and_then(|at| contexts.get(at.checked_sub(1)?)) {
            Some(Context::Caught { exn }) => self.throw_exception(*exn),
            _ => crash("a rethrow outside of a catch"),
        }
    }

    /// What a `try` does with an exception that has come out of its label: it catches the exception, or leaves what its `delegate` says.
    pub(super) fn caught_by_try(&mut self, number: u32, exn: ExnAddr, tag: TagAddr) -> Step<bool> {
        let block = self.block_data(number)?;
        if let Some(label) = block.delegate {
            self.leave_label(label)?;
            return Ok(false);
        }
        let (arity, continuation) = (block.results, block.end + 1);
        for clause in block.clauses.clone() {
            if self.catches(clause.tag, tag)? {
                self.enter(Context::Caught { exn })?;
                self.enter_label(arity, continuation, 0, false)?;
                if clause.tag.is_some() {
                    self.push_fields(exn);
                }
                self.jump(clause.at + 1)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The exception goes on as if it came out of the block of a label: handlers inside of that are passed over.
    fn leave_label(&mut self, label: u32) -> Step {
        let mut outwards = label;
        loop {
            match self.innermost()? {
                Some(Context::Label(label)) => {
                    self.come_out_of(label)?;
                    match outwards.checked_sub(1) {
                        Some(next) => outwards = next,
                        None => return Ok(()),
                    }
                }
                Some(_) => self.leave(),
                None => return crash("a delegate to no label"),
            }
        }
    }
}
