//! SARIF, JUnit and annotations: what they say, and the limits of those that read them.

use std::path::Path;

use crate::sample::{HOSTILE, empty, mixed};
use etalon_record::{Failure, Record, Row, SuiteRecord};
use etalon_reports::{Options, Rendered, junit, render_records};
use serde_json::Value;

fn rendered(record: &SuiteRecord) -> Rendered {
    let records = vec![Record::Suite(record.clone())];
    render_records(records, &Options::default(), Path::new("out")).expect("rendered")
}

fn sarif(record: &SuiteRecord) -> (usize, Value) {
    let rendered = rendered(record);
    let page = rendered.pages.iter().find(|page| page.path == Path::new("out/report.sarif"));
    let text = &page.expect("it is there").text;
    assert!(text.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)));
    (text.len(), serde_json::from_str(text).expect("JSON"))
}

/// A record in which many assertions fail, each with a text as hostile as it is long.
fn failing(count: u32) -> SuiteRecord {
    let mut record = empty("x86_64");
    let failures = (1..=count).map(|line| Failure {
        line,
        kind: "assert_return".into(),
        text: Some(format!("::error::{line} {}", HOSTILE.repeat(10))),
        expected: "::error::".into(),
        got: HOSTILE.into(),
        ..Failure::default()
    });
    let failures: Vec<Failure> = failures.collect();
    record.rows.push(Row {
        failed: count.into(),
        failures,
        ..Row::new("s,:%\n::error::x", "a b.wast", "jit")
    });
    record.normalise();
    record
}

#[test]
fn annotations_are_ten_of_a_kind_and_none_is_a_command_of_a_record() {
    let text = rendered(&failing(2000)).annotations;
    assert_eq!(text.lines().count(), 10, "{text}");
    let of_ours = |line: &str| line.starts_with("::error ") && line.len() < 65_535;
    assert!(text.lines().all(of_ours), "{text}");
    assert!(
        text.ends_with("::error title=Etalon::and 1,991 more, which the report has\n"),
        "{text}"
    );
    let first = text.lines().next().expect("there is one");
    let place =
        "::error file=s%2C%3A%25\\n%3A%3Aerror%3A%3Ax/a b.wast,line=1,title=Assertion failed::";
    assert!(first.starts_with(place), "{first}");
    let text = rendered(&mixed()).annotations;
    assert_eq!(text.lines().count(), 5, "three assertions, one unexpected pass, gas: {text}");
    assert_eq!(rendered(&empty("x86_64")).annotations, "");
}

#[test]
fn sarif_has_a_result_for_each_problem_with_a_place() {
    let (_, document) = sarif(&mixed());
    let run = &document["runs"][0];
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), 5);
    let first = &results[0];
    assert_eq!((&first["ruleId"], &first["level"]), (&"assertion-failed".into(), &"error".into()));
    assert_eq!(
        run["tool"]["driver"]["rules"][first["ruleIndex"].as_u64().expect("a number") as usize]["id"],
        "assertion-failed"
    );
    let place = &first["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "wasm-v1/i32%7C%3Cb%3E.wast");
    assert_eq!(place["region"]["startLine"], 120);
    assert!(
        first["message"]["text"].as_str().expect("text").contains("which calls f|<b>(i32:120)")
    );
    assert!(run.get("invocations").is_none());
}

#[test]
fn sarif_keeps_the_limits_of_code_scanning_and_says_what_it_leaves_out() {
    let (bytes, document) = sarif(&failing(40_000));
    let run = &document["runs"][0];
    let results = run["results"].as_array().expect("results").len();
    assert!(results <= 25_000 && bytes < 10_000_000, "{results} results, {bytes} bytes");
    let note = run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].as_str();
    let note = note.expect("a note");
    assert!(note.ends_with("results are left out, for the format has a limit"), "{note}");
}

#[test]
fn junit_has_a_suite_for_each_script_and_says_what_it_leaves_out() {
    let mut record = empty("x86_64");
    for at in 0..20_001 {
        record.rows.push(Row { passed: 1, ..Row::new("s", format!("{at:05}"), "jit") });
    }
    record.rows[20_000].failed = 1;
    let text = junit(&record).expect("JUnit");
    let report = quick_junit::Report::deserialize_from_str(&text).expect("valid XML");
    assert_eq!(report.test_suites.len(), 20_001);
    assert_eq!(report.test_suites[0].name.as_str(), "s/20000", "what failed comes first");
    assert!(text.contains("1 script is left out, for readers take no more"));
}
