//! The file that a record is written to.

use anyhow::{Context, Result};
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};

/// A file that could be written when the run began.
#[derive(Debug)]
pub(crate) struct RecordFile(PathBuf);

impl RecordFile {
    /// Tries a file, before any work: it is made if it is not there, and keeps what it holds.
    pub(crate) fn create(path: &Path) -> Result<RecordFile> {
        let cannot = || format!("{}: cannot be written", path.display());
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).with_context(cannot)?;
        }
        OpenOptions::new().create(true).append(true).open(path).with_context(cannot)?;
        Ok(RecordFile(path.to_owned()))
    }

    /// Writes the record.
    pub(crate) fn write(&self, text: &str) -> Result<()> {
        let cannot = || format!("{}: cannot be written", self.0.display());
        std::fs::write(&self.0, text).with_context(cannot)
    }
}
