//! The committed summary, and what counts as a regression.

use std::fs;
use std::path::Path;

use crate::sample::{large, mixed};
use etalon_record::Row;
use etalon_reports::{Baseline, Comparison, Measure, compare};

/// Compares the mixed record with itself after `change`.
fn after(change: impl FnOnce(&mut etalon_record::SuiteRecord)) -> Comparison {
    let before = mixed();
    let mut now = before.clone();
    change(&mut now);
    now.normalise();
    compare(&Baseline::of(&before), &Baseline::of(&now))
}

fn row<'a>(record: &'a mut etalon_record::SuiteRecord, file: &str, engine: &str) -> &'a mut Row {
    let found = record.rows.iter_mut().find(|row| row.file == file && row.engine == engine);
    found.expect("the sample has the row")
}

fn regressions(comparison: &Comparison) -> Vec<Measure> {
    comparison.regressions.iter().map(|change| change.measure).collect()
}

#[test]
fn the_summary_is_small_and_comes_back() {
    let summary = Baseline::of(&mixed());
    let text = summary.to_json().expect("JSON");
    insta::assert_snapshot!(text);
    assert_eq!(Baseline::read(&text).expect("a summary"), summary);
    let large = Baseline::of(&large()).to_json().expect("JSON");
    assert!(large.len() < 16_384, "{} bytes for 611 scripts on 3 engines", large.len());
}

#[test]
fn what_is_no_summary_is_refused_with_its_place() {
    let error = Baseline::read("{\n\"format\": 9, \"arch\": \"x\"}").expect_err("format 9");
    assert_eq!(
        error.to_string(),
        "not a baseline: record format 9 is not known, this build reads format 2: this version of etalon is too old for it at line 2 column 11"
    );
}

#[test]
fn the_same_run_has_nothing_to_say() {
    assert_eq!(after(|_| {}), Comparison::default());
}

#[test]
fn a_new_failure_is_a_regression_in_each_count_it_touches() {
    let comparison = after(|record| {
        let row = row(record, "nop.wast", "jit");
        row.passed -= 1;
        row.failed += 1;
    });
    assert_eq!(regressions(&comparison), [Measure::FilesPassed, Measure::Passed, Measure::Failed]);
    assert!(!comparison.is_clean());
    assert_eq!(
        comparison.regressions[2].to_string(),
        "wasm-v1 on jit: assertions failed rose from 3 to 4"
    );
}

#[test]
fn an_assertion_that_is_no_longer_tried_is_a_regression() {
    let comparison = after(|record| {
        let row = row(record, "nop.wast", "interp");
        row.passed -= 1;
        row.skipped += 1;
    });
    assert_eq!(regressions(&comparison), [Measure::FilesPassed, Measure::Passed, Measure::Skipped]);
}

#[test]
fn an_engine_or_suite_that_is_gone_is_a_regression() {
    let comparison = after(|record| record.rows.retain(|row| row.engine != "wasmtime"));
    let gone: Vec<_> =
        comparison.regressions.iter().map(|change| (change.suite.as_deref(), change.now)).collect();
    assert_eq!(gone, [(Some("mutable-global"), 0), (Some("threads"), 0), (Some("wasm-v1"), 0)]);
}

#[test]
fn a_repair_is_an_improvement() {
    let comparison = after(|record| {
        let row = row(record, "i32|<b>.wast", "interp");
        row.passed += row.failed;
        row.failed = 0;
    });
    assert!(comparison.is_clean());
    let better: Vec<_> = comparison.improvements.iter().map(|change| change.measure).collect();
    assert_eq!(better, [Measure::FilesPassed, Measure::Passed, Measure::Failed]);
}

