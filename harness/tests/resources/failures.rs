//! Instantiations that fail leave nothing behind but what they did to their imports.

use crate::guest::{Guest, alone, session, vsize};
use etalon_adapters::{Features, Instance, Outcome, Solo, Val, adapter};

/// The tiers, and one store with all of them.
const ENGINES: [&str; 5] = ["oracle", "interp", "jit", "auto", "mixed0"];

/// Many of these, each with a memory of its own, would show.
const TIMES: usize = 40;

fn engine_session(engine: &str) -> Solo {
    let features = adapter(engine).expect("it is one of ours").features();
    session(engine, features.intersection(Features::wasm3()), false)
}

fn instantiate(session: &mut Solo, wat: &str) -> Result<Instance, Outcome> {
    session.load(&wat::parse_str(wat).unwrap_or_else(|e| panic!("{e}: {wat}")))
}

/// What other modules import.
const SHARED: &str = r#"(module
    (type $f (func (result i32)))
    (table (export "t") 10 funcref)
    (global (export "g") (mut externref) (ref.null extern))
    (global (export "any") (mut anyref) (ref.null any))
    (func (export "call") (param i32) (result i32) (call_indirect (type $f) (local.get 0)))
    (func (export "set?") (param i32) (result i32) (ref.is_null (table.get (local.get 0)))))"#;

/// Fails over and over: each time alike, and the process takes no more address space than for a few memories.
fn leaves_nothing(name: &str, wat: &str, fails: fn(&Outcome) -> bool) {
    alone(name, || {
        for engine in ENGINES {
            let mut session = engine_session(engine);
            let shared = instantiate(&mut session, SHARED).expect("it has no imports");
            session.register("shared", shared);
            let digest = session.digest();
            let mut before = 0;
            for n in 0..TIMES {
                match instantiate(&mut session, wat) {
                    Err(outcome) if fails(&outcome) => {}
                    other => panic!("{engine}: {other:?}"),
                }
                // By then whatever an engine has once for all is there.
                if n == 2 {
                    before = vsize();
                }
            }
            let taken = vsize().saturating_sub(before);
            assert!(taken < 5 << 32, "{engine}: {taken} bytes");
            assert_eq!(session.digest(), digest, "{engine}");
            works(&mut session, shared, engine);
        }
    });
}

/// The session can still be used: addresses that are used again mean the new things.
fn works(session: &mut Solo, shared: Instance, engine: &str) {
    let wat = r#"(module (import "shared" "t" (table 10 funcref)) (memory 1) (tag $t (param i32))
        (type $s (struct (field i32)))
        (func $nine (result i32) (i32.load (i32.const 0)))
        (elem (i32.const 9) $nine)
        (data (i32.const 0) "\09")
        (func (export "f") (param i64 f32) (result i32)
          (block $h (result i32)
            (try_table (catch $t $h) (throw $t (call_indirect (result i32) (i32.const 9))))
            (unreachable))
          (struct.get $s 0 (struct.new $s (i32.const 1)))
          i32.add))"#;
    let instance = instantiate(session, wat).unwrap_or_else(|e| panic!("{engine}: {e:?}"));
    let ten = Outcome::Returned(vec![Val::I32(10)]);
    assert_eq!(session.invoke(instance, "f", &[Val::I64(0), Val::F32(0)]), ten, "{engine}");
    let nine = Outcome::Returned(vec![Val::I32(9)]);
    assert_eq!(session.invoke(shared, "call", &[Val::I32(9)]), nine, "{engine}");
}

fn traps(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Trapped { .. })
}

#[test]
fn a_data_segment_out_of_bounds() {
    let wat = r#"(module (memory 1) (global (mut i32) (i32.const 5)) (func $f (param f64 i64))
        (elem declare func $f) (data (i32.const 65536) "a"))"#;
    leaves_nothing("failures::a_data_segment_out_of_bounds", wat, traps);
}

#[test]
fn a_start_function_that_traps() {
    let wat = r#"(module (type $s (struct (field funcref)))
        (import "shared" "any" (global $any (mut anyref)))
        (memory 1)
        (global $own (mut anyref) (ref.null any))
        (table 5 funcref) (elem (i32.const 1) $start)
        (func $start
          (global.set $own (struct.new $s (ref.func $start)))
          (global.set $any (global.get $own))
          (global.set $any (ref.null any))
          (drop (memory.grow (i32.const 1)))
          (unreachable))
        (start $start))"#;
    leaves_nothing("failures::a_start_function_that_traps", wat, traps);
}

#[test]
fn a_start_function_that_throws() {
    let wat = r#"(module (memory 1) (tag $t (param i64))
        (func $start (throw $t (i64.const 3)))
        (start $start))"#;
    let throws = |outcome: &Outcome| matches!(outcome, Outcome::Threw(_));
    leaves_nothing("failures::a_start_function_that_throws", wat, throws);
}

