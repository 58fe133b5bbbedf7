//! The tier `auto`: functions change their tier while they run, and nothing but the figures tells.

mod hostile;
mod limits;

use etalon::{
    Caller, Config, Engine, Exhaustion, Func, Instance, Linker, Module, Promotions, Schedule,
    Store, Tier, TierUp, Trap, Val, WasmBacktrace,
};

/// Recursion, calls through a table, loops of which one has an operand below it, a trap in the midst of a loop, an exception from it.
const GUEST: &str = r#"(module
  (import "host" "add" (func $host (param i32 i32) (result i32)))
  (type $unary (func (param i32) (result i32)))
  (memory 1)
  (table 2 funcref)
  (elem (i32.const 0) $fib $square)
  (tag $e (param i32))
  (func $fib (export "fib") (param i32) (result i32)
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
      (then (local.get 0))
      (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                     (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
  (func $square (type $unary) (i32.mul (local.get 0) (local.get 0)))
  (func (export "indirect") (param i32) (result i32) (local i32)
    (loop (result i32)
      (local.set 1 (i32.add (local.get 1)
        (call_indirect (type $unary) (i32.and (local.get 0) (i32.const 7)) (i32.const 1))))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))
      (local.get 1)))
  (func (export "sum") (param i32) (result i64) (local i64 f64 v128 i32)
    (local.set 3 (v128.const i64x2 3 4))
    (local.set 2 (f64.const 0.5))
    (block $out
      (loop $outer
        (local.set 4 (i32.const 10))
        (loop $inner
          (local.set 1 (i64.add (local.get 1) (i64x2.extract_lane 1 (local.get 3))))
          (local.set 2 (f64.add (local.get 2) (f64.const 1)))
          (br_if $inner (local.tee 4 (i32.sub (local.get 4) (i32.const 1)))))
        (br_if $out (i32.eqz (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (br $outer)))
    (i64.add (local.get 1) (i64.trunc_f64_s (local.get 2))))
  (func (export "below") (param i32) (result i32)
    (i32.const 5)
    (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (i32.add (call $host (i32.const 1) (i32.const 2))))
  (func (export "trap") (param i32) (result i32)
    (loop
      (drop (i32.load (i32.mul (local.get 0) (i32.const 16))))
      (local.set 0 (i32.add (local.get 0) (i32.const 1)))
      (br 0))
    (unreachable))
  (func $thrower (param i32) (result i32)
    (loop
      (if (i32.eqz (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))
        (then (throw $e (i32.const 42))))
      (br 0))
    (unreachable))
  (func (export "caught") (param i32) (result i32)
    (block $h (result i32)
      (try_table (result i32) (catch $e $h) (call $thrower (local.get 0)))
      (return)))
  (func (export "tail") (param i32) (result i32) (local i32)
    (local.set 1 (local.get 0))
    (loop (br_if 0 (local.tee 1 (i32.sub (local.get 1) (i32.const 1)))))
    (return_call $square (local.get 0)))
  (func $turns (param i32) (result i32) (local i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
    (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 0))
  (func (export "after") (param i32) (result i32)
    (call $deep (call $turns (local.get 0))))
  (func $deep (export "deep") (param i32) (result i32)
    (i32.add (i32.const 1) (call $deep (local.get 0)))))"#;

/// Every export, with arguments for which a loop turns often or a call goes deep.
const CALLS: &[(&str, i32)] = &[
    ("fib", 12),
    ("indirect", 40),
    ("sum", 30),
    ("below", 50),
    ("trap", 4000),
    ("caught", 60),
    ("tail", 70),
    ("after", 90),
    ("deep", 1),
];

fn engine(tier: Tier, when: TierUp) -> Engine {
    let mut config = Config::new();
    config.tier(tier).tier_up(when).schedule(Schedule::builtin(Schedule::DEFAULT).unwrap());
    Engine::new(config.consume_fuel(true)).unwrap()
}

fn at(baseline: u32, speed: u32) -> TierUp {
    TierUp::new().baseline_after(baseline).speed_after(speed).background(false)
}

fn instance(store: &mut Store<()>, module: &Module) -> Instance {
    let mut linker = Linker::new(module.engine());
    linker.func_wrap("host", "add", |a: i32, b: i32| a + b).unwrap();
    linker.instantiate(store, module).unwrap()
}

/// What all calls showed, three times over: results, errors with their backtraces, gas. And what became of the functions.
fn told(engine: &Engine, module: &Module) -> (Vec<String>, Promotions) {
    let mut store = Store::new(engine, ());
    let instance = instance(&mut store, module);
    let mut told = Vec::new();
    for (name, argument) in [CALLS; 3].concat() {
        store.set_fuel(1_000_000).unwrap();
        let func = instance.get_func(&store, name).unwrap();
        let mut results = vec![Val::I32(0); func.ty(&store).results().len()];
        let ended = func.call(&mut store, &[Val::I32(argument)], &mut results);
        let error = ended.err().map(|error| {
            let frames = error.downcast_ref::<WasmBacktrace>().map(WasmBacktrace::to_string);
            format!(
                "{} {frames:?}",
                error.chain().map(|e| e.to_string()).collect::<Vec<_>>().join(": ")
            )
        });
        told.push(format!("{name}: {results:?} {error:?} {:?}", store.fuel_consumed()));
    }
    let promotions = store.metrics().promotions;
    (told, promotions)
}

fn told_by(tier: Tier, when: TierUp) -> (Vec<String>, Promotions) {
    let engine = engine(tier, when);
    let module = Module::new(&engine, GUEST).unwrap();
    told(&engine, &module)
}

#[test]
fn whenever_functions_change_their_tier_nothing_else_tells() {
    let (expected, none) = told_by(Tier::Interp, TierUp::new());
    assert_eq!(none, Promotions::default());
    assert_eq!(told_by(Tier::Jit, TierUp::new()).0, expected);
    for baseline in [1, 2, 3, 7, 20, 55] {
        for speed in [1, 2, 5, 30] {
            let (told, promotions) = told_by(Tier::Auto, at(baseline, speed));
            assert_eq!(told, expected, "{baseline} and {speed}");
            let all = [promotions.baseline, promotions.speed, promotions.loops];
            assert!(all.iter().all(|count| *count > 0), "{promotions:?}");
            assert_eq!(promotions.refused, 0, "{promotions:?}");
        }
    }
}

/// The counts alone decide, in each run and in each instance, whatever the other instances of the module have done.
#[test]
fn without_a_background_each_run_makes_the_same_changes() {
    let engine = engine(Tier::Auto, at(3, 4));
    let module = Module::new(&engine, GUEST).unwrap();
    let first = told(&engine, &module);
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| told(&engine, &module))).collect();
        runs.into_iter().for_each(|run| assert_eq!(run.join().unwrap(), first));
    });
}

#[test]
fn in_the_background_it_is_the_same_whenever_code_comes() {
    let expected = told_by(Tier::Interp, TierUp::new()).0;
    let engine = engine(Tier::Auto, at(1, 1).background(true));
    for _ in 0..5 {
        let module = Module::new(&engine, GUEST).unwrap();
        assert_eq!(told(&engine, &module).0, expected);
    }
}

/// A call waits for nothing, so the thread may be at any of its functions then, or at none.
#[test]
fn an_engine_may_go_while_its_thread_compiles() {
    for _ in 0..20 {
        let engine = engine(Tier::Auto, at(1, 1).background(true));
        let module = Module::new(&engine, GUEST).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = instance(&mut store, &module);
        let sum = instance.get_typed_func::<i32, i64>(&store, "sum").unwrap();
        sum.call(&mut store, 3).unwrap();
    }
}

/// More functions than wait at once are asked for again, and until then nothing is different.
#[test]
fn more_functions_than_can_wait_are_only_late() {
    let one = |n: u32| format!("(func (export \"f{n}\") (result i32) (i32.const {n}))");
    let text = format!("(module {})", (0..2000).map(one).collect::<String>());
    let engine = engine(Tier::Auto, at(1, 1).background(true));
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    for _ in 0..3 {
        for n in 0..2000 {
            let name = format!("f{n}");
            let f = instance.get_typed_func::<(), i32>(&store, &name).unwrap();
            assert_eq!(f.call(&mut store, ()).unwrap(), n);
        }
    }
    assert_eq!(store.metrics().promotions.refused, 0);
}

/// What the compiler refuses stays where it is, and the figures say so.
#[test]
fn what_is_refused_is_interpreted() {
    let mut config = Config::new();
    let budget = etalon::CompileBudget { function: 60, module: 1 << 20 };
    config.tier(Tier::Auto).tier_up(at(1, 1)).compile_budget(budget);
    let engine = Engine::new(&config).unwrap();
    let adds = "(i32.add (local.get 0)) ".repeat(100);
    let text = format!(
        r#"(module (func $small (param i32) (result i32) (local.get 0))
             (func (export "large") (param i32) (result i32) (call $small (local.get 0)) {adds}))"#
    );
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let large = instance.get_typed_func::<i32, i32>(&store, "large").unwrap();
    for _ in 0..5 {
        assert_eq!(large.call(&mut store, 1).unwrap(), 101);
    }
    let Promotions { baseline, speed, refused, .. } = store.metrics().promotions;
    // The small one is called from the interpreter, which goes on to call it wherever it is.
    assert_eq!((baseline, speed, refused), (1, 1, 1));
}

