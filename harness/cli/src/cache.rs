//! The cache of compiled code that runs use: where it is, and whether it is used.

use crate::escape;
use crate::output::note;
use anyhow::Result;
use etalon::Cache;
use etalon_adapters::open_cache;
use std::path::{Path, PathBuf};

/// The variable that names the folder.
const VARIABLE: &str = "ETALON_CACHE_DIR";

/// Whether compiled code is kept.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct CacheArgs {
    /// Compile anew, and keep nothing. Else the code of jit is kept for the next run in a folder that `etalon cache` tells of
    #[arg(long = "no-cache")]
    pub is_off: bool,
}

impl CacheArgs {
    /// The cache, if it is to be used and can be. That it cannot be is told, and a run goes on without it.
    pub(crate) fn open(self) -> Option<Cache> {
        let folder = folder().filter(|_| !self.is_off)?;
        match open_cache(&folder) {
            Ok(cache) => Some(cache),
            Err(error) => {
                tell(&folder, "is not used", &error.to_string());
                None
            }
        }
    }
}

/// The folder that is named or usual; `None` if the variable is empty, or nobody has a home here.
fn folder() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    if let Some(named) = variable(VARIABLE) {
        return Some(named).filter(|folder| !folder.as_os_str().is_empty());
    }
    // The rule of the XDG base directories: what is not absolute is as if it were not there.
    let named = variable("XDG_CACHE_HOME").filter(|folder| folder.is_absolute());
    let usual = || Some(variable("HOME").filter(|home| home.is_absolute())?.join(".cache"));
    Some(named.or_else(usual)?.join("etalon"))
}

/// The cache, for what looks after it.
pub(crate) fn opened() -> Result<Cache> {
    let Some(folder) = folder() else {
        anyhow::bail!("there is no cache: {VARIABLE} is empty, or HOME is not set");
    };
    open_cache(&folder).map_err(|error| {
        anyhow::anyhow!("the cache in {} cannot be used: {error}", escape::path(&folder))
    })
}

/// Says once what went wrong with a cache, which is nothing of the run.
pub(crate) fn note_failure(cache: Option<&Cache>) {
    if let Some(cache) = cache
        && let Some(why) = cache.failure()
    {
        tell(cache.folder(), "did not work", &why);
    }
}

fn tell(folder: &Path, what: &str, why: &str) {
    let folder = escape::path(folder);
    note!("the cache in {folder} {what}: {}; --no-cache does without", escape::line(why));
}
