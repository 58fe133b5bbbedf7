//! Memories that several stores share: on every tier, whoever asks for them, and whatever goes wrong meanwhile.

use etalon::{
    AsContextMut, Caller, Config, Engine, Exhaustion, Func, GrowthError, HostError, ImageError,
    InUse, Instance, Linker, Memory, MemoryAccessError, MemoryType, Module, Result, SharedMemory,
    SnapshotError, Store, Tier, TierUp,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::channel;
use std::thread;

const TIERS: &[Tier] = &[Tier::Oracle, Tier::Interp, Tier::Jit, Tier::Aot, Tier::Auto];

const WAT: &str = r#"(module
  (import "host" "memory" (memory 1 4 shared))
  (import "host" "call" (func $call))
  (data (i32.const 100) "data")
  (func (export "count") (param i32)
    (loop
      (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1)))
      (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "grow") (result i32) (memory.grow (i32.const 1)))
  (func (export "last") (result i32)
    (i32.load8_u (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1))))
  (func (export "fill") (param i32)
    (memory.fill (i32.const 0) (local.get 0) (i32.const 65536)))
  (func (export "call") (call $call))
  (func (export "spin") (call $call) (loop (br 0))))"#;

fn engine(tier: Tier) -> Engine {
    let mut config = Config::new();
    config.tier(tier).tier_up(TierUp::new().baseline_after(1).speed_after(2).background(false));
    Engine::new(config.interruptible(true)).unwrap()
}

fn shared(engine: &Engine) -> SharedMemory {
    SharedMemory::new(engine, MemoryType::shared(1, 4)).unwrap()
}

/// A store that imports the memory, with a function of the host for the guest to call.
fn world(
    engine: &Engine,
    memory: &SharedMemory,
    call: impl Fn(Caller<'_, ()>) -> Result<()> + Send + Sync + 'static,
) -> (Store<()>, Instance) {
    let mut store = Store::new(engine, ());
    let imported = memory.import(&mut store).unwrap();
    let mut linker = Linker::new(engine);
    linker.define(&store, "host", "memory", imported).unwrap();
    linker.func_wrap("host", "call", call).unwrap();
    let module = Module::new(engine, WAT).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    (store, instance)
}

fn nothing(_: Caller<'_, ()>) -> Result<()> {
    Ok(())
}

fn call(store: &mut Store<()>, instance: Instance, name: &str) -> Result<()> {
    func(store, instance, name).call(store, &[], &mut [])
}

fn func(store: &mut Store<()>, instance: Instance, name: &str) -> Func {
    instance.get_func(store, name).unwrap()
}

fn word(memory: &SharedMemory, at: usize) -> u32 {
    let mut bytes = [0; 4];
    memory.read(at, &mut bytes).unwrap();
    u32::from_le_bytes(bytes)
}

/// Even what is not atomic adds up, because calls take turns.
#[test]
fn threads_of_all_tiers_count_together() {
    // One engine for each tier: a memory is of one engine.
    for tier in TIERS {
        let engine = engine(*tier);
        let memory = shared(&engine);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let (mut store, instance) = world(&engine, &memory, nothing);
                    let count = instance.get_typed_func::<i32, ()>(&store, "count").unwrap();
                    for _ in 0..50 {
                        count.call(&mut store, 20).unwrap();
                    }
                });
            }
        });
        assert_eq!((word(&memory, 0), word(&memory, 8)), (4000, 4000), "{tier}");
        let mut data = [0; 4];
        memory.read(100, &mut data).unwrap();
        assert_eq!(&data, b"data", "{tier}: an instantiation writes its segments");
    }
}

