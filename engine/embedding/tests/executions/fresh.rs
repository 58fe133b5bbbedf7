//! Fresh starts and snapshots, one after the other; and snapshots after what a limiter did.

use etalon::{
    Config, Engine, Instance, LifeState, Module, ResourceLimiter, Result, Store, Tier, TierUp, Val,
    unstable,
};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

const GROWS: &str = r#"(module
  (memory (export "memory") 1 9)
  (memory i64 0 (pagesize 1))
  (table (export "table") 2 9 funcref)
  (elem (i32.const 1) func $grow)
  (data (i32.const 65530) "data")
  (func $grow (export "grow") (result i32)
    (memory.fill (i32.const 0) (i32.const 7) (i32.const 65536))
    (drop (memory.grow 1 (i64.const 10)))
    (drop (table.grow (ref.func $grow) (i32.const 3)))
    (memory.grow (i32.const 4))))"#;

/// What was grown when the snapshot was taken is what the copy begins with, and not what its module declares.
#[test]
fn a_restored_instance_is_reset_to_what_its_module_declares() {
    let engine = Engine::new(Config::new().tier(Tier::Oracle).consume_fuel(true)).unwrap();
    let module = Module::new(&engine, GROWS).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let fresh = unstable::digest(&store);
    let grow = |store: &mut Store<()>, instance: Instance| {
        let grow = instance.get_typed_func::<(), i32>(&*store, "grow").unwrap();
        grow.call(store, ()).unwrap()
    };
    assert_eq!(grow(&mut store, instance), 1);
    let linker = etalon::Linker::new(&engine);
    let mut copies = vec![store];
    for again in 0..3 {
        let bytes = copies[again].snapshot().unwrap();
        copies.push(Store::restore(&engine, (), &bytes, &[], &linker).unwrap());
    }
    for store in &mut copies {
        let instance = store.instances().next().unwrap();
        let (memory, table) =
            (instance.get_memory(&*store, "memory"), instance.get_table(&*store, "table"));
        let (memory, table) = (memory.unwrap(), table.unwrap());
        for _ in 0..2 {
            assert_eq!((memory.size(&*store), table.size(&*store)), (5, 5));
            instance.reset(&mut *store).unwrap();
            assert_eq!((memory.size(&*store), table.size(&*store)), (1, 2));
            assert_eq!((memory.ty(&*store).minimum(), table.ty(&*store).minimum()), (1, 2));
            assert_eq!(unstable::store_bytes(&*store), (1 << 16) + 16);
            assert_eq!(unstable::digest(&*store), fresh);
            assert_eq!(grow(store, instance), 1, "it grows again as the first time");
        }
        // What is taken of it now is the same again.
        let bytes = store.snapshot().unwrap();
        let mut copy = Store::restore(&engine, (), &bytes, &[], &linker).unwrap();
        let instance = copy.instances().next().unwrap();
        instance.reset(&mut copy).unwrap();
        assert_eq!(unstable::digest(&copy), fresh);
    }
}

/// A limiter that panics when it is asked the n-th time.
#[derive(Default)]
struct Panics {
    asked: usize,
    at: usize,
}

impl Panics {
    fn ask(&mut self) -> Result<bool> {
        self.asked += 1;
        if self.asked == self.at {
            resume_unwind(Box::new("the limiter"));
        }
        Ok(true)
    }
}

impl ResourceLimiter for Panics {
    fn memory_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool> {
        self.ask()
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool> {
        self.ask()
    }
}

/// The second call is compiled.
const EAGER: TierUp = TierUp::new().baseline_after(1).speed_after(2).background(false);

const STARTS: &str = r#"(module
  (memory 1) (memory 2) (table 3 funcref) (elem (i32.const 0) func $start)
  (func $start (export "f") (drop (memory.grow (i32.const 1))) (drop (table.grow (ref.null func) (i32.const 1))))
  (start $start))"#;

