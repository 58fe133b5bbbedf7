//! Records of the same commit, suite and seed: the same bytes on every machine of an architecture, and on all architectures the
//! same in everything that a report compares.
//!
//! With `ETALON_BLESS=1` what is compared is written instead; it holds on all architectures, or it is a fault of one.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// Scripts with bits of NaNs, bytes of memories, bulk operations, tables and references.
const SCRIPTS: [&str; 3] = ["float_*", "memory_*", "table_*"];

/// What differs between two machines, as far as a process can see it.
struct Machine {
    jobs: &'static str,
    variables: [(&'static str, &'static str); 5],
}

const MACHINES: [Machine; 2] = [
    Machine {
        jobs: "1",
        variables: [
            ("LANG", "C"),
            ("TZ", "UTC"),
            ("USER", "a"),
            ("HOSTNAME", "one"),
            ("COLUMNS", "80"),
        ],
    },
    Machine {
        jobs: "3",
        variables: [
            ("LANG", "de_DE.UTF-8"),
            ("TZ", "Asia/Tokyo"),
            ("USER", "b"),
            ("HOSTNAME", "two"),
            ("COLUMNS", "200"),
        ],
    },
];

/// The record of some scripts on a machine, each in a folder, with a home, a cache and temporary files of its own.
fn record(machine: &Machine, filter: &str) -> String {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_etalon"));
    command.args([
        "spec",
        "--suite",
        "wasm-v3",
        "--filter",
        filter,
        "--tier",
        "oracle,interp,jit,aot",
    ]);
    command.args(["--timeout", "none", "--jobs", machine.jobs, "--record", "record.json"]);
    command.current_dir(folder.path()).envs(machine.variables);
    for variable in ["HOME", "TMPDIR", "ETALON_CACHE_DIR"] {
        command.env(variable, folder.path());
    }
    let output = command.output().expect("etalon starts");
    assert!(output.status.success(), "{filter}: {output:?}");
    std::fs::read_to_string(folder.path().join("record.json")).expect("the record was written")
}

/// What a report compares between architectures: verdicts, gas and digests, a line for each script and engine.
fn compared(record: &str) -> String {
    let record: serde_json::Value = serde_json::from_str(record).expect("a record is JSON");
    let mut lines = format!("{}\n", record["schedule"]);
    for row in record["rows"].as_array().expect("it has rows") {
        let counts = ["passed", "failed", "skipped", "expected_failures", "unexpected_passes"];
        let counts: Vec<String> = counts.iter().map(|name| row[name].to_string()).collect();
        let (file, engine) = (&row["file"], &row["engine"]);
        let (counts, gas, digest) = (counts.join(" "), &row["gas_consumed"], &row["digest"]);
        let _ = writeln!(lines, "{file} {engine} {counts} {gas} {digest}");
    }
    lines
}

#[test]
fn the_same_run_is_the_same_record_on_every_machine() {
    let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/records/compared.txt");
    let mut all = String::new();
    for filter in SCRIPTS {
        let [one, two] = MACHINES.each_ref().map(|machine| record(machine, filter));
        assert!(one == two, "{filter}: the records of two machines are not the same bytes");
        all += &compared(&one);
    }
    if std::env::var_os("ETALON_BLESS").is_some() {
        return std::fs::write(expected, all).expect("it can be written");
    }
    let expected = std::fs::read_to_string(expected).expect("it is there");
    let apart = all.lines().zip(expected.lines()).find(|(now, expected)| now != expected);
    assert_eq!(apart, None, "this architecture differs from what holds on all");
    assert_eq!(all.lines().count(), expected.lines().count());
}
