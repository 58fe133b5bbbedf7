//! Many scripts on many engines.

use crate::fake::{Fake, returned, source};
use etalon_adapters::{Adapter, GasConfig, Schedule, Val, adapter};
use etalon_harness::script::{
    Events, ScriptError, ScriptOptions, ScriptSource, Selection, Silent, run_paths, run_scripts,
    run_suites,
};
use etalon_record::{Kind, Row, SuiteRecord, to_json};
use std::sync::Mutex;

fn sources(count: usize) -> Vec<ScriptSource> {
    let script = |i| ScriptSource {
        file: format!("{i:03}.wast"),
        ..source("(module) (assert_return (invoke \"f\") (i32.const 1))")
    };
    (0..count).map(script).collect()
}

fn with_gas(gas: u64) -> Fake {
    Fake::new().call("f", returned([Val::I32(1)])).gas(gas)
}

#[test]
fn the_record_does_not_depend_on_the_number_of_threads() {
    let (a, b) = (with_gas(1).named("b"), with_gas(1).named("a"));
    let adapters: [&dyn Adapter; 2] = [&a, &b];
    let run = |jobs| {
        let options = ScriptOptions { jobs: Some(jobs), ..ScriptOptions::default() };
        run_scripts(Kind::Spec, &adapters, &sources(40), &options, &Silent).record
    };
    let (one, many) = (run(1), run(8));
    assert_eq!(to_json(&one).unwrap(), to_json(&many).unwrap());
    assert_eq!((one.totals.files, one.totals.passed), (40, 80));
    assert_eq!((one.rows[0].engine.as_str(), one.rows[1].engine.as_str()), ("b", "a"));
}

#[test]
fn a_record_of_our_tiers_is_the_same_bytes_each_time() {
    let (interp, jit) = (adapter("interp").unwrap(), adapter("jit").unwrap());
    let filter = Some("*linking*".parse().unwrap());
    let selection = Selection { suites: vec!["wasm-v?".into()], filter, shard: None };
    let schedule = Schedule::builtin(Schedule::DEFAULT).unwrap();
    let run = |jobs| {
        let gas = Some(GasConfig { schedule: schedule.clone(), limit: None });
        let options = ScriptOptions { gas, jobs: Some(jobs), ..ScriptOptions::default() };
        run_suites(&[&*interp, &*jit], &selection, &options, &Silent).unwrap().record
    };
    let (first, second) = (run(1), run(4));
    assert_eq!(to_json(&first).unwrap(), to_json(&second).unwrap());
    assert_eq!(first.totals.files, 3);
    assert!(first.schedule.is_some());
    assert!(first.is_clean() && first.gas.compared > 0, "{:?}", first.gas);
}

#[test]
fn unequal_gas_is_found() {
    let (a, b) = (with_gas(10).named("a"), with_gas(11).named("b"));
    let options = ScriptOptions::default();
    let run = |adapters: &[&dyn Adapter]| {
        run_scripts(Kind::Spec, adapters, &sources(3), &options, &Silent)
    };
    let unequal = run(&[&a, &b]);
    assert_eq!((unequal.record.gas.compared, unequal.record.gas.equal), (3, 0));
    assert!(unequal.record.totals.is_clean() && !unequal.is_clean());
    let equal = run(&[&a, &with_gas(10).named("c")]);
    assert_eq!((equal.record.gas.compared, equal.record.gas.equal), (3, 3));
    assert!(equal.is_clean());
}

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Events for Log {
    fn started(&self, total: usize) {
        self.0.lock().unwrap().push(format!("started {total}"));
    }
    fn script_done(&self, row: &Row) {
        self.0.lock().unwrap().push(format!("done {}", row.file));
    }
    fn script_refused(&self, error: &ScriptError) {
        self.0.lock().unwrap().push(format!("refused {error}"));
    }
    fn finished(&self, record: &SuiteRecord) {
        self.0.lock().unwrap().push(format!("finished {}", record.totals.files));
    }
}

#[test]
fn progress_is_told() {
    let log = Log::default();
    let options = ScriptOptions { jobs: Some(1), ..ScriptOptions::default() };
    run_scripts(Kind::Spec, &[&with_gas(1)], &sources(2), &options, &log);
    let expected = ["started 2", "done 000.wast", "done 001.wast", "finished 2"];
    assert_eq!(*log.0.lock().unwrap(), expected);
}

#[test]
fn bad_files_are_named_and_the_others_run() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("scripts");
    std::fs::create_dir_all(root.join("sub")).unwrap();
    let write = |name: &str, text: &[u8]| std::fs::write(root.join(name), text).unwrap();
    write("good.wast", b"(module) (assert_return (invoke \"f\") (i32.const 1))");
    write("sub/good.wast", b"(module)");
    write("syntax.wast", b"(module)\n  (assert_nonsense)\n");
    write("bytes.wast", b"(module)\n;; \xff\n");
    write("feature.wast", b";; features: telepathy\n(module)\n");
    write("not-a-script.txt", b"(nonsense");
    let missing = dir.path().join("missing.wast");
    let options = ScriptOptions::default();
    let syntax = format!("{}:2:4: ", root.join("syntax.wast").display());
    let run = run_paths(&[&with_gas(1)], &[root, missing], None, &options, &Silent);

    let files = run.record.rows.iter().map(|row| (row.suite.as_str(), row.file.as_str()));
    assert_eq!(files.collect::<Vec<_>>(), [("scripts", "good.wast"), ("scripts", "sub/good.wast")]);
    assert_eq!(run.record.totals.passed, 1);
    let errors: Vec<_> = run.errors.iter().map(ToString::to_string).collect();
    assert_eq!(errors.len(), 4, "{errors:?}");
    let has = |text: &str| errors.iter().any(|error| error.contains(text));
    assert!(has(&syntax), "{errors:?}");
    assert!(has("bytes.wast:2:4: not UTF-8"), "{errors:?}");
    assert!(has("no feature named telepathy") && has("missing.wast"), "{errors:?}");
    assert!(!run.is_clean());
}
