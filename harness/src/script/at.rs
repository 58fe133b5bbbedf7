//! The line and the keyword of a directive.

use crate::script::parse::Lines;
use wast::{QuoteWat, WastDirective, WastExecute, WastInvoke, token::Id};

/// A directive of a script, as verdicts name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct At {
    /// The line, from 1.
    pub(crate) line: u32,
    /// The keyword: `assert_return`, `module`, `invoke`…
    pub(crate) kind: &'static str,
    /// The module that it is about, if it names one.
    pub(crate) module: Option<String>,
}

impl At {
    /// Whether the directive is an assertion, and so is counted.
    pub(crate) fn is_assertion(&self) -> bool {
        self.kind.starts_with("assert_")
    }

    /// The directive and those inside it.
    pub(crate) fn all_in(directive: &WastDirective<'_>, lines: &Lines) -> Vec<At> {
        let (kind, module) = kind_and_module(directive);
        let module = module.map(|id| id.name().to_owned());
        let mut all = vec![At { line: lines.line(directive.span()), kind, module }];
        if let WastDirective::Thread(thread) = directive {
            all.extend(thread.directives.iter().flat_map(|d| At::all_in(d, lines)));
        }
        all
    }
}

fn kind_and_module<'a>(directive: &WastDirective<'a>) -> (&'static str, Option<Id<'a>>) {
    match directive {
        WastDirective::Module(m) => ("module", m.name()),
        WastDirective::ModuleDefinition(m) => ("module definition", m.name()),
        WastDirective::ModuleInstance { module, .. } => ("module instance", *module),
        WastDirective::AssertMalformed { module, .. } => ("assert_malformed", of_quote(module)),
        WastDirective::AssertInvalid { module, .. } => ("assert_invalid", of_quote(module)),
        WastDirective::AssertInvalidCustom { module, .. } => {
            ("assert_invalid_custom", of_quote(module))
        }
        WastDirective::AssertMalformedCustom { module, .. } => {
            ("assert_malformed_custom", of_quote(module))
        }
        WastDirective::Register { module, .. } => ("register", *module),
        WastDirective::Invoke(invoke) => ("invoke", of_invoke(invoke)),
        WastDirective::AssertTrap { exec, .. } => ("assert_trap", of_execute(exec)),
        WastDirective::AssertReturn { exec, .. } => ("assert_return", of_execute(exec)),
        WastDirective::AssertExhaustion { call, .. } => ("assert_exhaustion", of_invoke(call)),
        WastDirective::AssertUnlinkable { .. } => ("assert_unlinkable", None),
        WastDirective::AssertException { exec, .. } => ("assert_exception", of_execute(exec)),
        WastDirective::AssertSuspension { exec, .. } => ("assert_suspension", of_execute(exec)),
        WastDirective::Thread(_) => ("thread", None),
        WastDirective::Wait { .. } => ("wait", None),
    }
}

fn of_quote<'a>(module: &QuoteWat<'a>) -> Option<Id<'a>> {
    module.name()
}

fn of_invoke<'a>(invoke: &WastInvoke<'a>) -> Option<Id<'a>> {
    invoke.module
}

fn of_execute<'a>(exec: &WastExecute<'a>) -> Option<Id<'a>> {
    match exec {
        WastExecute::Invoke(invoke) => invoke.module,
        WastExecute::Get { module, .. } => *module,
        WastExecute::Wat(_) => None,
    }
}
