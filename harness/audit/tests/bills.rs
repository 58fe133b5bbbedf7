//! Bills add up: whatever ends a step, each unit of gas is somebody's.

use etalon::{Features, Schedule, Tier};
use etalon_audit::{
    Bill, Difference, Profile, ScenarioFile, Setting, Snapshot, Tolerance, Trial, differences, run,
};
use serde_json::Value;
use std::path::Path;

/// A module with everything that moves gas from one function to another.
const MODULE: &str = r#"(module
  (import "env" "in" (func $in (param i32) (result i64)))
  (import "env" "out" (func $out))
  (import "env" "fails" (func $fails))
  (tag $e (param i32))
  (type $box (struct (field i64)))
  (type $unary (func (param i32) (result i32)))
  (memory (export "memory") 1 4)
  (table 2 funcref)
  (elem (i32.const 0) func $double $double)
  (data (i32.const 8) "abcdefgh")
  (global $started (mut i32) (i32.const 0))
  (func $begin (global.set $started (i32.const 1)) (call $out))
  (start $begin)
  (func $double (type $unary) (i32.mul (local.get 0) (i32.const 2)))
  (func $throws (param i32) (throw $e (local.get 0)))
  (func $caught (export "caught") (param i32) (result i32)
    (block $h (result i32)
      (try_table (catch $e $h) (call $throws (local.get 0)))
      (i32.const -1)))
  (func $last (param i32) (result i32) (return_call_indirect (type $unary) (local.get 0) (i32.const 1)))
  (func (export "tails") (param i32) (result i32) (return_call $last (local.get 0)))
  (func $down (export "down") (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))
      (else (i32.const 0))))
  (func (export "hosts") (param i32) (result i64)
    (call $out) (i64.add (call $in (local.get 0)) (call $in (local.get 0))))
  (func (export "fails") (call $out) (call $fails))
  (func (export "bulk") (param i32)
    (memory.fill (i32.const 0) (i32.const 7) (local.get 0))
    (drop (memory.grow (i32.const 1)))
    (drop (struct.new $box (i64.const 1))))
  (func (export "traps") (param i32) (result i32) (i32.div_u (call $double (i32.const 1)) (local.get 0)))
  (func (export "throws") (call $throws (i32.const 5)))
  (func (export "spins") (loop (br 0))))"#;

const SCENARIOS: &str = r#"
[[import]]
module = "env"
name = "in"
results = ["i64:7"]
bytes = 640
gas = 3
[[import]]
module = "env"
name = "out"
[[import]]
module = "env"
name = "fails"
fails = "no such key"
bytes = 64

[[scenario]]
name = "all"
gas = 100000
[[scenario.memory]]
export = "memory"
at = 100
text = "hello"
call = [
  { export = "caught", args = ["i32:3"] },
  { export = "tails", args = ["i32:21"] },
  { export = "down", args = ["i32:600"] },
  { export = "hosts", args = ["i32:1"] },
  { export = "fails" },
  { export = "bulk", args = ["i32:4096"] },
  { export = "traps", args = ["i32:0"] },
  { export = "throws" },
  { export = "spins" },
  { export = "down", args = ["i32:100000"], gas = 100000000 },
]
"#;

fn file() -> ScenarioFile {
    // The calls are the scenario's, not the memory's.
    let (before, calls) = SCENARIOS.split_once("call = [").unwrap();
    let (head, memory) = before.split_once("[[scenario.memory]]").unwrap();
    let text = format!("{head}call = [{calls}\n[[scenario.memory]]{memory}");
    ScenarioFile::parse(&text, Path::new("all.toml")).unwrap()
}

fn bills(tier: Tier, schedule: &str, wat: &str) -> Vec<Bill> {
    let schedule = Schedule::builtin(schedule).unwrap();
    let setting = Setting { schedule, features: Features::wasm3(), tier };
    let trial = Trial::new(setting, wat.as_bytes()).unwrap();
    let file = file();
    run(&trial, &file.imports, &file.scenarios[0], file.gas).unwrap()
}

