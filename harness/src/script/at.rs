//! The line, the keyword and the text of a directive.

use crate::script::parse::Lines;
use crate::script::values;
use crate::value::show_typed;
use wast::lexer::{Lexer, TokenKind};
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
    /// The text of the directive, on one line.
    pub(crate) text: String,
    /// The call that it makes, or the global that it reads, with the values of its arguments.
    pub(crate) call: Option<String>,
}

/// How much of the text of a directive is kept, in bytes. Modules are long, and a record has every failure.
const MAX_TEXT: usize = 400;

impl At {
    /// What comes before the first directive.
    pub(crate) fn start() -> At {
        At { line: 0, kind: "session", module: None, text: String::new(), call: None }
    }

    /// Whether the directive is an assertion, and so is counted.
    pub(crate) fn is_assertion(&self) -> bool {
        self.kind.starts_with("assert_")
    }

    /// The directive and those inside it.
    pub(crate) fn all_in(directive: &WastDirective<'_>, lines: &Lines<'_>) -> Vec<At> {
        let (kind, module) = kind_and_module(directive);
        let module = module.map(|id| id.name().to_owned());
        let line = lines.line(directive.span());
        let text = text_at(lines.text, directive.span().offset());
        let mut all = vec![At { line, kind, module, text, call: call_of(directive) }];
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

/// The text of the directive whose keyword is at an offset: up to its last parenthesis, without comments, its blanks made one.
fn text_at(text: &str, offset: usize) -> String {
    let is_folded = text.get(..offset).is_some_and(|before| before.trim_end().ends_with('('));
    let mut lexer = Lexer::new(text);
    lexer.allow_confusing_unicode(true);
    let (mut at, mut depth, mut blank) = (offset, i64::from(is_folded), false);
    let mut out = String::from(if is_folded { "(" } else { "" });
    while let Ok(Some(token)) = lexer.parse(&mut at) {
        match token.kind {
            TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment => {
                blank = true;
                continue;
            }
            TokenKind::LParen => depth += 1,
            TokenKind::RParen => depth -= 1,
            _ => {}
        }
        let is_end = token.kind == TokenKind::RParen;
        if std::mem::take(&mut blank) && !is_end && !out.ends_with('(') {
            out.push(' ');
        }
        out += token.src(text);
        if out.len() > MAX_TEXT {
            out.truncate(out.floor_char_boundary(MAX_TEXT));
            return out + "…";
        }
        if is_end && depth <= 0 {
            break;
        }
    }
    out
}

/// The call of an action in words: `fac(i64:25)`, with the name of the module if there is one.
fn call_of(directive: &WastDirective<'_>) -> Option<String> {
    let call = match directive {
        WastDirective::Invoke(invoke) => in_words(invoke),
        WastDirective::AssertExhaustion { call, .. } => in_words(call),
        WastDirective::AssertReturn { exec, .. }
        | WastDirective::AssertTrap { exec, .. }
        | WastDirective::AssertException { exec, .. }
        | WastDirective::AssertSuspension { exec, .. } => match exec {
            WastExecute::Invoke(invoke) => in_words(invoke),
            WastExecute::Get { module, global, .. } => format!("{}{global}", of_module(*module)),
            WastExecute::Wat(_) => return None,
        },
        _ => return None,
    };
    Some(shortened(call))
}

fn in_words(invoke: &WastInvoke<'_>) -> String {
    let argument = |arg| values::argument(arg).map_or_else(|_| "…".to_owned(), show_typed);
    let args: Vec<String> = invoke.args.iter().map(argument).collect();
    format!("{}{}({})", of_module(invoke.module), invoke.name, args.join(", "))
}

fn of_module(module: Option<Id<'_>>) -> String {
    module.map(|id| format!("${}.", id.name())).unwrap_or_default()
}

fn shortened(mut text: String) -> String {
    if text.len() > MAX_TEXT {
        text.truncate(text.floor_char_boundary(MAX_TEXT));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{At, MAX_TEXT};
    use crate::script::parse::with_script;
    use crate::script::source::ScriptSource;
    use etalon_adapters::Features;

    /// The texts and calls of all directives of a script.
    fn directives(text: &str) -> Vec<(u32, String, Option<String>)> {
        let source = ScriptSource::new("s", "f", text, Features::wasm3());
        let all = with_script(&source, |script, lines| {
            let all = script.directives.iter().flat_map(|d| At::all_in(d, lines));
            all.map(|at| (at.line, at.text, at.call)).collect()
        });
        all.expect("it is a script")
    }

    #[test]
    fn a_directive_has_its_text_on_one_line_and_its_call() {
        let text = "(module $m (func (export \"a)\") (param i32)))\n\
            (assert_return ;; why ( not\n  (invoke $m \"a)\" (i32.const -1) (; (x ;) )) (invoke \"a)\" (i32.const 7))\n\
            ( assert_trap (get $m \"g\") \"no (\")\n";
        let expected = [
            (1, "(module $m (func (export \"a)\") (param i32)))", None),
            (2, "(assert_return (invoke $m \"a)\" (i32.const -1)))", Some("$m.a)(i32:-1)")),
            (3, "(invoke \"a)\" (i32.const 7))", Some("a)(i32:7)")),
            (4, "(assert_trap (get $m \"g\") \"no (\")", Some("$m.g")),
        ];
        let expected =
            expected.map(|(line, text, call)| (line, text.to_owned(), call.map(str::to_owned)));
        assert_eq!(directives(text), expected);
    }

    #[test]
    fn a_long_directive_is_cut_between_characters() {
        let text = format!("(module (func (export \"{}\")))", "é".repeat(10_000));
        let (_, text, _) = directives(&text).remove(0);
        assert!(text.len() <= MAX_TEXT + "…".len() && text.ends_with("é…"), "{text}");
    }
}
