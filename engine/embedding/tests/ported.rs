//! Programs as they are written for Wasmtime, in which only `use` and what `docs/embedding.md` names under *Porting* differ.

use etalon::*;

struct Counter {
    name: String,
    count: usize,
}

#[test]
fn a_callback_counts_in_the_data_of_the_store() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module (import "" "hello" (func $hello)) (func (export "run") (call $hello) (call $hello)))"#,
    )?;
    let mut store = Store::new(&engine, Counter { name: "hello, world!".to_string(), count: 0 });
    let hello = Func::wrap(&mut store, |mut caller: Caller<'_, Counter>| {
        assert_eq!(caller.data().name, "hello, world!");
        caller.data_mut().count += 1;
    });
    let instance = Instance::new(&mut store, &module, &[hello.into()])?;
    let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;
    run.call(&mut store, ())?;
    assert_eq!(store.data().count, 2);
    assert_eq!(store.into_data().count, 2);
    Ok(())
}

#[test]
fn a_memory_is_read_written_and_grown() -> Result<()> {
    let mut store: Store<()> = Store::default();
    let module = Module::new(
        store.engine(),
        r#"(module (memory (export "memory") 2 3) (data (i32.const 0x1000) "\01\02\03\04")
          (func (export "size") (result i32) (memory.size))
          (func (export "load") (param i32) (result i32) (i32.load8_s (local.get 0)))
          (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1))))"#,
    )?;
    let instance = Instance::new(&mut store, &module, &[])?;
    let memory = instance
        .get_memory(&mut store, "memory")
        .ok_or_else(|| anyhow::format_err!("failed to find `memory` export"))?;
    let size = instance.get_typed_func::<(), i32>(&mut store, "size")?;
    let load_fn = instance.get_typed_func::<i32, i32>(&mut store, "load")?;
    let store_fn = instance.get_typed_func::<(i32, i32), ()>(&mut store, "store")?;
    assert_eq!(memory.size(&store), 2);
    assert_eq!(memory.data_size(&store), 0x20000);
    assert_eq!(memory.data_mut(&mut store)[0], 0);
    assert_eq!(memory.data(&store)[0x1003], 4);
    assert_eq!(size.call(&mut store, ())?, 2);
    assert!(load_fn.call(&mut store, 0x20000).is_err());
    memory.data_mut(&mut store)[0x1003] = 5;
    store_fn.call(&mut store, (0x1002, 6))?;
    assert_eq!(load_fn.call(&mut store, 0x1003)?, 5);
    assert_eq!(memory.data(&store)[0x1002], 6);
    let mut buffer = [0; 2];
    memory.read(&store, 0x1002, &mut buffer)?;
    assert_eq!(buffer, [6, 5]);
    memory.write(&mut store, 0, b"abc")?;
    let (bytes, ()) = memory.data_and_store_mut(&mut store);
    assert_eq!(&bytes[..3], b"abc");
    memory.grow(&mut store, 1)?;
    assert_eq!(memory.size(&store), 3);
    assert!(memory.grow(&mut store, 1).is_err());
    assert!(memory.grow(&mut store, 0).is_ok());
    let memory = Memory::new(&mut store, MemoryType::new(5, Some(5)))?;
    assert_eq!(memory.size(&store), 5);
    assert_eq!(memory.ty(&store).maximum(), Some(5));
    Ok(())
}

#[test]
fn functions_of_many_values_are_called_with_and_without_types() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let module = Module::new(
        &engine,
        r#"(module (func $f (import "" "f") (param i32 i64) (result i64 i32))
          (func $g (export "g") (param i32 i64) (result i64 i32) (call $f (local.get 0) (local.get 1)))
          (func (export "many") (param i64 i64 i64) (result i64 i64 i64)
            local.get 2 local.get 0 local.get 1))"#,
    )?;
    let callback_type = FuncType::new([ValType::I32, ValType::I64], [ValType::I64, ValType::I32]);
    let callback_func = Func::new(&mut store, callback_type, |_, args, results| {
        results[0] = Val::I64(args[1].unwrap_i64() + 1);
        results[1] = Val::I32(args[0].unwrap_i32() + 1);
        Ok(())
    });
    let instance = Instance::new(&mut store, &module, &[callback_func.into()])?;
    let g = instance.get_func(&mut store, "g").unwrap();
    let mut results = [Val::I32(0), Val::I32(0)];
    g.call(&mut store, &[Val::I32(1), Val::I64(3)], &mut results)?;
    assert_eq!((results[0].unwrap_i64(), results[1].unwrap_i32()), (4, 2));
    let g = g.typed::<(i32, i64), (i64, i32)>(&store)?;
    assert_eq!(g.call(&mut store, (1, 3))?, (4, 2));
    let many = instance.get_typed_func::<(i64, i64, i64), (i64, i64, i64)>(&mut store, "many")?;
    assert_eq!(many.call(&mut store, (0, 1, 2))?, (2, 0, 1));
    assert_eq!(g.func().ty(&store).params().len(), 2);
    Ok(())
}

