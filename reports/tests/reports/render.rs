//! Each rendering of a record: what it shows, and that nothing in a record becomes markup.

use std::fs;
use std::path::Path;

use crate::sample::{HOSTILE, empty, large, mixed};
use etalon_record::{
    Aspect, Coverage, DiffRecord, Divergence, EngineInfo, EnginesRecord, Finding, FuzzRecord,
    Generator, Note, Observation, OutcomeKind, Reached, Record, Row, RuleCoverage, Shards, Tool,
    Value, read_record, to_json,
};
use etalon_reports::{
    Baseline, Options, Page, RenderError, compare, diff_markdown, fuzz_markdown, html, junit,
    markdown, render_all, render_records, verdict,
};

#[test]
fn the_markdown_of_a_mixed_record() {
    insta::assert_snapshot!(markdown(&mixed(), None));
}

#[test]
fn the_junit_of_a_mixed_record() {
    insta::assert_snapshot!(junit(&mixed()).expect("JUnit"));
}

#[test]
fn the_markdown_of_a_comparison() {
    let now = mixed();
    let mut better = now.clone();
    better.rows.retain(|row| row.engine != "wasmtime");
    for row in &mut better.rows {
        row.passed += row.failed;
        row.failed = 0;
    }
    let comparison = compare(&Baseline::of(&better), &Baseline::of(&now));
    let text = markdown(&now, Some(&comparison));
    let (_, section) = text.split_once("## Against the baseline").expect("the section");
    insta::assert_snapshot!(section.split("\n## ").next().unwrap_or_default());
    assert!(
        html(&now, Some(&comparison))
            .contains("wasm-v1 on jit: assertions failed rose from 0 to 3")
    );
}

#[test]
fn reached_rules_have_a_section_of_their_own_if_somebody_watched() {
    let mut record = mixed();
    assert!(!html(&record, None).contains("Rules of the specification"));
    assert!(!markdown(&record, None).contains("Rules of the specification"));
    let reason = [("$b".to_owned(), HOSTILE.to_owned())].into();
    let reached = Reached::of([("$a", true), ("$b", false), ("<c>", false)], &reason);
    record.coverage = Some(RuleCoverage { numerics: reached, ..RuleCoverage::default() });
    let text = markdown(&record, None);
    assert!(text.contains("Numeric functions reached: 1 of 3."));
    assert!(
        text.contains("- never reached: `<c>`") && text.contains("- cannot be reached: `$b`: ")
    );
    let page = html(&record, None);
    assert!(page.contains("Numeric functions reached: 1 of 3.") && page.contains("&lt;c&gt;"));
    assert!(page.contains("href=\"#rules\"") && page.matches("<script>").count() == 1);
}

#[test]
fn hostile_text_stays_text_in_html() {
    let mut record = mixed();
    record.arch = "<x>\"".into();
    record.engines[0].name = "</style><img src=x onerror=alert(1)>".into();
    record.engines[0].version = HOSTILE.into();
    record.schedule = Some(HOSTILE.into());
    for row in &mut record.rows {
        row.suite.push_str(HOSTILE);
        row.unsupported.push(HOSTILE.into());
    }
    let page = html(&record, None);
    assert_eq!(page.matches("<script>").count(), 1, "only the page's own script");
    assert!(!page.contains("<img"));
    assert!(!page.contains("<b>.wast"));
    assert!(page.contains("&lt;script&gt;alert(1)"));
    // Hidden characters are spelled out, so that what differs can be seen.
    assert!(page.contains("\\u{1b}[31m") && !page.contains('\u{1b}') && !page.contains('\u{202e}'));
}

