//! Reading modules: binary, text, or an artefact.

use anyhow::{Context, Result, bail};
use etalon::{Module, unstable};
use etalon_harness::script::{EMPTY_MODULE, is_blank, unfold};
use std::borrow::Cow;
use std::path::Path;

/// Larger files are refused before they are read.
const MAX_FILE_BYTES: u64 = 1 << 30;

/// Takes an artefact that `etalon compile` made in place of a module.
#[derive(clap::Args, Clone, Copy, Debug)]
pub(crate) struct Precompiled {
    /// Take artefacts too. Their machine code runs as it is, with all rights of this program: only for files that you trust as programs
    #[arg(long = "allow-precompiled")]
    pub allowed: bool,
}

/// Reads a file, text translated to binary. Whatever its name, a file that begins as an artefact does is one, and refused unless
/// the user said that it can be trusted.
pub(crate) fn read_module(path: &Path, precompiled: Precompiled) -> Result<Vec<u8>> {
    let bytes = read(path)?;
    if Module::is_artefact(&bytes) && !precompiled.allowed {
        bail!(
            "{}: this is an artefact: it holds machine code, which runs as it is; if you trust the file as a program, \
             say so with --allow-precompiled",
            path.display()
        );
    }
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

/// The module in an artefact; whatever else, as it is.
pub(crate) fn module_in(bytes: &[u8]) -> Result<Cow<'_, [u8]>> {
    if Module::is_artefact(bytes) {
        return Ok(Cow::Owned(unstable::module_in_artefact(bytes)?));
    }
    Ok(Cow::Borrowed(bytes))
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
