//! Reading a script.

use crate::script::source::{ScriptError, ScriptSource};
use crate::script::unfold::unfold;
use wast::Wast;
use wast::lexer::Lexer;
use wast::parser::{self, Parse, ParseBuffer, Parser};
use wast::token::Span;

/// A text, and where its lines begin.
#[derive(Debug)]
pub(crate) struct Lines<'t> {
    pub(crate) text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
        Lines { text, starts: std::iter::once(0).chain(ends.map(|(i, _)| i + 1)).collect() }
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

/// The annotations that stand for something in a module.
const KNOWN: [&str; 5] = ["custom", "producers", "name", "dylink.0", "metadata.code.branch_hint"];

/// What may be empty but for comments: a script without commands, or a module without fields.
pub(crate) enum MaybeEmpty<T> {
    Empty,
    Some(T),
}

impl<'a, T: Parse<'a>> Parse<'a> for MaybeEmpty<T> {
    fn parse(parser: Parser<'a>) -> parser::Result<Self> {
        // An annotation that the format knows is no comment.
        let _known = KNOWN.map(|name| parser.register_annotation(name));
        match parser.is_empty() {
            true => Ok(MaybeEmpty::Empty),
            false => parser.parse().map(MaybeEmpty::Some),
        }
    }
}

/// Reads a script and passes its directives on, and the lines to which their places refer.
///
/// # Errors
/// [`ScriptError::Syntax`] with the place.
pub(crate) fn with_script<T>(
    source: &ScriptSource,
    then: impl FnOnce(Wast<'_>, &Lines<'_>) -> T,
) -> Result<T, ScriptError> {
    let text = unfold(&source.text);
    let buffer = tokens(&text).map_err(|e| syntax(source, &text, &e))?;
    let script = match parser::parse(&buffer).map_err(|e| syntax(source, &text, &e))? {
        MaybeEmpty::Some(script) => script,
        MaybeEmpty::Empty => Wast { directives: Vec::new() },
    };
    Ok(then(script, &Lines::of(&text)))
}

fn syntax(source: &ScriptSource, text: &str, error: &wast::Error) -> ScriptError {
    let (line, column) = error.span().linecol_in(text);
    ScriptError::Syntax {
        file: source.origin.clone(),
        line: line as u32 + 1,
        column: column as u32 + 1,
        message: error.message(),
    }
}
