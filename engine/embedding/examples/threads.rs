//! One engine and one module for several threads, each with a store of its own.

use etalon::{Engine, Linker, Module, Result, Store};
use std::thread;

pub(crate) fn main() -> Result<()> {
    let engine = Engine::default();
    // It is compiled once.
    let module = Module::new(
        &engine,
        r#"(module
            (import "host" "id" (func $id (result i64)))
            (func (export "sum") (param i64) (result i64) (local i64)
                (loop $more
                    (local.set 1 (i64.add (local.get 1) (local.get 0)))
                    (local.set 0 (i64.sub (local.get 0) (i64.const 1)))
                    (br_if $more (i64.ne (local.get 0) (i64.const 0))))
                (i64.add (local.get 1) (call $id))))"#,
    )?;
    let mut linker = Linker::<i64>::new(&engine);
    linker.func_wrap("host", "id", |caller: etalon::Caller<'_, i64>| *caller.data())?;

    let sums = thread::scope(|scope| {
        let threads: Vec<_> = (0..4i64)
            .map(|id| {
                let (engine, module, linker) = (&engine, &module, &linker);
                scope.spawn(move || -> Result<i64> {
                    let mut store = Store::new(engine, id * 1_000_000);
                    let instance = linker.instantiate(&mut store, module)?;
                    let sum = instance.get_typed_func::<i64, i64>(&store, "sum")?;
                    sum.call(&mut store, 1_000)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect::<Result<Vec<_>>>()
    })?;
    assert_eq!(sums, [500_500, 1_500_500, 2_500_500, 3_500_500]);

    // A store may also move to another thread between two calls, if its data may.
    let mut store = Store::new(&engine, 1);
    let instance = linker.instantiate(&mut store, &module)?;
    let moved = thread::spawn(move || {
        instance.get_typed_func::<i64, i64>(&store, "sum")?.call(&mut store, 2)
    });
    assert_eq!(moved.join().expect("no panic")?, 4);
    Ok(())
}
