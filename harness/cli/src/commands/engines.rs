//! `etalon engines`

use crate::exit::Status;
use crate::output::{Format, json};
use anyhow::Result;
use etalon_adapters::{ENGINE_NAMES, adapter};
use etalon_record::{EngineInfo, EnginesRecord, Tool};

/// Arguments of `etalon engines`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args, format: Format) -> Result<Status> {
    let tool = Tool::new("etalon", env!("CARGO_PKG_VERSION"));
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
    println!("{} {}", engine.name, engine.version);
    for part in &engine.parts {
        println!("  {:<16} {}", part.role, part.by);
    }
    println!("  {:<16} {}", "features", engine.features.join(", "));
}
