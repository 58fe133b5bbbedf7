//! Campaigns that are broken off, in every way: what was done until then is there, and goes on to the same record.

use crate::options;
use crate::planted::{Fault, Planted};
use etalon_adapters::{Adapter, OwnTier, RuleTally, TimeLimit, Watchdog};
use etalon_harness::fuzz::{FuzzError, FuzzOptions, JOURNAL, NoProgress, Progress, SoFar, fuzz};
use etalon_harness::generate::Profile;
use etalon_harness::script::Shard;
use etalon_record::{Aspect, FuzzRecord, Tool};
use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

const CASES: u64 = 16;

/// Some of these cases have it.
const OPERATOR: &str = "i32.xor";

/// A campaign on the oracle, which counts its rules, and an engine with a fault.
fn campaign(out: &Path, fault: Fault) -> FuzzOptions {
    let rules = RuleTally::new();
    let oracle: Arc<dyn Adapter> = Arc::new(OwnTier::with_coverage(rules.clone()));
    let planted = Planted { sound: Arc::clone(&oracle), operator: OPERATOR, fault };
    FuzzOptions {
        seed: 3,
        modules: Some(CASES),
        shard: None,
        time: None,
        until_finding: false,
        jobs: 2,
        engines: vec![oracle, Arc::new(planted)],
        profiles: vec![Profile::named("mvp").expect("it is in the list")],
        rotates: false,
        schedules: Vec::new(),
        rounds: 2,
        diff: options(&[]),
        out: Some(out.to_owned()),
        resume: false,
        keep: 4,
        rules: Some(rules),
        versions: None,
        outcomes: None,
    }
}

fn resumed(out: &Path) -> FuzzOptions {
    FuzzOptions { resume: true, ..campaign(out, Fault::Wrong) }
}

fn run(options: &FuzzOptions, progress: &dyn Progress) -> Result<FuzzRecord, FuzzError> {
    fuzz(options, Tool::new("test", "0"), "any", progress)
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("there is a temporary folder")
}

/// The campaign without an interruption.
fn whole() -> (TempDir, FuzzRecord) {
    let out = folder();
    let record = run(&campaign(out.path(), Fault::Wrong), &NoProgress).expect("it runs");
    assert!(!record.findings.is_empty(), "the fault shows");
    (out, record)
}

