//! Which document a record is, and of which version.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// The version of the documents that this build writes and reads.
///
/// It rises when a field changes its meaning or goes away; a further field alone does not raise it.
///
/// In 2 the record of `etalon fuzz` has no rate (`cases_per_second`), and its `outcomes` moved out of `coverage`.
pub const FORMAT: u32 = 2;

/// The version of a document, as found in its `format` field. Only a version that this build can read is a `Format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Format(u32);

impl Format {
    /// The version number.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }
}

impl Default for Format {
    fn default() -> Self {
        Self(FORMAT)
    }
}

impl<'de> Deserialize<'de> for Format {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_u64(FormatVisitor)
    }
}

/// Refuses an unknown version while it is being read, so that the error carries the line and column of the field.
struct FormatVisitor;

impl Visitor<'_> for FormatVisitor {
    type Value = Format;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the version of the record's format, a number")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Format, E> {
        if number == u64::from(FORMAT) {
            return Ok(Format(FORMAT));
        }
        let what = match number < u64::from(FORMAT) {
            true => "an older version of etalon wrote this; run its command again",
            false => "this version of etalon is too old for it",
        };
        Err(E::custom(format_args!(
            "record format {number} is not known, this build reads format {FORMAT}: {what}"
        )))
    }
}

/// Which command wrote the record: the `record` field of each document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// `etalon run`: a [`RunRecord`](crate::RunRecord).
    Run,
    /// `etalon spec`: a [`SuiteRecord`](crate::SuiteRecord) of the bundled suites.
    Spec,
    /// `etalon wast`: a [`SuiteRecord`](crate::SuiteRecord) of given scripts.
    Wast,
    /// `etalon diff`: a [`DiffRecord`](crate::DiffRecord).
    Diff,
    /// `etalon fuzz`: a [`FuzzRecord`](crate::FuzzRecord).
    Fuzz,
    /// `etalon reduce`: an answer.
    Reduce,
    /// `etalon localise`: an answer.
    Localise,
    /// `etalon engines`: an [`EnginesRecord`](crate::EnginesRecord).
    Engines,
    /// `etalon bench`: a [`BenchRecord`](crate::BenchRecord).
    Bench,
    /// `etalon validate`: an answer.
    Validate,
    /// `etalon compile`: an answer.
    Compile,
    /// `etalon wast --outcomes`: an answer.
    Outcomes,
    /// `etalon wast --to json`: an answer.
    Convert,
    /// `etalon accepts`: an answer.
    Accepts,
    /// `etalon inspect`: an answer.
    Inspect,
    /// `etalon cache`: an answer.
    Cache,
    /// `etalon gas`: an answer.
    Gas,
    /// `etalon run --batch`: an answer.
    Batch,
    /// `etalon report`: an answer.
    Report,
    /// `etalon completions`: an answer.
    Completions,
    /// `etalon man`: an answer.
    Man,
    /// Any command that failed: an answer.
    Error,
}

impl Kind {
    /// The name as it stands in the document.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Spec => "spec",
            Self::Wast => "wast",
            Self::Diff => "diff",
            Self::Fuzz => "fuzz",
            Self::Reduce => "reduce",
            Self::Localise => "localise",
            Self::Engines => "engines",
            Self::Bench => "bench",
            Self::Validate => "validate",
            Self::Compile => "compile",
            Self::Outcomes => "outcomes",
            Self::Convert => "convert",
            Self::Accepts => "accepts",
            Self::Inspect => "inspect",
            Self::Cache => "cache",
            Self::Batch => "batch",
            Self::Report => "report",
            Self::Gas => "gas",
            Self::Completions => "completions",
            Self::Man => "man",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
