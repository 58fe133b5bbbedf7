//! The life of an instance, and its fresh start, on every tier.

use etalon::{
    Caller, Config, Engine, Exhaustion, Extern, Func, Global, GlobalType, Instance, LifeState,
    Linker, Memory, MemoryType, Module, Mutability, NotCallable, PauseLimits, PauseReason,
    Progress, ResetError, Result, SharedMemory, Store, StoreLimits, StoreLimitsBuilder, Tier,
    TierUp, Trap, Val, ValType, WrongStore, unstable,
};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

const TIERS: &[Tier] = &[Tier::Oracle, Tier::Interp, Tier::Jit, Tier::Aot, Tier::Auto];

/// What host functions of the guests saw, and where they find the instance.
#[derive(Default)]
struct World {
    seen: Vec<LifeState>,
    limits: StoreLimits,
}

fn engine(tier: Tier, more: impl FnOnce(&mut Config)) -> Engine {
    let mut config = Config::new();
    config.tier(tier).consume_fuel(true).interruptible(true);
    config.tier_up(TierUp::new().baseline_after(1).speed_after(2).background(false));
    more(&mut config);
    Engine::new(&config).unwrap()
}

fn linker(engine: &Engine) -> Linker<World> {
    let mut linker = Linker::new(engine);
    let see = |mut caller: Caller<'_, World>| {
        let instance = caller.instance().unwrap();
        let state = instance.life(&mut caller).state();
        caller.data_mut().seen.push(state);
    };
    linker.func_wrap("host", "see", see).unwrap();
    linker.func_wrap("host", "fail", || -> Result<()> { Err(etalon::Error::msg("no")) }).unwrap();
    let panic = || resume_unwind(Box::new("panic"));
    linker.func_wrap("host", "panic", move || -> () { panic() }).unwrap();
    let back = |mut caller: Caller<'_, World>| -> i32 {
        let trap = caller.get_export("trap").and_then(Extern::into_func).unwrap();
        i32::from(trap.call(&mut caller, &[], &mut []).is_err())
    };
    linker.func_wrap("host", "back", back).unwrap();
    let reset = |mut caller: Caller<'_, World>| -> Result<()> {
        let instance = caller.instance().unwrap();
        instance.reset(&mut caller)
    };
    linker.func_wrap("host", "reset", reset).unwrap();
    linker
}

const GUEST: &str = r#"(module
  (import "host" "see" (func $see))
  (import "host" "fail" (func $fail))
  (import "host" "panic" (func $panic))
  (import "host" "back" (func $back (result i32)))
  (import "host" "reset" (func $reset))
  (tag $e)
  (func $init (call $see))
  (start $init)
  (func (export "ok") (call $see))
  (func (export "trap") unreachable)
  (func (export "throw") (throw $e))
  (func (export "spin") (loop (br 0)))
  (func $deep (export "deep") (call $deep) (call $deep))
  (func (export "fail") (call $fail))
  (func (export "panic") (call $panic))
  (func (export "back") (drop (call $back)) (call $see))
  (func (export "reset") (call $reset)))"#;

fn start(engine: &Engine) -> (Store<World>, Instance) {
    let module = Module::new(engine, GUEST).unwrap();
    let mut store = Store::new(engine, World::default());
    store.limiter(|world| &mut world.limits);
    store.set_fuel(100_000).unwrap();
    let instance = linker(engine).instantiate(&mut store, &module).unwrap();
    (store, instance)
}

/// Calls a function whatever happens.
fn call(store: &mut Store<World>, instance: Instance, name: &str) -> Result<()> {
    let func = instance.get_typed_func::<(), ()>(&*store, name).unwrap();
    let called = catch_unwind(AssertUnwindSafe(|| func.call(&mut *store, ())));
    called.unwrap_or_else(|_| Err(etalon::Error::msg("panic")))
}

