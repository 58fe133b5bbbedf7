//! Records as text.

use serde::Serialize;

/// A record could not be written; only a value that JSON cannot hold causes it.
#[derive(Debug, thiserror::Error)]
#[error("the record cannot be written as JSON: {0}")]
pub struct WriteError(#[from] serde_json::Error);

/// The record as indented JSON, with a line feed at its end. The same record gives the same bytes.
///
/// # Errors
/// If the record holds what JSON cannot; no record of this crate does.
pub fn to_json<T: Serialize>(record: &T) -> Result<String, WriteError> {
    let mut text = serde_json::to_string_pretty(record)?;
    text.push('\n');
    Ok(text)
}
