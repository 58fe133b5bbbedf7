//! Backtraces: on every tier, and across tiers, a stop tells through which functions it came.

use etalon::unstable;
use etalon::{
    Caller, Config, Engine, Error, Exhaustion, Func, Instance, Linker, Module, Site, Store, Tier,
    Trap, WasmBacktrace,
};
use std::collections::BTreeSet;

const TIERS: [Tier; 4] = [Tier::Oracle, Tier::Interp, Tier::Jit, Tier::Auto];

/// Traps of several kinds: of an instruction, of a fault, of a routine, and each below calls of several kinds.
const TRAPS: &str = r#"(module
  (type $unary (func (param i32) (result i32)))
  (memory 1)
  (table funcref (elem $divide $load $fill))
  (func $divide (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
  (func $load (param i32) (result i32) (i32.load offset=0xffff0000 (local.get 0)))
  (func $fill (param i32) (result i32)
    (memory.fill (i32.const 65536) (i32.const 1) (i32.const 1)) (i32.const 0))
  (func $middle (param i32) (result i32)
    (block (result i32)
      (try_table (result i32)
        (call_indirect (type $unary) (i32.const 0) (local.get 0)))))
  (func (export "outer") (param i32) (result i32)
    (i32.add (i32.const 1) (call $middle (local.get 0)))))"#;

fn engine(tier: Tier) -> Engine {
    Engine::new(Config::new().tier(tier)).unwrap()
}

fn fail(store: &mut Store<()>, instance: Instance, name: &str, argument: i32) -> Error {
    let func = instance.get_typed_func::<i32, i32>(&mut *store, name).unwrap();
    func.call(store, argument).unwrap_err()
}

fn backtrace(error: &Error) -> &WasmBacktrace {
    error.downcast_ref().unwrap_or_else(|| panic!("no backtrace: {error:?}"))
}

/// The functions, by name or index, and the opcodes at their offsets.
fn shape(error: &Error, wasm: &[u8]) -> Vec<(String, u8)> {
    let frames = backtrace(error).frames().iter();
    frames
        .map(|frame| {
            let name = frame.func_name().map(str::to_owned);
            let opcode = frame.module_offset().map_or(0, |at| wasm[at]);
            (name.unwrap_or_else(|| frame.func_index().to_string()), opcode)
        })
        .collect()
}

#[test]
fn every_tier_tells_the_functions_and_the_instructions() {
    let wasm = wat::parse_str(TRAPS).unwrap();
    for tier in TIERS {
        let engine = engine(tier);
        let module = Module::new(&engine, &wasm).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        for (which, name, opcode) in [(0, "divide", 0x6e), (1, "load", 0x28), (2, "fill", 0xfc)] {
            let error = fail(&mut store, instance, "outer", which);
            let expected = [(name, opcode), ("middle", 0x11), ("4", 0x10)];
            let expected = expected.map(|(name, opcode)| (name.to_owned(), opcode));
            assert_eq!(shape(&error, &wasm), expected, "{tier:?} {name}");
            assert_eq!(backtrace(&error).omitted(), 0);
            let site = error.downcast_ref::<Site>().unwrap();
            assert_eq!(site.func, which as u32);
            let first = &backtrace(&error).frames()[0];
            assert_eq!(first.module_offset(), Some(site.offset as usize), "{tier:?} {name}");
            assert!(error.is::<Trap>());
        }
    }
}

#[test]
fn a_backtrace_goes_across_tiers() {
    let wasm = wat::parse_str(TRAPS).unwrap();
    let own = [Tier::Jit, Tier::Interp, Tier::Oracle];
    for shift in 0..3 {
        let engine = engine(Tier::Jit);
        let module = unstable::mixed(&engine, &wasm, |f| own[(f + shift) as usize % 3]).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        for (which, name) in [(0, "divide"), (1, "load"), (2, "fill")] {
            let error = fail(&mut store, instance, "outer", which);
            let names: Vec<String> = shape(&error, &wasm).into_iter().map(|(n, _)| n).collect();
            assert_eq!(names, [name, "middle", "4"], "{shift}");
        }
    }
}

#[test]
fn deep_recursion_is_bounded() {
    let wat = r#"(module
      (func $down (export "down") (param i32) (result i32)
        (if (i32.eqz (local.get 0)) (then unreachable))
        (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))
      (func (export "for_ever") (param i32) (result i32) (call 1 (local.get 0)) (drop) (i32.const 1)))"#;
    let mut most = BTreeSet::new();
    for tier in TIERS {
        let engine = engine(tier);
        let module = Module::new(&engine, wat).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        for (depth, omitted) in [(10, 0), (63, 0), (64, 1), (1000, 1001 - 64)] {
            let error = fail(&mut store, instance, "down", depth);
            let frames = backtrace(&error).frames();
            assert_eq!(frames.len(), (depth as usize + 1).min(WasmBacktrace::MOST), "{tier:?}");
            assert!(frames.iter().all(|frame| frame.func_name() == Some("down")), "{tier:?}");
            assert_eq!(backtrace(&error).omitted(), omitted, "{tier:?} {depth}");
        }
        let error = fail(&mut store, instance, "for_ever", 1);
        assert_eq!(error.downcast_ref::<Exhaustion>(), Some(&Exhaustion::Stack));
        assert_eq!(backtrace(&error).frames().len(), WasmBacktrace::MOST, "{tier:?}");
        assert!(backtrace(&error).omitted() > 1000, "{tier:?}");
        most.insert(backtrace(&error).omitted());
    }
    // A call for which no depth is left is none.
    assert_eq!(most.len(), 1, "{most:?}");
}

