//! A host function reads a text in the memory of the instance that calls it, and writes its answer there.

use etalon::{Caller, Engine, Error, Linker, Module, Result, Store};

fn shout(mut caller: Caller<'_, ()>, at: u32, len: u32) -> Result<u32> {
    let memory = caller.get_export("memory").and_then(|item| item.into_memory());
    let memory = memory.ok_or_else(|| Error::msg("the caller exports no memory"))?;
    let (at, len) = (at as usize, len as usize);
    let bytes = memory.data_mut(&mut caller).get_mut(at..at + len);
    let bytes = bytes.ok_or_else(|| Error::msg("the text is not in the memory"))?;
    let text = std::str::from_utf8(bytes)?.to_uppercase();
    bytes.copy_from_slice(text.as_bytes());
    Ok(text.len() as u32)
}

pub(crate) fn main() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module
            (import "host" "shout" (func $shout (param i32 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 16) "quiet words")
            (func (export "run") (param i32) (result i32) (call $shout (local.get 0) (i32.const 11))))"#,
    )?;
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "shout", shout)?;
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module)?;
    let run = instance.get_typed_func::<i32, i32>(&store, "run")?;
    assert_eq!(run.call(&mut store, 16)?, 11);

    let memory = instance.get_memory(&store, "memory").expect("it is exported");
    let mut text = [0; 11];
    memory.read(&store, 16, &mut text)?;
    assert_eq!(&text, b"QUIET WORDS");

    // An error of the host function ends the call, and comes out of it as it was.
    let error = run.call(&mut store, 65_530).unwrap_err();
    assert_eq!(error.to_string(), "the text is not in the memory");
    Ok(())
}
