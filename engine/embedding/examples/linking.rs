//! Two modules: one imports what the other exports, a function, a memory and a global.

use etalon::{Engine, LinkError, Linker, Module, Result, Store};

pub(crate) fn main() -> Result<()> {
    let engine = Engine::default();
    let library = Module::new(
        &engine,
        r#"(module
            (memory (export "memory") 1)
            (global (export "base") i32 (i32.const 100))
            (func (export "put") (param i32 i32) (i32.store (local.get 0) (local.get 1))))"#,
    )?;
    let program = Module::new(
        &engine,
        r#"(module
            (import "library" "memory" (memory 1))
            (import "library" "base" (global $base i32))
            (import "library" "put" (func $put (param i32 i32)))
            (func (export "run") (result i32)
                (call $put (global.get $base) (i32.const 7))
                (i32.load (global.get $base))))"#,
    )?;
    let mut store = Store::new(&engine, ());
    let mut linker = Linker::new(&engine);

    // What is missing is named.
    let error = linker.instantiate(&mut store, &program).unwrap_err();
    assert!(
        matches!(error.downcast_ref(), Some(LinkError::Unknown { name, .. }) if name == "memory")
    );

    let library = linker.instantiate(&mut store, &library)?;
    linker.instance(&store, "library", library)?;
    let program = linker.instantiate(&mut store, &program)?;
    let run = program.get_typed_func::<(), i32>(&store, "run")?;
    assert_eq!(run.call(&mut store, ())?, 7);

    // The memory is one and the same.
    let memory = library.get_memory(&store, "memory").expect("it is exported");
    assert_eq!(memory.data(&store)[100], 7);
    Ok(())
}