#[test]
fn modules_are_linked_by_name() -> Result<()> {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "double", |x: i32| x * 2)?;
    linker.func_wrap("host", "fail", |x: i32| -> Result<i32> { anyhow::bail!("no {x}") })?;
    let mut store = Store::new(&engine, 7);
    let one = Module::new(
        &engine,
        r#"(module (import "host" "double" (func $d (param i32) (result i32)))
          (func (export "quadruple") (param i32) (result i32) (call $d (call $d (local.get 0)))))"#,
    )?;
    let two = Module::new(
        &engine,
        r#"(module (import "one" "quadruple" (func $q (param i32) (result i32)))
          (import "host" "fail" (func $fail (param i32) (result i32)))
          (import "host" "g" (global i32))
          (func (export "run") (result i32) (call $q (global.get 0)))
          (func (export "fails") (result i32) (call $fail (i32.const 3))))"#,
    )?;
    let global =
        Global::new(&mut store, GlobalType::new(ValType::I32, Mutability::Const), 5.into())?;
    linker.define(&mut store, "host", "g", global)?;
    let instance = linker.instantiate(&mut store, &one)?;
    linker.instance(&mut store, "one", instance)?;
    let instance = linker.instantiate(&mut store, &two)?;
    let run = instance.get_typed_func::<(), i32>(&mut store, "run")?;
    assert_eq!(run.call(&mut store, ())?, 20);
    let fails = instance.get_typed_func::<(), i32>(&mut store, "fails")?;
    let error = fails.call(&mut store, ()).unwrap_err();
    assert!(format!("{error:?}").contains("no 3"), "{error:?}");
    assert!(linker.get(&mut store, "one", "quadruple").is_some());
    linker.allow_shadowing(true);
    linker.func_wrap("host", "double", |x: i32| x)?;
    let pre = linker.instantiate_pre(&one)?;
    let instance = pre.instantiate(&mut store)?;
    let quadruple = instance.get_typed_func::<i32, i32>(&mut store, "quadruple")?;
    assert_eq!(quadruple.call(&mut store, 3)?, 3);
    for import in two.imports() {
        assert!(!import.module().is_empty() && !import.name().is_empty());
        assert!(matches!(import.ty(), ExternType::Func(_) | ExternType::Global(_)));
    }
    let names: Vec<&str> = two.exports().map(|export| export.name()).collect();
    assert_eq!(names, ["run", "fails"]);
    Ok(())
}

#[test]
fn references_of_the_host_go_through_tables_and_globals() -> Result<()> {
    let engine = Engine::new(&Config::new())?;
    let mut store = Store::new(&engine, ());
    let module = Module::new(
        &engine,
        r#"(module (table $table (export "table") 10 externref)
          (global $global (export "global") (mut externref) (ref.null extern))
          (func (export "func") (param externref) (result externref) (local.get 0)))"#,
    )?;
    let instance = Instance::new(&mut store, &module, &[])?;
    let externref = ExternRef::new(&mut store, "Hello, World!")?;
    let data = externref.data(&store)?.unwrap().downcast_ref::<&'static str>();
    assert_eq!(data, Some(&"Hello, World!"));
    let table = instance.get_table(&mut store, "table").unwrap();
    table.set(&mut store, 3, Some(externref).into())?;
    let element = table.get(&mut store, 3).unwrap().unwrap_extern().copied().unwrap();
    assert!(Rooted::ref_eq(&store, &element, &externref)?);
    assert_eq!(table.size(&store), 10);
    table.grow(&mut store, 2, Ref::Extern(None))?;
    let global = instance.get_global(&mut store, "global").unwrap();
    global.set(&mut store, Some(externref).into())?;
    let got = global.get(&mut store).unwrap_extern_ref().copied().unwrap();
    assert!(Rooted::ref_eq(&store, &got, &externref)?);
    let func = instance.get_typed_func::<Option<Rooted<ExternRef>>, Option<Rooted<ExternRef>>>(
        &mut store, "func",
    )?;
    let ret = func.call(&mut store, Some(externref))?;
    assert!(ret.is_some());
    Ok(())
}