#[test]
fn the_page_loads_nothing() {
    let page = html(&mixed(), None);
    for attribute in [" src=", "url(", "@import", "http://", "https://", "<link"] {
        assert!(!page.contains(attribute), "{attribute}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn every_link_inside_the_page_has_its_target() {
    let mut record = mixed();
    record.rows[0].suite = "odd name/with : signs".into();
    for page in [html(&record, None), html(&large(), None), html(&empty("x86_64"), None)] {
        let ids: Vec<&str> =
            page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let links: Vec<&str> =
            page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(!links.is_empty());
        for link in links {
            assert!(ids.contains(&link), "no target for #{link}");
        }
        let mut unique = ids.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), ids.len(), "an id is used twice");
    }
}

#[test]
fn junit_is_xml_that_its_own_reader_takes() {
    let text = junit(&mixed()).expect("JUnit");
    let report = quick_junit::Report::deserialize_from_str(&text).expect("valid XML");
    assert_eq!(report.test_suites.len(), 6, "five scripts, and gas");
    assert_eq!(report.failures, 4, "three rows of one script, and gas");
    assert!(!text.contains('\u{1b}') && !text.contains('\u{0}'));
}

#[test]
fn a_large_record_becomes_a_page_that_a_browser_takes() {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let pages = render_all(&large(), &out.join("large")).expect("rendered");
    pages[0].write().expect("written");
    let page = fs::read_to_string(&pages[0].path).expect("the page");
    assert_eq!(page.matches("data-name=").count(), 611);
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    for page in render_all(&mixed(), &out.join("mixed")).expect("rendered") {
        page.write().expect("written");
    }
}

#[test]
fn a_page_says_how_much_it_leaves_out() {
    let mut record = mixed();
    let row = record.rows.iter_mut().find(|row| row.failed == 3).expect("the row with failures");
    let one = row.failures[0].clone();
    row.failures = (0..11_000).map(|line| etalon_record::Failure { line, ..one.clone() }).collect();
    row.failed = 11_000;
    let page = html(&record, None);
    // The interpreter fails in line 120 too, with the same expectation: that is one assertion.
    assert!(page.contains("1,000 failures more are in the record."), "the cut is named");
    assert!(markdown(&record, None).contains("and 10,500 failed assertions more."));
    assert!(junit(&record).expect("JUnit").contains("and 10,000 failures more"));
}

#[test]
fn a_page_stays_small_whatever_fails() {
    let mut record = mixed();
    let one = record.rows.iter().find(|row| row.failed == 3).expect("the row").failures[0].clone();
    let got = |at: u32| etalon_record::Failure { got: format!("{at} {HOSTILE}"), ..one.clone() };
    let failures: Vec<_> = (0..20_000).map(got).collect();
    // One assertion with many answers, and many files with one.
    record.rows.push(Row { failed: 20_000, failures, ..Row::new("s", "many", "jit") });
    for at in 0..12_000 {
        let failures = vec![one.clone()];
        record.rows.push(Row { failed: 1, failures, ..Row::new("t", format!("{at:05}"), "jit") });
    }
    record.normalise();
    let (page, text) = (html(&record, None), markdown(&record, None));
    assert!(page.contains("and 19,968 more") && text.contains("and 19,968 more"));
    assert!(page.contains("Failures of 2,002 files more are in the record."), "the cut is named");
    assert!(text.len() < 1_000_000, "{} bytes, and a job's summary takes no more", text.len());
}

#[test]
fn the_same_record_gives_the_same_bytes_in_any_order() {
    let first = mixed();
    let mut second = first.clone();
    second.rows.reverse();
    assert_eq!(html(&first, None), html(&second, None));
    assert_eq!(markdown(&first, None), markdown(&second, None));
    assert_eq!(junit(&first).expect("JUnit"), junit(&second).expect("JUnit"));
}

#[test]
fn a_record_that_went_through_json_gives_the_same_reports() {
    let record = mixed();
    let text = to_json(&record).expect("JSON");
    let Ok(Record::Suite(read)) = read_record(&text) else { panic!("a suite record") };
    assert_eq!(html(&read, None), html(&record, None));
    assert_eq!(Baseline::of(&read), Baseline::of(&record));
}

