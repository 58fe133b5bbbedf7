//! SpiderMonkey, in Firefox without a window.
//!
//! The process of the engine is one of this program that stands between ([`bridge`]): it hands each request to the driver of
//! JavaScript engines, which it has put into an empty page, by Marionette, and passes on what the page says to standard output. The
//! browser itself is in the care of another process ([`keeper`]), which ends it and removes its profile when the first one is
//! gone, however that ended.

mod bridge;
mod keeper;
mod marionette;

use crate::adapter::AdapterError;
use crate::registry::in_path;
use bridge::bridge;
use keeper::{KEEPER, keep};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a browser needs on a busy machine before it can say anything.
pub(crate) const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// What the programs are called where none is named.
const PROGRAMS: &[&str] = &["firefox", "firefox-esr"];

/// The browser that an engine's name means; `None` if it means none.
///
/// # Errors
/// If it is not there.
pub(crate) fn program(name: &str) -> Option<Result<PathBuf, AdapterError>> {
    let failed = |reason: String| AdapterError { engine: name.to_owned(), reason };
    if name == "firefox" {
        let missing = || failed(format!("there is no {} in the path", PROGRAMS.join(" or ")));
        return Some(PROGRAMS.iter().find_map(in_path).ok_or_else(missing));
    }
    let path = Path::new(name.strip_prefix("firefox:")?);
    let found = if path.components().count() > 1 {
        path.is_file().then(|| path.to_owned())
    } else {
        in_path(path)
    };
    Some(
        found.ok_or_else(|| {
            failed(format!("{} cannot be started: it is not there", path.display()))
        }),
    )
}

/// Stands between standard input, `output` and a browser, if the engine with the name is one, until the input ends.
///
/// # Errors
/// If there is no such browser, or it does not do what it is to do.
pub(crate) fn browse(name: &str, output: &File) -> Option<io::Result<()>> {
    if let Some(browser) = name.strip_prefix(KEEPER) {
        return Some(keep(Path::new(browser), output));
    }
    Some(match program(name)? {
        Ok(browser) => bridge(&browser, output),
        Err(error) => Err(io::Error::other(error)),
    })
}
