//! Failures on purpose, in the style of SQLite: the n-th request to the system or the allocator fails, for n = 1, 2, 3 … until a
//! run makes no n-th. Each time the run ends in an error, the session works afterwards, and nothing is lost.
//!
//! With `ETALON_FAULTS=all` (`make faults`) the programs of the corpus run so too.

use crate::guest::{alone, mappings, session};
use etalon_adapters::{Features, Instance, Outcome, Rejection, Solo, Val, adapter, fault};
use etalon_harness::corpus::Entry;
use std::path::Path;

const ENGINES: [&str; 6] = ["oracle", "interp", "jit", "aot", "auto", "mixed1"];

/// Modules whose `f` gives the same each time, and what that is.
const SCRIPTS: &[(&str, &str, i32)] = &[
    (
        "calls",
        r#"(module (func $f (param i32) (result i32)
        (if (result i32) (local.get 0)
          (then (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1)))))
          (else (i32.const 0))))
      (func (export "f") (result i32) (call $f (i32.const 2000))))"#,
        2000,
    ),
    (
        "memories",
        r#"(module (memory $a 1) (memory $b 3)
      (data (i32.const 8) "\05\06")
      (func (export "f") (result i32)
        (if (i32.eq (memory.grow $a (i32.const 1)) (i32.const -1)) (then (unreachable)))
        (drop (memory.grow $b (i32.const 2)))
        (memory.copy $b $a (i32.const 70000) (i32.const 8) (i32.const 2))
        (i32.load16_u $b (i32.const 70000))))"#,
        0x0605,
    ),
    (
        "tables",
        r#"(module (table $t 600 funcref) (table $u 10 externref) (elem (i32.const 3) $g)
      (func $g (result i32) (i32.const 4))
      (func (export "f") (result i32)
        (drop (table.grow $t (ref.func $g) (i32.const 2000)))
        (drop (table.grow $u (ref.null extern) (i32.const 100000)))
        (table.copy $t $t (i32.const 5) (i32.const 3) (i32.const 1500))
        (call_indirect (result i32) (i32.const 5))))"#,
        4,
    ),
    (
        "objects",
        r#"(module
      (type $n (struct (field (mut (ref null $n))) (field i32)))
      (type $a (array (mut i8))) (type $r (array (mut anyref)))
      (data $d "abcdefghijklmnopqrstuvwxyz")
      (global $keep (mut (ref null $n)) (ref.null $n))
      (global (ref $r) (array.new $r (ref.i31 (i32.const 1)) (i32.const 100)))
      (func (export "f") (result i32) (local $i i32)
        (global.set $keep (ref.null $n))
        (loop $l
          (global.set $keep (struct.new $n (global.get $keep) (local.get $i)))
          (drop (array.new_data $a $d (i32.const 3) (i32.const 20)))
          (drop (array.new_fixed $a 3 (i32.const 1) (i32.const 2) (i32.const 3)))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $l (i32.lt_u (local.get $i) (i32.const 60))))
        (struct.get $n 1 (global.get $keep))))"#,
        59,
    ),
    (
        "exceptions",
        r#"(module (tag $t (param i32 externref))
      (func $g (param i32) (throw $t (local.get 0) (ref.null extern)))
      (func (export "f") (result i32) (local $i i32)
        (loop $l
          (block $h (result i32 externref)
            (try_table (catch $t $h) (call $g (local.get $i)))
            (unreachable))
          (drop)
          (drop)
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $l (i32.lt_u (local.get $i) (i32.const 20))))
        (local.get $i)))"#,
        20,
    ),
    (
        "collections",
        r#"(module (type $a (array (mut i64))) (type $n (struct (field (ref null $n))))
      (func $list (param i32) (result (ref null $n)) (local (ref null $n))
        (loop $l
          (local.set 1 (struct.new $n (local.get 1)))
          (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 1))
      (func (export "f") (result i32) (local $i i32) (local (ref null $n))
        (local.set 1 (call $list (i32.const 200)))
        (loop $l
          (drop (array.new_default $a (i32.const 300000)))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $l (i32.lt_u (local.get $i) (i32.const 8))))
        (i32.sub (local.get $i) (ref.is_null (local.get 1)))))"#,
        8,
    ),
];

