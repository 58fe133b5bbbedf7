//! Without gas a heap is full only when so much is alive, whatever is garbage and of which sizes.

use etalon::{Config, Engine, Instance, Module, Schedule, Store, Tier, TierUp};

/// Arrays that together have less than the heap, then two of which each has more than half of it: garbage all of them, made in
/// each of the ways that there are.
const GUEST: &str = r#"(module
  (type $big (array (mut i64)))
  (type $refs (array (mut anyref)))
  (type $pair (struct (field i64) (field i64)))
  (data $d "abcdefgh")
  (elem $e anyref (ref.null any))
  (global $sink (mut anyref) (ref.null any))
  (func $small (param $n i32)
    (loop $l
      (drop (array.new $big (i64.const 1) (i32.const 3000)))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func $two (drop (array.new_default $big (i32.const 80000))) (drop (array.new $big (i64.const 1) (i32.const 80000))))
  (func (export "run") (param $n i32) (result i32)
    (loop $l
      (call $small (i32.const 43))
      (call $two)
      (drop (struct.new_default $pair))
      (call $small (i32.const 43))
      (call $two)
      (drop (array.new_fixed $big 3 (i64.const 1) (i64.const 2) (i64.const 3)))
      (call $small (i32.const 43))
      (call $two)
      (drop (array.new_data $big $d (i32.const 0) (i32.const 1)))
      (drop (array.new_elem $refs $e (i32.const 0) (i32.const 1)))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $n)))"#;

/// The compiler's tiers said that the heap is full: they asked for room before the collection that was due.
#[test]
fn garbage_is_in_nobodys_way() {
    let text = include_str!("../../gas/schedules/default.toml");
    let small = text.replace("gc_heap_bytes = 1_073_741_824", "gc_heap_bytes = 1_048_576");
    assert_ne!(text, small);
    for tier in [Tier::Oracle, Tier::Interp, Tier::Jit, Tier::Aot, Tier::Auto] {
        let mut config = Config::new();
        let when = TierUp::new().baseline_after(1).speed_after(2).background(false);
        let schedule = Schedule::parse(&small, "test").unwrap();
        config.tier(tier).tier_up(when).schedule(schedule.into());
        let engine = Engine::new(&config).unwrap();
        let module = Module::new(&engine, GUEST).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let run = instance.get_typed_func::<i32, i32>(&store, "run").unwrap();
        let ended = run.call(&mut store, 20);
        assert_eq!(ended.unwrap_or_else(|error| panic!("{tier}: {error:#}")), 0);
    }
}