/// An instantiation fails whose start function made functions of an older instance hot, after those of its own: what it leaves must not
/// be needed by what stays.
#[test]
fn an_instantiation_that_fails_takes_nothing_from_others() {
    let engine = engine(Tier::Auto, at(2, 2));
    let lower = r#"(module (func $one (param i64 f32) (result i64) (local.get 0))
      (func (export "f") (param i64) (result i64)
        (call $one (call $one (local.get 0) (f32.const 0)) (f32.const 0))))"#;
    let upper = r#"(module (import "lower" "f" (func $f (param i64) (result i64)))
      (func $own (param i64 f32) (result i64) (call $f (local.get 0)))
      (func $start (local i32)
        (local.set 0 (i32.const 20))
        (loop
          (drop (call $own (i64.const 3) (f32.const 0)))
          (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (unreachable))
      (start $start))"#;
    let [lower, upper] = [lower, upper].map(|text| Module::new(&engine, text).unwrap());
    let mut store = Store::new(&engine, ());
    let below = Instance::new(&mut store, &lower, &[]).unwrap();
    let f = below.get_export(&store, "f").unwrap();
    for _ in 0..3 {
        let error = Instance::new(&mut store, &upper, &[f]).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Trap::Unreachable));
        let f = f.into_func().unwrap().typed::<i64, i64>(&store).unwrap();
        for n in 0..10 {
            assert_eq!(f.call(&mut store, n).unwrap(), n);
        }
    }
}

