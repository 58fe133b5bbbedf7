//! Tables of null cost what is written to them.

use crate::guest::{ENGINES, Guest, alone, resident, session};
use etalon_adapters::{Features, Outcome, Rejection, Val};

/// More than the rest of an engine takes, and far less than the tables would.
const MOST: u64 = 200 << 20;

/// Instantiates a module of large tables and calls `f`, which gives its parameter.
fn stays_small(name: &str, wat: &str, gas: u64) {
    alone(name, || {
        for engine in ENGINES {
            let before = resident();
            let mut guest = Guest::new(engine, wat, true);
            let outcome = guest.call("f", &[Val::I32(5)]);
            assert_eq!(outcome, Outcome::Returned(vec![Val::I32(5)]), "{engine}");
            assert_eq!(guest.session.gas_consumed(), Some(gas), "{engine}");
            let digest = guest.session.digest();
            assert!(digest.is_some(), "{engine}");
            let taken = resident().saturating_sub(before);
            assert!(taken < MOST, "{engine}: {taken} bytes");
        }
    });
}

/// 158 bytes of module took 1.57 GB.
#[test]
fn tables_that_nobody_writes_take_no_memory() {
    let tables = "(table 10000000 funcref)".repeat(20);
    let wat =
        format!("(module {tables} (func (export \"f\") (param i32) (result i32) local.get 0))");
    stays_small("tables::tables_that_nobody_writes_take_no_memory", &wat, 7);
}

#[test]
fn tables_of_other_references_take_no_memory() {
    let wat = r#"(module
        (table i64 10000000 externref)
        (table 10000000 anyref)
        (table 10000000 (ref null func) (ref.null func))
        (table 9000000 10000000 exnref)
        (func (export "f") (param i32) (result i32) local.get 0))"#;
    stays_small("tables::tables_of_other_references_take_no_memory", wat, 7 + 1);
}

#[test]
fn tables_that_grow_by_null_take_no_memory() {
    let tables = "(table 1 funcref)".repeat(12);
    let grows: String = (0..12)
        .map(|t| format!("(drop (table.grow {t} (ref.null func) (i32.const 9999999)))"))
        .collect();
    let wat = format!(
        "(module {tables} (func (export \"f\") (param i32) (result i32) {grows} local.get 0))"
    );
    let mut once = Guest::new("oracle", &wat, true);
    once.call("f", &[Val::I32(5)]);
    let gas = once.session.gas_consumed().expect("it is metered");
    drop(once);
    stays_small("tables::tables_that_grow_by_null_take_no_memory", &wat, gas);
}

/// A table with another initial value is written, so a store has so much of that and no more.
#[test]
fn the_tables_of_a_store_are_counted_together() {
    let table = "(table 10000000 funcref (ref.func $f))";
    let wat = format!("(module {} (func $f))", table.repeat(27));
    let wasm = wat::parse_str(wat).expect("it is text");
    for engine in ENGINES {
        let mut session = session(engine, Features::wasm3(), false);
        let result = session.load(&wasm);
        let Err(Outcome::Rejected(Rejection::Limit(text))) = result else {
            panic!("{engine}: {result:?}")
        };
        assert!(text.contains("tables may take together"), "{engine}: {text}");
    }
}

#[test]
fn growth_beyond_what_a_store_may_have_is_exhaustion() {
    let tables = "(table 10000000 funcref)".repeat(26) + "(table $last 0 funcref)";
    let wat = format!(
        "(module {tables} (func (export \"f\") (param i32) (result i32)
           (table.grow $last (ref.null func) (local.get 0))))"
    );
    for engine in ENGINES {
        let mut guest = Guest::new(engine, &wat, true);
        let before = guest.session.gas_consumed();
        let outcome = guest.call("f", &[Val::I32(9_000_000)]);
        assert_eq!(
            outcome,
            Outcome::Exhausted("the tables of the store are full".into()),
            "{engine}"
        );
        let after = guest.session.gas_consumed();
        assert!(after < before.map(|gas| gas + 1000), "{engine}: growth that fails is not charged");
        assert_eq!(
            guest.call("f", &[Val::I32(1)]),
            Outcome::Returned(vec![Val::I32(0)]),
            "{engine}"
        );
    }
}