/// An error that a host without memory is the reason of.
fn is_error(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::HostError(_) | Outcome::Rejected(Rejection::Limit(_)))
}

fn run(session: &mut Solo, wasm: &[u8]) -> Result<Outcome, Outcome> {
    let instance: Instance = session.load(wasm)?;
    let outcome = session.invoke(instance, "f", &[]);
    session.digest();
    Ok(outcome)
}

/// Runs a module with every request failing in turn; gives how many it makes.
fn every_request_fails(engine: &str, name: &str, wasm: &[u8], expected: &Outcome) -> u64 {
    let features = adapter(engine).expect("it is one of ours").features();
    let features = features.intersection(Features::wasm3());
    for n in 1.. {
        let mut session = session(engine, features, n % 2 == 0);
        fault::fail(Some(n));
        let outcome = run(&mut session, wasm);
        let outcome = outcome.unwrap_or_else(|outcome| outcome);
        let failed = fault::fail(None);
        // A request may fail and do no harm: a collection that cannot be made, a digest that reads everything.
        assert!(
            outcome == *expected || failed && is_error(&outcome),
            "{engine}: {name}: request {n}: {outcome:?}"
        );
        let again = run(&mut session, wasm);
        assert_eq!(again.as_ref(), Ok(expected), "{engine}: {name}: after request {n}");
        if !failed {
            return n - 1;
        }
    }
    unreachable!("every run ends")
}

/// Scripts on all tiers, twice: what is lost in one round would be lost in the other.
#[test]
fn whatever_fails_is_an_error_and_nothing_is_lost() {
    alone("faults::whatever_fails_is_an_error_and_nothing_is_lost", || {
        for engine in ENGINES {
            let mut before = 0;
            for round in 0..2 {
                let mut requests = 0;
                for (name, wat, expected) in SCRIPTS {
                    let wasm = wat::parse_str(wat).unwrap_or_else(|e| panic!("{name}: {e}"));
                    let expected = Outcome::Returned(vec![Val::I32(*expected)]);
                    requests += every_request_fails(engine, name, &wasm, &expected);
                }
                assert!(requests > 30, "{engine}: only {requests} requests may fail");
                if round == 0 {
                    before = mappings();
                }
            }
            assert!(mappings() < before + 20, "{engine}: {} mappings, {before} before", mappings());
        }
    });
}

#[test]
fn programs_with_faults() {
    if std::env::var("ETALON_FAULTS").as_deref() != Ok("all") {
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/programs");
    let mut programs = 0;
    for file in std::fs::read_dir(folder).expect("the folder is in the repository") {
        let path = file.expect("the folder can be listed").path();
        if path.extension().is_none_or(|e| e != "toml") {
            continue;
        }
        let entry = Entry::read(&path).unwrap_or_else(|e| panic!("{e}"));
        for engine in ENGINES {
            program(engine, &entry);
        }
        programs += 1;
    }
    assert!(programs > 3, "the programs were not found");
}

/// The calls of a program, with every request failing in turn.
fn program(engine: &str, entry: &Entry) {
    let missing = adapter(engine).expect("it is one of ours").features();
    let features = entry.features.intersection(missing);
    let calls = |session: &mut Solo| -> Result<Vec<Outcome>, Outcome> {
        let instance = session.load_alone(&entry.case.wasm)?;
        let calls = entry.case.calls.iter();
        Ok(calls.map(|call| session.invoke(instance, &call.export, &call.args)).collect())
    };
    let Ok(expected) = calls(&mut session(engine, features, true)) else { return };
    for n in 1.. {
        let mut session = session(engine, features, true);
        fault::fail(Some(n));
        let outcomes = calls(&mut session);
        let failed = fault::fail(None);
        let outcomes = outcomes.unwrap_or_else(|outcome| vec![outcome]);
        let first = outcomes.iter().zip(&expected).find(|(got, expected)| got != expected);
        let fine = first.is_none_or(|(got, _)| failed && is_error(got));
        assert!(fine, "{engine}: {}: request {n}: {outcomes:?}", entry.case.name);
        if !failed {
            return;
        }
    }
}
