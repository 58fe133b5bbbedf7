//! `etalon gas schedule`

use super::snapshot::write;
use crate::exit::Status;
use crate::fault::{InputError, tool};
use crate::output::{Format, json, lines, say, say_in_colour};
use crate::words::counted;
use crate::{engines, escape, input};
use anyhow::{Result, bail};
use clap::{Subcommand, ValueHint};
use etalon::Schedule;
use etalon_record::{Document, Kind};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Arguments of `etalon gas schedule`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the built-in schedules
    List,
    /// Print every number of a schedule in its canonical form, whose digest is in the id
    Show {
        /// A built-in schedule, or a file
        #[arg(value_name = "NAME")]
        schedule: String,
    },
    /// Say whether files are schedules, and their ids
    Check {
        /// The files
        #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
        schedules: Vec<String>,
    },
    /// Print the numbers in which two schedules differ
    Diff {
        /// A built-in schedule, or a file
        #[arg(value_name = "BEFORE")]
        before: String,
        /// A built-in schedule, or a file
        #[arg(value_name = "NOW")]
        now: String,
    },
    /// Begin a schedule file with the numbers of a built-in one
    New {
        /// The name of the new schedule
        #[arg(value_name = "NAME")]
        name: String,
        /// The built-in schedule that it begins as
        #[arg(long, value_name = "NAME", default_value = "default")]
        from: String,
        /// The file; by default NAME.toml
        #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
        out: Option<PathBuf>,
    },
}

/// A number of a schedule that is another in the second.
#[derive(Debug, Serialize)]
struct Changed {
    key: String,
    before: Option<String>,
    now: Option<String>,
}

#[derive(Debug, Serialize)]
struct Told<T: Serialize> {
    action: &'static str,
    schedules: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<T>,
}

pub(super) fn run(args: &Args, format: Format) -> Result<Status> {
    match &args.command {
        Command::List => list(format),
        Command::Show { schedule } => show(schedule, format),
        Command::Check { schedules } => check(schedules, format),
        Command::Diff { before, now } => diff(before, now, format),
        Command::New { name, from, out } => new(name, from, out.as_ref(), format),
    }
}

fn tell<T: Serialize>(action: &'static str, schedules: Vec<String>, rows: Option<T>) -> Result<()> {
    json(&Document::new(Kind::Gas, tool(), &Told { action, schedules, rows }))
}

fn list(format: Format) -> Result<Status> {
    let ids = Schedule::BUILTIN.iter().filter_map(|name| Schedule::builtin(name));
    let ids: Vec<String> = ids.map(|schedule| schedule.id().to_string()).collect();
    match format {
        Format::Json => tell::<()>("schedule list", ids, None)?,
        Format::Human => ids.iter().for_each(|id| say!("{id}")),
    }
    Ok(Status::Fine)
}

/// The canonical form by lines.
fn numbers(schedule: &Schedule) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(&schedule.canonical_bytes()).into_owned();
    let rows = text.lines().filter_map(|line| line.rsplit_once('='));
    rows.map(|(key, number)| (key.to_owned(), number.to_owned())).collect()
}

fn show(name: &str, format: Format) -> Result<Status> {
    let schedule = engines::schedule(Some(name))?;
    let id = schedule.id().to_string();
    match format {
        Format::Json => tell("schedule show", vec![id], Some(numbers(&schedule)))?,
        Format::Human => {
            let text = String::from_utf8_lossy(&schedule.canonical_bytes()).into_owned();
            say_in_colour([lines(text.trim_end())]);
        }
    }
    Ok(Status::Fine)
}

fn check(names: &[String], format: Format) -> Result<Status> {
    let ids = names.iter().map(|name| Ok(engines::schedule(Some(name))?.id().to_string()));
    let ids = ids.collect::<Result<Vec<String>>>()?;
    match format {
        Format::Json => tell::<()>("schedule check", ids, None)?,
        Format::Human => {
            for (name, id) in names.iter().zip(ids) {
                say!("{}: {id}", escape::file(name));
            }
        }
    }
    Ok(Status::Fine)
}

fn diff(before: &str, now: &str, format: Format) -> Result<Status> {
    let schedules = [before, now].map(|name| engines::schedule(Some(name)));
    let [before, now] = schedules;
    let (before, now) = (before?, now?);
    let (old, mut new) = (numbers(&before), numbers(&now));
    let mut changed: Vec<Changed> = Vec::new();
    for (key, number) in old {
        let now = new.remove(&key);
        if now.as_ref() != Some(&number) {
            changed.push(Changed { key, before: Some(number), now });
        }
    }
    changed.extend(new.into_iter().map(|(key, number)| Changed {
        key,
        before: None,
        now: Some(number),
    }));
    changed.sort_by(|a, b| a.key.cmp(&b.key));
    let status = if changed.is_empty() { Status::Fine } else { Status::Finding };
    let ids = [&before, &now].map(|schedule| schedule.id().to_string());
    match format {
        Format::Json => tell("schedule diff", ids.to_vec(), Some(changed))?,
        Format::Human => {
            let [before, now] = ids;
            let count = counted(changed.len() as u64, "number");
            say!("{before} and {now} differ in {count}");
            for Changed { key, before, now } in changed {
                let [before, now] =
                    [before, now].map(|n| n.unwrap_or_else(|| "nothing".to_owned()));
                say!("  {key}: {before} -> {now}");
            }
        }
    }
    Ok(status)
}

fn new(name: &str, from: &str, out: Option<&PathBuf>, format: Format) -> Result<Status> {
    let Some(text) = Schedule::builtin_text(from) else {
        bail!("{from:?} is no built-in schedule; they are {}", Schedule::BUILTIN.join(", "));
    };
    let before = Schedule::parse(text, from)?;
    let old = format!("name = {:?}", before.id().name());
    let text = text.replacen(&old, &format!("name = {name:?}"), 1);
    let out = out.cloned().unwrap_or_else(|| PathBuf::from(format!("{name}.toml")));
    let schedule = Schedule::parse(&text, name).map_err(|error| {
        InputError::usage(&out, format!("not a schedule's name: {}", error.kind))
    })?;
    if input::is_stdin(&out) {
        bail!("a schedule is written to a file; `etalon gas schedule show` prints one");
    }
    if out.exists() {
        return Err(InputError::usage(&out, "there is a file already; it would be lost").into());
    }
    write(&out, &text)?;
    let id = schedule.id().to_string();
    match format {
        Format::Json => tell::<()>("schedule new", vec![id], None)?,
        Format::Human => say!("{}: {id}, the numbers of {from}", escape::path(&out)),
    }
    Ok(Status::Fine)
}
