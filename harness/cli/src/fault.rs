//! What went wrong, for people and for programs.

use crate::escape;
use crate::exit::Status;
use crate::output::{self, Format};
use etalon::{LoadError, LoadErrorKind};
use etalon_harness::script::ScriptError;
use etalon_record::{Document, Failed, Fault, Kind, Tool};
use std::fmt;
use std::path::Path;

/// The program, as its documents name it.
pub(crate) fn tool() -> Tool {
    Tool::new("etalon", env!("CARGO_PKG_VERSION"))
}

/// An input that cannot be used.
#[derive(Clone, Debug)]
pub(crate) struct InputError(pub Fault);

impl InputError {
    /// What is wrong with a file.
    pub(crate) fn new(kind: &str, file: &Path, message: impl Into<String>) -> InputError {
        let file = Some(file.display().to_string());
        InputError(Fault { kind: kind.to_owned(), message: message.into(), file, offset: None })
    }

    /// The system does not give what is asked for.
    pub(crate) fn io(file: &Path, what: &str, error: &std::io::Error) -> InputError {
        InputError::new("io", file, format!("{what}: {error}"))
    }

    /// The decoder or the validator refuses a module.
    pub(crate) fn load(file: &Path, error: &LoadError) -> InputError {
        let fault = InputError::new(word(&error.kind), file, &error.message).0;
        InputError(Fault { offset: Some(error.offset), ..fault })
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault { kind, message, file, offset } = &self.0;
        if let Some(file) = file {
            write!(f, "{}: ", escape::file(file))?;
        }
        match offset {
            Some(offset) => write!(f, "{kind}: {message} (at offset {offset:#x})"),
            None => f.write_str(message),
        }
    }
}

impl std::error::Error for InputError {}

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
        return known.0.clone();
    }
    let load = cause.clone().find_map(|cause| cause.downcast_ref::<LoadError>());
    let is_io = cause.clone().any(|cause| cause.is::<std::io::Error>());
    Fault {
        kind: load.map_or(if is_io { "io" } else { "usage" }, |load| word(&load.kind)).to_owned(),
        message: format!("{error:#}"),
        file: None,
        offset: load.map(|load| load.offset),
    }
}

/// The same of a script that could not be run.
pub(crate) fn of_script(error: &ScriptError) -> Fault {
    let (kind, file) = match error {
        ScriptError::Unreadable { file, .. } => ("io", file),
        ScriptError::NotText { file, .. } | ScriptError::Syntax { file, .. } => ("syntax", file),
        ScriptError::NoSuchFeature { file, .. } => ("unsupported", file),
    };
    let (message, file) = (error.to_string(), Some(file.clone()));
    Fault { kind: kind.to_owned(), message, file, offset: None }
}

/// Tells why a command failed: in one line that names the file and the offset, or in a document too.
pub(crate) fn tell(error: &anyhow::Error, format: Format) -> Status {
    // The chain of causes on one line: the innermost names the file and the offset.
    output::note!("error: {error:#}");
    if format == Format::Json {
        document(of(error));
    }
    Status::Unusable
}

/// Writes the document of a command that failed.
pub(crate) fn document(error: Fault) {
    let document = Document::new(Kind::Error, tool(), Failed { error });
    output::json(&document).unwrap_or_else(|error| output::note!("error: {error}"));
}
