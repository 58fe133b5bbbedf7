//! The loop.

use super::campaign::Campaign;
use super::options::{FuzzError, FuzzOptions, Progress, SoFar};
use super::rotation::Rotation;
use super::tally::Tally;
use crate::diff::{Call, Case};
use crate::generate::{Profile, Stream, cells_of, generate, program_setup};
use crate::settings::limit_text;
use crate::threads::on_threads;
use etalon_adapters::Features;
use etalon_record::{FuzzRecord, Shards, Tool};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Of each function of a module, its operators with the kinds of their operands.
pub(crate) type Cells = Vec<(String, String, String)>;

/// The module with a number, and generated calls, each of which is a case. The same arguments give the same case.
pub fn case_of(
    profile: &Profile,
    features: Features,
    seed: u64,
    number: u64,
    rounds: usize,
) -> Case {
    made(profile, features, seed, number, rounds).0
}

/// The same, with what the generator knows of the module.
fn made(
    profile: &Profile,
    features: Features,
    seed: u64,
    number: u64,
    rounds: usize,
) -> (Case, Cells) {
    let generated = generate(profile, features, seed, number);
    let wasm = generated.wasm;
    let mut stream = Stream::new("arguments", seed, number);
    let name = format!("{} {seed} {number}", profile.name);
    if let Some(calls) = generated.calls {
        let calls = calls.into_iter().map(|(export, args)| Call { export, args });
        let program = profile.is_of_programs().then(|| Box::new(program_setup()));
        let case = Case { program, ..Case::new(name, wasm, calls.collect()) };
        return (Case { is_apart: true, ..case }, generated.cells);
    }
    let rounds = rounds.saturating_mul(profile.calls);
    let case = match Case::of_exports(name.clone(), wasm.clone(), features, &mut stream, rounds) {
        Ok(case) => case,
        // Loading can still be compared.
        Err(_) => Case::new(name, wasm, Vec::new()),
    };
    (Case { is_apart: true, ..case }, generated.cells)
}

/// Runs generated cases until the number of modules or the time is reached, a finding is saved if that is to end it, or the watchdog of the options is stopped.
///
/// The findings in the record depend on the cases that ran, and neither on threads nor on whether the campaign was broken off
/// and went on: of several cases that show the same kind of divergence, the one with the lowest number is reduced and saved. How
/// small it becomes depends on the machine where that takes more than a minute.
/// If the watchdog was stopped, the cases under way do not count, and findings are not reduced.
///
/// # Errors
/// If an engine cannot be set up, the folder of findings cannot be written, or there is no campaign that can go on.
///
/// # Panics
/// If there is no profile, or a thread of the run panicked; panics of engines do not cause this.
pub fn fuzz(
    options: &FuzzOptions,
    tool: Tool,
    arch: &str,
    progress: &dyn Progress,
) -> Result<FuzzRecord, FuzzError> {
    let rotation = Rotation::new(options);
    let campaign = match Campaign::begin(options, &rotation, &tool, arch)? {
        Ok(campaign) => campaign,
        Err(record) => {
            progress.complete();
            return Ok(*record);
        }
    };
    let mut record = FuzzRecord::new(tool, arch, options.seed);
    let names: Vec<&str> = options.profiles.iter().map(|profile| profile.name).collect();
    record.profile = Some(names.join(","));
    record.engines = rotation.plain(options, 0).infos();
    record.rotation = rotation.names();
    record.settings = settings_of(options);
    record.shards = options
        .shard
        .map(|shard| Shards { of: shard.count() as u64, these: vec![shard.index() as u64] });
    record.time_limit = options.diff.run.time.as_ref().and_then(limit_text);

    let done = run_cases(options, &rotation, campaign, progress)?;
    record.same_as = options.outcomes.as_ref().and_then(|outcomes| outcomes.same_as());
    done.finish(record)
}

/// The options that decide what a campaign does, in words, but for those that have a place of their own in the record.
fn settings_of(options: &FuzzOptions) -> BTreeMap<String, String> {
    let run = &options.diff.run;
    let mut settings = BTreeMap::new();
    let mut set = |name: &str, value: Option<String>| {
        settings.extend(value.map(|value| (name.to_owned(), value)));
    };
    let allowed: Vec<&str> = options.diff.policies.iter().map(|policy| policy.name()).collect();
    set("allow", (!allowed.is_empty()).then(|| allowed.join(",")));
    set("features", Some(run.features.names().join(",")));
    set("gas", run.gas.as_ref().and_then(|gas| gas.limit).map(|limit| limit.to_string()));
    set("modules", options.modules.map(|modules| modules.to_string()));
    set("rotation", (!options.rotates).then(|| "off".to_owned()));
    set("rounds", Some(options.rounds.to_string()));
    let schedules = options.schedule_ids();
    set("schedule", (!schedules.is_empty()).then(|| schedules.join(",")));
    set("laws", options.diff.laws.then(|| "on".to_owned()));
    settings
}

