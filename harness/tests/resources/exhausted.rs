//! A host without memory: a host error, told before the charge where something grows, and the session works on.

use crate::guest::{ENGINES, Guest, alone, with_room};
use etalon_adapters::{Outcome, Val};
use rustix::process::Resource;

/// Calls `f` with so many bytes more on every tier, then `g`, which takes none. Both must end alike.
fn runs_out(name: &str, wat: &str, resource: fn() -> Resource, more: u64, metered: bool) {
    alone(name, || {
        let mut consumed = None;
        for engine in ENGINES {
            let mut guest = Guest::new(engine, wat, metered);
            let seven = Outcome::Returned(vec![Val::I32(7)]);
            // Whatever an engine maps at its first call is there then.
            assert_eq!(guest.call("g", &[]), seven, "{engine}");
            let outcome = with_room(resource(), more, || guest.call("f", &[]));
            let error = Outcome::HostError("the host is out of memory".into());
            assert_eq!(outcome, error, "{engine}");
            assert_eq!(guest.call("g", &[]), seven, "{engine}");
            let gas = guest.session.gas_consumed();
            assert_eq!(*consumed.get_or_insert(gas), gas, "{engine}");
        }
    });
}

/// Of four growths of 80 MB each the host has memory for two; the third is not charged.
#[test]
fn tables_that_the_host_cannot_grow() {
    let tables = "(table 0 funcref)".repeat(4);
    let grows: String = (0..4)
        .map(|t| format!("(drop (table.grow {t} (ref.null func) (i32.const 9999999)))"))
        .collect();
    let wat = format!(
        "(module {tables} (func (export \"f\") {grows}) (func (export \"g\") (result i32) i32.const 7))"
    );
    let name = "exhausted::tables_that_the_host_cannot_grow";
    runs_out(name, &wat, || Resource::As, 200 << 20, true);
}

/// A table that has elements moves when it grows, and stays whole if it cannot.
#[test]
fn a_written_table_that_the_host_cannot_grow() {
    let wat = r#"(module (table 100000 funcref (ref.func $seven))
        (func $seven (result i32) i32.const 7)
        (func (export "f") (drop (table.grow (ref.func $seven) (i32.const 9000000))))
        (func (export "g") (result i32) (call_indirect (result i32) (i32.const 99999))))"#;
    let name = "exhausted::a_written_table_that_the_host_cannot_grow";
    runs_out(name, wat, || Resource::As, 32 << 20, true);
}

/// Address space is reserved when a memory is made; here the host refuses to let it be used.
#[test]
fn a_memory_that_the_host_cannot_grow() {
    let wat = r#"(module (memory 1) (data (i32.const 0) "\07")
        (func (export "f") (drop (memory.grow (i32.const 10000))))
        (func (export "g") (result i32) (i32.load8_u (i32.const 0))))"#;
    let name = "exhausted::a_memory_that_the_host_cannot_grow";
    runs_out(name, wat, || Resource::Data, 100 << 20, true);
}

/// It ended the process: an array of 1 GiB that the host has no memory for. Address space is there, as for memories.
#[test]
fn an_array_that_the_host_has_no_memory_for() {
    let wat = r#"(module (type $b (array (mut i8)))
        (func (export "f") (drop (array.new_default $b (i32.const 1073741000))))
        (func (export "g") (result i32) (array.len (array.new_default $b (i32.const 7)))))"#;
    let name = "exhausted::an_array_that_the_host_has_no_memory_for";
    runs_out(name, wat, || Resource::Data, 300 << 20, false);
}

#[test]
fn an_array_of_a_value_that_the_host_has_no_memory_for() {
    let wat = r#"(module (type $b (array (mut v128)))
        (global $keep (mut (ref null $b)) (ref.null $b))
        (func (export "f")
          (global.set $keep (array.new $b (v128.const i64x2 1 2) (i32.const 10000000)))
          (global.set $keep (array.new $b (v128.const i64x2 1 2) (i32.const 20000000))))
        (func (export "g") (result i32)
          (global.set $keep (ref.null $b))
          (array.len (array.new $b (v128.const i64x2 1 2) (i32.const 7)))))"#;
    let name = "exhausted::an_array_of_a_value_that_the_host_has_no_memory_for";
    runs_out(name, wat, || Resource::Data, 300 << 20, true);
}

/// Elements of a segment, in which a byte of the module becomes many.
#[test]
fn arrays_of_a_segment_that_the_host_has_no_memory_for() {
    let wat = format!(
        r#"(module (type $b (array (mut i8))) (type $n (array (mut (ref null $b))))
        (global $keep (mut (ref null $n)) (ref.null $n))
        (data $d "{}")
        (func (export "f") (local $i i32)
          (global.set $keep (array.new_default $n (i32.const 2000)))
          (loop $l
            (array.set $n (global.get $keep) (local.get $i)
              (array.new_data $b $d (i32.const 0) (i32.const 1000000)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $l (i32.lt_u (local.get $i) (i32.const 1000)))))
        (func (export "g") (result i32) (global.set $keep (ref.null $n)) i32.const 7))"#,
        "a".repeat(1_000_000)
    );
    let name = "exhausted::arrays_of_a_segment_that_the_host_has_no_memory_for";
    runs_out(name, &wat, || Resource::Data, 100 << 20, false);
}
