//! What the observer is told from outside the loop.

use super::Executing;
use crate::observer::{Observer, Rule, tell};
use etalon_runtime::Stop;

impl Executing<'_> {
    /// Tells the observer a rule.
    pub(super) fn rule(&mut self, rule: Rule) {
        self.watched(|observer| tell(observer, rule));
    }

    /// Tells the observer something.
    pub(super) fn watched(&mut self, say: impl FnOnce(&mut dyn Observer)) {
        if let Some(observer) = &mut self.observer {
            say(&mut **observer);
        }
    }

    /// Tells the observer how an execution from outside ends. A trap goes out through all that is
    /// open, function by function.
    // spec: Steps/trans, Steps/refl, Step_pure/trap-instrs, Step_pure/trap-label,
    // Step_pure/trap-handler, Step_pure/trap-frame
    pub(crate) fn ended(&mut self, stop: Option<&Stop>) {
        match stop {
            _ if self.observer.is_none() => return,
            None | Some(Stop::Throw(_)) => {}
            Some(Stop::Trap(_)) => self.trap_goes_out(),
            // The specification has no rule for these ends.
            Some(_) => return,
        }
        self.rule(Rule::Trans);
        self.rule(Rule::Refl);
    }

    fn trap_goes_out(&mut self) {
        let mut pc = self.machine.pc;
        for frame in (0..self.machine.frames.len()).rev() {
            let at = pc.saturating_sub(1);
            if self.program.is_followed(at) {
                self.rule(Rule::TrapInstrs);
            }
            self.rule(Rule::TrapLabel);
            if self.program.is_handled(at) {
                self.rule(Rule::TrapHandler);
            }
            self.rule(Rule::TrapFrame);
            pc = self.machine.frames[frame].return_pc;
        }
    }
}
