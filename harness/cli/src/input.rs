//! Reading modules: binary, text, or an artefact.

use anyhow::{Context, Result, bail};
use etalon::Module;
use etalon_harness::script::{EMPTY_MODULE, is_blank, unfold};
use std::path::Path;

/// Larger files are refused before they are read.
const MAX_FILE_BYTES: u64 = 1 << 30;

/// Reads a file, text translated to binary.
pub(crate) fn read_module(path: &Path) -> Result<Vec<u8>> {
    let bytes = read(path)?;
    if bytes.starts_with(b"\0asm") || Module::is_artefact(&bytes) {
        return Ok(bytes);
    }
    let is_binary = path.extension().is_some_and(|extension| extension == "wasm");
    match std::str::from_utf8(&bytes) {
        Ok(text) if looks_like_text(text) => {
            let text = unfold(text);
            if is_blank(&text) {
                return Ok(if is_binary { bytes } else { EMPTY_MODULE.to_vec() });
            }
            wat::Parser::new().parse_str(Some(path), &text).map_err(|error| {
                anyhow::anyhow!("{}", error.to_string().trim_end())
                    .context(format!("{}: not a module in the text format", path.display()))
            })
        }
        // The decoder says what is wrong with it, and where.
        _ => Ok(bytes),
    }
}

/// Text starts with a parenthesis or a comment, or is blank.
fn looks_like_text(text: &str) -> bool {
    matches!(text.trim_start().chars().next(), None | Some('(' | ';'))
}

/// Reads a file, unless it is too large to be intended.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    let shown = path.display();
    let meta = std::fs::metadata(path).with_context(|| format!("{shown}: cannot be read"))?;
    if meta.is_dir() {
        bail!("{shown}: this is a folder, but a file is needed");
    }
    if meta.len() > MAX_FILE_BYTES {
        bail!("{shown}: {} bytes; at most {MAX_FILE_BYTES} are read", meta.len());
    }
    std::fs::read(path).with_context(|| format!("{shown}: cannot be read"))
}
