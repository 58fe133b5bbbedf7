//! What holds for every command: the list is the program's own, so a new command must be added here.

mod program;

use serde_json::Value;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// For each command: arguments with which it does something, the kind of its document, and arguments with which it fails.
const COMMANDS: &[(&str, &str, &str, &str)] = &[
    ("run", "f.wat --invoke f", "run", "missing.wat"),
    ("validate", "f.wat", "validate", "f.wat --features nonsense"),
    ("inspect", "f.wat", "inspect", "missing.wat"),
    ("compile", "f.wat -o f.etalon", "compile", "missing.wat -o f.etalon"),
    ("cache", "", "cache", "nonsense"),
    ("spec", "--suite wasm-v1 --filter nop --tier interp", "spec", "--suite nonsense"),
    ("wast", "s.wast --tier interp", "wast", "f.wat --features nonsense"),
    ("diff", "f.wat --engine oracle,interp", "diff", "f.wat --engine oracle"),
    ("gas", "schedule list", "gas", "diff missing.gas missing.gas"),
    ("fuzz", "--cases 1 --engine oracle,interp", "fuzz", "--cases 0"),
    (
        "reduce",
        "f.wat -o small.wat --engine oracle,interp",
        "reduce",
        "f.wat -o small.wat --engine oracle",
    ),
    ("localise", "f.wat --engine oracle,interp", "localise", "f.wat --engine oracle"),
    ("accepts", "oracle jit f.wat", "accepts", "oracle jit"),
    ("engines", "", "engines", "--nonsense"),
    ("bench", "run.wat --tier interp --time 0 --rounds 1", "bench", "missing.wat"),
    ("report", "record.json --out reports", "report", "missing.json"),
    ("completions", "bash", "completions", "nonsense"),
    ("man", "man", "man", "f.wat"),
];

/// The commands as the program lists them.
fn listed(folder: &Path) -> Vec<String> {
    let help = String::from_utf8(etalon(folder, &["help"], Stdio::piped()).stdout).unwrap();
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = commands.take_while(|line| !line.is_empty());
    let names = names.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

fn etalon(folder: &Path, words: &[&str], stdout: Stdio) -> Output {
    let mut command = program::etalon();
    command.args(words).current_dir(folder).stdin(Stdio::null()).stdout(stdout);
    command.env("ETALON_CACHE_DIR", "cache");
    command.stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap()
}

/// A folder with what the commands need.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("f.wat", "(module (func (export \"f\") (result i32) (i32.const 7)))");
    write("run.wat", "(module (func (export \"run\") (param i32) (result i32) (i32.const 4)))");
    write("s.wast", "(module)");
    let words = "wast s.wast --tier interp --record record.json";
    etalon(folder.path(), &words.split(' ').collect::<Vec<_>>(), Stdio::piped());
    folder
}

fn words<'a>(name: &'a str, arguments: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [name].into_iter().chain(arguments.split_whitespace()).chain(more.iter().copied()).collect()
}

/// The one document on standard output, with its head first.
fn document(output: &Output, kind: &str) -> Value {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    let document: Value = serde_json::from_str(text).unwrap_or_else(|error| {
        panic!("{kind}: {error}: {text}\n{}", String::from_utf8_lossy(&output.stderr))
    });
    let keys = text.lines().filter(|line| line.starts_with("  \"")).map(|line| line.trim());
    let head: Vec<&str> = keys.take(3).filter_map(|line| line.split('"').nth(1)).collect();
    assert_eq!(head, ["record", "format", "tool"], "{text}");
    assert_eq!(document["record"], kind);
    document
}

#[test]
fn the_table_lists_every_command() {
    let mut known: Vec<&str> = COMMANDS.iter().map(|row| row.0).collect();
    known.push("help");
    // It answers requests and has no document: `protocol.rs`.
    known.push("serve");
    let mut listed = listed(folder().path());
    known.sort_unstable();
    listed.sort_unstable();
    assert_eq!(listed, known);
}

#[test]
fn every_command_prints_one_document() {
    let folder = folder();
    for (name, arguments, kind, _) in COMMANDS {
        let words = words(name, arguments, &["--format", "json"]);
        let output = etalon(folder.path(), &words, Stdio::piped());
        assert_eq!(output.status.code(), Some(0), "{name}: {output:?}");
        document(&output, kind);
    }
}

#[test]
fn every_command_that_fails_prints_one_document_with_the_reason() {
    let folder = folder();
    for (name, _, _, wrong) in COMMANDS {
        for wrong in [wrong, "--no-such-option"] {
            let words = words(name, wrong, &["--format=json"]);
            let output = etalon(folder.path(), &words, Stdio::piped());
            assert_eq!(output.status.code(), Some(2), "{name}: {output:?}");
            let document = document(&output, "error");
            for field in ["kind", "message", "file", "offset", "line", "column"] {
                assert!(document["error"].get(field).is_some(), "{name}: {document}");
            }
            let message = document["error"]["message"].as_str().unwrap();
            assert!(!message.is_empty() && !output.stderr.is_empty(), "{name}: {document}");
        }
    }
}

