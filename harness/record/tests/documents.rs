//! Each kind of document: its field names, the way there and back, and what is refused.

use etalon_record::{
    Aspect, BenchChange, BenchMean, BenchPair, BenchRecord, BenchRow, Coverage, DiffRecord,
    Divergence, EngineInfo, EnginesRecord, FORMAT, Failure, FigureRow, FigureRows, Finding,
    FuzzRecord, Gas, Generator, KernelGroup, KernelRows, Kind, Note, Observation, OutcomeKind,
    Ratio, ReadError, Record, Row, RunRecord, Shards, SuiteRecord, Tool, Unit, Value, read_record,
    role, to_json,
};
use serde::Serialize;

fn tool() -> Tool {
    Tool::new("etalon", "0.1.0")
}

fn suite() -> SuiteRecord {
    let mut record = SuiteRecord::new(Kind::Spec, tool(), "x86_64");
    record
        .engines
        .push(EngineInfo::new("interp", "0.1.0").with_part(role::SEMANTICS, "etalon-interp"));
    record.schedule = Some("default@1+ab12".into());
    record.rows.push(Row {
        passed: 4,
        failed: 1,
        skipped: 1,
        failures: vec![Failure {
            line: 12,
            kind: "assert_return".into(),
            text: Some("(assert_return (invoke \"f\") (i32.const 1))".into()),
            call: Some("f()".into()),
            expected: "i32:1".into(),
            got: "\u{1}<script>".into(),
            module: None,
        }],
        skips: vec![Note::new(3, "needs threads")],
        gas_consumed: Some(u64::MAX),
        ..Row::new("wasm-v1", "i32.wast", "interp")
    });
    record.compare_gas();
    record.normalise();
    record
}

fn diff() -> DiffRecord {
    let mut record = DiffRecord::new(tool(), "x86_64");
    record.cases = 3;
    record.poisoned.insert("nan-bits".into(), 2);
    record.divergences.push(Divergence {
        file: "a.wasm".into(),
        invoke: Some("f".into()),
        args: vec![Value::i32(-1)],
        what: Aspect::HostCalls,
        calls_before: 0,
        by_engine: [("jit".to_owned(), Observation::new(OutcomeKind::TimedOut))].into(),
    });
    record
}

fn fuzz() -> FuzzRecord {
    let mut record = FuzzRecord::new(tool(), "x86_64", 7);
    record.cases = 1000;
    record.coverage = Coverage { operators_total: 9, operators_reached: 8, ..Coverage::default() };
    record.findings.push(Finding {
        id: "results-i32.add-1".into(),
        what: Aspect::Results,
        folder: "results-i32.add-1".into(),
        operator: Some("i32.add".into()),
        engines: vec!["interp".into(), "jit".into()],
        summary: None,
        cases: 3,
        shard: None,
        since: None,
    });
    record
}

fn run() -> RunRecord {
    let mut record = RunRecord::new(tool(), "a.wat", "interp", OutcomeKind::Returned);
    record.invoke = Some("add".into());
    record.args = vec![Value::i32(3), Value::i32(4)];
    record.results = vec![Value::i32(7)];
    record.gas = Some(Gas { consumed: 5, executed: Some(5), schedule: "default@1+ab12".into() });
    record
}

fn keys(record: &impl Serialize) -> Vec<String> {
    let value = serde_json::to_value(record).expect("records are JSON");
    value.as_object().expect("a record is an object").keys().cloned().collect()
}

