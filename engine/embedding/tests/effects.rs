//! Effects of host functions: all of them or none, on every tier.

use etalon::{
    Caller, Config, Engine, Exhaustion, Func, Instance, Linker, Module, PauseLimits, Progress,
    Result, RootScope, SnapshotError, Store, StoreLimits, StoreLimitsBuilder, ThrownException,
    Tier, TierUp, TooManyEffects, Trap, TypedFunc, Val, WrongStore, fault,
};
use std::panic::{AssertUnwindSafe, catch_unwind};

const TIERS: &[Tier] = &[Tier::Oracle, Tier::Interp, Tier::Jit, Tier::Auto];

/// What was applied, and limits.
#[derive(Default)]
struct Ledger {
    paid: Vec<i32>,
    limits: StoreLimits,
}

fn engine(tier: Tier) -> Engine {
    let mut config = Config::new();
    config.tier(tier).tier_up(TierUp::new().baseline_after(1).speed_after(2).background(false));
    Engine::new(config.consume_fuel(true)).unwrap()
}

fn pay(mut caller: Caller<'_, Ledger>, amount: i32) -> Result<()> {
    caller.effects().push(move |ledger| ledger.paid.push(amount))
}

/// The functions of the host that the modules here import.
fn linker(engine: &Engine) -> Linker<Ledger> {
    let mut linker = Linker::<Ledger>::new(engine);
    linker.func_wrap("host", "pay", pay).unwrap();
    let inner = |mut caller: Caller<'_, Ledger>| -> Result<i32> {
        let inner = caller.get_export("inner").and_then(|e| e.into_func()).expect("it is exported");
        let inner: TypedFunc<(), ()> = inner.typed(&caller)?;
        Ok(inner.call(&mut caller, ()).is_ok().into())
    };
    linker.func_wrap("host", "inner", inner).unwrap();
    let undo = |mut caller: Caller<'_, Ledger>| -> Result<i32> {
        let mut effects = caller.effects();
        let before = effects.savepoint();
        effects.push(|ledger| ledger.paid.push(-1))?;
        effects.drop_since(before)?;
        Ok(effects.len() as i32)
    };
    linker.func_wrap("host", "undo", undo).unwrap();
    let fails = |mut caller: Caller<'_, Ledger>| -> Result<()> {
        caller.effects().push(|ledger| ledger.paid.push(-2))?;
        anyhow::bail!("it failed")
    };
    linker.func_wrap("host", "fails", fails).unwrap();
    let rethrows = |mut caller: Caller<'_, Ledger>| -> Result<()> {
        caller.effects().push(|ledger| ledger.paid.push(-4))?;
        let throw = caller.get_export("throw").and_then(|e| e.into_func()).expect("it is exported");
        throw.call(&mut caller, &[], &mut [])
    };
    linker.func_wrap("host", "rethrows", rethrows).unwrap();
    let panics = |mut caller: Caller<'_, Ledger>| -> Result<()> {
        caller.effects().push(|ledger| ledger.paid.push(-3))?;
        panic!("on purpose")
    };
    linker.func_wrap("host", "panics", panics).unwrap();
    let broken = |mut caller: Caller<'_, Ledger>| -> Result<()> {
        caller.effects().push(|_| panic!("an effect panics"))
    };
    linker.func_wrap("host", "broken", broken).unwrap();
    linker
}

