//! `etalon gas instrument`

use crate::commands::validate::{feature_names, features};
use crate::exit::Status;
use crate::fault::{InputError, tool};
use crate::input::{self, Input, Precompiled};
use crate::output::{self, Format, json, note};
use crate::words::counted;
use crate::{engines, escape, record_file};
use anyhow::{Result, bail};
use clap::ValueHint;
use etalon_instrument::{Error, Settings, instrument};
use etalon_record::{Document, Kind};
use serde::Serialize;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// Arguments of `etalon gas instrument`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The copy charges gas-1 by itself, so any engine runs it metered. It exports, besides what the
module does:

  etalon.gas_left         mutable i64: what is left; -1 when gas has run out
  etalon.stopped          mutable i32: why the copy trapped by itself: 0 it did not, 1 out of gas,
                          2 stack overflow, 3 heap exhaustion
  etalon.depth            mutable i64: the depth, in slots
  etalon.heap             mutable i64: bytes of the objects that were made
  etalon.gas_of_loading   i64: what loading costs, without the start function
  etalon.begin(i64)       begins an invocation with so much gas, at depth 0; a negative
                          number is as -1: out of gas at once
  etalon.charge(i64)      charges more: for host functions, such as for the bytes they touch

The embedder calls etalon.begin before each invocation, and looks at etalon.stopped where it
traps. Without that, all calls share what --gas gives, from loading on.

Example:
  etalon gas instrument token.wat -o metered.wasm --gas 1000000")]
pub(super) struct Args {
    /// The module
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: PathBuf,
    /// The copy; - is standard output
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: PathBuf,
    /// Gas schedule: a built-in one, or a file
    #[arg(long, value_name = "NAME", value_parser = engines::schedule_names())]
    schedule: Option<String>,
    /// Gas for loading and all calls, until etalon.begin gives more; by default 2^63 - 1
    #[arg(long, value_name = "N")]
    gas: Option<u64>,
    /// Features that the module may use: wasm1, wasm2, wasm3, all, or features by name
    #[arg(long, value_delimiter = ',', default_value = "wasm3", value_name = "NAME", value_parser = feature_names())]
    #[arg(hide_possible_values = true)]
    features: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Told {
    action: &'static str,
    module: String,
    out: String,
    schedule: String,
    functions: usize,
    bytes: usize,
    gas_of_loading: u64,
    left_out: Vec<String>,
}

pub(super) fn run(args: &Args, format: Format) -> Result<Status> {
    let to_stdout = input::is_stdin(&args.out);
    if to_stdout && format == Format::Json {
        bail!("the copy and the document cannot both be written to standard output");
    }
    if to_stdout && std::io::stdout().is_terminal() {
        bail!("the copy is not text; it is not written to a terminal");
    }
    let schedule = engines::schedule(args.schedule.as_deref())?;
    let mut read: Vec<&Path> = vec![&args.file];
    read.extend(args.schedule.as_deref().map(Path::new).filter(|path| path.exists()));
    if !to_stdout {
        input::keep(&read, &args.out)?;
        record_file::in_folder(&args.out)?;
    }
    let input = input::read_module(&args.file, Precompiled { allowed: false })?;
    let features = features(&args.features)?;
    let limit = args.gas;
    if limit.is_some_and(|limit| i64::try_from(limit).is_err()) {
        bail!("a limit is at most 9223372036854775807");
    }
    let settings = Settings { schedule: schedule.clone(), features, limit };
    let copy =
        instrument(&input.bytes, &settings).map_err(|error| refused(&args.file, &input, error))?;
    if to_stdout {
        output::bytes(&copy.wasm);
        return Ok(Status::Fine);
    }
    record_file::replace(&args.out, &copy.wasm)
        .map_err(|error| InputError::io(&args.out, "cannot be written", &error))?;
    let functions = counted(copy.functions as u64, "function");
    let (bytes, loading) = (copy.wasm.len(), copy.gas_of_loading);
    let id = schedule.id();
    note!(
        "{}: {bytes} bytes, {functions} with charges by {id}; loading costs {loading} gas",
        escape::path(&args.out)
    );
    for name in &copy.left_out {
        note!(
            "left out, because it names places in code: the custom section {}",
            escape::name(name)
        );
    }
    if format == Format::Json {
        let body = Told {
            action: "instrument",
            module: args.file.display().to_string(),
            out: args.out.display().to_string(),
            schedule: id.to_string(),
            functions: copy.functions,
            bytes,
            gas_of_loading: loading,
            left_out: copy.left_out,
        };
        json(&Document::new(Kind::Gas, tool(), &body))?;
    }
    Ok(Status::Fine)
}

/// Why a module has no copy, with the place where there is one.
fn refused(file: &Path, input: &Input, error: Error) -> InputError {
    match error {
        Error::Load(load) => input.refused(file, &load),
        Error::Operator { operator, offset } => {
            let message = format!("{operator} cannot be metered by code");
            input.refused_at(file, "unsupported", &message, offset)
        }
        Error::TooLarge { .. } | Error::TooMany(_) | Error::Imports { .. } | Error::Cap { .. } => {
            InputError::new("limit", file, error.to_string())
        }
        other => InputError::new("unsupported", file, other.to_string()),
    }
}
