//! Handlers in many scopes: each call has one landing, and what is thrown still finds the clause that it should.

mod support;

use etalon_jit::{OptLevel, compile};
use etalon_runtime::{StoreConfig, Value};
use support::{Machine, at_each_level, module, options};

/// The clause that handles is the first that matches, from the inside out; its operands are its own.
const WAT: &str = r#"(module (tag $a (param i32)) (tag $b (param i32)) (tag $c (param i64 v128)) (tag $d)
  (func $raise (param i32)
    (block (block (block (block (block
      (br_table 0 1 2 3 4 (local.get 0)))
      (throw $a (i32.const 10)))
      (throw $b (i32.const 20)))
      (throw $c (i64.const 30) (v128.const i64x2 5 6)))
      (throw $d)))
  (func $inner (export "inner") (param i32) (result i32) (local i32)
    (block $all
      (block $c (result i64 v128)
        (block $outer_a (result i32)
          (block $b (result i32)
            (block $a (result i32)
              (try_table (catch_all $all)
                (try_table (catch $a $outer_a) (catch $c $c)
                  (local.set 1 (i32.const 1))
                  (try_table (catch $a $a) (catch $b $b) (catch $a $b)
                    (try_table (call $raise (local.get 0)))
                    (local.set 1 (i32.const 2))
                    (call $raise (local.get 0)))
                  (call $raise (local.get 0))))
              (return (i32.const -1)))
            (return (i32.add (i32.const 100) (i32.add (local.get 1)))))
          (return (i32.add (i32.const 200) (i32.add (local.get 1)))))
        (return (i32.add (i32.const 300) (i32.add (local.get 1)))))
      (i64x2.extract_lane 1) (i64.add) (i32.wrap_i64) (i32.add (i32.const 400))
      (return))
    (i32.add (i32.const 500) (local.get 1))))"#;

#[test]
fn the_first_clause_from_the_inside_out_handles() {
    at_each_level(|opt| {
        let mut m = Machine::new(StoreConfig::metered(None), opt, WAT);
        for (thrown, want) in [(0, 111), (1, 221), (2, 436), (3, 501), (4, -1)] {
            let seen = m.call("inner", &[Value::I32(thrown)]);
            assert_eq!(seen, Ok(vec![Value::I32(want as u32)]), "{thrown} at {opt:?}");
        }
    });
}

/// Nested `try_table`s around calls.
fn scopes(count: usize, tags: usize) -> String {
    let names: String = (0..tags).map(|t| format!("(tag $t{t})")).collect();
    let open: String = (0..count)
        .map(|i| format!("(try_table (catch $t{} 0) (catch $t0 0)\n", i % tags))
        .collect();
    let calls = "(call $g)\n".repeat(count);
    let close = ")".repeat(count);
    format!(
        r#"(module {names} (func $g) (func (export "f") (param i32) (result i32) (block {open} {calls} {close}) (local.get 0)))"#
    )
}

/// Bytes of code, and of everything that describes it.
fn size(wat: &str, opt: OptLevel) -> (usize, usize) {
    let module = module(wat);
    let compiled = compile(&module, &options(true, opt)).unwrap();
    assert_eq!(compiled.not_compiled(), []);
    (compiled.code_bytes(), etalon_jit::artefact::write(&compiled, &module).len())
}

/// Four times as much of each is four times as much code and tables, and not sixteen times.
#[test]
fn handlers_and_calls_do_not_multiply() {
    for tags in [1, 2, 40] {
        for opt in [OptLevel::None, OptLevel::Speed] {
            let (code, all) = size(&scopes(50, tags), opt);
            let (more_code, more) = size(&scopes(200, tags), opt);
            assert!(more_code < 6 * code, "{code} -> {more_code} with {tags} tags at {opt:?}");
            assert!(more < 6 * all, "{all} -> {more} with {tags} tags at {opt:?}");
        }
    }
}