#[test]
fn the_verdict_is_one_sentence() {
    assert_eq!(
        verdict(&mixed()),
        "4 assertions fail in 1 of 5 files (1 on interp and 3 on jit), 1 expected failure passes \
         and gas differs in 1 of 2 comparisons."
    );
    assert_eq!(verdict(&empty("x86_64")), "Nothing was judged: the record has no rows.");
}

#[test]
fn records_are_written_by_architecture_with_a_page_over_them() {
    let out = Path::new("out");
    let mut shard = empty("x86_64");
    shard.rows.push(etalon_record::Row {
        passed: 1,
        ..etalon_record::Row::new("wasm-v3", "b.wast", "interp")
    });
    let mut other = mixed();
    other.arch = "aarch64".into();
    let records = vec![
        Record::Suite(mixed()),
        Record::Suite(shard),
        Record::Suite(other),
        Record::Diff(diff()),
    ];
    let pages = render_records(records, &Options::default(), out).expect("rendered").pages;
    let name = |page: &Page| {
        page.path.strip_prefix(out).expect("inside").display().to_string().replace('\\', "/")
    };
    let names: Vec<_> = pages.iter().map(name).collect();
    assert_eq!(
        names,
        [
            "aarch64/index.html",
            "aarch64/report.md",
            "aarch64/junit.xml",
            "aarch64/summary.json",
            "x86_64/index.html",
            "x86_64/report.md",
            "x86_64/junit.xml",
            "x86_64/summary.json",
            "x86_64/diff.md",
            "index.html",
            "report.sarif",
            "card.md",
        ]
    );
    let text =
        |name: &str| &pages.iter().find(|page| page.path == out.join(name)).expect("it").text;
    let page = text("x86_64/index.html");
    assert!(page.contains("wasm-v3/b.wast"), "the shard is part of the page");
    let index = text("index.html");
    assert!(
        index.contains("href=\"aarch64/index.html\"")
            && index.contains("href=\"x86_64/index.html\"")
    );
    assert_eq!(Baseline::read(text("x86_64/summary.json")).expect("a baseline").arch, "x86_64");
}

#[test]
fn an_architecture_cannot_lead_out_of_the_folder() {
    for arch in ["..", "../x", "/etc", "", "a/b", "C:x", &"x".repeat(65)] {
        let rendered = render_all(&empty(arch), Path::new("out"));
        assert!(matches!(rendered, Err(RenderError::Arch { .. })), "{arch}");
    }
}

#[test]
fn what_has_no_report_is_named() {
    let out = Path::new("out");
    let engines = Record::Engines(EnginesRecord::new(Tool::new("etalon", "0.1.0"), "x86_64"));
    let error = render_records(vec![engines], &Options::default(), out).expect_err("no report");
    assert_eq!(
        error.to_string(),
        "a record of `etalon engines` has no report; only records of spec, wast, diff and fuzz do"
    );
    assert!(matches!(
        render_records(Vec::new(), &Options::default(), out),
        Err(RenderError::NoRecord)
    ));
    let twice = vec![Record::Suite(mixed()), Record::Suite(mixed())];
    assert!(matches!(render_records(twice, &Options::default(), out), Err(RenderError::Merge(_))));
}

fn diff() -> DiffRecord {
    let mut record = DiffRecord::new(Tool::new("etalon", "0.1.0"), "x86_64");
    record.engines = vec![EngineInfo::new("interp", "0.1.0"), EngineInfo::new("jit", "0.1.0")];
    record.cases = 1200;
    record.poisoned.insert("nan-bits".into(), 3);
    let mut returned = Observation::new(OutcomeKind::Returned);
    returned.results = vec![Value::i32(1)];
    let mut trapped = Observation::new(OutcomeKind::Trapped);
    trapped.trap = Some(HOSTILE.into());
    record.divergences.push(Divergence {
        calls_before: 0,
        file: "a_b.wasm".into(),
        invoke: Some("f*".into()),
        args: vec![Value::i32(-1), Value::i64(7)],
        what: Aspect::Outcome,
        by_engine: [("interp".to_owned(), returned), ("jit".to_owned(), trapped)].into(),
    });
    record
}