/// The names that scripts rely on; others may be added.
#[test]
fn the_documented_names_are_there() {
    let has = |keys: Vec<String>, names: &[&str]| {
        for name in names {
            assert!(keys.iter().any(|key| key == name), "{name} is missing from {keys:?}");
        }
    };
    has(keys(&run()), &["file", "engine", "invoke", "args", "outcome", "results", "trap", "gas"]);
    has(keys(&run().gas), &["consumed", "executed", "schedule"]);
    has(keys(&suite()), &["totals", "gas", "rows"]);
    has(
        keys(&suite().totals),
        &[
            "files",
            "files_passed",
            "assertions",
            "passed",
            "failed",
            "skipped",
            "expected_failures",
        ],
    );
    has(keys(&suite().gas), &["compared", "equal"]);
    has(
        keys(&suite().rows[0]),
        &[
            "suite",
            "file",
            "engine",
            "passed",
            "failed",
            "skipped",
            "expected_failures",
            "unsupported",
            "failures",
        ],
    );
    has(keys(&suite().rows[0].failures[0]), &["line", "kind", "expected", "got"]);
    has(keys(&diff()), &["cases", "divergences", "poisoned"]);
    has(keys(&diff().divergences[0]), &["file", "invoke", "args", "what", "by_engine"]);
    has(keys(&fuzz()), &["cases", "seed", "engines", "findings", "coverage"]);
    has(keys(&fuzz().findings[0]), &["id", "what", "folder", "operator", "engines"]);
}

/// Every name of the format. One that goes away, or gets another meaning, raises [`FORMAT`]: then this list is of the next. Names
/// that are added are added here.
#[test]
fn no_name_of_the_format_goes_away() {
    assert_eq!(FORMAT, 2, "this list is of format 2");
    let run = RunRecord { not_compiled: 1, interrupted: true, ..run() };
    let late =
        SuiteRecord { time_limit: Some("1s".into()), not_run: 1, interrupted: true, ..suite() };
    let mut diff = DiffRecord { not_made: 1, not_run: 1, interrupted: true, ..diff() };
    diff.time_limit = Some("1s".into());
    let mut fuzz =
        FuzzRecord { timed_out: 1, time_limit: Some("1s".into()), interrupted: true, ..fuzz() };
    fuzz.settings.insert("rounds".into(), "4".into());
    fuzz.shards = Some(Shards { of: 2, these: vec![1] });
    fuzz.findings[0].shard = Some(1);
    fuzz.generators.insert("single".into(), Generator::default());
    let bench = BenchRecord { interrupted: true, ..bench() };
    for (keys, names) in [
        (
            keys(&run),
            "record format tool file engine invoke args outcome results trap message gas not_compiled interrupted",
        ),
        (
            keys(&late),
            "record format tool arch engines schedule time_limit not_run interrupted totals gas rows",
        ),
        (
            keys(&suite().totals),
            "files files_passed assertions passed failed skipped expected_failures unexpected_passes",
        ),
        (
            keys(&suite().rows[0]),
            "suite file engine passed failed skipped expected_failures unexpected_passes unsupported failures skips \
             expected unexpected gas_consumed digest",
        ),
        (
            keys(&diff),
            "record format tool arch engines schedule cases calls not_made not_run interrupted outcomes idle \
             divergences time_limit poisoned",
        ),
        (keys(&diff.divergences[0]), "file invoke args what by_engine"),
        (
            keys(&fuzz),
            "record format tool arch seed profile settings shards modules cases outcomes interrupted engines findings timed_out \
             time_limit poisoned coverage generators",
        ),
        (keys(&fuzz.generators["single"]), "modules cases operators cells"),
        (keys(&fuzz.findings[0]), "id what folder operator engines summary cases shard"),
        (keys(&fuzz.coverage), "operators_total operators_reached missing operators"),
        (
            keys(&bench),
            "record format tool arch cpu against rounds interrupted engines kernels figures means pairs changes",
        ),
        (keys(&bench.kernels[0]), "name group n checksum rows"),
        (keys(&bench.figures[0]), "part name unit rows"),
        (keys(&bench.figures[0].rows[0]), "engine refused value ratio"),
        (keys(&bench.pairs[0]), "engine over group ratio worst kernel kernels"),
        (keys(&bench.changes[0]), "part name engine then now change moved"),
    ] {
        let mut known: Vec<&str> = names.split_whitespace().collect();
        known.sort_unstable();
        let mut keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(keys, known);
    }
}

