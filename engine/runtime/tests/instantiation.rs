//! What instantiation costs, step by step (gas-1 §7.1): each charge comes before its effect, and what does not happen is
//! not paid.

use etalon_gas::Schedule;
use etalon_module::{AddrType, Features, Limits, MemoryType, Module};
use etalon_runtime::{
    Exhaustion, Extern, InstantiateError, Placement, Stop, Store, StoreConfig, TierId, Trap,
    instantiate,
};
use std::sync::Arc;

/// A global of three operators, two elements, 3 and 70 bytes of data with an offset of one operator each.
const MODULE: &str = r#"(module
    (import "m" "m" (memory 1))
    (global i32 (i32.add (i32.const 1) (i32.const 2)))
    (table 4 funcref)
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
    // What a failure leaves behind is seen in what is imported.
    let limits = Limits { min: 1, max: None };
    let ty = MemoryType { addr: AddrType::I32, limits, shared: false, page_size_log2: 16 };
    let memory = Extern::Memory(store.alloc_memory(ty).unwrap());
    let result = instantiate(&mut store, &Arc::new(module), &[memory], &placement);
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
        let memory = store.memories[0].bytes();
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

/// A store and a process in which so many memories were made and lost would have none left for anyone.
#[test]
fn failures_leave_nothing_behind() {
    let wat = r#"(module (memory 1) (table 10 funcref) (global (mut i32) (i32.const 1)) (tag)
        (elem (i32.const 0) funcref (item (ref.null func))) (data (i32.const 65536) "a"))"#;
    let module = Arc::new(Module::new(&wat::parse_str(wat).unwrap(), Features::wasm3()).unwrap());
    let mut store = Store::new(StoreConfig::unmetered()).unwrap();
    let placement = Placement::all(TierId(0));
    for _ in 0..33_000 {
        let result = instantiate(&mut store, &module, &[], &placement);
        assert_eq!(result, Err(Stop::from(Trap::MemoryOutOfBounds).into()));
    }
    assert_eq!((store.memory_bytes(), store.table_bytes()), (0, 0));
    assert!(store.memories.is_empty() && store.tables.is_empty() && store.globals.is_empty());
    assert!(store.instances.is_empty() && store.tags.is_empty() && store.funcs.is_empty());
    assert!(store.elems.is_empty() && store.datas.is_empty());
}
