//! Figures are the same on every tier, but for those that only the oracle has.

use etalon::{Config, Engine, Instance, Linker, Metrics, Module, Result, Store, Tier};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

const TIERS: &[Tier] = &[Tier::Oracle, Tier::Interp, Tier::Jit, Tier::Aot];

const GUEST: &str = r#"(module
  (import "host" "nop" (func $nop))
  (import "host" "fail" (func $fail))
  (import "host" "panic" (func $panic))
  (type $pair (struct (field i64 i64)))
  (tag $e)
  (memory 1 10)
  (func (export "ok") (call $nop) (call $nop))
  (func (export "grow") (drop (memory.grow (i32.const 4))))
  (func (export "new") (drop (struct.new_default $pair)))
  (func (export "trap") unreachable)
  (func (export "throw") (throw $e))
  (func $deep (export "deep") (call $deep) (call $deep))
  (func (export "spin") (loop (br 0)))
  (func (export "fail") (call $fail))
  (func (export "panic") (call $panic)))"#;

fn run(tier: Tier, with_times: bool) -> Metrics {
    let mut config = Config::new();
    config.tier(tier).consume_fuel(true).interruptible(true).measure_time(with_times);
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, GUEST).unwrap();
    assert_eq!(module.compile_time().is_some(), with_times);
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "nop", || ()).unwrap();
    linker.func_wrap("host", "fail", || -> Result<()> { Err(etalon::Error::msg("no")) }).unwrap();
    let panic = || -> () { resume_unwind(Box::new("panic")) };
    linker.func_wrap("host", "panic", panic).unwrap();
    let mut store = Store::new(&engine, ());
    Instance::new(&mut store, &module, &[]).unwrap_err();
    store.set_fuel(1 << 30).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let mut call = |name: &str, fuel: u64| {
        store.set_fuel(fuel).unwrap();
        let func = instance.get_typed_func::<(), ()>(&store, name).unwrap();
        let _ = catch_unwind(AssertUnwindSafe(|| func.call(&mut store, ())));
    };
    for name in ["ok", "grow", "new", "trap", "trap", "throw", "deep", "fail", "panic"] {
        call(name, 1 << 30);
    }
    call("spin", 1000);
    store.set_fuel(1000).unwrap();
    let handle = store.interrupt_handle().unwrap();
    handle.interrupt();
    let spin = instance.get_typed_func::<(), ()>(&store, "spin").unwrap();
    spin.call(&mut store, ()).unwrap_err();
    handle.clear();
    instance.get_func(&store, "ok").unwrap().call(&mut store, &[1.into()], &mut []).unwrap_err();
    instance.reset(&mut store).unwrap();
    store.metrics()
}

#[test]
fn figures_are_of_what_ran() {
    let expected = run(Tier::Oracle, false);
    assert!(expected.instructions.is_some_and(|count| count > 100));
    assert!(expected.gas.is_some_and(|gas| gas > 1000));
    assert_eq!((expected.calls, expected.host_calls), (11, 4));
    assert_eq!((expected.peak_memory_bytes, expected.peak_memory_pages()), (5 << 16, 5));
    assert!(expected.heap_bytes > 0 && expected.peak_heap_bytes > 0);
    let errors = expected.errors;
    assert_eq!((errors.traps, errors.exceptions, errors.exhaustions), (2, 1, 2));
    assert_eq!((errors.interruptions, errors.host_errors, errors.panics), (1, 1, 1));
    assert_eq!((errors.crashes, errors.refusals), (0, 0), "what does not fit is no piece of work");
    for tier in TIERS {
        let found = run(*tier, false);
        assert_eq!(found.instructions.is_some(), *tier == Tier::Oracle, "{tier}");
        let mut same = expected.clone();
        same.instructions = found.instructions;
        assert_eq!(found, same, "{tier}");
    }
}

#[test]
fn times_are_there_if_they_are_asked_for() {
    for tier in TIERS {
        let times = run(*tier, true).times.unwrap();
        let all = [times.compile, times.instantiate, times.run, times.host];
        assert!(all.iter().all(|time| !time.is_zero()), "{tier}: {times:?}");
        assert_eq!(run(*tier, false).times, None, "{tier}");
    }
}

/// What is measured shows in nothing that is compared.
#[test]
fn times_are_in_no_snapshot() {
    let snapshot = |with_times| {
        let mut config = Config::new();
        config.tier(Tier::Oracle).measure_time(with_times);
        let engine = Engine::new(&config).unwrap();
        let text =
            r#"(module (memory 1) (func (export "f") (i32.store (i32.const 0) (i32.const 1))))"#;
        let module = Module::new(&engine, text).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        instance.get_func(&store, "f").unwrap().call(&mut store, &[], &mut []).unwrap();
        store.snapshot().unwrap()
    };
    assert_eq!(snapshot(true), snapshot(false));
}

/// The time that a module took counts once, however many instances of it there are.
#[test]
fn a_module_is_compiled_once_for_a_store() {
    let engine = Engine::new(Config::new().measure_time(true)).unwrap();
    let text = r#"(module (func (export "f")))"#;
    let (one, other) = (Module::new(&engine, text).unwrap(), Module::new(&engine, text).unwrap());
    let mut store = Store::new(&engine, ());
    let mut compile = |module: &Module| {
        Instance::new(&mut store, module, &[]).unwrap();
        store.metrics().times.unwrap().compile
    };
    let first = one.compile_time().unwrap();
    assert_eq!([compile(&one), compile(&one)], [first; 2]);
    let both = first + other.compile_time().unwrap();
    assert_eq!([compile(&other), compile(&one), compile(&other)], [both; 3]);
}
