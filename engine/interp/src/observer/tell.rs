//! Telling a rule, with the rules that say in which context it was used.

use super::{Observer, Rule};
use etalon_module::Opcode;

/// Tells a rule, and the rule by which it is a step of a configuration.
pub(crate) fn tell(observer: &mut dyn Observer, rule: Rule) {
    observer.rule(rule);
    // `Step_pure` and `Step_read` are relations of their own; one rule each makes them steps.
    let name = rule.name();
    if name.starts_with("Step_pure") {
        observer.rule(Rule::Pure);
    } else if name.starts_with("Step_read") {
        observer.rule(Rule::Read);
    }
}

/// Tells several rules.
pub(crate) fn tell_all(observer: &mut dyn Observer, rules: &[Rule]) {
    rules.iter().for_each(|rule| tell(observer, *rule));
}

/// What a branch leaves on its way to its label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Crossed {
    /// Whether there are labels on the way.
    pub(crate) labels: bool,
    /// Whether there are handlers on the way.
    pub(crate) handlers: bool,
    /// Whether the label is that of a `try_table`, whose handler is left with its values.
    pub(crate) to_handler: bool,
}

/// Tells a branch that is taken.
// spec: Step_pure/br-label-succ, Step_pure/br-handler, Step_pure/br-label-zero,
// Step_pure/handler-vals
pub(crate) fn tell_branch(observer: &mut dyn Observer, crossed: Crossed) {
    if crossed.labels {
        tell(observer, Rule::BrLabelSucc);
    }
    if crossed.handlers {
        tell(observer, Rule::BrHandler);
    }
    tell(observer, Rule::BrLabelZero);
    if crossed.to_handler {
        tell(observer, Rule::HandlerVals);
    }
}

/// Tells a tail call: it leaves all labels and handlers of its function, then its frame.
// spec: Step_read/return_call_ref-label, Step_read/return_call_ref-handler,
// Step_read/return_call_ref-frame-null, Step_read/return_call_ref-frame-addr
pub(crate) fn tell_tail_call(observer: &mut dyn Observer, handled: bool, frame: Rule) {
    tell(observer, Rule::ReturnCallRefLabel);
    if handled {
        tell(observer, Rule::ReturnCallRefHandler);
    }
    tell(observer, frame);
}

/// Tells where an instruction is that takes its step: always in the label and the frame of its
/// function. An `end` or `else` is no instruction of its own.
// spec: Step/ctxt-instrs, Step/ctxt-label, Step/ctxt-handler, Step/ctxt-frame
pub(crate) fn tell_context(
    observer: &mut dyn Observer,
    opcode: Opcode,
    followed: bool,
    handled: bool,
) {
    if matches!(opcode, Opcode::End | Opcode::Else) {
        return;
    }
    if followed {
        tell(observer, Rule::CtxtInstrs);
    }
    if handled {
        tell(observer, Rule::CtxtHandler);
    }
    tell_all(observer, &[Rule::CtxtLabel, Rule::CtxtFrame]);
}
