//! `etalon accepts`: what one engine accepts and another refuses.

mod program;

use serde_json::Value;
use std::path::Path;
use std::process::Output;

fn etalon(folder: &Path, words: &[&str]) -> Output {
    let mut command = program::etalon();
    command.args(words).current_dir(folder).env("NO_COLOR", "1").output().expect("it runs")
}

/// An engine that can only validate, and takes what has a memory for invalid; and one that is right of all.
const STRICT: &str = r#"i=0
while read -r line; do
  i=$((i+1))
  case "$line" in
    *'"do":"hello"'*) echo "{\"id\":$i,\"protocol\":1,\"name\":\"strict\",\"version\":\"1\",\"can\":[]}";;
    *AGFzbQEAAAAFAwEAAQ==*) echo "{\"id\":$i,\"outcome\":{\"kind\":\"rejected\",\"phase\":\"invalid\",\"text\":\"no memories, please\"}}";;
    *) echo "{\"id\":$i,\"outcome\":{\"kind\":\"returned\"}}";;
  esac
done
"#;

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("it is writable");
        std::fs::write(path, bytes).expect("it is writable");
    };
    write("strict.sh", STRICT.as_bytes());
    write("m/plain.wat", b"(module)");
    write("m/deep/memory.wasm", b"\0asm\x01\0\0\0\x05\x03\x01\0\x01");
    write("m/wrong.wasm", b"\0asm\x01\0\0\0\x0b\x01\x05");
    write("m/text.wat", b"(module (func");
    write("m/other.txt", b"(module");
    folder
}

#[test]
fn what_one_refuses_is_printed_with_both_reasons() {
    let folder = folder();
    let words = ["accepts", "oracle", "cmd:sh strict.sh", "m"];
    let output = etalon(folder.path(), &words);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for line in [
        "m/deep/memory.wasm\n  oracle: accepted\n  cmd:sh strict.sh: invalid: no memories, please\n",
        "m/wrong.wasm\n  oracle: malformed: ",
        "3 modules: both accept 1, both refuse 0, they differ in 2\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    // The same by names, for programs; a folder and a file.
    let words = [
        "accepts",
        "--engine",
        "oracle,cmd:sh strict.sh",
        "m/deep",
        "m/plain.wat",
        "--format=json",
    ];
    let output = etalon(folder.path(), &words);
    assert_eq!(output.status.code(), Some(1));
    let document: Value = serde_json::from_slice(&output.stdout).expect("a document");
    assert_eq!((&document["modules"], &document["both_accept"]), (&2.into(), &1.into()));
    let difference = &document["differences"][0];
    assert_eq!(difference["file"], "m/deep/memory.wasm");
    assert_eq!(difference["by_engine"][0]["accepts"], true);
    assert_eq!(difference["by_engine"][1]["verdict"], "invalid");
    assert_eq!(difference["by_engine"][1]["reason"], "no memories, please");
}

#[test]
fn engines_that_agree_differ_in_nothing() {
    let folder = folder();
    let output = etalon(folder.path(), &["accepts", "oracle", "jit", "m"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(text, "3 modules: both accept 2, both refuse 1, they differ in 0\n");
    assert!(String::from_utf8_lossy(&output.stderr).contains("texts are no modules: 1"));
    // A feature that one is not to use is a difference of neither.
    std::fs::write(folder.path().join("gc.wat"), "(module (type (struct)))").expect("writable");
    for (features, accepted) in
        [("wasm3", "both accept 1, both refuse 0"), ("wasm2", "they differ in 0, not compared 1")]
    {
        let words = ["accepts", "oracle", "interp", "gc.wat", "--features", features];
        let output = etalon(folder.path(), &words);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && text.contains(accepted), "{features}: {text}");
    }
}

/// What says nothing of a module is no refusal of it, and what is no answer to the question is the engine's failure.
#[test]
fn only_a_verdict_is_one() {
    let folder = folder();
    let refusal = r#"\"kind\":\"rejected\",\"phase\":\"invalid\",\"text\":\"no memories, please\""#;
    let whole = format!(r#"\"outcome\":{{{refusal}}}"#);
    assert_eq!(STRICT.matches(&whole).count(), 1);
    let ends = |kind: &str| format!(r#"\"outcome\":{{\"kind\":\"{kind}\",\"text\":\"t\"}}"#);
    let phase = |phase: &str| {
        format!(r#"\"outcome\":{{\"kind\":\"rejected\",\"phase\":\"{phase}\",\"text\":\"t\"}}"#)
    };
    for (answer, code, said) in [
        (phase("limit"), 0, "they differ in 0, not compared 1"),
        (phase("unlinkable"), 0, "they differ in 0, not compared 1"),
        (ends("trapped"), 3, "they differ in 1"),
        (ends("exhausted"), 3, "they differ in 1"),
        (ends("host-error"), 3, "they differ in 1"),
        (r#"\"error\":\"t\""#.to_owned(), 3, "they differ in 1"),
    ] {
        let script = STRICT.replace(&whole, &answer);
        std::fs::write(folder.path().join("other.sh"), script).expect("it is writable");
        let words = ["accepts", "oracle", "cmd:sh other.sh", "m/deep/memory.wasm"];
        let output = etalon(folder.path(), &words);
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(code), "{answer}: {text}");
        assert!(text.contains(said), "{answer}: {text}");
    }
}

/// Whoever has a limit does not wait longer for an engine that never says what it is.
#[test]
fn an_engine_that_does_not_start_is_waited_for_as_long_as_a_case() {
    let folder = folder();
    std::fs::write(folder.path().join("mute.sh"), "exec sleep 1000").expect("it is writable");
    let words = ["accepts", "oracle", "cmd:sh mute.sh", "m", "--timeout", "2100ms"];
    let output = etalon(folder.path(), &words);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("cmd:sh mute.sh: it said nothing for 2.1 s"), "{told}");
}

#[test]
fn what_is_no_question_is_refused() {
    let folder = folder();
    for (words, reason) in [
        (&["accepts", "oracle"][..], "two engines and a path are needed"),
        (&["accepts", "oracle", "jit"], "no module is named"),
        (&["accepts", "oracle", "oracle", "m"], "accepts compares two engines"),
        (&["accepts", "--engine", "oracle,jit,aot", "m"], "accepts compares two engines, and 3"),
        (&["accepts", "oracle", "nonsense", "m"], "no such engine"),
        (&["accepts", "oracle", "jit", "missing.wat"], "missing.wat: cannot be read"),
        (&["accepts", "oracle", "jit", "m/text.wat"], "not a module in the text format"),
        (&["accepts", "oracle", "jit", "."], ""),
    ] {
        let output = etalon(folder.path(), words);
        let told = String::from_utf8_lossy(&output.stderr);
        let expected = if reason.is_empty() { Some(0) } else { Some(2) };
        assert_eq!(output.status.code(), expected, "{words:?}: {told}");
        assert!(told.contains(reason), "{words:?}: {told}");
    }
}
