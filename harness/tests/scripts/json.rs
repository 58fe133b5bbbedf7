//! Scripts as JSON: what is converted is read back as the same script.

use etalon_adapters::{Features, adapter};
use etalon_harness::script::{
    Converted, INDEX, Index, IndexEntry, JsonForm, ScriptOptions, ScriptSource, Selection, Silent,
    convert, run_scripts, scripts_in,
};
use etalon_record::{Kind, Row};
use std::collections::BTreeMap;
use std::path::Path;

/// Writes a converted script as `etalon wast --to json` does.
fn write(folder: &Path, file: &str, converted: &Converted) {
    let path = folder.join(file);
    let beside = path.parent().expect("it has a folder");
    std::fs::create_dir_all(beside).expect("it is writable");
    for (name, bytes) in &converted.files {
        std::fs::write(beside.join(name), bytes).expect("it is writable");
    }
    std::fs::write(&path, converted.to_json()).expect("it is writable");
}

fn json_name(source: &ScriptSource) -> String {
    format!("{}/{}.json", source.suite, source.file.trim_end_matches(".wast"))
}

/// A folder with all of these scripts, and its index.
fn folder_of(sources: &[ScriptSource]) -> (tempfile::TempDir, Vec<Converted>) {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let (mut index, mut all) = (Index::default(), Vec::new());
    for source in sources {
        let converted = convert(source).unwrap_or_else(|error| panic!("{error}"));
        write(folder.path(), &json_name(source), &converted);
        index.scripts.push(IndexEntry::new(json_name(source), source));
        all.push(converted);
    }
    let text = serde_json::to_string(&index).expect("an index is JSON");
    std::fs::write(folder.path().join(INDEX), text).expect("it is writable");
    (folder, all)
}

/// What a row says, but for names.
fn counts(row: &Row) -> Row {
    let mut row = row.clone();
    row.failures.iter_mut().for_each(|failure| failure.line = 0);
    Row { suite: String::new(), file: String::new(), ..row }
}

/// All official scripts and ours: converted, read back, converted again, and run in both forms.
#[test]
fn nothing_of_any_script_is_lost() {
    let sources = Selection::default().sources().expect("the bundled scripts are there");
    let (folder, all) = folder_of(&sources);
    let (read, errors) = scripts_in(&[folder.path().to_owned()], None);
    assert_eq!(errors, []);
    assert_eq!(read.len(), sources.len());
    let mut read: BTreeMap<String, ScriptSource> =
        read.into_iter().map(|source| (source.file.clone(), source)).collect();
    let mut forms = BTreeMap::new();
    let mut back = Vec::new();
    for (source, converted) in sources.iter().zip(&all) {
        let mut again = read.remove(&json_name(source)).expect("it was found");
        assert!(again.is_bundled, "{}", source.name());
        assert_eq!(again.features, source.features, "{}", source.name());
        converted.script.commands.iter().for_each(|c| *forms.entry(c.form as u8).or_insert(0) += 1);
        let twice = convert(&again).unwrap_or_else(|error| panic!("{error}"));
        for (first, second) in converted.script.commands.iter().zip(&twice.script.commands) {
            let second = serde_json::to_string(second).expect("commands are JSON");
            // The files have the name of the script that they were converted from.
            assert_eq!(serde_json::to_string(first).expect("commands are JSON"), second);
        }
        assert_eq!(converted.script.commands.len(), twice.script.commands.len());
        assert!(converted.files == twice.files, "{}: the modules differ", source.name());
        again.expected.clone_from(&source.expected);
        back.push(again);
    }
    assert!(forms.len() >= 14, "too few forms of commands occur: {forms:?}");
    let engine = adapter("interp").expect("it is ours");
    let run = |sources: &[ScriptSource]| {
        run_scripts(Kind::Wast, &[&*engine], sources, &ScriptOptions::default(), &Silent).record
    };
    let (first, second) = (run(&sources), run(&back));
    assert_eq!(first.rows.len(), second.rows.len());
    let converted: BTreeMap<&str, &Row> =
        second.rows.iter().map(|row| (row.file.as_str(), row)).collect();
    for row in &first.rows {
        let file = format!("{}/{}.json", row.suite, row.file.trim_end_matches(".wast"));
        assert_eq!(counts(row), counts(converted[file.as_str()]), "{file}");
    }
    assert_eq!(first.totals.passed, second.totals.passed);
    assert!(first.totals.passed > 50_000, "{}", first.totals.passed);
}

/// Every form of command and value, also those that no official script has.
const FORMS: &str = r#"
(module $M
  (memory (export "m") 1 1 shared)
  (func (export "\u{0}\u{e9}\"") (param i32 i64 f32 f64 v128) (result v128) (local.get 4))
  (func (export "f") (param externref funcref anyref))
  (global (export "g") f32 (f32.const nan:0x200001)))