const MODULE: &str = r#"(module
  (import "host" "pay" (func $pay (param i32)))
  (import "host" "inner" (func $inner (result i32)))
  (import "host" "undo" (func $undo (result i32)))
  (import "host" "fails" (func $fails))
  (import "host" "rethrows" (func $rethrows))
  (import "host" "panics" (func $panics))
  (import "host" "broken" (func $broken))
  (export "pay" (func $pay))
  (tag $e)
  (memory 1)
  (func $thrower (call $pay (i32.const 8)) (throw $e))
  (func (export "two") (call $pay (i32.const 1)) (call $pay (i32.const 2)))
  (func (export "trap") (call $pay (i32.const 1)) (drop (i32.load (i32.const -1))))
  (func (export "throw") (call $thrower))
  (func (export "catch")
    (block $h (try_table (catch $e $h) (call $thrower))) (call $pay (i32.const 9)))
  (func (export "rescue")
    (call $pay (i32.const 1))
    (block $h (try_table (catch $e $h) (call $rethrows))) (call $pay (i32.const 9)))
  (func (export "inner") (call $pay (i32.const 5)) unreachable)
  (func (export "nested") (result i32)
    (call $pay (i32.const 1)) (call $inner) (call $pay (i32.const 2)))
  (func (export "undo") (result i32) (call $pay (i32.const 1)) (call $undo))
  (func (export "fails") (call $pay (i32.const 1)) (call $fails))
  (func (export "panics") (call $pay (i32.const 1)) (call $panics))
  (func (export "broken") (call $pay (i32.const 1)) (call $broken) (call $pay (i32.const 2)))
  (func (export "tail") (call $pay (i32.const 1)) (return_call $pay (i32.const 2)))
  (func (export "many") (param i32)
    (loop $l (call $pay (local.get 0))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"#;

struct Fixture {
    store: Store<Ledger>,
    instance: Instance,
}

impl Fixture {
    fn new(tier: Tier) -> Fixture {
        let engine = engine(tier);
        let module = Module::new(&engine, MODULE).unwrap();
        let mut store = Store::new(&engine, Ledger::default());
        let instance = linker(&engine).instantiate(&mut store, &module).unwrap();
        Fixture { store, instance }
    }

    fn func(&mut self, name: &str) -> Func {
        self.instance.get_func(&mut self.store, name).unwrap()
    }

    /// Calls an export without parameters, and says what was applied.
    fn call(&mut self, name: &str) -> (Result<()>, Vec<i32>) {
        let func = self.func(name);
        let mut results = vec![Val::I32(0); func.ty(&self.store).results().len()];
        let result = func.call(&mut self.store, &[], &mut results);
        (result, std::mem::take(&mut self.store.data_mut().paid))
    }
}

#[test]
fn a_call_has_all_of_its_effects_or_none() {
    for tier in TIERS {
        let mut fixture = Fixture::new(*tier);
        // Three times, so that functions change their tier.
        for _ in 0..3 {
            for (name, applied) in [
                ("two", vec![1, 2]),
                ("tail", vec![1, 2]),
                ("catch", vec![8, 9]),
                ("nested", vec![1, 2]),
                ("rescue", vec![1, 9]),
                ("undo", vec![1]),
            ] {
                let (result, paid) = fixture.call(name);
                result.unwrap();
                assert_eq!(paid, applied, "{name} on {tier:?}");
            }
            let (result, paid) = fixture.call("trap");
            assert!(result.unwrap_err().is::<Trap>());
            assert_eq!(paid, [], "{tier:?}");
            {
                let mut scope = RootScope::new(&mut fixture.store);
                let throw = fixture.instance.get_func(&mut scope, "throw").unwrap();
                let error = throw.call(&mut scope, &[], &mut []).unwrap_err();
                assert!(error.is::<ThrownException>());
            }
            let (result, paid) = fixture.call("fails");
            assert_eq!(result.unwrap_err().to_string(), "it failed");
            assert_eq!(paid, [], "{tier:?}");
        }
    }
}

#[test]
fn every_limit_of_gas_has_all_effects_or_none() {
    for tier in TIERS {
        for name in ["two", "nested", "catch", "tail", "rescue"] {
            let mut fixture = Fixture::new(*tier);
            let before = fixture.store.fuel_consumed().unwrap();
            let (_, all) = fixture.call(name);
            let needed = fixture.store.fuel_consumed().unwrap() - before;
            assert!(all.len() == 2 && needed > 0);
            for limit in 0..=needed + 1 {
                fixture.store.set_fuel(limit).unwrap();
                let (result, paid) = fixture.call(name);
                let (fails, applied) =
                    if limit < needed { (true, vec![]) } else { (false, all.clone()) };
                assert_eq!((result.is_err(), paid), (fails, applied), "{name} {limit} {tier:?}");
            }
        }
    }
}

/// The embedder's own call of a host function is an outermost call, and is not charged for.
#[test]
fn a_host_function_that_the_embedder_calls() {
    for tier in TIERS {
        let mut fixture = Fixture::new(*tier);
        fixture.store.set_fuel(1).unwrap();
        let pay = fixture.func("pay");
        pay.call(&mut fixture.store, &[Val::I32(7)], &mut []).unwrap();
        assert_eq!(fixture.store.data().paid, [7]);
        assert_eq!(fixture.store.get_fuel().unwrap(), 1);
    }
}

#[test]
fn panics_drop_effects() {
    for tier in TIERS {
        let mut fixture = Fixture::new(*tier);
        for (name, applied) in [("panics", vec![]), ("broken", vec![1])] {
            let panicked = catch_unwind(AssertUnwindSafe(|| fixture.call(name)));
            assert!(panicked.is_err(), "{name} on {tier:?}");
            assert_eq!(std::mem::take(&mut fixture.store.data_mut().paid), applied, "{name}");
            // The store works as before, and nothing is left behind.
            assert_eq!(fixture.call("two").1, [1, 2]);
        }
    }
}

#[test]
fn gas_that_a_host_function_ignores_drops_effects() {
    let engine = engine(Tier::Interp);
    let module = Module::new(&engine, r#"(module (func (export "f") (loop (br 0))))"#).unwrap();
    let mut store = Store::new(&engine, Ledger::default());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let spin = instance.get_typed_func::<(), ()>(&mut store, "f").unwrap();
    let host = Func::wrap(&mut store, move |mut caller: Caller<'_, Ledger>| -> Result<()> {
        caller.effects().push(|ledger| ledger.paid.push(1))?;
        assert!(spin.call(&mut caller, ()).unwrap_err().is::<Exhaustion>());
        Ok(())
    });
    store.set_fuel(1_000).unwrap();
    host.call(&mut store, &[], &mut []).unwrap();
    assert_eq!(store.data().paid, []);
}

/// The start function's effects are of the instantiation.
#[test]
fn instantiation_has_effects() {
    for tier in TIERS {
        let engine = engine(*tier);
        let linker = linker(&engine);
        for (end, applied) in [("", vec![4]), ("unreachable", vec![])] {
            let text = format!(
                r#"(module (import "host" "pay" (func $pay (param i32)))
                     (func $start (call $pay (i32.const 4)) {end}) (start $start))"#
            );
            let module = Module::new(&engine, &text).unwrap();
            let mut store = Store::new(&engine, Ledger::default());
            assert_eq!(linker.instantiate(&mut store, &module).is_err(), applied.is_empty());
            assert_eq!(store.data().paid, applied, "{tier:?}");
        }
    }
}

/// A host function as the start function: the instance calls it, so it is charged for.
#[test]
fn a_start_function_of_the_host() {
    let mut seen = Vec::new();
    for tier in TIERS {
        let engine = engine(*tier);
        let mut linker = Linker::<Ledger>::new(&engine);
        let start = |mut caller: Caller<'_, Ledger>| -> Result<()> {
            assert!(caller.get_export("me").is_some());
            caller.charge(7)?;
            caller.effects().push(|ledger| ledger.paid.push(1))
        };
        linker.func_wrap("host", "start", start).unwrap();
        let module = r#"(module (import "host" "start" (func $s)) (global (export "me") i32 (i32.const 0))
            (start $s))"#;
        let module = Module::new(&engine, module).unwrap();
        let mut store = Store::new(&engine, Ledger::default());
        linker.instantiate(&mut store, &module).unwrap();
        assert_eq!(store.data().paid, [1]);
        seen.push(store.fuel_consumed().unwrap());
    }
    let (schedule, price) = (etalon::Schedule::builtin("default").unwrap(), 7);
    let host = u64::from(schedule.host().base("host", "start"));
    let constant = u64::from(schedule.instantiation().const_operator);
    assert_eq!(seen, vec![constant + host + price; TIERS.len()]);
}

