//! Functions of all tiers in one store: they call each other, share memories and tables, and what
//! stops one stops all, through host frames too. Every way to place the functions gives the same.

use etalon::{
    AsContextMut, Caller, Config, Engine, Error, Exhaustion, Func, Instance, Linker, Module,
    Result, Schedule, Store, Tier, Trap, Val, unstable,
};

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
        let mut settings = Config::new();
        settings.tier(Tier::Jit).schedule(schedule).consume_fuel(true);
        let engine = Engine::new(&settings).unwrap();
        let module = |text: &str, tier| {
            unstable::mixed(&engine, &wat::parse_str(text).unwrap(), tier).unwrap()
        };
        Placed { lower: module(LOWER, lower), upper: module(UPPER, upper), engine }
    }

    /// Both in one new store; the host's `back` calls `boom` of the lower one with its argument.
    fn world(&self, gas: Option<u64>) -> World {
        let mut store = Store::new(&self.engine, None);
        if let Some(gas) = gas {
            store.set_fuel(gas).unwrap();
        }
        let mut linker = Linker::new(&self.engine);
        let lower = linker.instantiate(&mut store, &self.lower).unwrap();
        linker.instance(&store, "lower", lower).unwrap();
        *store.data_mut() = lower.get_func(&store, "boom");
        let back = |mut caller: Caller<'_, Option<Func>>, n: i32| -> Result<i32> {
            if n == 99 {
                return Err(Error::msg("the host declines"));
            }
            let boom = caller.data().expect("set before the call");
            boom.typed::<i32, i32>(&caller)?.call(&mut caller, n)
        };
        linker.func_wrap("host", "back", back).unwrap();
        let upper = linker.instantiate(&mut store, &self.upper).unwrap();
        World { store, upper }
    }
}

struct World {
    store: Store<Option<Func>>,
    upper: Instance,
}

/// What a call gives: numbers, or what stopped it.
type Given = Result<Vec<i32>, String>;

/// A call of an export, and what it must give.
type Expected<'a> = (&'a str, &'a [i32], Given);

/// What a call gave, without the site of a trap, and the gas after it.
type Seen = (Given, u64);

impl World {
    fn call(&mut self, name: &str, args: &[i32]) -> Seen {
        let func = self.upper.get_func(&self.store, name).unwrap();
        let args: Vec<Val> = args.iter().map(|n| Val::I32(*n)).collect();
        let mut results = vec![Val::I32(0); func.ty(&self.store).results().len()];
        let result = match func.call(&mut self.store, &args, &mut results) {
            Ok(()) => Ok(results.iter().map(Val::unwrap_i32).collect()),
            Err(error) => Err(error.to_string()),
        };
        (result, self.store.fuel_consumed().unwrap())
    }
}

fn stack() -> Given {
    Err(Exhaustion::Stack.text().to_owned())
}

/// Every call on every pair of placements, against the oracle alone.
#[test]
fn placements_do_not_show() {
    let calls: &[Expected<'_>] = &[
        ("memory", &[], Ok(vec![77])),
        ("grown", &[], Ok(vec![7])),
        ("table", &[], Ok(vec![30])),
        ("boom", &[], Err(Trap::IntegerDivideByZero.to_string())),
        ("back", &[1], Ok(vec![2])),
        ("back", &[0], Err(Trap::IntegerDivideByZero.to_string())),
        ("back", &[99], Err("the host declines".into())),
        ("deep", &[2000], Ok(vec![2000])),
        // After all that, everything still works.
        ("table", &[], Ok(vec![30])),
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
            assert_eq!(unstable::digest(&world.store), unstable::digest(&oracle.store));
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
        assert_eq!(endless.0, stack(), "{placement}");
        let seen = (endless, world.call("table", &[]), unstable::digest(&world.store));
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
        let before = free.store.fuel_consumed().unwrap();
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
                        Err(Exhaustion::Gas.text().to_owned()),
                        "{name} at {limit} on {placement}"
                    );
                    assert_eq!(consumed, limit, "{name} at {limit} on {placement}");
                }
            }
        }
    }
}

/// A host function that calls back without end is stopped by depth, not by the native stack: it runs on the one that
/// compiled code runs on, in every placement, however small that of the thread is.
#[test]
fn reentry_is_bounded() {
    let run = || {
        for (placement, tier) in PLACEMENTS {
            let engine = Engine::new(Config::new().tier(Tier::Jit)).unwrap();
            let text = r#"(module (import "host" "again" (func $again)) (func (export "go") (call $again)))"#;
            let module = unstable::mixed(&engine, &wat::parse_str(text).unwrap(), tier).unwrap();
            let mut linker = Linker::new(&engine);
            let again = |mut caller: Caller<'_, u32>| -> Result<()> {
                *caller.data_mut() += 1;
                // Frames of the host are large too.
                let frame = std::hint::black_box([1u8; 32 << 10]);
                let go = caller.get_export("go").and_then(|item| item.into_func());
                let done = go.expect("exported").call(caller.as_context_mut(), &[], &mut []);
                assert_eq!(std::hint::black_box(frame)[77], 1);
                done
            };
            linker.func_wrap("host", "again", again).unwrap();
            let mut store = Store::new(&engine, 0);
            let instance = linker.instantiate(&mut store, &module).unwrap();
            let go = instance.get_func(&store, "go").unwrap();
            let error = go.call(&mut store, &[], &mut []).unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&Exhaustion::Stack), "{placement}");
            // 524,288 slots, of which a re-entry takes 2,048 and the frame between two takes some.
            assert!((250..=256).contains(store.data()), "{placement}: {}", store.data());
        }
    };
    let thread = std::thread::Builder::new().stack_size(512 << 10).spawn(run).unwrap();
    thread.join().unwrap();
}
