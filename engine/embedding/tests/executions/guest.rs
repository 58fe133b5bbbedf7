//! A guest that uses a bit of everything, and how its runs end.

use etalon::unstable::{self, StateDigest};
use etalon::{
    Config, Engine, Error, Execution, Func, Instance, Linker, Module, PauseLimits, Progress,
    Schedule, SnapshotError, Store, Tier, Val,
};

const WAT: &str = r#"(module
  (import "host" "twice" (func $twice (param i32) (result i32)))
  (memory (export "memory") 1 4)
  (data $bytes "pausable by nature")
  (global $sum (mut i64) (i64.const 0))
  (table $t (export "t") 4 funcref)
  (elem (i32.const 0) $fib $twice)
  (type $pair (struct (field (mut i32)) (field (ref null $pair))))
  (type $words (array (mut i64)))
  (type $unary (func (param i32) (result i32)))
  (tag $odd (param i32))

  (func $fib (export "fib") (param i32) (result i32)
    (if (result i32) (i32.lt_s (local.get 0) (i32.const 2))
      (then (local.get 0))
      (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                     (call $fib (i32.sub (local.get 0) (i32.const 2)))))))

  (func (export "indirect") (param i32) (result i32)
    (i32.add
      (call_indirect (type $unary) (local.get 0) (i32.const 0))
      (call_indirect (type $unary) (local.get 0) (i32.const 1))))

  (func (export "away") (param i32) (result i32)
    (return_call $twice (i32.add (local.get 0) (i32.const 1))))
  (func $down (param i32 i64) (result i64)
    (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
    (return_call $down (i32.sub (local.get 0) (i32.const 1))
                       (i64.add (local.get 1) (i64.extend_i32_u (local.get 0)))))
  (func (export "tail") (param i32) (result i64) (call $down (local.get 0) (i64.const 0)))

  (func (export "list") (param i32) (result i32) (local $l (ref null $pair)) (local $n i32)
    (loop $more
      (local.set $l (struct.new $pair (local.get 0) (local.get $l)))
      (br_if $more (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (loop $next
      (local.set $n (i32.add (local.get $n) (struct.get $pair 0 (local.get $l))))
      (local.set $l (struct.get $pair 1 (local.get $l)))
      (br_if $next (i32.eqz (ref.is_null (local.get $l)))))
    (local.get $n))

  (func (export "array") (param i32) (result i64) (local $a (ref $words))
    (local.set $a (array.new $words (i64.const 7) (local.get 0)))
    (array.set $words (local.get $a) (i32.const 1) (i64.const 9))
    (global.set $sum (i64.add (global.get $sum) (array.get $words (local.get $a) (i32.const 1))))
    (array.get $words (local.get $a) (i32.sub (local.get 0) (i32.const 1))))

  (func $check (param i32)
    (if (i32.and (local.get 0) (i32.const 1)) (then (throw $odd (local.get 0)))))
  (func (export "caught") (param i32) (result i32) (local i32)
    (loop $more
      (block $handler (result i32)
        (try_table (catch $odd $handler) (call $check (local.get 0)))
        (i32.const 0))
      (local.set 1 (i32.add (local.get 1)))
      (br_if $more (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1))
  (func (export "uncaught") (param i32) (call $check (local.get 0)))

  (func (export "bytes") (param i32) (result i32)
    (memory.init $bytes (local.get 0) (i32.const 0) (i32.const 18))
    (memory.copy (i32.const 100) (local.get 0) (i32.const 18))
    (memory.fill (local.get 0) (i32.const 0) (i32.const 4))
    (drop (memory.grow (i32.const 1)))
    (i32.store offset=65536 (local.get 0) (i32.const 42))
    (i32.add (memory.size) (i32.load8_u (i32.const 100))))

  (func (export "vector") (param i32) (result v128)
    (i32x4.mul (i32x4.splat (local.get 0)) (v128.const i32x4 1 2 3 4)))

  (func (export "trap") (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
  (func $endless (export "endless") (param i32) (call $endless (local.get 0)))
  (func (export "spin") (param i32) (loop $l (br $l))))"#;

/// Calls with their arguments, in the order in which a test makes them.
pub(crate) const CALLS: &[(&str, i32)] = &[
    ("fib", 7),
    ("indirect", 5),
    ("tail", 12),
    ("away", 12),
    ("list", 9),
    ("array", 5),
    ("array", 1),
    ("caught", 6),
    ("uncaught", 2),
    ("uncaught", 3),
    ("bytes", 20),
    ("bytes", 70_000),
    ("vector", 3),
    ("trap", 0),
    ("fib", 5),
];

pub(crate) struct Guest {
    pub(crate) engine: Engine,
    pub(crate) store: Store<()>,
    pub(crate) instance: Instance,
}

/// How a call ended, so that it can be compared: its values, or what stopped it and where.
pub(crate) type Ending = Result<Vec<String>, String>;

pub(crate) fn ending(result: Result<Vec<Val>, Error>) -> Ending {
    match result {
        Ok(values) => Ok(values.iter().map(|value| format!("{value:?}")).collect()),
        Err(error) => Err(format!("{error:#}")),
    }
}

pub(crate) fn config(schedule: &str) -> Config {
    let mut config = Config::new();
    let schedule = Schedule::builtin(schedule).expect("a schedule of ours");
    config.tier(Tier::Oracle).schedule(schedule).consume_fuel(true);
    config
}

/// `host.twice`, which doubles.
pub(crate) fn linker(engine: &Engine) -> Linker<()> {
    let mut linker = Linker::new(engine);
    linker.func_wrap("host", "twice", |n: i32| n.wrapping_mul(2)).unwrap();
    linker
}

impl Guest {
    pub(crate) fn new(config: &Config, gas: Option<u64>) -> Guest {
        let engine = Engine::new(config).unwrap();
        let module = Module::new(&engine, WAT).unwrap();
        let mut store = Store::new(&engine, ());
        if let Some(gas) = gas {
            store.set_fuel(gas).unwrap();
        }
        let instance = linker(&engine).instantiate(&mut store, &module).unwrap();
        Guest { engine, store, instance }
    }

    pub(crate) fn func(&self, name: &str) -> Func {
        self.instance.get_func(&self.store, name).unwrap()
    }

    pub(crate) fn consumed(&self) -> u64 {
        self.store.fuel_consumed().unwrap()
    }

    /// Makes a call in one piece.
    pub(crate) fn straight(&mut self, name: &str, arg: i32) -> Ending {
        let func = self.func(name);
        let mut results = vec![Val::I32(0); func.ty(&self.store).results().len()];
        let called = func.call(&mut self.store, &[Val::I32(arg)], &mut results);
        ending(called.map(|()| results))
    }

    pub(crate) fn start(&mut self, name: &str, arg: i32) -> Result<Execution, Error> {
        let func = self.func(name);
        self.store.start(func, &[Val::I32(arg)])
    }

    /// Makes a call in pieces; `between` has the guest at every pause, and gives the execution as it is known then.
    pub(crate) fn in_pieces(
        &mut self,
        (name, arg): (&str, i32),
        limits: &PauseLimits,
        mut between: impl FnMut(&mut Guest, Execution) -> Execution,
    ) -> Ending {
        let mut execution = match self.start(name, arg) {
            Ok(execution) => execution,
            Err(error) => return ending(Err(error)),
        };
        loop {
            match self.store.resume(execution, limits) {
                Ok(Progress::Done(values)) => return ending(Ok(values)),
                Ok(Progress::Paused(_)) => execution = between(self, execution),
                Ok(Progress::Waiting(wait)) => panic!("{wait:?}"),
                Err(error) => return ending(Err(error)),
            }
        }
    }

    /// Becomes what its snapshot says, as another process would have it: with an engine of its own, and
    /// the module decoded anew. Gives the snapshot.
    pub(crate) fn move_elsewhere(&mut self) -> Vec<u8> {
        let bytes = self.store.snapshot().unwrap();
        self.engine = Engine::new(self.engine.config()).unwrap();
        self.store = restore(&self.engine, &bytes).unwrap();
        self.instance = self.store.instances().next().unwrap();
        bytes
    }

    /// What is left when all is over.
    pub(crate) fn state(&self) -> (StateDigest, u64, bool) {
        (unstable::digest(&self.store), self.consumed(), unstable::is_exhausted(&self.store))
    }
}

/// A store of a snapshot, with the one host function that the guest has.
pub(crate) fn restore(engine: &Engine, bytes: &[u8]) -> Result<Store<()>, SnapshotError> {
    Store::restore(engine, (), bytes, &[], &linker(engine))
}

/// How the calls of a guest end in one piece each, with the gas after each, and the state at the end.
pub(crate) fn straight_run(gas: Option<u64>) -> (Vec<(Ending, u64)>, (StateDigest, u64, bool)) {
    let mut guest = Guest::new(&config(Schedule::DEFAULT), gas);
    let outcomes = CALLS
        .iter()
        .map(|(name, arg)| {
            let outcome = guest.straight(name, *arg);
            (outcome, guest.consumed())
        })
        .collect();
    (outcomes, guest.state())
}
