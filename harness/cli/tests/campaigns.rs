//! Campaigns in shards, and their records as one.

mod program;

use serde_json::Value;
use std::path::Path;
use std::process::Output;

fn etalon(folder: &Path, words: &str) -> Output {
    let mut command = program::etalon();
    command.args(words.split_whitespace()).current_dir(folder).env("NO_COLOR", "1");
    command.output().expect("it runs")
}

/// A campaign of few and small modules, with more words, and its record in a file of that name.
fn fuzz(folder: &Path, name: &str, more: &str) -> Output {
    let words = format!(
        "fuzz --modules 4 --profile float --engine oracle,interp --out {name} --record {name}.json {more}"
    );
    etalon(folder, &words)
}

fn record(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("it was written");
    serde_json::from_str(&text).expect("a record is JSON")
}

#[test]
fn records_of_shards_are_merged_and_others_refused() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let folder = folder.path();
    for (name, more) in [
        ("a", "--shard 1/2"),
        ("b", "--shard 2/2"),
        ("seed", "--shard 2/2 --seed 9"),
        ("rounds", "--shard 2/2 --rounds 2"),
        ("whole", ""),
    ] {
        let output = fuzz(folder, name, more);
        assert_eq!(output.status.code(), Some(0), "{more}: {output:?}");
    }
    let report = |words: &str| etalon(folder, &format!("report {words} --out reports"));
    let merged = report("b.json a.json");
    assert_eq!(merged.status.code(), Some(0), "{merged:?}");
    let merged = folder.join("reports").join(std::env::consts::ARCH).join("fuzz.json");
    assert_eq!(record(&merged), record(&folder.join("whole.json")));
    assert!(merged.with_extension("html").exists() && merged.with_extension("md").exists());
    for (words, expected) in [
        ("a.json a.json", "a.json: cannot be merged with a.json: both hold shard 1 of 2"),
        (
            "a.json seed.json",
            "seed.json: cannot be merged with a.json: not of one campaign: seed: 1 and 9",
        ),
        (
            "a.json rounds.json",
            "rounds.json: cannot be merged with a.json: not of one campaign: rounds: 4 and 2",
        ),
        ("a.json whole.json", "one of them holds the whole campaign"),
        ("whole.json whole.json", "both hold shard 1 of 1"),
    ] {
        let refused = report(words);
        let told = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{words}: {told}");
        assert!(told.contains(expected), "{words}: {told}");
    }
}

#[test]
fn a_shard_without_modules_is_done() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let output = fuzz(folder.path(), "a", "--shard 9/9");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("more shards than modules"));
}

#[test]
fn a_night_has_a_seed_which_it_keeps() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let output = fuzz(folder.path(), "a", "--seed date:2020-02-29");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(record(&folder.path().join("a.json"))["seed"], 20_200_229);
    // Whatever day it is when it goes on.
    let output = fuzz(folder.path(), "a", "--seed nightly --resume");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(record(&folder.path().join("a.json"))["seed"], 20_200_229);
    let output = fuzz(folder.path(), "b", "--seed nightly");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let tonight = record(&folder.path().join("b.json"))["seed"].as_u64().expect("a number");
    assert!(tonight > 20_260_000, "{tonight}");
}

#[test]
fn cases_are_compared_with_what_another_machine_wrote() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let file = folder.path().join("there.jsonl");
    let arch = std::env::consts::ARCH;
    let made = fuzz(folder.path(), "a", "--outcomes there.jsonl");
    assert_eq!(made.status.code(), Some(0), "{made:?}");
    let written = std::fs::read_to_string(&file).expect("it was written");
    // The last call of each module came to something else there.
    let (head, modules) = written.split_once('\n').expect("there is a first line");
    let changed = format!("{head}\n{}", modules.replace("\"]}", "0\"]}"));
    assert_ne!(written, changed);
    for (text, status, said) in [
        (&written, 0, format!("the same as on {arch}: ")),
        (&changed, 1, format!("other than on {arch}: 4 modules of ")),
    ] {
        std::fs::write(&file, text).expect("it is writable");
        let output = fuzz(folder.path(), "b", "--same-as there.jsonl");
        assert_eq!(output.status.code(), Some(status), "{output:?}");
        let text = String::from_utf8(output.stdout).expect("it is text");
        assert!(text.contains(&said) && (status == 0) == text.contains("no finding"), "{text}");
        let record = record(&folder.path().join("b.json"));
        assert_eq!(record["same_as"]["different"], if status == 0 { 0 } else { 4 });
    }
}