#[test]
fn effects_have_a_limit() {
    for (limit, fits) in [(Some(10), 10), (None, 1_000_000)] {
        let mut fixture = Fixture::new(Tier::Jit);
        if let Some(limit) = limit {
            fixture.store.data_mut().limits = StoreLimitsBuilder::new().effects(limit).build();
            fixture.store.limiter(|ledger| &mut ledger.limits);
        }
        let many = fixture.func("many").typed::<i32, ()>(&fixture.store).unwrap();
        many.call(&mut fixture.store, fits).unwrap();
        assert_eq!(std::mem::take(&mut fixture.store.data_mut().paid).len(), fits as usize);
        let error = many.call(&mut fixture.store, fits + 1).unwrap_err();
        let kept = fits as usize;
        assert_eq!(error.downcast_ref(), Some(&TooManyEffects { kept }), "{error:#}");
        assert!(fixture.store.data().paid.is_empty());
    }
}

#[test]
fn savepoints_of_others_are_refused() {
    let engine = engine(Tier::Oracle);
    let point = |caller: &mut Caller<'_, Ledger>| caller.effects().savepoint();
    let mut saved = None;
    for _ in 0..2 {
        let mut store = Store::new(&engine, Ledger::default());
        let (send, take) = std::sync::mpsc::channel();
        let other = saved;
        let host = Func::wrap(&mut store, move |mut caller: Caller<'_, Ledger>| -> Result<()> {
            send.send(point(&mut caller)).expect("it is received");
            caller.effects().push(|ledger| ledger.paid.push(1))?;
            match other {
                Some(other) => {
                    assert_eq!(caller.effects().drop_since(other), Err(WrongStore));
                    assert_eq!(caller.effects().len(), 1);
                }
                None => assert!(!caller.effects().is_empty()),
            }
            Ok(())
        });
        host.call(&mut store, &[], &mut []).unwrap();
        saved = take.recv().ok();
        assert_eq!(store.data().paid, [1]);
    }
}

