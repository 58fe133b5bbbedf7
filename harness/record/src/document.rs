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
    /// What kind of fault: `usage`, `io`, `syntax`, `artefact`, or the phase that refused a module: `malformed`, `invalid`,
    /// `unsupported`, `limit`.
    pub kind: String,
    /// What is wrong, in one line or more.
    pub message: String,
    /// The file that it is about, as it was named.
    pub file: Option<String>,
    /// Where in the file, in bytes; in the binary where the file is text that could be translated.
    pub offset: Option<u64>,
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
        let fault =
            Fault { kind: "usage".into(), message: "m".into(), file: None, offset: Some(3) };
        let document =
            Document::new(Kind::Error, Tool::new("etalon", "0"), Failed { error: fault });
        assert_eq!(
            serde_json::to_string(&document)?,
            r#"{"record":"error","format":2,"tool":{"name":"etalon","version":"0"},"error":{"kind":"usage","message":"m","file":null,"offset":3}}"#
        );
        Ok(())
    }
}