#[test]
fn a_call_leaves_an_instance_in_a_state() {
    use LifeState::{Created, Failed, Initialised, Running};
    let rows = [
        ("ok", Initialised),
        ("trap", Failed),
        // An exception is an answer.
        ("throw", Initialised),
        ("spin", Failed),
        ("deep", Failed),
        ("fail", Failed),
        ("panic", Failed),
        ("back", Failed),
        ("reset", Failed),
    ];
    for tier in TIERS {
        for (name, state) in rows {
            let engine = engine(*tier, |_| ());
            let (mut store, instance) = start(&engine);
            let life = instance.life(&mut store);
            assert_eq!((life.state(), life.fresh_starts()), (Initialised, 0));
            assert_eq!(call(&mut store, instance, name).is_ok(), name == "ok" || name == "back");
            assert_eq!(life.state(), state, "{tier} {name}");
            // It may be called all the same, and the state stays until a reset.
            store.set_fuel(100_000).unwrap();
            call(&mut store, instance, "ok").unwrap();
            assert_eq!(life.state(), state, "{tier} {name}");
            instance.reset(&mut store).unwrap();
            assert_eq!((life.state(), life.fresh_starts()), (Initialised, 1), "{tier} {name}");
            let seen = &store.data().seen;
            assert_eq!((seen[0], seen[seen.len() - 1]), (Created, Created), "{tier} {name}");
            assert!(seen[1..seen.len() - 1].iter().all(|state| *state == Running), "{seen:?}");
            drop(store);
            assert_eq!(life.state(), LifeState::Destroyed);
        }
    }
}

#[test]
fn an_engine_may_refuse_what_has_failed() {
    for tier in TIERS {
        let engine = engine(*tier, |config| {
            config.refuse_after_failure(true);
        });
        let (mut store, instance) = start(&engine);
        call(&mut store, instance, "throw").unwrap_err();
        call(&mut store, instance, "ok").unwrap();
        call(&mut store, instance, "trap").unwrap_err();
        for name in ["ok", "trap"] {
            let error = call(&mut store, instance, name).unwrap_err();
            let expected = NotCallable { state: LifeState::Failed };
            assert_eq!(error.downcast_ref(), Some(&expected), "{tier}");
        }
        assert_eq!(store.metrics().errors.refusals, 2);
        instance.reset(&mut store).unwrap();
        call(&mut store, instance, "ok").unwrap();
    }
}

#[test]
fn what_is_interrupted_has_stopped() {
    for tier in TIERS {
        let engine = engine(*tier, |_| ());
        let (mut store, instance) = start(&engine);
        let (life, handle) = (instance.life(&mut store), store.interrupt_handle().unwrap());
        handle.interrupt();
        call(&mut store, instance, "spin").unwrap_err();
        assert_eq!(life.state(), LifeState::Stopped, "{tier}");
        // A fresh start of what is to stop stops.
        let error = instance.reset(&mut store).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Exhaustion::Interrupted), "{tier}");
        assert_eq!((life.state(), life.fresh_starts()), (LifeState::Stopped, 1), "{tier}");
        handle.clear();
        instance.reset(&mut store).unwrap();
        assert_eq!(life.state(), LifeState::Initialised, "{tier}");
        // What has failed does not become better by a stop.
        call(&mut store, instance, "trap").unwrap_err();
        handle.interrupt();
        call(&mut store, instance, "spin").unwrap_err();
        assert_eq!(life.state(), LifeState::Failed, "{tier}");
        drop(store);
        handle.interrupt();
        handle.pause();
        assert_eq!(life.state(), LifeState::Destroyed, "{tier}");
    }
}