/// A host function that calls back goes through every tier in turn, and the depth is one.
#[test]
fn depth_runs_out_at_the_same_place_through_the_host() {
    let depth = |tier, when| {
        let engine = engine(tier, when);
        let text = r#"(module (import "host" "again" (func $again (param i32) (result i32)))
          (func (export "f") (param i32) (result i32) (local i64 i64)
            (i32.add (i32.const 1) (call $again (local.get 0)))))"#;
        let module = Module::new(&engine, text).unwrap();
        let mut store = Store::new(&engine, (0u64, None::<Func>));
        let mut linker = Linker::new(&engine);
        let again = |mut caller: Caller<'_, (u64, Option<Func>)>, n: i32| {
            caller.data_mut().0 += 1;
            let f = caller.data().1.expect("it is set below");
            f.typed::<i32, i32>(&caller)?.call(&mut caller, n)
        };
        linker.func_wrap("host", "again", again).unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let f = instance.get_func(&store, "f").unwrap();
        store.data_mut().1 = Some(f);
        let error = f.typed::<i32, i32>(&store).unwrap().call(&mut store, 0).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Exhaustion::Stack));
        (store.data().0, store.fuel_consumed())
    };
    let expected = depth(Tier::Interp, TierUp::new());
    assert_eq!(depth(Tier::Jit, TierUp::new()), expected);
    for when in [at(1, 1), at(2, 3), at(10, 10)] {
        assert_eq!(depth(Tier::Auto, when), expected);
    }
}

/// Bodies with a loop that turns for long, and how many loops go on in compiled code.
const LOOPS: &[(&str, u64)] = &[
    ("(loop $l TURN)", 1),
    ("(i32.const 1) (loop $l TURN) (drop)", 1),
    ("(v128.const i64x2 1 2) (block (if (i32.const 1) (then (loop $l TURN)))) (drop)", 1),
    ("(i64.const 1) (i32.const 2) (loop $l (param i32) (result i32) TURN) (drop) (drop)", 1),
    ("(loop (loop $l TURN))", 1),
    // What is below comes round with another value.
    ("(loop (i32.const 1) (loop $l TURN) (drop))", 0),
    ("(i32.const 1) (loop (param i32) (result i32) (loop $l TURN)) (drop)", 0),
    ("(block $h (try_table (catch_all $h) (loop $l TURN)))", 0),
];

#[test]
fn a_loop_goes_on_in_compiled_code_unless_there_is_more_around_it_than_that_code_is_given() {
    let turn = "(br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 99)))";
    let engine = engine(Tier::Auto, at(1, 3));
    for (body, loops) in LOOPS {
        let body = body.replace("TURN", turn);
        let text = format!(
            "(module (func (export \"f\") (result i32) (local $n i32) {body} (local.get $n)))"
        );
        let module = Module::new(&engine, text).unwrap();
        let mut store = Store::new(&engine, ());
        store.set_fuel(100_000).unwrap();
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let f = instance.get_typed_func::<(), i32>(&store, "f").unwrap();
        assert_eq!(f.call(&mut store, ()).unwrap(), 99, "{body}");
        let promotions = store.metrics().promotions;
        assert_eq!((promotions.loops, promotions.refused), (*loops, 0), "{body}");
    }
}
