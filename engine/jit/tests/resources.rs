//! What code and stores take is given back, and threads do not disturb each other.

mod support;

use etalon_jit::OptLevel;
use etalon_runtime::{Exhaustion, Extern, Stop, StoreConfig, Trap, Value};
use support::Machine;

const WAT: &str = r#"(module (memory 1)
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func $f (export "deep") (call $f)))"#;

/// Mappings of this process.
#[cfg(target_os = "linux")]
fn mappings() -> usize {
    std::fs::read_to_string("/proc/self/maps").unwrap().lines().count()
}

#[cfg(target_os = "linux")]
#[test]
fn modules_that_are_dropped_leave_nothing() {
    let once = || {
        let mut m = Machine::new(StoreConfig::unmetered(), OptLevel::None, WAT);
        assert_eq!(m.call("load", &[Value::I32(0)]), Ok(vec![Value::I32(0)]));
    };
    once();
    let before = mappings();
    (0..200).for_each(|_| once());
    // Threads of the compiler and the allocator may map a little more; 200 modules would be 400.
    assert!(mappings() < before + 100, "{} mappings, {before} before", mappings());
}

/// Depth that no invocation has is needed to see it.
#[test]
fn an_overflow_of_the_guest_stack_is_a_crash() {
    let mut m = Machine::new(StoreConfig::unmetered(), OptLevel::Speed, WAT);
    let Some(Extern::Func(deep)) = m.store.instance(m.last).export("deep") else {
        panic!("no function")
    };
    let depth = m.store.depth_left();
    m.store.set_depth_left(1 << 40);
    assert_eq!(m.store.call(deep, &mut []), Err(Stop::crash("the guest stack overflowed")));
    m.store.set_depth_left(depth);
    assert_eq!(m.call("deep", &[]), Err(Exhaustion::Stack.into()));
    assert_eq!(m.call("load", &[Value::I32(0)]), Ok(vec![Value::I32(0)]));
}

#[test]
fn threads_trap_each_for_itself() {
    let run = || {
        let mut m = Machine::new(StoreConfig::unmetered(), OptLevel::Speed, WAT);
        for _ in 0..200 {
            assert_eq!(m.call("load", &[Value::I32(4)]), Ok(vec![Value::I32(0)]));
            let Err(Stop::Trap(trapped)) = m.call("load", &[Value::I32(65_533)]) else {
                panic!("it returned")
            };
            assert_eq!(trapped.trap, Trap::MemoryOutOfBounds);
        }
        assert_eq!(m.call("deep", &[]), Err(Exhaustion::Stack.into()));
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(run)).collect();
        threads.into_iter().for_each(|t| t.join().unwrap());
    });
}

#[test]
fn a_store_moves_between_threads() {
    let mut m = Machine::new(StoreConfig::unmetered(), OptLevel::Speed, WAT);
    assert!(m.call("load", &[Value::I32(65_536)]).is_err());
    let mut m = std::thread::spawn(move || {
        assert!(m.call("load", &[Value::I32(65_536)]).is_err());
        m
    })
    .join()
    .unwrap();
    assert_eq!(m.call("load", &[Value::I32(8)]), Ok(vec![Value::I32(0)]));
}
