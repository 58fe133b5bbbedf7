//! Regions over the life of a memory: made and removed between calls, growth, imports, segments, snapshots, artefacts.

use crate::{Ended, Guest, TIERS, ended, engine, forbidden};
use etalon::{
    ArtefactError, Caller, Config, Engine, ImageError, Instance, Linker, Memory, MemoryRegion,
    MemoryType, Module, ModuleError, Protection, RegionError, SharedMemory, SnapshotError, Store,
    Tier, Trap, Val, WasmBacktrace, WrongStore, unstable,
};

const WAT: &str = r#"(module
  (import "host" "change" (func $change))
  (memory $m (export "memory") 1 4)
  (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "store") (param i32) (i32.store8 (local.get 0) (i32.const 9)))
  (func (export "grow") (result i32) (memory.grow (i32.const 1)))
  (func (export "twice") (param i32) (result i32)
    (i32.add (i32.load8_u (local.get 0))
      (i32.add (block (result i32) (call $change) (i32.const 0)) (i32.load8_u (local.get 0))))))"#;

/// An instance whose import `change` does something to the memory.
fn guest(
    tier: Tier,
    change: impl Fn(&mut Caller<'_, ()>, Memory) + Send + Sync + 'static,
) -> Guest {
    let engine = engine(tier);
    let module = Module::new(&engine, WAT).unwrap();
    let mut linker = Linker::new(&engine);
    linker
        .func_wrap("host", "change", move |mut caller: Caller<'_, ()>| {
            let memory = caller.get_export("memory").unwrap().into_memory().unwrap();
            change(&mut caller, memory);
        })
        .unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let memory = instance.get_memory(&store, "memory").unwrap();
    Guest { store, instance, memory }
}

fn returned(value: i32) -> Ended {
    Ended::Returned(vec![format!("{:?}", Val::I32(value))])
}

#[test]
fn regions_come_and_go_between_accesses() {
    for tier in TIERS {
        let mut guest = guest(tier, |caller, memory| {
            memory.protect(caller, 0..10, Protection::Inaccessible, "new").unwrap();
        });
        assert_eq!(guest.call("load", &[Val::I32(5)]).0, returned(0), "{tier}");
        // The access before the call returns, the one after it does not.
        assert_eq!(guest.call("twice", &[Val::I32(5)]).0, forbidden("new"), "{tier}");
        assert_eq!(guest.call("load", &[Val::I32(5)]).0, forbidden("new"), "{tier}");
        guest.memory.unprotect(&mut guest.store, "new").unwrap();
        assert_eq!(guest.call("load", &[Val::I32(5)]).0, returned(0), "{tier}");
        assert_eq!(guest.call("twice", &[Val::I32(10)]).0, returned(0), "{tier}");
    }
}

#[test]
fn a_region_outlives_growth_and_covers_what_is_new() {
    for tier in TIERS {
        let mut guest = guest(tier, |_, _| {});
        let Guest { store, memory, .. } = &mut guest;
        memory.protect(&mut *store, 0..1, Protection::ReadOnly, "first").unwrap();
        memory.protect(&mut *store, 65_540..70_000, Protection::Inaccessible, "later").unwrap();
        let trapped = Ended::Trapped(Trap::MemoryOutOfBounds);
        assert_eq!(guest.call("load", &[Val::I32(65_540)]).0, trapped, "{tier}");
        assert_eq!(guest.call("grow", &[]).0, returned(1), "{tier}");
        assert_eq!(guest.call("load", &[Val::I32(65_539)]).0, returned(0), "{tier}");
        assert_eq!(guest.call("load", &[Val::I32(65_540)]).0, forbidden("later"), "{tier}");
        assert_eq!(guest.call("load", &[Val::I32(69_999)]).0, forbidden("later"), "{tier}");
        assert_eq!(guest.call("store", &[Val::I32(0)]).0, forbidden("first"), "{tier}");
        assert_eq!(guest.call("load", &[Val::I32(0)]).0, returned(0), "{tier}");
    }
}

