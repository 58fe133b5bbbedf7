//! Guests without end are interrupted from another thread: whatever they repeat, on every tier, metered or not.

mod support;

use etalon::unstable::mixed_interruptible as mixed;
use etalon::{
    ArtefactError, CompileError, Config, Engine, Exhaustion, Func, Instance, InterruptHandle,
    Linker, Module, ModuleError, Store, Tier, TierUp, Val, unstable,
};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use support::PLACEMENTS;

/// Each change of tier is in the midst of what is interrupted.
const EAGER: TierUp = TierUp::new().baseline_after(2).speed_after(3).background(false);

/// Each begins with a call of `now`, after which it is interrupted, and goes on for ever, or for years.
const GUESTS: &[(&str, &str)] = &[
    ("loop", "(func (export \"f\") (call $now) (loop (br 0)))"),
    (
        "counting loop",
        "(func (export \"f\") (local i64) (call $now)
       (loop (local.set 0 (i64.add (local.get 0) (i64.const 1)))
         (br_if 0 (i64.ne (local.get 0) (i64.const -1)))))",
    ),
    (
        "loop with operands",
        "(func (export \"f\") (call $now)
       (drop (loop (param) (result i32) (br 0))))",
    ),
    (
        "loops in loops",
        "(func (export \"f\") (local i32 i32) (call $now)
       (loop $a (local.set 0 (i32.const 1000))
         (loop $b (br_if $b (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
         (br $a)))",
    ),
    (
        "br_table",
        "(func (export \"f\") (local i32) (call $now)
       (loop $a (block $b (br_table $a $a $b (local.get 0)))))",
    ),
    (
        "br_on_null",
        "(func (export \"f\") (call $now)
       (loop $a (drop (br_on_null $a (ref.null func)))))",
    ),
    (
        "tail call",
        "(func $g (export \"f\") (call $now) (return_call $h))
       (func $h (return_call $i (i32.const 1))) (func $i (param i32) (return_call $h))",
    ),
    (
        "tail call of itself",
        "(func (export \"f\") (call $now) (return_call $h (i32.const 0)))
       (func $h (param i32) (return_call $h (i32.add (local.get 0) (i32.const 1))))",
    ),
    (
        "return_call_indirect",
        "(type $t (func)) (table funcref (elem $h $i))
       (func (export \"f\") (call $now) (return_call $h))
       (func $h (return_call_indirect (type $t) (i32.const 1)))
       (func $i (return_call_indirect (type $t) (i32.const 0)))",
    ),
    (
        "return_call_ref",
        "(type $t (func)) (elem declare func $h)
       (func (export \"f\") (call $now) (return_call $h))
       (func $h (return_call_ref $t (ref.func $h)))",
    ),
    (
        "recursion",
        "(func (export \"f\") (call $now) (drop (call $fib (i32.const 90))))
       (func $fib (param i32) (result i64)
         (if (result i64) (i32.lt_s (local.get 0) (i32.const 2)) (then (i64.const 1))
           (else (i64.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                          (call $fib (i32.sub (local.get 0) (i32.const 2)))))))",
    ),
    (
        "throw",
        "(tag $e) (func (export \"f\") (call $now)
       (loop $a (try_table (catch $e $a) (throw $e)) unreachable))",
    ),
    (
        "throw in a call",
        "(tag $e) (func $t (throw $e)) (func (export \"f\") (call $now)
       (loop $a (try_table (catch $e $a) (call $t)) unreachable))",
    ),
    (
        "memory.fill",
        "(memory 1024) (func (export \"f\") (call $now)
       (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 67108864)) (br 0)))",
    ),
    (
        "memory.copy",
        "(memory 1024) (func (export \"f\") (call $now)
       (loop (memory.copy (i32.const 1) (i32.const 0) (i32.const 67108863)) (br 0)))",
    ),
    (
        "table.fill",
        "(table 100000 funcref) (func (export \"f\") (call $now)
       (loop (table.fill (i32.const 0) (ref.null func) (i32.const 100000)) (br 0)))",
    ),
    (
        "struct.new",
        "(type $s (struct (field i32))) (func (export \"f\") (call $now)
       (loop (drop (struct.new $s (i32.const 1))) (br 0)))",
    ),
    ("host calls", "(func (export \"f\") (call $now) (loop (call $nothing) (br 0)))"),
    (
        "errors that the host drops",
        "(func (export \"f\") (call $now) (loop (call $drop) (br 0)))
       (func (export \"inner\") (loop (br 0)))",
    ),
    (
        "vectors",
        "(func (export \"f\") (local v128) (call $now)
       (loop (local.set 0 (i32x4.add (local.get 0) (v128.const i32x4 1 2 3 4))) (br 0)))",
    ),
];

