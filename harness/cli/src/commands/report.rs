//! `etalon report`

use crate::commands::report_inputs::{baselines, history, merged, read};
use crate::exit::Status;
use crate::fault::tool;
use crate::input;
use crate::output::{Format, json, note, plain, say, say_in_colour};
use crate::record_file;
use anyhow::Result;
use etalon_record::{Document, Kind, Record, SuiteRecord};
use etalon_reports::{Options, Rendered, render_records};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Arguments of `etalon report`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  etalon spec --record spec.json && etalon report spec.json --out reports/out
  etalon report x86_64.json aarch64.json             one page over both: in what do they differ?
  etalon report spec.json --compare reports/baseline
  etalon report spec.json --history records          since when does it fail?
  etalon report spec.json --card --compare reports/baseline
  etalon report shard-*.json --out reports/out       one campaign of `etalon fuzz --shard I/N`")]
pub(crate) struct Args {
    /// Records, as spec, wast, diff and fuzz write them with `--record` or `--format json`
    #[arg(required = true)]
    pub records: Vec<PathBuf>,
    /// The folder for the reports, with one folder in it for each architecture
    #[arg(long, value_name = "DIR", default_value = "reports/out")]
    pub out: PathBuf,
    /// A committed summary to compare with, or a folder with one for each architecture; anything that became worse
    /// is a finding
    #[arg(long, value_name = "BASELINE")]
    pub compare: Option<PathBuf>,
    /// Records of earlier runs, the oldest first by their names: they tell since when something fails
    #[arg(long, value_name = "DIR")]
    pub history: Option<PathBuf>,
    /// Print a card for a pull request: what changed, in ten lines of Markdown
    #[arg(long, conflicts_with = "annotations")]
    pub card: bool,
    /// Print annotations as GitHub reads them from a step's output
    #[arg(long)]
    pub annotations: bool,
}

pub(crate) fn run(args: &Args, format: Format) -> Result<Status> {
    record_file::folder(&args.out)?;
    let records = args.records.iter().map(|path| Ok((path.as_path(), read(path)?)));
    let records = merged(records.collect::<Result<_>>()?)?;
    let suites: Vec<&SuiteRecord> = records
        .iter()
        .filter_map(|record| match record {
            Record::Suite(suite) => Some(suite),
            _ => None,
        })
        .collect();
    let mut notes = Vec::new();
    let baselines = match &args.compare {
        Some(path) => baselines(path, &suites, &mut notes)?,
        None => Vec::new(),
    };
    let history = match &args.history {
        Some(folder) => Some(history(folder, &args.records, &suites, &mut notes)?),
        None => None,
    };
    let options = Options { baselines, history };
    let rendered = render_records(records, &options, &args.out)?;
    let inputs: Vec<&Path> = args
        .records
        .iter()
        .chain(&args.compare)
        .chain(&args.history)
        .map(PathBuf::as_path)
        .collect();
    rendered.pages.iter().try_for_each(|page| input::keep(&inputs, &page.path))?;
    rendered.pages.iter().try_for_each(|page| page.write())?;
    tell(args, &rendered, &notes, format)?;
    Ok(if rendered.is_clean() { Status::Fine } else { Status::Finding })
}

/// Differences that are printed.
const MOST_DIFFERENCES: usize = 20;

/// The body of the document.
#[derive(Debug, Serialize)]
struct Told<'a> {
    files: Vec<String>,
    verdicts: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    differences: &'a [String],
    worse: &'a [String],
    better: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<&'a str>,
}

fn tell(args: &Args, rendered: &Rendered, notes: &[String], format: Format) -> Result<()> {
    let Rendered { pages, verdicts, differences, worse, better, card, annotations, .. } = rendered;
    let files: Vec<String> = pages.iter().map(|page| page.path.display().to_string()).collect();
    if format == Format::Json {
        let card = args.card.then_some(card.as_str());
        let annotations = args.annotations.then_some(annotations.as_str());
        let told = Told { files, verdicts, differences, worse, better, notes, card, annotations };
        return json(&Document::new(Kind::Report, tool(), told));
    }
    notes.iter().for_each(|text| note!("note: {text}"));
    if args.card || args.annotations {
        // Their lines are theirs, and what records bring into them is escaped.
        let text = if args.card { card } else { annotations };
        text.lines().for_each(|line| say_in_colour([plain(line)]));
        return Ok(());
    }
    files.iter().chain(verdicts).for_each(|line| say!("{line}"));
    // The first is in the verdict.
    let rest = differences.get(1..).unwrap_or_default();
    rest.iter().take(MOST_DIFFERENCES).for_each(|line| say!("differs: {line}"));
    if let Some(left) = rest.len().checked_sub(MOST_DIFFERENCES).filter(|left| *left > 0) {
        say!("… and {left} more; the page and --format json have them");
    }
    worse.iter().for_each(|change| say!("worse: {change}"));
    better.iter().for_each(|change| say!("better: {change}"));
    Ok(())
}
