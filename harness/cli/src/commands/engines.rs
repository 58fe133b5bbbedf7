//! `etalon engines`

use crate::exit::Status;
use crate::fault::tool;
use crate::output::{Format, json, say};
use anyhow::Result;
use etalon_adapters::{ENGINE_NAMES, adapter};
use etalon_record::{EngineInfo, EnginesRecord};

/// Arguments of `etalon engines`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  etalon engines                     names for --engine, with what each consists of
  etalon engines --format json       the same for a program")]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args, format: Format) -> Result<Status> {
    let tool = tool();
    let mut record = EnginesRecord::new(tool, std::env::consts::ARCH);
    for name in ENGINE_NAMES {
        record.engines.push(adapter(name)?.info());
    }
    match format {
        Format::Json => json(&record)?,
        Format::Human => record.engines.iter().for_each(print),
    }
    Ok(Status::Fine)
}

fn print(engine: &EngineInfo) {
    say!("{} {}", engine.name, engine.version);
    for part in &engine.parts {
        say!("  {:<16} {}", part.role, part.by);
    }
    say!("  {:<16} {}", "features", engine.features.join(", "));
}
