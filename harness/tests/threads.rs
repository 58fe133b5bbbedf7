//! Threads of scripts on the oracle: what litmus scripts can come to, deadlocks, and that a seed is one way.

use etalon_adapters::{Adapter, Features, adapter};
use etalon_harness::script::{
    Outcomes, ScriptOptions, ScriptSource, Selection, outcomes, run_script,
};
use std::collections::BTreeSet;
use std::sync::Arc;

fn oracle() -> Arc<dyn Adapter> {
    adapter("oracle").unwrap()
}

/// A script of our own.
fn local(name: &str) -> ScriptSource {
    let selection = Selection { suites: vec!["local".into()], ..Selection::default() };
    let file = format!("threads/{name}.wast");
    let found = selection.sources().unwrap().into_iter().find(|source| source.file == file);
    found.unwrap_or_else(|| panic!("{file}"))
}

fn script(text: &str) -> ScriptSource {
    ScriptSource::new("test", "test.wast", text, Features::all())
}

fn all_of(source: &ScriptSource, most: u64) -> Outcomes {
    outcomes(&*oracle(), source, &ScriptOptions::default(), most).unwrap()
}

/// What the last call but one of the script itself gave, in every interleaving.
fn seen(source: &ScriptSource) -> BTreeSet<String> {
    let all = all_of(source, 100_000);
    assert!(all.exhaustive, "{} runs are not all", all.runs);
    assert_eq!(all.failures, []);
    assert_eq!(all.seen.values().sum::<u64>(), all.runs);
    let of_script = |text: &String| {
        let (_, calls) = text.split_once("script: ").unwrap();
        calls.split(", returned ").next().unwrap().trim_start_matches("returned ").to_owned()
    };
    all.seen.keys().map(of_script).collect()
}

fn set<const N: usize>(texts: [&str; N]) -> BTreeSet<String> {
    texts.map(str::to_owned).into()
}

#[test]
fn store_buffering_has_three_outcomes() {
    let expected = set(["i32:0 i32:1", "i32:1 i32:0", "i32:1 i32:1"]);
    assert_eq!(seen(&local("store_buffering")), expected);
}

#[test]
fn message_passing_has_three_outcomes() {
    let expected = set(["i32:0 i32:0", "i32:0 i32:42", "i32:1 i32:42"]);
    assert_eq!(seen(&local("message_passing")), expected);
}

#[test]
fn load_buffering_has_three_outcomes() {
    let all = all_of(&local("load_buffering"), 100_000);
    assert!(all.exhaustive);
    assert_eq!(all.failures, []);
    let threads: BTreeSet<&str> =
        all.seen.keys().map(|text| text.split("; script").next().unwrap()).collect();
    let expected = [
        "T1: returned i32:0; T2: returned i32:0",
        "T1: returned i32:0; T2: returned i32:1",
        "T1: returned i32:1; T2: returned i32:0",
    ];
    assert_eq!(threads, expected.into());
}

#[test]
fn an_atomic_increment_is_never_lost_and_a_plain_one_may_be() {
    let all = all_of(&local("increments"), 100_000);
    assert!(all.exhaustive);
    assert_eq!(all.failures, []);
    let of_script: BTreeSet<&str> =
        all.seen.keys().map(|text| text.split_once("script: ").unwrap().1).collect();
    let expected = [
        "returned i32:2, returned i32:1, returned i32:1",
        "returned i32:2, returned i32:2, returned i32:1",
    ];
    assert_eq!(of_script, expected.into());
}

/// An assertion that most interleavings keep and one breaks is found to fail.
#[test]
fn a_rare_outcome_is_found() {
    let source = local("increments");
    let text = source
        .text
        .replace("(invoke \"plain\")", "(assert_return (invoke \"plain\") (i32.const 2))");
    let all = all_of(&ScriptSource { text, ..source }, 100_000);
    assert_eq!(all.failures.len(), 1, "{:?}", all.failures);
    assert_eq!(all.failures[0].got, "returned i32:1");
}

#[test]
fn a_bound_is_kept_and_told() {
    let all = all_of(&local("mutex"), 50);
    assert_eq!((all.runs, all.exhaustive), (50, false));
    assert_eq!(all.failures, []);
}

