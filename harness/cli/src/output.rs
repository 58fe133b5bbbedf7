//! The one channel through which everything is written: results to standard output, messages to standard error.
//!
//! Nothing that is written here can fail where it is written. A reader that goes away (a closed pipe) is no fault: the command
//! does its work to the end, says nothing, and ends with its own status. Any other failure of standard output, such as a full
//! disk, is told once at the end, with status 2. Standard error has nobody to whom its failures could be told.
//!
//! What is written may quote modules, so it is escaped here. Only colours add escape sequences, and only on a terminal.

use crate::escape;
use crate::exit::Status;
use anstyle::{AnsiColor, Style};
use anyhow::Result;
use clap::ValueEnum;
use etalon_record::{to_json, write_json};
use serde::Serialize;
use std::cell::RefCell;
use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::sync::Mutex;

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text for people
    #[default]
    Human,
    /// One JSON document on standard output
    Json,
}

/// A piece of a line, in one colour.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    style: Style,
    text: String,
    /// Whether line feeds are meant; those in the name of a file are not.
    has_lines: bool,
}

impl Span {
    fn new(style: Style, text: impl Into<String>) -> Span {
        Span { style, text: text.into(), has_lines: false }
    }
}

/// Text without a colour.
pub(crate) fn plain(text: impl Into<String>) -> Span {
    Span::new(Style::new(), text)
}

/// Text of several lines, without a colour: whoever writes it has escaped the names in it.
pub(crate) fn lines(text: impl Into<String>) -> Span {
    Span { has_lines: true, ..plain(text) }
}

/// Text about what is as it should be.
pub(crate) fn good(text: impl Into<String>) -> Span {
    Span::new(AnsiColor::Green.on_default(), text)
}

/// Text about what is not.
pub(crate) fn bad(text: impl Into<String>) -> Span {
    Span::new(AnsiColor::Red.on_default().bold(), text)
}

/// Text that matters less.
pub(crate) fn dim(text: impl Into<String>) -> Span {
    Span::new(Style::new().dimmed(), text)
}

/// Writes a line of results, as `println!` would; one line, whatever is in it.
macro_rules! say {
    ($($piece:tt)*) => { $crate::output::say_in_colour([$crate::output::plain(format!($($piece)*))]) };
}

/// Writes a message of one line, as `eprintln!` would.
macro_rules! note {
    ($($piece:tt)*) => { $crate::output::note_in_colour([$crate::output::plain(format!($($piece)*))]) };
}

pub(crate) use {note, say};

/// The first failure of standard output.
static FAILURE: Mutex<Option<io::Error>> = Mutex::new(None);

/// Writes a line of results.
pub(crate) fn say_in_colour(spans: impl IntoIterator<Item = Span>) {
    write_out(&rendered(spans));
}

/// Writes a message on standard error.
pub(crate) fn note_in_colour(spans: impl IntoIterator<Item = Span>) {
    let _nobody_to_tell = anstream::stderr().lock().write_all(rendered(spans).as_bytes());
}

impl Format {
    /// The format that the words of a command line ask for, whether or not the rest of them can be understood.
    pub(crate) fn asked_for(words: &[OsString]) -> Format {
        let words: Vec<&str> =
            words.iter().map_while(|w| w.to_str()).take_while(|w| *w != "--").collect();
        let is_json = words.contains(&"--format=json")
            || words.windows(2).any(|pair| pair == ["--format", "json"]);
        if is_json { Format::Json } else { Format::Human }
    }
}

/// Writes a document.
pub(crate) fn json(document: &impl Serialize) -> Result<()> {
    write_out(&to_json(document)?);
    Ok(())
}

/// A document that is written while what is in it comes to be.
#[derive(Debug)]
pub(crate) struct Pieces(RefCell<BufWriter<Out>>);

impl Pieces {
    pub(crate) fn new() -> Pieces {
        Pieces(RefCell::new(BufWriter::new(Out)))
    }

    /// Writes the document.
    pub(crate) fn write(&self, document: &impl Serialize) -> Result<()> {
        write_json(document, self)?;
        self.bring_out();
        Ok(())
    }

    /// Brings out what is still held back, before something is waited for.
    pub(crate) fn bring_out(&self) {
        // Its failures are kept where it ends.
        _ = self.0.borrow_mut().flush();
    }
}

impl Write for &Pieces {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(piece)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.borrow_mut().flush()
    }
}

/// Standard output, for what is no text.
#[derive(Debug, Default)]
struct Out;

impl Write for Out {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        bytes(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut failure = FAILURE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if failure.is_none() {
            *failure = io::stdout().lock().flush().err();
        }
        Ok(())
    }
}

/// Writes text of our own, which may have colours: the help.
pub(crate) fn ours(text: &str) {
    write_out(text);
}

/// Writes what is no text, as it is.
pub(crate) fn bytes(bytes: &[u8]) {
    let mut failure = FAILURE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if failure.is_none() {
        *failure = io::stdout().lock().write_all(bytes).err();
    }
}

fn rendered(spans: impl IntoIterator<Item = Span>) -> String {
    let mut line = String::new();
    for Span { style, text, has_lines } in spans {
        let text = if has_lines { escape::lines(&text) } else { escape::line(&text) };
        line += &format!("{style}{text}{style:#}");
    }
    line.push('\n');
    line
}

fn write_out(text: &str) {
    let mut failure = FAILURE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if failure.is_none() {
        *failure = anstream::stdout().lock().write_all(text.as_bytes()).err();
    }
}

/// Whether standard output takes nothing more: for work that is done only to be told.
pub(crate) fn is_unread() -> bool {
    FAILURE.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).is_some()
}

/// Brings out what is still held back, and says with which status the program ends.
pub(crate) fn finish(status: Status) -> Status {
    let mut failure = FAILURE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if failure.is_none() {
        *failure = io::stdout().lock().flush().err();
    }
    match failure.take() {
        None => status,
        Some(error) if error.kind() == io::ErrorKind::BrokenPipe => status,
        Some(error) => {
            note!("error: standard output: {error}");
            Status::Unusable
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_ours_and_the_rest_is_escaped() {
        let line = rendered([bad("x\x1b[0m"), plain(" y\n"), lines("\nz")]);
        assert_eq!(line, "\x1b[1m\x1b[31mx\\u{1b}[0m\x1b[0m y\\u{a}\nz\n");
    }
}
