//! The page over several architectures.

use std::fs;
use std::path::Path;

use crate::sample::{fails, four, mixed, plant};
use etalon_record::{
    Aspect, Coverage, Finding, FuzzRecord, Reached, Record, Row, RuleCoverage, SuiteRecord, Tool,
};
use etalon_reports::{History, Options, RenderError, Rendered, render_records};

fn rendered(records: Vec<SuiteRecord>) -> Result<Rendered, RenderError> {
    let records = records.into_iter().map(Record::Suite).collect();
    render_records(records, &Options::default(), Path::new("out"))
}

/// The page over all architectures.
fn page(rendered: &Rendered) -> &str {
    let pages = &rendered.pages;
    let page = pages.iter().find(|page| page.path == Path::new("out/index.html"));
    &page.expect("there is a page over all").text
}

/// The first line of a page that a reader sees.
fn first_line(page: &str) -> String {
    let (_, rest) = page.split_once("<p class=\"verdict").expect("there is a verdict");
    let (line, _) = rest.split_once("</p>").expect("it ends");
    let text: String = line.split('<').filter_map(|piece| Some(piece.split_once('>')?.1)).collect();
    text.replace("&quot;", "\"")
}

/// A fault that a compiler may have on one architecture alone, as it shows in a record.
struct Planted {
    name: &'static str,
    arch: &'static str,
    engines: &'static [&'static str],
    line: u32,
    text: &'static str,
    /// What is expected, and what comes.
    values: [&'static str; 2],
}

const PLANTED: [Planted; 3] = [
    Planted {
        name: "a torn store",
        arch: "aarch64",
        engines: &["jit"],
        line: 31,
        text: "(assert_return (invoke \"load\") (i64.const -1))",
        values: ["i64:-1", "i64:4294967295"],
    },
    Planted {
        name: "bytes of a bulk routine in the order of the host",
        arch: "s390x",
        engines: &["jit", "aot"],
        line: 12,
        text: "(assert_return (invoke \"init\") (i32.const 1))",
        values: ["i32:1", "i32:16777216"],
    },
    Planted {
        name: "a relocation that is not applied",
        arch: "riscv64",
        engines: &["aot"],
        line: 7,
        text: "(assert_return (invoke \"call\"))",
        values: ["returned", "crashed: no code is there"],
    },
];

#[test]
fn a_fault_of_one_architecture_is_the_first_line() {
    for Planted { name, arch, engines, line, text, values } in PLANTED {
        let mut records = four();
        let record = records.iter_mut().find(|record| record.arch == arch).expect("it is there");
        plant(record, "file_301.wast", engines, |row| fails(row, line, text, values));
        // What is wrong everywhere comes after it.
        for record in &mut records {
            plant(record, "file_002.wast", &["interp"], |row| fails(row, 5, "(f)", ["1", "2"]));
        }
        let rendered = rendered(records).expect("rendered");
        let [expected, got] = values;
        let line = format!(
            "✗ Only on {arch}: local/file_301.wast on {} fails in line {line}, {text}: expected {expected}, got {got}. ",
            engines.join(" and ")
        );
        let first = first_line(page(&rendered));
        assert!(first.starts_with(&line), "{name}: {first}\n{line}");
        assert!(first.contains("1 assertion fails in 1 of 655 files (1 on interp)"), "{first}");
        assert!(rendered.card.starts_with(&format!("**✗ Only on {arch}: ")), "{}", rendered.card);
        assert!(!rendered.is_clean() && rendered.differences.len() == 1);
        let text = text.replace('"', "&quot;");
        assert!(
            page(&rendered).matches(&text).count() >= 3,
            "in the verdict, the table, the failures"
        );
    }
}

