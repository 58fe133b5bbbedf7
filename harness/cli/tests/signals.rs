//! Signals, as a shell or a supervisor sends them. Nothing here waits for a time: only for what a process has written.
#![cfg(unix)]

mod program;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

fn etalon(folder: &Path, arguments: &[&str]) -> Child {
    program::etalon()
        .args(arguments)
        .env("ETALON_CACHE_DIR", "")
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

/// Sends a signal to a process that is ready for it; gives the status and what was printed on both channels.
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
    let mut signals: Vec<_> = ending().into_iter().map(|(each, code)| (each, Some(code))).collect();
    signals.insert(signals.len().min(1), (Signal::KILL, None));
    for (signal, code) in signals {
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
        let record = record(&record_file);
        assert_eq!(record["interrupted"], true);
        assert!(record["modules"].as_u64() > Some(0) && record["outcomes"].is_object());
        let cases = record["cases"].as_u64().expect("it is counted");
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
    for (signal, code) in ending() {
        let words = "wast no_end.wast --timeout none --tier jit --record record.json --format json";
        let mut child = etalon(folder.path(), &words.split(' ').collect::<Vec<_>>());
        until_ready(&mut child, signal);
        assert!(!record_file.exists(), "nothing is there before there is something to say");
        let (status, out, errors) = end(child, signal);
        assert_eq!(status.code(), Some(code), "{errors}");
        let record = record(&record_file);
        assert_eq!(record, document(&out));
        assert_eq!((&record["not_run"], &record["interrupted"]), (&1.into(), &true.into()));
        assert_eq!(record["rows"], Value::Array(Vec::new()));
        std::fs::remove_file(&record_file).expect("it is there");
    }
}

/// The signals that end a run, with the status of one in which nothing was found. Whoever started this may have it ignore some.
fn ending() -> Vec<(Signal, i32)> {
    let all = [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)];
    let ignored = mask("self", "SigIgn:");
    all.into_iter().filter(|(signal, _)| ignored >> (signal.as_raw() - 1) & 1 == 0).collect()
}

/// A set of signals of a process.
fn mask(process: &str, which: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix(which)).unwrap_or("0");
    u64::from_str_radix(mask.trim(), 16).expect("it is hexadecimal")
}

/// Waits until a process receives a signal, and has begun what comes after that: threads of its own wait for the signals, and the
/// process is in its work.
fn until_ready(child: &mut Child, signal: Signal) {
    let process = child.id().to_string();
    until(child, || mask(&process, "SigCgt:") >> (signal.as_raw() - 1) & 1 == 1);
}

fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A pipe with a name. Who opens it for writing waits until a process reads it.
fn pipe(folder: &Path, name: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    let made = Command::new("mkfifo").arg(&path).status().expect("the system has it");
    assert!(made.success());
    path
}

const CALLED: &str = r#"(module (func (export "f") (result i32) (i32.const 7)))"#;
const ENDLESS: &str =
    r#"(module (func (export "run") (param i32) (result i32) (loop (br 0)) (i32.const 0)))"#;

/// The second file is a pipe, so when it is read the first is done. What comes after it is never read.
#[test]
fn what_was_compared_before_a_signal_is_told() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    std::fs::write(folder.path().join("called.wat"), CALLED).expect("it is writable");
    let pipe = pipe(folder.path(), "pipe");
    for (signal, code) in ending() {
        for format in ["json", "human"] {
            let words = "diff called.wat pipe missing.wat --engine oracle,jit --timeout none \
                         --gas 9000000000000000000 --rounds 3 --format";
            let mut words: Vec<&str> = words.split_whitespace().collect();
            words.push(format);
            let child = etalon(folder.path(), &words);
            std::fs::write(&pipe, ENDLESS).expect("it is read");
            let (status, out, errors) = end(child, signal);
            assert_eq!(status.code(), Some(code), "{out}{errors}");
            assert!(errors.contains("stopped by a signal: 2 files not run"), "{errors}");
            if format == "human" {
                assert!(out.contains("3 calls of 1 module on oracle, jit: no divergence"), "{out}");
                continue;
            }
            let record = document(&out);
            for (field, value) in [("cases", 1), ("calls", 3), ("not_run", 2)] {
                assert_eq!(record[field], value, "{field}: {out}");
            }
            assert_eq!(record["interrupted"], true);
            assert!(record["divergences"].as_array().is_some_and(Vec::is_empty), "{out}");
            assert!(record.get("timed_out").is_none(), "what was broken off says nothing: {out}");
        }
    }
}

