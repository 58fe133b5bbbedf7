//! Reading modules: binary, text, or an artefact.

use crate::backtrace;
use crate::fault::{self, InputError};
use anyhow::Result;
use etalon::{LoadError, Module, unstable};
use etalon_harness::script::{EMPTY_MODULE, Place, is_blank, place, text_module, unfold};
use etalon_record::Backtrace;
use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
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

/// A module as it was read.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    /// The binary, or an artefact.
    pub bytes: Vec<u8>,
    /// The text that was translated, if the file is text.
    text: Option<String>,
}

impl Input {
    /// Where in the text an offset of the binary is.
    pub(crate) fn place(&self, offset: u64) -> Option<Place> {
        place(self.text.as_ref()?, &self.bytes, offset)
    }

    /// Adds lines and columns to a backtrace, where the module is text.
    pub(crate) fn locate(&self, backtrace: &mut Backtrace) {
        if let Some(text) = &self.text {
            backtrace::locate(backtrace, text, &self.bytes);
        }
    }

    /// The decoder or the validator refuses the module.
    pub(crate) fn refused(&self, file: &Path, error: &LoadError) -> InputError {
        self.refused_at(file, fault::word(&error.kind), &error.message, error.offset)
    }

    /// Something at an offset of the binary is refused.
    pub(crate) fn refused_at(
        &self,
        file: &Path,
        kind: &str,
        message: &str,
        offset: u64,
    ) -> InputError {
        let mut refused = InputError::new(kind, file, message);
        refused.fault.offset = Some(offset);
        refused.at(self.place(offset), self.text.as_deref().unwrap_or_default())
    }
}

/// Reads a file, text translated to binary. Whatever its name, a file that begins as an artefact does is one, and refused unless
/// the user said that it can be trusted.
pub(crate) fn read_module(path: &Path, precompiled: Precompiled) -> Result<Input> {
    let bytes = read(path)?;
    if Module::is_artefact(&bytes) && !precompiled.allowed {
        let message = "this is an artefact: it holds machine code, which runs as it is; if you trust the file as a \
             program, say so with --allow-precompiled";
        return Err(InputError::new("artefact", path, message).into());
    }
    if bytes.starts_with(b"\0asm") || Module::is_artefact(&bytes) {
        return Ok(Input { bytes, text: None });
    }
    let is_binary = path.extension().is_some_and(|extension| extension == "wasm");
    match std::str::from_utf8(&bytes) {
        Ok(text) if looks_like_text(text) => {
            let text = unfold(text);
            if is_blank(&text) {
                let bytes = if is_binary { bytes } else { EMPTY_MODULE.to_vec() };
                return Ok(Input { bytes, text: None });
            }
            let bytes = text_module(&text).map_err(|fault| {
                let message = format!("not a module in the text format: {}", fault.message);
                InputError::new("malformed", path, message).at(Some(fault.place), &text)
            })?;
            Ok(Input { bytes, text: Some(text.into_owned()) })
        }
        // The decoder says what is wrong with it, and where.
        _ => Ok(Input { bytes, text: None }),
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
        let mut wrong = InputError::new("syntax", path, "not UTF-8");
        wrong.fault.offset = Some(at as u64);
        wrong.into()
    })
}

/// Refuses to write a file over one that is read: by its name, through a link, as standard input, or as a script in a folder.
pub(crate) fn keep(inputs: &[&Path], output: &Path) -> Result<()> {
    let identity = |path: &Path| {
        let data = match is_stdin(path) {
            true => File::from(std::io::stdin().as_fd().try_clone_to_owned().ok()?).metadata(),
            false => std::fs::metadata(path),
        };
        data.ok().map(|data| (data.dev(), data.ino()))
    };
    // What is no file, such as /dev/null or a terminal, is not written over.
    if std::fs::metadata(output).is_ok_and(|data| !data.is_file()) {
        return Ok(());
    }
    let written = identity(output);
    let is_script = output.extension().is_some_and(|extension| extension == "wast");
    let is_lost = |input: &&Path| match written {
        Some(_) if is_script && input.is_dir() => holds(input, output),
        Some(written) => identity(input) == Some(written),
        // It is not there yet, and will be read.
        None => *input == output,
    };
    if inputs.iter().any(is_lost) {
        let message = "this is also what is read; it would be lost";
        return Err(InputError::usage(output, message).into());
    }
    Ok(())
}

/// Whether a file is in a folder.
fn holds(folder: &Path, file: &Path) -> bool {
    match (folder.canonicalize(), file.canonicalize()) {
        (Ok(folder), Ok(file)) => file.starts_with(folder),
        _ => false,
    }
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
            return Err(InputError::usage(path, "standard input was already read").into());
        }
        return read_all(path, std::io::stdin().lock());
    }
    let file = File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.is_dir() {
        let message = "this is a folder, but a file is needed";
        return Err(InputError::usage(path, message).into());
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
