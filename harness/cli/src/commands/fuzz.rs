//! `etalon fuzz`

use crate::commands::check::Check;
use crate::commands::diff::phrase;
use crate::commands::laws;
use crate::commands::verdict::{outcomes, print_allowed, print_untold};
use crate::count;
use crate::duration;
use crate::engines::{self, EngineArgs, OWN_TIERS, Offered, VersionArgs};
use crate::escape;
use crate::exit::Status;
use crate::fault::{InputError, tool};
use crate::input;
use crate::output;
use crate::output::{Format, bad, good, json, note, plain, say};
use crate::progress::CaseLine;
use crate::record_file::{self, RecordFile};
use crate::seed::{self, Seed};
use crate::time::Timeout;
use crate::words::counted;
use anyhow::{Result, bail};
use etalon_adapters::{Adapter, Features, GasConfig, RuleTally, Schedule};
use etalon_harness::coverage::watch;
use etalon_harness::diff::{DiffOptions, Policy, RunOptions};
use etalon_harness::fuzz::{FuzzOptions, JOURNAL, Outcomes, fuzz, seed_in};
use etalon_harness::generate::{PROFILES, Profile};
use etalon_harness::script::{SelectionError, Shard};
use etalon_harness::settings::law_schedules;
use etalon_record::{Aspect, FuzzRecord, SameAs, to_json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Arguments of `etalon fuzz`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  etalon fuzz --time 10m --seed 7                    compare all tiers with the oracle
  etalon fuzz --modules 1000 --engine oracle,jit --profile single,chains
  etalon fuzz --modules 100 --seed 7 --format json     the same cases on every machine
  etalon fuzz --engine oracle,capi:v9.so --bisect-versions capi:v1.so,capi:v5.so,capi:v9.so
  etalon fuzz --modules 1000000 --out night --resume   go on with a campaign that was broken off
  etalon fuzz --modules 1000000 --seed nightly --shard 3/8 --record 3.json    a part of it
  etalon report 1.json 2.json 3.json                   merge the records of shards
  etalon fuzz --check deterministic --modules 1000     equal gas and NaNs, and the laws of gas

A case is one call of a generated function; a module has many. The engines are compared with the
first. Module number i depends only on i, the seed, the profiles and the features that the engines
have in common; so a shard is known by seed, I and N, and all shards together are the campaign
without shards. Every other module runs with settings of the engines that must not show. Each
finding is saved when it is found, as a folder that replays: `etalon diff FOLDER`. At the end it
is reduced, for a minute at most, and its cause is named. Ctrl-C breaks off the cases under way
and gives the record of those that are done, without reducing; a second one ends at once.
`campaign.jsonl` in the folder says what was done. With --resume and the same options a campaign
goes on after a signal, or a crash of the machine, and ends with the record of one that was never
broken off. A new campaign in the same folder keeps that file as `campaign.old.jsonl`.")]
pub(crate) struct Args {
    /// How long to run: 90s, 10m, '1h 30m'; with --resume, how much longer
    #[arg(long, value_name = "T", value_parser = duration::parse)]
    pub time: Option<Duration>,
    /// How many modules to generate, each with some hundred cases; 100 if neither this nor --time is given
    #[arg(long, alias = "cases", value_name = "N", value_parser = count::runs())]
    pub modules: Option<u64>,
    /// End at the first finding, when it is saved
    #[arg(long)]
    pub until_finding: bool,
    /// Seed of everything that is generated: a number; `date:2026-11-29`, which is the seed 20261129; or `nightly`, which is that of
    /// today in UTC, or of the campaign that --resume goes on with
    #[arg(long, default_value = "1", value_name = "N", value_parser = seed::parse)]
    pub seed: Seed,
    /// Only part I of N parts of the campaign, each for a machine of its own
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub shard: Option<Shard>,
    /// How many cases run at a time; by default one for each core
    #[arg(long, value_name = "N", value_parser = count::jobs())]
    pub jobs: Option<usize>,
    #[command(flatten)]
    pub engine: EngineArgs,
    /// Profiles of generated modules, used in turn: single, chains, control, objects, sequences, scripts, smith, wasm3, wasm2, mvp, quiet, traps, calls, memory, float, simd, gc; by default all of these. `sweep` goes through every operator, operand and edge value
    #[arg(long = "profile", value_name = "NAME", value_delimiter = ',', value_parser = profile_names())]
    #[arg(hide_possible_values = true)]
    pub profiles: Vec<String>,
    /// Run every module with the engines as they are named; otherwise every other one runs with other settings: without optimisation, with the least of the processor, with explicit bounds checks, from artefacts, on mixed tiers, collecting before each allocation, without gas
    #[arg(long)]
    pub no_rotation: bool,
    /// How often each export is called
    #[arg(long, default_value_t = 4, value_name = "N", value_parser = count::rounds())]
    pub rounds: usize,
    /// Gas limit of each case; it also ends endless loops
    #[arg(long, default_value_t = 1_000_000, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub gas: u64,
    /// Gas schedule: etalon-1, flat, wasmtime-48, wasmi-2, or a file
    #[arg(long, value_name = "NAME", value_parser = engines::schedule_names())]
    #[arg(hide_possible_values = true)]
    pub schedule: Option<String>,
    /// Check what chains need: deterministic is equal gas, also where a call traps, equal bits of NaNs, and the laws of gas, on engines
    /// that all meter, under one schedule after the other unless one is named
    #[arg(long, value_enum, value_name = "NAME")]
    pub check: Option<Check>,
    /// Also report which rules of the specification the cases reach on the oracle
    #[arg(long)]
    pub coverage: bool,
    #[command(flatten)]
    pub versions: VersionArgs,
    #[command(flatten)]
    pub timeout: Timeout,
    /// Where to save findings
    #[arg(long, default_value = "findings", value_name = "DIR")]
    pub out: PathBuf,
    /// Also write to a file what each case came to on the first engine, as sums, for --same-as on another machine
    #[arg(long, value_name = "FILE")]
    pub outcomes: Option<PathBuf>,
    /// Compare each case with what another machine, or another version of an engine, wrote with --outcomes and the same options. Only
    /// the modules that both run are compared, so times need not be the same
    #[arg(long, value_name = "FILE")]
    pub same_as: Option<PathBuf>,
    /// Go on with the campaign in that folder, which must have been begun with the same options
    #[arg(long)]
    pub resume: bool,
    /// Also write the record to a file
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
}

/// The engines whose gas is checked if none is named.
const LAWFUL_TIERS: &[&str] = &["oracle", "interp", "jit", "aot", "auto"];

/// The schedules that modules run under in turn; none where it is one.
fn schedules(args: &Args) -> Vec<Arc<Schedule>> {
    match args.check {
        Some(Check::Deterministic) if args.schedule.is_none() => law_schedules(),
        _ => Vec::new(),
    }
}

/// The engines that were named, or those that run if none is.
fn adapters(args: &Args, tally: Option<&RuleTally>) -> Result<Vec<Arc<dyn Adapter>>> {
    let default = if args.check.is_some() { LAWFUL_TIERS } else { OWN_TIERS };
    let mut adapters = args.engine.adapters(default)?;
    args.check.map_or(Ok(()), |check| check.can_take(&adapters))?;
    if let Some(tally) = tally {
        watch(&mut adapters, tally, false);
    }
    if adapters.len() < 2 {
        bail!("fuzz compares at least two engines, but only one is named");
    }
    Ok(adapters)
}

/// Whether every engine runs what the profiles generate.
fn can_take(engines: &[Arc<dyn Adapter>], profiles: &[&Profile]) -> Result<()> {
    let has_programs = profiles.iter().any(|profile| profile.is_of_programs());
    let takes = |engine: &Arc<dyn Adapter>| engine.runs_programs() && engine.confines_programs();
    let Some(engine) = engines.iter().find(|engine| has_programs && !takes(engine)) else {
        return Ok(());
    };
    let name = engine.info().name;
    let why = match engine.runs_programs() {
        true => "does not keep programs of WASI in their folders",
        false => "runs no programs of WASI",
    };
    bail!("{name} {why}, so it cannot take the profile `programs`")
}

pub(crate) fn run(args: &Args, format: Format) -> Result<Status> {
    let tally = args.coverage.then(RuleTally::new);
    let adapters = adapters(args, tally.as_ref())?;
    let profiles = profiles(&args.profiles)?;
    can_take(&adapters, &profiles)?;
    let common = adapters.iter().fold(Features::all(), |set, a| set.intersection(a.features()));
    let schedule = engines::schedule(args.schedule.as_deref())?;
    let (time, stopped) = args.timeout.stoppable()?;
    record_file::folder(&args.out)?;
    let out = |error| InputError::io(&args.out, "cannot be made", &error);
    if !args.resume {
        std::fs::create_dir_all(&args.out).map_err(out)?;
    }
    let journal = args.out.join(JOURNAL);
    let inputs: Vec<&Path> = args.schedule.iter().map(Path::new).chain([&*journal]).collect();
    let record_file = args.record.as_deref().map(|path| RecordFile::create(path, &inputs));
    let record_file = record_file.transpose()?;
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let mut options = FuzzOptions {
        seed: args.seed.number(|| args.resume.then(|| seed_in(&args.out)).flatten()),
        modules: args.modules.or(if args.time.is_none() { Some(100) } else { None }),
        shard: args.shard,
        time: args.time,
        until_finding: args.until_finding,
        jobs: args.jobs.unwrap_or_else(cores),
        engines: adapters,
        profiles,
        rotates: !args.no_rotation,
        schedules: schedules(args),
        rounds: args.rounds,
        diff: DiffOptions {
            run: RunOptions {
                features: common,
                gas: Some(GasConfig { schedule, limit: Some(args.gas) }),
                state: true,
                time: Some(time),
            },
            policies: BTreeSet::new(),
            trap_prefix: false,
            laws: args.check.is_some(),
        },
        out: Some(args.out.clone()),
        resume: args.resume,
        keep: 20,
        rules: tally,
        versions: args.versions.versions()?.map(Arc::new),
        outcomes: None,
    };
    options.outcomes = compared(args, &options)?;
    let started = Instant::now();
    let line = CaseLine::new(options.ours());
    let record = fuzz(&options, tool(), std::env::consts::ARCH, &line)?;
    line.clear();
    if line.was_complete() {
        let out = escape::path(&args.out);
        note!("{out}: this campaign is complete; nothing was run");
    }
    if let Some(file) = record_file {
        file.write(&to_json(&record)?)?;
    }
    match format {
        Format::Json => json(&record)?,
        Format::Human => print(args, &record, started),
    }
    Ok(stopped.status(ended(&record, stopped.is_stopped(), options.ours() == Some(0))))
}

/// What is written of each case, and what another machine wrote.
fn compared(args: &Args, options: &FuzzOptions) -> Result<Option<Arc<Outcomes>>> {
    let (file, other) = (args.outcomes.as_deref(), args.same_as.as_deref());
    if file.is_none() && other.is_none() {
        return Ok(None);
    }
    if let (Some(file), Some(other)) = (file, other) {
        input::keep(&[other], file)?;
    }
    let tool = tool();
    let by = (tool.version.as_str(), std::env::consts::ARCH);
    Ok(Some(Arc::new(Outcomes::new(options, by, file, other)?)))
}

/// Says how it ended where that is not plain; gives the status. A shard of a small campaign may have nothing to do, and has then
/// done it.
fn ended(record: &FuzzRecord, is_stopped: bool, is_empty: bool) -> Status {
    if is_stopped {
        note!("stopped: the same command with --resume goes on");
    } else if is_empty {
        note!("this shard has no module: there are more shards than modules");
    } else if record.cases == 0 {
        note!("error: no call was compared");
    }
    status(record, is_stopped || is_empty)
}

/// The status that stands for what was found.
fn status(record: &FuzzRecord, is_excused: bool) -> Status {
    let crashed = record.findings.iter().any(|finding| finding.what == Aspect::Crash);
    if record.timed_out > 0 || crashed {
        Status::EngineFailed
    } else if !record.findings.is_empty() || differs_elsewhere(record) {
        Status::Finding
    } else if record.cases == 0 && !is_excused {
        Status::Unusable
    } else {
        Status::Fine
    }
}

fn shard(text: &str) -> Result<Shard, SelectionError> {
    text.parse()
}

fn profile_names() -> Offered {
    Offered::of(PROFILES.iter().map(|profile| profile.name))
}

/// The profiles of these names, or all.
fn profiles(names: &[String]) -> Result<Vec<&'static Profile>> {
    if names.is_empty() {
        return Ok(PROFILES
            .iter()
            .filter(|profile| !profile.is_sweep() && !profile.is_of_programs())
            .collect());
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
        if let Some(since) = &finding.since {
            say!("  {}", escape::line(since));
        }
        say!("  saved in {}", escape::path(&args.out.join(&finding.folder)));
    }
    let engines: Vec<&str> = record.engines.iter().map(|e| e.name.as_str()).collect();
    let seconds = started.elapsed().as_secs_f64();
    // Of this run, and not of those before it.
    let rate = if seconds > 0.0 && !args.resume {
        format!(", {:.0} a second", record.cases as f64 / seconds)
    } else {
        String::new()
    };
    let shard = args.shard.map(|shard| format!(", shard {shard}")).unwrap_or_default();
    say!(
        "{} in {} on {} from seed {}{shard}{rate}",
        counted(record.cases, "case"),
        counted(record.modules, "module"),
        engines.join(", "),
        record.seed
    );
    let coverage = &record.coverage;
    say!("operators reached: {} of {}", coverage.operators_reached, coverage.operators_total);
    say!("outcomes: {}", outcomes(&record.outcomes));
    print_allowed(&record.poisoned);
    print_untold(&record.untold);
    if record.timed_out > 0 {
        output::say_in_colour([bad(format!("timed out: {}", record.timed_out))]);
    }
    if let Some(laws) = &record.laws {
        laws::print(laws);
    }
    if let Some(rules) = &coverage.rules {
        crate::coverage::print(rules);
    }
    if let Some(other) = &record.same_as {
        print_same_as(other);
    }
    if record.findings.is_empty() && differs_elsewhere(record) {
        return;
    }
    output::say_in_colour([match record.findings.len() {
        0 if record.cases == 0 => bad("nothing was compared"),
        0 if ended_early(record) => bad("nothing was compared to the end"),
        0 => good("no finding"),
        n => bad(counted(n as u64, "finding")),
    }]);
}

