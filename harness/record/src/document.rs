//! Documents that answer a command and are read by nothing of ours.

use serde::{Deserialize, Serialize};

use crate::{Format, Kind, Tool};

/// What a command prints with `--format json` that is no record of a run: the head of every document, then fields of its own.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Document<T> {
    /// Which command wrote it.
    pub record: Kind,
    /// The version of the document.
    pub format: Format,
    /// The program that wrote it.
    pub tool: Tool,
    /// Its own fields.
    #[serde(flatten)]
    pub body: T,
}

impl<T> Document<T> {
    /// A document of a kind.
    #[must_use]
    pub fn new(record: Kind, tool: Tool, body: T) -> Self {
        Self { record, format: Format::default(), tool, body }
    }
}

/// Why a command could not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What kind of fault: `usage`, `io`, `artefact`; `syntax` of a script; or the phase that refused a module: `malformed` (also a
    /// text that does not parse), `invalid`, `unsupported`, `limit`.
    pub kind: String,
    /// What is wrong, in one line or more.
    pub message: String,
    /// The file that it is about, as it was named.
    pub file: Option<String>,
    /// Where in the file, in bytes; in the binary where the file is text that could be translated.
    pub offset: Option<u64>,
    /// The line, from 1, where the file is text.
    #[serde(default)]
    pub line: Option<u32>,
    /// The column, from 1, in bytes.
    #[serde(default)]
    pub column: Option<u32>,
}

impl Fault {
    /// A fault of a kind; what it is about is for the caller to fill in.
    #[must_use]
    pub fn new(kind: impl Into<String>, message: impl Into<String>) -> Self {
        let (kind, message) = (kind.into(), message.into());
        Self { kind, message, file: None, offset: None, line: None, column: None }
    }
}

/// The body of the document of a command that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failed {
    /// Why.
    pub error: Fault,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_is_first() -> Result<(), serde_json::Error> {
        let fault = Fault { offset: Some(3), ..Fault::new("usage", "m") };
        let document =
            Document::new(Kind::Error, Tool::new("etalon", "0"), Failed { error: fault });
        assert_eq!(
            serde_json::to_string(&document)?,
            r#"{"record":"error","format":2,"tool":{"name":"etalon","version":"0"},"error":{"kind":"usage","message":"m","file":null,"offset":3,"line":null,"column":null}}"#
        );
        Ok(())
    }
}