/// It leaves what it found: the store takes other instances, and can be written and read.
#[test]
fn a_limiter_that_panics_leaves_a_store_that_can_be_saved() {
    for tier in [Tier::Oracle, Tier::Interp, Tier::Jit, Tier::Aot, Tier::Auto] {
        let engine = Engine::new(Config::new().tier(tier).tier_up(EAGER)).unwrap();
        let module = Module::new(&engine, STARTS).unwrap();
        for at in 1..=5 {
            let mut store = Store::new(&engine, Panics::default());
            Instance::new(&mut store, &module, &[]).unwrap();
            let (before, bytes) = (unstable::digest(&store), unstable::store_bytes(&store));
            store.limiter(|limiter| limiter);
            *store.data_mut() = Panics { asked: 0, at };
            let made = catch_unwind(AssertUnwindSafe(|| Instance::new(&mut store, &module, &[])));
            assert!(made.is_err(), "{tier}: it is asked five times, and panics at {at}");
            assert_eq!((store.instances().len(), store.metrics().errors.panics), (1, 1));
            assert_eq!(unstable::store_bytes(&store), bytes, "{tier}, {at}");
            assert_eq!(unstable::digest(&store), before, "{tier}, {at}");
            let check = |store: &mut Store<Panics>| {
                let instances: Vec<Instance> = store.instances().collect();
                for instance in &instances {
                    let f = instance.get_typed_func::<(), ()>(&*store, "f").unwrap();
                    f.call(&mut *store, ()).unwrap();
                    assert_eq!(instance.life(&mut *store).state(), LifeState::Initialised);
                }
                instances.len()
            };
            let restored = |store: &Store<Panics>| {
                let bytes = store.snapshot().unwrap();
                let linker = etalon::Linker::new(&engine);
                Store::restore(&engine, Panics::default(), &bytes, &[], &linker).unwrap()
            };
            if tier == Tier::Oracle {
                assert_eq!(check(&mut restored(&store)), 1);
            }
            Instance::new(&mut store, &module, &[]).unwrap();
            assert_eq!(check(&mut store), 2);
            if tier == Tier::Oracle {
                assert_eq!(check(&mut restored(&store)), 2);
            }
        }
    }
}

/// Who looks at growth that was made ready and not paid for finds it taken back, of however many memories.
#[test]
fn what_is_beyond_a_growth_that_was_not_paid_for_is_not_there() {
    let text = r#"(module (memory 1) (memory $m 1 9) (memory 1)
      (func (export "grow") (param i32) (result i32) (memory.grow $m (local.get 0)))
      (func (export "read") (param i32) (result i32) (i32.load8_u $m (local.get 0)))
      (func (export "trap") unreachable))"#;
    for tier in [Tier::Oracle, Tier::Interp, Tier::Jit, Tier::Aot, Tier::Auto] {
        let mut config = Config::new();
        config.tier(tier).tier_up(EAGER).consume_fuel(true);
        let engine = Engine::new(&config).unwrap();
        let module = Module::new(&engine, text).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let mut call = |name: &str, fuel: u64, args: &[Val]| {
            store.set_fuel(fuel).unwrap();
            let func = instance.get_func(&store, name).unwrap();
            let mut results = vec![Val::I32(0); func.ty(&store).results().len()];
            func.call(&mut store, args, &mut results).is_ok()
        };
        for _ in 0..2 {
            assert!(!call("grow", 1000, &[Val::I32(3)]), "{tier}: it is not paid for");
            assert!(!call("read", 1000, &[Val::I32(65536)]), "{tier}");
            assert!(!call("trap", 1000, &[]));
        }
        assert!(call("grow", 1 << 40, &[Val::I32(3)]), "{tier}");
        assert!(call("read", 1000, &[Val::I32(4 * 65536 - 1)]), "{tier}");
        assert!(!call("read", 1000, &[Val::I32(4 * 65536)]), "{tier}");
    }
}
