//! Engines in other processes: the protocol as its page tells it, and children that do not keep to it.

mod program;

use etalon_adapters::{
    Adapter, Features, GasConfig, Outcome, ProgramEntry, ProgramFolder, ProgramSetup, Schedule,
    SessionConfig, TimeLimit, Watchdog, adapter,
};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

const ETALON: &str = env!("CARGO_BIN_EXE_etalon");

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn config(features: Features) -> SessionConfig {
    let watchdog = Watchdog::new().expect("the system has a thread for it");
    let time = Some(TimeLimit { each: Some(Duration::from_secs(60)), watchdog });
    SessionConfig { features, gas: None, turns: false, measure: false, time }
}

/// What the interpreter answers to requests.
fn served(requests: &str) -> String {
    let mut serve = program::etalon()
        .args(["serve", "--engine", "interp"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    serve.stdin.take().unwrap().write_all(requests.as_bytes()).unwrap();
    let output = serve.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The page is what other people write their side by.
#[test]
fn the_conversation_of_the_page_is_what_the_reference_says() {
    let page = std::fs::read_to_string(root().join("docs/engine-protocol.md")).unwrap();
    let lines = |mark: &str| -> String {
        let said = page.lines().filter_map(|line| line.strip_prefix(mark));
        said.map(|line| format!("{line}\n")).collect()
    };
    let said = served(&lines("> "));
    assert!(!said.is_empty());
    assert_eq!(said, lines("< "));
}

/// Everything that an engine shows is the same through the protocol.
#[test]
fn an_engine_in_another_process_does_what_it_does_in_this_one() {
    for engine in ["oracle", "interp", "jit", "mixed1"] {
        let there = format!("cmd:{ETALON} serve --engine {engine}");
        for filter in ["**/i*", "**/linking*", "**/br_on*", "**/r*", "**/t*"] {
            let arguments = ["spec", "--suite", "wasm-v3", "--filter", filter];
            let run = |engine: &str| {
                let mut command = program::etalon();
                command.args(arguments).args(["--engine", engine, "--format", "json"]);
                let output = command.output().unwrap();
                let text = String::from_utf8(output.stdout).unwrap();
                let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
                let rows = document["rows"].take();
                for row in rows.as_array().unwrap() {
                    assert!(row["passed"].as_u64() > Some(0) || row["unsupported"].is_array());
                }
                (document["totals"].take(), rows.to_string().replace(engine, "E"))
            };
            let (here, there) = (run(engine), run(&there));
            assert!(here.0["passed"].as_u64() > Some(10), "{}", here.0);
            assert_eq!(here.0, there.0, "{engine}");
        }
    }
}

/// Gas, digests, host calls and globals too.
#[test]
fn nothing_that_is_compared_is_lost_on_the_way() {
    for engine in ["oracle", "interp", "jit"] {
        let names = format!("{engine},cmd:{ETALON} serve --engine {engine}");
        let programs = root().join("corpus/programs");
        let files: Vec<_> =
            std::fs::read_dir(programs).unwrap().map(|e| e.unwrap().path()).collect();
        let files = files.iter().filter(|file| file.extension().is_some_and(|e| e == "wat"));
        let mut command = program::etalon();
        command.args(["diff", "--gas", "100000", "--engine", &names, "--format", "json"]);
        let output = command.args(files).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(document["calls"].as_u64() > Some(20), "{text}");
        assert!(text.contains("\"schedule\""), "{text}");
    }
}

/// An engine that answers everything well but what it is to do at `instantiate`.
fn child(folder: &Path, hostile: &str) -> Arc<dyn Adapter> {
    let script = format!(
        r#"i=0
while read -r line; do
  i=$((i+1))
  case "$line" in
    *'"do":"hello"'*) echo "{{\"id\":$i,\"protocol\":1,\"can\":[\"prepare\",\"instantiate\"]}}";;
    *'"do":"instantiate"'*) {hostile};;
    *) echo "{{\"id\":$i,\"outcome\":{{\"kind\":\"returned\"}}}}";;
  esac
done
"#
    );
    let path = folder.join("engine.sh");
    std::fs::write(&path, script).unwrap();
    adapter(&format!("cmd:sh {}", path.display())).expect("it starts well")
}

/// What an engine does with a module within a limit.
fn outcome(engine: &dyn Adapter, each: Duration) -> Outcome {
    let watchdog = Watchdog::new().unwrap();
    let time = Some(TimeLimit { each: Some(each), watchdog });
    let config = SessionConfig { time, ..config(Features::wasm2()) };
    let mut session = engine.session(&config).unwrap();
    let wasm = wat::parse_str("(module)").unwrap();
    match session.load(&wasm) {
        Ok(instance) => session.invoke(instance, "f", &[]),
        Err(outcome) => outcome,
    }
}

