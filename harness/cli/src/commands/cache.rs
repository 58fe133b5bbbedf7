//! `etalon cache`

use crate::cache;
use crate::exit::Status;
use crate::fault::tool;
use crate::output::{Format, json, say};
use crate::words::counted;
use crate::{escape, output};
use anyhow::{Context, Result};
use clap::ValueEnum;
use etalon::{CacheContents, CacheRemoved};
use etalon_record::{Document, Kind};
use serde::Serialize;

/// Arguments of `etalon cache`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
`etalon run` keeps compiled code, so that the next run of the same module with the same settings
need not compile it. The folder is ETALON_CACHE_DIR, or else etalon in XDG_CACHE_HOME or in
~/.cache; ETALON_CACHE_DIR= without a value is no cache. Whoever can write to the folder decides
what code runs: it is made for you alone, and one that others can write to is not used. What
judges engines (spec, wast, diff, fuzz, …) compiles anew and uses no cache.

Examples:
  etalon cache                              where it is, how large, and how often it helped
  etalon cache clear                        remove all of it
  etalon cache trim                         remove what is too much, or was never finished
  etalon cache check                        remove what is damaged; status 1 if anything was
  ETALON_CACHE_DIR=/tmp/mine etalon run m.wat    another folder
  etalon run m.wat --no-cache               without it")]
pub(crate) struct Args {
    /// What to do; it is shown if nothing is said
    #[arg(value_enum)]
    pub action: Option<Action>,
}

/// What is done with the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Action {
    /// Remove all entries, and the counts
    Clear,
    /// Remove what was not used for the longest time, until it is within its size; and what was not finished for an hour
    Trim,
    /// Read all entries, and remove those that are damaged
    Check,
}

/// The body of the document.
#[derive(Debug, Serialize)]
struct Told {
    folder: String,
    entries: usize,
    bytes: u64,
    max_bytes: u64,
    unfinished: usize,
    hits: u64,
    misses: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<Removed>,
}

#[derive(Debug, Serialize)]
struct Removed {
    action: Action,
    entries: usize,
    unfinished: usize,
    bytes: u64,
}

pub(crate) fn run(args: &Args, format: Format) -> Result<Status> {
    let cache = cache::opened()?;
    let done = match args.action {
        None => None,
        Some(Action::Clear) => Some(cache.clear()),
        Some(Action::Trim) => Some(cache.trim()),
        Some(Action::Check) => Some(cache.check()),
    };
    let folder = || escape::path(cache.folder());
    let done: Option<CacheRemoved> = done.transpose().with_context(folder)?;
    let contents: CacheContents = cache.contents().with_context(folder)?;
    let removed = args.action.zip(done).map(|(action, gone)| {
        let CacheRemoved { entries, unfinished, bytes, .. } = gone;
        Removed { action, entries, unfinished, bytes }
    });
    let is_damaged = args.action == Some(Action::Check) && done.is_some_and(|d| d.entries > 0);
    let CacheContents { entries, bytes, max_bytes, unfinished, hits, misses, .. } = contents;
    let folder = cache.folder().display().to_string();
    let told = Told { folder, entries, bytes, max_bytes, unfinished, hits, misses, removed };
    match format {
        Format::Json => json(&Document::new(Kind::Cache, tool(), &told))?,
        Format::Human => print(&told),
    }
    Ok(if is_damaged { Status::Finding } else { Status::Fine })
}

/// A number of entries, for people.
fn entries(n: usize) -> String {
    if n == 1 { "1 entry".to_owned() } else { format!("{n} entries") }
}

fn print(told: &Told) {
    output::say_in_colour([output::plain(escape::file(&told.folder).into_owned())]);
    if let Some(Removed { action, entries: gone, unfinished, bytes }) = &told.removed {
        let what = if *action == Action::Check { "damaged, and removed" } else { "removed" };
        let files = match unfinished {
            0 => String::new(),
            n => format!(" and {}", counted(*n as u64, "unfinished file")),
        };
        say!("{}{files} {what}: {}", entries(*gone), counted(*bytes, "byte"));
    }
    say!("{}, {}", entries(told.entries), counted(told.bytes, "byte"));
    say!("at most {}", counted(told.max_bytes, "byte"));
    if told.unfinished > 0 {
        say!("{} that a process writes, or left behind", counted(told.unfinished as u64, "file"));
    }
    say!("code was found {}, and made {}", times(told.hits), times(told.misses));
}

fn times(n: u64) -> String {
    if n == 1 { "once".to_owned() } else { format!("{n} times") }
}
