//! The files of `docs/examples/campaigns` begin a shard each, as a job engine would: with its variables, and fewer modules.
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// How long the campaigns of the examples are, and what a test has time for.
const SHORTER: &[(&str, &str)] = &[
    ("--modules 10000000", "--modules 64 --profile float --engine oracle,interp"),
    ("--modules 1000000", "--modules 64 --profile float --engine oracle,interp"),
    ("--time 5h", "--modules 64 --profile float --engine oracle,interp"),
];

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples/campaigns")
}

fn example(name: &str) -> String {
    std::fs::read_to_string(examples().join(name)).expect("the example is there")
}

/// The command of an example: what follows a word in the first line that has it.
fn command(name: &str, after: &str) -> String {
    let text = example(name);
    let line = text.lines().find_map(|line| line.split_once(after)).expect("the example has it");
    format!("{after}{}", line.1)
}

/// Runs a command in an empty folder, where `etalon` and `shard.sh` are in the path.
fn run(text: &str, variables: &[(&str, &str)]) -> (tempfile::TempDir, Output) {
    let text =
        SHORTER.iter().fold(text.to_owned(), |text, (long, short)| text.replace(long, short));
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let docs = folder.path().join("docs");
    std::fs::create_dir(&docs).expect("it is writable");
    std::os::unix::fs::symlink(examples().join(".."), docs.join("examples")).expect("it is new");
    let program = Path::new(env!("CARGO_BIN_EXE_etalon")).parent().expect("it is in a folder");
    let path = std::env::var("PATH").expect("there is a path");
    let path = format!("{}:{}:{path}", program.display(), examples().display());
    let mut shell = Command::new("bash");
    shell.args(["-c", &text]).current_dir(folder.path()).env("PATH", path);
    shell.envs(variables.iter().copied());
    let output = shell.output().expect("there is a shell");
    (folder, output)
}

/// The record of that shard is there, and of no other.
fn began(text: &str, variables: &[(&str, &str)], shard: u64, of: u64) {
    let (folder, output) = run(text, variables);
    assert!(output.status.success(), "{text}: {output:?}");
    let record = folder.path().join(format!("campaign/{shard}.json"));
    let record = std::fs::read_to_string(record).expect("the record was written");
    let record: serde_json::Value = serde_json::from_str(&record).expect("a record is JSON");
    assert_eq!(record["shards"], serde_json::json!({ "of": of, "these": [shard] }));
}

#[test]
fn an_indexed_job_begins_its_shard() {
    let text = command("kubernetes.yaml", "exec shard.sh");
    began(&text, &[("JOB_COMPLETION_INDEX", "2")], 3, 32);
}

#[test]
fn an_element_of_an_array_begins_its_shard() {
    let variables = [
        ("SLURM_ARRAY_TASK_ID", "5"),
        ("SLURM_ARRAY_TASK_COUNT", "64"),
        ("SLURM_CPUS_PER_TASK", "2"),
    ];
    began(&example("slurm.sh"), &variables, 5, 64);
}

#[test]
fn an_entry_of_a_matrix_begins_its_shard_and_the_report_is_made() {
    let text = command("ci.yaml", "docs/examples/campaigns/shard.sh")
        .replace("${{ matrix.shard }}", "8")
        .replace("${{ needs.night.outputs.day }}", "2026-11-29");
    let report = command("ci.yaml", "etalon report");
    let text = format!("{text} && export GITHUB_STEP_SUMMARY=summary.md && {report}");
    began(&text, &[], 8, 8);
    let (folder, _) = run(&text, &[]);
    let summary = std::fs::read_to_string(folder.path().join("summary.md")).expect("it is written");
    assert!(summary.contains("Shards 8 of 8"), "{summary}");
}
