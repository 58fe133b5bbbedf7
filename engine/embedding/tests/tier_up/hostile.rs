//! What a guest and its host do in the midst of a change of tier to see whether it shows.

use crate::{at, engine};
use etalon::{
    Caller, Config, Engine, Func, Instance, Linker, Module, Schedule, Store, Tier, TierUp, Trap,
    Val,
};

/// Without a change, and with changes at several places.
fn judges() -> Vec<(Tier, TierUp)> {
    let usual = TierUp::new();
    let mut all = vec![(Tier::Oracle, usual), (Tier::Interp, usual), (Tier::Jit, usual)];
    all.extend([(1, 1), (1, 3), (2, 2), (5, 4)].map(|(b, s)| (Tier::Auto, at(b, s))));
    all
}

/// What each judge tells is the same.
fn all_tell_the_same(told: impl Fn(&Engine, &str) -> Vec<String>) {
    let mut expected = None;
    for (tier, when) in judges() {
        let name = format!("{tier}, {when:?}");
        let told = told(&engine(tier, when), &name);
        assert_eq!(expected.get_or_insert_with(|| told.clone()), &told, "{name}");
    }
}

struct Host {
    guest: Option<Instance>,
    calls: u32,
    told: Vec<String>,
}

/// The host has a turn in each turn of a loop: it grows the memory, writes to it, drops a segment by calling the guest, changes a global
/// and a table, calls the very function that waits for it, and ends in a trap or an exception of what it called.
const BUSY: &str = r#"(module
  (import "host" "turn" (func $turn (param i32) (result i32)))
  (type $unary (func (param i32) (result i32)))
  (memory (export "memory") 1 20)
  (global $g (export "g") (mut i32) (i32.const 1))
  (table (export "table") 2 funcref)
  (elem (i32.const 0) $one $two)
  (elem declare func $two)
  (data $d "abcd")
  (tag $e (param i32))
  (func $one (type $unary) (i32.const 1))
  (func $two (type $unary) (i32.const 2))
  (func (export "swap") (table.set (i32.const 0) (ref.func $two)))
  (func (export "drop") (data.drop $d))
  (func (export "throws") (param i32) (result i32)
    (loop (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 20))))
    (throw $e (i32.const 77)))
  (func (export "traps") (param i32) (result i32)
    (loop (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 20))))
    (i32.load (i32.const -1)))
  (func $run (export "run") (param i32) (result i32) (local i32 i64)
    (local.set 2 (i64.const 3))
    (loop $l
      (local.set 1 (i32.add (i32.mul (local.get 1) (i32.const 31)) (call $turn (local.get 0))))
      (local.set 1 (i32.add (local.get 1) (i32.load8_u (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1)))))
      (local.set 1 (i32.add (local.get 1) (call_indirect (type $unary) (i32.const 7) (i32.const 0))))
      (local.set 1 (i32.add (local.get 1) (global.get $g)))
      (local.set 2 (i64.rotl (local.get 2) (i64.const 9)))
      (memory.init $d (i32.const 100) (i32.const 0) (i32.const 0))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (i32.add (local.get 1) (i32.wrap_i64 (local.get 2))))
  (func (export "caught") (param i32) (result i32)
    (block $h (result i32)
      (try_table (result i32) (catch $e $h) (call $run (local.get 0)))))
  (func (export "init") (memory.init $d (i32.const 0) (i32.const 0) (i32.const 4))))"#;

/// One turn of the host.
fn turn(mut caller: Caller<'_, Host>, n: i32) -> etalon::Result<i32> {
    let host = caller.data_mut();
    host.calls += 1;
    let (calls, guest) = (host.calls, host.guest.expect("it is set before"));
    let left = caller.gas_left();
    caller.data_mut().told.push(format!("{calls} {n} {left:?}"));
    let memory = guest.get_memory(&caller, "memory").expect("it is exported");
    let call = |caller: &mut Caller<'_, Host>, name: &str, args: &[Val], results: &mut [Val]| {
        let func = guest.get_func(&*caller, name).expect("it is exported");
        func.call(&mut *caller, args, results)
    };
    match calls {
        3 | 9 => {
            memory.grow(&mut caller, 1)?;
            let last = memory.data_size(&caller) - 1;
            memory.write(&mut caller, last, &[calls as u8])?;
        }
        4 => guest.get_global(&caller, "g").expect("it is there").set(&mut caller, Val::I32(50))?,
        5 => call(&mut caller, "swap", &[], &mut [])?,
        6 | 12 => {
            let mut result = [Val::I32(0)];
            call(&mut caller, "run", &[Val::I32(5)], &mut result)?;
            caller.data_mut().told.push(format!("{result:?}"));
        }
        8 => call(&mut caller, "drop", &[], &mut [])?,
        // What comes back is caught here, and the loop goes on,
        10 => {
            let error = call(&mut caller, "traps", &[Val::I32(0)], &mut [Val::I32(0)]).unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&Trap::MemoryOutOfBounds));
        }
        // or leaves it for a handler further out.
        30 => call(&mut caller, "throws", &[Val::I32(0)], &mut [Val::I32(0)])?,
        _ => {}
    }
    Ok(n * 3)
}

fn busy(engine: &Engine) -> (Store<Host>, Instance) {
    let mut store = Store::new(engine, Host { guest: None, calls: 0, told: Vec::new() });
    store.set_fuel(1_000_000).unwrap();
    let mut linker = Linker::new(engine);
    linker.func_wrap("host", "turn", turn).unwrap();
    let module = Module::new(engine, BUSY).unwrap();
    let guest = linker.instantiate(&mut store, &module).unwrap();
    store.data_mut().guest = Some(guest);
    (store, guest)
}

