//! Signals, as a shell or a supervisor sends them. Nothing here waits for a time: only for what a process has written.
#![cfg(unix)]

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

fn etalon(folder: &Path, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_etalon"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts")
}

/// Waits for something that a process does before it ends.
fn until(child: &mut Child, done: impl Fn() -> bool) {
    while !done() {
        let over = child.try_wait().expect("it can be asked");
        assert!(over.is_none(), "it ended: {over:?}");
        std::thread::yield_now();
    }
}

/// Sends a signal; gives the status and what was printed on both channels.
fn end(child: Child, signal: Signal) -> (ExitStatus, String, String) {
    let pid = Pid::from_child(&child);
    kill_process(pid, signal).expect("it may");
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (output.status, text(&output.stdout), text(&output.stderr))
}

fn record(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("the record is there");
    serde_json::from_str(&text).expect("it is JSON")
}

const FUZZ: &[&str] = &[
    "fuzz",
    "--cases",
    "100000000",
    "--seed",
    "3",
    "--jobs",
    "2",
    "--profile",
    "mvp",
    "--engine",
    "oracle,interp",
    "--out",
    "out",
    "--record",
    "record.json",
];

/// Ended by every signal in turn, the campaign goes on each time, and each time its record says more.
#[test]
fn a_campaign_ends_with_a_record_and_goes_on() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let (journal, record_file) =
        (folder.path().join("out/campaign.jsonl"), folder.path().join("record.json"));
    let number = || std::fs::metadata(&journal).map_or(0, |file| file.ino());
    let lines = || std::fs::read_to_string(&journal).map_or(0, |text| text.lines().count());
    let (mut done, mut resume) = (0, false);
    for (signal, code) in [
        (Signal::INT, Some(130)),
        (Signal::KILL, None),
        (Signal::TERM, Some(143)),
        (Signal::INT, Some(130)),
    ] {
        let mut arguments = FUZZ.to_vec();
        if resume {
            arguments.push("--resume");
        }
        let before = number();
        let mut child = etalon(folder.path(), &arguments);
        // When the campaign goes on, the journal is written anew: options, and one line with what was done. Then there is a
        // line for each case.
        until(&mut child, || number() != before && lines() >= 5);
        resume = true;
        let (status, out, errors) = end(child, signal);
        assert_eq!(status.code(), code, "{errors}");
        if code.is_none() {
            assert_eq!(status.signal(), Some(9));
            continue;
        }
        assert!(out.contains("no finding"), "{out}");
        assert!(errors.contains("with --resume goes on"), "{errors}");
        let cases = record(&record_file)["cases"].as_u64().expect("it is counted");
        assert!(cases > done + 2, "{cases} after {done}");
        done = cases;
    }
}

/// A script that never ends and has no limit.
#[test]
fn a_run_of_scripts_is_broken_off_and_says_so() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let script = include_str!("../../tests/scripts/no_end.wast");
    std::fs::write(folder.path().join("no_end.wast"), script).expect("it is writable");
    let record_file = folder.path().join("record.json");
    let mut child = etalon(
        folder.path(),
        &["wast", "no_end.wast", "--timeout", "none", "--tier", "jit", "--record", "record.json"],
    );
    // When it is there, signals are received.
    until(&mut child, || record_file.exists());
    let (status, _, errors) = end(child, Signal::INT);
    assert_eq!(status.code(), Some(130), "{errors}");
    let record = record(&record_file);
    assert_eq!((&record["not_run"], &record["rows"]), (&1.into(), &Value::Array(Vec::new())));
}

#[test]
fn a_complete_campaign_is_not_run_again() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let run = |more: &[&str]| {
        let mut arguments = vec!["fuzz", "--cases", "3", "--engine", "oracle,interp"];
        arguments.extend(["--profile", "mvp", "--format", "json"]);
        arguments.extend(more);
        let output = etalon(folder.path(), &arguments).wait_with_output().expect("it ends");
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, first, _) = run(&[]);
    assert_eq!(code, Some(0));
    let (code, again, errors) = run(&["--resume", "--jobs", "1"]);
    assert_eq!((code, &again), (Some(0), &first));
    assert!(errors.contains("findings: this campaign is complete; nothing was run"), "{errors}");
    let (code, _, errors) = run(&["--resume", "--seed", "2"]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("begun with other options: seed was 1 and is 2"), "{errors}");
}
