//! What went wrong, for people and for programs.

use crate::escape;
use crate::exit::Status;
use crate::output::{self, Format};
use etalon::{LoadError, LoadErrorKind};
use etalon_harness::fuzz::FuzzError;
use etalon_harness::script::{Place, ScriptError};
use etalon_record::{Document, Failed, Fault, Kind, Tool};
use std::fmt;
use std::path::Path;

/// The program, as its documents name it.
pub(crate) fn tool() -> Tool {
    Tool::new("etalon", env!("CARGO_PKG_VERSION"))
}

/// An input that cannot be used.
#[derive(Clone, Debug)]
pub(crate) struct InputError {
    /// Why.
    pub fault: Fault,
    /// The line of the text in which it is, for people.
    snippet: String,
}

impl InputError {
    /// What is wrong with a file.
    pub(crate) fn new(kind: &str, file: &Path, message: impl Into<String>) -> InputError {
        let file = Some(file.display().to_string());
        InputError { fault: Fault { file, ..Fault::new(kind, message) }, snippet: String::new() }
    }

    /// What was asked for does not go with a file.
    pub(crate) fn usage(file: &Path, message: impl Into<String>) -> InputError {
        InputError::new("usage", file, message)
    }

    /// The system does not give what is asked for.
    pub(crate) fn io(file: &Path, what: &str, error: &std::io::Error) -> InputError {
        InputError::new("io", file, format!("{what}: {error}"))
    }

    /// The same with the place in the file's text, if it is known.
    pub(crate) fn at(mut self, place: Option<Place>, text: &str) -> InputError {
        let Some((line, column)) = place else { return self };
        (self.fault.line, self.fault.column) = (Some(line), Some(column));
        self.snippet = snippet(text, (line, column));
        self
    }

    /// What is wrong, as a person reads it behind the name of the file.
    pub(crate) fn shown(&self) -> String {
        let Fault { kind, message, offset, line, .. } = &self.fault;
        let message = escape::line(message);
        let offset = offset.filter(|_| line.is_none());
        match offset {
            Some(offset) if kind == "syntax" => format!("{message} (at offset {offset:#x})"),
            Some(offset) => format!("{kind}: {message} (at offset {offset:#x})"),
            None if line.is_some() && kind == "syntax" => format!("{message}{}", self.snippet),
            None if line.is_some() => format!("{kind}: {message}{}", self.snippet),
            // A message about a call lists what there is to call.
            None if kind == "usage" => self.fault.message.clone(),
            None => message,
        }
    }
}

/// The file, with the place in its text.
pub(crate) fn place(file: &str, line: Option<u32>, column: Option<u32>) -> String {
    let file = escape::file(file);
    match (line, column) {
        (Some(line), Some(column)) => format!("{file}:{line}:{column}"),
        (Some(line), None) => format!("{file}:{line}"),
        _ => file.into_owned(),
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault { file, line, column, .. } = &self.fault;
        if let Some(file) = file {
            write!(f, "{}: ", place(file, *line, *column))?;
        }
        f.write_str(&self.shown())
    }
}

impl std::error::Error for InputError {}

/// Characters of a line that are shown before and after a place in it.
const AROUND: usize = 60;

/// The line of a text around a place, and a mark below the place.
fn snippet(text: &str, (line, column): Place) -> String {
    let Some(row) = text.lines().nth(line as usize - 1) else { return String::new() };
    let at = row.char_indices().take_while(|(i, _)| *i < column as usize - 1).count();
    let from = at.saturating_sub(AROUND);
    let shown = |range: std::ops::Range<usize>| {
        let part: String = row.chars().skip(range.start).take(range.len()).collect();
        escape::line(&part.replace('\t', " "))
    };
    let (before, after) = (shown(from..at), shown(at..at + AROUND));
    let gutter = " ".repeat(line.to_string().len());
    // The mark stands below what a place of several columns begins with.
    let mark = " ".repeat(before.chars().count());
    format!("\n {gutter} |\n {line} | {before}{after}\n {gutter} | {mark}^")
}

/// The phase that refuses a module, in a word.
pub(crate) fn word(kind: &LoadErrorKind) -> &'static str {
    match kind {
        LoadErrorKind::Malformed => "malformed",
        LoadErrorKind::Invalid => "invalid",
        LoadErrorKind::Unsupported { .. } => "unsupported",
        LoadErrorKind::Limit => "limit",
    }
}