#[test]
fn bits_of_a_nan_and_gas_are_found_where_every_assertion_holds() {
    let mut records = four();
    plant(&mut records[2], "file_301.wast", &["jit"], |row| row.digest = Some("cd".repeat(32)));
    let told = rendered(records).expect("rendered");
    let first = first_line(page(&told));
    assert!(first.starts_with(
        "✗ Only on s390x: local/file_301.wast on jit has state cdcdcdcdcdcd, elsewhere"
    ));
    let mut records = four();
    let all = ["oracle", "interp", "jit", "aot"];
    plant(&mut records[0], "file_301.wast", &all, |row| row.gas_consumed = Some(1));
    let told = rendered(records).expect("rendered");
    let first = first_line(page(&told));
    assert!(first.starts_with(
        "✗ Only on aarch64: local/file_301.wast on oracle, interp, jit and aot has gas 1, elsewhere"
    ));
    assert!(
        page(&told).contains("Equal over all engines and architectures in 654 of 655 scripts.")
    );
}

#[test]
fn architectures_that_agree_say_so_and_what_timed_out_is_set_aside() {
    let told = rendered(four()).expect("rendered");
    assert_eq!(
        first_line(page(&told)),
        "✓ aarch64, riscv64, s390x and x86_64 agree: the same verdicts, states and gas in 2,620 comparisons of a script on an engine."
    );
    assert!(told.is_clean() && told.card.lines().count() <= 10);
    let mut records = four();
    plant(&mut records[3], "file_301.wast", &["oracle"], |row| {
        (row.passed, row.skipped, row.timed_out) = (1, row.passed - 2, 1);
        (row.digest, row.gas_consumed) = (None, None);
    });
    let late = rendered(records).expect("rendered");
    assert!(late.differences.is_empty(), "{:?}", late.differences);
    let first = first_line(page(&late));
    assert!(
        first.contains("1 pair of a script and an engine: not compared, for they timed out."),
        "{first}"
    );
}

#[test]
fn what_a_campaign_found_on_one_architecture_is_the_first_line() {
    let mut fuzz = FuzzRecord::new(Tool::new("etalon", "0.1.0"), "riscv64", 42);
    fuzz.findings.push(Finding {
        id: "memory-i64.store-1".into(),
        what: Aspect::Memory,
        folder: "memory-i64.store-1".into(),
        operator: Some("i64.store".into()),
        engines: vec!["oracle".into(), "jit".into()],
        summary: None,
        cases: 1,
        shard: None,
        since: None,
    });
    let mut records: Vec<Record> = four().into_iter().map(Record::Suite).collect();
    records.push(Record::Fuzz(fuzz));
    let told = render_records(records, &Options::default(), Path::new("out")).expect("rendered");
    let line =
        "✗ On riscv64, a campaign has 1 finding, first memory-i64.store-1. aarch64, riscv64,";
    assert!(first_line(page(&told)).starts_with(line), "{}", first_line(page(&told)));
    assert!(told.card.contains("memory-i64.store-1"));
}

#[test]
fn a_feature_that_one_architecture_lacks_is_no_contradiction() {
    let mut records = four();
    plant(&mut records[1], "file_301.wast", &["jit"], |row| {
        (row.skipped, row.passed, row.gas_consumed) = (row.passed, 0, None);
        row.unsupported.push("simd".into());
    });
    let told = rendered(records).expect("rendered");
    assert!(told.is_clean());
    assert!(
        first_line(page(&told)).starts_with(
            "◐ Only on riscv64: local/file_301.wast on jit is not judged as elsewhere: "
        )
    );
}

#[test]
fn four_engines_on_four_architectures_are_under_a_megabyte() {
    let told = rendered(faulty()).expect("rendered");
    assert!(page(&told).len() < 1_000_000, "{} bytes", page(&told).len());
    assert_eq!(page(&told).matches("data-name=").count(), 655);
    // Nothing is the same on any two of them: no cell stands for several.
    let mut records = four();
    for (at, record) in records.iter_mut().enumerate() {
        record.rows.iter_mut().for_each(|row| row.gas_consumed = Some(at as u64));
    }
    let told = rendered(records).expect("rendered");
    assert!(page(&told).len() < 2_000_000, "{} bytes", page(&told).len());
}

