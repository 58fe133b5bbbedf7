//! What instantiation costs, step by step (gas-1 §7.1): each charge comes before its effect, and what does not happen is
//! not paid.

use etalon_gas::Schedule;
use etalon_module::{Features, Module};
use etalon_runtime::{
    Exhaustion, InstantiateError, Placement, Stop, Store, StoreConfig, TierId, Trap, instantiate,
};
use std::sync::Arc;

/// A global of three operators, two elements, 3 and 70 bytes of data with an offset of one operator each.
const MODULE: &str = r#"(module
    (global i32 (i32.add (i32.const 1) (i32.const 2)))
    (table 4 funcref)
    (memory 1)
    (elem (table 0) (offset (i32.const 0)) funcref (item (ref.null func)) (item (ref.null func)))
    (data (i32.const 0) "abc")
    (data (i32.const OFFSET) "0123456789012345678901234567890123456789012345678901234567890123456789"))"#;

/// What the steps of [`MODULE`] cost under `flat`, in the order of the specification.
const STEPS: &[u64] = &[3, 1, 1, 1, 2, 1, 3, 1, 70];

fn run(offset: u32, limit: u64) -> (Store, Result<(), InstantiateError>) {
    let text = MODULE.replace("OFFSET", &offset.to_string());
    let module = Module::new(&wat::parse_str(text).unwrap(), Features::wasm3()).unwrap();
    let schedule = Schedule::builtin("flat").unwrap();
    let mut store =
        Store::new(StoreConfig { schedule, ..StoreConfig::metered(Some(limit)) }).unwrap();
    let placement = Placement::all(TierId(0));
    let result = instantiate(&mut store, &Arc::new(module), &[], &placement);
    (store, result.map(|_| ()))
}

#[test]
fn each_step_is_paid_before_it_is_taken() {
    let whole: u64 = STEPS.iter().sum();
    for limit in 0..=whole {
        let (store, result) = run(8, limit);
        let expected =
            if limit == whole { Ok(()) } else { Err(Stop::from(Exhaustion::Gas).into()) };
        assert_eq!(result, expected, "limit {limit}");
        assert_eq!(store.meter().consumed(), limit);
        let memory = store.memories.first().map(|memory| memory.bytes()).unwrap_or_default();
        let written = memory.iter().filter(|byte| **byte != 0).count();
        // The bytes of a segment are there as soon as they are paid, and not before.
        let first: u64 = STEPS[..7].iter().sum();
        let due = if limit == whole { 73 } else { 3 * usize::from(limit >= first) };
        assert_eq!(written, due, "limit {limit}");
    }
}

#[test]
fn what_does_not_fit_is_not_paid() {
    let (store, result) = run(65_536, 1_000);
    assert_eq!(result, Err(Stop::from(Trap::MemoryOutOfBounds).into()));
    let paid: u64 = STEPS[..8].iter().sum();
    assert_eq!(store.meter().consumed(), paid);
}