(module definition $D (memory 1))
(module instance $I $D)
(module instance $J $D)
(module quote "(func " "(export \"q\"))")
(register "M" $M)
(invoke $M "f" (ref.extern 7) (ref.null func) (ref.host 3))
(invoke $M "f" (ref.null extern) (ref.null nofunc) (ref.null i31))
(assert_return (get $M "g") (f32.const nan:0x200001))
(assert_return (invoke $M "\00\c3\a9\"" (i32.const -1) (i64.const -9223372036854775808) (f32.const -0x1p-149)
  (f64.const -nan:0x4000000000001) (v128.const i8x16 -1 2 -3 4 -5 6 -7 8 -9 10 -11 12 -13 14 -15 16))
  (either (v128.const f32x4 nan:canonical nan:arithmetic -0 inf) (v128.const i64x2 -1 1)
    (v128.const i16x8 0 1 2 3 4 5 6 7) (v128.const f64x2 0x1.fffffffffffffp+1023 -nan:0x1)))
(assert_return (invoke "none") (ref.null) (ref.extern) (ref.func) (ref.any) (ref.eq) (ref.i31) (ref.struct)
  (ref.array) (ref.null eq) (ref.null none) (ref.null exn) (ref.null noexn) (ref.null (shared any)) (ref.host 1))
(assert_return (module (memory 1)))
(assert_trap (invoke "none") "undefined")
(assert_trap (module (func unreachable) (start 0)) "unreachable")
(assert_exhaustion (invoke "none") "call stack exhausted")
(assert_exception (invoke "none"))
(assert_suspension (invoke "none") "unhandled tag")
(assert_malformed (module quote "(func \"\\ff\" \"\ff\")") "malformed UTF-8 encoding")
(assert_malformed (module binary "\00asm" "\01") "unexpected end")
(assert_invalid (module (func (result i32))) "type mismatch")
(assert_invalid (module (func (call $nowhere))) "unknown function")
(assert_invalid_custom (module quote "(func)") "none")
(assert_malformed_custom (module quote "(@custom)") "none")
(assert_unlinkable (module (import "a" "b" (func))) "unknown import")
(thread $T (shared (module $M))
  (register "mem" $M)
  (module (memory (import "mem" "m") 1 1 shared))
  (assert_return (invoke "none")))
(wait $T)
"#;

#[test]
fn every_form_is_converted_and_read_back() {
    let source = ScriptSource::new("s", "forms.wast", FORMS, Features::all());
    let (folder, all) = folder_of(std::slice::from_ref(&source));
    let (read, errors) = scripts_in(&[folder.path().join("s/forms.json")], None);
    assert_eq!(errors, []);
    assert_eq!(read[0].features, Features::all());
    assert!(!read[0].is_bundled);
    let again = convert(&read[0]).expect("it is a script");
    assert_eq!(again.script.commands, all[0].script.commands);
    assert_eq!(again.files, all[0].files);
    let has = |form| all[0].script.commands.iter().any(|command| command.form == form);
    assert!(has(JsonForm::AssertUninstantiable) && has(JsonForm::Thread) && has(JsonForm::Wait));
    let json = all[0].to_json();
    for part in [
        r#"{"type":"action","line":12,"action":{"type":"invoke","module":"$M","field":"f","args":[{"type":"externref","value":"7"},{"type":"funcref","value":"null"},{"type":"anyref","value":"3"}]},"expected":[]}"#,
        r#"{"type":"i32","value":"4294967295"},{"type":"i64","value":"9223372036854775808"},{"type":"f32","value":"2147483649"},{"type":"f64","value":"18443366373989023745"}"#,
        r#"{"type":"v128","lane_type":"f32","value":["nan:canonical","nan:arithmetic","2147483648","2139095040"]}"#,
        r#""expected":[{"type":"refnull"},{"type":"externref"},{"type":"funcref"},{"type":"anyref"},{"type":"eqref"},"#,
        r#"{"type":"anyref","shared":true,"value":"null"}"#,
        r#"{"type":"assert_return","line":21,"action":{"type":"module","filename":"forms.3.wasm","module_type":"binary"},"expected":[]}"#,
        r#""filename":"forms.8.wat","text":"unknown function","module_type":"text""#,
        r#"{"type":"register","line":11,"name":"$M","as":"M"}"#,
    ] {
        assert!(json.contains(part), "{part}\n{json}");
    }
}

/// What is no converted script is told, and files elsewhere are not read.
#[test]
fn what_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let path = folder.path().join("x.json");
    for (text, expected) in [
        ("{\"source_filename\": 1}", "x.json:1:21: invalid type"),
        (
            r#"{"source_filename": "x.wast", "commands": [{"type": "module", "line": 3, "filename": "../y.wasm"}]}"#,
            "the command of line 3: \"../y.wasm\" is no file beside the script",
        ),
        (
            r#"{"source_filename": "x.wast", "commands": [{"type": "assert_return", "line": 4,
               "action": {"type": "invoke", "field": "f", "args": [{"type": "i32", "value": "1) (x"}]}, "expected": []}]}"#,
            "is not an integer",
        ),
        (
            r#"{"source_filename": "x.wast", "commands": [{"type": "assert_return", "line": 4,
               "action": {"type": "get", "field": "f"}, "expected": [{"type": "v128", "lane_type": "i64", "value": ["1"]}]}]}"#,
            "i64x2 has no 1 lanes",
        ),
    ] {
        std::fs::write(&path, text).expect("it is writable");
        let (sources, errors) = scripts_in(std::slice::from_ref(&path), None);
        assert!(sources.is_empty());
        assert!(errors[0].to_string().contains(expected), "{}", errors[0]);
    }
}
