//! Functions of all tiers in one store: they call each other, share memories and tables, and what
//! stops one stops all, through host frames too. Every way to place the functions gives the same.

use etalon::{
    Config, Engine, Exhaustion, Extern, FuncType, HostError, HostFn, Instance, InvokeError, Linker,
    Module, Schedule, Stop, Store, Tier, Trap, ValType, Value,
};
use std::sync::Arc;

/// A memory, a table and functions that the other module uses.
const LOWER: &str = r#"(module
  (memory (export "memory") 1 2)
  (table (export "table") 4 funcref)
  (global (export "count") (mut i32) (i32.const 0))
  (global $count (mut i32) (i32.const 0))
  (func (export "put") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
  (func $ten (export "ten") (result i32) i32.const 10)
  (func (export "grow") (result i32) (memory.grow (i32.const 1)))
  (func (export "boom") (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
  (elem (i32.const 1) $ten))"#;

/// Calls the lower module directly and through the shared table, and the host, which calls back.
const UPPER: &str = r#"(module
  (import "lower" "memory" (memory 1))
  (import "lower" "table" (table 4 funcref))
  (import "lower" "put" (func $put (param i32 i32)))
  (import "lower" "boom" (func $boom (param i32) (result i32)))
  (import "lower" "grow" (func $grow (result i32)))
  (import "host" "back" (func $back (param i32) (result i32)))
  (type $ten (func (result i32)))
  (func $twenty (result i32) i32.const 20)
  (elem (i32.const 2) func $twenty)
  (func (export "memory") (result i32)
    (call $put (i32.const 8) (i32.const 77))
    (i32.load (i32.const 8)))
  (func (export "grown") (result i32)
    (drop (call $grow))
    (i32.store (i32.const 70000) (i32.const 5))
    (i32.add (i32.load (i32.const 70000)) (memory.size)))
  (func (export "table") (result i32)
    (i32.add (call_indirect (type $ten) (i32.const 1)) (call_indirect (type $ten) (i32.const 2))))
  (func (export "boom") (result i32) (call $boom (i32.const 0)))
  (func (export "back") (param i32) (result i32)
    (i32.add (call $back (local.get 0)) (i32.const 1)))
  (func $deep (export "deep") (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (i32.const 1) (call $deeper (i32.sub (local.get 0) (i32.const 1)))))
      (else (i32.const 0))))
  (func $deeper (param i32) (result i32) (call $deep (local.get 0)))
  (func $endless (export "endless") (call $endless2))
  (func $endless2 (call $endless)))"#;

/// Which tier has a function, by the function's index.
type Placement = fn(u32) -> Tier;

/// Ways to place functions, with their names.
const PLACEMENTS: &[(&str, Placement)] = &[
    ("oracle", |_| Tier::Oracle),
    ("interp", |_| Tier::Interp),
    ("jit", |_| Tier::Jit),
    ("jit and interp", |f| [Tier::Jit, Tier::Interp][f as usize % 2]),
    ("interp and jit", |f| [Tier::Interp, Tier::Jit][f as usize % 2]),
    ("oracle and jit", |f| [Tier::Oracle, Tier::Jit][f as usize % 2]),
    ("interp and oracle", |f| [Tier::Interp, Tier::Oracle][f as usize % 2]),
    ("in turn", |f| [Tier::Oracle, Tier::Interp, Tier::Jit][f as usize % 3]),
    ("in turn, the other way", |f| [Tier::Jit, Tier::Interp, Tier::Oracle][f as usize % 3]),
];

/// Both modules, each placed in its way.
struct Placed {
    engine: Engine,
    lower: Module,
    upper: Module,
}

impl Placed {
    fn new(lower: Placement, upper: Placement) -> Placed {
        let schedule = Schedule::builtin(Schedule::DEFAULT).unwrap();
        let engine = Engine::new(Config::new(Tier::Jit).metered(schedule));
        let module = |text: &str, tier| {
            Module::mixed(&engine, &wat::parse_str(text).unwrap(), tier).unwrap()
        };
        Placed { lower: module(LOWER, lower), upper: module(UPPER, upper), engine }
    }

    /// Both in one new store; the host's `back` calls `boom` of the lower one with its argument.
    fn world(&self, gas: Option<u64>) -> World {
        let mut store = Store::new(&self.engine, gas).unwrap();
        let mut linker = Linker::new();
        let lower = store.instantiate(&self.lower, &linker).unwrap();
        linker.define_instance(&store, "lower", lower);
        let boom = store.func(lower, "boom").unwrap();
        let ty = FuncType::new([ValType::I32], [ValType::I32]);
        let back = HostFn::new("host", "back", move |caller, args| match args {
            [Value::I32(99)] => Err(Stop::Host(HostError("the host declines".into()))),
            args => caller.store.invoke(boom, args).map_err(|error| match error {
                InvokeError::Stop(stop) => stop,
                InvokeError::Arguments(text) => Stop::crash(text),
            }),
        });
        let back = store.alloc_host_func(ty, back);
        linker.define("host", "back", Extern::Func(back));
        let upper = store.instantiate(&self.upper, &linker).unwrap();
        World { store, upper }
    }
}

struct World {
    store: Store,
    upper: Instance,
}

/// A call of an export, and what it must give.
type Expected<'a> = (&'a str, &'a [Value], Result<Vec<Value>, Stop>);