#[test]
fn growth_is_seen_by_every_store() {
    for tier in TIERS {
        let engine = engine(*tier);
        let memory = shared(&engine);
        let (mut first, a) = world(&engine, &memory, nothing);
        let (mut second, b) = world(&engine, &memory, nothing);
        let grow = a.get_typed_func::<(), i32>(&first, "grow").unwrap();
        let last = b.get_typed_func::<(), i32>(&second, "last").unwrap();
        assert_eq!(grow.call(&mut first, ()).unwrap(), 1, "{tier}");
        memory.write(2 * 65536 - 1, &[7]).unwrap();
        assert_eq!(last.call(&mut second, ()).unwrap(), 7, "{tier}");
        assert_eq!(memory.grow(2).unwrap(), 2);
        assert_eq!(memory.data_size().unwrap(), 4 * 65536);
        assert_eq!(last.call(&mut second, ()).unwrap(), 0, "{tier}");
        assert_eq!(grow.call(&mut first, ()).unwrap(), -1, "{tier}");
        assert!(memory.grow(1).unwrap_err().is::<GrowthError>());
        assert!(memory.write(4 * 65536, &[1]).unwrap_err().is::<MemoryAccessError>());
        assert!(memory.read(usize::MAX, &mut [0]).unwrap_err().is::<MemoryAccessError>());
    }
}

/// A host function reaches the memory through the guest's import; asking the shared one would be to wait for itself.
#[test]
fn a_call_does_not_wait_for_itself() {
    for tier in TIERS {
        let engine = engine(*tier);
        let memory = shared(&engine);
        let (mut other, b) = world(&engine, &memory, nothing);
        let other_call = func(&mut other, b, "call");
        let other = std::sync::Mutex::new(other);
        let inner = memory.clone();
        let (mut store, a) = world(&engine, &memory, move |mut caller| {
            assert!(inner.read(0, &mut [0]).unwrap_err().is::<InUse>());
            assert!(inner.import(&mut caller).is_err());
            let nested = other_call.call(&mut *other.lock().unwrap(), &[], &mut []);
            let error = nested.unwrap_err();
            assert!(error.is::<HostError>(), "{error}");
            Ok(())
        });
        call(&mut store, a, "call").unwrap();
        memory.write(0, &[1]).unwrap();
    }
}

#[test]
fn a_host_function_has_it_in_its_hands() {
    for tier in TIERS {
        let engine = engine(*tier);
        let memory = shared(&engine);
        let mut store = Store::new(&engine, None::<Memory>);
        let imported = memory.import(&mut store).unwrap();
        assert_eq!(memory.import(&mut store).unwrap(), imported, "the same again");
        *store.data_mut() = Some(imported);
        let mut linker = Linker::new(&engine);
        linker.define(&store, "host", "memory", imported).unwrap();
        let write = |mut caller: Caller<'_, Option<Memory>>| {
            let memory = caller.data().unwrap();
            memory.data_mut(caller.as_context_mut())[9] = 99;
        };
        linker.func_wrap("host", "call", write).unwrap();
        let module = Module::new(&engine, WAT).unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let call = instance.get_typed_func::<(), ()>(&store, "call").unwrap();
        call.call(&mut store, ()).unwrap();
        let mut byte = [0];
        memory.read(9, &mut byte).unwrap();
        assert_eq!(byte, [99], "{tier}");
        // Outside of calls it is not here.
        let away = catch_unwind(AssertUnwindSafe(|| imported.data(&store).len()));
        assert!(away.is_err(), "{tier}");
        assert_eq!(imported.ty(&store), MemoryType::shared(1, 4));
    }
}

/// A call waits for one of another store, on another thread, which never ends by itself; both are interrupted.
#[test]
fn who_waits_for_it_is_interrupted() {
    for tier in TIERS {
        let engine = engine(*tier);
        let memory = shared(&engine);
        let (began, has_begun) = channel();
        let (mut first, a) = world(&engine, &memory, move |_| Ok(began.send(())?));
        let (mut second, b) = world(&engine, &memory, nothing);
        let first_handle = first.interrupt_handle().unwrap();
        let second_handle = second.interrupt_handle().unwrap();
        thread::scope(|scope| {
            let spins = scope.spawn(move || call(&mut first, a, "spin").unwrap_err());
            has_begun.recv().unwrap();
            let waits = scope.spawn(move || call(&mut second, b, "call").unwrap_err());
            second_handle.interrupt();
            let error = waits.join().unwrap();
            assert_eq!(error.downcast_ref(), Some(&Exhaustion::Interrupted), "{tier}");
            first_handle.interrupt();
            let error = spins.join().unwrap();
            assert_eq!(error.downcast_ref(), Some(&Exhaustion::Interrupted), "{tier}");
        });
        memory.write(0, &[1]).unwrap();
    }
}

