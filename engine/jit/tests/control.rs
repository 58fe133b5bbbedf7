//! Control, calls, traps and their sites, recursion, host functions.

mod support;

use etalon_jit::OptLevel;
use etalon_module::{FuncType, ValType};
use etalon_runtime::{
    Exhaustion, Extern, FuncAddr, HostError, HostFn, Ref, Stop, StoreConfig, Trap, Value,
};
use std::sync::{Arc, Mutex};
use support::{Machine, at_each_level};

fn machine(opt: OptLevel, wat: &str) -> Machine {
    Machine::new(StoreConfig::unmetered(), opt, wat)
}

#[test]
fn loops_blocks_and_tables() {
    at_each_level(|opt| {
        let mut m = machine(
            opt,
            r#"(module
              (func (export "sum") (param i64) (result i64) (local i64)
                (loop $l
                  (local.set 1 (i64.add (local.get 1) (local.get 0)))
                  (br_if $l (i64.ne (i64.const 0) (local.tee 0 (i64.sub (local.get 0) (i64.const 1))))))
                (local.get 1))
              (func (export "pick") (param i32) (result i32)
                (block (block (block (br_table 0 1 2 (local.get 0)))
                  (return (i32.const 10))) (return (i32.const 20))) (i32.const 30))
              (func (export "arms") (param i32) (result i32 i32)
                (i32.const 1) (local.get 0)
                (if (param i32) (result i32 i32) (then (i32.const 2)) (else (i32.const 3))))
              (func (export "pass") (param i32) (result i32)
                (i32.const 5) (local.get 0)
                (if (param i32) (result i32) (then (drop) (i32.const 6))))
              (func (export "dead") (param i32) (result i32)
                (block (result i32)
                  (br 0 (local.get 0))
                  (if (result i32) (i32.const 1) (then (unreachable)) (else (i32.const 4)))
                  (i32.add) (loop (br 0))))
              (func (export "swap") (param i32 i32) (result i32 i32)
                (local.get 1) (local.get 0))
              (func (export "factorial") (param i64) (result i64)
                (i64.const 1) (local.get 0)
                (loop $l (param i64 i64) (result i64)
                  (local.set 0)
                  (i64.mul (local.get 0))
                  (local.tee 0 (i64.sub (local.get 0) (i64.const 1)))
                  (br_if $l (i64.gt_s (local.get 0) (i64.const 1)))
                  (drop))))"#,
        );
        use Value::{I32, I64};
        assert_eq!(m.call("sum", &[I64(10)]), Ok(vec![I64(55)]));
        for (n, want) in [(0, 10), (1, 20), (2, 30), (u32::MAX, 30)] {
            assert_eq!(m.call("pick", &[I32(n)]), Ok(vec![I32(want)]));
        }
        assert_eq!(m.call("arms", &[I32(1)]), Ok(vec![I32(1), I32(2)]));
        assert_eq!(m.call("arms", &[I32(0)]), Ok(vec![I32(1), I32(3)]));
        assert_eq!(m.call("pass", &[I32(0)]), Ok(vec![I32(5)]));
        assert_eq!(m.call("pass", &[I32(1)]), Ok(vec![I32(6)]));
        assert_eq!(m.call("dead", &[I32(9)]), Ok(vec![I32(9)]));
        assert_eq!(m.call("swap", &[I32(1), I32(2)]), Ok(vec![I32(2), I32(1)]));
        assert_eq!(m.call("factorial", &[I64(5)]), Ok(vec![I64(120)]));
    });
}

#[test]
fn a_table_of_more_targets_than_the_generator_takes() {
    let targets = 70_000;
    let list = "0 ".repeat(targets - 1) + "1";
    let wat = format!(
        r#"(module (func (export "f") (param i32) (result i32)
          (block (block (br_table {list} 1 (local.get 0))) (return (i32.const 1)))
          (i32.const 2)))"#
    );
    let mut m = machine(OptLevel::None, &wat);
    let last = targets as u32 - 1;
    for (n, want) in [(0, 1), (65_519, 1), (65_520, 1), (last - 1, 1), (last, 2), (last + 1, 2)] {
        assert_eq!(m.call("f", &[Value::I32(n)]), Ok(vec![Value::I32(want)]), "{n}");
    }
}