/// What a call gave, without the site of a trap, and the gas after it.
type Seen = (Result<Vec<Value>, Stop>, u64);

impl World {
    fn call(&mut self, name: &str, args: &[Value]) -> Seen {
        let func = self.store.func(self.upper, name).unwrap();
        let result = self.store.invoke(func, args).map_err(|error| match error {
            InvokeError::Stop(Stop::Trap(trapped)) => trapped.trap.into(),
            InvokeError::Stop(stop) => stop,
            InvokeError::Arguments(text) => panic!("{text}"),
        });
        (result, self.store.meter().consumed())
    }
}

/// Every call on every pair of placements, against the oracle alone.
#[test]
fn placements_do_not_show() {
    let calls: &[Expected<'_>] = &[
        ("memory", &[], Ok(vec![Value::I32(77)])),
        ("grown", &[], Ok(vec![Value::I32(7)])),
        ("table", &[], Ok(vec![Value::I32(30)])),
        ("boom", &[], Err(Trap::IntegerDivideByZero.into())),
        ("back", &[Value::I32(1)], Ok(vec![Value::I32(2)])),
        ("back", &[Value::I32(0)], Err(Trap::IntegerDivideByZero.into())),
        ("back", &[Value::I32(99)], Err(Stop::Host(HostError("the host declines".into())))),
        ("deep", &[Value::I32(2000)], Ok(vec![Value::I32(2000)])),
        // After all that, everything still works.
        ("table", &[], Ok(vec![Value::I32(30)])),
    ];
    let mut oracle = Placed::new(|_| Tier::Oracle, |_| Tier::Oracle).world(None);
    let expected: Vec<Seen> = calls.iter().map(|(name, args, _)| oracle.call(name, args)).collect();
    for ((name, _, result), seen) in calls.iter().zip(&expected) {
        assert_eq!(&seen.0, result, "{name} on the oracle");
    }
    for (lower_name, lower) in PLACEMENTS {
        for (upper_name, upper) in PLACEMENTS {
            let mut world = Placed::new(*lower, *upper).world(None);
            for ((name, args, _), expected) in calls.iter().zip(&expected) {
                let seen = world.call(name, args);
                assert_eq!(&seen, expected, "{name}: lower {lower_name}, upper {upper_name}");
            }
            assert_eq!(world.store.digest(), oracle.store.digest());
        }
    }
}

/// Recursion without end stops at the same depth in every placement, and everything still works after it.
#[test]
fn depth_runs_out_alike() {
    let mut expected = None;
    for (placement, tier) in PLACEMENTS {
        let mut world = Placed::new(*tier, *tier).world(None);
        let endless = world.call("endless", &[]);
        assert_eq!(endless.0, Err(Exhaustion::Stack.into()), "{placement}");
        let seen = (endless, world.call("table", &[]), world.store.digest());
        assert_eq!(expected.get_or_insert_with(|| seen.clone()), &seen, "{placement}");
    }
}

/// At every limit up to what a run consumes, gas runs out at the same place in every placement.
#[test]
fn gas_runs_out_alike_at_every_limit() {
    let placed: Vec<(&str, Placed)> =
        PLACEMENTS.iter().map(|(name, tier)| (*name, Placed::new(*tier, *tier))).collect();
    for name in ["memory", "table", "grown"] {
        let mut free = Placed::new(|_| Tier::Oracle, |_| Tier::Oracle).world(None);
        let before = free.store.meter().consumed();
        let (result, after) = free.call(name, &[]);
        assert!(result.is_ok());
        for limit in before..=after {
            for (placement, modules) in &placed {
                let mut world = modules.world(Some(limit));
                let (seen, consumed) = world.call(name, &[]);
                if limit == after {
                    assert_eq!((&seen, consumed), (&result, after), "{name} on {placement}");
                } else {
                    assert_eq!(
                        seen,
                        Err(Exhaustion::Gas.into()),
                        "{name} at {limit} on {placement}"
                    );
                    assert_eq!(consumed, limit, "{name} at {limit} on {placement}");
                }
            }
        }
    }
}

/// A host function that calls back without end is stopped by depth, not by the native stack.
#[test]
fn reentry_is_bounded() {
    for (placement, tier) in PLACEMENTS {
        let engine = Engine::new(Config::new(Tier::Jit));
        let text =
            r#"(module (import "host" "again" (func $again)) (func (export "go") (call $again)))"#;
        let module = Module::mixed(&engine, &wat::parse_str(text).unwrap(), tier).unwrap();
        let mut store = Store::new(&engine, None).unwrap();
        let target = Arc::new(std::sync::OnceLock::new());
        let inner = Arc::clone(&target);
        let again = HostFn::new("host", "again", move |caller, _| {
            let func = *inner.get().expect("set before the call");
            caller.store.invoke(func, &[]).map_err(|error| match error {
                InvokeError::Stop(stop) => stop,
                InvokeError::Arguments(text) => Stop::crash(text),
            })
        });
        let again = store.alloc_host_func(FuncType::new([], []), again);
        let mut linker = Linker::new();
        linker.define("host", "again", Extern::Func(again));
        let instance = store.instantiate(&module, &linker).unwrap();
        let go = store.func(instance, "go").unwrap();
        target.set(go).unwrap();
        let stopped = store.invoke(go, &[]);
        assert_eq!(stopped, Err(InvokeError::Stop(Exhaustion::Stack.into())), "{placement}");
    }
}
