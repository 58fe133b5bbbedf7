//! The loop.

use super::options::{FuzzError, FuzzOptions, Progress};
use super::reduce::reduce;
use super::save::{Found, save};
use super::tally::Tally;
use crate::diff::{Case, Differ};
use crate::generate::{Profile, Stream, generate};
use etalon_adapters::{AdapterError, Features};
use etalon_record::{Finding, FuzzRecord, Tool};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// The case with a number: a generated module and generated calls. The same arguments give the same case.
pub fn case_of(
    profile: &Profile,
    features: Features,
    seed: u64,
    number: u64,
    rounds: usize,
) -> Case {
    let wasm = generate(profile, features, seed, number);
    let mut stream = Stream::new("arguments", seed, number);
    let name = format!("{} {seed} {number}", profile.name);
    match Case::of_exports(name.clone(), wasm.clone(), features, &mut stream, rounds) {
        Ok(case) => case,
        // Loading can still be compared.
        Err(_) => Case::new(name, wasm, Vec::new()),
    }
}

/// Runs generated cases until the number of cases or the time is reached.
///
/// The findings in the record depend on the cases that ran and not on threads: of several cases that show the same kind
/// of divergence, the one with the lowest number is reduced and saved.
///
/// # Errors
/// If an engine cannot be set up, or a finding cannot be saved.
///
/// # Panics
/// If there is no profile, or a thread of the run panicked; panics of engines do not cause this.
pub fn fuzz(
    options: &FuzzOptions,
    tool: Tool,
    arch: &str,
    progress: &dyn Progress,
) -> Result<FuzzRecord, FuzzError> {
    let differ = Differ::new(options.engines.clone(), options.diff.clone());
    let tally = run_cases(options, &differ, Instant::now(), progress)?;

    let mut record = FuzzRecord::new(tool, arch, options.seed);
    let names: Vec<&str> = options.profiles.iter().map(|profile| profile.name).collect();
    record.profile = Some(names.join(","));
    record.cases = tally.cases;
    record.engines = differ.infos();
    record.findings = keep(options, &differ, &tally)?;
    record.poisoned = tally.poisoned.clone();
    let all = options.profiles.iter().map(|profile| common_features(options, profile));
    record.coverage = tally.coverage(all.fold(Features::wasm1(), Features::union));
    Ok(record)
}

/// The profile of a case.
fn profile_of(options: &FuzzOptions, number: u64) -> &'static Profile {
    options.profiles[(number % options.profiles.len() as u64) as usize]
}

/// The features that modules may use: those of the options and of the profile that every engine has.
fn common_features(options: &FuzzOptions, profile: &Profile) -> Features {
    let asked = options.diff.run.features.intersection((profile.features)());
    options.engines.iter().fold(asked, |set, engine| set.intersection(engine.features()))
}

fn run_cases(
    options: &FuzzOptions,
    differ: &Differ,
    start: Instant,
    progress: &dyn Progress,
) -> Result<Tally, AdapterError> {
    let next = AtomicU64::new(0);
    let total = Mutex::new(Tally::default());
    let failed = Mutex::new(None);
    let worker = || {
        loop {
            let over = options.time.is_some_and(|time| start.elapsed() >= time);
            if over || progress.stopped() || lock(&failed).is_some() {
                break;
            }
            let number = next.fetch_add(1, Ordering::Relaxed);
            if options.cases.is_some_and(|cases| number >= cases) {
                break;
            }
            let profile = profile_of(options, number);
            let features = common_features(options, profile);
            let case = case_of(profile, features, options.seed, number, options.rounds);
            match differ.judge(&case) {
                Ok(judged) => {
                    let mut total = lock(&total);
                    total.add(differ, features, number, case, judged);
                    progress.done(total.cases, total.kinds.len());
                }
                Err(error) => *lock(&failed) = Some(error),
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..options.jobs.max(1) {
            // Generated functions may nest deeply; the compiler and the validator recurse over them.
            let thread = std::thread::Builder::new().stack_size(16 << 20);
            thread.spawn_scoped(scope, worker).expect("the system has threads");
        }
    });
    match lock(&failed).take() {
        Some(error) => Err(error),
        None => Ok(std::mem::take(&mut *lock(&total))),
    }
}

/// The counts are still true after a worker panicked.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Reduces, names and saves one case of each kind of divergence.
fn keep(options: &FuzzOptions, differ: &Differ, tally: &Tally) -> Result<Vec<Finding>, FuzzError> {
    let mut findings: Vec<Finding> = Vec::new();
    for kind in tally.kinds.values().take(options.keep) {
        let (case, judged) = reduce(differ, &kind.case, &kind.difference)?;
        let found = Found {
            profile: profile_of(options, kind.number).name,
            seed: options.seed,
            number: kind.number,
            reduced: case.wasm.len() < kind.case.wasm.len(),
            gas: options.diff.run.gas.as_ref().and_then(|gas| gas.limit),
        };
        let finding = save(options.out.as_deref(), differ, &found, &case, &judged, kind.cases)?;
        // Two kinds may turn out to be the same when they are reduced.
        match findings.iter_mut().find(|known| known.id == finding.id) {
            Some(known) => known.cases += finding.cases,
            None => findings.push(finding),
        }
    }
    findings.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(findings)
}
