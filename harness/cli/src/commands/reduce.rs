//! `etalon reduce`

use crate::commands::cause::{CaseArgs, print_cause, print_divergence};
use crate::exit::Status;
use crate::fault::{InputError, tool};
use crate::output::{self, Format, json, note, say};
use crate::words::counted;
use crate::{count, escape, input, record_file};
use anyhow::{Context, Result};
use etalon_harness::localise::Cause;
use etalon_harness::reduce::{Budget, reduce};
use etalon_record::{Divergence, Document, Kind};
use serde::Serialize;
use std::path::PathBuf;

/// Arguments of `etalon reduce`.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "etalon reduce [OPTIONS] -o <OUT> <FILE> [--invoke <NAME> [ARG]...]",
    after_help = "\
Examples:
  etalon reduce module.wasm -o small.wat --engine oracle,jit
  etalon reduce module.wasm -o small.wat --invoke div 7 -1

What is written is text, or binary if its name ends in .wasm. The calls in it are told. The result
depends on the module, the calls and the number of tries, and not on the number of threads."
)]
pub(crate) struct Args {
    #[command(flatten)]
    pub case: CaseArgs,
    /// Where to write the module; - is standard output
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,
    /// How many modules are tried at most
    #[arg(long, default_value_t = Budget::default().tries, value_name = "N")]
    pub tries: u64,
    /// How many are tried at a time; by default one for each core
    #[arg(long, value_name = "N", value_parser = count::jobs())]
    pub jobs: Option<usize>,
}

/// The body of the document.
#[derive(Debug, Serialize)]
struct Smaller {
    file: String,
    output: Option<String>,
    tries: u64,
    lines: usize,
    divergence: Option<Divergence>,
    cause: Option<Cause>,
}

pub(crate) fn run(args: &Args, format: Format) -> Result<Status> {
    let to_stdout = input::is_stdin(&args.output);
    if !to_stdout {
        input::keep(&[&args.case.file], &args.output)?;
        record_file::in_folder(&args.output)?;
    } else if format == Format::Json {
        let message = "the module and the document cannot both be written to standard output";
        return Err(InputError::usage(&args.output, message).into());
    }
    let Some(compared) = args.case.compare()? else { return Ok(Status::EngineFailed) };
    let file = args.case.file.display().to_string();
    let Some((engine, difference)) = compared.divergence() else {
        match format {
            Format::Human if to_stdout => note!("{}: no divergence", escape::file(&file)),
            Format::Human => compared.print_agreement(),
            Format::Json => {
                let (divergence, cause) = (None, None);
                let body = Smaller { file, output: None, tries: 0, lines: 0, divergence, cause };
                json(&Document::new(Kind::Reduce, tool(), body))?;
            }
        }
        return Ok(compared.status_of_agreement());
    };
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = args.jobs.unwrap_or_else(cores);
    let budget = Budget { tries: args.tries, jobs, time: None };
    let reduced = reduce(&compared.differ, &compared.case, engine, &difference, budget)?;
    let text = wasmprinter::print_bytes(&reduced.case.wasm).context("it cannot be printed")?;
    let is_binary = args.output.extension().is_some_and(|extension| extension == "wasm");
    let bytes = if is_binary { &reduced.case.wasm } else { text.as_bytes() };
    if to_stdout {
        output::bytes(bytes);
        return Ok(compared.stopped.status(Status::Finding));
    }
    record_file::replace(&args.output, bytes)
        .map_err(|error| InputError::io(&args.output, "cannot be written", &error))?;
    let output = args.output.display().to_string();
    let differ = reduced.under.as_deref().unwrap_or(&compared.differ);
    let found = differ.divergence_in(&reduced.case, &reduced.judged);
    let lines = text.lines().count();
    match format {
        Format::Json => {
            let (output, tries, cause) = (Some(output), reduced.tries, reduced.cause);
            let body = Smaller { file, output, tries, lines, divergence: found, cause };
            json(&Document::new(Kind::Reduce, tool(), body))?;
        }
        Format::Human => {
            let (lines, tries) = (counted(lines as u64, "line"), counted(reduced.tries, "module"));
            say!("{}: {lines} after {tries}", escape::file(&output));
            if let Some(divergence) = &found {
                print_divergence(divergence);
            }
            for call in &reduced.case.calls {
                let args = call.args.iter().map(|value| value.to_record().as_word());
                let words: Vec<String> = args.map(|word| format!(" {word}")).collect();
                say!("  --invoke {}{}", escape::word(&call.export), words.concat());
            }
            if let Some(cause) = &reduced.cause {
                let names: Vec<&str> = differ.names().collect();
                let other = if reduced.under.is_some() { 1 } else { engine };
                print_cause(cause, &[0, other].map(|place| names[place].to_owned()));
            }
        }
    }
    Ok(compared.stopped.status(Status::Finding))
}