#[test]
fn a_host_function_reads_a_string_of_its_caller() -> Result<()> {
    let engine = Engine::default();
    let mut linker: Linker<Vec<String>> = Linker::new(&engine);
    linker.func_wrap("", "print", |mut caller: Caller<'_, Vec<String>>, at: u32, len: u32| {
        let memory = match caller.get_export("memory") {
            Some(Extern::Memory(memory)) => memory,
            _ => anyhow::bail!("failed to find host memory"),
        };
        let data = memory
            .data(&caller)
            .get(at as usize..)
            .and_then(|bytes| bytes.get(..len as usize))
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        match data {
            Some(text) => caller.data_mut().push(text),
            None => anyhow::bail!("pointer/length out of bounds"),
        }
        Ok(())
    })?;
    let module = Module::new(
        &engine,
        r#"(module (import "" "print" (func $print (param i32 i32))) (memory (export "memory") 1)
          (data (i32.const 4) "Hello, world!")
          (func (export "run") (call $print (i32.const 4) (i32.const 13)))
          (func (export "far") (call $print (i32.const -1) (i32.const 13))))"#,
    )?;
    let mut store = Store::new(&engine, Vec::new());
    let instance = linker.instantiate(&mut store, &module)?;
    instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ())?;
    assert_eq!(store.data()[..], ["Hello, world!"]);
    assert!(instance.get_typed_func::<(), ()>(&mut store, "far")?.call(&mut store, ()).is_err());
    Ok(())
}

#[test]
fn traps_fuel_and_limits_end_calls() -> Result<()> {
    struct State {
        limits: StoreLimits,
    }
    let mut config = Config::new();
    config.consume_fuel(true);
    let engine = Engine::new(&config)?;
    let state =
        State { limits: StoreLimitsBuilder::new().memory_size(1 << 16).instances(2).build() };
    let mut store = Store::new(&engine, state);
    store.limiter(|state| &mut state.limits);
    store.set_fuel(10_000)?;
    let module = Module::new(
        &engine,
        r#"(module (memory (export "memory") 1) (func (export "grow") (result i32) (memory.grow (i32.const 1)))
          (func (export "trap") unreachable) (func (export "spin") (loop (br 0))))"#,
    )?;
    let instance = Instance::new(&mut store, &module, &[])?;
    let grow = instance.get_typed_func::<(), i32>(&mut store, "grow")?;
    assert_eq!(grow.call(&mut store, ())?, -1);
    let trap = instance.get_typed_func::<(), ()>(&mut store, "trap")?;
    let error = trap.call(&mut store, ()).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::Unreachable));
    let backtrace = error.downcast_ref::<WasmBacktrace>().unwrap();
    assert_eq!(backtrace.frames().len(), 1);
    assert_eq!(backtrace.frames()[0].func_index(), 1);
    assert!(store.get_fuel()? < 10_000);
    let spin = instance.get_typed_func::<(), ()>(&mut store, "spin")?;
    let error = spin.call(&mut store, ()).unwrap_err();
    assert_eq!(error.downcast_ref::<Exhaustion>(), Some(&Exhaustion::Gas));
    Ok(())
}

#[test]
fn an_instance_has_its_exports_in_order() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let module = Module::new(
        &engine,
        r#"(module $named (func (export "f")) (memory (export "m") 1) (table (export "t") 1 funcref)
          (global (export "g") i32 (i32.const 3)))"#,
    )?;
    let instance = Instance::new(&mut store, &module, &[])?;
    let mut kinds = Vec::new();
    for export in instance.exports(&mut store) {
        let name = export.name().to_owned();
        kinds.push((name, export.into_extern()));
    }
    assert_eq!(
        kinds.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["f", "m", "t", "g"]
    );
    assert!(kinds[0].1.into_func().is_some());
    assert!(kinds[1].1.into_memory().is_some());
    assert!(instance.get_export(&mut store, "nothing").is_none());
    assert!(module.get_export("g").is_some());
    assert_eq!(module.name(), Some("named"));
    let global = instance.get_global(&mut store, "g").unwrap();
    assert_eq!(global.get(&mut store).i32(), Some(3));
    assert_eq!(global.ty(&store).mutability(), Mutability::Const);
    Ok(())
}
