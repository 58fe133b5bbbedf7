//! Folders of converted scripts.

use super::json::{JsonScript, script_of};
use super::select::bundled;
use super::source::{ScriptError, ScriptSource, features_named};
use etalon_adapters::Features;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// The name of the file that lists the converted scripts of a folder.
pub const INDEX: &str = "index.json";

/// How far above a script its index may be.
const MAX_ABOVE: usize = 8;

/// What was converted to a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// The scripts, in the order of their files.
    pub scripts: Vec<IndexEntry>,
}

/// A converted script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexEntry {
    /// Its file, relative to the folder.
    pub file: String,
    /// The script that it was converted from.
    pub source: String,
    /// The features that its modules may use, by the names of their proposals; nothing else is enabled.
    pub features: Vec<String>,
    /// The BLAKE3 hash of the script's text, by which a bundled one is known again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

impl IndexEntry {
    /// The entry of a script that was converted to a file.
    pub fn new(file: impl Into<String>, source: &ScriptSource) -> IndexEntry {
        IndexEntry {
            file: file.into(),
            source: source.file.clone(),
            features: source.features.names().into_iter().map(str::to_owned).collect(),
            digest: Some(digest(&source.text)),
        }
    }
}

fn digest(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// Whether a file is a converted script: JSON that begins as one, so that other JSON in a folder does not matter.
pub(crate) fn is_converted(path: &Path) -> bool {
    if path.extension().is_none_or(|extension| extension != "json") || !path.is_file() {
        return false;
    }
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(200).read_to_end(&mut head));
    let text: String = String::from_utf8_lossy(&head).split_whitespace().collect();
    read.is_ok() && text.starts_with("{\"source_filename\":")
}

/// What an index in the folder of a converted script, or above it, tells of it.
pub(crate) fn entry_of(path: &Path) -> Option<IndexEntry> {
    let path = path.canonicalize().ok()?;
    for folder in path.ancestors().skip(1).take(MAX_ABOVE) {
        let Ok(text) = std::fs::read_to_string(folder.join(INDEX)) else { continue };
        let Ok(index) = serde_json::from_str::<Index>(&text) else { continue };
        let mut entries = index.scripts.into_iter();
        if let Some(entry) = entries.find(|entry| path == folder.join(&entry.file)) {
            return Some(entry);
        }
    }
    None
}

/// The features that an entry tells.
pub(crate) fn features_of(entry: &IndexEntry) -> Option<Features> {
    features_named(entry.features.iter().map(String::as_str)).ok()
}

/// A converted script as a script. Its modules are in files beside it.
pub(crate) fn json_source(
    path: &Path,
    json: &str,
    entry: Option<&IndexEntry>,
    source: ScriptSource,
) -> Result<ScriptSource, ScriptError> {
    let file = || path.display().to_string();
    let script: JsonScript = serde_json::from_str(json).map_err(|error| ScriptError::Syntax {
        file: file(),
        line: error.line() as u32,
        column: error.column() as u32,
        message: error.to_string(),
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut module = |name: &str| module_in(folder, name);
    let text = script_of(&script, &mut module)
        .map_err(|message| ScriptError::Unreadable { file: file(), message })?;
    let of_text = |text: &&str| entry.and_then(|e| e.digest.as_ref()) == Some(&digest(text));
    let is_bundled = entry.is_some() && bundled(&script.source_filename).iter().any(of_text);
    Ok(ScriptSource { text, is_bundled, origin: file(), ..source })
}

/// A file in a folder or below it.
fn module_in(folder: &Path, name: &str) -> Result<Vec<u8>, String> {
    let is_below = |path: &Path| path.components().all(|part| matches!(part, Component::Normal(_)));
    let relative = PathBuf::from(name);
    if name.is_empty() || !is_below(&relative) {
        return Err(format!("{name:?} is no file beside the script"));
    }
    std::fs::read(folder.join(relative))
        .map_err(|error| format!("{name:?} cannot be read: {error}"))
}
