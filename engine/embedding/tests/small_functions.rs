//! Calls of functions so small that the compiler has them in the caller's place: they stop as calls do, in the function, with the same
//! gas, depth and effects.

use etalon::{
    Config, Engine, Error, Exhaustion, Instance, Module, Store, Tier, Trap, Val, WasmBacktrace,
};
use std::collections::BTreeSet;

const TIERS: [Tier; 4] = [Tier::Oracle, Tier::Interp, Tier::Jit, Tier::Auto];

/// What is seen when a call has ended: its result or message, the frames, the gas, the memory's end and the globals.
#[derive(Debug, PartialEq)]
struct Seen {
    outcome: Result<i32, String>,
    frames: Vec<(u32, Option<usize>)>,
    gas: u64,
    memory: Vec<u8>,
    globals: Vec<i64>,
}

fn run(tier: Tier, wat: &str, argument: i32, gas: u64) -> Seen {
    let engine = Engine::new(Config::new().tier(tier).consume_fuel(true)).unwrap();
    let module = Module::new(&engine, wat).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    store.set_fuel(gas).unwrap();
    let func = instance.get_typed_func::<i32, i32>(&mut store, "f").unwrap();
    let outcome = func.call(&mut store, argument);
    let frames = match &outcome {
        Err(error) => error.downcast_ref::<WasmBacktrace>().map(WasmBacktrace::frames),
        Ok(_) => None,
    };
    let frames =
        frames.into_iter().flatten().map(|f| (f.func_index(), f.module_offset())).collect();
    let why =
        |error: Error| match (error.downcast_ref::<Trap>(), error.downcast_ref::<Exhaustion>()) {
            (Some(trap), _) => trap.to_string(),
            (_, exhaustion) => exhaustion.map(Exhaustion::to_string).unwrap_or_default(),
        };
    let outcome = outcome.map_err(why);
    let gas = store.get_fuel().unwrap();
    let memory = instance.get_memory(&mut store, "m").unwrap();
    let memory = memory.data(&store)[65_520..].to_vec();
    let global = |name: &str| match instance.get_global(&mut store, name).map(|g| g.get(&mut store))
    {
        Some(Val::I64(value)) => Some(value),
        _ => None,
    };
    let globals = ["a", "b"].into_iter().filter_map(global).collect();
    Seen { outcome, frames, gas, memory, globals }
}

/// A getter, a setter, one that writes and then has no memory left, and two that only compute.
const SMALL: &str = r#"(module
  (memory (export "m") 1)
  (global $a (export "a") (mut i64) (i64.const 0))
  (global $b (export "b") (mut i64) (i64.const 0))
  (func $get (param i32) (result i64) (i64.load offset=4 (local.get 0)))
  (func $set (param i32 i64) (i64.store offset=8 (local.get 0) (local.get 1)))
  (func $swap (param i32) (result i64)
    (i64.load (local.get 0)) (i64.store offset=1 (local.get 0) (i64.const -1)))
  (func $count (global.set $a (i64.add (global.get $a) (i64.const 1))))
  (func $mix (param i32) (result i32) (local i32)
    (local.set 1 (i32.rotl (local.get 0) (i32.const 3)))
    (i32.xor (local.get 1) (local.get 0)))
  (func (export "f") (param i32) (result i32) (local i32)
    (local.set 1 (call $mix (local.get 0)))
    (call $count)
    (call $set (local.get 0) (i64.const 0x1122334455667788))
    (global.set $b (i64.add (global.get $b) (call $get (local.get 0))))
    (global.set $b (i64.add (global.get $b) (call $swap (i32.add (local.get 0) (i32.const 9)))))
    (call $count)
    (i32.add (call $mix (local.get 1)) (local.get 1))))"#;

#[test]
fn they_stop_where_a_call_would() {
    // The end of the memory is 65536: each access is the first beyond it for some argument.
    let stops: Vec<usize> = (65_500..65_540)
        .map(|argument| {
            let expected = run(Tier::Oracle, SMALL, argument, 10_000);
            for tier in TIERS {
                assert_eq!(run(tier, SMALL, argument, 10_000), expected, "{tier:?} {argument}");
            }
            expected.frames.first().map_or(0, |frame| frame.0 as usize + 1)
        })
        .collect();
    // None, the one that swaps, and the one that sets: what gets reads before the other's end.
    let met = |stop| stops.contains(&stop);
    assert!(met(0) && met(3) && met(2), "{stops:?}");
}

#[test]
fn they_stop_at_every_limit_as_calls_do() {
    let cost = 10_000 - run(Tier::Oracle, SMALL, 7, 10_000).gas;
    let mut stopped_in = BTreeSet::new();
    for limit in 0..=cost {
        let expected = run(Tier::Oracle, SMALL, 7, limit);
        assert_eq!(expected.outcome.is_ok(), limit == cost);
        for tier in TIERS {
            let mut seen = run(tier, SMALL, 7, limit);
            // The compiler may name another instruction of the segment, and it has a frame for a function whose entry is not paid.
            let functions = |frames: &[(u32, _)]| frames.iter().map(|f| f.0).collect::<Vec<_>>();
            let (got, want) = (functions(&seen.frames), functions(&expected.frames));
            stopped_in.extend(got.first());
            let inner = got.len().saturating_sub(want.len());
            assert!(inner <= 1 && got[inner..] == want, "{tier:?} at {limit}: {got:?}, {want:?}");
            seen.frames.clone_from(&expected.frames);
            assert_eq!(seen, expected, "{tier:?} at {limit}");
        }
    }
    assert_eq!(stopped_in, BTreeSet::from([0, 1, 2, 3, 4, 5]));
}

/// Each turn counts, calls a small function that counts, and calls itself.
const DEEP: &str = r#"(module
  (memory (export "m") 1)
  (global $a (export "a") (mut i64) (i64.const 0))
  (global $b (export "b") (mut i64) (i64.const 0))
  (func $count (param i64 i64 i64 i64 i64 i64)
    (global.set $b (i64.add (local.get 0) (global.get $b))))
  (func $down (export "f") (param i32) (result i32)
    (global.set $a (i64.add (global.get $a) (i64.const 1)))
    (call $count (i64.const 1) (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0))
    (call $down (local.get 0))))"#;

#[test]
fn they_take_the_depth_of_a_call() {
    let expected = run(Tier::Oracle, DEEP, 0, 1 << 40);
    // The last turn had no room for the small function.
    assert_eq!(expected.globals[0], expected.globals[1] + 1);
    for tier in TIERS {
        assert_eq!(run(tier, DEEP, 0, 1 << 40), expected, "{tier:?}");
    }
}
