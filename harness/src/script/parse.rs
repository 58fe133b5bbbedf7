//! Reading a script.

use crate::script::source::{ScriptError, ScriptSource};
use wast::Wast;
use wast::lexer::Lexer;
use wast::parser::{self, ParseBuffer};
use wast::token::Span;

/// Where the lines of a text begin.
#[derive(Debug)]
pub(crate) struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    pub(crate) fn of(text: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
        Lines { starts: std::iter::once(0).chain(ends.map(|(i, _)| i + 1)).collect() }
    }

    /// The line of an offset, from 1.
    pub(crate) fn line(&self, span: Span) -> u32 {
        self.starts.partition_point(|start| *start <= span.offset()) as u32
    }
}

/// The tokens of a text. Confusable Unicode is allowed, because official scripts use it on purpose.
///
/// # Errors
/// If the text is malformed; with the place.
pub(crate) fn tokens(text: &str) -> Result<ParseBuffer<'_>, wast::Error> {
    let mut lexer = Lexer::new(text);
    lexer.allow_confusing_unicode(true);
    ParseBuffer::new_with_lexer(lexer)
}

/// Reads a script and passes its directives on.
///
/// # Errors
/// [`ScriptError::Syntax`] with the place.
pub(crate) fn with_script<T>(
    source: &ScriptSource,
    then: impl FnOnce(Wast<'_>) -> T,
) -> Result<T, ScriptError> {
    let buffer = tokens(&source.text).map_err(|e| syntax(source, &e))?;
    let script = parser::parse::<Wast<'_>>(&buffer).map_err(|e| syntax(source, &e))?;
    Ok(then(script))
}

fn syntax(source: &ScriptSource, error: &wast::Error) -> ScriptError {
    let (line, column) = error.span().linecol_in(&source.text);
    ScriptError::Syntax {
        file: source.origin.clone(),
        line: line as u32 + 1,
        column: column as u32 + 1,
        message: error.message(),
    }
}