const IMPORTS: &str = r#"(import "host" "now" (func $now)) (import "host" "nothing" (func $nothing))
  (import "host" "drop" (func $drop))"#;

/// A thread that interrupts the store whose handle it is sent.
fn interrupter() -> Sender<InterruptHandle> {
    let (sender, receiver) = channel::<InterruptHandle>();
    thread::spawn(move || receiver.iter().for_each(|handle| handle.interrupt()));
    sender
}

struct Host {
    interrupter: Sender<InterruptHandle>,
    handle: Option<InterruptHandle>,
}

fn linker(engine: &Engine) -> Linker<Host> {
    let mut linker = Linker::new(engine);
    let now = |caller: etalon::Caller<'_, Host>| {
        let host = caller.data();
        host.interrupter.send(host.handle.clone().unwrap()).unwrap();
    };
    linker.func_wrap("host", "now", now).unwrap();
    linker.func_wrap("host", "nothing", || ()).unwrap();
    let drop = |mut caller: etalon::Caller<'_, Host>| {
        let inner = caller.get_export("inner").and_then(|e| e.into_func()).unwrap();
        inner.call(&mut caller, &[], &mut []).unwrap_err();
    };
    linker.func_wrap("host", "drop", drop).unwrap();
    linker
}

fn store(engine: &Engine) -> Store<Host> {
    let mut store = Store::new(engine, Host { interrupter: interrupter(), handle: None });
    store.data_mut().handle = Some(store.interrupt_handle().unwrap());
    store
}

fn interrupted(error: &etalon::Error) -> bool {
    error.downcast_ref::<Exhaustion>() == Some(&Exhaustion::Interrupted)
}

#[test]
fn guests_without_end_are_interrupted() {
    for metered in [false, true] {
        let mut config = Config::new();
        config.tier(Tier::Jit).interruptible(true).consume_fuel(metered);
        let engine = Engine::new(&config).unwrap();
        let linker = linker(&engine);
        for (guest, fields) in GUESTS {
            let wasm = wat::parse_str(format!("(module {IMPORTS} {fields})")).unwrap();
            for (tiers, placement) in PLACEMENTS {
                let at = format!("{guest} on {tiers}, metered: {metered}");
                let module = unstable::mixed(&engine, &wasm, placement).unwrap();
                let mut store = store(&engine);
                let instance = linker.instantiate(&mut store, &module).unwrap();
                let f = instance.get_func(&mut store, "f").unwrap();
                let error = f.call(&mut store, &[], &mut []).unwrap_err();
                assert!(interrupted(&error), "{at}: {error:#}");
                // As long as the flag is up nothing runs; then everything does.
                let error = f.call(&mut store, &[], &mut []).unwrap_err();
                assert!(interrupted(&error), "{at}, again: {error:#}");
                store.interrupt_handle().unwrap().clear();
                let error = f.call(&mut store, &[], &mut []).unwrap_err();
                assert!(interrupted(&error), "{at}, after it was cleared: {error:#}");
            }
        }
    }
}

/// The same where each function and each loop that can be has moved to compiled code by then, or is about to.
#[test]
fn guests_without_end_are_interrupted_wherever_they_have_moved() {
    for metered in [false, true] {
        for background in [false, true] {
            let mut config = Config::new();
            config.tier(Tier::Auto).tier_up(EAGER.background(background));
            let engine = Engine::new(config.interruptible(true).consume_fuel(metered)).unwrap();
            let linker = linker(&engine);
            for (guest, fields) in GUESTS {
                let at = format!("{guest}, metered: {metered}, in the background: {background}");
                let module = Module::new(&engine, format!("(module {IMPORTS} {fields})")).unwrap();
                let mut store = store(&engine);
                let instance = linker.instantiate(&mut store, &module).unwrap();
                let f = instance.get_func(&mut store, "f").unwrap();
                for time in 0..6 {
                    let error = f.call(&mut store, &[], &mut []).unwrap_err();
                    assert!(interrupted(&error), "{at}, {time}: {error:#}");
                    store.interrupt_handle().unwrap().clear();
                }
            }
        }
    }
}

