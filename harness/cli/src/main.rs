//! `etalon`, the command line: a WebAssembly engine, and a judge of WebAssembly engines.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks on both")]

mod args;
mod commands;
mod coverage;
mod engines;
mod exit;
mod input;
mod output;
mod progress;
mod values;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = args::Cli::parse();
    match commands::dispatch(cli) {
        Ok(status) => status.into(),
        Err(error) => {
            // The chain of causes on one line: the innermost names the file and the offset.
            eprintln!("error: {error:#}");
            exit::Status::Unusable.into()
        }
    }
}
