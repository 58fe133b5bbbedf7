//! Without gas, the heap's cap is on what is alive; under gas-1 on all that was ever allocated.

use crate::guest::{ENGINES, Guest, guest_with};
use etalon_adapters::{GasConfig, Outcome, Schedule, Val};
use std::sync::Arc;

const WAT: &str = r#"(module
  (type $n (struct (field $next (mut (ref null $n))) (field $v i64)))
  (type $big (array (mut i64)))
  (tag $t (param i64))
  (func (export "structures") (param $n i32) (result i32)
    (loop $l
      (drop (struct.new $n (ref.null $n) (i64.const 1)))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $n))
  (func (export "arrays") (param $n i32) (result i32)
    (loop $l
      (drop (array.new_default $big (i32.const 100000)))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $n))
  (func (export "exceptions") (param $n i32) (result i32)
    (loop $l
      (block $c (result i64)
        (try_table (catch $t $c) (throw $t (i64.const 1)))
        (unreachable))
      (drop)
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $n))
  (type $all (array (mut (ref null $big))))
  (global $made (mut i32) (i32.const 0))
  (func (export "keep") (result i32) (local $all (ref $all))
    (local.set $all (array.new_default $all (i32.const 1000)))
    (loop $l
      (array.set $all (local.get $all) (global.get $made) (array.new_default $big (i32.const 1000000)))
      (global.set $made (i32.add (global.get $made) (i32.const 1)))
      (br $l))
    (unreachable))
  (func (export "made") (result i32) (global.get $made)))"#;

/// The default schedule with a heap of 1 MiB.
fn schedule() -> Arc<Schedule> {
    let text = include_str!("../../../engine/gas/schedules/default.toml");
    let small = text.replace("gc_heap_bytes = 1_073_741_824", "gc_heap_bytes = 1_048_576");
    assert_ne!(text, small);
    Arc::new(Schedule::parse(&small, "test").expect("it is a schedule"))
}

/// Each call allocates many heaps of garbage.
const GARBAGE: [(&str, i32); 3] =
    [("structures", 400_000), ("arrays", 100), ("exceptions", 400_000)];

fn full() -> Outcome {
    Outcome::Exhausted("the heap is full".into())
}

/// A heap of 1 GiB is full only if so much is alive; here 1.6 GB pass through it.
#[test]
fn garbage_never_fills_a_heap_without_gas() {
    for engine in ENGINES {
        let mut guest = Guest::new(engine, WAT, false);
        let outcome = guest.call("arrays", &[Val::I32(2_000)]);
        assert_eq!(outcome, Outcome::Returned(vec![Val::I32(0)]), "{engine}");
        for (export, n) in GARBAGE {
            let outcome = guest.call(export, &[Val::I32(n / 4)]);
            assert_eq!(outcome, Outcome::Returned(vec![Val::I32(0)]), "{engine}: {export}");
        }
    }
}

#[test]
fn what_is_alive_fills_a_heap_without_gas() {
    let mut made = None;
    for engine in ENGINES {
        let mut guest = Guest::new(engine, WAT, false);
        guest.call("structures", &[Val::I32(1000)]);
        assert_eq!(guest.call("keep", &[]), full(), "{engine}");
        let Outcome::Returned(values) = guest.call("made", &[]) else { panic!("it returns") };
        assert!(matches!(values[..], [Val::I32(133..=136)]), "{engine}: {values:?}");
        assert_eq!(*made.get_or_insert(values.clone()), values, "{engine}");
        // The arrays are garbage now, and whoever goes on has the whole heap again.
        let outcome = guest.call("arrays", &[Val::I32(1_500)]);
        assert_eq!(outcome, Outcome::Returned(vec![Val::I32(0)]), "{engine}");
    }
}

#[test]
fn under_gas_1_a_heap_is_full_when_so_much_was_allocated() {
    for (export, n) in GARBAGE {
        let mut consumed = None;
        for engine in ENGINES {
            let gas = GasConfig { schedule: schedule(), limit: None };
            let mut guest = guest_with(engine, WAT, Some(gas));
            assert_eq!(guest.call(export, &[Val::I32(n)]), full(), "{engine}: {export}");
            let gas = guest.session.gas_consumed();
            assert_eq!(*consumed.get_or_insert(gas), gas, "{engine}: {export}");
        }
    }
}