#[test]
fn an_older_exception_block_is_not_compiled_where_control_cannot_get() {
    let bytes = wat::parse_str("(module (func unreachable try nop catch_all end))").unwrap();
    let features = etalon_module::Features::wasm3().with("legacy-exceptions").unwrap();
    let module = etalon_module::Module::new(&bytes, features).unwrap();
    let compiled = etalon_jit::compile(&module, &support::options(false, OptLevel::None)).unwrap();
    let reason = etalon_jit::Reason::Operator("try".to_owned());
    assert_eq!(compiled.not_compiled(), [etalon_jit::NotCompiled { func: 0, reason }]);
}

#[test]
fn traps_name_their_instruction() {
    at_each_level(|opt| {
        let wat = r#"(module (memory 1) (table 2 funcref) (type $t (func))
          (func $other (param i32)) (elem (i32.const 1) $other)
          (func (export "unreachable") nop unreachable)
          (func (export "load") (drop (i32.load (i32.const 65533))))
          (func (export "far") (drop (i32.load offset=0xffffffff (i32.const 0))))
          (func (export "store") (i64.store offset=65529 (i32.const 0) (i64.const 1)))
          (func (export "fill") (memory.fill (i32.const 65000) (i32.const 1) (i32.const 1000)))
          (func (export "null") (call_indirect (type $t) (i32.const 0)))
          (func (export "other") (call_indirect (type $t) (i32.const 1)))
          (func (export "undefined") (call_indirect (type $t) (i32.const 2)))
          (func (export "get") (drop (table.get 0 (i32.const 2)))))"#;
        let mut m = machine(opt, wat);
        let cases = [
            ("unreachable", Trap::Unreachable, 0x00u8),
            ("load", Trap::MemoryOutOfBounds, 0x28),
            ("far", Trap::MemoryOutOfBounds, 0x28),
            ("store", Trap::MemoryOutOfBounds, 0x37),
            ("fill", Trap::MemoryOutOfBounds, 0xfc),
            ("null", Trap::UninitializedElement, 0x11),
            ("other", Trap::IndirectCallTypeMismatch, 0x11),
            ("undefined", Trap::UndefinedElement, 0x11),
            ("get", Trap::TableOutOfBounds, 0x25),
        ];
        for (i, (name, trap, opcode)) in cases.into_iter().enumerate() {
            let Err(Stop::Trap(trapped)) = m.call(name, &[]) else { panic!("{name} did not trap") };
            assert_eq!(trapped.trap, trap, "{name}");
            let site = trapped.site.unwrap();
            assert_eq!(site.func, i as u32 + 1, "{name}");
            let bytes = m.store.instance(m.last).module.bytes().clone();
            assert_eq!(bytes[site.offset as usize], opcode, "{name} at {opt:?}");
        }
    });
}

#[test]
fn recursion_exhausts_depth_not_the_native_stack() {
    at_each_level(|opt| {
        let mut m = machine(
            opt,
            r#"(module
              (func $f (export "f") (call $f))
              (func $g (export "g") (param i64) (result i64) (i64.add (i64.const 1) (call $g (local.get 0))))
              (global $depth (mut i32) (i32.const 0))
              (func $h (export "h")
                (global.set $depth (i32.add (global.get $depth) (i32.const 1))) (call $h))
              (func (export "depth") (result i32) (global.get $depth)))"#,
        );
        assert_eq!(m.call("f", &[]), Err(Exhaustion::Stack.into()));
        assert_eq!(m.call("g", &[Value::I64(0)]), Err(Exhaustion::Stack.into()));
        assert_eq!(m.call("h", &[]), Err(Exhaustion::Stack.into()));
        // frame(h) is 8 + 2 operands; 524288 slots hold 52428 of them.
        assert_eq!(m.call("depth", &[]), Ok(vec![Value::I32(52428)]));
    });
}

#[test]
fn tail_calls_take_no_depth() {
    at_each_level(|opt| {
        let mut m = machine(
            opt,
            r#"(module (type $t (func (param i64) (result i64))) (table funcref (elem $odd))
              (func $even (export "even") (type $t)
                (if (i64.eqz (local.get 0)) (then (return (i64.const 1))))
                (return_call_indirect (type $t) (i64.sub (local.get 0) (i64.const 1)) (i32.const 0)))
              (func $odd (type $t)
                (if (i64.eqz (local.get 0)) (then (return (i64.const 0))))
                (return_call $even (i64.sub (local.get 0) (i64.const 1)))))"#,
        );
        assert_eq!(m.call("even", &[Value::I64(1_000_001)]), Ok(vec![Value::I64(0)]));
    });
}

