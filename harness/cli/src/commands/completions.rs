//! `etalon completions`

use crate::args::Cli;
use crate::exit::Status;
use crate::fault::tool;
use crate::output::{Format, json, ours};
use anyhow::Result;
use clap::CommandFactory;
use clap_complete::{Shell, generate};
use etalon_record::{Document, Kind};
use serde::Serialize;

/// Arguments of `etalon completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  source <(etalon completions bash)                          in this shell
  etalon completions bash > ~/.local/share/bash-completion/completions/etalon
  etalon completions zsh > ~/.zfunc/_etalon                  a folder of $fpath
  etalon completions fish > ~/.config/fish/completions/etalon.fish")]
pub(crate) struct Args {
    /// The shell
    pub shell: Shell,
}

/// The body of the document.
#[derive(Debug, Serialize)]
struct Completions {
    shell: String,
    script: String,
}

pub(crate) fn run(args: &Args, format: Format) -> Result<Status> {
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "etalon", &mut script);
    let script = String::from_utf8(script)?;
    match format {
        Format::Human => ours(&script),
        Format::Json => {
            let body = Completions { shell: args.shell.to_string(), script };
            json(&Document::new(Kind::Completions, tool(), body))?;
        }
    }
    Ok(Status::Fine)
}