/// Traps, panics of the host and instantiations that fail give it back.
#[test]
fn it_comes_back_whatever_happens() {
    for tier in TIERS {
        let engine = engine(*tier);
        let memory = shared(&engine);
        let (mut store, a) = world(&engine, &memory, |_| panic!("the host panics"));
        let caught = catch_unwind(AssertUnwindSafe(|| call(&mut store, a, "call")));
        assert!(caught.is_err());
        memory.write(0, &[1]).unwrap();
        let module = Module::new(
            &engine,
            r#"(module (import "host" "memory" (memory 1 4 shared)) (data (i32.const 65536) "x"))"#,
        )
        .unwrap();
        let imported = memory.import(&mut store).unwrap();
        for _ in 0..3 {
            Instance::new(&mut store, &module, &[imported.into()]).unwrap_err();
            memory.write(0, &[1]).unwrap();
        }
        let fill = a.get_typed_func::<i32, ()>(&store, "fill").unwrap();
        fill.call(&mut store, 5).unwrap();
        assert_eq!(word(&memory, 1000), 0x0505_0505, "{tier}");
    }
}

/// Two stores that import two memories, in opposite orders, do not wait for each other.
#[test]
fn two_memories_are_taken_in_one_order() {
    let engine = engine(Tier::Jit);
    let (a, b) = (shared(&engine), shared(&engine));
    let module = Module::new(
        &engine,
        r#"(module (import "" "a" (memory 1 4 shared)) (import "" "b" (memory 1 4 shared))
             (func (export "f")
               (i32.store 0 (i32.const 0) (i32.add (i32.load 0 (i32.const 0)) (i32.const 1)))
               (i32.store 1 (i32.const 4) (i32.add (i32.load 1 (i32.const 4)) (i32.const 1)))))"#,
    )
    .unwrap();
    thread::scope(|scope| {
        for order in [[&a, &b], [&b, &a]] {
            let (engine, module) = (&engine, &module);
            scope.spawn(move || {
                let mut store = Store::new(engine, ());
                let imports = order.map(|memory| memory.import(&mut store).unwrap().into());
                let instance = Instance::new(&mut store, module, &imports).unwrap();
                let f = instance.get_typed_func::<(), ()>(&store, "f").unwrap();
                for _ in 0..2000 {
                    f.call(&mut store, ()).unwrap();
                }
            });
        }
    });
    assert_eq!([word(&a, 0), word(&a, 4), word(&b, 0), word(&b, 4)], [2000; 4]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let engine = engine(Tier::Oracle);
    assert!(SharedMemory::new(&engine, MemoryType::new(1, Some(1))).is_err());
    assert!(SharedMemory::new(&engine, MemoryType::shared(65537, 65537)).is_err());
    let memory = shared(&engine);
    let mut stranger = Store::<()>::default();
    assert!(memory.import(&mut stranger).is_err());
    // A snapshot would have a memory that is not the store's own.
    let (store, _) = world(&engine, &memory, nothing);
    let error = store.snapshot().unwrap_err();
    assert!(matches!(error, SnapshotError::State(ImageError::Shared)), "{error}");
    let module = Module::new(&engine, r#"(module (import "" "" (memory 2 4 shared)))"#).unwrap();
    let mut store = Store::new(&engine, ());
    let imported = memory.import(&mut store).unwrap();
    assert!(Instance::new(&mut store, &module, &[imported.into()]).is_err(), "it is too small");
    memory.grow(1).unwrap();
    assert!(Instance::new(&mut store, &module, &[imported.into()]).is_ok());
}