/// Instances of all tiers that have the memory see the regions, and so do segments that are written into it.
#[test]
fn who_imports_the_memory_sees_its_regions() {
    for tier in TIERS {
        let engine = engine(tier);
        let mut store = Store::new(&engine, ());
        let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
        memory.protect(&mut store, 100..200, Protection::ReadOnly, "constants").unwrap();
        let mut instantiate = |fields: &str| {
            let text = format!("(module (import \"host\" \"memory\" (memory 1)) {fields})");
            let module = Module::new(&engine, text).unwrap();
            let before = unstable::digest(&store).memories;
            let made = Instance::new(&mut store, &module, &[memory.into()]);
            made.map_err(|error| (ended(&error), before == unstable::digest(&store).memories))
        };
        let segment = |at: u32, bytes: &str| format!("(data (i32.const {at}) \"{bytes}\")");
        assert!(instantiate(&segment(92, "12345678")).is_ok(), "{tier}");
        assert!(instantiate(&segment(200, "12345678")).is_ok(), "{tier}");
        assert!(instantiate(&segment(150, "")).is_ok(), "{tier}");
        for at in [93, 100, 150, 199] {
            let made = instantiate(&segment(at, "12345678")).map(drop);
            assert_eq!(made, Err((forbidden("constants"), true)), "{tier}: {at}");
        }
        let out = instantiate(&segment(65_529, "12345678")).map(drop);
        assert_eq!(out, Err((Ended::Trapped(Trap::MemoryOutOfBounds), true)), "{tier}");
        // What was written before stays, as for any other trap.
        let late = instantiate(&(segment(0, "1") + &segment(120, "2"))).map(drop);
        assert_eq!(late, Err((forbidden("constants"), false)), "{tier}");
        let store_to = "(func (export \"f\") (i32.store (i32.const 197) (i32.const 1)))";
        let instance = instantiate(store_to).unwrap();
        let f = instance.get_typed_func::<(), ()>(&store, "f").unwrap();
        assert_eq!(ended(&f.call(&mut store, ()).unwrap_err()), forbidden("constants"), "{tier}");
    }
}

#[test]
fn a_trap_of_a_region_has_a_backtrace() {
    let text = r#"(module (memory (export "memory") 1)
      (func $inner (drop (f64.load (i32.const 8))))
      (func $outer (export "run") (call $inner)))"#;
    let mut shown = Vec::new();
    for tier in TIERS {
        let Guest { mut store, instance, memory } = Guest::new(tier, text);
        memory.protect(&mut store, 15..16, Protection::Inaccessible, "one byte").unwrap();
        let run = instance.get_typed_func::<(), ()>(&store, "run").unwrap();
        let error = run.call(&mut store, ()).unwrap_err();
        let frames = error.downcast_ref::<WasmBacktrace>().unwrap().frames();
        let names: Vec<_> = frames.iter().map(|f| f.func_name().unwrap().to_owned()).collect();
        assert_eq!(names, ["inner", "outer"], "{tier}");
        shown.push(format!("{error:?}"));
    }
    assert!(shown.iter().all(|text| *text == shown[0]), "{shown:#?}");
    assert!(shown[0].starts_with("forbidden access to region one byte\n"), "{}", shown[0]);
}