/// Guests that nothing can interrupt, since that would cost them something, and one that can be.
#[test]
fn a_run_and_a_race_that_a_signal_ends_are_documents_too() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    std::fs::write(folder.path().join("endless.wat"), ENDLESS).expect("it is writable");
    for (words, field, value) in [
        ("run endless.wat --invoke run 1", "outcome", "timed-out".into()),
        (
            "run endless.wat --invoke run 1 --tier oracle --gas 9000000000000000000",
            "invoke",
            "run".into(),
        ),
        (
            "run endless.wat --invoke run 1 --timeout 10000h",
            "message",
            "a signal ended the run".into(),
        ),
        (
            "bench endless.wat --tier jit --against jit --record bench.json",
            "kernels",
            Value::Array(vec![]),
        ),
    ] {
        for (signal, code) in ending() {
            let words: Vec<&str> = words.split(' ').chain(["--format", "json"]).collect();
            let mut child = etalon(folder.path(), &words);
            until_ready(&mut child, signal);
            let (status, out, errors) = end(child, signal);
            assert_eq!(status.code(), Some(code), "{words:?}: {out}{errors}");
            let document = document(&out);
            assert_eq!((&document["interrupted"], &document[field]), (&true.into(), &value));
            if words[0] == "bench" {
                assert_eq!(record(&folder.path().join("bench.json")), document);
            }
        }
    }
    let mut child = etalon(folder.path(), &["run", "endless.wat", "--invoke", "run", "1"]);
    let (signal, code) = ending()[0];
    until_ready(&mut child, signal);
    let (status, out, errors) = end(child, signal);
    assert_eq!((status.code(), &*out), (Some(code), ""));
    assert_eq!(errors, "endless.wat: interrupted: a signal ended the run\n");
}

/// The code of this artefact looks for no interrupts, so the first signal waits for it, and says so; the second does not.
#[test]
fn a_second_signal_ends_at_once() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    std::fs::write(folder.path().join("endless.wat"), ENDLESS).expect("it is writable");
    let compile = "compile endless.wat -o endless.etalon --schedule etalon-1";
    let made = etalon(folder.path(), &compile.split(' ').collect::<Vec<_>>()).wait_with_output();
    assert!(made.expect("it ends").status.success());
    for (first, _) in ending() {
        for (second, code) in ending() {
            let words = "diff endless.etalon --allow-precompiled --engine jit,aot --gas 9000000000000000000";
            let mut child = etalon(folder.path(), &words.split(' ').collect::<Vec<_>>());
            let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
            let mut next = || lines.next().expect("it says more").expect("it is text");
            assert!(next().contains("compiled without --interruptible"));
            kill_process(Pid::from_child(&child), first).expect("it may");
            assert!(next().contains("once more ends at once"));
            kill_process(Pid::from_child(&child), second).expect("it may");
            let output = child.wait_with_output().expect("it ends");
            assert_eq!(output.status.code(), Some(code));
            assert!(output.stdout.is_empty());
        }
    }
}

/// Whoever started it with SIGHUP ignored, as `nohup` does, wants it to go on when the terminal goes away.
#[test]
fn what_is_ignored_stays_ignored() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    std::fs::write(folder.path().join("endless.wat"), ENDLESS).expect("it is writable");
    let mut child = Command::new("nohup")
        .arg(env!("CARGO_BIN_EXE_etalon"))
        .args(["run", "endless.wat", "--invoke", "run", "1", "--format", "json"])
        .env("ETALON_CACHE_DIR", "")
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the system has it");
    until_ready(&mut child, Signal::TERM);
    assert_eq!(mask(&child.id().to_string(), "SigCgt:") & 1, 0);
    let (status, out, errors) = end(child, Signal::TERM);
    assert_eq!(status.code(), Some(143), "{errors}");
    assert_eq!(document(&out)["interrupted"], true);
}