fn bench() -> BenchRecord {
    let mut record = BenchRecord::new(tool(), "x86_64", "interp");
    let ratio = Ratio { median: 1.5, low: 1.25, high: 2.0 };
    record.kernels.push(KernelRows {
        name: "sorting".into(),
        group: Some(KernelGroup::Memory),
        n: 4,
        checksum: Value::i64(-1),
        rows: vec![BenchRow {
            engine: "jit".into(),
            refused: None,
            nanoseconds: Some(12.5),
            ratio: Some(ratio),
        }],
    });
    record.figures.push(FigureRows {
        part: "instantiate".into(),
        name: "one page".into(),
        unit: Unit::Nanoseconds,
        rows: vec![FigureRow {
            engine: "jit".into(),
            refused: None,
            value: Some(812.5),
            ratio: Some(ratio),
        }],
    });
    record.means.push(BenchMean { engine: "jit".into(), ratio: 1.5, kernels: 1 });
    record.pairs.push(BenchPair {
        engine: "jit".into(),
        over: "interp".into(),
        group: Some(KernelGroup::Memory),
        ratio: 1.5,
        worst: 1.5,
        kernel: "sorting".into(),
        kernels: 1,
    });
    record.changes.push(BenchChange {
        part: "kernels".into(),
        name: "sorting".into(),
        engine: "jit".into(),
        then: ratio,
        now: ratio,
        change: 1.0,
        moved: false,
    });
    record
}

#[test]
fn each_record_comes_back_as_it_was() {
    let engines = EnginesRecord::new(tool(), "aarch64");
    let cases: [(String, Record); 6] = [
        (to_json(&run()).expect("JSON"), Record::Run(run())),
        (to_json(&suite()).expect("JSON"), Record::Suite(suite())),
        (to_json(&diff()).expect("JSON"), Record::Diff(diff())),
        (to_json(&fuzz()).expect("JSON"), Record::Fuzz(fuzz())),
        (to_json(&engines).expect("JSON"), Record::Engines(engines)),
        (to_json(&bench()).expect("JSON"), Record::Bench(bench())),
    ];
    for (text, record) in cases {
        assert_eq!(read_record(&text), Ok(record));
    }
}

#[test]
fn what_may_be_absent_and_what_is_unknown_are_both_read() {
    let text = r#"{"record": "wast", "format": 2, "tool": {"name": "etalon", "version": "0"}, "arch": "x86_64",
        "totals": {"files": 1, "files_passed": 1, "assertions": 1, "passed": 1, "failed": 0, "skipped": 0,
                   "expected_failures": 0},
        "rows": [{"suite": "s", "file": "f", "engine": "e", "passed": 1, "failed": 0, "skipped": 0,
                  "expected_failures": 0, "of a later release": [1, 2]}]}"#;
    let Ok(Record::Suite(record)) = read_record(text) else { panic!("a suite record") };
    assert_eq!(record.rows, [Row { passed: 1, ..Row::new("s", "f", "e") }]);
    assert_eq!(record.record, Kind::Wast);
}

#[test]
fn another_format_is_refused_by_number_and_place() {
    for (format, what) in [
        (FORMAT - 1, "an older version of etalon wrote this; run its command again"),
        (FORMAT + 1, "this version of etalon is too old for it"),
    ] {
        let text = format!("{{\n  \"record\": \"spec\",\n  \"format\": {format}\n}}");
        let error = read_record(&text).expect_err("another format");
        assert_eq!(
            error.to_string(),
            format!(
                "not a record that can be read, at line 3, column 13: record format {format} is not known, \
                 this build reads format {FORMAT}: {what}"
            )
        );
    }
}

#[test]
fn what_is_no_record_is_refused_with_its_place() {
    let message = |text: &str| read_record(text).expect_err(text).to_string();
    assert!(message(r#"{"format": 2}"#).contains("missing field `record`"));
    assert!(message(r#"{"record": "poem", "format": 2}"#).contains("unknown variant `poem`"));
    assert!(message("[]").contains("line 1"));
    assert!(matches!(read_record("{\n\"record\": }"), Err(ReadError::NotJson { line: 2, .. })));
    assert!(matches!(read_record(""), Err(ReadError::NotJson { .. })));
    // Deep nesting must not overflow the stack of the reader.
    assert!(read_record(&"[".repeat(200_000)).is_err());
    let broken = read_record("{\"record\": \"diff\", \"format\": 2,\n \"cases\": \"many\"}");
    assert!(
        matches!(broken, Err(ReadError::Broken { kind: Kind::Diff, line: 2, .. })),
        "{broken:?}"
    );
}
