//! `etalon report`

use crate::exit::Status;
use crate::input;
use anyhow::{Context, Result, bail};
use etalon_record::read_record;
use etalon_reports::{Baseline, compare, render_records, verdict};
use std::path::{Path, PathBuf};

/// Arguments of `etalon report`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  etalon spec --record spec.json && etalon report spec.json --out reports/out
  etalon report x86_64.json aarch64.json --out reports/out
  etalon report spec.json --compare reports/baseline/x86_64.json")]
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

pub(crate) fn run(args: &Args) -> Result<Status> {
    let mut records = Vec::new();
    for path in &args.records {
        let text = text(path)?;
        records.push(read_record(&text).with_context(|| path.display().to_string())?);
    }
    let baseline = match &args.compare {
        None => None,
        Some(path) => {
            let baseline = Baseline::read(&text(path)?);
            Some(baseline.with_context(|| path.display().to_string())?)
        }
    };
    let suites: Vec<_> = records
        .iter()
        .filter_map(|record| match record {
            etalon_record::Record::Suite(suite) => Some(suite.clone()),
            _ => None,
        })
        .collect();
    for path in render_records(records, baseline.as_ref(), &args.out)? {
        println!("{}", path.display());
    }
    suites.iter().for_each(|suite| println!("{}", verdict(suite)));
    match baseline {
        None => Ok(Status::Fine),
        Some(baseline) => judge(&baseline, &suites),
    }
}

/// Names what became worse since the baseline.
fn judge(baseline: &Baseline, suites: &[etalon_record::SuiteRecord]) -> Result<Status> {
    let Some(suite) = suites.iter().find(|suite| suite.arch == baseline.arch) else {
        bail!("the baseline is for {}, and no record is", baseline.arch);
    };
    let comparison = compare(baseline, &Baseline::of(suite));
    for change in &comparison.regressions {
        println!("worse: {change}");
    }
    for change in &comparison.improvements {
        println!("better: {change}");
    }
    Ok(if comparison.is_clean() { Status::Fine } else { Status::Finding })
}

fn text(path: &Path) -> Result<String> {
    String::from_utf8(input::read(path)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        anyhow::anyhow!("{}: not UTF-8 at byte {at}", path.display())
    })
}
