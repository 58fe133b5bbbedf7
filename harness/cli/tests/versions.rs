//! `--bisect-versions`: since which of several engines a finding is.

mod program;

use etalon_harness::corpus::Entry;
use serde_json::Value;
use std::path::Path;
use std::process::Output;

const ETALON: &str = env!("CARGO_BIN_EXE_etalon");

/// An engine that returns nothing, whatever it is asked.
const WRONG: &str = r#"i=0
while read -r line; do
  i=$((i+1))
  case "$line" in
    *'"do":"hello"'*) echo "{\"id\":$i,\"protocol\":1,\"can\":[\"prepare\",\"instantiate\",\"invoke\"]}";;
    *'"do":"instantiate"'*) echo "{\"id\":$i,\"instance\":0,\"outcome\":{\"kind\":\"returned\"}}";;
    *) echo "{\"id\":$i,\"outcome\":{\"kind\":\"returned\"}}";;
  esac
done
"#;

fn etalon(folder: &Path, words: &[&str]) -> (Output, Value) {
    let mut command = program::etalon();
    let output =
        command.args(words).args(["--format", "json"]).current_dir(folder).output().unwrap();
    let document = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output, document)
}

/// Whether a difference was found, which may be a failure of the engine.
fn found(output: &Output) -> bool {
    matches!(output.status.code(), Some(1 | 3))
}

#[test]
fn a_finding_says_since_which_version_it_is() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("wrong.sh"), WRONG).unwrap();
    let right = format!("cmd:{ETALON} serve --engine interp");
    let versions = format!("cmd:./none,{right},cmd:sh wrong.sh");
    let words = "fuzz --modules 4 --profile mvp --until-finding --no-rotation --out out --engine";
    let mut words: Vec<&str> = words.split(' ').collect();
    words.extend(["oracle,cmd:sh wrong.sh", "--bisect-versions", &versions]);
    let (output, record) = etalon(folder.path(), &words);
    assert!(found(&output), "{output:?}");
    let finding = &record["findings"][0];
    let said = format!("since cmd:sh wrong.sh; {right} agrees");
    assert_eq!(finding["since"], said.as_str(), "{finding}");

    let saved = folder.path().join("out").join(finding["folder"].as_str().unwrap());
    let read = |file: &str| std::fs::read_to_string(saved.join(file)).unwrap();
    let since = || Entry::read(&saved.join("finding.toml")).unwrap().file.since.unwrap();
    let first = since();
    assert_eq!(first.first_bad.as_deref(), Some("cmd:sh wrong.sh"));
    assert_eq!((first.monotone, first.said.as_str()), (true, &*said));
    let skipped = first.asked[0].skipped.as_deref().unwrap();
    assert!(skipped.starts_with("it cannot be started: "), "{skipped}");
    let report = read("report.md");
    assert!(report.contains(&format!("## Since which version\n\n{said}.\n")), "{report}");

    // What is learnt later takes its place.
    let out = saved.display().to_string();
    let words = ["localise", &out, "--bisect-versions", &format!("{right},{right}")];
    let (output, document) = etalon(folder.path(), &words);
    assert!(found(&output), "{output:?}");
    let said = "not since a version of the list: neither the oldest nor the newest differs, and those between were not asked";
    assert_eq!(document["since"]["said"], said);
    assert_eq!(since().said, said);
    let report = read("report.md");
    assert!(report.contains(said) && !report.contains("wrong.sh; "), "{report}");
    let (output, _) = etalon(folder.path(), &["diff", &out]);
    assert!(found(&output), "it still replays: {output:?}");

    // One whose function is gone, or that is of other engines, is not replayed as if it were this one.
    let text = read("finding.toml");
    let changed = |name: &str, from: &str, to: &str| {
        let copy = folder.path().join(name);
        std::fs::create_dir(&copy).unwrap();
        std::fs::copy(saved.join("original.wasm"), copy.join("original.wasm")).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(copy.join("finding.toml"), text.replace(from, to)).unwrap();
        copy.display().to_string()
    };
    let gone = changed("gone", "export = \"", "export = \"gone ");
    let others = changed("others", "name = \"oracle\"", "name = \"interp\"");
    let (output, _) = etalon(folder.path(), &["diff", &gone]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.contains("exports no function"), "{message}");

    // Each is replayed on its own engines.
    let (output, record) = etalon(folder.path(), &["diff", &out, &others]);
    assert!(found(&output), "{output:?}");
    let names = |value: &serde_json::Value| -> Vec<String> {
        let engines = value.as_object().unwrap();
        engines.keys().cloned().collect()
    };
    let divergences = record["divergences"].as_array().unwrap();
    let engines: Vec<_> = divergences.iter().map(|one| names(&one["by_engine"])).collect();
    let wrong = "cmd:sh wrong.sh".to_owned();
    assert_eq!(engines, [[wrong.clone(), "oracle".into()], [wrong, "interp".into()]]);
    assert_eq!(record["engines"].as_array().unwrap().len(), 3);
}

#[test]
fn a_version_that_is_no_engine_is_refused_before_the_first_case() {
    let folder = tempfile::tempdir().unwrap();
    let words = "fuzz --modules 4 --profile mvp --out out --engine oracle,interp --bisect-versions";
    for name in ["intrep", "vasmtime", "interp?opt=much"] {
        let mut words: Vec<&str> = words.split(' ').collect();
        words.push(name);
        let (output, _) = etalon(folder.path(), &words);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{name}: {message}");
        assert!(message.contains(name.split('?').next().unwrap()), "{message}");
    }
}