/// How a call ended, and what it took.
fn tell(store: &mut Store<Host>, func: Func, args: &[Val]) -> String {
    let mut results = vec![Val::I32(0); func.ty(&*store).results().len()];
    let error = func.call(&mut *store, args, &mut results).err();
    let error = error.map(|error| error.to_string());
    format!("{results:?} {error:?} {:?}", store.fuel_consumed())
}

#[test]
fn the_host_does_what_it_likes_while_a_loop_goes_on() {
    all_tell_the_same(|engine, _| {
        let (mut store, guest) = busy(engine);
        let mut told = Vec::new();
        for (name, n) in [("run", 12), ("init", 0), ("caught", 25), ("run", 3), ("traps", 0)] {
            let func = guest.get_func(&store, name).unwrap();
            let args = vec![Val::I32(n); func.ty(&store).params().len()];
            told.push(tell(&mut store, func, &args));
            told.append(&mut store.data_mut().told);
        }
        assert!(store.data().calls > 30, "{told:?}");
        told
    });
}

/// An instance that is as new again is so whatever tier its functions have come to.
#[test]
fn a_fresh_start_is_one_for_functions_that_have_moved() {
    all_tell_the_same(|engine, name| {
        let (mut store, guest) = busy(engine);
        let mut rounds = Vec::new();
        for _ in 0..4 {
            store.set_fuel(1_000_000).unwrap();
            *store.data_mut() = Host { guest: Some(guest), calls: 0, told: Vec::new() };
            let mut told = Vec::new();
            for n in [14, 2] {
                let run = guest.get_func(&store, "run").unwrap();
                told.push(tell(&mut store, run, &[Val::I32(n)]));
                told.append(&mut store.data_mut().told);
            }
            let init = guest.get_func(&store, "init").unwrap();
            told.push(tell(&mut store, init, &[]));
            rounds.push(told);
            guest.reset(&mut store).unwrap();
        }
        assert!(rounds.iter().all(|round| *round == rounds[0]), "{name}");
        rounds.swap_remove(0)
    });
}

/// A frame that has gone on elsewhere keeps nothing alive: what it let go of makes room for what it takes. References that it has are
/// found, whatever moves around them.
#[test]
fn a_loop_keeps_what_it_refers_to_and_nothing_else() {
    const GUEST: &str = r#"(module
      (type $big (array (mut i64)))
      (type $list (struct (field i32) (field (ref null $list))))
      (func $make (param i32) (result (ref $big)) (array.new $big (i64.const 7) (local.get 0)))
      ;; Two of these have no room beside each other.
      (func (export "lets go") (result i64) (local $a (ref null $big)) (local $n i32)
        (local.set $a (call $make (i32.const 80000)))
        (loop $l
          (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 30)))
          (local.set $a (ref.null $big))
          (local.set $a (call $make (i32.const 80000)))
          (br_if $l (i32.lt_u (local.get $n) (i32.const 40))))
        (array.get $big (local.get $a) (i32.const 79999)))
      ;; One object is below the loop, one it begins with and hands on.
      (func (export "below") (param i32) (result i32) (local $n i32)
        (struct.new $list (i32.const 40) (ref.null $list))
        (struct.new $list (i32.const 2) (ref.null $list))
        (loop $l (param (ref $list)) (result (ref $list))
          (drop (call $make (i32.const 3000)))
          (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 60))))
        (local.set $n (struct.get $list 0))
        (i32.add (struct.get $list 0) (local.get $n)))
      (func $sum (param $l (ref null $list)) (result i32) (local $s i32)
        (block $end
          (loop $l
            (br_if $end (ref.is_null (local.get $l)))
            (local.set $s (i32.add (local.get $s) (struct.get $list 0 (local.get $l))))
            (local.set $l (struct.get $list 1 (local.get $l)))
            (br $l)))
        (local.get $s))
      (func (export "keeps") (result i32) (local $l (ref null $list)) (local $n i32) (local $s i32)
        (loop $l
          (local.set $l (struct.new $list (local.get $n) (local.get $l)))
          (drop (call $make (i32.const 3000)))
          (local.set $s (i32.add (local.get $s) (call $sum (local.get $l))))
          (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 60))))
        (i32.add (local.get $s) (call $sum (local.get $l)))))"#;
    let text = include_str!("../../../gas/schedules/default.toml");
    let small = text.replace("gc_heap_bytes = 1_073_741_824", "gc_heap_bytes = 1_048_576");
    assert_ne!(text, small);
    for (tier, when) in judges() {
        for stress in [false, true] {
            let mut config = Config::new();
            let schedule = Schedule::parse(&small, "test").unwrap();
            config.tier(tier).tier_up(when).gc_stress(stress).schedule(schedule.into());
            let engine = Engine::new(&config).unwrap();
            let mut store = Store::new(&engine, ());
            let module = Module::new(&engine, GUEST).unwrap();
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            for _ in 0..3 {
                let at = format!("{tier}, {when:?}, collections before allocations: {stress}");
                let goes = instance.get_typed_func::<(), i64>(&store, "lets go").unwrap();
                let goes = goes.call(&mut store, ()).unwrap_or_else(|e| panic!("{at}: {e:#}"));
                let keeps = instance.get_typed_func::<(), i32>(&store, "keeps").unwrap();
                let keeps = keeps.call(&mut store, ()).unwrap_or_else(|e| panic!("{at}: {e:#}"));
                let below = instance.get_typed_func::<i32, i32>(&store, "below").unwrap();
                let below = below.call(&mut store, 0).unwrap_or_else(|e| panic!("{at}: {e:#}"));
                assert_eq!((goes, keeps, below), (7, 35_990 + 1_770, 42), "{at}");
            }
        }
    }
}