/// Whether a case came to something else on another machine.
fn differs_elsewhere(record: &FuzzRecord) -> bool {
    record.same_as.as_ref().is_some_and(|other| other.different > 0)
}

/// What came of comparing with another machine.
fn print_same_as(other: &SameAs) {
    let arch = escape::line(&other.arch);
    for what in other.first.values() {
        output::say_in_colour([bad(format!("other than on {arch}: ")), plain(escape::line(what))]);
    }
    let both = format!("{} in {}", counted(other.cases, "case"), counted(other.modules, "module"));
    let absent = match other.absent {
        0 => String::new(),
        n => format!("; {} ran only here", counted(n, "module")),
    };
    output::say_in_colour([match (other.modules, other.different) {
        (0, _) => bad(format!("no module ran both here and on {arch}{absent}")),
        (_, 0) => good(format!("the same as on {arch}: {both}{absent}")),
        (_, n) => bad(format!("other than on {arch}: {} of {both}{absent}", counted(n, "module"))),
    }]);
}

/// Whether each module was compared only until something that ends a comparison: all engines need do is to run out of something.
fn ended_early(record: &FuzzRecord) -> bool {
    let ends = |name: &&String| Policy::from_name(name).is_some_and(|policy| !policy.goes_on());
    let ended = record.poisoned.iter().filter(|(name, _)| ends(name)).map(|(_, count)| count);
    ended.sum::<u64>() + record.timed_out == record.modules
}

#[cfg(test)]
mod tests {
    use super::*;
    use etalon_record::Finding;

    /// A crash is an engine's failure, however it was found.
    #[test]
    fn the_status_says_what_was_found() {
        let record = |calls, what: Option<Aspect>| {
            let mut record = FuzzRecord::new(tool(), "any", 1);
            record.cases = calls;
            record.findings.extend(what.map(|what| Finding {
                id: "x".into(),
                what,
                folder: "x".into(),
                operator: None,
                engines: Vec::new(),
                summary: None,
                cases: 1,
                shard: None,
                since: None,
            }));
            record
        };
        for (calls, what, expected) in [
            (1, None, Status::Fine),
            (0, None, Status::Unusable),
            (1, Some(Aspect::Results), Status::Finding),
            (1, Some(Aspect::Crash), Status::EngineFailed),
        ] {
            assert_eq!(status(&record(calls, what), false), expected, "{what:?}");
        }
        assert_eq!(status(&record(0, None), true), Status::Fine, "the signal says the rest");
    }
}
