//! Reading modules: binary, text, or an artefact.

use crate::fault::InputError;
use anyhow::Result;
use etalon::{Module, unstable};
use etalon_harness::script::{EMPTY_MODULE, is_blank, unfold};
use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// More bytes than this are no file that is meant.
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
    Ok(read_module_and_text(path, precompiled)?.0)
}

/// The same, with the text that was translated if the file is text.
pub(crate) fn read_module_and_text(
    path: &Path,
    precompiled: Precompiled,
) -> Result<(Vec<u8>, Option<String>)> {
    let bytes = read(path)?;
    if Module::is_artefact(&bytes) && !precompiled.allowed {
        let message = "this is an artefact: it holds machine code, which runs as it is; if you trust the file as a \
             program, say so with --allow-precompiled";
        return Err(InputError::new("artefact", path, message).into());
    }
    if bytes.starts_with(b"\0asm") || Module::is_artefact(&bytes) {
        return Ok((bytes, None));
    }
    let is_binary = path.extension().is_some_and(|extension| extension == "wasm");
    match std::str::from_utf8(&bytes) {
        Ok(text) if looks_like_text(text) => {
            let text = unfold(text);
            if is_blank(&text) {
                return Ok((if is_binary { bytes } else { EMPTY_MODULE.to_vec() }, None));
            }
            let wasm = wat::Parser::new().parse_str(Some(path), &text).map_err(|error| {
                let message =
                    format!("not a module in the text format: {}", error.to_string().trim_end());
                InputError::new("syntax", path, message)
            })?;
            Ok((wasm, Some(text.into_owned())))
        }
        // The decoder says what is wrong with it, and where.
        _ => Ok((bytes, None)),
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

/// Reads a file that must be text.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    String::from_utf8(read(path)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        InputError::new("syntax", path, format!("not UTF-8 at byte {at}")).into()
    })
}

/// Whether a path means standard input.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Standard input can be read once.
static STDIN_WAS_READ: AtomicBool = AtomicBool::new(false);

/// Reads a file, or standard input for `-`, unless it is too large to be intended.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    let unreadable = |error| InputError::io(path, "cannot be read", &error);
    if is_stdin(path) {
        if STDIN_WAS_READ.swap(true, Ordering::Relaxed) {
            return Err(InputError::new("usage", path, "standard input was already read").into());
        }
        return read_all(path, std::io::stdin().lock());
    }
    let file = File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.is_dir() {
        let message = "this is a folder, but a file is needed";
        return Err(InputError::new("usage", path, message).into());
    }
    read_all(path, file)
}

/// Reads to the end. A file may be a pipe, so its size is not known before.
fn read_all(path: &Path, from: impl Read) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| InputError::io(path, "cannot be read", &error))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        let message = format!("more than {MAX_FILE_BYTES} bytes, which is the most that is read");
        return Err(InputError::new("limit", path, message).into());
    }
    Ok(bytes)
}