#[test]
fn many_parameters_and_results() {
    at_each_level(|opt| {
        let types = "i64 f64 i32 f32 ".repeat(10);
        let gets: String = (0..40).rev().map(|i| format!("(local.get {i})")).collect();
        let back = "f32 i32 f64 i64 ".repeat(10);
        let wat = format!(
            r#"(module (type $t (func (param {types}) (result {back})))
              (import "host" "same" (func $host (param {types}) (result {types})))
              (func $f (export "f") (type $t) {gets})
              (func (export "g") (param {types}) (result {types})
                (call $host {})))"#,
            (0..40).map(|i| format!("(local.get {i})")).collect::<String>()
        );
        let mut m = Machine::empty(StoreConfig::unmetered(), opt);
        let four = [ValType::I64, ValType::F64, ValType::I32, ValType::F32];
        let list: Vec<ValType> = four.iter().cycle().take(40).copied().collect();
        let same = HostFn::new("host", "same", |_, args| Ok(args.to_vec()));
        let same = m.store.alloc_host_func(FuncType::new(list.clone(), list), same);
        m.linker.define("host", "same", Extern::Func(same));
        m.add(&wat).unwrap();
        let args: Vec<Value> = (0..40)
            .map(|i| match i % 4 {
                0 => Value::I64(i),
                1 => Value::F64(i),
                2 => Value::I32(i as u32),
                _ => Value::F32(i as u32),
            })
            .collect();
        let mut reversed = args.clone();
        reversed.reverse();
        assert_eq!(m.call("f", &args), Ok(reversed));
        assert_eq!(m.call("g", &args), Ok(args));
    });
}

fn host(m: &mut Machine, name: &'static str, ty: FuncType, f: HostFn) -> FuncAddr {
    let addr = m.store.alloc_host_func(ty, f);
    m.linker.define("host", name, Extern::Func(addr));
    addr
}

#[test]
fn host_functions_fail_panic_and_come_back() {
    at_each_level(|opt| {
        let mut m = Machine::empty(StoreConfig::unmetered(), opt);
        let unit = || FuncType::new([], []);
        host(
            &mut m,
            "fail",
            unit(),
            HostFn::new("host", "fail", |_, _| Err(Stop::Host(HostError::new("no")))),
        );
        host(&mut m, "panic", unit(), HostFn::new("host", "panic", |_, _| panic!("on purpose")));
        // Calls the guest's export again, as deep as it can.
        let again = Arc::new(Mutex::new(None));
        let target = Arc::clone(&again);
        host(
            &mut m,
            "again",
            unit(),
            HostFn::new("host", "again", move |caller, _| {
                let func: FuncAddr = target.lock().unwrap().unwrap();
                match caller.store.invoke(func, &[]) {
                    Ok(_) => Ok(Vec::new()),
                    Err(etalon_runtime::InvokeError::Stop(stop)) => Err(stop),
                    Err(other) => panic!("{other}"),
                }
            }),
        );
        m.add(
            r#"(module (import "host" "fail" (func $fail)) (import "host" "panic" (func $panic))
              (import "host" "again" (func $again))
              (global $n (mut i32) (i32.const 0))
              (func (export "fail") (call $fail) unreachable)
              (func (export "panic") (call $panic) unreachable)
              (func (export "again")
                (global.set $n (i32.add (global.get $n) (i32.const 1)))
                (if (i32.lt_u (global.get $n) (i32.const 3)) (then (call $again))))
              (func (export "forever")
                (global.set $n (i32.add (global.get $n) (i32.const 1))) (call $again))
              (func (export "n") (result i32) (global.get $n)))"#,
        )
        .unwrap();
        assert_eq!(m.call("fail", &[]), Err(Stop::Host(HostError::new("no"))));
        let export = |m: &Machine, name: &str| match m.store.instance(m.last).export(name) {
            Some(Extern::Func(func)) => func,
            other => panic!("{other:?}"),
        };
        *again.lock().unwrap() = Some(export(&m, "again"));
        assert_eq!(m.call("again", &[]), Ok(vec![]));
        assert_eq!(m.call("n", &[]), Ok(vec![Value::I32(3)]));
        *again.lock().unwrap() = Some(export(&m, "forever"));
        assert_eq!(m.call("forever", &[]), Err(Exhaustion::Stack.into()));
        // Each level takes frame 8 + 2 and the price of re-entry.
        assert_eq!(m.call("n", &[]), Ok(vec![Value::I32(3 + 524_288 / (10 + 2048) + 1)]));
        // A panic is no way to stop; it goes through the guest to whoever called it.
        let panicked =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| m.call("panic", &[])));
        let message = panicked.unwrap_err();
        assert_eq!(message.downcast_ref::<&str>(), Some(&"on purpose"));
    });
}