/// The profile of a case.
pub(crate) fn profile_of(options: &FuzzOptions, number: u64) -> &'static Profile {
    options.profiles[(number % options.profiles.len() as u64) as usize]
}

/// The case of a run with a number.
pub(crate) fn numbered_case(options: &FuzzOptions, number: u64) -> Case {
    numbered(options, number).0
}

fn numbered(options: &FuzzOptions, number: u64) -> (Case, Cells) {
    let profile = profile_of(options, number);
    let features = common_features(options, profile);
    made(profile, features, options.seed, number, options.rounds)
}

/// The features that modules may use: those of the options and of the profile that every engine has.
pub(crate) fn common_features(options: &FuzzOptions, profile: &Profile) -> Features {
    let asked = options.diff.run.features.intersection((profile.features)());
    options.engines.iter().fold(asked, |set, engine| set.intersection(engine.features()))
}

fn run_cases<'a>(
    options: &'a FuzzOptions,
    rotation: &'a Rotation,
    campaign: Campaign<'a>,
    progress: &dyn Progress,
) -> Result<Campaign<'a>, FuzzError> {
    let start = Instant::now();
    let done = campaign.tally.finished.clone();
    let next = AtomicU64::new(0);
    let campaign = Mutex::new(campaign);
    let failed = Mutex::new(None);
    let worker = || {
        loop {
            let over = options.time.is_some_and(|time| start.elapsed() >= time);
            if over || options.is_stopped() || lock(&failed).is_some() {
                break;
            }
            if options.until_finding && !lock(&campaign).tally.kinds.is_empty() {
                break;
            }
            let number = next.fetch_add(1, Ordering::Relaxed);
            if options.modules.is_some_and(|modules| number >= modules) {
                break;
            }
            if !options.is_ours(number) || done.contains(number) {
                continue;
            }
            if let Err(error) = run_case(options, rotation, number, &campaign, progress) {
                lock(&failed).get_or_insert(error);
            }
        }
    };
    // Generated functions may nest deeply; the compiler and the validator recurse over them.
    on_threads(options.jobs, 16 << 20, &worker);
    match lock(&failed).take() {
        Some(error) => Err(error),
        None => Ok(campaign.into_inner().unwrap_or_else(PoisonError::into_inner)),
    }
}

/// Runs one case and adds it to the campaign.
fn run_case(
    options: &FuzzOptions,
    rotation: &Rotation,
    number: u64,
    campaign: &Mutex<Campaign<'_>>,
    progress: &dyn Progress,
) -> Result<(), FuzzError> {
    let (case, cells) = numbered(options, number);
    let differ = rotation.of(options, number);
    let judged = differ.judge(&case)?;
    if options.is_stopped() && judged.is_late() {
        // Broken off, not timed out.
        return Ok(());
    }
    if let Some(outcomes) = &options.outcomes {
        outcomes.add(differ, number, &case, &judged)?;
    }
    let features = common_features(options, profile_of(options, number));
    let mut one = Tally::of(differ, features, number, &case, &judged);
    // What a generator does not know of its modules is read off them.
    let is_called = |name: &str| case.calls.iter().any(|call| call.export == name);
    let cells = if cells.is_empty() { cells_of(&case.wasm, features, &is_called) } else { cells };
    one.generated(profile_of(options, number).name, &cells, &case, &judged);
    let mut campaign = lock(campaign);
    campaign.add(one, &case, &judged)?;
    progress.done(&so_far(&campaign.tally, options.engines.len()));
    Ok(())
}

fn so_far(tally: &Tally, engines: usize) -> SoFar {
    let cases = tally.cases();
    SoFar {
        modules: tally.modules(),
        cases,
        comparisons: cases * (engines as u64).saturating_sub(1),
        findings: tally.kinds.len(),
        operators: tally.operators.len(),
    }
}

/// The counts are still true after a worker panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