/// Both are the same; if not, says in which line.
fn same(a: &FuzzRecord, b: &FuzzRecord, what: &str) {
    let lines = |record| {
        let text = etalon_record::to_json(record).expect("records are JSON");
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let (a, b) = (lines(a), lines(b));
    let differs = a.iter().zip(&b).find(|(a, b)| a != b);
    assert!(differs.is_none() && a.len() == b.len(), "{what}: {differs:?}");
}

/// The findings in a folder that are whole.
fn saved(out: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(out).expect("the folder is there");
    let folders = entries.map(|entry| entry.expect("it is readable").path()).filter(|p| p.is_dir());
    folders
        .map(|folder| {
            for file in ["original.wasm", "report.md", "finding.toml"] {
                assert!(folder.join(file).exists(), "{}: {file}", folder.display());
            }
            folder.file_name().expect("it has one").to_string_lossy().into_owned()
        })
        .collect()
}

fn named(record: &FuzzRecord) -> BTreeSet<String> {
    record.findings.iter().map(|finding| finding.folder.clone()).collect()
}

/// In the middle of every line, which leaves what the lines before it say.
#[test]
fn a_journal_that_ends_anywhere_goes_on_to_the_same_record() {
    let (out, record) = whole();
    let journal = std::fs::read_to_string(out.path().join(JOURNAL)).expect("it is there");
    let ends: Vec<usize> = journal.match_indices('\n').map(|(at, _)| at + 1).collect();
    assert!(ends.len() as u64 > CASES, "a line for each case, and more");
    for pair in ends.windows(2) {
        let cut = pair[0].midpoint(pair[1]);
        let again = folder();
        std::fs::write(again.path().join(JOURNAL), &journal[..cut]).expect("it is writable");
        let went_on = run(&resumed(again.path()), &NoProgress).expect("it goes on");
        same(&went_on, &record, &format!("cut after {cut} bytes"));
        assert_eq!(saved(again.path()), named(&record), "cut after {cut} bytes");
    }
}

/// Kills its own process when so many cases are done.
struct Suicide(u64);

impl Progress for Suicide {
    fn done(&self, so_far: &SoFar) {
        let cases = so_far.modules;
        if cases == self.0 {
            let me = rustix::process::getpid();
            rustix::process::kill_process(me, rustix::process::Signal::KILL).expect("it may");
        }
    }
}

const VICTIM: &str = "ETALON_TEST_VICTIM";

/// Runs in a process of its own, for the test below: `FOLDER:CASES`.
#[test]
fn the_victim() {
    let Ok(told) = std::env::var(VICTIM) else { return };
    let (out, cases) = told.rsplit_once(':').expect("a folder and a number");
    let cases = cases.parse().expect("a number");
    let resume = Path::new(out).join(JOURNAL).exists();
    let options = FuzzOptions { resume, ..campaign(Path::new(out), Fault::Wrong) };
    drop(run(&options, &Suicide(cases)));
}

/// Killed three times, and then left alone.
#[test]
fn a_campaign_that_is_killed_loses_nothing_that_was_done() {
    let (_, record) = whole();
    let out = folder();
    for cases in [1, 9, CASES] {
        let status = Command::new(std::env::current_exe().expect("this is one"))
            .args(["--exact", "campaigns::the_victim", "--nocapture"])
            .env(VICTIM, format!("{}:{cases}", out.path().display()))
            .output()
            .expect("it runs")
            .status;
        assert_eq!(status.signal(), Some(9), "killed after {cases} cases");
        let journal = std::fs::read_to_string(out.path().join(JOURNAL)).expect("it is there");
        assert!(!journal.contains("\"complete\""));
        if cases == CASES {
            assert!(!saved(out.path()).is_empty(), "findings are there before they are reduced");
        }
    }
    same(&run(&resumed(out.path()), &NoProgress).expect("it goes on"), &record, "in the end");
    assert_eq!(saved(out.path()), named(&record));
}

/// Looks into the folder whenever a case is done.
struct Watcher<'a> {
    out: &'a Path,
    saw: AtomicBool,
}

impl Progress for Watcher<'_> {
    fn done(&self, so_far: &SoFar) {
        let findings = so_far.findings;
        assert_eq!(saved(self.out).len(), findings, "each finding is saved when it is found");
        self.saw.fetch_or(findings > 0, Ordering::Relaxed);
    }
}

#[test]
fn a_finding_is_saved_when_it_is_found_and_reduced_later() {
    let out = folder();
    let watcher = Watcher { out: out.path(), saw: AtomicBool::new(false) };
    let record = run(&campaign(out.path(), Fault::Wrong), &watcher).expect("it runs");
    assert!(watcher.saw.load(Ordering::Relaxed));
    assert_eq!(saved(out.path()), named(&record), "what was found first is gone");
}

/// Stops the campaign when so many cases are done.
struct Stopper(u64, Watchdog);

impl Progress for Stopper {
    fn done(&self, so_far: &SoFar) {
        let cases = so_far.modules;
        if cases == self.0 {
            self.1.stop();
        }
    }
}

fn stoppable(options: FuzzOptions, watchdog: &Watchdog) -> FuzzOptions {
    let mut options = options;
    options.diff.run.time = Some(TimeLimit { each: None, watchdog: watchdog.clone() });
    options
}

#[test]
fn a_campaign_that_is_stopped_gives_a_record_and_goes_on() {
    let (_, record) = whole();
    let out = folder();
    let mut done = 0;
    for (cases, resume) in [(5, false), (CASES, true)] {
        let dog = Watchdog::new().expect("the system has threads");
        let options = FuzzOptions { resume, ..campaign(out.path(), Fault::Wrong) };
        let part = run(&stoppable(options, &dog), &Stopper(cases, dog.clone())).expect("it runs");
        assert!(
            part.modules >= cases && part.modules <= (cases + 2).min(CASES),
            "{}",
            part.modules
        );
        assert!(part.modules > done);
        done = part.modules;
        assert_eq!(saved(out.path()), named(&part), "what the record names is there");
    }
    let journal = std::fs::read_to_string(out.path().join(JOURNAL)).expect("it is there");
    assert!(!journal.contains("\"complete\""), "nothing was reduced yet");
    same(&run(&resumed(out.path()), &NoProgress).expect("it goes on"), &record, "in the end");
    assert_eq!(saved(out.path()), named(&record));
}

