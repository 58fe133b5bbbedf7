//! `etalon man`

use crate::args::Cli;
use crate::exit::Status;
use crate::fault::tool;
use crate::output::{Format, json, say};
use anyhow::{Context, Result};
use clap::{CommandFactory, ValueHint};
use etalon_record::{Document, Kind};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Arguments of `etalon man`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  etalon man ~/.local/share/man/man1     then `man etalon`, `man etalon-spec`, …
  etalon man man && man man/etalon.1     look at one")]
pub(crate) struct Args {
    /// The folder, which is made if it is not there
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    folder: PathBuf,
}

/// The body of the document.
#[derive(Debug, Serialize)]
struct Written {
    /// The files' names, in their order.
    files: Vec<String>,
}

pub(crate) fn run(args: &Args, format: Format) -> Result<Status> {
    let Args { folder } = args;
    let fault = || format!("cannot write the manual pages to {}", folder.display());
    std::fs::create_dir_all(folder).with_context(fault)?;
    let mut all = Cli::command();
    all.build();
    let mut files = Vec::new();
    write(&all, folder, &mut files).with_context(fault)?;
    files.sort();
    match format {
        Format::Human => say!("{} pages in {}", files.len(), folder.display()),
        Format::Json => json(&Document::new(Kind::Man, tool(), Written { files }))?,
    }
    Ok(Status::Fine)
}

/// A page for a command, and one for each of its commands.
fn write(command: &clap::Command, folder: &Path, files: &mut Vec<String>) -> std::io::Result<()> {
    let page = clap_mangen::Man::new(command.clone());
    let name = page.get_filename();
    let mut text = Vec::new();
    page.render(&mut text)?;
    std::fs::write(folder.join(&name), text)?;
    files.push(name);
    let inner = command.get_subcommands().filter(|inner| inner.get_name() != "help");
    inner.filter(|inner| !inner.is_hide_set()).try_for_each(|inner| write(inner, folder, files))
}