/// What a program needs of an error: what it is about, where that is known.
pub(crate) fn of(error: &anyhow::Error) -> Fault {
    let cause = error.chain();
    if let Some(known) = cause.clone().find_map(|cause| cause.downcast_ref::<InputError>()) {
        return known.fault.clone();
    }
    if let Some(fuzz) = cause.clone().find_map(|cause| cause.downcast_ref::<FuzzError>()) {
        return of_fuzz(fuzz);
    }
    let load = cause.clone().find_map(|cause| cause.downcast_ref::<LoadError>());
    let is_io = cause.clone().any(|cause| cause.is::<std::io::Error>());
    let kind = load.map_or(if is_io { "io" } else { "usage" }, |load| word(&load.kind));
    Fault { offset: load.map(|load| load.offset), ..Fault::new(kind, whole(error)) }
}

/// The same of a campaign that could not run.
fn of_fuzz(error: &FuzzError) -> Fault {
    let (kind, file, line) = match error {
        FuzzError::Save { file, .. } => ("io", Some(file), None),
        FuzzError::Busy(folder) | FuzzError::NoCampaign(folder) => ("usage", Some(folder), None),
        FuzzError::OtherOptions { file, .. } | FuzzError::OtherCases { file, .. } => {
            ("usage", Some(file), None)
        }
        FuzzError::Journal { file, line, .. } | FuzzError::Outcomes { file, line, .. } => {
            ("syntax", Some(file), u32::try_from(*line).ok())
        }
        FuzzError::Adapter(_) | FuzzError::Text { .. } => ("usage", None, None),
    };
    let file = file.map(|file| file.display().to_string());
    Fault { line, ..about(file.as_deref(), Fault::new(kind, error.to_string())) }
}

/// The same of a script that could not be run.
pub(crate) fn of_script(error: &ScriptError) -> Fault {
    let (kind, file, line, column) = match error {
        ScriptError::NoScript { file } => ("usage", file, None, None),
        ScriptError::Unreadable { file, .. } => ("io", file, None, None),
        ScriptError::NotText { file, line, column }
        | ScriptError::Syntax { file, line, column, .. } => {
            ("syntax", file, Some(*line), Some(*column))
        }
        ScriptError::NoSuchFeature { file, .. } => ("unsupported", file, None, None),
    };
    let mut fault = about(Some(file), Fault::new(kind, error.to_string()));
    if let ScriptError::Syntax { message, .. } = error {
        fault.message.clone_from(message);
    }
    Fault { line, column, ..fault }
}

/// A fault of a file, which its message then need not name.
fn about(file: Option<&str>, mut fault: Fault) -> Fault {
    let Some(file) = file else { return fault };
    if let Some(rest) = fault.message.strip_prefix(&format!("{file}: ")) {
        fault.message = rest.to_owned();
    }
    Fault { file: Some(file.to_owned()), ..fault }
}

/// Tells why a command failed: in one line that names the file and the offset, or in a document too.
pub(crate) fn tell(error: &anyhow::Error, format: Format) -> Status {
    note(error);
    if format == Format::Json {
        document(of(error));
    }
    Status::Unusable
}

/// An error with its causes, each told once: some errors tell their cause themselves.
fn whole(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.ends_with(&cause) {
            text += &format!(": {cause}");
        }
    }
    text
}

/// The chain of causes for people: the innermost names the file and the place.
pub(crate) fn note(error: &anyhow::Error) {
    let text = format!("error: {}", whole(error));
    // Only what was written here has lines of its own, in which names are escaped.
    let is_ours = error.chain().any(|cause| cause.is::<InputError>());
    output::note_in_colour([if is_ours { output::lines(text) } else { output::plain(text) }]);
}

/// Writes the document of a command that failed.
pub(crate) fn document(error: Fault) {
    let document = Document::new(Kind::Error, tool(), Failed { error });
    output::json(&document).unwrap_or_else(|error| output::note!("error: {error}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_told_once() {
        let cause = || std::io::Error::other("no room");
        let error = anyhow::Error::new(cause()).context("cannot write x");
        assert_eq!(whole(&error), "cannot write x: no room");
        let source = cause();
        let told = etalon_reports::RenderError::Write { path: "x".into(), source };
        let error = anyhow::Error::new(told);
        assert_eq!(format!("{error:#}"), "cannot write x: no room: no room", "it tells its cause");
        assert_eq!(whole(&error), "cannot write x: no room");
        assert_eq!(whole(&error.context("report")), "report: cannot write x: no room");
    }

    #[test]
    fn the_mark_stands_below_the_place() {
        let text = "(module\n\t(func i32.const))";
        assert_eq!(
            snippet(text, (2, 17)),
            "\n   |\n 2 |  (func i32.const))\n   |                 ^"
        );
        assert_eq!(snippet(text, (9, 1)), "");
        let long = format!("{}\x1b(bad){}", "ä".repeat(5000), "b".repeat(5000));
        let shown = snippet(&long, (1, 10_001));
        assert!(shown.len() < 400 && shown.contains("ä\\u{1b}(bad)bbb"), "{shown}");
    }
}
