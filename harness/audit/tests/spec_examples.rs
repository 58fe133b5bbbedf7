//! `engine/gas/EXAMPLES.md` on every tier, and that it leaves no clause of gas-1 out.

use etalon::{Features, Schedule, Tier};
use etalon_adapters::Val;
use etalon_audit::{Bill, Import, Scenario, ScenarioFile, Setting, Snapshot, Step, Trial, run};
use etalon_harness::value::parse_value;
use std::path::Path;
use std::sync::Arc;

const PAGE: &str = include_str!("../../../engine/gas/EXAMPLES.md");
const SPEC: &str = include_str!("../../../engine/gas/SPEC.md");

/// What a clause has on the page.
#[derive(Default)]
struct Clause<'p> {
    number: &'p str,
    /// The blocks with the module of each.
    blocks: Vec<(&'p str, &'p str)>,
    /// Tests that it names: files, each with its functions.
    tests: Vec<(&'p str, &'p str)>,
}

/// The page by clause.
fn clauses() -> Vec<Clause<'static>> {
    let (mut clauses, mut module) = (Vec::<Clause<'_>>::new(), "");
    for section in PAGE.split("\n## ").skip(1) {
        let number = section.split(' ').next().expect("a heading has a word");
        let mut clause = Clause { number, ..Clause::default() };
        for (kind, text) in blocks_of(section) {
            match kind {
                "wat" => module = text,
                "gas" => clause.blocks.push((module, text)),
                kind => panic!("{number}: a block of {kind:?}"),
            }
        }
        let prose = section.split("```").step_by(2);
        let mut file = "";
        for word in prose.flat_map(|prose| prose.split('`').skip(1).step_by(2)) {
            if word.ends_with(".rs") {
                file = word;
            } else if !file.is_empty() {
                clause.tests.push((file, word));
            }
        }
        clauses.push(clause);
    }
    clauses
}

/// The fenced blocks of a text: their kind and what is in them.
fn blocks_of(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split("```").skip(1).step_by(2).map(|block| block.split_once('\n').expect("a block"))
}

/// The numbers of the clauses that the specification has.
fn numbers() -> Vec<&'static str> {
    let mut numbers = Vec::new();
    for line in SPEC.lines() {
        let words = line.trim_start_matches('#').trim_start();
        let number = words.split(' ').next().unwrap_or_default();
        let is_number = number
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
        if is_number && (line.starts_with('#') || number.contains('.')) {
            numbers.push(number);
        }
    }
    // A chapter with clauses has none of its own.
    let has_clauses =
        |chapter: &&str| numbers.iter().any(|n| n.starts_with(&format!("{chapter}.")));
    numbers.iter().filter(|number| !has_clauses(number)).copied().collect()
}

#[test]
fn every_clause_has_an_example_or_a_test() {
    let on_page: Vec<&str> = clauses().iter().map(|clause| clause.number).collect();
    assert_eq!(numbers(), on_page);
    for clause in clauses() {
        let number = clause.number;
        assert!(!clause.blocks.is_empty() || !clause.tests.is_empty(), "{number} has no example");
        for (file, test) in clause.tests {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
            let source = std::fs::read_to_string(root.join(file));
            let source = source.unwrap_or_else(|error| panic!("{number}: {file}: {error}"));
            let is_there = source.contains(&format!("fn {test}("));
            assert!(is_there, "{number}: {file} has no test {test}");
        }
    }
}

/// What a block says.
struct Example {
    schedule: Arc<Schedule>,
    features: Features,
    imports: Vec<Import>,
    scenario: Scenario,
    /// The compiler does not run what it says.
    without_jit: bool,
    /// What each step must have, by its number; the rest of the line.
    expected: Vec<(usize, String)>,
}

fn read(block: &str) -> Result<Example, String> {
    let (mut name, mut changes) = ("flat", String::new());
    let mut example = Example {
        schedule: Schedule::builtin("flat").expect("it is built in"),
        features: Features::wasm3(),
        imports: Vec::new(),
        scenario: Scenario { name: "example".into(), ..Scenario::default() },
        without_jit: false,
        expected: Vec::new(),
    };
    let mut facts = Vec::new();
    for line in block.lines() {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("schedule", schedule) => name = schedule,
            ("with", change) => changes = format!("{changes}{change}\n"),
            ("features", "all") => example.features = Features::all(),
            ("without", "jit") => example.without_jit = true,
            ("import", table) => example.imports.push(import(table)?),
            (kind @ ("canonical" | "id"), fact) => facts.push((kind, fact)),
            _ => step(line, &mut example)?,
        }
    }
    example.schedule = changed(name, &changes)?;
    let canonical = String::from_utf8(example.schedule.canonical_bytes()).expect("it is UTF-8");
    for (kind, fact) in facts {
        let holds = match kind {
            "id" => example.schedule.id().to_string() == fact,
            _ => canonical.lines().any(|line| line == fact),
        };
        if !holds {
            return Err(format!("{kind} {fact}: {}", example.schedule.id()));
        }
    }
    Ok(example)
}

