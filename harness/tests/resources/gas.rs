//! A run without a limit is never out of gas, whatever the prices (gas-1, *Gas, limits and schedules*).

use crate::guest::{ENGINES, Guest, guest_with};
use etalon_adapters::{GasConfig, Outcome, Schedule, Val};
use std::sync::Arc;

/// The default schedule with other prices.
fn schedule(from: &[&str], to: &[&str]) -> Arc<Schedule> {
    let mut text = include_str!("../../../engine/gas/schedules/default.toml").to_owned();
    for (from, to) in from.iter().zip(to) {
        assert!(text.contains(from), "the default schedule has no {from}");
        text = text.replace(from, to);
    }
    Arc::new(Schedule::parse(&text, "test").expect("it is a schedule"))
}

fn dear(operator: &str) -> Arc<Schedule> {
    let text = include_str!("../../../engine/gas/schedules/default.toml");
    let row = text.lines().find(|line| line.contains(operator) && line.contains("granule"));
    let row = row.unwrap_or_else(|| panic!("{operator} has no row"));
    let name = row.split('=').next().unwrap_or_default();
    schedule(&[row], &[&format!("{name}= {{ weight = 4294967295, granule = 1 }}")])
}

fn never_ends(schedule: &Arc<Schedule>, wat: &str, args: &[Val], expected: i32) {
    for engine in ENGINES {
        let gas = GasConfig { schedule: Arc::clone(schedule), limit: None };
        let mut guest: Guest = guest_with(engine, wat, Some(gas));
        let outcome = guest.call("f", args);
        assert_eq!(outcome, Outcome::Returned(vec![Val::I32(expected)]), "{engine}");
        assert_eq!(guest.session.gas_consumed(), Some(u64::MAX), "{engine}: the count stops");
    }
}

/// Seventeen fills of 256 MiB at the highest price cost more than a counter holds.
#[test]
fn fills_at_the_highest_price() {
    let wat = r#"(module (memory 4096) (func (export "f") (param $i i32) (result i32)
        (loop $l
          (memory.fill (i32.const 0) (i32.const 0) (i32.const 0x10000000))
          (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
        (local.get $i)))"#;
    never_ends(&dear("memory.fill"), wat, &[Val::I32(17)], 0);
}

#[test]
fn copies_at_the_highest_price() {
    let wat = r#"(module (memory 4096) (func (export "f") (param $i i32) (result i32)
        (loop $l
          (memory.copy (i32.const 0) (i32.const 0) (i32.const 0x10000000))
          (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
        (local.get $i)))"#;
    never_ends(&dear("memory.copy"), wat, &[Val::I32(18)], 0);
}

#[test]
fn calls_go_on_when_the_count_is_at_its_end() {
    let wat = r#"(module (memory 4096)
        (func $fill (memory.fill (i32.const 0) (i32.const 0) (i32.const 0x10000000)))
        (func $sum (param $n i32) (result i32)
          (if (result i32) (local.get $n)
            (then (i32.add (i32.const 1) (call $sum (i32.sub (local.get $n) (i32.const 1)))))
            (else (i32.const 0))))
        (func (export "f") (param $i i32) (result i32)
          (loop $l
            (call $fill)
            (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
          (call $sum (i32.const 1000))))"#;
    never_ends(&dear("memory.fill"), wat, &[Val::I32(17)], 1000);
}
