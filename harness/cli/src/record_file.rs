//! The file that a record is written to.

use crate::fault::InputError;
use crate::input;
use anyhow::Result;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};

/// A file that could be written when the run began.
#[derive(Debug)]
pub(crate) struct RecordFile(PathBuf);

impl RecordFile {
    /// Tries a file, before any work: it is made if it is not there, and keeps what it holds. It must be none of those that are
    /// read.
    pub(crate) fn create(path: &Path, inputs: &[&Path]) -> Result<RecordFile> {
        if input::is_stdin(path) {
            let message =
                "--record takes a file; --format json writes the record to standard output";
            return Err(InputError::usage(path, message).into());
        }
        input::keep(inputs, path)?;
        in_folder(path)?;
        let opened = OpenOptions::new().create(true).append(true).open(path);
        opened.map_err(|error| InputError::io(path, "cannot be written", &error))?;
        Ok(RecordFile(path.to_owned()))
    }

    /// Writes the record.
    pub(crate) fn write(&self, text: &str) -> Result<()> {
        let cannot = |error| InputError::io(&self.0, "cannot be written", &error);
        Ok(std::fs::write(&self.0, text).map_err(cannot)?)
    }
}

/// Checks that a file that is to be written would lie in a folder that is there.
pub(crate) fn in_folder(path: &Path) -> Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            Err(InputError::new("io", path, "the folder does not exist").into())
        }
        _ => Ok(()),
    }
}

/// Refuses `-`, or a file, where a folder is needed.
pub(crate) fn folder(path: &Path) -> Result<()> {
    if input::is_stdin(path) {
        let message = "--out takes a folder, and standard output is none";
        return Err(InputError::usage(path, message).into());
    }
    if path.exists() && !path.is_dir() {
        return Err(InputError::usage(path, "this is a file, but a folder is needed").into());
    }
    Ok(())
}
