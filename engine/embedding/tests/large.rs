//! Large functions: many values alive, many accesses to objects, deep nests. No tier refuses them, and all give the same
//! results for the same gas, at every level of optimisation (gas-1, *Depth*).

use etalon::{
    CompileBudget, Config, Engine, Instance, Module, OptLevel, Schedule, Store, Tier, Val,
};
use std::fmt::Write as _;

/// A text repeated, with its number.
fn repeat(times: u32, line: impl Fn(u32) -> String) -> String {
    (0..times).fold(String::new(), |mut text, i| {
        _ = writeln!(text, "{}", line(i));
        text
    })
}

/// Products that an optimiser keeps, since all are asked for a second time.
fn products(count: u32) -> String {
    let product = |i: u32| {
        let factor = 0x1e37_79b9_7f4a_7c15_u64.wrapping_add(u64::from(i) * 0x1_0001) | 1;
        format!(
            "(local.set 1 (i64.xor (i64.rotl (local.get 1) (i64.const 5))
               (i64.mul (local.get 0) (i64.const {}))))",
            factor & (u64::MAX >> 1)
        )
    };
    let lines = repeat(count, product);
    format!(
        r#"(module (func (export "f") (param i64) (result i64) (local i64) {lines} {lines} (local.get 1)))"#
    )
}

/// Loads that an optimiser keeps.
fn loads(count: u32) -> String {
    let lines = repeat(count, |i| {
        format!(
            "(local.set 1 (i64.add (i64.mul (local.get 1) (i64.const 3))
               (i64.load offset={} (i32.wrap_i64 (local.get 0)))))",
            8 * i
        )
    });
    format!(
        r#"(module (memory 1) (data (i32.const 100) "etalon etalon etalon")
          (func (export "f") (param i64) (result i64) (local i64) {lines} {lines} (local.get 1)))"#
    )
}

/// Reads and writes of fields, each of which passes a value to a routine through the stack.
fn fields(count: u32) -> String {
    let lines = repeat(count, |_| {
        "(local.set 0 (i64.add (struct.get $s 0 (struct.new $s (local.get 0) (i32.const -1)))
           (i64.extend_i32_s (struct.get_s $s 1 (struct.new $s (local.get 0) (i32.const -1))))))"
            .to_owned()
    });
    format!(
        r#"(module (type $s (struct (field (mut i64)) (field i8)))
          (func (export "f") (param i64) (result i64) {lines} (local.get 0)))"#
    )
}

/// Elements of arrays and fields of exceptions, with vectors among them.
fn elements(count: u32) -> String {
    let lines = repeat(count, |i| {
        format!(
            "(local.set 1 (array.new_fixed $a 2 (v128.const i64x2 {i} 1) (i64x2.splat (local.get 0))))
             (array.set $a (local.get 1) (i32.const 0)
               (i64x2.add (array.get $a (local.get 1) (i32.const 0)) (array.get $a (local.get 1) (i32.const 1))))
             (local.set 0 (i64x2.extract_lane 0 (array.get $a (local.get 1) (i32.const 0))))
             (block $h (result i64 v128)
               (try_table (catch $x $h) (throw $x (local.get 0) (v128.const i64x2 1 1)))
               (unreachable))
             drop (local.set 0)"
        )
    });
    format!(
        r#"(module (type $a (array (mut v128))) (tag $x (param i64 v128))
          (func (export "f") (param i64) (result i64) (local (ref null $a)) {lines} (local.get 0)))"#
    )
}

