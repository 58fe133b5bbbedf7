//! Reads a record of whatever kind.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::{
    BenchRecord, DiffRecord, EnginesRecord, Format, FuzzRecord, Kind, RunRecord, SuiteRecord,
};

/// The longest text that is read as a record, in bytes. The whole of the official suites on five engines takes a few
/// megabytes.
pub const MAX_BYTES: usize = 1 << 28;

/// A record of any kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// Of `etalon run`.
    Run(RunRecord),
    /// Of `etalon spec` or `etalon wast`.
    Suite(SuiteRecord),
    /// Of `etalon diff`.
    Diff(DiffRecord),
    /// Of `etalon fuzz`.
    Fuzz(FuzzRecord),
    /// Of `etalon engines`.
    Engines(EnginesRecord),
    /// Of `etalon bench`.
    Bench(BenchRecord),
}

impl Record {
    /// Which command wrote it.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Run(_) => Kind::Run,
            Self::Suite(record) => record.record,
            Self::Diff(_) => Kind::Diff,
            Self::Fuzz(_) => Kind::Fuzz,
            Self::Engines(_) => Kind::Engines,
            Self::Bench(_) => Kind::Bench,
        }
    }
}

/// Why a text is not a record. Lines and columns count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is longer than [`MAX_BYTES`].
    #[error("the record has {bytes} bytes; at most {MAX_BYTES} are read")]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// It is not JSON.
    #[error("not JSON at line {line}, column {column}: {message}")]
    NotJson {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// It is JSON, but not a record of a kind and format that this build knows.
    #[error("not a record that can be read, at line {line}, column {column}: {message}")]
    NotARecord {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// It only answers the command that printed it, so there is nothing to read from it.
    #[error("a document of kind {0} answers a command and holds no run")]
    Answer(Kind),
    /// It says which record it is, but a field is missing or of another type.
    #[error("a broken {kind} record, at line {line}, column {column}: {message}")]
    Broken {
        /// Which record it says it is.
        kind: Kind,
        /// The line.
        line: usize,
        /// The column.
        column: usize,
        /// What is wrong there.
        message: String,
    },
}

/// What every record starts with. Nothing else is read before kind and format are known to be understood.
#[derive(Deserialize)]
struct Head {
    record: Kind,
    #[serde(rename = "format")]
    _format: Format,
}

/// Reads a record and says which it is.
///
/// # Errors
/// If the text is too long, not JSON, not a record of a known kind and format, or lacks a field.
pub fn read_record(text: &str) -> Result<Record, ReadError> {
    if text.len() > MAX_BYTES {
        return Err(ReadError::TooLong { bytes: text.len() });
    }
    let head: Head = serde_json::from_str(text).map_err(|error| {
        let (line, column, message) = locate(&error);
        match error.classify() {
            Category::Data => ReadError::NotARecord { line, column, message },
            _ => ReadError::NotJson { line, column, message },
        }
    })?;
    let kind = head.record;
    match kind {
        Kind::Run => body(kind, text).map(Record::Run),
        Kind::Spec | Kind::Wast => body(kind, text).map(Record::Suite),
        Kind::Diff => body(kind, text).map(Record::Diff),
        Kind::Fuzz => body(kind, text).map(Record::Fuzz),
        Kind::Engines => body(kind, text).map(Record::Engines),
        Kind::Bench => body(kind, text).map(Record::Bench),
        Kind::Validate
        | Kind::Compile
        | Kind::Reduce
        | Kind::Localise
        | Kind::Outcomes
        | Kind::Convert
        | Kind::Accepts
        | Kind::Inspect
        | Kind::Batch
        | Kind::Cache
        | Kind::Report
        | Kind::Gas
        | Kind::Completions
        | Kind::Man
        | Kind::Error => Err(ReadError::Answer(kind)),
    }
}

fn body<T: DeserializeOwned>(kind: Kind, text: &str) -> Result<T, ReadError> {
    serde_json::from_str(text).map_err(|error| {
        let (line, column, message) = locate(&error);
        ReadError::Broken { kind, line, column, message }
    })
}

/// The place, and the message without it: `serde_json` appends the place to each message.
fn locate(error: &serde_json::Error) -> (usize, usize, String) {
    let (line, column) = (error.line(), error.column());
    let message = error.to_string();
    let place = format!(" at line {line} column {column}");
    (line, column, message.strip_suffix(&place).unwrap_or(&message).to_owned())
}
