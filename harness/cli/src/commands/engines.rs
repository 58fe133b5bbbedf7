//! `etalon engines`

use crate::engines::EngineArgs;
use crate::exit::Status;
use crate::fault::tool;
use crate::output::{Format, json, note, say};
use anyhow::Result;
use etalon_adapters::{Adapter, ENGINE_NAMES, FOREIGN_NAMES, PROBES, Probed, SETTINGS, probe};
use etalon_record::{EngineInfo, EnginesRecord};
use std::sync::Arc;

/// Arguments of `etalon engines`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  etalon engines                          names for --engine, with what each consists of
  etalon engines --format json            the same for a program
  etalon engines --engine oracle,node --probe
                                          which features do they implement?
  etalon engines --engine 'jit?opt=none&cpu=baseline'
                                          a tier of ours that is set otherwise")]
pub(crate) struct Args {
    #[command(flatten)]
    pub engine: EngineArgs,
    /// Print which features each engine implements: those of which it runs a tiny module
    #[arg(long)]
    pub probe: bool,
}

pub(crate) fn run(args: &Args, format: Format) -> Result<Status> {
    // One that cannot be started hides nothing of the others.
    let (mut engines, mut failed) = (Vec::new(), Vec::new());
    for engine in args.engine.each_adapter(ENGINE_NAMES) {
        match engine {
            Ok(engine) => engines.push(engine),
            Err(error) => failed.push(error),
        }
    }
    if engines.is_empty()
        && let Some(error) = failed.pop()
    {
        return Err(error.into());
    }
    failed.iter().for_each(|error| note!("error: {error}"));
    let status = if failed.is_empty() { Status::Fine } else { Status::Unusable };
    let mut record = EnginesRecord::new(tool(), std::env::consts::ARCH);
    record.engines = engines.iter().map(|engine| engine.info()).collect();
    let named = !args.engine.engines.is_empty() || !args.engine.tiers.is_empty();
    if args.probe {
        probed(&engines, record, format)?;
        return Ok(status);
    }
    match format {
        Format::Json => json(&record)?,
        Format::Human => {
            record.engines.iter().for_each(print);
            if !named {
                say!("engines of others: {}", FOREIGN_NAMES.join(", "));
                say!("settings of ours, behind a ?: {SETTINGS}");
            }
        }
    }
    Ok(status)
}

/// Prints which features each engine implements.
fn probed(engines: &[Arc<dyn Adapter>], mut record: EnginesRecord, format: Format) -> Result<()> {
    let probed = engines.iter().map(|engine| probe(engine.as_ref()));
    let probed: Vec<Probed> = probed.collect::<Result<_, _>>()?;
    for (info, probed) in record.engines.iter_mut().zip(&probed) {
        info.features = probed.features.names().into_iter().map(str::to_owned).collect();
        if probed.accepts_invalid {
            note!(
                "note: {} accepts a module that is not valid, so what it accepts says nothing",
                info.name
            );
        }
    }
    if format == Format::Json {
        json(&record)?;
        return Ok(());
    }
    let names: Vec<&str> = record.engines.iter().map(|info| info.name.as_str()).collect();
    say!("{:<38}{}", "", names.join("  "));
    for (feature, _) in PROBES {
        let cell = |(name, probed): (&&str, &Probed)| {
            let cell = match probed.features.names().contains(feature) {
                true => "yes",
                false if probed.failed.contains(feature) => "crash",
                false => "-",
            };
            format!("{cell:<width$}", width = name.chars().count() + 2)
        };
        let row: String = names.iter().zip(&probed).map(cell).collect();
        say!("{feature:<38}{}", row.trim_end());
    }
    Ok(())
}

fn print(engine: &EngineInfo) {
    say!("{} {}", engine.name, engine.version);
    for part in &engine.parts {
        say!("  {:<16} {}", part.role, part.by);
    }
    say!("  {:<16} {}", "features", engine.features.join(", "));
}
