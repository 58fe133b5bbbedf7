//! A 32-bit memory with pages of one byte has at most 2^32 - 1 of them: one more, and its size would be 0 and the result of the growth
//! that of a failure (proposal *custom page sizes*, growing memories).

use etalon::{Config, Engine, Instance, Module, Store, Tier, Val};
use etalon_gas::Schedule;
use std::sync::Arc;

const WAT: &str = r#"(module (memory 0 (pagesize 1))
  (func (export "f") (result i32 i32 i32)
    (memory.grow (i32.const -1))
    (memory.grow (i32.const 1))
    (memory.size))
  (func (export "last") (result i32) (i32.load8_u (i32.const -2)))
  (func (export "beyond") (result i32) (i32.load8_u (i32.const -1))))"#;

#[test]
fn a_size_stays_a_number_of_the_address_type() {
    for tier in [Tier::Oracle, Tier::Interp, Tier::Jit] {
        let engine = Engine::new(Config::new().tier(tier)).unwrap();
        let module = Module::new(&engine, WAT).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let sizes = instance.get_typed_func::<(), (u32, u32, u32)>(&store, "f").unwrap();
        assert_eq!(sizes.call(&mut store, ()).unwrap(), (0, u32::MAX, u32::MAX), "{tier}");
        let last = instance.get_typed_func::<(), i32>(&store, "last").unwrap();
        assert_eq!(last.call(&mut store, ()).unwrap(), 0, "{tier}");
        let beyond = instance.get_typed_func::<(), i32>(&store, "beyond").unwrap();
        assert!(beyond.call(&mut store, ()).is_err(), "{tier}");
    }
}

/// The limits of a schedule: 3 pages with addresses of 32 bits, 5 with 64, 7 elements.
fn small() -> Arc<Schedule> {
    let text = include_str!("../../gas/schedules/default.toml")
        .replace("memory_pages = 65536", "memory_pages = 3")
        .replace("memory_pages_64 = 262144", "memory_pages_64 = 5")
        .replace("table_elements = 10_000_000", "table_elements = 7");
    Arc::new(Schedule::parse(&text, "small").unwrap())
}

/// What grows, the operands before the number, and how far it may: each tier finds this out itself (gas-1, *Memories and tables*).
const LIMITS: &[(&str, &str, u64)] = &[
    ("(memory 1)", "memory.grow ", 3),
    ("(memory 1 2)", "memory.grow ", 2),
    ("(memory 1 9)", "memory.grow ", 3),
    ("(memory i64 1)", "memory.grow ", 5),
    ("(memory i64 1 4)", "memory.grow ", 4),
    ("(memory i64 1 0xffffffffffff)", "memory.grow ", 5),
    ("(memory 1 (pagesize 1))", "memory.grow ", 3 << 16),
    ("(memory 1 100 (pagesize 1))", "memory.grow ", 100),
    ("(memory i64 1 (pagesize 1))", "memory.grow ", 5 << 16),
    ("(table 1 funcref)", "table.grow (ref.null func) ", 7),
    ("(table 1 4 funcref)", "table.grow (ref.null func) ", 4),
    ("(table 1 99 funcref)", "table.grow (ref.null func) ", 7),
    ("(table i64 1 funcref)", "table.grow (ref.null func) ", 7),
    ("(table i64 1 6 externref)", "table.grow (ref.null extern) ", 6),
];

#[test]
fn each_limit_decides_on_every_tier() {
    for tier in [Tier::Oracle, Tier::Interp, Tier::Jit] {
        for (what, grow, most) in LIMITS {
            let address = if what.contains("i64") { "i64" } else { "i32" };
            let call = |by: &str| format!("({grow} ({address}.const {by}))");
            let (over, exact) = (call(&most.to_string()), call(&(most - 1).to_string()));
            let (wild, one) = (call("-1"), call("1"));
            let wat = format!(
                "(module {what} (func (export \"f\") (result {address} {address} {address} {address})
                   {over} {wild} {exact} {one}))"
            );
            let engine = Engine::new(Config::new().tier(tier).schedule(small())).unwrap();
            let module = Module::new(&engine, &wat).unwrap();
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let f = instance.get_func(&store, "f").unwrap();
            let mut results = [const { Val::I32(7) }; 4];
            f.call(&mut store, &[], &mut results).unwrap();
            let sizes = results.map(|r| r.i32().map_or_else(|| r.unwrap_i64(), i64::from));
            assert_eq!(sizes, [-1, -1, 1, -1], "{tier}: {what}");
        }
    }
}
