//! A fault that is planted in a tier is found, reduced, named and saved, and what is saved shows it again.

use crate::options;
use crate::planted::{Fault, Planted};
use etalon_adapters::{Adapter, adapter};
use etalon_harness::corpus::{Entry, replay};
use etalon_harness::diff::DiffOptions;
use etalon_harness::fuzz::{FuzzOptions, NoProgress, fuzz};
use etalon_harness::generate::{Profile, operators_of};
use etalon_harness::settings::law_schedules;
use etalon_record::{Aspect, Finding, FuzzRecord, Tool};
use std::path::Path;
use std::sync::Arc;

fn engines(fault: Fault) -> Vec<Arc<dyn Adapter>> {
    let sound = adapter("oracle").expect("it is one of ours");
    let planted = Planted { sound: Arc::clone(&sound), operator: "i32.popcnt", fault };
    vec![sound, Arc::new(planted)]
}

fn campaign(out: &Path, fault: Fault, jobs: usize) -> FuzzOptions {
    FuzzOptions {
        seed: 3,
        modules: Some(100),
        shard: None,
        time: None,
        until_finding: false,
        jobs,
        engines: engines(fault),
        profiles: vec![Profile::named("mvp").expect("it is in the list")],
        rotates: false,
        schedules: Vec::new(),
        rounds: 2,
        diff: options(&[]),
        out: Some(out.to_owned()),
        resume: false,
        keep: 4,
        rules: None,
        versions: None,
        outcomes: None,
    }
}

fn run(options: &FuzzOptions) -> FuzzRecord {
    let record = fuzz(options, Tool::new("test", "0"), "any", &NoProgress);
    record.expect("the folder can be written")
}

/// All that is compared is equal, and one engine breaks a law by itself.
#[test]
fn a_broken_law_is_found_reduced_and_replays() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let usual = campaign(folder.path(), Fault::Generous, 1);
    let diff = DiffOptions { laws: true, ..usual.diff.clone() };
    let schedules = law_schedules();
    let record = run(&FuzzOptions { modules: Some(12), diff, schedules, ..usual });
    let broken = |finding: &&Finding| finding.what == Aspect::KnifeEdgeLaw;
    let finding = record.findings.iter().find(broken).expect("the law is broken");
    assert_eq!(finding.engines, ["planted"], "the oracle keeps it");
    let laws = record.laws.expect("they were checked");
    let modules = laws.modules + laws.left_out.values().sum::<u64>();
    assert!(modules > 0 && modules <= 12 && laws.runs > 0 && !laws.executed.is_empty(), "{laws:?}");

    let saved = folder.path().join(&finding.folder);
    let entry = Entry::read(&saved.join("finding.toml")).expect("what is saved can be read");
    let kept = operators_of(&entry.case.wasm, entry.features);
    assert!(kept.len() < 10, "the rest is cut away: {kept:?}");
    let mismatches = replay(&entry, &engines(Fault::Generous)).expect("both can be set up");
    assert!(mismatches[0].text.starts_with("knife-edge-law"), "{mismatches:?}");
    let sound = replay(&entry, &engines(Fault::Late)[..1]).expect("it can be set up");
    assert!(sound.is_empty(), "{sound:?}");
}

#[test]
fn a_planted_fault_is_found_reduced_and_replays() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let record = run(&campaign(folder.path(), Fault::Wrong, 2));
    assert_eq!(record.modules, 100);
    let [finding] = &record.findings[..] else { panic!("one kind: {:?}", record.findings) };
    assert_eq!(finding.what, Aspect::Results);
    assert_eq!(finding.engines, ["oracle", "planted"]);
    assert!(finding.cases > 1, "duplicates are grouped");

    let saved = folder.path().join(&finding.folder);
    for file in ["original.wasm", "reduced.wat", "report.md", "replay.sh"] {
        assert!(saved.join(file).exists(), "{file}");
    }
    let entry = Entry::read(&saved.join("finding.toml")).expect("what is saved can be read");
    assert_eq!(entry.case.calls.len(), 1, "one call is enough");
    let mismatches = replay(&entry, &engines(Fault::Wrong)).expect("both can be set up");
    assert!(mismatches[0].text.starts_with("results differs"), "{mismatches:?}");
    let found = entry.file.found.expect("it was generated");
    assert_eq!((found.seed.as_str(), found.reduced), ("3", true));
    let kept = operators_of(&entry.case.wasm, entry.features);
    assert!(kept.contains("i32.popcnt") && kept.len() < 10, "the rest is cut away: {kept:?}");

    let again = tempfile::tempdir().expect("there is a temporary folder");
    assert_eq!(
        run(&campaign(again.path(), Fault::Wrong, 1)),
        record,
        "the same on another day and with other threads"
    );
}
