//! Modules of a script as bytes.

use crate::script::parse::{MaybeEmpty, tokens, with_script};
use crate::script::source::{ScriptError, ScriptSource};
use crate::script::text_faults;
use crate::script::unfold::unfold;
use wast::parser;
use wast::{QuoteWat, QuoteWatTest, Wast, WastDirective, WastExecute, Wat};

/// A module without fields, as bytes.
pub const EMPTY_MODULE: &[u8] = b"\0asm\x01\0\0\0";

/// Why a module of a script has no bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EncodeError {
    /// Its text is malformed.
    Text(String),
    /// It is a component.
    Component,
}

/// The bytes of every module of a script, in order, including modules that must be rejected, but not those whose text
/// is malformed.
///
/// # Errors
/// If the text is not a script.
pub fn modules_of(source: &ScriptSource) -> Result<Vec<Vec<u8>>, ScriptError> {
    with_script(source, |script, _| {
        let mut modules = Vec::new();
        collect(script, &mut modules);
        modules
    })
}

/// An assertion that a module is malformed or invalid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its line, from 1.
    pub line: u32,
    /// Its name.
    pub assertion: &'static str,
    /// The text that it expects.
    pub text: String,
    /// The module's bytes; for malformed text, the kind of its fault, if that is known.
    pub module: Result<Vec<u8>, Option<&'static str>>,
}

/// The assertions of a script that a module is malformed or invalid, but for those on components.
///
/// # Errors
/// If the text is not a script.
pub fn refusals_of(source: &ScriptSource) -> Result<Vec<Refusal>, ScriptError> {
    with_script(source, |script, lines| {
        let mut refusals = Vec::new();
        for directive in script.directives {
            let line = lines.line(directive.span());
            let (assertion, mut module, text) = match directive {
                WastDirective::AssertMalformed { module, message, .. } => {
                    ("assert_malformed", module, message)
                }
                WastDirective::AssertInvalid { module, message, .. } => {
                    ("assert_invalid", module, message)
                }
                _ => continue,
            };
            let module = match encode(&mut module) {
                Ok(bytes) => Ok(bytes),
                Err(EncodeError::Text(message)) => Err(text_faults::of_message(&message)),
                Err(EncodeError::Component) => continue,
            };
            refusals.push(Refusal { line, assertion, text: text.to_owned(), module });
        }
        refusals
    })
}

fn collect(script: Wast<'_>, modules: &mut Vec<Vec<u8>>) {
    for directive in script.directives {
        let bytes = match directive {
            WastDirective::Module(mut module)
            | WastDirective::ModuleDefinition(mut module)
            | WastDirective::AssertMalformed { mut module, .. }
            | WastDirective::AssertInvalid { mut module, .. }
            | WastDirective::AssertMalformedCustom { mut module, .. }
            | WastDirective::AssertInvalidCustom { mut module, .. } => encode(&mut module),
            WastDirective::AssertUnlinkable { mut module, .. }
            | WastDirective::AssertTrap { exec: WastExecute::Wat(mut module), .. } => {
                encode_inline(&mut module)
            }
            WastDirective::Thread(thread) => {
                collect(Wast { directives: thread.directives }, modules);
                continue;
            }
            _ => continue,
        };
        modules.extend(bytes);
    }
}

/// The bytes of a module, quoted or not.
///
/// # Errors
/// If its text is malformed, or it is a component.
pub(crate) fn encode(module: &mut QuoteWat<'_>) -> Result<Vec<u8>, EncodeError> {
    if matches!(module, QuoteWat::QuoteComponent(..) | QuoteWat::Wat(Wat::Component(_))) {
        return Err(EncodeError::Component);
    }
    match module.to_test().map_err(text_error)? {
        QuoteWatTest::Binary(bytes) => Ok(bytes),
        QuoteWatTest::Text(text) => encode_text(&text),
    }
}

/// The bytes of an inline module.
///
/// # Errors
/// As [`encode`].
pub(crate) fn encode_inline(module: &mut Wat<'_>) -> Result<Vec<u8>, EncodeError> {
    match module {
        Wat::Component(_) => Err(EncodeError::Component),
        Wat::Module(module) => module.encode().map_err(text_error),
    }
}

/// Whether a text has neither tokens nor a fault. In the text format that is a module without fields.
pub fn is_blank(text: &str) -> bool {
    let Ok(buffer) = tokens(text) else { return false };
    matches!(parser::parse::<MaybeEmpty<Wat<'_>>>(&buffer), Ok(MaybeEmpty::Empty))
}

fn encode_text(text: &[u8]) -> Result<Vec<u8>, EncodeError> {
    let text = std::str::from_utf8(text)
        .map_err(|_| EncodeError::Text("malformed UTF-8 encoding".to_owned()))?;
    let text = unfold(text);
    let buffer = tokens(&text).map_err(text_error)?;
    match parser::parse(&buffer).map_err(text_error)? {
        MaybeEmpty::Some(mut module) => encode_inline(&mut module),
        MaybeEmpty::Empty => Ok(EMPTY_MODULE.to_vec()),
    }
}

fn text_error(error: wast::Error) -> EncodeError {
    EncodeError::Text(error.message())
}
