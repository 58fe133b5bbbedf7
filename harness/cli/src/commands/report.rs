//! `etalon report`

use crate::escape;
use crate::exit::Status;
use crate::fault::{InputError, tool};
use crate::input;
use crate::output::{Format, json, say};
use crate::record_file;
use anyhow::{Result, bail};
use etalon_record::{Document, FuzzRecord, Kind, Record, SuiteRecord, read_record};
use etalon_reports::{Baseline, compare, render_records, verdict};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Arguments of `etalon report`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  etalon spec --record spec.json && etalon report spec.json --out reports/out
  etalon report x86_64.json aarch64.json --out reports/out
  etalon report spec.json --compare reports/baseline/x86_64.json
  etalon report shard-*.json --out reports/out       one campaign of `etalon fuzz --shard I/N`")]
pub(crate) struct Args {
    /// Records, as spec, wast, diff and fuzz write them with `--record` or `--format json`
    #[arg(required = true)]
    pub records: Vec<PathBuf>,
    /// The folder for the reports, with one folder in it for each architecture
    #[arg(long, value_name = "DIR", default_value = "reports/out")]
    pub out: PathBuf,
    /// A committed summary to compare with; anything that became worse is a finding
    #[arg(long, value_name = "BASELINE")]
    pub compare: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, format: Format) -> Result<Status> {
    record_file::folder(&args.out)?;
    let records = args.records.iter().map(|path| {
        let text = input::read_text(path)?;
        Ok((path.as_path(), read_record(&text).map_err(|error| wrong(path, &error))?))
    });
    let records = one_campaign(records.collect::<Result<_>>()?)?;
    let baseline = match &args.compare {
        None => None,
        Some(path) => {
            let baseline = Baseline::read(&input::read_text(path)?);
            Some(baseline.map_err(|error| wrong(path, &error))?)
        }
    };
    let suites: Vec<_> = records
        .iter()
        .filter_map(|record| match record {
            Record::Suite(suite) => Some(suite.clone()),
            _ => None,
        })
        .collect();
    let pages = render_records(records, baseline.as_ref(), &args.out)?;
    let inputs: Vec<&Path> =
        args.records.iter().chain(&args.compare).map(PathBuf::as_path).collect();
    pages.iter().try_for_each(|page| input::keep(&inputs, &page.path))?;
    pages.iter().try_for_each(|page| page.write())?;
    let mut rendered = Rendered {
        files: pages.iter().map(|page| page.path.display().to_string()).collect(),
        verdicts: suites.iter().map(|suite| verdict(suite).to_string()).collect(),
        ..Rendered::default()
    };
    let status = match baseline {
        None => Status::Fine,
        Some(baseline) => rendered.judge(&baseline, &suites)?,
    };
    match format {
        Format::Json => json(&Document::new(Kind::Report, tool(), rendered))?,
        Format::Human => rendered.print(),
    }
    Ok(status)
}

/// Merges the records of campaigns of each architecture. One that does not belong there is named.
fn one_campaign(records: Vec<(&Path, Record)>) -> Result<Vec<Record>> {
    let mut merged = Vec::new();
    let mut campaigns = BTreeMap::<String, (&Path, FuzzRecord)>::new();
    for (path, record) in records {
        let Record::Fuzz(record) = record else {
            merged.push(record);
            continue;
        };
        match campaigns.get_mut(&record.arch) {
            Some((first, campaign)) => campaign.merge(record).map_err(|error| {
                InputError::usage(
                    path,
                    format!("cannot be merged with {}: {error}", escape::path(first)),
                )
            })?,
            None => {
                campaigns.insert(record.arch.clone(), (path, record));
            }
        }
    }
    merged.extend(campaigns.into_values().map(|(_, campaign)| Record::Fuzz(campaign)));
    Ok(merged)
}

/// Why a file is not what it should be.
fn wrong(path: &Path, error: &dyn std::error::Error) -> anyhow::Error {
    InputError::new("syntax", path, error.to_string()).into()
}

/// What was rendered, and how it compares with the baseline.
#[derive(Debug, Default, Serialize)]
struct Rendered {
    files: Vec<String>,
    verdicts: Vec<String>,
    worse: Vec<String>,
    better: Vec<String>,
}

impl Rendered {
    /// Names what became worse since the baseline.
    fn judge(&mut self, baseline: &Baseline, suites: &[SuiteRecord]) -> Result<Status> {
        let Some(suite) = suites.iter().find(|suite| suite.arch == baseline.arch) else {
            bail!("the baseline is for {}, and no record is", baseline.arch);
        };
        let comparison = compare(baseline, &Baseline::of(suite));
        self.worse = comparison.regressions.iter().map(|change| change.to_string()).collect();
        self.better = comparison.improvements.iter().map(|change| change.to_string()).collect();
        Ok(if comparison.is_clean() { Status::Fine } else { Status::Finding })
    }

    fn print(&self) {
        self.files.iter().chain(&self.verdicts).for_each(|line| say!("{line}"));
        self.worse.iter().for_each(|change| say!("worse: {change}"));
        self.better.iter().for_each(|change| say!("better: {change}"));
    }
}
