//! The record of `etalon run`.

use serde::{Deserialize, Serialize};

use crate::row::{is_false, is_zero};
use crate::{Backtrace, Format, Gas, Kind, OutcomeKind, Tool, Value};

/// One invocation on one engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Always [`Kind::Run`].
    pub record: Kind,
    /// The version of the document.
    pub format: Format,
    /// The program that wrote it.
    pub tool: Tool,
    /// The module, as it was named on the command line.
    pub file: String,
    /// The engine's name.
    pub engine: String,
    /// The export that was invoked; absent if only the start function ran.
    #[serde(default)]
    pub invoke: Option<String>,
    /// The arguments of the invocation.
    #[serde(default)]
    pub args: Vec<Value>,
    /// How it ended.
    pub outcome: OutcomeKind,
    /// The results, if it returned.
    #[serde(default)]
    pub results: Vec<Value>,
    /// The status that a program of WASI ended itself with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u32>,
    /// What a program of WASI wrote to its standard output; absent if no program ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdout: Option<Written>,
    /// What it wrote to its standard error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stderr: Option<Written>,
    /// The text of the trap, if it trapped.
    #[serde(default)]
    pub trap: Option<String>,
    /// The functions that the guest was in when it trapped or ran out of something; absent if there is nothing to tell.
    #[serde(default, skip_serializing_if = "Backtrace::is_empty")]
    pub backtrace: Backtrace,
    /// Why and where the module was refused; absent if it was not.
    #[serde(flatten)]
    pub refusal: Option<Refusal>,
    /// What else there is to say: the reason of a rejection, what ran out, the missing feature.
    #[serde(default)]
    pub message: Option<String>,
    /// The gas, if the run was metered.
    #[serde(default)]
    pub gas: Option<Gas>,
    /// How many functions did not run where the engine was asked to run them: the compiler left them to the interpreter.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub not_compiled: u64,
    /// Whether a signal ended it. Its outcome is then [`OutcomeKind::TimedOut`]: it did not end by itself.
    #[serde(default, skip_serializing_if = "is_false")]
    pub interrupted: bool,
}

/// What a program wrote: text, or what is not text in base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Written {
    /// All of it, as UTF-8.
    Text(String),
    /// Bytes that are no UTF-8.
    Bytes {
        /// They, in base64.
        base64: String,
    },
}

/// Why a module was refused, as `etalon validate` says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The phase that refused it: `malformed`, `invalid`, `unlinkable`, `unsupported`, `limit`.
    pub verdict: String,
    /// The feature that it needs, if it is one that is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature: Option<String>,
    /// Where in the module's bytes; in the binary where the file is text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// The line, from 1, where the file is text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The column, from 1, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
}

impl RunRecord {
    /// A run of `file` on `engine` that ended in `outcome`; the rest is for the caller to fill.
    #[must_use]
    pub fn new(
        tool: Tool,
        file: impl Into<String>,
        engine: impl Into<String>,
        outcome: OutcomeKind,
    ) -> Self {
        Self {
            record: Kind::Run,
            format: Format::default(),
            tool,
            file: file.into(),
            engine: engine.into(),
            invoke: None,
            args: Vec::new(),
            outcome,
            results: Vec::new(),
            status: None,
            stdout: None,
            stderr: None,
            trap: None,
            backtrace: Backtrace::default(),
            refusal: None,
            message: None,
            gas: None,
            not_compiled: 0,
            interrupted: false,
        }
    }
}
