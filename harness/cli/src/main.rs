//! `etalon`, the command line: a WebAssembly engine, and a judge of WebAssembly engines.
#![forbid(unsafe_code)]

mod args;
mod artefact;
mod backtrace;
mod commands;
mod count;
mod coverage;
mod duration;
mod engines;
mod escape;
mod exit;
mod fault;
mod input;
mod output;
mod progress;
mod record_file;
mod time;
mod values;
mod words;

use clap::Parser;
use etalon_record::Fault;
use exit::Status;
use output::Format;
use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let words = words::words(std::env::args_os().collect());
    let status = match args::Cli::try_parse_from(&words) {
        Ok(cli) => {
            let format = cli.format;
            commands::dispatch(cli).unwrap_or_else(|error| fault::tell(&error, format))
        }
        Err(error) => usage(&error, &words),
    };
    output::finish(status).into()
}

/// What was asked for is the help or the version; or the words are not understood.
fn usage(error: &clap::Error, words: &[OsString]) -> Status {
    if !error.use_stderr() {
        output::ours(&error.render().ansi().to_string());
        return Status::Fine;
    }
    // It quotes words of the command line, which may be names of files.
    let shown = words.iter().map(|word| escape::line(&word.to_string_lossy()));
    let again = args::Cli::try_parse_from(shown).err();
    let message = again.as_ref().unwrap_or(error).render().to_string();
    output::note_in_colour([output::lines(message.trim_end())]);
    if Format::asked_for(words) == Format::Json {
        let first = message.lines().next().unwrap_or_default();
        fault::document(Fault::new("usage", first.trim_start_matches("error: ")));
    }
    Status::Unusable
}
