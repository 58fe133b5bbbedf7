//! Gas that ends anywhere, before, at or behind a change of tier: it ends at the same instruction, and nothing that comes later was done.

use crate::{at, engine};
use etalon::{Engine, Linker, Module, Store, Tier, TierUp, Trap, Val, WasmBacktrace};

/// Each export turns loops or calls often enough for every change to be in the middle of its run, and writes where it is.
const GUEST: &str = r#"(module
  (import "host" "note" (func $note (param i32)))
  (type $unary (func (param i32) (result i32)))
  (memory (export "memory") 1 3)
  (global $at (export "at") (mut i32) (i32.const 0))
  (table 3 funcref)
  (elem (i32.const 0) $leaf $leaf $host)
  (data $text "abcdefghijkl")
  (tag $e (param i32))

  (func $leaf (type $unary) (global.set $at (local.get 0)) (i32.add (local.get 0) (i32.const 1)))
  (func $host (type $unary) (call $note (local.get 0)) (local.get 0))

  (func (export "calls") (param i32) (result i32) (local i32)
    (loop $l
      (local.set 1 (call $leaf (local.get 1)))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1))

  ;; Charges that wait until they meet, a vector between other locals, and a loop in a loop.
  (func (export "loops") (param i32) (result i32) (local i32 v128 f64 i32)
    (local.set 2 (v128.const i32x4 1 2 3 4))
    (loop $outer
      (local.set 4 (i32.const 3))
      (loop $inner
        (if (i32.and (local.get 4) (i32.const 1))
          (then (local.set 1 (i32.add (local.get 1) (i32x4.extract_lane 2 (local.get 2)))))
          (else (local.set 3 (f64.add (local.get 3) (f64.const 1.5)))))
        (br_if $inner (local.tee 4 (i32.sub (local.get 4) (i32.const 1)))))
      (i32.store (local.get 0) (local.get 1))
      (br_if $outer (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (i32.add (local.get 1) (i32.trunc_f64_s (local.get 3))))

  (func (export "bulk") (param i32) (result i32) (local i32)
    (loop $l
      (memory.init $text (i32.mul (local.get 0) (i32.const 16)) (i32.const 0) (i32.const 12))
      (memory.copy (i32.const 900) (i32.mul (local.get 0) (i32.const 16)) (i32.const 40))
      (if (i32.eq (local.get 0) (i32.const 2)) (then (drop (memory.grow (i32.const 1)))))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (memory.size))

  (func (export "table") (param i32) (result i32) (local i32)
    (block $out
      (loop $l
        (local.set 1 (call_indirect (type $unary) (local.get 1) (i32.rem_u (local.get 0) (i32.const 3))))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br_table $out $l (local.get 0))))
    (local.get 1))

  (func $down (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
    (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))
  (func (export "deep") (param i32) (result i32) (call $down (local.get 0)))

  (func $even (param i32 i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
    (loop (br_if 0 (local.tee 1 (i32.sub (local.get 1) (i32.const 1)))))
    (return_call $odd (i32.sub (local.get 0) (i32.const 1)) (i32.const 3)))
  (func $odd (param i32 i32) (result i32) (return_call $even (local.get 0) (i32.const 4)))
  (func (export "tail") (param i32) (result i32) (call $even (local.get 0) (i32.const 5)))

  (func $throws (param i32)
    (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (throw $e (global.get $at)))
  (func (export "caught") (param i32) (result i32) (local i32)
    (loop $l
      (block $h (result i32)
        (try_table (catch $e $h) (call $throws (i32.const 4)))
        (unreachable))
      (global.set $at (i32.add (i32.const 7)))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (global.get $at))

  (func (export "trap") (param i32) (result i32)
    (loop $l
      (i32.store (i32.const 64) (i32.div_u (i32.const 100) (local.get 0)))
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (br $l))
    (unreachable)))"#;

/// What is called, and with what: enough for loops to turn, and calls to be made, some ten times.
const CALLS: &[(&str, i32)] = &[
    ("calls", 9),
    ("loops", 5),
    ("bulk", 5),
    ("table", 10),
    ("deep", 9),
    ("tail", 6),
    ("caught", 4),
    ("trap", 9),
];

/// All that a run shows when it has no more than this gas: how it ends and where, what it consumed, and what it has written.
fn run(engine: &Engine, module: &Module, call: (&str, i32), gas: u64) -> (u64, String) {
    let mut store = Store::new(engine, Vec::<(i32, u64)>::new());
    let mut linker = Linker::new(engine);
    let note = |mut caller: etalon::Caller<'_, Vec<(i32, u64)>>, n: i32| {
        let left = caller.gas_left().unwrap();
        caller.data_mut().push((n, left));
    };
    linker.func_wrap("host", "note", note).unwrap();
    store.set_fuel(1_000_000).unwrap();
    let instance = linker.instantiate(&mut store, module).unwrap();
    store.set_fuel(gas).unwrap();
    let func = instance.get_func(&store, call.0).unwrap();
    let mut results = [Val::I32(0)];
    let error = func.call(&mut store, &[Val::I32(call.1)], &mut results).err().map(|error| {
        // At which of the instructions that are charged together gas ends, nobody promises.
        let is_trap = error.downcast_ref::<Trap>().is_some();
        let frames = error.downcast_ref::<WasmBacktrace>().filter(|_| is_trap);
        format!("{error} {:?}", frames.map(WasmBacktrace::to_string))
    });
    let consumed = store.fuel_consumed().unwrap();
    let memory = instance.get_memory(&store, "memory").unwrap();
    let written = String::from_utf8_lossy(&memory.data(&store)[..1024]).replace('\0', "");
    let at = instance.get_global(&store, "at").unwrap().get(&mut store);
    let (pages, notes) = (memory.size(&store), store.data());
    (consumed, format!("{results:?} {error:?} {consumed} {at:?} {pages} {notes:?} {written:?}"))
}

#[test]
fn gas_ends_at_the_same_instruction_wherever_functions_change_their_tier() {
    let usual = TierUp::new();
    let mut others = vec![(Tier::Oracle, usual), (Tier::Jit, usual)];
    others.extend([(1, 1), (1, 2), (2, 3), (4, 2), (3, 7)].map(|(b, s)| (Tier::Auto, at(b, s))));
    let with = |(tier, when)| {
        let engine = engine(tier, when);
        let module = Module::new(&engine, GUEST).unwrap();
        (engine, module, when)
    };
    let (interp, reference, _) = with((Tier::Interp, usual));
    let others: Vec<_> = others.into_iter().map(with).collect();
    for call in CALLS {
        let (most, _) = run(&interp, &reference, *call, 1_000_000);
        assert!((100..4_000).contains(&most), "{call:?} takes {most}");
        for gas in 0..=most + 1 {
            let (_, expected) = run(&interp, &reference, *call, gas);
            for (engine, module, when) in &others {
                let (_, seen) = run(engine, module, *call, gas);
                assert_eq!(seen, expected, "{call:?} with {gas}: {when:?}");
            }
        }
    }
}