#[test]
fn a_child_that_does_harm_is_the_outcome_of_its_case_and_of_no_other() {
    for (hostile, expected) in [
        ("exit 3", "its process ended with status 3"),
        ("exit 0", "its process ended with status 0"),
        ("kill -SEGV $$", "its process was ended by signal 11"),
        ("echo oops >&2; echo again >&2; exit 1", "status 1; it said last: oops | again"),
        ("echo garbage", "it said what is no answer"),
        ("echo", "it said what is no answer"),
        ("echo '[]'", "it answered request 0 and not"),
        ("echo '{\"id\":999}'", "it answered request 999 and not"),
        ("yes '{}'", "it answered request 0 and not"),
        ("cat /dev/zero", "bytes without the end of a line"),
        ("exec 1>&-; exec sleep 1000", "it closed its output"),
        ("echo \"{\\\"id\\\":$i}\"", "the answer has no outcome"),
        (
            "echo \"{\\\"id\\\":$i,\\\"outcome\\\":{\\\"kind\\\":\\\"returned\\\"}}\"",
            "it made an instance without a number",
        ),
        (
            "echo \"{\\\"id\\\":$i,\\\"outcome\\\":{\\\"kind\\\":\\\"dances\\\"}}\"",
            "it said what is no answer",
        ),
        (
            "echo \"{\\\"id\\\":$i,\\\"outcome\\\":{\\\"kind\\\":\\\"threw\\\",\\\"values\\\":[\\\"i8:1\\\"]}}\"",
            "is no value",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let engine = child(folder.path(), hostile);
        for _ in 0..3 {
            match outcome(engine.as_ref(), Duration::from_secs(60)) {
                Outcome::Crashed(text) => assert!(text.contains(expected), "{hostile}: {text}"),
                other => panic!("{hostile}: {other:?}"),
            }
        }
    }
}

#[test]
fn a_child_that_says_nothing_is_ended_when_its_time_is_over() {
    for hostile in ["exec sleep 1000", "sleep 1000", "yes >&2", "while :; do :; done", ":"] {
        let folder = tempfile::tempdir().unwrap();
        let engine = child(folder.path(), hostile);
        for _ in 0..2 {
            let outcome = outcome(engine.as_ref(), Duration::from_millis(100));
            assert_eq!(outcome, Outcome::TimedOut, "{hostile}");
        }
    }
}

/// What it says too much, after its answer, harms no other session either.
#[test]
fn what_is_said_unasked_is_nobodys_answer() {
    let folder = tempfile::tempdir().unwrap();
    let answer =
        r#"echo "{\"id\":$i,\"outcome\":{\"kind\":\"exhausted\",\"text\":\"x\"}}"; echo more"#;
    let engine = child(folder.path(), answer);
    for _ in 0..3 {
        match outcome(engine.as_ref(), Duration::from_secs(60)) {
            Outcome::Exhausted(text) => assert_eq!(text, "x"),
            Outcome::Crashed(text) => assert!(text.contains("no answer"), "{text}"),
            other => panic!("{other:?}"),
        }
    }
}

/// What a program calls comes over, with gas; and nothing of a case is put where its folder is not, on an engine that has real ones.
#[test]
fn programs_are_told_and_kept_in_their_place() {
    let text = r#"(module
        (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (func (export "_start") (drop (call $close (i32.const -1))) (call $exit (i32.const 3))))"#;
    let wasm = wat::parse_str(text).unwrap();
    let seen = |engine: &str| {
        let engine = adapter(engine).unwrap();
        let schedule = Schedule::builtin("flat").unwrap();
        let gas = Some(GasConfig { schedule, limit: Some(1000) });
        let opened = engine.open(&SessionConfig { gas, ..config(Features::wasm1()) }).unwrap();
        let mut session = opened.session().unwrap();
        session.define_program(&ProgramSetup::default()).unwrap();
        let instance = session.instantiate(&opened.prepare(&wasm).unwrap()).unwrap();
        assert_eq!(session.invoke(instance, "_start", &[]), Outcome::Exited(3));
        session.program_seen().unwrap()
    };
    let here = seen("interp");
    let calls = here.calls.as_ref().unwrap();
    let texts: Vec<String> = calls.first.iter().map(ToString::to_string).collect();
    assert!(texts[0].starts_with("fd_close(i32:-1) = 8 BADF, gas left 9"), "{texts:?}");
    assert!(texts[1].starts_with("proc_exit(i32:3), which does not return, gas"), "{texts:?}");
    assert_eq!((calls.count, calls.gas_crc32.is_some()), (2, true));
    assert_eq!(seen(&format!("cmd:{ETALON} serve --engine jit")), here);

    let Ok(node) = adapter("node") else { return };
    let link = || ProgramEntry::Link("/".to_owned());
    for (name, entry) in
        [("../x", ProgramEntry::Folder), ("l/x", ProgramEntry::Folder), ("l", link())]
    {
        let entries = [(name.to_owned(), entry), ("l".to_owned(), link())].into();
        let folder = ProgramFolder { guest: "/".to_owned(), entries, ..ProgramFolder::default() };
        let setup = ProgramSetup { folders: vec![folder], ..ProgramSetup::default() };
        let opened = node.open(&config(Features::wasm1())).unwrap();
        let refused = opened.session().unwrap().define_program(&setup).map_err(|e| e.to_string());
        assert_eq!(refused.is_ok(), name == "l", "{refused:?}");
        assert!(name == "l" || refused.unwrap_err().contains("cannot be in a folder"));
    }
}

#[test]
fn what_is_no_engine_is_refused_with_the_reason() {
    for (name, expected) in [
        ("cmd:", "no program is named"),
        ("cmd:/no/such/program", "cannot be started"),
        ("cmd:true", "its process ended with status 0"),
        ("cmd:cat", "it does not validate"),
        ("cmd:echo hello", "it said what is no answer"),
        ("node:/no/such/node", "cannot be started"),
    ] {
        let error = adapter(name).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.starts_with(name) && error.contains(expected), "{name}: {error}");
    }
}