/// Arms in arms.
fn arms(depth: u32) -> String {
    let open = repeat(depth, |i| {
        format!(
            "(local.set 0 (i64.add (local.get 0) (i64.const {i}))) (if (i32.wrap_i64 (local.get 0)) (then"
        )
    });
    let close =
        repeat(depth, |i| format!("(local.set 0 (i64.add (local.get 0) (i64.const {i})))))"));
    format!(r#"(module (func (export "f") (param i64) (result i64) {open} {close} (local.get 0)))"#)
}

/// Locals and operands that are alive all at once, across a call.
fn alive(count: u32) -> String {
    let push = repeat(count, |i| {
        let local = 1 + i % 50;
        format!("(local.tee {local} (i64.add (local.get 0) (i64.const {i})))")
    });
    let fold = repeat(count, |i| format!("(i64.rotl (local.get {})) i64.xor", 1 + i % 50));
    let locals = "i64 ".repeat(50);
    format!(
        r#"(module (func $id (param i64) (result i64) (local.get 0))
          (func (export "f") (param i64) (result i64) (local {locals})
            (local.get 0) {push} (local.set 0 (call $id (local.get 0))) {fold}))"#
    )
}

/// What a tier made of a call: the result, gas, and how many functions it left to the interpreter.
type Seen = (Result<i64, String>, Option<u64>, usize);

/// The result of `f(7)`, and the gas.
fn call(engine: &Engine, module: &Module) -> (Result<i64, String>, Option<u64>) {
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, module, &[]).unwrap();
    let f = instance.get_func(&store, "f").unwrap();
    let mut results = [Val::I64(0)];
    let called = f.call(&mut store, &[Val::I64(7)], &mut results);
    (called.map(|()| results[0].unwrap_i64()).map_err(|e| e.to_string()), store.fuel_consumed())
}

fn run(wasm: &[u8], tier: Tier, opt: OptLevel, metering: bool) -> Seen {
    let mut config = Config::new();
    let engine = Engine::new(config.tier(tier).opt_level(opt).consume_fuel(metering)).unwrap();
    let module = Module::new(&engine, wasm).unwrap_or_else(|e| panic!("{tier} refuses: {e}"));
    let (result, gas) = call(&engine, &module);
    assert_eq!(gas.is_some(), metering);
    (result, gas, module.not_compiled().len())
}

/// All tiers agree with the interpreter; gives how often a function was left to it.
fn agree(name: &str, wat: &str) -> usize {
    let wasm = wat::parse_str(wat).unwrap_or_else(|e| panic!("{name}: {e}"));
    let mut left = 0;
    for metering in [false, true] {
        let expected = run(&wasm, Tier::Interp, OptLevel::Speed, metering);
        assert!(expected.0.is_ok(), "{name}: {expected:?}");
        for tier in [Tier::Oracle, Tier::Jit, Tier::Aot, Tier::Auto] {
            let levels: &[OptLevel] = match tier {
                Tier::Oracle | Tier::Auto => &[OptLevel::Speed],
                _ => &[OptLevel::None, OptLevel::Speed],
            };
            for opt in levels {
                let seen = run(&wasm, tier, *opt, metering);
                let which = format!("{name}: {tier}, {opt:?}, metering {metering}");
                assert_eq!((&seen.0, seen.1), (&expected.0, expected.1), "{which}");
                left += seen.2;
            }
        }
    }
    left
}

/// All that an optimiser makes live at once is compiled without it.
#[test]
fn values_that_an_optimiser_keeps() {
    assert_eq!(agree("products", &products(1500)), 0);
    assert_eq!(agree("loads, 900", &loads(900)), 0);
    assert_eq!(agree("loads, 1200", &loads(1200)), 0);
}

/// Every access has its values at the same place on the stack.
#[test]
fn accesses_share_their_room() {
    assert_eq!(agree("160 fields", &fields(80)), 0);
    assert_eq!(agree("1600 fields", &fields(800)), 0);
    assert_eq!(agree("elements", &elements(200)), 0);
}

#[test]
fn deep_nests() {
    assert_eq!(agree("400 ifs", &arms(400)), 0);
    assert_eq!(agree("1000 ifs", &arms(1000)), 0);
}

#[test]
fn operands_and_locals_that_are_alive_have_their_slots() {
    assert_eq!(agree("1000 alive", &alive(1000)), 0);
    assert_eq!(agree("3000 alive", &alive(3000)), 0);
}