#[test]
fn an_error_names_the_file_and_the_offset() {
    let folder = folder();
    std::fs::write(folder.path().join("bad.wat"), "(module (func (result i32)))").unwrap();
    let words = ["compile", "bad.wat", "-o", "x", "--format", "json"];
    let error = document(&etalon(folder.path(), &words, Stdio::piped()), "error");
    assert_eq!(error["error"]["kind"], "invalid");
    assert_eq!(error["error"]["file"], "bad.wat");
    assert_eq!(error["error"]["offset"], 24);
}

#[test]
fn every_help_teaches_by_example() {
    let folder = folder();
    for (name, ..) in COMMANDS {
        for option in ["-h", "--help"] {
            let output = etalon(folder.path(), &[name, option], Stdio::piped());
            let help = String::from_utf8(output.stdout).unwrap();
            assert!(help.contains("Examples:\n  "), "{name} {option}: {help}");
            assert!(help.contains(&format!("etalon {name} ")), "{name} {option}: {help}");
        }
    }
}

/// What bash offers for a command line, of which the last word is under way.
fn offered(folder: &Path, words: &[&str]) -> Vec<String> {
    let line = words.join(" ");
    let script = format!(
        "compopt() {{ :; }}
         source <(\"$ETALON\" completions bash)
         COMP_WORDS=({line}) COMP_CWORD={} COMP_LINE='{line}' COMP_POINT={}
         [[ -n '{}' ]] || COMP_WORDS+=('')
         _etalon etalon '{}' '{}'
         printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.len() - 1,
        line.len(),
        words[words.len() - 1],
        words[words.len() - 1],
        words[words.len() - 2],
    );
    let mut bash = Command::new("bash");
    bash.args(["-c", &script]).env("ETALON", env!("CARGO_BIN_EXE_etalon")).current_dir(folder);
    let output = bash.output().unwrap();
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn a_shell_offers_names_where_names_are_meant() {
    let folder = folder();
    for command in ["run", "diff", "wast", "spec", "fuzz"] {
        for option in ["--tier", "--engine"] {
            let names = offered(folder.path(), &["etalon", command, option, ""]);
            assert!(names.iter().any(|name| name == "oracle"), "{command} {option}: {names:?}");
            assert!(!names.iter().any(|name| name == "f.wat"), "{command} {option}: {names:?}");
        }
        let names = offered(folder.path(), &["etalon", command, "--schedule", ""]);
        assert!(names.iter().any(|name| name == "etalon-1"), "{command}: {names:?}");
    }
    assert_eq!(offered(folder.path(), &["etalon", "run", "--tier", "or"]), ["oracle"]);
    assert_eq!(
        offered(folder.path(), &["etalon", "bench", "--against", "interp-"]),
        ["interp-metered"]
    );
    assert_eq!(offered(folder.path(), &["etalon", "validate", "--features", "wasm3"]), ["wasm3"]);
    assert_eq!(offered(folder.path(), &["etalon", "fuzz", "--profile", "tra"]), ["traps"]);
    assert_eq!(offered(folder.path(), &["etalon", "diff", "--allow", "nan"]), ["nan-bits"]);
    assert_eq!(offered(folder.path(), &["etalon", "spec", "--suite", "wasm-v1"]), ["wasm-v1"]);
    assert_ne!(offered(folder.path(), &["etalon", "run", "--invoke", "f"]), ["f.wat"]);
}

/// The commands, and what the program says of itself.
fn all() -> impl Iterator<Item = Vec<&'static str>> {
    let own = [vec!["--help"], vec!["--version"], vec!["help", "run"]];
    let plain = COMMANDS.iter().map(|(name, arguments, ..)| words(name, arguments, &[]));
    let json = COMMANDS.iter().map(|(name, args, ..)| words(name, args, &["--format", "json"]));
    plain.chain(json).chain(own)
}

#[test]
fn a_reader_that_goes_away_changes_nothing() {
    let folder = folder();
    for words in all() {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = etalon(folder.path(), &words, writer.into());
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {stderr}");
        assert!(!stderr.contains("panicked") && !stderr.contains("error"), "{words:?}: {stderr}");
    }
}

#[test]
fn a_full_disk_is_told_once() {
    let folder = folder();
    for words in all() {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = etalon(folder.path(), &words, full.into());
        let stderr = String::from_utf8_lossy(&output.stderr);
        // What `compile` has to say is a message.
        let says_nothing = words[0] == "compile" && !words.contains(&"json");
        let expected = if says_nothing { 0 } else { 2 };
        assert_eq!(output.status.code(), Some(expected), "{words:?}: {stderr}");
        let told = stderr.matches("error: standard output: No space left on device").count();
        assert_eq!(told, usize::from(!says_nothing), "{words:?}: {stderr}");
    }
}
