//! `etalon gas snapshot`

use super::module::{Loaded, snapshot_path};
use crate::exit::Status;
use crate::fault::{InputError, tool};
use crate::output::{Format, json, lines, say, say_in_colour};
use crate::words::counted;
use crate::{escape, input};
use anyhow::{Result, bail};
use clap::ValueHint;
use etalon::Tier;
use etalon_record::{Document, Kind};
use serde::Serialize;
use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Arguments of `etalon gas snapshot`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Files of scenarios
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    files: Vec<PathBuf>,
    /// Where the snapshot goes; by default beside the scenarios, as .gas; - is standard output
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: Option<PathBuf>,
    /// Gas schedule, in place of the one that the scenarios name
    #[arg(long, value_name = "NAME")]
    schedule: Option<String>,
}

#[derive(Debug, Serialize)]
struct Written {
    scenarios: String,
    module: String,
    schedule: String,
    snapshot: Option<String>,
    steps: usize,
    consumed: u64,
}

#[derive(Debug, Serialize)]
struct Told {
    action: &'static str,
    written: Vec<Written>,
}

pub(super) fn run(args: &Args, format: Format) -> Result<Status> {
    if args.out.is_some() && args.files.len() > 1 {
        bail!("--out takes one file of scenarios");
    }
    let mut written = Vec::new();
    for file in &args.files {
        written.push(one(args, file, format)?);
    }
    if format == Format::Json {
        json(&Document::new(Kind::Gas, tool(), &Told { action: "snapshot", written }))?;
    }
    Ok(Status::Fine)
}

fn one(args: &Args, file: &Path, format: Format) -> Result<Written> {
    let loaded = Loaded::read(file, args.schedule.as_deref())?;
    let snapshot = loaded.snapshot(Tier::Oracle)?;
    let steps = || snapshot.scenarios.iter().flat_map(|scenario| &scenario.steps);
    let consumed = steps().map(|step| step.consumed()).fold(0, u64::saturating_add);
    let out = args.out.clone().unwrap_or_else(|| snapshot_path(file));
    let to_stdout = input::is_stdin(&out);
    let text = snapshot.to_string();
    let count = steps().count();
    match to_stdout {
        true if format == Format::Human => say_in_colour([lines(text.trim_end())]),
        true => {}
        false => {
            input::keep(&loaded.read_files(), &out)?;
            write(&out, &text)?;
        }
    }
    if format == Format::Human && !to_stdout {
        let steps = counted(count as u64, "step");
        say!("{}: {steps}, {consumed} gas by {}", escape::path(&out), snapshot.schedule);
    }
    Ok(Written {
        scenarios: file.display().to_string(),
        module: loaded.module_path.display().to_string(),
        schedule: snapshot.schedule.clone(),
        snapshot: (!to_stdout).then(|| out.display().to_string()),
        steps: count,
        consumed,
    })
}

/// Writes a file whole, or not at all. What is no file, such as a pipe, is written to as it is; a link stays one.
pub(super) fn write(path: &Path, text: &str) -> Result<()> {
    let fault = |error: std::io::Error| InputError::io(path, "cannot be written", &error);
    let there = std::fs::metadata(path);
    if there.as_ref().is_ok_and(|there| !there.is_file()) {
        let mut file = std::fs::File::options().write(true).open(path).map_err(fault)?;
        return Ok(file.write_all(text.as_bytes()).map_err(fault)?);
    }
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    let new = tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder.unwrap_or(Path::new(".")));
    // The message is of the file that was meant, not of the temporary one.
    let mut new = new.map_err(|error| fault(error.kind().into()))?;
    new.write_all(text.as_bytes()).map_err(fault)?;
    if let Ok(there) = there {
        new.as_file().set_permissions(there.permissions()).map_err(fault)?;
    }
    new.persist(&target).map_err(|error| fault(error.error))?;
    Ok(())
}
