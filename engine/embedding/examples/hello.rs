//! A guest calls a function of the host.

use etalon::{Caller, Engine, Linker, Module, Result, Store};

pub(crate) fn main() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module
            (import "host" "hello" (func $hello (param i32)))
            (func (export "run") (call $hello (i32.const 3))))"#,
    )?;

    // The store keeps what host functions work with: here, the greetings.
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "hello", |mut caller: Caller<'_, Vec<String>>, n: i32| {
        caller.data_mut().push(format!("hello from the guest, {n} times"));
    })?;

    let mut store = Store::new(&engine, Vec::new());
    let instance = linker.instantiate(&mut store, &module)?;
    let run = instance.get_typed_func::<(), ()>(&store, "run")?;
    run.call(&mut store, ())?;
    assert_eq!(store.data().as_slice(), ["hello from the guest, 3 times"]);
    Ok(())
}