#[test]
fn the_markdown_of_a_diff() {
    insta::assert_snapshot!(diff_markdown(&diff()));
}

#[test]
fn the_markdown_of_a_fuzz_run() {
    let mut record = FuzzRecord::new(Tool::new("etalon", "0.1.0"), "x86_64", 42);
    record.modules = 10_000;
    record.engines = vec![EngineInfo::new("interp", "0.1.0"), EngineInfo::new("jit", "0.1.0")];
    record.findings.push(Finding {
        id: "results-i32.rotl-1".into(),
        what: Aspect::Results,
        folder: "findings/results-i32.rotl-1".into(),
        operator: Some("i32.rotl".into()),
        engines: vec!["interp".into(), "jit".into()],
        summary: Some("interp 1 | jit 2".into()),
        cases: 4,
        shard: None,
        since: None,
    });
    record.coverage = Coverage {
        operators_total: 500,
        operators_reached: 498,
        missing: vec!["table.fill".into(), "memory.discard".into()],
        ..Coverage::default()
    };
    record.cases = 10_000;
    record.outcomes = [("returned".to_owned(), 9000), ("trapped".to_owned(), 1000)].into();
    insta::assert_snapshot!(fuzz_markdown(&record));
}
/// What the page of a campaign and its summary say of shards, findings and cells.
#[test]
fn a_campaign_has_a_page() {
    let mut record = FuzzRecord::new(Tool::new("etalon", "0"), "x86_64", 20_261_129);
    record.engines = vec![EngineInfo::new("oracle", "0"), EngineInfo::new("jit", "0")];
    (record.cases, record.modules) = (1200, 30);
    record.shards = Some(Shards { of: 4, these: vec![1, 3] });
    record.findings.push(Finding {
        id: "results-<b>".into(),
        what: Aspect::Results,
        folder: "results-<b>".into(),
        operator: Some("i32.rotl".into()),
        engines: vec!["oracle".into(), "jit".into()],
        summary: Some("oracle 1 | jit 2".into()),
        cases: 4,
        shard: Some(3),
        since: Some("since v5 <b>; v4 agrees".into()),
    });
    let cells = [
        ("i32.add constant returned", 70),
        ("i32.add load trapped", 5),
        ("i32.rotl constant returned", 3),
        ("i32.rotl constant trapped", 2),
    ];
    let cells = cells.map(|(cell, count)| (cell.to_owned(), count)).into();
    let single = Generator { modules: 10, cases: 400, operators: 2, cells };
    record.generators.insert("single".into(), single);
    record.generators.insert("mvp".into(), Generator { modules: 20, ..Generator::default() });
    let page = etalon_reports::campaign_html(&record);
    for part in [
        "1 finding in 1,200 cases on oracle, jit.",
        "Shards 1, 3 of 4; 2 missing: 2, 4.",
        "results-&lt;b&gt;",
        "of shard 3",
        "since v5 &lt;b&gt;; v4 agrees",
        "id=\"cells:single\"",
        "<th class=\"count\" scope=\"col\">constant</th><th class=\"count\" scope=\"col\">load</th>",
        "<td class=\"count never\" title=\"trapped 5\">0 <small>+5</small></td>",
        "<td class=\"count\" title=\"trapped 2\">3 <small>+2</small></td>",
        "73 returned · 7 trapped",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let text = fuzz_markdown(&record);
    for part in [
        "Seed 20261129 · Shards 1, 3 of 4; 2 missing: 2, 4.",
        "| mvp | 20 | 0 | – | – |  |",
        "| single | 10 | 400 | 2 | 3 | 73 returned, 7 trapped |",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let mut other = record.clone();
    other.shards = Some(Shards { of: 4, these: vec![2, 4] });
    let records = vec![Record::Fuzz(record.clone()), Record::Fuzz(other)];
    let pages = render_records(records, &Options::default(), Path::new("out"))
        .expect("they are one campaign")
        .pages;
    let names: Vec<_> = pages.iter().filter_map(|page| page.path.file_name()).collect();
    assert_eq!(names, ["fuzz.html", "fuzz.md", "fuzz.json", "report.sarif", "card.md"]);
    let merged = etalon_record::read_record(&pages[2].text).expect("it is a record");
    let Record::Fuzz(merged) = merged else { panic!("a record of a campaign") };
    assert_eq!((merged.cases, merged.shards, merged.findings[0].cases), (2400, None, 8));
    let twice = vec![Record::Fuzz(record.clone()), Record::Fuzz(record)];
    let error =
        render_records(twice, &Options::default(), Path::new("out")).expect_err("the same shard");
    assert!(error.to_string().ends_with("both hold shard 1 of 4"), "{error}");
}

#[test]
fn the_baseline_is_compared_with_its_own_architecture() {
    let out = Path::new("out");
    let mut before = mixed();
    before.rows.retain(|row| row.failed == 0);
    let mut other = mixed();
    other.arch = "aarch64".into();
    let records = vec![Record::Suite(mixed()), Record::Suite(other)];
    let options = Options { baselines: vec![Baseline::of(&before)], history: None };
    let pages = render_records(records, &options, out).expect("rendered").pages;
    let page = |arch: &str| {
        let path = out.join(arch).join("index.html");
        pages.iter().find(|page| page.path == path).expect("the page").text.clone()
    };
    assert!(page("x86_64").contains("Against the baseline 2 counts are worse and 4 are better."));
    assert!(!page("aarch64").contains("Against the baseline"));
}

/// Neither a pass nor a failure, in every rendering.
#[test]
fn what_timed_out_is_told_apart_from_failures() {
    let mut record = empty("x86_64");
    record.time_limit = Some("10s".into());
    let timeouts = vec![Note::new(7, "assert_return: expected returned")];
    record.rows.push(Row { passed: 2, timed_out: 1, timeouts, ..Row::new("s", "late", "jit") });
    record.normalise();
    let xml = junit(&record).expect("JUnit");
    assert!(xml.contains("errors=\"1\"") && xml.contains("failures=\"0\""), "{xml}");
    assert!(xml.contains("1 of 3 assertions timed out") && xml.contains("line 7: "), "{xml}");
    let text = markdown(&record, None);
    for part in
        ["**✗ 1 command does not end within 10s.**", "limit of time 10s", "◷ 2 / 3", "## Timed out"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let page = html(&record, None);
    for part in ["href=\"#timed-out\"", "id=\"timed-out\"", "limit of time", "◷"] {
        assert!(page.contains(part), "{part}");
    }
    let mut diff = DiffRecord::new(Tool::new("etalon", "0"), "x86_64");
    diff.cases = 1;
    diff.timed_out.push(Divergence {
        calls_before: 0,
        file: "a.wasm".into(),
        invoke: None,
        args: Vec::new(),
        what: Aspect::Time,
        by_engine: [("jit".to_owned(), Observation::new(OutcomeKind::TimedOut))].into(),
    });
    let text = diff_markdown(&diff);
    assert!(text.contains("No divergence in 1 case, but 1 case does not end"), "{text}");
    assert!(text.contains("## time: a.wasm") && !text.contains("agree"), "{text}");
    let mut fuzz = FuzzRecord::new(Tool::new("etalon", "0"), "x86_64", 1);
    (fuzz.cases, fuzz.timed_out) = (9, 2);
    let text = fuzz_markdown(&fuzz);
    assert!(text.contains("2 cases do not end within the limit") && !text.contains("agree"));
}