#[test]
fn gas_is_charged_there_by_built_in_schedules_alone() {
    let engine = adapter(&format!("cmd:{ETALON} serve --engine interp")).unwrap();
    let text = std::fs::read_to_string(root().join("engine/gas/schedules/flat.toml")).unwrap();
    for (name, is_known) in [("flat", true), ("mine", false)] {
        let schedule = match is_known {
            true => Schedule::builtin(name).unwrap(),
            false => Arc::new(Schedule::parse(&text.replacen("= 1", "= 2", 1), name).unwrap()),
        };
        let gas = Some(GasConfig { schedule, limit: None });
        let opened = engine.open(&SessionConfig { gas, ..config(Features::wasm1()) });
        assert_eq!(opened.is_ok(), is_known, "{name}");
    }
}

/// The example of the page: with its library it runs modules, without it it decodes.
#[test]
fn the_example_in_python_is_an_engine() {
    let python = ["python3", "python"].into_iter().find(|python| {
        let ran = Command::new(python).arg("--version").output();
        ran.is_ok_and(|output| output.status.success())
    });
    let Some(python) = python else { return };
    let example = root().join("docs/examples/engine.py");
    let engine = adapter(&format!("cmd:{python} {}", example.display())).unwrap();
    let mut session = engine.session(&config(engine.features())).unwrap();
    let wat = r#"(module (func (export "f") (result i32) (i32.const -7)))"#;
    match session.load(&wat::parse_str(wat).unwrap()) {
        Ok(instance) => {
            let outcome = session.invoke(instance, "f", &[]);
            assert_eq!(outcome, Outcome::Returned(vec![etalon_adapters::Val::I32(-7)]));
        }
        Err(outcome) => assert!(format!("{outcome:?}").contains("execution"), "{outcome:?}"),
    }
    assert!(session.validate(b"\0asn\x01\0\0\0").is_err());
}

/// A request for what is not there has an answer, and so has the next.
#[test]
fn instances_that_are_not_there_are_no_end() {
    let requests = [
        r#"{"id":1,"do":"memory","instance":0,"memory":"m"}"#,
        r#"{"id":2,"do":"global","instance":7,"global":{"export":"g","value":"i32","mutable":true}}"#,
        r#"{"id":3,"do":"invoke","instance":18446744073709551615,"calls":[],"watch":{"globals":[],"digest":true}}"#,
        r#"{"id":4,"do":"digest"}"#,
        r#"{"id":5,"do":"left"}"#,
        r#"{"id":6,"do":"hello","protocol":1}"#,
    ];
    let text = served(&requests.map(|request| format!("{request}\n")).concat());
    let answers: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), requests.len(), "{text}");
    for (answer, number) in answers.iter().zip(["0", "7", "18446744073709551615"]) {
        assert_eq!(answer["error"], format!("there is no instance {number}"), "{text}");
    }
    assert_eq!(answers[5]["protocol"], 1);
}

/// Each of these calls has all the gas, if every engine that charges it can give it again; a tier in another process cannot.
#[test]
fn a_tier_in_another_process_uses_as_much_gas_in_campaigns() {
    let folder = tempfile::tempdir().unwrap();
    let words =
        "fuzz --modules 4 --profile single,control --engine interp,apart:interp --format json";
    let output =
        program::etalon().args(words.split(' ')).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let record: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(record["cases"].as_u64() > Some(200), "{record}");
}
