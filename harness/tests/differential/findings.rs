//! A fault that is planted in a tier is found, reduced, named and saved, and what is saved shows it again.

use crate::options;
use crate::planted::{Fault, Planted};
use etalon_adapters::{Adapter, adapter};
use etalon_harness::corpus::{Entry, replay};
use etalon_harness::fuzz::{FuzzOptions, NoProgress, fuzz};
use etalon_harness::generate::{Profile, operators_of};
use etalon_record::{Aspect, FuzzRecord, Tool};
use std::path::Path;
use std::sync::Arc;

fn engines() -> Vec<Arc<dyn Adapter>> {
    let sound = adapter("oracle").expect("it is one of ours");
    let planted =
        Planted { sound: Arc::clone(&sound), operator: "i32.popcnt", fault: Fault::Wrong };
    vec![sound, Arc::new(planted)]
}

fn run(out: &Path, jobs: usize) -> FuzzRecord {
    let options = FuzzOptions {
        seed: 3,
        modules: Some(100),
        shard: None,
        time: None,
        until_finding: false,
        jobs,
        engines: engines(),
        profiles: vec![Profile::named("mvp").expect("it is in the list")],
        rotates: false,
        rounds: 2,
        diff: options(&[]),
        out: Some(out.to_owned()),
        resume: false,
        keep: 4,
        rules: None,
        versions: None,
    };
    let record = fuzz(&options, Tool::new("test", "0"), "any", &NoProgress);
    record.expect("the folder can be written")
}

#[test]
fn a_planted_fault_is_found_reduced_and_replays() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let record = run(folder.path(), 2);
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
    let mismatches = replay(&entry, &engines()).expect("both can be set up");
    assert!(mismatches[0].text.starts_with("results differs"), "{mismatches:?}");
    let found = entry.file.found.expect("it was generated");
    assert_eq!((found.seed.as_str(), found.reduced), ("3", true));
    let kept = operators_of(&entry.case.wasm, entry.features);
    assert!(kept.contains("i32.popcnt") && kept.len() < 10, "the rest is cut away: {kept:?}");

    let again = tempfile::tempdir().expect("there is a temporary folder");
    assert_eq!(run(again.path(), 1), record, "the same on another day and with other threads");
}