/// An execution in pieces has its effects when it is over, whatever is called in between.
#[test]
fn executions_keep_their_effects() {
    let mut fixture = Fixture::new(Tier::Oracle);
    let (two, trap) = (fixture.func("two"), fixture.func("trap"));
    let store = &mut fixture.store;
    let one = PauseLimits::instructions(1);
    let executions = [two, trap, two, two].map(|func| store.start(func, &[]).unwrap());
    let [whole, trapped, given_up, _] = executions;
    // Each is past its first payment.
    for execution in [whole, trapped, given_up] {
        for _ in 0..3 {
            assert!(matches!(store.resume(execution, &one), Ok(Progress::Paused(_))));
        }
    }
    assert_eq!(store.data().paid, []);
    assert!(matches!(store.snapshot(), Err(SnapshotError::Effects)));
    two.call(&mut *store, &[], &mut []).unwrap();
    assert_eq!(std::mem::take(&mut store.data_mut().paid), [1, 2]);
    assert!(store.resume(trapped, &PauseLimits::new()).unwrap_err().is::<Trap>());
    assert_eq!(store.data().paid, []);
    assert!(store.abandon(given_up));
    assert!(matches!(store.resume(whole, &PauseLimits::new()), Ok(Progress::Done(_))));
    assert_eq!(store.data().paid, [1, 2]);
    // The one that has declared nothing yet can be written.
    assert!(store.snapshot().is_ok());
}

/// Each request to the allocator fails in turn: the call fails and has no effects, or has all.
#[test]
fn failing_requests_leave_no_part_of_the_effects() {
    let mut failed = 0;
    for tier in TIERS {
        for nth in 1.. {
            let mut fixture = Fixture::new(*tier);
            let many = fixture.func("many").typed::<i32, ()>(&fixture.store).unwrap();
            fault::fail(Some(nth));
            let result = many.call(&mut fixture.store, 40);
            let has_failed = fault::fail(None);
            let applied = fixture.store.data().paid.len();
            assert!(applied == if result.is_ok() { 40 } else { 0 }, "{nth} on {tier:?}: {applied}");
            failed += usize::from(result.is_err());
            if !has_failed {
                break;
            }
        }
    }
    assert!(!cfg!(debug_assertions) || failed > TIERS.len() * 40, "{failed}");
}