#[test]
fn start_functions_are_interrupted() {
    for tier in [Tier::Oracle, Tier::Interp, Tier::Jit, Tier::Aot, Tier::Auto] {
        let mut config = Config::new();
        config.tier(tier).tier_up(EAGER).interruptible(true);
        let engine = Engine::new(&config).unwrap();
        let text = format!("(module {IMPORTS} (func $f (call $now) (loop (br 0))) (start $f))");
        let module = Module::new(&engine, text).unwrap();
        let mut store = store(&engine);
        let error = linker(&engine).instantiate(&mut store, &module).unwrap_err();
        assert!(interrupted(&error), "{tier}: {error:#}");
    }
}

/// An operation over a whole memory, table or array, the function that reads a place of it, and the tiers that look in its midst.
const LONG: &[(&str, &[Tier])] = &[
    (
        "(memory 4096) (func (export \"f\") (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x1000_0000)))
         (func (export \"at\") (param i32) (result i32) (i32.load8_u (i32.shl (local.get 0) (i32.const 8))))",
        &[Tier::Oracle, Tier::Interp, Tier::Jit],
    ),
    (
        "(memory i64 8192) (func (export \"f\")
           (memory.fill (i64.const 0) (i32.const 1) (i64.const 0x1000_0000)))
         (func (export \"at\") (param i32) (result i32)
           (i32.load8_u (i64.extend_i32_u (i32.shl (local.get 0) (i32.const 8)))))",
        &[Tier::Oracle, Tier::Interp, Tier::Jit],
    ),
    (
        "(memory 8192) (func (export \"f\") (i32.store8 (i32.const 0x0fff_ffff) (i32.const 1))
           (i32.store8 (i32.const 0) (i32.const 1))
           (memory.copy (i32.const 0x1000_0000) (i32.const 0) (i32.const 0x1000_0000)))
         (func (export \"at\") (param i32) (result i32) (i32.load8_u (i32.add (i32.const 0x1000_0000)
           (select (i32.const 0x0fff_ffff) (i32.const 0) (local.get 0)))))",
        &[Tier::Oracle, Tier::Interp, Tier::Jit],
    ),
    (
        "(table $t 1048576 funcref) (elem declare func $g) (func $g)
         (func (export \"f\") (table.fill $t (i32.const 0) (ref.func $g) (i32.const 1048576)))
         (func (export \"at\") (param i32) (result i32)
           (i32.eqz (ref.is_null (table.get $t (local.get 0)))))",
        &[Tier::Interp, Tier::Jit],
    ),
    (
        "(table $t 1048576 funcref) (table $u 1048576 funcref) (elem (table $u) (i32.const 0) func $g)
         (elem (table $u) (i32.const 1048575) func $g) (func $g)
         (func (export \"f\") (table.copy $t $u (i32.const 0) (i32.const 0) (i32.const 1048576)))
         (func (export \"at\") (param i32) (result i32)
           (i32.eqz (ref.is_null (table.get $t (local.get 0)))))",
        &[Tier::Interp, Tier::Jit],
    ),
    (
        "(type $a (array (mut i8))) (global $g (mut (ref null $a)) (ref.null $a))
         (func $start (global.set $g (array.new_default $a (i32.const 1048576)))) (start $start)
         (func (export \"f\") (array.fill $a (global.get $g) (i32.const 0) (i32.const 1) (i32.const 1048576)))
         (func (export \"at\") (param i32) (result i32) (array.get_u $a (global.get $g) (local.get 0)))",
        &[Tier::Interp],
    ),
];

/// What is at both ends when a run of that is asked to stop at its n-th look; `None` if it ends before.
fn ends(engine: &Engine, fields: &str, nth: u64) -> Option<[i32; 2]> {
    let mut store = Store::new(engine, ());
    let module = Module::new(engine, format!("(module {fields})")).unwrap();
    let instance = etalon::Instance::new(&mut store, &module, &[]).unwrap();
    let f = instance.get_typed_func::<(), ()>(&mut store, "f").unwrap();
    etalon::fault::interrupt(Some(nth));
    let ended = f.call(&mut store, ());
    etalon::fault::interrupt(None);
    assert!(interrupted(&ended.err()?));
    store.interrupt_handle().unwrap().clear();
    let at = instance.get_typed_func::<i32, i32>(&mut store, "at").unwrap();
    Some([0, 1_048_575].map(|place| at.call(&mut store, place).unwrap()))
}

/// At some look each is in its midst: one end is as it was, the other is not.
#[test]
fn long_operations_are_interrupted_in_their_midst() {
    for (fields, tiers) in LONG {
        for (tier, metered) in tiers.iter().flat_map(|tier| [(tier, false), (tier, true)]) {
            let mut config = Config::new();
            config.tier(*tier).interruptible(true).consume_fuel(metered);
            let engine = Engine::new(&config).unwrap();
            let mut seen = (1..).map_while(|nth| ends(&engine, fields, nth));
            let is_in_its_midst = seen.any(|ends| ends[0] != ends[1]);
            assert!(is_in_its_midst, "{tier}, metered: {metered}, {fields}");
        }
    }
}

#[test]
fn a_compilation_is_interrupted() {
    for tier in [Tier::Oracle, Tier::Interp, Tier::Jit, Tier::Aot] {
        loading_is_interrupted(tier);
    }
}

fn loading_is_interrupted(tier: Tier) {
    let engine = Engine::new(Config::new().tier(tier).interruptible(true)).unwrap();
    let store = Store::new(&engine, ());
    let handle = store.interrupt_handle().unwrap();
    let text = r#"(module (func (export "f") (result i32) (i32.const 7)))"#;
    assert!(Module::new_interruptible(&engine, text, &handle).is_ok());
    let wasm = wat::parse_str(text).unwrap();
    let mixed =
        || PLACEMENTS.iter().map(|(_, placement)| mixed(&engine, &wasm, &handle, *placement));
    assert!(mixed().all(|made| made.is_ok()));
    handle.interrupt();
    let alone = Module::new_interruptible(&engine, text, &handle);
    for made in mixed().chain([alone]) {
        let error = made.unwrap_err();
        assert!(matches!(error, ModuleError::Compile(CompileError::Interrupted)), "{error}");
    }
    handle.clear();
    assert!(Module::new_interruptible(&engine, text, &handle).is_ok());
}

/// The code of an artefact is interrupted as that of a module: whatever it repeats, metered or not, where the functions came from a
/// file.
#[test]
fn guests_of_artefacts_are_interrupted() {
    for metered in [false, true] {
        let mut config = Config::new();
        // By this tier every module goes through an artefact.
        config.tier(Tier::Aot).interruptible(true).consume_fuel(metered);
        let engine = Engine::new(&config).unwrap();
        let linker = linker(&engine);
        for (guest, fields) in GUESTS {
            let at = format!("{guest}, metered: {metered}");
            let module = Module::new(&engine, format!("(module {IMPORTS} {fields})")).unwrap();
            let mut store = store(&engine);
            let instance = linker.instantiate(&mut store, &module).unwrap();
            let f = instance.get_func(&mut store, "f").unwrap();
            let error = f.call(&mut store, &[], &mut []).unwrap_err();
            assert!(interrupted(&error), "{at}: {error:#}");
            let bytes = module.to_artefact().unwrap();
            assert!(unstable::about_artefact(&bytes).unwrap().interruptible);
            // It is not refused where nobody interrupts; what cannot be interrupted is refused where somebody may.
            assert_eq!(unstable::artefact_fits(config.interruptible(false), &bytes), Ok(()));
            let plain = Module::new(&Engine::new(&config).unwrap(), "(module (func))").unwrap();
            let refused =
                unstable::artefact_fits(config.interruptible(true), &plain.to_artefact().unwrap());
            assert_eq!(refused, Err(ArtefactError::NotInterruptible));
        }
    }
}

#[test]
fn what_is_not_asked_for_is_not_there() {
    let engine = Engine::new(&Config::new()).unwrap();
    let error = Store::new(&engine, ()).interrupt_handle().unwrap_err();
    assert!(error.to_string().contains("Config::interruptible"), "{error}");
}

/// Interruption changes neither results nor gas of what is not interrupted.
#[test]
fn who_is_not_interrupted_sees_nothing_of_it() {
    let text = r#"(module (func $fib (export "fib") (param i32) (result i32) (local i32)
      (loop (br_if 0 (i32.lt_s (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (i32.const 50))))
      (if (result i32) (i32.lt_s (local.get 0) (i32.const 2)) (then (local.get 0))
        (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                       (call $fib (i32.sub (local.get 0) (i32.const 2))))))))"#;
    let mut seen = Vec::new();
    for tier in [Tier::Oracle, Tier::Interp, Tier::Jit, Tier::Aot, Tier::Auto] {
        for interruptible in [false, true] {
            let mut config = Config::new();
            config.tier(tier).tier_up(EAGER).interruptible(interruptible).consume_fuel(true);
            let engine = Engine::new(&config).unwrap();
            let mut store = Store::new(&engine, ());
            let module = Module::new(&engine, text).unwrap();
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let fib: Func = instance.get_func(&mut store, "fib").unwrap();
            let mut of = |limit: u64, n: i32| {
                store.set_fuel(limit).unwrap();
                let mut results = [Val::I32(0)];
                let outcome = fib.call(&mut store, &[Val::I32(n)], &mut results);
                let outcome = outcome.map_err(|e| e.to_string()).map(|()| results[0].unwrap_i32());
                (outcome, store.fuel_consumed())
            };
            // More than a slice of gas, the same exactly, and one less.
            let whole = of(1 << 40, 14);
            let gas = whole.1.unwrap();
            assert!(gas > 1 << 17);
            seen.push((whole, of(gas, 14), of(gas - 1, 14)));
        }
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:#?}");
    assert_eq!(seen[0].2.0, Err("out of gas".into()));
}

/// What is copied and filled part by part is what is copied and filled at once: parts meet, and ranges may overlap.
#[test]
fn long_operations_are_exact() {
    const SIZE: usize = 48 << 20;
    const LEN: usize = (35 << 20) + 7;
    let text = r#"(module (memory (export "a") 768) (memory (export "b") 768)
      (func (export "copy") (param i32 i32 i32)
        (memory.copy 0 0 (local.get 0) (local.get 1) (local.get 2)))
      (func (export "between") (param i32 i32 i32)
        (memory.copy 1 0 (local.get 0) (local.get 1) (local.get 2)))
      (func (export "fill") (param i32 i32 i32)
        (memory.fill 0 (local.get 0) (local.get 1) (local.get 2))))"#;
    let pattern: Vec<u8> = (0..SIZE).map(|i| (i * 7 + (i >> 8) * 13 + (i >> 16)) as u8).collect();
    for tier in [Tier::Oracle, Tier::Interp, Tier::Jit] {
        let engine = Engine::new(Config::new().tier(tier)).unwrap();
        let mut store = Store::new(&engine, ());
        let module = Module::new(&engine, text).unwrap();
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let [a, b] = ["a", "b"].map(|name| instance.get_memory(&mut store, name).unwrap());
        let mut call = |name: &str, args: [usize; 3], expected: &[u8]| {
            a.data_mut(&mut store).copy_from_slice(&pattern);
            let f = instance.get_typed_func::<(i32, i32, i32), ()>(&mut store, name).unwrap();
            let [x, y, z] = args.map(|arg| arg as i32);
            f.call(&mut store, (x, y, z)).unwrap();
            let memory = if name == "between" { b } else { a };
            assert!(memory.data(&store) == expected, "{tier}: {name} {args:?}");
        };
        for (to, from) in [(1, 0), (0, 1), (3, 9 << 20), (9 << 20, 3), (5, 5)] {
            let mut expected = pattern.clone();
            expected.copy_within(from..from + LEN, to);
            call("copy", [to, from, LEN], &expected);
        }
        let mut expected = pattern.clone();
        expected[11..11 + LEN].fill(0xa5);
        call("fill", [11, 0xa5, LEN], &expected);
        let mut expected = vec![0; SIZE];
        expected[3..3 + LEN].copy_from_slice(&pattern[1 << 20..][..LEN]);
        call("between", [3, 1 << 20, LEN], &expected);
    }
}
