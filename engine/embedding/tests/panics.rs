//! A host function that panics, under guest frames of every tier, and while an execution is resumed: the panic reaches the
//! embedder, and the store works as before.

mod support;

use etalon::{
    Caller, Config, Engine, Instance, Linker, Memory, MemoryType, PauseLimits, Progress,
    ResourceLimiter, Result, Store, Tier, Val, unstable,
};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use support::{PLACEMENTS, Placement};

const WAT: &str = r#"(module
  (import "host" "boom" (func $boom (param i32)))
  (import "host" "catch" (func $catch (result i32)))
  (type $node (struct (field i32)))
  (memory 1)
  (func $deep (export "deep") (param i32) (local $n (ref null $node))
    (local.set $n (struct.new $node (local.get 0)))
    (if (i32.eqz (local.get 0))
      (then (call $boom (i32.const 7)))
      (else (call $deep (i32.sub (local.get 0) (i32.const 1)))))
    (drop (struct.get $node 0 (local.get $n))))
  (func (export "inner") (call $boom (i32.const 8)))
  (func (export "outer") (param i32) (result i32) (local $n (ref null $node))
    (local.set $n (struct.new $node (local.get 0)))
    (i32.add (call $catch) (struct.get $node 0 (local.get $n))))
  (func (export "grow") (result i32) (memory.grow (i32.const 1)))
  (func (export "ok") (result i32) (i32.const 5)))"#;

struct World {
    store: Store<Limits>,
    instance: Instance,
}

/// A limiter that panics when a memory grows, if it is told to.
#[derive(Default)]
struct Limits {
    panics: bool,
}

impl ResourceLimiter for Limits {
    fn memory_growing(&mut self, current: usize, _: usize, _: Option<usize>) -> Result<bool> {
        assert!(!self.panics || current == 0, "the limiter panics");
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool> {
        Ok(true)
    }
}

/// Panics without the message on standard error that `panic!` writes.
fn boom(n: i32) {
    resume_unwind(Box::new(format!("boom {n}")));
}

fn world(tier: Placement) -> World {
    let engine =
        Engine::new(Config::new().tier(Tier::Jit).consume_fuel(true).gc_stress(true)).unwrap();
    let module = unstable::mixed(&engine, &wat::parse_str(WAT).unwrap(), tier).unwrap();
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "boom", boom).unwrap();
    linker
        .func_wrap("host", "catch", |mut caller: Caller<'_, Limits>| -> Result<i32> {
            let inner = caller.get_export("inner").and_then(|item| item.into_func());
            let inner = inner.expect("it is exported").typed::<(), ()>(&caller)?;
            let depth = unstable::depth_left(&caller);
            let call = || inner.call(&mut caller, ());
            let panic = catch_unwind(AssertUnwindSafe(call)).expect_err("it panics");
            assert_eq!(panic.downcast_ref::<String>().unwrap(), "boom 8");
            assert_eq!(unstable::depth_left(&caller), depth);
            Ok(30)
        })
        .unwrap();
    let mut store = Store::new(&engine, Limits::default());
    store.limiter(|limits| limits);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    World { store, instance }
}

impl World {
    /// A call that is to panic; gives what with.
    fn panic(&mut self, name: &str, args: &[Val]) -> String {
        let func = self.instance.get_func(&self.store, name).unwrap();
        let call = AssertUnwindSafe(|| func.call(&mut self.store, args, &mut []));
        *catch_unwind(call).expect_err("it panics").downcast::<String>().unwrap()
    }

    fn number(&mut self, name: &str) -> (i32, u64) {
        let before = self.store.fuel_consumed().unwrap();
        let func = self.instance.get_typed_func::<(), i32>(&self.store, name).unwrap();
        let result = func.call(&mut self.store, ()).unwrap();
        (result, self.store.fuel_consumed().unwrap() - before)
    }
}

#[test]
fn the_store_works_as_before() {
    let mut gas = None;
    for (name, tier) in PLACEMENTS {
        let mut world = world(*tier);
        let before = world.number("ok");
        let start = world.store.fuel_consumed().unwrap();
        for _ in 0..3 {
            assert_eq!(world.panic("deep", &[Val::I32(1000)]), "boom 7", "{name}");
            assert!(!unstable::is_running(&world.store), "{name}");
        }
        // What the panics left behind would keep objects alive, or be walked through.
        world.store.gc();
        assert_eq!(unstable::heap(&world.store).0, 0, "{name}");
        // The gas that was taken until then stays taken, alike on all tiers.
        let taken = world.store.fuel_consumed().unwrap() - start;
        assert_eq!(*gas.get_or_insert(taken), taken, "{name}");
        assert_eq!(world.number("ok"), before, "{name}");
    }
}

/// The host catches the panic of a call inside of its own: the guest further out goes on, with all that it holds.
#[test]
fn a_guest_further_out_goes_on() {
    for (name, tier) in PLACEMENTS {
        let mut world = world(*tier);
        let outer = world.instance.get_typed_func::<i32, i32>(&world.store, "outer").unwrap();
        for n in 0..3 {
            assert_eq!(outer.call(&mut world.store, n).unwrap(), 30 + n, "{name}");
        }
    }
}

#[test]
fn a_panic_while_an_execution_is_resumed() {
    let mut world = world(|_| Tier::Oracle);
    let before = world.number("ok");
    let deep = world.instance.get_func(&world.store, "deep").unwrap();
    let ok = world.instance.get_func(&world.store, "ok").unwrap();
    let other = world.store.start(ok, &[]).unwrap();
    for _ in 0..3 {
        let execution = world.store.start(deep, &[Val::I32(100)]).unwrap();
        let paused = world.store.resume(execution, &PauseLimits::instructions(50)).unwrap();
        assert!(matches!(paused, Progress::Paused(_)));
        let resume =
            AssertUnwindSafe(|| world.store.resume(execution, &PauseLimits::new()).map(drop));
        let panic = catch_unwind(resume).expect_err("it panics");
        assert_eq!(panic.downcast_ref::<String>().unwrap(), "boom 7");
        // It is over; what else is paused is not.
        assert_eq!(world.store.paused(), [other]);
    }
    assert_eq!(world.number("ok"), before);
    let done = world.store.resume(other, &PauseLimits::new()).unwrap();
    assert!(matches!(done, Progress::Done(values) if values[0].unwrap_i32() == 5));
}

/// A limiter panics in the midst of an instruction.
#[test]
fn a_limiter_that_panics() {
    for (name, tier) in PLACEMENTS {
        let mut world = world(*tier);
        world.store.data_mut().panics = true;
        let func = world.instance.get_func(&world.store, "grow").unwrap();
        for _ in 0..2 {
            let mut result = [Val::I32(0)];
            let call = AssertUnwindSafe(|| func.call(&mut world.store, &[], &mut result));
            assert!(catch_unwind(call).is_err(), "{name}");
        }
        world.store.data_mut().panics = false;
        assert_eq!(world.number("grow").0, 1, "{name}");
        assert_eq!(world.number("ok").0, 5, "{name}");
        assert!(Memory::new(&mut world.store, MemoryType::new(1, None)).is_ok());
    }
}