#[test]
fn seeds_are_ways_that_stay() {
    for (name, passed, ways) in [("mutex", 3, 1), ("store_buffering", 1, 3)] {
        let source = local(name);
        let mut digests = BTreeSet::new();
        for seed in 0..20 {
            let options = ScriptOptions { seed, ..ScriptOptions::default() };
            let row = run_script(&*oracle(), &source, &options).unwrap();
            assert_eq!((row.failed, row.passed), (0, passed), "{:?}", row.failures);
            assert_eq!(run_script(&*oracle(), &source, &options).unwrap(), row);
            digests.insert(row.digest);
        }
        // What a lock guards comes out the same; who is first at a bare cell shows.
        assert_eq!(digests.len(), ways, "{name}");
    }
}

const DEADLOCK: &str = r#"
  (module $Mem (memory (export "shared") 1 1 shared))
  (thread $Left (shared (module $Mem))
    (register "mem" $Mem)
    (module
      (memory (import "mem" "shared") 1 1 shared)
      (func (export "run") (result i32)
        (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))
    (assert_return (invoke "run") (i32.const 0)))
  (thread $Right (shared (module $Mem))
    (register "mem" $Mem)
    (module
      (memory (import "mem" "shared") 1 1 shared)
      (func (export "run") (result i32)
        (memory.atomic.wait32 (i32.const 4) (i32.const 0) (i64.const -1))))
    (assert_return (invoke "run") (i32.const 0))
    (assert_return (invoke "run") (i32.const 0)))
  (wait $Left)
  (wait $Right)
  (assert_return (get $Mem "nothing") (i32.const 0))"#;

#[test]
fn a_deadlock_is_told_by_name() {
    let row = run_script(&*oracle(), &script(DEADLOCK), &ScriptOptions::default()).unwrap();
    let got: Vec<&str> = row.failures.iter().map(|failure| failure.got.as_str()).collect();
    let both = "host error: deadlock: nobody is left to notify $Left, $Right";
    let one = "host error: deadlock: nobody is left to notify $Right";
    assert_eq!(got, [both, both, one, "no such export"]);
}

#[test]
fn threads_that_never_end_are_given_up() {
    let text = r#"
      (module $Mem (memory (export "shared") 1 1 shared))
      (thread $T (shared (module $Mem))
        (register "mem" $Mem)
        (module
          (memory (import "mem" "shared") 1 1 shared)
          (func (export "run") (loop $l (br_if $l (i32.eqz (i32.atomic.load (i32.const 0)))))))
        (assert_return (invoke "run"))
        (assert_return (invoke "run")))
      (wait $T)
      (wait $Nobody)"#;
    let row = run_script(&*oracle(), &script(text), &ScriptOptions::default()).unwrap();
    let got: Vec<&str> = row.failures.iter().map(|failure| failure.got.as_str()).collect();
    let most = "the threads took more than 1000000 turns";
    assert_eq!(got, [&format!("host error: {most}"), most, "no such thread"]);
}

/// A thread that is not waited for is judged all the same; its names are its own.
#[test]
fn every_directive_of_a_thread_is_judged() {
    let text = r#"
      (module $Mem (memory (export "shared") 1 1 shared) (func (export "f") (result i32) i32.const 1))
      (register "mem")
      (thread $T (shared (module $Mem))
        (module $Own (func (export "f") (result i32) i32.const 2))
        (assert_return (invoke "f") (i32.const 2))
        (assert_return (invoke $Mem "f") (i32.const 1))
        (assert_unlinkable (module (import "mem" "f" (func))) "unknown import")
        (register "mem" $Own)
        (assert_trap (invoke "f") "never"))
      (assert_return (invoke "f") (i32.const 1))
      (module (import "mem" "shared" (memory 1 1 shared)))"#;
    let row = run_script(&*oracle(), &script(text), &ScriptOptions::default()).unwrap();
    let lines: Vec<u32> = row.failures.iter().map(|failure| failure.line).collect();
    assert_eq!((row.passed, lines), (4, vec![10]), "{:?}", row.failures);
}

/// An engine that cannot take turns skips threads by name.
#[test]
fn other_tiers_say_that_they_cannot() {
    let jit = adapter("jit").unwrap();
    let row = run_script(&*jit, &local("message_passing"), &ScriptOptions::default()).unwrap();
    assert_eq!((row.passed, row.failed), (0, 0), "{:?}", row.failures);
    assert!(!row.unsupported.is_empty());
}