#[test]
fn an_instance_that_does_not_come_to_be_is_no_more() {
    for tier in TIERS {
        let engine = engine(*tier, |_| ());
        let (mut store, first) = start(&engine);
        let text = r#"(module (func $f unreachable) (start $f))"#;
        let module = Module::new(&engine, text).unwrap();
        for _ in 0..3 {
            Instance::new(&mut store, &module, &[]).unwrap_err();
            assert_eq!(store.instances().len(), 1);
        }
        let text = r#"(module (import "host" "see" (func $see)) (func $f (call $see) unreachable)
            (start $f))"#;
        let module = Module::new(&engine, text).unwrap();
        linker(&engine).instantiate(&mut store, &module).unwrap_err();
        // The host may have kept it.
        let kept = store.instances().nth(1).unwrap();
        assert_eq!(kept.life(&mut store).state(), LifeState::Failed);
        assert_eq!(first.life(&mut store).state(), LifeState::Initialised);
    }
}

/// Everything that an instance can have and change; each function changes what the next ones and `sum` see.
const STATE: &str = r#"(module
  (import "env" "global" (global $theirs (mut i32)))
  (import "env" "memory" (memory $shared 1 2))
  (memory $own (export "m") 2 5)
  (table $t (export "t") 3 9 funcref)
  (table $init 2 4 (ref $proc) (ref.func $one))
  (type $proc (func (result i32)))
  (type $box (struct (field (mut i32))))
  (global $g (export "g") (mut i32) (i32.const 5))
  (global $ref (mut (ref $box)) (struct.new $box (i32.const 6)))
  (data $active (memory $own) (i32.const 8) "abc")
  (data $theirs (memory $shared) (i32.const 0) "x")
  (data $passive "passive")
  (elem $elem (table $t) (i32.const 1) func $one $two)
  (elem $more func $two $one)
  (start $start)
  (func $start
    (global.set $theirs (i32.add (global.get $theirs) (i32.const 1)))
    (i32.store $own (i32.const 100) (i32.add (i32.load $own (i32.const 100)) (i32.const 1))))
  (func $one (type $proc) (i32.const 1))
  (func $two (type $proc) (i32.const 2))
  (func (export "change") (result i32)
    (global.set $g (i32.const 77))
    (struct.set $box 0 (global.get $ref) (i32.const 78))
    (drop (memory.grow $own (i32.const 2)))
    (memory.fill $own (i32.const 0) (i32.const 9) (i32.const 0x30000))
    (i32.store8 $shared (i32.const 9) (i32.const 44))
    (memory.init $own $passive (i32.const 0) (i32.const 0) (i32.const 7))
    (data.drop $passive)
    (table.init $t $more (i32.const 0) (i32.const 0) (i32.const 2))
    (elem.drop $more)
    (drop (table.grow $t (ref.null func) (i32.const 4)))
    (table.set $init (i32.const 1) (ref.func $two))
    (call $sum))
  (func $sum (export "sum") (result i32)
    (i32.add (global.get $g)
    (i32.add (struct.get $box 0 (global.get $ref))
    (i32.add (i32.load8_u $own (i32.const 8))
    (i32.add (i32.load $own (i32.const 100))
    (i32.add (i32.mul (memory.size $own) (i32.const 1000))
    (i32.add (i32.mul (table.size $t) (i32.const 10000))
             (call_indirect $init (type $proc) (i32.const 1)))))))))
  (func (export "init") (memory.init $own $passive (i32.const 0) (i32.const 0) (i32.const 7))
    (table.init $t $more (i32.const 0) (i32.const 0) (i32.const 2)))
  (func (export "at") (param i32) (result i32) (i32.load8_u $own (local.get 0)))
  (func (export "indirect") (param i32) (result i32)
    (call_indirect $t (type $proc) (local.get 0))))"#;

#[test]
fn a_fresh_start_is_as_the_first() {
    for tier in TIERS {
        for bounds in [false, true] {
            fresh_start(*tier, bounds);
        }
    }
}