fn import(table: &str) -> Result<Import, String> {
    let text = format!("import = [{table}]\n[[scenario]]\nname = \"a\"");
    let file = ScenarioFile::parse(&text, Path::new("import"));
    Ok(file.map_err(|error| error.to_string())?.imports.remove(0))
}

/// A built-in schedule with other numbers.
fn changed(name: &str, changes: &str) -> Result<Arc<Schedule>, String> {
    let text = Schedule::builtin_text(name).ok_or_else(|| format!("no schedule {name}"))?;
    let read = |text: &str| text.parse::<toml::Table>().map_err(|error| error.to_string());
    let (mut file, changes) = (read(text)?, read(changes)?);
    if changes.is_empty() {
        return Schedule::builtin(name).ok_or_else(|| format!("no schedule {name}"));
    }
    merge(&mut file, changes);
    let text = toml::to_string(&file).map_err(|error| error.to_string())?;
    Schedule::parse(&text, "an example").map(Arc::new).map_err(|error| error.to_string())
}

fn merge(into: &mut toml::Table, from: toml::Table) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(toml::Value::Table(old)), toml::Value::Table(new)) if key != "imports" => {
                merge(old, new);
            }
            (_, value) => drop(into.insert(key, value)),
        }
    }
}

/// A line with an arrow: `f(i32:1) limit 5 -> returned; consumed 3`.
fn step(line: &str, example: &mut Example) -> Result<(), String> {
    let (call, expected) = line.split_once(" -> ").ok_or_else(|| format!("{line}: no arrow"))?;
    if call != "instantiation" {
        let (export, rest) = call.split_once('(').ok_or_else(|| format!("{line}: no call"))?;
        let (args, limit) = rest.split_once(')').ok_or_else(|| format!("{line}: no call"))?;
        let args = args.split(", ").filter(|arg| !arg.is_empty()).map(parse_value);
        let args: Result<Vec<Val>, _> = args.collect();
        let gas = limit.strip_prefix(" limit ").map(|limit| limit.parse::<u64>());
        example.scenario.calls.push(Step {
            export: export.to_owned(),
            args: args.map_err(|error| format!("{line}: {error}"))?,
            gas: gas.transpose().map_err(|error| format!("{line}: {error}"))?,
        });
    }
    example.expected.push((example.scenario.calls.len(), expected.to_owned()));
    Ok(())
}

/// What a step has of what tiers must agree on.
fn compared(bill: &Bill) -> impl PartialEq + std::fmt::Debug {
    (bill.what.clone(), bill.outcome.clone(), bill.consumed, bill.pages, bill.heap)
}

fn check(module: &str, block: &str) -> Result<(), String> {
    let Example { schedule, features, imports, scenario, without_jit, expected } = read(block)?;
    let bills = |tier| {
        let setting = Setting { schedule: Arc::clone(&schedule), features, tier };
        let trial = Trial::new(setting, module.as_bytes()).map_err(|error| error.to_string())?;
        run(&trial, &imports, &scenario, None).map_err(|error| error.to_string())
    };
    let told = bills(Tier::Oracle)?;
    let others = [Tier::Interp, Tier::Jit, Tier::Auto];
    for tier in others.into_iter().filter(|tier| *tier != Tier::Jit || !without_jit) {
        let of = |bills: &[Bill]| format!("{:?}", bills.iter().map(compared).collect::<Vec<_>>());
        let (got, want) = (of(&bills(tier)?), of(&told));
        if got != want {
            return Err(format!("{tier:?}: {got}\nthe oracle: {want}"));
        }
    }
    let snapshot = Snapshot::from_iter([("example".to_owned(), told)]).to_string();
    let steps: Vec<&str> = snapshot.split("\n  step ").skip(1).collect();
    for (number, expected) in expected {
        let step = steps.get(number).ok_or("it has fewer steps")?;
        let (head, lines) = step.split_once('\n').ok_or("an empty step")?;
        let (_, outcome) = head.split_once(" -> ").ok_or("a step without an end")?;
        for (at, item) in expected.split("; ").enumerate() {
            let holds =
                if at == 0 { outcome == item } else { lines.lines().any(|l| l.trim() == item) };
            if !holds {
                return Err(format!("step {number}: {item:?} is not so:\n  {step}"));
            }
        }
    }
    Ok(())
}

#[test]
fn every_example_is_so_on_every_tier() {
    let (mut faults, mut blocks) = (Vec::new(), 0);
    for clause in clauses() {
        for (module, block) in &clause.blocks {
            blocks += 1;
            if let Err(fault) = check(module, block) {
                faults.push(format!("{}: {fault}\n{block}", clause.number));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(blocks > 40, "{blocks}");
}

/// A number that is one off is found.
#[test]
fn a_wrong_number_is_found() {
    let module = "(module (func (export \"f\")))";
    assert_eq!(check(module, "f() -> returned; consumed 1"), Ok(()));
    for wrong in ["f() -> returned; consumed 2", "f() -> trapped: unreachable", "id flat@1#0"] {
        assert!(check(module, wrong).is_err(), "{wrong}");
    }
}
