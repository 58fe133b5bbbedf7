//! `etalon`, the command line: a WebAssembly engine, and a judge of WebAssembly engines.
#![forbid(unsafe_code)]

mod args;
mod artefact;
mod backtrace;
mod cache;
mod commands;
mod count;
mod coverage;
mod disassembly;
mod duration;
mod engines;
mod escape;
mod exit;
mod fault;
mod figures;
mod input;
mod output;
mod program;
mod progress;
mod record_file;
mod seed;
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
            let done = commands::dispatch(cli).unwrap_or_else(|error| fault::tell(&error, format));
            time::status_after_signals(done)
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
        fault::document(Fault::new("usage", one_line(&message)));
    }
    Status::Unusable
}

/// What is wrong, without how it would be right: all that stands before the usage.
fn one_line(message: &str) -> String {
    let is_help =
        |line: &str| line.starts_with("Usage:") || line.starts_with("For more information");
    let said = message.lines().take_while(|line| !is_help(line)).map(str::trim);
    let mut whole = String::new();
    for line in said.filter(|line| !line.is_empty()) {
        match () {
            () if whole.is_empty() => {}
            () if line.starts_with("tip:") => whole += "; ",
            // Names that are missing are in a list, one on each line.
            () if whole.ends_with(['>', ']']) && line.starts_with(['<', '-']) => whole += ", ",
            () => whole += " ",
        }
        whole += line;
    }
    whole.trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(words: &[&str]) -> String {
        let words = words::words(words.iter().map(OsString::from).collect());
        one_line(&args::Cli::try_parse_from(words).unwrap_err().render().to_string())
    }

    #[test]
    fn what_is_wrong_is_told_whole() {
        for (words, message) in [
            (
                &["etalon", "run", "--format", "json"][..],
                "the following required arguments were not provided: <FILE>",
            ),
            (
                &["etalon", "compile"],
                "the following required arguments were not provided: --output <OUT>, <FILE>",
            ),
            (
                &["etalon", "run", "x", "--format", "xml"],
                "invalid value 'xml' for '--format <FORMAT>' [possible values: human, json]",
            ),
            (
                &["etalon", "rum"],
                "unrecognized subcommand 'rum'; tip: a similar subcommand exists: 'run'",
            ),
        ] {
            assert_eq!(refused(words), message);
        }
    }

    /// The name of the program is the same wherever it is called from.
    #[test]
    fn usage_names_the_program_as_the_examples_do() {
        for command in ["run", "diff", "wast", "validate"] {
            let error = args::Cli::try_parse_from(["/some/where/other-name", command]).unwrap_err();
            let text = error.render().to_string();
            assert!(text.contains(&format!("Usage: etalon {command} ")), "{text}");
        }
    }

    #[test]
    fn help_is_text_in_any_format() {
        for words in [
            &["etalon", "help", "--format", "json"][..],
            &["etalon", "help", "--format=json", "run"],
            &["etalon", "--format", "json", "help", "run"],
            &["etalon", "help", "run"],
        ] {
            let words = words::words(words.iter().map(OsString::from).collect());
            let error = args::Cli::try_parse_from(words).unwrap_err();
            assert_eq!(error.kind(), clap::error::ErrorKind::DisplayHelp);
        }
    }
}
