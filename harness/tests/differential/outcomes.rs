//! What each case came to, compared with what another machine wrote.

use crate::options;
use etalon_adapters::adapter;
use etalon_harness::fuzz::{FuzzError, FuzzOptions, NoProgress, Outcomes, fuzz};
use etalon_harness::generate::Profile;
use etalon_record::{SameAs, Tool};
use std::path::Path;
use std::sync::Arc;

fn campaign(modules: u64, seed: u64) -> FuzzOptions {
    let engines = ["oracle", "interp"].map(|name| adapter(name).expect("it is ours"));
    let profiles = vec![Profile::named("mvp").expect("it is in the list")];
    let usual = FuzzOptions::new(engines.into(), profiles, options(&[]));
    FuzzOptions { seed, modules: Some(modules), jobs: 2, rounds: 2, ..usual }
}

/// Runs a campaign on a machine of an architecture.
fn run(
    options: FuzzOptions,
    arch: &str,
    file: Option<&Path>,
    same_as: Option<&Path>,
) -> Result<Option<SameAs>, FuzzError> {
    let outcomes = Outcomes::new(&options, ("0", arch), file, same_as)?;
    let options = FuzzOptions { outcomes: Some(Arc::new(outcomes)), ..options };
    Ok(fuzz(&options, Tool::new("test", "0"), arch, &NoProgress)?.same_as)
}

#[test]
fn the_first_case_that_differs_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("outcomes.jsonl");
    assert_eq!(run(campaign(6, 3), "big", Some(&file), None).unwrap(), None);
    let same = run(campaign(8, 3), "little", None, Some(&file)).unwrap().unwrap();
    assert_eq!((&*same.arch, same.modules, same.absent, same.different), ("big", 6, 2, 0));
    assert!(same.cases > 6, "{same:?}");

    // One call of one module, and the bytes of another.
    let text = std::fs::read_to_string(&file).unwrap();
    let mut lines: Vec<serde_json::Value> =
        text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.sort_by_key(|line| line["module"].as_u64());
    lines[2]["steps"][1] = "0".repeat(16).into();
    lines[4]["wasm"] = "0".repeat(16).into();
    // What timed out there is compared until then.
    lines[5]["steps"].as_array_mut().unwrap().truncate(1);
    lines[5]["late"] = true.into();
    let head = text.lines().next().unwrap();
    let rest: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(&file, format!("{head}\n{rest}{{\"module\":7,\"was")).unwrap();
    let other = run(campaign(8, 3), "little", None, Some(&file)).unwrap().unwrap();
    assert_eq!((other.modules, other.absent, other.different), (6, 2, 2));
    let told: Vec<(u64, &str)> = other.first.iter().map(|(n, what)| (*n, &**what)).collect();
    let [(2, call), (4, "mvp 3 4: the module itself is another")] = told[..] else {
        panic!("{told:?}")
    };
    assert!(call.starts_with("mvp 3 2: call 1, ") && call.contains(": here it "), "{call}");
}

/// A machine may stop in the middle of a line.
#[test]
fn a_line_that_was_broken_off_is_gone_when_the_campaign_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("outcomes.jsonl");
    run(campaign(3, 3), "big", Some(&file), None).unwrap();
    let whole = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{whole}{{\"module\":7,\"was")).unwrap();
    let goes_on = FuzzOptions { resume: true, ..campaign(3, 3) };
    Outcomes::new(&goes_on, ("0", "big"), Some(&file), None).unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), whole);
}

#[test]
fn other_cases_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("outcomes.jsonl");
    run(campaign(1, 3), "big", Some(&file), None).unwrap();
    let refused = |options, text: Option<&str>| {
        text.map_or(Ok(()), |text| std::fs::write(&file, text)).unwrap();
        run(options, "little", None, Some(&file)).unwrap_err().to_string()
    };
    let told = refused(campaign(1, 4), None);
    assert!(told.ends_with(": it is of other cases: seed was 3 and is 4"), "{told}");
    let head = std::fs::read_to_string(&file).unwrap().lines().next().unwrap().to_owned();
    for (text, fault) in [
        (String::new(), ":1: not a line of outcomes: it has no whole line"),
        ("{}\n".into(), ":1: not a line of outcomes: missing field"),
        (format!("{head}\n[]\n"), ":2: not a line of outcomes: "),
        (" ".repeat(2 << 20), ":1: not a line of outcomes: the line is too long"),
    ] {
        let told = refused(campaign(1, 3), Some(&text));
        assert!(told.contains(fault), "{told}");
    }
}