#[test]
fn a_snapshot_holds_regions() {
    let mut guest = Guest::new(
        Tier::Oracle,
        "(module (memory (export \"memory\") 1)
        (func (export \"load\") (param i32) (result i32) (i32.load (local.get 0))))",
    );
    let Guest { store, memory, .. } = &mut guest;
    memory.protect(&mut *store, 8..16, Protection::Inaccessible, "secret").unwrap();
    memory.protect(&mut *store, 4..8, Protection::ReadOnly, "constants").unwrap();
    let bytes = guest.store.snapshot().unwrap();
    let engine = guest.store.engine().clone();
    let linker = Linker::new(&engine);
    let store = Store::restore(&engine, (), &bytes, &[], &linker).unwrap();
    let instance = store.instances().next().unwrap();
    let memory = instance.get_memory(&store, "memory").unwrap();
    let list = |memory: Memory, store: &Store<()>| -> Vec<MemoryRegion> { memory.regions(store) };
    assert_eq!(list(memory, &store), list(guest.memory, &guest.store));
    assert_eq!(store.snapshot().unwrap(), bytes);
    let mut restored = Guest { store, instance, memory };
    assert_eq!(restored.call("load", &[Val::I32(5)]).0, forbidden("secret"));
    assert_eq!(restored.call("load", &[Val::I32(4)]).0, returned(0));
    // An engine that asks for no regions cannot keep what they promise.
    let plain = Engine::new(Config::new().tier(Tier::Oracle).consume_fuel(true)).unwrap();
    let refused = Store::restore(&plain, (), &bytes, &[], &Linker::new(&plain));
    let error = refused.map(drop).unwrap_err();
    let wanted = ImageError::Region(RegionError::Unchecked);
    assert!(matches!(&error, SnapshotError::State(e) if *e == wanted), "{error}");
}

#[test]
fn an_artefact_runs_only_where_regions_are_as_it_has_them() {
    for made in [false, true] {
        let config = |regions| {
            let mut config = Config::new();
            config.tier(Tier::Aot).memory_regions(regions);
            config
        };
        let engine = Engine::new(&config(made)).unwrap();
        let bytes = Module::new(&engine, "(module (memory 1))").unwrap().to_artefact().unwrap();
        assert_eq!(unstable::about_artefact(&bytes).unwrap().memory_regions, made);
        assert_eq!(unstable::artefact_fits(&config(made), &bytes), Ok(()));
        let other = unstable::artefact_fits(&config(!made), &bytes).unwrap_err();
        assert_eq!(other, ArtefactError::Regions { found: made, expected: !made });
        assert!(other.to_string().contains("memory regions"), "{other}");
    }
}

/// What nobody asked for costs nothing: the code of an access is without checks.
#[test]
fn code_asks_only_where_it_was_asked_for() {
    let wasm = wat::parse_str(
        "(module (memory 1) (func (param i32) (result i32)
        (i32.load (local.get 0))))",
    )
    .unwrap();
    let code = |regions| {
        let mut config = Config::new();
        let engine = Engine::new(config.tier(Tier::Jit).memory_regions(regions)).unwrap();
        unstable::listing(&engine, &wasm, 0).unwrap().unwrap().clif
    };
    assert!(!code(false).contains("call_indirect") && !code(false).contains("brif"));
    assert!(code(true).contains("call_indirect") && code(true).contains("brif"));
}

#[test]
fn what_has_no_regions_says_so() {
    let plain = Engine::default();
    let mut store = Store::new(&plain, ());
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    let error = memory.protect(&mut store, 0..1, Protection::ReadOnly, "a").unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&RegionError::Unchecked));
    assert!(error.to_string().contains("Config::memory_regions"), "{error}");

    let engine = engine(Tier::Interp);
    let mut store = Store::new(&engine, ());
    let error = memory.protect(&mut store, 0..1, Protection::ReadOnly, "a").unwrap_err();
    assert!(error.is::<WrongStore>(), "{error}");
    assert!(memory.unprotect(&mut store, "a").unwrap_err().is::<WrongStore>());
    let shared = SharedMemory::new(&engine, MemoryType::shared(1, 1)).unwrap();
    let own = Memory::new(&mut store, MemoryType::shared(1, 1)).unwrap();
    for memory in [shared.import(&mut store).unwrap(), own] {
        let error = memory.protect(&mut store, 0..1, Protection::ReadOnly, "a").unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&RegionError::Shared));
    }
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    for n in 0..MemoryRegion::MOST as u64 {
        memory.protect(&mut store, n..n + 1, Protection::ReadOnly, &n.to_string()).unwrap();
    }
    let error = memory.protect(&mut store, 999..1000, Protection::ReadOnly, "a").unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&RegionError::TooMany));
    assert_eq!(error.to_string(), "a memory has at most 256 regions");
}

/// A module of an engine is refused by a store of another anyway; the artefact is what could be mistaken.
#[test]
fn modules_of_an_engine_with_regions_say_what_they_are() {
    let [with, without] = [true, false]
        .map(|regions| Engine::new(Config::new().tier(Tier::Jit).memory_regions(regions)).unwrap());
    let module = Module::new(&with, "(module (memory 1))").unwrap();
    let mut store = Store::new(&without, ());
    assert!(Instance::new(&mut store, &module, &[]).is_err());
    let error: ModuleError = ArtefactError::Regions { found: true, expected: false }.into();
    let text = "the artefact was compiled with checks of memory regions, the run is without \
                checks of memory regions";
    assert_eq!(error.to_string(), text);
}
