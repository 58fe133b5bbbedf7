//! Why a report could not be made.

use std::path::PathBuf;

use etalon_record::{Kind, MergeError};

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A file or folder could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The name of the architecture is not fit to be the name of a folder.
    #[error("the architecture {arch:?} cannot name a folder")]
    Arch {
        /// The name in the record.
        arch: String,
    },
    /// Two records of one architecture contradict each other.
    #[error("the records cannot be shown as one: {0}")]
    Merge(#[from] MergeError),
    /// There is no report of such a record.
    #[error("a record of `etalon {0}` has no report; those of spec, wast, diff and fuzz have")]
    NoReport(Kind),
    /// There was no record to render.
    #[error("no record was given")]
    NoRecord,
    /// The summary could not be written as JSON.
    #[error("the summary cannot be written: {0}")]
    Json(#[from] etalon_record::WriteError),
    /// The JUnit document could not be written.
    #[error("the JUnit document cannot be written: {0}")]
    Junit(#[from] quick_junit::SerializeError),
}
