//! Who calls an executor that ought not to: it refuses, and touches nothing.

mod support;

use etalon_jit::OptLevel;
use etalon_runtime::{Executor, Extern, FuncAddr, Stop, StoreConfig, TierId, Value};
use std::sync::Arc;
use std::thread;
use support::Machine;

const WAT: &str = r#"(module (func (export "f") (result i64 i64 i64 i64)
  i64.const 1 i64.const 2 i64.const 3 i64.const 4))"#;

fn machine() -> (Machine, FuncAddr) {
    let machine = Machine::new(StoreConfig::unmetered(), OptLevel::Speed, WAT);
    let Some(Extern::Func(f)) = machine.store.instance(machine.last).export("f") else {
        panic!("no f")
    };
    (machine, f)
}

fn executor(machine: &Machine) -> Arc<dyn Executor> {
    Arc::clone(machine.store.executor(TierId(0)))
}

#[test]
fn too_few_slots_are_refused() {
    let (mut machine, f) = machine();
    let executor = executor(&machine);
    for given in 0..4 {
        let mut slots = [0xaa; 5];
        let called = executor.call(&mut machine.store, f, &mut slots[..given]);
        assert!(matches!(called, Err(Stop::Crash(_))), "{called:?}");
        assert_eq!(slots, [0xaa; 5], "{given} were given");
        let called = machine.store.call(f, &mut slots[..given]);
        assert!(matches!(called, Err(Stop::Crash(_))), "{called:?}");
        assert_eq!(slots, [0xaa; 5], "{given} were given");
    }
    let mut slots = [0xaa; 5];
    assert!(executor.call(&mut machine.store, f, &mut slots).is_ok());
    assert_eq!(slots, [1, 2, 3, 4, 0xaa]);
}

#[test]
fn an_executor_serves_one_store_from_any_thread() {
    let ((mut a, f), (mut b, _)) = (machine(), machine());
    let foreign = executor(&a);
    let other = thread::spawn(move || {
        for _ in 0..1000 {
            let called = foreign.call(&mut b.store, f, &mut [0; 4]);
            assert!(matches!(called, Err(Stop::Crash(_))), "{called:?}");
        }
        b
    });
    let expected = vec![Value::I64(1), Value::I64(2), Value::I64(3), Value::I64(4)];
    for _ in 0..1000 {
        assert_eq!(a.call("f", &[]).unwrap(), expected);
    }
    let mut b = other.join().unwrap();
    assert_eq!(b.call("f", &[]).unwrap(), expected, "it was not disturbed");
    let foreign = executor(&a);
    let instance = b.last;
    assert!(foreign.attach(&mut b.store, instance, None).is_err());
    // The store may move on to another thread, with its executor.
    let moved = thread::spawn(move || a.call("f", &[]));
    assert_eq!(moved.join().unwrap().unwrap(), expected);
}
