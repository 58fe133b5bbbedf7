//! Why a report could not be written.

use std::path::PathBuf;

use etalon_record::{CampaignError, Kind, MergeError};

/// Why a report could not be written.
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
    /// The name of the architecture cannot be the name of a folder.
    #[error("the architecture {arch:?} cannot name a folder")]
    Arch {
        /// The name in the record.
        arch: String,
    },
    /// Two records of one architecture contradict each other.
    #[error("the records cannot be merged: {0}")]
    Merge(#[from] MergeError),
    /// Two records of `etalon fuzz` of one architecture are not parts of one campaign.
    #[error("the records cannot be merged: {0}")]
    Campaign(#[from] CampaignError),
    /// Records of this kind have no report.
    #[error("a record of `etalon {0}` has no report; only records of spec, wast, diff and fuzz do")]
    NoReport(Kind),
    /// Records of two architectures cannot be compared.
    #[error("records of different {what}: {first} and {second}")]
    Incomparable {
        /// In what they differ.
        what: &'static str,
        /// The one architecture, and what it has.
        first: String,
        /// The other, and what it has.
        second: String,
    },
    /// Records of several architectures have no script on an engine in common.
    #[error("the records of {0} have no script on an engine in common")]
    NothingInCommon(String),
    /// There is more of something than a report can show.
    #[error("more than {most} {what}, which is the most that a report shows")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many may be.
        most: usize,
    },
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