#[test]
fn a_trap_that_a_host_function_swallowed_is_in_no_other_backtrace() {
    let wat = r#"(module
      (import "" "swallow" (func $swallow))
      (func $inner (export "inner") unreachable)
      (func $outer (export "outer") (param i32) (result i32)
        (call $swallow)
        (i32.div_u (i32.const 1) (i32.const 0))))"#;
    for tier in TIERS {
        let engine = engine(tier);
        let module = Module::new(&engine, wat).unwrap();
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        let swallow = |mut caller: Caller<'_, ()>| {
            let inner = caller.get_export("inner").unwrap().into_func().unwrap();
            assert!(inner.call(&mut caller, &[], &mut []).is_err());
        };
        linker.func_wrap("", "swallow", swallow).unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let error = fail(&mut store, instance, "outer", 0);
        let names: Vec<_> = backtrace(&error).frames().iter().map(|f| f.func_name()).collect();
        assert_eq!(names, [Some("outer")], "{tier:?}");
    }
}

#[test]
fn functions_of_several_modules_keep_their_names() {
    let wat = r#"(module (func $traps (export "f") (param i32) (result i32) unreachable))"#;
    let other = r#"(module (import "m" "f" (func $f (param i32) (result i32)))
      (func $calls (export "g") (param i32) (result i32) (call $f (i32.const 1)) (drop) (i32.const 2)))"#;
    for tier in TIERS {
        let engine = engine(tier);
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        let lower = linker.instantiate(&mut store, &Module::new(&engine, wat).unwrap()).unwrap();
        linker.instance(&store, "m", lower).unwrap();
        let module = Module::new(&engine, other).unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let error = fail(&mut store, instance, "g", 0);
        let names: Vec<_> = backtrace(&error).frames().iter().map(|f| f.func_name()).collect();
        assert_eq!(names, [Some("traps"), Some("calls")], "{tier:?}");
    }
}

#[test]
fn a_start_function_that_traps_has_one() {
    let wat = "(module (func $start unreachable) (start $start))";
    for tier in TIERS {
        let engine = engine(tier);
        let module = Module::new(&engine, wat).unwrap();
        let error = Instance::new(&mut Store::new(&engine, ()), &module, &[]).unwrap_err();
        assert_eq!(backtrace(&error).frames()[0].func_name(), Some("start"), "{tier:?}");
    }
}

#[test]
fn what_is_no_stop_of_a_guest_has_none() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let host = Func::wrap(&mut store, || -> Result<(), Error> { Err(Error::msg("mine")) });
    let error = host.call(&mut store, &[], &mut []).unwrap_err();
    assert!(error.downcast_ref::<WasmBacktrace>().is_none());
    assert_eq!(format!("{error:#}"), "mine");
}

#[test]
fn it_is_shown_in_lines_with_names_escaped() {
    let wat = r#"(module
      (func (@name "a\1b[2J\n") unreachable)
      (func (export "f") (param i32) (result i32) (call 0) (i32.const 1)))"#;
    let engine = engine(Tier::Interp);
    let module = Module::new(&engine, wat).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let shown = backtrace(&fail(&mut store, instance, "f", 0)).to_string();
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), 3, "{shown}");
    assert_eq!(lines[0], "wasm backtrace:");
    assert!(lines[1].starts_with("    0:") && lines[1].ends_with(" - a\\u{1b}[2J\\n"), "{shown}");
    assert!(lines[2].ends_with(" - <function 1>"), "{shown}");
}