/// A record is whole or not there, whenever its process is killed.
#[test]
fn a_killed_run_leaves_the_record_of_before() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let script = include_str!("../../tests/scripts/no_end.wast");
    // When it is read, the file of the record was tried.
    let pipe = pipe(folder.path(), "pipe.wast");
    let record_file = folder.path().join("record.json");
    for before in [None, Some("what was there")] {
        if let Some(text) = before {
            std::fs::write(&record_file, text).expect("it is writable");
        }
        let words = "wast pipe.wast --timeout none --tier jit --record record.json";
        let child = etalon(folder.path(), &words.split(' ').collect::<Vec<_>>());
        std::fs::write(&pipe, script).expect("it is read");
        let (status, ..) = end(child, Signal::KILL);
        assert_eq!(status.signal(), Some(9));
        assert_eq!(std::fs::read_to_string(&record_file).ok().as_deref(), before);
    }
}

/// A system that lets no file grow is a full disk.
#[test]
fn a_full_disk_leaves_the_record_of_before() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let script =
        "(assert_invalid (module quote \"(func (unreachable) (drop))\") \"type mismatch\")\n";
    std::fs::write(folder.path().join("many.wast"), script.repeat(100)).expect("it is writable");
    let record_file = folder.path().join("record.json");
    std::fs::write(&record_file, "what was there").expect("it is writable");
    let shell = "trap '' XFSZ; ulimit -f 0; exec \"$0\" wast many.wast --record record.json";
    let output = Command::new("sh")
        .args(["-c", shell, env!("CARGO_BIN_EXE_etalon")])
        .current_dir(folder.path())
        .output()
        .expect("the system has it");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("record.json") && errors.contains("cannot be written"), "{errors}");
    assert_eq!(std::fs::read_to_string(&record_file).expect("it is there"), "what was there");
    assert_eq!(std::fs::read_dir(folder.path()).expect("it is there").count(), 2);
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

/// An engine that says nothing and waits for nothing but the end of its process is gone with the run that started it.
#[test]
fn an_engine_that_hangs_as_it_starts_is_gone_with_the_run() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let noted = folder.path().join("pid");
    let hangs = "echo $$ > pid.new; mv pid.new pid; trap '' HUP INT TERM; while :; do read line; done < pid.pipe";
    std::fs::write(folder.path().join("hangs.sh"), hangs).expect("it is writable");
    let made = Command::new("mkfifo").arg(folder.path().join("pid.pipe")).status();
    assert!(made.expect("it is there").success());
    std::fs::write(folder.path().join("empty.wat"), "(module)").expect("it is writable");
    for words in [
        "engines --probe --engine",
        "diff empty.wat --engine",
        "accepts oracle",
        "fuzz --modules 1 --profile mvp --engine",
    ] {
        for (signal, code) in ending() {
            let mut all: Vec<&str> = words.split(' ').collect();
            let is_list = words.ends_with("--engine");
            all.push(if is_list { "oracle,cmd:sh hangs.sh" } else { "cmd:sh hangs.sh" });
            if !is_list {
                all.push("empty.wat");
            }
            let mut child = etalon(folder.path(), &all);
            until(&mut child, || noted.exists());
            let engine = std::fs::read_to_string(&noted).expect("it was written whole");
            let (status, _, stderr) = end(child, signal);
            assert_eq!(status.code(), Some(code), "{words}: {stderr}");
            let is_there = Path::new("/proc").join(engine.trim()).join("cmdline");
            let line = std::fs::read_to_string(is_there).unwrap_or_default();
            assert!(!line.contains("hangs.sh"), "{words} left an engine behind");
            std::fs::remove_file(&noted).expect("it is there");
        }
    }
}

