//! The interpreter of wabt. It runs a script from its beginning to its end and keeps nothing, so the process of the engine is
//! one of this program that writes scripts: of each session what was done so far and what is asked now.
//!
//! `spectest-interp` is the one of wabt's programs that runs scripts; it stands beside `wasm-interp`. What it prints of a float
//! may lack the bits of a NaN, so only integers and external references pass: small modules stand between.

mod output;
mod replay;
mod script;
mod session;
mod small;
mod state;
mod values;

use crate::adapter::AdapterError;
use crate::registry::in_path;
use replay::serve;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// The program that runs scripts.
const PROGRAM: &str = "spectest-interp";

/// What turns a feature on or off, for those that are not always on.
const FLAGS: &[(&str, &str, &str)] = &[
    ("mutable-global", "", "--disable-mutable-globals"),
    ("nontrapping-float-to-int-conversions", "", "--disable-saturating-float-to-int"),
    ("sign-extension-ops", "", "--disable-sign-extension"),
    ("multi-value", "", "--disable-multi-value"),
    ("reference-types", "", "--disable-reference-types"),
    ("bulk-memory", "", "--disable-bulk-memory"),
    ("simd", "", "--disable-simd"),
    ("extended-const", "--enable-extended-const", ""),
    ("tail-call", "--enable-tail-call", ""),
    ("multi-memory", "--enable-multi-memory", ""),
    ("memory64", "--enable-memory64", ""),
    ("relaxed-simd", "--enable-relaxed-simd", ""),
    ("threads", "--enable-threads", ""),
    ("legacy-exceptions", "--enable-exceptions", ""),
];

/// The program that an engine's name means; `None` if it means none.
///
/// # Errors
/// If it is not there.
pub(crate) fn program(name: &str) -> Option<Result<PathBuf, AdapterError>> {
    let found = match name.strip_prefix("wasm-interp") {
        Some("") => in_path(PROGRAM),
        Some(path) => {
            let program = Path::new(path.strip_prefix(':')?).with_file_name(PROGRAM);
            program.is_file().then_some(program)
        }
        None => return None,
    };
    Some(found.ok_or_else(|| {
        let place = if name.contains(':') { "there" } else { "in the path" };
        AdapterError { engine: name.to_owned(), reason: format!("there is no {PROGRAM} {place}") }
    }))
}

/// Answers requests from standard input, if the engine with the name is this one.
///
/// # Errors
/// If it is not there, or ends as it should not.
pub(crate) fn replays(name: &str, output: &File) -> Option<io::Result<()>> {
    Some(match program(name)? {
        Ok(program) => serve(&program, output),
        Err(error) => Err(io::Error::other(error)),
    })
}
