//! How good is `fuzz`? Each fault of `tests/mutants` is looked for by each generator alone and by the official scripts: found or not,
//! after how many seconds and calls, whether the right instruction was named, and how many lines the reduced module has.
//!
//! Usage: `mutants [SECONDS [GENERATORS [FAULTS]]]`, lists with commas; generators with `+` between them work together. What was tried is kept in `target/mutants/results.jsonl` and not
//! tried again; delete that file to begin anew.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a program that prints")]

#[path = "../tests/mutants/plant.rs"]
#[allow(dead_code)]
mod plant;

use etalon_harness::generate::PROFILES;
use plant::{Fault, VARIABLE, build, faults, workspace};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// The official scripts, in the place of a generator.
const SUITE: &str = "suite";

/// What a search for a fault gave.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Result {
    fault: String,
    generator: String,
    found: bool,
    /// Of the whole search: until the finding was saved, reduced, and its cause named.
    seconds: f64,
    cases: u64,
    /// The instruction that the finding names.
    operator: Option<String>,
    /// Lines of the reduced module.
    lines: Option<usize>,
}

/// Runs the program; gives the seconds that took, and the record that it wrote, which is none if a signal ended it.
fn run(program: &Path, fault: &str, folder: &Path, words: &[&str]) -> (f64, serde_json::Value) {
    let start = Instant::now();
    let status = Command::new(program)
        .args(words)
        .args(["--record", "record.json"])
        .current_dir(folder)
        .env(VARIABLE, fault)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("the program starts");
    assert!(status.code() != Some(2), "{words:?} is refused: {status}");
    let seconds = start.elapsed().as_secs_f64();
    if status.code().is_none() {
        return (seconds, serde_json::Value::Null);
    }
    let text = fs::read_to_string(folder.join("record.json")).expect("there is a record");
    (seconds, serde_json::from_str(&text).expect("it is JSON"))
}

fn look(program: &Path, fault: &Fault, generator: &str, time: &str) -> Result {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let name = fault.name.as_str();
    let mut result = Result {
        fault: name.to_owned(),
        generator: generator.to_owned(),
        found: false,
        seconds: 0.0,
        cases: 0,
        operator: None,
        lines: None,
    };
    if generator == SUITE {
        let (seconds, record) = run(program, name, folder.path(), &["spec", "--tier", &fault.tier]);
        result.seconds = seconds;
        result.found =
            record["totals"]["failed"] != 0 || record["totals"]["timed_out"].as_u64() > Some(0);
        result.cases = record["totals"]["assertions"].as_u64().unwrap_or(0);
        return result;
    }
    let engines = format!("interp,{}", fault.tier);
    let words = ["fuzz", "--engine", &engines, "--seed", "1", "--until-finding", "--out", "out"];
    let profiles = generator.replace('+', ",");
    let chosen = ["--time", time, "--profile", &profiles];
    let (seconds, record) = run(program, name, folder.path(), &[&words[..], &chosen].concat());
    result.seconds = seconds;
    result.cases = record["cases"].as_u64().unwrap_or(0);
    // The fault ended the process: it is found, and nothing more is known.
    result.found = record.is_null();
    if let Some(finding) = record["findings"].as_array().and_then(|findings| findings.first()) {
        result.found = true;
        result.operator = finding["operator"].as_str().map(str::to_owned);
        let saved = folder.path().join("out").join(finding["folder"].as_str().unwrap_or_default());
        let text = ["reduced.wat", "module.wat"]
            .iter()
            .find_map(|file| fs::read_to_string(saved.join(file)).ok());
        result.lines = text.map(|text| text.lines().count());
    }
    result
}

fn main() {
    let mut args = std::env::args().skip(1);
    let time = args.next().unwrap_or_else(|| "60s".to_owned());
    let list = |text: Option<String>| -> Vec<String> {
        text.iter().flat_map(|text| text.split(',')).map(str::to_owned).collect()
    };
    let mut generators = list(args.next());
    if generators.is_empty() {
        generators = PROFILES.iter().map(|profile| profile.name.to_owned()).collect();
        generators.insert(0, SUITE.to_owned());
    }
    let chosen = list(args.next());
    let mut faults = faults();
    // Those that a test finds are not looked for.
    faults.retain(|fault| fault.check.is_none());
    faults.retain(|fault| chosen.is_empty() || chosen.contains(&fault.name));
    let program = build("release");
    let journal = workspace().join("target/mutants/results.jsonl");
    let mut results = BTreeMap::new();
    for line in fs::read_to_string(&journal).unwrap_or_default().lines() {
        if let Ok(result) = serde_json::from_str::<Result>(line) {
            results.insert((result.fault.clone(), result.generator.clone()), result);
        }
    }
    for fault in &faults {
        for generator in &generators {
            let key = (fault.name.clone(), generator.clone());
            if results.contains_key(&key) {
                continue;
            }
            let result = look(&program, fault, generator, &time);
            let mut file = OpenOptions::new()
                .create(true)
                .append(true)
                .open(&journal)
                .expect("the journal can be written");
            writeln!(file, "{}", serde_json::to_string(&result).expect("it is a record"))
                .expect("the journal can be written");
            eprintln!(
                "{} by {generator}: {} ({:.1} s)",
                fault.name,
                if result.found { "found" } else { "-" },
                result.seconds
            );
            results.insert(key, result);
        }
    }
    table(&faults, &generators, &results);
}

/// The table, in Markdown, and the sums below it.
fn table(faults: &[Fault], generators: &[String], results: &BTreeMap<(String, String), Result>) {
    println!("| fault | {} | named | lines |", generators.join(" | "));
    println!("|---|{}---|---|", "---|".repeat(generators.len()));
    let (mut found, mut named, mut lines) = (BTreeMap::<&str, usize>::new(), 0, Vec::new());
    let mut by_any = 0;
    for fault in faults {
        let of = |generator: &String| results.get(&(fault.name.clone(), generator.clone()));
        let cells: Vec<String> = generators
            .iter()
            .map(|generator| match of(generator) {
                Some(result) if result.found => {
                    *found.entry(generator).or_default() += 1;
                    format!("{:.1} s", result.seconds)
                }
                Some(_) => "-".to_owned(),
                None => "?".to_owned(),
            })
            .collect();
        let hits: Vec<&Result> = generators
            .iter()
            .filter(|name| *name != SUITE)
            .filter_map(of)
            .filter(|result| result.found)
            .collect();
        let best =
            hits.iter().find(|hit| hit.operator.as_ref().is_some_and(|op| fault.is_named_by(op)));
        let shortest = hits.iter().filter_map(|hit| hit.lines).min();
        by_any += usize::from(!hits.is_empty());
        named += usize::from(best.is_some());
        lines.extend(shortest);
        let name = best.and_then(|hit| hit.operator.clone()).unwrap_or_default();
        let shortest = shortest.map(|n| n.to_string()).unwrap_or_default();
        println!("| {} | {} | {name} | {shortest} |", fault.name, cells.join(" | "));
    }
    lines.sort_unstable();
    println!("\nOf {} faults, found by any generator: {by_any}, named: {named}", faults.len());
    for generator in generators {
        println!("{generator}: {}", found.get(&**generator).copied().unwrap_or(0));
    }
    if let (Some(median), Some(most)) = (lines.get(lines.len() / 2), lines.last()) {
        println!("lines of the reduced module: median {median}, most {most}");
    }
}