fn fresh_start(tier: Tier, bounds: bool) {
    let engine = engine(tier, |config| {
        config.explicit_bounds_checks(bounds);
    });
    let module = Module::new(&engine, STATE).unwrap();
    let mut store = Store::new(&engine, World::default());
    let ty = GlobalType::new(ValType::I32, Mutability::Var);
    let global = Global::new(&mut store, ty, Val::I32(0)).unwrap();
    let memory = Memory::new(&mut store, MemoryType::new(1, Some(2))).unwrap();
    store.set_fuel(1 << 40).unwrap();
    let imports = [global.into(), memory.into()];
    let instance = Instance::new(&mut store, &module, &imports).unwrap();
    let gas = store.fuel_consumed().unwrap();
    let own = instance.get_memory(&store, "m").unwrap();
    let func =
        |store: &Store<World>, name| instance.get_typed_func::<(), i32>(store, name).unwrap();
    let (change, sum) = (func(&store, "change"), func(&store, "sum"));
    let at = instance.get_typed_func::<i32, i32>(&store, "at").unwrap();
    let indirect = instance.get_typed_func::<i32, i32>(&store, "indirect").unwrap();
    let digest = |store: &mut Store<World>| {
        // What is imported stays as it is, and is put right for the comparison.
        global.set(&mut *store, Val::I32(1)).unwrap();
        memory.write(&mut *store, 9, &[0]).unwrap();
        unstable::digest(&*store)
    };
    let first = (sum.call(&mut store, ()).unwrap(), digest(&mut store));
    let changed = change.call(&mut store, ()).unwrap();
    assert_ne!(first.0, changed);
    let mut resets = 0;
    for _ in 0..3 {
        let before = store.fuel_consumed().unwrap();
        instance.reset(&mut store).unwrap();
        resets += 1;
        assert_eq!(store.fuel_consumed().unwrap() - before, gas, "{tier}: gas of a fresh start");
        // The guest's part of what is imported is done again, and the rest stays.
        assert_eq!(global.get(&mut store).i32(), Some(2), "{tier}");
        assert_eq!(memory.data(&store)[9], 44, "{tier}");
        assert_eq!((sum.call(&mut store, ()).unwrap(), digest(&mut store)), first, "{tier}");
        assert_eq!(own.size(&store), 2);
        // What was there before the fresh start is not there now.
        let trap = at.call(&mut store, 2 << 16).unwrap_err();
        assert_eq!(trap.downcast_ref(), Some(&Trap::MemoryOutOfBounds), "{tier}");
        let trap = indirect.call(&mut store, 3).unwrap_err();
        assert_eq!(trap.downcast_ref(), Some(&Trap::UndefinedElement), "{tier}");
        let trap = indirect.call(&mut store, 0).unwrap_err();
        assert_eq!(trap.downcast_ref(), Some(&Trap::UninitializedElement), "{tier}");
        // Handles are of the fresh state, and segments that were dropped are there again.
        own.write(&mut store, 8, b"z").unwrap();
        assert_eq!(at.call(&mut store, 8).unwrap(), i32::from(b'z'), "{tier}");
        instance.get_typed_func::<(), ()>(&store, "init").unwrap().call(&mut store, ()).unwrap();
        assert_eq!(indirect.call(&mut store, 0).unwrap(), 2, "{tier}");
        assert_eq!(change.call(&mut store, ()).unwrap(), changed, "{tier}");
    }
    assert_eq!(instance.life(&mut store).fresh_starts(), resets);
    assert_eq!(store.instances().len(), 1, "a fresh start adds nothing");
}

/// A guest that takes all that it may have, and is reset, again and again, has each time what it had the first time.
#[test]
fn a_fresh_start_gives_back_what_was_taken() {
    for tier in TIERS {
        let engine = engine(*tier, |_| ());
        let text = r#"(module (memory 1) (table 1 funcref)
            (func (export "take") (result i32)
                (i32.add (memory.grow (i32.const 100))
                         (table.grow (ref.null func) (i32.const 1000)))))"#;
        let module = Module::new(&engine, text).unwrap();
        let limits = StoreLimitsBuilder::new().total_bytes(102 << 16).build();
        let mut store = Store::new(&engine, World { limits, ..World::default() });
        store.limiter(|world| &mut world.limits);
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let take = instance.get_typed_func::<(), i32>(&store, "take").unwrap();
        for _ in 0..20 {
            assert_eq!(take.call(&mut store, ()).unwrap(), 2, "{tier}");
            assert_eq!(take.call(&mut store, ()).unwrap(), -1 + 1001, "{tier}");
            instance.reset(&mut store).unwrap();
            assert_eq!(unstable::store_bytes(&store), (1 << 16) + 8, "{tier}");
        }
        assert_eq!(store.metrics().peak_memory_pages(), 101, "{tier}");
    }
}