/// Nothing may run.
struct Nothing(AtomicBool);

impl Progress for Nothing {
    fn done(&self, _: &SoFar) {
        panic!("a case was run");
    }

    fn complete(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_campaign_that_is_complete_says_so_and_gives_its_record() {
    let (out, record) = whole();
    let nothing = Nothing(AtomicBool::new(false));
    same(&run(&resumed(out.path()), &nothing).expect("it is read"), &record, "in the end");
    assert!(nothing.0.load(Ordering::Relaxed));
    // A new one begins, and the old journal is kept.
    same(
        &run(&campaign(out.path(), Fault::Wrong), &NoProgress).expect("it runs"),
        &record,
        "in the end",
    );
    assert!(out.path().join("campaign.old.jsonl").exists());
}

fn refused(options: &FuzzOptions) -> FuzzError {
    run(options, &Nothing(AtomicBool::new(false))).expect_err("it is refused")
}

#[test]
fn the_folder_is_tried_before_the_first_case() {
    let out = folder();
    let file = out.path().join("file");
    std::fs::write(&file, "").expect("it is writable");
    for bad in [file.clone(), file.join("below")] {
        let error = refused(&campaign(&bad, Fault::Wrong));
        assert!(matches!(error, FuzzError::Save { .. }), "{error}");
        assert!(error.to_string().starts_with(&*bad.to_string_lossy()), "{error}");
    }
    // A folder where the journal belongs.
    std::fs::create_dir_all(out.path().join("campaign.jsonl.new")).expect("it is writable");
    let error = refused(&campaign(out.path(), Fault::Wrong));
    assert!(matches!(error, FuzzError::Save { .. }), "{error}");
    let error = refused(&resumed(folder().path()));
    assert!(matches!(error, FuzzError::NoCampaign(_)), "{error}");
}

/// Begins a second campaign in the same folder.
struct Rival<'a>(&'a Path);

impl Progress for Rival<'_> {
    fn done(&self, so_far: &SoFar) {
        let cases = so_far.modules;
        if cases == 2 {
            let error = refused(&campaign(self.0, Fault::Wrong));
            assert!(matches!(error, FuzzError::Busy(_)), "{error}");
        }
    }
}

#[test]
fn a_folder_is_for_one_campaign_at_a_time() {
    let out = folder();
    run(&campaign(out.path(), Fault::Wrong), &Rival(out.path())).expect("the first one runs");
}

#[test]
fn a_campaign_goes_on_with_the_same_options_only() {
    let (out, _) = whole();
    let told = |change: fn(&mut FuzzOptions)| {
        let mut options = resumed(out.path());
        change(&mut options);
        refused(&options).to_string()
    };
    assert!(told(|o| o.seed = 4).ends_with("other options: seed was 3 and is 4"));
    assert!(told(|o| o.modules = None).ends_with("modules was 16 and is null"));
    assert!(told(|o| o.rounds = 9).contains("rounds was 2 and is 9"));
    assert!(told(|o| o.engines.truncate(1)).contains("the engines were oracle"));
    assert!(told(|o| o.rules = None).contains("coverage was true and is false"));
    let both = told(|o| (o.seed, o.rounds) = (4, 9));
    assert!(both.contains("seed was 3 and is 4") && both.contains("rounds was 2 and is 9"));
    // How many threads there are and where it ends by the clock changes no case.
    let free = FuzzOptions { jobs: 7, ..resumed(out.path()) };
    assert!(run(&free, &NoProgress).is_ok());
}

#[test]
fn a_damaged_journal_is_named_with_its_line() {
    let (out, _) = whole();
    let path = out.path().join(JOURNAL);
    let journal = std::fs::read_to_string(&path).expect("it is there");
    let mut lines: Vec<&str> = journal.lines().collect();
    lines[2] = "{\"cases\":7}";
    for (text, line) in [(lines.join("\n") + "\n", ":3: "), (String::new(), ":1: ")] {
        std::fs::write(&path, text).expect("it is writable");
        let error = refused(&resumed(out.path()));
        assert!(matches!(error, FuzzError::Journal { .. }), "{error}");
        assert!(error.to_string().contains(line), "{error}");
    }
}