/// The records for the pages that a browser opens: with something of everything.
fn faulty() -> Vec<SuiteRecord> {
    let mut records = four();
    for Planted { arch, engines, line, text, values, .. } in PLANTED {
        let record = records.iter_mut().find(|record| record.arch == arch).expect("it is there");
        plant(record, "file_301.wast", engines, |row| fails(row, line, text, values));
    }
    plant(&mut records[0], "file_400.wast", &["interp"], |row| row.digest = Some("ab".repeat(32)));
    plant(&mut records[1], "file_500.wast", &["jit", "aot"], |row| {
        (row.skipped, row.passed, row.gas_consumed) = (row.passed, 0, None);
        row.unsupported.push("simd".into());
    });
    plant(&mut records[2], "file_010.wast", &["aot"], |row| row.gas_consumed = Some(5));
    for (at, record) in records.iter_mut().enumerate() {
        plant(record, "file_002.wast", &["interp"], |row| fails(row, 5, "(f)", ["1", "2"]));
        let names = [("Step/a", true), ("Step/b", at != 1), ("Step/c", false)];
        let rules = Reached::of(names, &[].into());
        record.coverage = Some(RuleCoverage { rules, ..RuleCoverage::default() });
    }
    records
}

/// Writes the pages that `make page` opens, and checks what they are made of.
#[test]
fn pages_for_the_browser() {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    let mut fuzz = FuzzRecord::new(Tool::new("etalon", "0.1.0"), "aarch64", 42);
    (fuzz.cases, fuzz.modules, fuzz.coverage) = (1000, 10, Coverage::default());
    let mut records: Vec<Record> = faulty().into_iter().map(Record::Suite).collect();
    records.push(Record::Fuzz(fuzz));
    let now = faulty();
    let mut history = History::of(&now);
    for (name, record) in [("2026-01-01/s390x", &four()[2]), ("2026-01-02/s390x", &now[2])] {
        history.add(name, record).expect("it has few engines");
    }
    let options = Options { history: Some(history), ..Options::default() };
    let rendered = render_records(records, &options, &out).expect("rendered");
    let _stale = fs::remove_dir_all(&out);
    rendered.pages.iter().for_each(|page| page.write().expect("written"));
    let page = fs::read_to_string(out.join("index.html")).expect("the page");
    for part in [
        "fails since 2026-01-02/s390x, held in 2026-01-01/s390x",
        "interp on aarch64, interp on riscv64 and interp on x86_64: fails since this run, the first",
        "Reduction rules reached, but not on <b>riscv64</b>: Step/b",
        "fuzz, seed 42",
        "calls <code class=\"text\">f()</code>",
        "Equal over all engines and architectures in 654 of 655 scripts.",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

/// Every way in which records cannot be put side by side: what is changed in the second of two, and what is said.
#[test]
fn records_that_do_not_belong_together_are_refused() {
    type Change = fn(&mut SuiteRecord);
    let cases: [(Change, &str); 6] = [
        (
            |record| record.tool.version = "9".into(),
            "records of different versions: aarch64 (etalon 0.1.0) and riscv64 (etalon 9)",
        ),
        (
            |record| record.schedule = None,
            "records of different gas schedules: aarch64 (default@1+5f0c9a3e) and riscv64 (none)",
        ),
        (
            |record| record.rows.iter_mut().for_each(|row| row.suite.push('2')),
            "the records of aarch64 and riscv64 have no script on an engine in common",
        ),
        (
            |record| record.arch = "aarch64".into(),
            "the records cannot be merged: both records have a row for gc/file_360.wast on oracle",
        ),
        (|record| record.arch = "<b>".into(), "the architecture \"<b>\" cannot name a folder"),
        (
            |record| {
                record.rows = (0..65).map(|at| Row::new("s", "f", format!("e{at}"))).collect();
            },
            "more than 64 engines, which is the most that a report shows",
        ),
    ];
    for (change, expected) in cases {
        let mut records = four();
        records.truncate(2);
        change(&mut records[1]);
        assert_eq!(rendered(records).expect_err(expected).to_string(), expected);
    }
    let mut many = vec![mixed(); 17];
    many.iter_mut().enumerate().for_each(|(at, record)| record.arch = format!("a{at}"));
    let error = rendered(many).expect_err("too many");
    assert_eq!(
        error.to_string(),
        "more than 16 architectures, which is the most that a report shows"
    );
}