#[test]
fn each_unit_of_gas_is_somebodys() {
    for schedule in ["default", "flat", "wasmtime-48", "wasmi-2"] {
        let bills = bills(Tier::Oracle, schedule, MODULE);
        assert_eq!(bills.len(), 11);
        for bill in &bills {
            let of_functions: u64 = bill.functions.iter().map(|f| f.exclusive).sum();
            assert_eq!(of_functions + bill.outside, bill.consumed, "{}: {bill:?}", bill.what);
            let of_operators: u64 = bill.operators.iter().map(|o| o.gas).sum();
            assert_eq!(of_operators, bill.executed, "{}: {:?}", bill.what, bill.operators);
            let of_tree: u64 = bill.tree.calls.iter().map(|call| call.gas).sum();
            assert_eq!(of_tree, of_functions, "{}", bill.what);
            for function in &bill.functions {
                assert!(function.exclusive <= function.inclusive, "{}: {function:?}", bill.what);
                assert!(function.inclusive <= bill.consumed, "{}: {function:?}", bill.what);
            }
        }
    }
}

#[test]
fn a_bill_names_who_took_what() {
    let bills = bills(Tier::Oracle, "default", MODULE);
    let of = |at: usize, name: &str| {
        let functions = &bills[at].functions;
        functions.iter().find(|f| f.name == name).cloned().unwrap_or_default()
    };
    // The start function is part of loading, and so is what it calls.
    assert_eq!((of(0, "begin").calls, of(0, "out").calls), (1, 1));
    assert!(bills[0].outside > 0);
    // A thrown exception leaves its function; a tail call does too, before the callee begins.
    assert_eq!((of(1, "throws").calls, of(1, "caught").calls), (1, 1));
    assert!(of(1, "caught").inclusive > of(1, "throws").inclusive);
    assert!(of(2, "last").inclusive == of(2, "last").exclusive);
    // A recursion is counted once in what is inclusive.
    assert_eq!(of(3, "down").calls, 601);
    assert_eq!(of(3, "down").inclusive, bills[3].consumed);
    assert!(bills[3].tree.is_cut);
    // What a function of the host costs: its base, its bytes, and what it charges besides.
    let schedule = Schedule::builtin("default").unwrap();
    let base = u64::from(schedule.host().base("env", "in"));
    assert_eq!(of(4, "in").exclusive, 2 * (base + 640 / 64 + 3));
    assert!(bills[5].consumed > of(5, "fails").exclusive && of(5, "fails").calls > 0);
    assert_eq!((bills[6].pages, bills[6].heap), (2, 24));
    // Out of gas takes all that is left, from whoever has it.
    assert_eq!(bills[9].consumed, 100_000);
    assert_eq!(bills[10].depth, 524_288 - 524_288 % bills[3].depth.div_ceil(601));
}

/// What every tier says is the same.
#[test]
fn the_tiers_cost_the_same() {
    let seen = |tier| -> Vec<(String, u64, u64, u64)> {
        let bills = bills(tier, "default", MODULE).into_iter();
        bills.map(|b| (format!("{:?}", b.outcome), b.consumed, b.pages, b.heap)).collect()
    };
    let oracle = seen(Tier::Oracle);
    for tier in [Tier::Interp, Tier::Jit, Tier::Auto] {
        for (ours, theirs) in oracle.iter().zip(seen(tier)) {
            // Where a trap is, is no part of what it costs.
            let (cut, other) = (ours.0.split(", site").next(), theirs.0.split(", site").next());
            assert_eq!(
                (cut, ours.1, ours.2, ours.3),
                (other, theirs.1, theirs.2, theirs.3),
                "{tier:?}"
            );
        }
    }
}

fn snapshot(wat: &str) -> Snapshot {
    let mut snapshot: Snapshot =
        [("all".to_owned(), bills(Tier::Oracle, "default", wat))].into_iter().collect();
    snapshot.schedule = Schedule::builtin("default").unwrap().id().to_string();
    snapshot
}

#[test]
fn a_snapshot_is_read_as_it_was_written() {
    let before = snapshot(MODULE);
    let text = before.to_string();
    let read = Snapshot::parse(&text).unwrap();
    assert_eq!(read, before);
    assert_eq!(read.to_string(), text);
    assert_eq!(differences(&before, &read, Tolerance::default()), []);
}

#[test]
fn damaged_snapshots_are_refused_or_read() {
    let text = snapshot(MODULE).to_string();
    let lines: Vec<&str> = text.lines().collect();
    for at in 0..lines.len() {
        let mut changed = lines.clone();
        changed[at] = "  what is this";
        let error = Snapshot::parse(&changed.join("\n")).unwrap_err();
        assert!(error.line <= at + 2, "{error}");
    }
    for end in 0..text.len() {
        let _read_or_refused = Snapshot::parse(text.get(..end).unwrap_or_default());
    }
}