#[test]
fn references_to_host_functions_in_tables() {
    at_each_level(|opt| {
        let mut m = Machine::empty(StoreConfig::unmetered(), opt);
        let ty = || FuncType::new([ValType::I32], [ValType::I32]);
        let double = HostFn::new("host", "double", |_, args| match args {
            [Value::I32(v)] => Ok(vec![Value::I32(v * 2)]),
            other => panic!("{other:?}"),
        });
        let double = host(&mut m, "double", ty(), double);
        m.add(
            r#"(module (type $t (func (param i32) (result i32)))
              (table (export "t") 4 funcref) (func $inc (type $t) (i32.add (local.get 0) (i32.const 1)))
              (elem (i32.const 0) $inc)
              (func (export "call") (param i32 i32) (result i32)
                (call_indirect (type $t) (local.get 1) (local.get 0)))
              (func (export "set") (param i32 funcref) (table.set (local.get 0) (local.get 1)))
              (func (export "grow") (param i32) (result i32)
                (table.grow (ref.func $inc) (local.get 0)))
              (func (export "size") (result i32) (table.size 0)))"#,
        )
        .unwrap();
        use Value::I32;
        assert_eq!(m.call("call", &[I32(0), I32(4)]), Ok(vec![I32(5)]));
        m.call("set", &[I32(1), Value::Ref(Ref::func(double))]).unwrap();
        assert_eq!(m.call("call", &[I32(1), I32(4)]), Ok(vec![I32(8)]));
        // A function that was made after the instance.
        let late = HostFn::new("host", "late", |_, _| Ok(vec![Value::I32(77)]));
        let late = m.store.alloc_host_func(ty(), late);
        m.call("set", &[I32(2), Value::Ref(Ref::func(late))]).unwrap();
        assert_eq!(m.call("call", &[I32(2), I32(0)]), Ok(vec![I32(77)]));
        assert_eq!(m.call("grow", &[I32(10_000_000)]), Ok(vec![I32(u32::MAX)]));
        assert_eq!(m.call("grow", &[I32(3)]), Ok(vec![I32(4)]));
        assert_eq!(m.call("call", &[I32(6), I32(1)]), Ok(vec![I32(2)]));
        assert_eq!(m.call("size", &[]), Ok(vec![I32(7)]));
    });
}

#[test]
fn instances_call_each_other() {
    at_each_level(|opt| {
        let mut m = Machine::empty(StoreConfig::unmetered(), opt);
        let first = m
            .add(
                r#"(module (memory (export "m") 1) (global (export "g") (mut i64) (i64.const 3))
              (func (export "f") (param i32) (result i32) (i32.load (local.get 0)))
              (func (export "trap") unreachable))"#,
            )
            .unwrap();
        m.linker.define_instance(&m.store, "a", first);
        m.add(
            r#"(module (import "a" "f" (func $f (param i32) (result i32)))
              (import "a" "trap" (func $trap)) (import "a" "m" (memory 1))
              (import "a" "g" (global $g (mut i64)))
              (func (export "run") (result i32)
                (i32.store (i32.const 8) (i32.const 42)) (call $f (i32.const 8)))
              (func (export "global") (result i64)
                (global.set $g (i64.add (global.get $g) (i64.const 1))) (global.get $g))
              (func (export "grow") (result i32)
                (drop (memory.grow (i32.const 1)))
                (i32.store (i32.const 131000) (i32.const 5)) (call $f (i32.const 131000)))
              (func (export "trap") (call $trap)))"#,
        )
        .unwrap();
        assert_eq!(m.call("run", &[]), Ok(vec![Value::I32(42)]));
        assert_eq!(m.call("global", &[]), Ok(vec![Value::I64(4)]));
        assert_eq!(m.call("grow", &[]), Ok(vec![Value::I32(5)]));
        let Err(Stop::Trap(trapped)) = m.call("trap", &[]) else { panic!("it returned") };
        assert_eq!(trapped.site.unwrap().func, 1);
    });
}

#[test]
fn a_function_that_nobody_can_refer_to_is_called_by_its_address() {
    at_each_level(|opt| {
        let text = "(module (func (export \"f\")) (func (param i32) (result i32) (local.get 0)))";
        let mut m = Machine::new(StoreConfig::unmetered(), opt, text);
        let func = m.store.instance(m.last).func(1).unwrap();
        for _ in 0..2 {
            assert_eq!(m.store.invoke(func, &[Value::I32(7)]), Ok(vec![Value::I32(7)]));
        }
    });
}
