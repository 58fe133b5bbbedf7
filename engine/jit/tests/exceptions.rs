//! Exceptions: which handler catches, what it gets, and what is left of gas and locals.

mod support;

use etalon_jit::OptLevel;
use etalon_module::FuncType;
use etalon_runtime::{Extern, HostFn, InvokeError, Stop, StoreConfig, Trap, Value};
use support::{Machine, at_each_level};

const WAT: &str = r#"(module
  (import "host" "call" (func $host))
  (tag $a (param i32 i64)) (tag $b) (tag $v (param v128 f32))
  (func $throw (param i32) (param i64) (throw $a (local.get 0) (local.get 1)))
  (func $deep (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (throw $a (i32.const 7) (i64.const 8))))
    (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
  (func (export "fields") (param i32 i64) (result i32 i64)
    (block $h (result i32 i64)
      (try_table (catch $a $h) (call $throw (local.get 0) (local.get 1)))
      (unreachable)))
  (func (export "local") (param i32) (result i32) (local i32)
    ;; What a local holds at the call is what it holds in the handler.
    (block $h
      (try_table (catch_all $h)
        (local.set 1 (i32.const 5))
        (drop (call $deep (local.get 0)))
        (local.set 1 (i32.const 6))))
    (i32.add (local.get 0) (local.get 1)))
  (func (export "order") (param i32) (result i32)
    (block $all
      (block $other
        (block $h (result i32 i64)
          (try_table (catch $b $other) (catch $a $h) (catch_all $all)
            (if (local.get 0)
              (then (throw $b)) (else (throw $a (i32.const 1) (i64.const 2)))))
          (unreachable))
        (drop) (return))
      (return (i32.const 20)))
    (i32.const 30))
  (func (export "nested") (result i32)
    (block $outer (result i32 i64)
      (try_table (catch $a $outer)
        (block $inner
          (try_table (catch $b $inner) (drop (call $deep (i32.const 3)))))
        (unreachable))
      (unreachable))
    (drop))
  (func (export "again") (result i32)
    (local $e exnref)
    (block $outer (result i32 i64)
      (try_table (catch $a $outer)
        (block $h (result exnref)
          (try_table (catch_all_ref $h) (call $throw (i32.const 3) (i64.const 4)))
          (unreachable))
        (local.set $e)
        (throw_ref (local.get $e)))
      (unreachable))
    (drop))
  (func (export "vector") (result i64)
    (block $h (result v128 f32)
      (try_table (catch $v $h)
        (throw $v (v128.const i64x2 11 12) (f32.const 1)))
      (unreachable))
    (drop) (i64x2.extract_lane 1))
  (func (export "null") (throw_ref (ref.null exn)))
  (func (export "uncaught") (call $throw (i32.const 1) (i64.const 2)))
  (func (export "through") (result i32)
    (block $h (result i32 i64)
      (try_table (catch $a $h) (call $host))
      (unreachable))
    (drop))
  (func (export "loop") (param i32) (result i32) (local i32)
    (loop $l
      (block $h
        (try_table (catch_all $h) (throw $b))
        (unreachable))
      (local.set 1 (i32.add (local.get 1) (i32.const 2)))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1)))"#;

/// A machine whose host function calls the export `uncaught`.
fn machine(config: StoreConfig, opt: OptLevel) -> Machine {
    let mut m = Machine::empty(config, opt);
    let call = HostFn::new("host", "call", |caller, _| {
        let last = etalon_runtime::InstanceAddr(caller.store.instances.len() as u32 - 1);
        let Some(Extern::Func(f)) = caller.store.instance(last).export("uncaught") else {
            panic!("no export")
        };
        match caller.store.invoke(f, &[]) {
            Err(InvokeError::Stop(stop)) => Err(stop),
            other => panic!("{other:?}"),
        }
    });
    let call = m.store.alloc_host_func(FuncType::new([], []), call);
    m.linker.define("host", "call", Extern::Func(call));
    m.add(WAT).unwrap();
    m
}

#[test]
fn handlers_get_what_was_thrown() {
    use Value::{I32, I64};
    at_each_level(|opt| {
        let mut m = machine(StoreConfig::unmetered(), opt);
        assert_eq!(m.call("fields", &[I32(3), I64(4)]), Ok(vec![I32(3), I64(4)]));
        assert_eq!(m.call("local", &[I32(100)]), Ok(vec![I32(105)]));
        assert_eq!(m.call("order", &[I32(0)]), Ok(vec![I32(1)]));
        assert_eq!(m.call("order", &[I32(1)]), Ok(vec![I32(20)]));
        assert_eq!(m.call("nested", &[]), Ok(vec![I32(7)]));
        assert_eq!(m.call("again", &[]), Ok(vec![I32(3)]));
        assert_eq!(m.call("vector", &[]), Ok(vec![I64(12)]));
        assert_eq!(m.call("through", &[]), Ok(vec![I32(1)]), "an exception passes a host function");
        assert_eq!(m.call("loop", &[I32(1_000)]), Ok(vec![I32(2_000)]));
        let Err(Stop::Trap(trapped)) = m.call("null", &[]) else { panic!("it did not trap") };
        assert_eq!(trapped.trap, Trap::NullExceptionReference);
        let Err(Stop::Throw(exn)) = m.call("uncaught", &[]) else { panic!("it did not throw") };
        assert_eq!(m.store.exn(exn).unwrap().fields, [I32(1), I64(2)]);
    });
}

#[test]
fn a_handler_goes_on_with_the_gas_that_is_left() {
    at_each_level(|opt| {
        for (name, args) in [
            ("fields", &[Value::I32(1), Value::I64(2)][..]),
            ("local", &[Value::I32(9)]),
            ("nested", &[]),
            ("through", &[]),
            ("loop", &[Value::I32(10)]),
        ] {
            let mut m = machine(StoreConfig::metered(None), opt);
            m.store.meter_mut().set_limit(None).unwrap();
            let outcome = m.call(name, args);
            assert!(outcome.is_ok());
            let used = m.store.meter().consumed();
            m.store.meter_mut().set_limit(Some(used)).unwrap();
            assert_eq!(m.call(name, args), outcome, "{name} with {used}");
            assert_eq!(m.store.meter().left(), Some(0));
            m.store.meter_mut().set_limit(Some(used - 1)).unwrap();
            let short = m.call(name, args);
            assert_eq!(short, Err(etalon_runtime::Exhaustion::Gas.into()), "{name}");
        }
        // Each turn costs the same, however the count comes back from the handler.
        let mut m = machine(StoreConfig::metered(None), opt);
        let mut cost = |turns| {
            m.store.meter_mut().set_limit(None).unwrap();
            m.call("loop", &[Value::I32(turns)]).unwrap();
            m.store.meter().consumed()
        };
        let (one, two, ten) = (cost(1), cost(2), cost(10));
        assert_eq!(ten, one + 9 * (two - one));
    });
}