#[test]
fn a_change_is_found_where_it_is() {
    let before = snapshot(MODULE);
    let now = snapshot(&MODULE.replace(
        "(i32.mul (local.get 0) (i32.const 2))",
        "(nop) (i32.mul (local.get 0) (i32.const 2))",
    ));
    let found = differences(&before, &now, Tolerance::default());
    // It is called by `tails` and by `traps`.
    assert_eq!(found.len(), 2, "{found:?}");
    for difference in &found {
        let Difference::Step { functions, operators, outcome, .. } = difference else {
            panic!("{difference:?}")
        };
        assert_eq!(functions[0].name, "double");
        assert!(functions[0].by() > 0 && outcome.is_none());
        assert!(operators.iter().any(|moved| moved.name == "nop"));
    }
    let ten = Tolerance { gas: 10, percent: 0.0 };
    assert_eq!(differences(&before, &now, ten), []);
    assert_eq!(differences(&before, &now, Tolerance { gas: 0, percent: 0.01 }).len(), 2);
}

#[test]
fn scenarios_come_and_go() {
    let one = snapshot(MODULE);
    let mut other = one.clone();
    other.scenarios[0].name = "renamed".to_owned();
    let found = differences(&one, &other, Tolerance { gas: u64::MAX, percent: 0.0 });
    assert!(matches!(&found[..], [Difference::New { .. }, Difference::Vanished { .. }]));
    let mut shorter = one.clone();
    shorter.scenarios[0].steps.truncate(3);
    assert!(matches!(
        &differences(&one, &shorter, Tolerance::default())[..],
        [Difference::Steps { .. }]
    ));
    let mut priced = one.clone();
    priced.schedule = "flat@1#0".to_owned();
    assert!(matches!(
        &differences(&one, &priced, Tolerance::default())[..],
        [Difference::Schedule { .. }]
    ));
}

/// Where a function is added, others have other indices and cost the same.
#[test]
fn an_index_is_no_difference() {
    let before = snapshot(MODULE);
    let now = snapshot(&MODULE.replace("(func $begin", "(func $new) (func $begin"));
    assert_ne!(before, now);
    assert_eq!(differences(&before, &now, Tolerance::default()), []);
}

/// What a snapshot says twice, or does not say, is not taken for what it says.
#[test]
fn snapshots_are_whole() {
    let text = snapshot(MODULE).to_string();
    let line =
        |start: &str| text.lines().find(|line| line.trim_start().starts_with(start)).unwrap();
    for start in ["function ", "operator ", "consumed ", "pages "] {
        let line = line(start);
        let twice = text.replacen(line, &format!("{line}\n{line}"), 1);
        assert!(Snapshot::parse(&twice).is_err(), "{start} twice");
    }
    for start in ["consumed ", "heap "] {
        let without = text.replacen(&format!("{}\n", line(start)), "", 1);
        assert!(Snapshot::parse(&without).is_err(), "without {start}");
    }
    let scenario = text.split_once("scenario ").unwrap().1;
    assert!(Snapshot::parse(&format!("{text}\nscenario {scenario}")).is_err());
}

/// Imports that cannot be as the file says are refused before anything runs.
#[test]
fn imports_must_fit() {
    let import = "(import \"e\" \"f\" (func (result i32)))";
    let cases = [
        (import, "results = [\"i64:1\"]", "has a result of type i32"),
        (import, "results = [\"i32:1\", \"i32:1\"]", "has 1 results, and `results` are 2"),
        (import, "value = \"i32:1\"", "has no `value`"),
        ("(import \"e\" \"f\" (func)) (import \"e\" \"f\" (func (param i32)))", "", "two types"),
        ("(import \"e\" \"f\" (memory 1))", "fails = \"x\"", "is no function"),
        ("(import \"e\" \"g\" (func))", "", "nothing stands for"),
        ("", "", "the module has no import"),
    ];
    for (imports, more, want) in cases {
        let text = format!(
            "[[import]]\nmodule = \"e\"\nname = \"f\"\n{more}\n[[scenario]]\nname = \"s\"\n"
        );
        let file = ScenarioFile::parse(&text, Path::new("i.toml")).unwrap();
        let schedule = Schedule::builtin("default").unwrap();
        let setting = Setting { schedule, features: Features::wasm3(), tier: Tier::Oracle };
        let trial = Trial::new(setting, format!("(module {imports})").as_bytes()).unwrap();
        let error = run(&trial, &file.imports, &file.scenarios[0], None).unwrap_err().to_string();
        assert!(error.contains(want), "{imports} {more}: {error}");
    }
}