#[test]
fn a_reset_that_is_refused_changes_nothing() {
    for tier in TIERS {
        let engine = engine(*tier, |_| ());
        let (mut store, instance) = start(&engine);
        let (mut other, _) = start(&engine);
        assert!(instance.reset(&mut other).unwrap_err().is::<WrongStore>());
        let error = call(&mut store, instance, "reset").unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&ResetError::Running), "{tier}");
        assert_eq!(instance.life(&mut store).fresh_starts(), 0, "{tier}");
        // Neither gas nor a start function that panics leaves it in between.
        store.set_fuel(0).unwrap();
        let error = instance.reset(&mut store).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Exhaustion::Gas), "{tier}");
        assert_eq!(instance.life(&mut store).state(), LifeState::Failed, "{tier}");
        store.set_fuel(100_000).unwrap();
        instance.reset(&mut store).unwrap();
        let text = r#"(module (import "env" "g" (global $g (mut i32)))
            (import "host" "panic" (func $panic))
            (func $f (if (global.get $g) (then (call $panic)))) (start $f))"#;
        let module = Module::new(&engine, text).unwrap();
        let ty = GlobalType::new(ValType::I32, Mutability::Var);
        let global = Global::new(&mut store, ty, Val::I32(0)).unwrap();
        let mut linker = linker(&engine);
        linker.define(&store, "env", "g", global).unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let life = instance.life(&mut store);
        global.set(&mut store, Val::I32(1)).unwrap();
        assert!(catch_unwind(AssertUnwindSafe(|| instance.reset(&mut store))).is_err());
        assert_eq!(life.state(), LifeState::Failed, "{tier}");
        global.set(&mut store, Val::I32(0)).unwrap();
        instance.reset(&mut store).unwrap();
        assert_eq!(life.state(), LifeState::Initialised, "{tier}");
    }
}

#[test]
fn a_shared_memory_is_imported_and_stays() {
    for tier in TIERS {
        let engine = engine(*tier, |_| ());
        let shared = SharedMemory::new(&engine, MemoryType::shared(1, 2)).unwrap();
        let mut store = Store::new(&engine, World::default());
        let memory = shared.import(&mut store).unwrap();
        let text = r#"(module (import "" "m" (memory 1 2 shared)) (data (i32.const 0) "a")
            (func (export "f") (i32.store8 (i32.const 1) (i32.const 98))))"#;
        let module = Module::new(&engine, text).unwrap();
        let instance = Instance::new(&mut store, &module, &[memory.into()]).unwrap();
        call(&mut store, instance, "f").unwrap();
        shared.write(0, b"z").unwrap();
        instance.reset(&mut store).unwrap();
        let mut bytes = [0; 2];
        shared.read(0, &mut bytes).unwrap();
        assert_eq!(&bytes, b"ab", "{tier}");
    }
}