#[test]
fn other_gas_by_the_same_schedule_is_a_regression_and_by_another_a_note() {
    let dearer = |record: &mut etalon_record::SuiteRecord| {
        row(record, "nop.wast", "jit").gas_consumed = Some(778);
    };
    let comparison = after(dearer);
    assert_eq!(regressions(&comparison), [Measure::GasConsumed]);
    let repriced = after(|record| {
        dearer(record);
        record.schedule = Some("default@2".into());
    });
    assert!(repriced.is_clean());
    assert_eq!(repriced.notes, ["the gas schedule was default@1+5f0c9a3e and is default@2"]);
}

#[test]
fn gas_that_was_equal_and_is_not_is_a_regression() {
    let comparison = after(|record| record.gas.equal -= 1);
    assert_eq!(regressions(&comparison), [Measure::GasUnequal]);
    assert_eq!(comparison.regressions[0].to_string(), "unequal gas comparisons rose from 1 to 2");
    assert_eq!(regressions(&after(|record| record.gas.compared -= 1)), [Measure::GasCompared]);
}

#[test]
fn versions_and_new_suites_are_notes() {
    let comparison = after(|record| {
        record.engines[2].version = "49.0.0".into();
        record.rows.push(Row { passed: 1, ..Row::new("wasm-v4", "a.wast", "interp") });
        record.arch = "aarch64".into();
    });
    assert!(comparison.is_clean());
    assert_eq!(
        comparison.notes,
        [
            "the baseline is for x86_64, this run for aarch64",
            "wasmtime was 48.0.0 and is 49.0.0",
            "the suite wasm-v4 is new"
        ]
    );
}

#[test]
fn what_timed_out_is_a_regression_with_a_note_on_the_machine() {
    let comparison = after(|record| {
        let row = row(record, "nop.wast", "jit");
        row.passed -= 1;
        row.timed_out += 1;
    });
    assert_eq!(
        regressions(&comparison),
        [Measure::FilesPassed, Measure::Passed, Measure::TimedOut]
    );
    assert!(comparison.notes[0].starts_with("1 command timed out in this run"), "{comparison:?}");
    assert_eq!(
        comparison.regressions[2].to_string(),
        "wasm-v1 on jit: commands timed out rose from 0 to 1"
    );
}

/// Baselines of all architectures are in one form, named after their architecture, and equal in all that is counted.
#[test]
fn the_committed_baselines_agree() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("baseline");
    let mut all: Vec<Baseline> = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        let text = fs::read_to_string(&path).expect("it can be read");
        let baseline = Baseline::read(&text).expect("it is a baseline");
        assert_eq!(path.file_stem().and_then(|stem| stem.to_str()), Some(baseline.arch.as_str()));
        assert!(baseline.to_json().expect("JSON") == text, "{}: as it is written", path.display());
        all.push(baseline);
    }
    let first = all.first().expect("there is a baseline");
    for other in &all {
        assert_eq!(apart(first, other), None, "{} and {}", first.arch, other.arch);
    }
}

/// The first count in which the baselines of two architectures differ.
fn apart(first: &Baseline, other: &Baseline) -> Option<String> {
    let Comparison { regressions, improvements, .. } = compare(first, other);
    let change = regressions.into_iter().chain(improvements).next();
    change.map(|change| change.to_string()).or_else(|| {
        let same = first.schedule == other.schedule && first.suites.keys().eq(other.suites.keys());
        (!same).then(|| "other schedules or suites".to_owned())
    })
}

#[test]
fn baselines_that_differ_are_told_apart() {
    let first = Baseline::of(&mixed());
    let changes: [fn(&mut etalon_record::SuiteRecord); 3] = [
        |record| row(record, "nop.wast", "jit").gas_consumed = Some(1),
        |record| row(record, "nop.wast", "jit").passed += 1,
        |record| record.rows.push(Row::new("new", "a", "jit")),
    ];
    for change in changes {
        let mut other = mixed();
        change(&mut other);
        assert!(apart(&first, &Baseline::of(&other)).is_some());
    }
    assert_eq!(apart(&first, &first), None);
}
