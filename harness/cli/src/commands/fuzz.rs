//! `etalon fuzz`

use crate::commands::diff::{outcomes, phrase};
use crate::duration;
use crate::engines::{self, EngineArgs, OWN_TIERS};
use crate::exit::Status;
use crate::fault::tool;
use crate::output;
use crate::output::{Format, bad, good, json, note, plain, say};
use crate::progress::CaseLine;
use anyhow::{Context, Result, bail};
use etalon_adapters::{Features, GasConfig, RuleTally};
use etalon_harness::coverage::{rule_coverage, watch};
use etalon_harness::diff::{DiffOptions, RunOptions};
use etalon_harness::fuzz::{FuzzOptions, fuzz};
use etalon_harness::generate::{PROFILES, Profile};
use etalon_record::{FuzzRecord, to_json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Arguments of `etalon fuzz`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  etalon fuzz --time 10m --seed 7                    compare all tiers with the oracle
  etalon fuzz --cases 1000 --engine oracle,jit --profile calls,traps
  etalon fuzz --cases 100 --seed 7 --format json     the same cases on every machine

Case number i depends only on i, the seed, the profiles and the features that the engines have in common.
Each finding is saved as a folder that replays: `etalon diff FOLDER/module.wasm`.")]
pub(crate) struct Args {
    /// How long to run: 90s, 10m, '1h 30m'
    #[arg(long, value_name = "T", value_parser = duration::parse)]
    pub time: Option<Duration>,
    /// How many cases to run; 1000 if neither this nor --time is given
    #[arg(long, value_name = "N")]
    pub cases: Option<u64>,
    /// Seed of everything that is generated
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// How many cases run at a time; by default one for each core
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
    #[command(flatten)]
    pub engine: EngineArgs,
    /// Profiles of generated modules, used in turn: wasm3, wasm2, mvp, quiet, traps, calls, memory, float, simd, gc; by default all
    #[arg(long = "profile", value_name = "NAME", value_delimiter = ',')]
    pub profiles: Vec<String>,
    /// How often each export is called
    #[arg(long, default_value_t = 4, value_name = "N")]
    pub rounds: usize,
    /// Gas limit of each case; it also ends endless loops
    #[arg(long, default_value_t = 1_000_000, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub gas: u64,
    /// Gas schedule: a built-in name or a file
    #[arg(long, value_name = "NAME")]
    pub schedule: Option<String>,
    /// Also report which rules of the specification the cases reach on the oracle
    #[arg(long)]
    pub coverage: bool,
    /// Where to save findings
    #[arg(long, default_value = "findings", value_name = "DIR")]
    pub out: PathBuf,
    /// Also write the record to a file
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, format: Format) -> Result<Status> {
    let mut adapters = args.engine.adapters(OWN_TIERS)?;
    let tally = args.coverage.then(RuleTally::new);
    if let Some(tally) = &tally {
        watch(&mut adapters, tally);
    }
    if adapters.len() < 2 {
        bail!("fuzz compares at least two engines, but only one is named");
    }
    if args.cases == Some(0) {
        bail!("--cases 0 asks for nothing; run one case at least");
    }
    let profiles = profiles(&args.profiles)?;
    let common = adapters.iter().fold(Features::all(), |set, a| set.intersection(a.features()));
    let schedule = engines::schedule(args.schedule.as_deref())?;
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let options = FuzzOptions {
        seed: args.seed,
        cases: args.cases.or(if args.time.is_none() { Some(1000) } else { None }),
        time: args.time,
        jobs: args.jobs.unwrap_or_else(cores),
        engines: adapters,
        profiles,
        rounds: args.rounds,
        diff: DiffOptions {
            run: RunOptions {
                features: common,
                gas: Some(GasConfig { schedule, limit: Some(args.gas) }),
                state: true,
            },
            policies: BTreeSet::new(),
            trap_prefix: false,
        },
        out: Some(args.out.clone()),
        keep: 20,
    };
    let started = Instant::now();
    let line = CaseLine::new(options.cases);
    let tool = tool();
    let mut record = fuzz(&options, tool, std::env::consts::ARCH, &line)?;
    line.clear();
    record.coverage.rules = tally.as_ref().map(rule_coverage);
    if let Some(path) = &args.record {
        std::fs::write(path, to_json(&record)?)
            .with_context(|| format!("{}: cannot be written", path.display()))?;
    }
    match format {
        Format::Json => json(&record)?,
        Format::Human => print(args, &record, started),
    }
    if calls(&record) == 0 {
        note!("error: no call was compared");
    }
    Ok(match (record.findings.is_empty(), calls(&record)) {
        (false, _) => Status::Finding,
        (true, 0) => Status::Unusable,
        (true, _) => Status::Fine,
    })
}

/// How many calls were compared: actions that did not load a module.
fn calls(record: &FuzzRecord) -> u64 {
    let outcomes = record.coverage.outcomes.iter();
    outcomes.filter(|(name, _)| !name.starts_with("loading: ")).map(|(_, n)| n).sum()
}

/// The profiles of these names, or all.
fn profiles(names: &[String]) -> Result<Vec<&'static Profile>> {
    if names.is_empty() {
        return Ok(PROFILES.iter().collect());
    }
    let named = |name: &String| match Profile::named(name) {
        Some(profile) => Ok(profile),
        None => {
            let known: Vec<&str> = PROFILES.iter().map(|p| p.name).collect();
            bail!("{name:?} is not a profile; the profiles are {}", known.join(", "))
        }
    };
    names.iter().map(named).collect()
}

fn print(args: &Args, record: &FuzzRecord, started: Instant) {
    for finding in &record.findings {
        let at = finding.operator.as_ref().map(|op| format!(" at {op}")).unwrap_or_default();
        let title = format!("{}: {}{at}", finding.id, phrase(finding.what));
        output::say_in_colour([bad(title), plain(format!(" (cases: {})", finding.cases))]);
        if let Some(summary) = &finding.summary {
            say!("  {summary}");
        }
        say!("  saved in {}", args.out.join(&finding.folder).display());
    }
    let engines: Vec<&str> = record.engines.iter().map(|e| e.name.as_str()).collect();
    let seconds = started.elapsed().as_secs_f64();
    let rate = if seconds > 0.0 {
        format!(", {:.0} a second", record.cases as f64 / seconds)
    } else {
        String::new()
    };
    say!(
        "{} calls of {} cases on {} from seed {}{rate}",
        calls(record),
        record.cases,
        engines.join(", "),
        record.seed
    );
    let coverage = &record.coverage;
    say!("operators reached: {} of {}", coverage.operators_reached, coverage.operators_total);
    say!("outcomes: {}", outcomes(&coverage.outcomes));
    if let Some(rules) = &coverage.rules {
        crate::coverage::print(rules);
    }
    output::say_in_colour([match record.findings.len() {
        0 if calls(record) == 0 => bad("nothing was compared"),
        0 => good("no finding"),
        n => bad(format!("{n} findings")),
    }]);
}
