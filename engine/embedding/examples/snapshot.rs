//! An execution is paused in the middle, written down with its store, and goes on in another store: of another process, say.

use etalon::{Config, Engine, Linker, Module, PauseLimits, Progress, Result, Store, Tier, Val};

pub(crate) fn main() -> Result<()> {
    // Only the oracle can pause.
    let engine = Engine::new(Config::new().tier(Tier::Oracle).consume_fuel(true))?;
    let module = Module::new(
        &engine,
        r#"(module
            (import "host" "twice" (func $twice (param i32) (result i32)))
            (func $fib (export "fib") (param i32) (result i32)
                (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
                    (then (local.get 0))
                    (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                                   (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
            (func (export "run") (param i32) (result i32)
                (call $twice (call $fib (local.get 0)))))"#,
    )?;
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "twice", |n: i32| n * 2)?;

    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module)?;
    let run = instance.get_func(&store, "run").expect("it is exported");
    let execution = store.start(run, &[Val::I32(10)])?;
    let paused = store.resume(execution, &PauseLimits::instructions(500))?;
    assert!(matches!(paused, Progress::Paused(pause) if pause.instructions == 500));
    let snapshot = store.snapshot()?;
    drop(store);

    // The host functions are found by their names; everything else is in the snapshot.
    let mut store = Store::restore(&engine, (), &snapshot, &[], &linker)?;
    let execution = store.paused()[0];
    match store.resume(execution, &PauseLimits::new())? {
        Progress::Done(results) => assert_eq!(results[0].unwrap_i32(), 110),
        other => panic!("{other:?}"),
    }
    Ok(())
}
