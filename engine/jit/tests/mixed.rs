//! Functions of one module in two tiers that know nothing of each other.

mod support;

use etalon_jit::{CompileOptions, LoadedModule, OptLevel, compile};
use etalon_runtime::{
    Exhaustion, Extern, InvokeError, Placement, Stop, Store, StoreConfig, Trap, Value, instantiate,
};
use std::sync::Arc;
use support::{at_each_level, jit, module, options};

const WAT: &str = r#"(module (memory 1) (table 4 funcref) (type $t (func (param i64) (result i64)))
  (tag $x (param i64)) (elem (i32.const 0) $even $odd)
  (func $even (export "even") (type $t)
    (if (result i64) (i64.eqz (local.get 0)) (then (i64.const 1))
      (else (call $odd (i64.sub (local.get 0) (i64.const 1))))))
  (func $odd (export "odd") (type $t)
    (if (result i64) (i64.eqz (local.get 0)) (then (i64.const 0))
      (else (call_indirect (type $t) (i64.sub (local.get 0) (i64.const 1)) (i32.const 0)))))
  (func $trap (export "trap") (param i64) (result i64)
    (if (i64.eqz (local.get 0)) (then (drop (i32.load (i32.const -1)))))
    (call $catch (i64.sub (local.get 0) (i64.const 1))))
  (func $catch (export "catch") (param i64) (result i64)
    (if (i64.eqz (local.get 0)) (then (throw $x (i64.const 5))))
    (block $h (result i64)
      (try_table (catch $x $h) (return (call $trap (i64.sub (local.get 0) (i64.const 1)))))
      (unreachable)))
  (func $down (export "down") (param i64) (result i64) (call $up (local.get 0)))
  (func $up (export "up") (param i64) (result i64) (call $down (local.get 0))))"#;

/// Outcome and gas of a call, with the functions in `second` in a tier of their own.
fn run(opt: OptLevel, second: &[u32], name: &str, n: u64) -> (Result<Value, Stop>, u64) {
    let module = module(WAT);
    let mut store = Store::new(StoreConfig::metered(None)).unwrap();
    let tiers = [store.add_executor(jit("jit")), store.add_executor(jit("aot"))];
    let mut placement = Placement::all(tiers[0]);
    let all = 0..module.funcs.len() as u32;
    let (there, here): (Vec<u32>, Vec<u32>) = all.partition(|f| second.contains(f));
    for func in &there {
        placement = placement.place(*func, tiers[1]);
    }
    for (tier, functions) in tiers.into_iter().zip([here, there]) {
        let options = CompileOptions { functions: Some(functions), ..options(true, opt) };
        let compiled = compile(&module, &options).unwrap();
        let loaded = LoadedModule::load(&compiled, &module).unwrap();
        placement = placement.with_code(tier, Arc::new(loaded));
    }
    let instance = instantiate(&mut store, &module, &[], &placement).unwrap();
    let Some(Extern::Func(func)) = store.instance(instance).export(name) else { panic!("{name}") };
    store.meter_mut().set_limit(None).unwrap();
    let result = store.invoke(func, &[Value::I64(n)]).map(|values| values[0]);
    let result = result.map_err(|error| match error {
        InvokeError::Stop(stop) => stop,
        other => panic!("{other}"),
    });
    (result, store.meter().consumed())
}

#[test]
fn placement_changes_nothing() {
    let calls = [("even", 101), ("odd", 100), ("trap", 6), ("trap", 7), ("catch", 8), ("down", 0)];
    at_each_level(|opt| {
        for (name, n) in calls {
            let alone = run(opt, &[], name, n);
            for second in [&[0][..], &[1], &[2], &[3], &[0, 2, 4], &[0, 1, 2, 3, 4, 5]] {
                let mixed = run(opt, second, name, n);
                assert_eq!(mixed, alone, "{name} {n} with {second:?} apart at {opt:?}");
            }
        }
    });
}

#[test]
fn what_the_calls_do() {
    let outcome = |name, n| run(OptLevel::Speed, &[1, 3, 5], name, n).0;
    assert_eq!(outcome("even", 101), Ok(Value::I64(0)));
    assert_eq!(outcome("catch", 8), Ok(Value::I64(5)));
    assert_eq!(outcome("down", 0), Err(Exhaustion::Stack.into()));
    let Err(Stop::Trap(trapped)) = outcome("trap", 6) else { panic!("it did not trap") };
    assert_eq!((trapped.trap, trapped.site.unwrap().func), (Trap::MemoryOutOfBounds, 2));
}