/// Functions of all kinds that call each other directly, through a table, by tail calls, and throw through each other.
const CALLS: &str = r#"(module (tag $x (param i64)) (table funcref (elem $even $odd))
  (type $t (func (param i64) (result i64)))
  (func $even (type $t)
    (if (result i64) (i64.eqz (local.get 0)) (then (throw $x (i64.const 41)))
      (else (call $odd (i64.sub (local.get 0) (i64.const 1))))))
  (func $odd (type $t)
    (if (result i64) (i64.eqz (local.get 0)) (then (throw $x (i64.const 42)))
      (else (return_call_indirect (type $t) (i64.sub (local.get 0) (i64.const 1)) (i32.const 0)))))
  (func $wide (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 v128 f64)
    (result i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 v128 f64)
    (local.get 9) (local.get 8) (local.get 7) (local.get 6) (local.get 5) (local.get 4)
    (local.get 3) (local.get 2) (local.get 1) (local.get 0) (local.get 10) (local.get 11))
  (func (export "f") (type $t) (local i64)
    (local.set 1 (block $h (result i64)
      (try_table (result i64) (catch $x $h) (call $even (local.get 0)))))
    (call $wide (local.get 0) (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5)
      (i64.const 6) (i64.const 7) (i64.const 8) (local.get 1) (v128.const i64x2 9 10) (f64.const 11))
    (drop) (i64x2.extract_lane 1)
    (i64.xor) (i64.sub) (i64.xor) (i64.sub) (i64.xor) (i64.sub) (i64.xor) (i64.sub) (i64.xor) (i64.sub)))"#;

/// With every budget some functions are compiled and others are not, and nothing else changes. An artefact knows which.
#[test]
fn what_is_not_compiled_is_called_as_if_it_were() {
    let wasm = wat::parse_str(CALLS).unwrap();
    let engine = |tier, budget| {
        let mut config = Config::new();
        Engine::new(config.tier(tier).consume_fuel(true).compile_budget(budget)).unwrap()
    };
    let interp = engine(Tier::Interp, CompileBudget::default());
    let expected = call(&interp, &Module::new(&interp, &wasm).unwrap());
    assert!(expected.0.is_ok(), "{expected:?}");
    let mut seen = std::collections::BTreeSet::new();
    for module in (0..300).step_by(10) {
        let budget = CompileBudget { function: module.max(30), module };
        // `aot` goes through an artefact.
        let [compiled, loaded] = [Tier::Jit, Tier::Aot].map(|tier| {
            let engine = engine(tier, budget);
            let module = Module::new(&engine, &wasm).unwrap();
            assert_eq!(call(&engine, &module), expected, "{budget:?} on {tier}");
            module
        });
        assert_eq!(compiled.not_compiled(), loaded.not_compiled());
        seen.insert(compiled.not_compiled().iter().map(|f| f.func).collect::<Vec<_>>());
    }
    assert!(
        seen.contains(&vec![]) && seen.contains(&vec![0, 1, 2, 3]) && seen.len() > 3,
        "{seen:?}"
    );
}

/// A schedule may allow so much depth that no native stack would do.
#[test]
fn a_depth_without_end_is_interpreted() {
    let text = include_str!("../../gas/schedules/default.toml").replace("524288", "4294967295");
    let schedule = std::sync::Arc::new(Schedule::parse(&text, "deep").unwrap());
    let mut config = Config::new();
    let engine = Engine::new(config.tier(Tier::Jit).consume_fuel(true).schedule(schedule)).unwrap();
    let module = Module::new(&engine, wat::parse_str(CALLS).unwrap()).unwrap();
    assert_eq!(module.not_compiled().len(), 4);
}

/// More segments than a counter in a register is kept for, and more joins than values are merged for.
#[test]
fn joins_in_a_row() {
    let arms = |count| {
        let line = |i| {
            format!(
                "(if (i32.wrap_i64 (local.get 0)) (then (local.set 0 (i64.add (local.get 0) (i64.const {i})))))"
            )
        };
        format!(
            r#"(module (func (export "f") (param i64) (result i64) {} (local.get 0)))"#,
            repeat(count, line)
        )
    };
    assert_eq!(agree("400 in a row", &arms(400)), 0);
    assert_eq!(agree("2000 in a row", &arms(2000)), 0);
}