#[test]
fn an_execution_is_paused_by_the_handle_and_given_up() {
    let engine = engine(Tier::Oracle, |_| ());
    let (mut store, instance) = start(&engine);
    let (life, handle) = (instance.life(&mut store), store.interrupt_handle().unwrap());
    let spin = instance.get_func(&store, "spin").unwrap();
    let execution = store.start(spin, &[]).unwrap();
    assert_eq!(life.state(), LifeState::Paused);
    for limits in [PauseLimits::new(), PauseLimits::instructions(1 << 40)] {
        handle.pause();
        let Progress::Paused(pause) = store.resume(execution, &limits).unwrap() else { panic!() };
        assert_eq!((pause.reason, life.state()), (PauseReason::Request, LifeState::Paused));
    }
    // The limits' own request counts as well.
    let own = etalon::PauseRequest::new();
    own.request();
    let limits = PauseLimits::new().request(own);
    assert!(matches!(store.resume(execution, &limits).unwrap(), Progress::Paused(_)));
    assert!(!handle.cancel_pause());
    let error = instance.reset(&mut store).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&ResetError::Paused));
    // Calls may come between.
    call(&mut store, instance, "ok").unwrap();
    assert_eq!(life.state(), LifeState::Paused);
    let bytes = store.snapshot().unwrap();
    assert!(store.abandon(execution) && !store.abandon(execution));
    assert_eq!(life.state(), LifeState::Stopped);
    instance.reset(&mut store).unwrap();
    assert_eq!(life.state(), LifeState::Initialised);

    let data = World::default();
    let mut restored = Store::restore(&engine, data, &bytes, &[], &linker(&engine)).unwrap();
    let instance = restored.instances().next().unwrap();
    let life = instance.life(&mut restored);
    assert_eq!(life.state(), LifeState::Paused);
    let execution = restored.paused()[0];
    restored.set_fuel(100).unwrap();
    restored.resume(execution, &PauseLimits::new()).unwrap_err();
    assert_eq!(life.state(), LifeState::Failed);
    // A snapshot makes nothing well.
    let bytes = restored.snapshot().unwrap();
    let data = World::default();
    let mut again = Store::restore(&engine, data, &bytes, &[], &linker(&engine)).unwrap();
    let instance = again.instances().next().unwrap();
    assert_eq!(instance.life(&mut again).state(), LifeState::Failed);
    again.set_fuel(100_000).unwrap();
    instance.reset(&mut again).unwrap();
    call(&mut again, instance, "ok").unwrap();
}

/// Another thread sees no state that cannot follow the one that it saw, but for those that it missed.
#[test]
fn the_states_form_a_graph() {
    for from in LifeState::ALL {
        assert!(!from.can_become(*from));
        let ends = from.next().is_empty();
        assert_eq!(ends, *from == LifeState::Destroyed, "{from}");
        assert_eq!(from.can_become(LifeState::Destroyed), !ends && *from != LifeState::Running);
    }
    let engine = engine(Tier::Interp, |_| ());
    let (mut store, instance) = start(&engine);
    let life = instance.life(&mut store);
    let watcher = std::thread::spawn(move || {
        let mut seen = vec![life.state()];
        while seen.last() != Some(&LifeState::Destroyed) {
            let state = life.state();
            if seen.last() != Some(&state) {
                seen.push(state);
            }
        }
        seen
    });
    for name in ["ok", "throw", "trap", "ok"] {
        let _ = call(&mut store, instance, name);
    }
    drop(store);
    assert_eq!(watcher.join().unwrap().last(), Some(&LifeState::Destroyed));
}

/// What the host keeps for a guest begins anew with it, unless the reset is refused.
#[test]
fn the_embedder_hears_of_a_reset() {
    let engine = engine(Tier::Interp, |_| ());
    let (mut store, instance) = start(&engine);
    store.on_reset(|world| world.seen.clear());
    call(&mut store, instance, "reset").unwrap_err();
    assert_eq!(store.data().seen.len(), 1);
    instance.reset(&mut store).unwrap();
    assert_eq!(store.data().seen, [LifeState::Created]);
}

/// A host function that the embedder calls is of no instance.
#[test]
fn a_host_function_has_no_life() {
    let engine = engine(Tier::Jit, |_| ());
    let mut store = Store::new(&engine, World::default());
    let func = Func::wrap(&mut store, |caller: Caller<'_, World>| {
        assert_eq!(caller.instance(), None);
    });
    func.call(&mut store, &[], &mut []).unwrap();
    assert_eq!(store.metrics().calls, 1);
}