/// What was done of a batch is told in order, each call as soon as it is known, and what was not done is counted. A call behind the one
/// that does not end may have been made or not.
#[test]
fn a_batch_ends_with_what_was_done() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    std::fs::write(folder.path().join("m.wat"), FOR_BATCHES).expect("it is writable");
    let call = |n: u32| format!("{{\"invoke\": \"f\", \"args\": [\"{n}\"]}}\n");
    let jobs = [call(1), call(2), SPIN.to_owned(), call(4)].concat();
    std::fs::write(folder.path().join("jobs.jsonl"), jobs).expect("it is writable");
    for (signal, code) in ending() {
        for (format, second) in [("human", "2: returned i32:2"), ("json", "\"i32:2\"")] {
            let batch = ["run", "m.wat", "--batch", "jobs.jsonl", "--jobs", "2"];
            let mut child = etalon(folder.path(), &[&batch[..], &["--format", format]].concat());
            let mut lines = BufReader::new(child.stdout.take().expect("it has a pipe")).lines();
            let mut said = Vec::new();
            while !said.last().is_some_and(|line: &String| line.contains(second)) {
                said.push(lines.next().expect("it goes on").expect("it can be read"));
            }
            let (status, _, errors) = end(child, signal);
            said.extend(lines.map(|line| line.expect("it can be read")));
            assert_eq!(status.code(), Some(code), "{errors}");
            let done = if format == "human" {
                assert_eq!(said[..2], ["1: returned i32:1", "2: returned i32:2"]);
                assert!(said[2..].iter().all(|line| line == "4: returned i32:4"), "{said:?}");
                said.len()
            } else {
                let document: Value = serde_json::from_str(&said.join("\n")).expect("it is JSON");
                let done = document["rows"].as_array().map_or(0, Vec::len);
                assert_eq!(
                    (&document["failed"], &document["not_run"]),
                    (&0.into(), &(4 - done).into())
                );
                done
            };
            let not_made = ["2 calls not made", "1 call not made"][done - 2];
            assert!(errors.contains(not_made), "{errors}");
        }
    }
}

const FOR_BATCHES: &str = r#"(module
    (func (export "f") (param i32) (result i32) (local.get 0))
    (func (export "spin") (loop $spin (br $spin))))"#;
const SPIN: &str = "{\"invoke\": \"spin\"}\n";

/// When nobody reads what became of the calls there are no more, and the one under way is broken off: this ends.
#[test]
fn a_batch_that_nobody_reads_ends() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    std::fs::write(folder.path().join("m.wat"), FOR_BATCHES).expect("it is writable");
    let calls = "{\"invoke\": \"f\", \"args\": [\"1\"]}\n".repeat(20_000);
    std::fs::write(folder.path().join("jobs.jsonl"), calls + SPIN).expect("it is writable");
    for format in ["human", "json"] {
        let batch = ["run", "m.wat", "--batch", "jobs.jsonl", "--format", format];
        let mut child = etalon(folder.path(), &batch);
        let mut lines = BufReader::new(child.stdout.take().expect("it has a pipe")).lines();
        lines.next().expect("it begins").expect("it can be read");
        drop(lines);
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert!(output.stderr.is_empty(), "{output:?}");
    }
}

/// What a program wrote before the signal is in the document. It has written it when its file is there.
#[test]
fn what_a_program_wrote_before_a_signal_is_told() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let program = r#"(module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "path_open"
          (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "\10\00\00\00\03\00\00\00") (data (i32.const 16) "hi\0amade")
        (func (export "_start")
          (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
          (drop (call $open (i32.const 3) (i32.const 0) (i32.const 19) (i32.const 4) (i32.const 1)
            (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 8)))
          (loop $spin (br $spin))))"#;
    std::fs::write(folder.path().join("p.wat"), program).expect("it is writable");
    let made = folder.path().join("made");
    for (signal, code) in ending() {
        let words = ["run", "p.wat", "--dir", ".::/", "--format", "json"];
        let mut child = etalon(folder.path(), &words);
        until(&mut child, || made.exists());
        std::fs::remove_file(&made).expect("it is there");
        let (status, out, errors) = end(child, signal);
        assert_eq!(status.code(), Some(code), "{errors}");
        let document = document(&out);
        assert_eq!(document["interrupted"], true, "{document}");
        assert_eq!((&document["stdout"], &document["stderr"]), (&"hi\n".into(), &"".into()));
    }
}
