//! Modules of a script as bytes.

use crate::script::parse::{tokens, with_script};
use crate::script::source::{ScriptError, ScriptSource};
use wast::parser;
use wast::{QuoteWat, QuoteWatTest, Wast, WastDirective, WastExecute, Wat};

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
    with_script(source, |script| {
        let mut modules = Vec::new();
        collect(script, &mut modules);
        modules
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

fn encode_text(text: &[u8]) -> Result<Vec<u8>, EncodeError> {
    let text = std::str::from_utf8(text)
        .map_err(|_| EncodeError::Text("malformed UTF-8 encoding".to_owned()))?;
    let buffer = tokens(text).map_err(text_error)?;
    let mut module = parser::parse::<Wat<'_>>(&buffer).map_err(text_error)?;
    encode_inline(&mut module)
}

fn text_error(error: wast::Error) -> EncodeError {
    EncodeError::Text(error.message())
}