#[test]
fn an_element_segment_out_of_bounds_behind_one_of_null() {
    let wat = r#"(module (import "shared" "t" (table $t 10 funcref)) (memory 1)
        (func $f)
        (table $own 1 funcref)
        (elem (table $own) (i32.const 0) func $f)
        (elem (table $t) (i32.const 3) funcref (item (ref.null func)))
        (elem (table $own) (i32.const 1) func $f))"#;
    leaves_nothing("failures::an_element_segment_out_of_bounds_behind_one_of_null", wat, traps);
}

#[test]
fn a_memory_that_is_too_large_behind_one_that_is_not() {
    let wat = format!("(module (memory 1) {})", "(memory 65536)".repeat(17));
    let limit = |outcome: &Outcome| matches!(outcome, Outcome::Rejected(_));
    leaves_nothing("failures::a_memory_that_is_too_large_behind_one_that_is_not", &wat, limit);
}

/// A function that was written to an imported table can be called, and so can what it uses.
#[test]
fn what_can_be_reached_stays() {
    let by_segment = r#"(module (import "shared" "t" (table 10 funcref)) (memory 1)
        (data (i32.const 0) "\07") (elem (i32.const 2) $seven)
        (func $seven (result i32) (i32.load8_u (i32.const 0)))
        (data (i32.const 65536) "a"))"#;
    let by_code = r#"(module (import "shared" "t" (table 10 funcref)) (memory 1)
        (data (i32.const 0) "\07") (elem declare func $seven)
        (func $seven (result i32) (i32.load8_u (i32.const 0)))
        (func $start (table.set (i32.const 2) (ref.func $seven)) (unreachable))
        (start $start))"#;
    let in_object = r#"(module (import "shared" "any" (global $any (mut anyref))) (memory 1)
        (type $s (struct (field funcref)))
        (data (i32.const 0) "\07") (elem declare func $seven)
        (func $seven (result i32) (i32.load8_u (i32.const 0)))
        (func $start (global.set $any (struct.new $s (ref.func $seven))) (unreachable))
        (start $start))"#;
    let take_out = r#"(module (import "shared" "t" (table 10 funcref))
        (import "shared" "any" (global $any (mut anyref)))
        (type $s (struct (field funcref)))
        (func $start (table.set (i32.const 2)
          (struct.get $s 0 (ref.cast (ref $s) (global.get $any)))))
        (start $start))"#;
    for engine in ENGINES {
        for (wat, then) in [(by_segment, None), (by_code, None), (in_object, Some(take_out))] {
            let mut session = engine_session(engine);
            let shared = instantiate(&mut session, SHARED).expect("it has no imports");
            session.register("shared", shared);
            let result = instantiate(&mut session, wat);
            assert!(matches!(&result, Err(outcome) if traps(outcome)), "{engine}: {result:?}");
            if let Some(then) = then {
                instantiate(&mut session, then).unwrap_or_else(|e| panic!("{engine}: {e:?}"));
            }
            let seven = Outcome::Returned(vec![Val::I32(7)]);
            let called = session.invoke(shared, "call", &[Val::I32(2)]);
            assert_eq!(called, seven, "{engine}: {wat}");
            works(&mut session, shared, engine);
            assert_eq!(session.invoke(shared, "call", &[Val::I32(2)]), seven, "{engine}: {wat}");
        }
    }
}

/// A failure in the middle changes nothing for those who were there before.
#[test]
fn code_of_others_goes_on() {
    let before = r#"(module (memory 1) (data (i32.const 0) "\05")
        (func $g (param i32) (result i32) (i32.add (local.get 0) (i32.load8_u (i32.const 0))))
        (func (export "f") (param i32) (result i32) (call $g (local.get 0)))
        (func (export "imported") (param i32 i64 i64) (result i32)
          (call $g (local.get 0))))"#;
    let fails = r#"(module
        (import "before" "imported" (func $f (param i32 i64 i64) (result i32)))
        (memory 1)
        (func $start (drop (call $f (i32.const 1) (i64.const 2) (i64.const 3))) (unreachable))
        (start $start))"#;
    for engine in ENGINES {
        let mut guest = Guest::in_session(engine, engine_session(engine), before);
        guest.session.register("before", guest.instance);
        for n in 0..10 {
            let result = instantiate(&mut guest.session, fails);
            assert!(matches!(&result, Err(outcome) if traps(outcome)), "{engine}: {result:?}");
            let sum = Outcome::Returned(vec![Val::I32(n + 5)]);
            assert_eq!(guest.call("f", &[Val::I32(n)]), sum, "{engine}");
            let args = [Val::I32(n), Val::I64(0), Val::I64(0)];
            assert_eq!(guest.call("imported", &args), sum, "{engine}");
        }
    }
}