/// Calls along a million ways make a tree of a bounded size, and no gas is lost.
#[test]
fn a_tree_has_an_end() {
    let functions: String = (0..20)
        .map(|n| {
            format!(
                "(func $f{n} (call $f{}) (call $g{}))(func $g{n} (call $f{}) (call $g{}))",
                n + 1,
                n + 1,
                n + 1,
                n + 1
            )
        })
        .collect();
    let wat = format!("(module {functions} (func $f20) (func $g20) (export \"f\" (func $f0)))");
    let call = "[[scenario.call]]\nexport = \"f\"\n";
    let text = format!("[[scenario]]\nname = \"wide\"\n{call}{call}");
    let file = ScenarioFile::parse(&text, Path::new("wide.toml")).unwrap();
    let schedule = Schedule::builtin("default").unwrap();
    let setting = Setting { schedule, features: Features::wasm3(), tier: Tier::Oracle };
    let trial = Trial::new(setting, wat.as_bytes()).unwrap();
    let bills = run(&trial, &[], &file.scenarios[0], None).unwrap();
    // The second call has what room the first left: next to none.
    let trees: usize = bills.iter().map(|bill| bill.tree.calls.len()).sum();
    assert!(trees <= (1 << 18) + 2, "{trees}");
    for bill in &bills[1..] {
        let tree = &bill.tree;
        assert!(tree.is_cut);
        assert_eq!(tree.calls.iter().map(|call| call.gas).sum::<u64>(), bill.consumed);
        assert_eq!(tree.calls.iter().map(|call| call.count).sum::<u64>(), (1 << 21) - 1);
    }
}

#[test]
fn profiles_have_all_gas_of_functions() {
    let bills = bills(Tier::Oracle, "default", MODULE);
    let profile = Profile::of([("all", bills.as_slice())]);
    let consumed: u64 = bills.iter().map(|bill| bill.consumed).sum();
    let folded = profile.folded().unwrap();
    let gas = |line: &str| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap();
    assert_eq!(folded.lines().map(gas).sum::<u64>(), consumed);
    assert!(folded.contains("all: caught(i32:3);caught;throws "), "{folded}");
    let scope: Value = serde_json::from_str(&profile.speedscope().unwrap()).unwrap();
    let profiles = scope["profiles"].as_array().unwrap();
    let ends: u64 = profiles.iter().map(|p| p["endValue"].as_u64().unwrap()).sum();
    assert_eq!(ends, consumed);
    for profile in profiles {
        let (mut open, mut last) = (Vec::new(), 0);
        for event in profile["events"].as_array().unwrap() {
            let at = event["at"].as_u64().unwrap();
            assert!(at >= last);
            last = at;
            match event["type"].as_str().unwrap() {
                "O" => open.push(event["frame"].clone()),
                _ => assert_eq!(open.pop().as_ref(), Some(&event["frame"])),
            }
        }
        assert!(open.is_empty());
    }
    let chrome: Value = serde_json::from_str(&profile.cpuprofile().unwrap()).unwrap();
    let sum = |key: &str| -> u64 {
        chrome[key].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).sum()
    };
    assert_eq!((sum("timeDeltas"), chrome["endTime"].as_u64().unwrap()), (consumed, consumed));
    // A delta is the time before its sample: the first and the last are of the root.
    let samples = chrome["samples"].as_array().unwrap();
    assert_eq!(samples.len(), chrome["timeDeltas"].as_array().unwrap().len());
    assert_eq!((samples.first().unwrap(), samples.last().unwrap()), (&2.into(), &1.into()));
    let nodes = chrome["nodes"].as_array().unwrap();
    let children: usize = nodes.iter().map(|n| n["children"].as_array().unwrap().len()).sum();
    assert_eq!(children, nodes.len() - 1);
}

#[test]
fn a_flame_graph_is_the_same_each_time() {
    let of = |wat| {
        let bills = bills(Tier::Oracle, "default", wat);
        Profile::of([("all", bills.as_slice())])
    };
    let before = of(MODULE);
    let now = of(&MODULE.replace("(global.set $started (i32.const 1))", "(nop)(nop)"));
    let flame = now.flame("gas").unwrap();
    assert_eq!(flame, now.flame("gas").unwrap());
    let changed = now.flame_since(&before, "gas").unwrap();
    assert_eq!(changed, now.flame_since(&before, "gas").unwrap());
    assert_ne!(changed, flame);
    assert!(Profile::default().flame("gas").is_err());
}