#[test]
fn what_times_out_on_one_engine_is_saved_as_it_is_and_no_divergence() {
    let out = folder();
    let options = campaign(out.path(), Fault::Late);
    let record = run(&options, &NoProgress).expect("it runs");
    let kinds: BTreeSet<Aspect> = record.findings.iter().map(|finding| finding.what).collect();
    assert_eq!(kinds, [Aspect::Time].into());
    let cases: u64 = record.findings.iter().map(|finding| finding.cases).sum();
    assert!(record.timed_out > 1 && record.timed_out == cases, "{} {cases}", record.timed_out);
    assert_eq!(saved(out.path()), named(&record));
    let resumed = FuzzOptions { resume: true, ..campaign(out.path(), Fault::Late) };
    same(&run(&resumed, &NoProgress).expect("it is read"), &record, "in the end");
}

/// Every number of shards, also more than there are modules; with one profile and with several, which shards share evenly.
#[test]
fn shards_share_the_modules_of_a_campaign() {
    let out = folder();
    let mut options = campaign(out.path(), Fault::Wrong);
    for names in [&["mvp"][..], &["mvp", "single", "quiet", "float"]] {
        let profile = |name: &&str| Profile::named(name).expect("it is in the list");
        options.profiles = names.iter().map(profile).collect();
        for (count, modules) in [(1, 9), (2, 33), (3, 40), (4, 64), (7, 1000), (13, 4), (64, 2048)]
        {
            options.modules = Some(modules);
            let mut takers = vec![0; modules as usize];
            for index in 1..=count {
                options.shard = Shard::new(index, count);
                let ours: Vec<u64> = (0..modules).filter(|n| options.is_ours(*n)).collect();
                assert_eq!(options.ours(), Some(ours.len() as u64), "{index}/{count} of {modules}");
                ours.iter().for_each(|number| takers[*number as usize] += 1);
                let round = (names.len() * count) as u64;
                for profile in 0..names.len() as u64 {
                    let of = |n: &&u64| {
                        **n % names.len() as u64 == profile && **n < modules / round * round
                    };
                    let its = ours.iter().filter(of).count() as u64;
                    assert_eq!(its, modules / round, "profile {profile} in {index}/{count}");
                }
            }
            assert!(takers.iter().all(|takers| *takers == 1), "{count} of {modules}: {takers:?}");
        }
    }
}

/// The records of all shards, merged, are the record of the campaign without shards; one of them was broken off and went on.
#[test]
fn all_shards_together_are_the_campaign_without_shards() {
    let (_, whole) = whole();
    let mut merged = None::<FuzzRecord>;
    for index in [2, 3, 1] {
        let out = folder();
        let shard = Shard::new(index, 3);
        let begun = FuzzOptions { shard, ..campaign(out.path(), Fault::Wrong) };
        let dog = Watchdog::new().expect("the system has threads");
        run(&stoppable(begun, &dog), &Stopper(2, dog.clone())).expect("it runs");
        let other = FuzzOptions { shard: Shard::new(index % 3 + 1, 3), ..resumed(out.path()) };
        assert!(
            refused(&other).to_string().contains("shard was"),
            "another shard is another campaign"
        );
        let part =
            run(&FuzzOptions { shard, ..resumed(out.path()) }, &NoProgress).expect("it goes on");
        assert_eq!(Some(part.modules), FuzzOptions { shard, ..resumed(out.path()) }.ours());
        assert_eq!(saved(out.path()), named(&part));
        match &mut merged {
            None => merged = Some(part),
            Some(merged) => merged.merge(part).expect("they are parts of one campaign"),
        }
    }
    let mut merged = merged.expect("there are shards");
    let causes = |record: &FuzzRecord| -> BTreeSet<_> {
        record.findings.iter().map(|f| (f.what, f.operator.clone(), f.engines.clone())).collect()
    };
    assert_eq!(causes(&merged), causes(&whole));
    let cases = |record: &FuzzRecord| record.findings.iter().map(|f| f.cases).sum::<u64>();
    assert_eq!(cases(&merged), cases(&whole));
    // A kind of divergence is reduced once in each shard, so the findings are not the same files.
    merged.findings.clone_from(&whole.findings);
    same(&merged, &whole, "but for findings");
}
