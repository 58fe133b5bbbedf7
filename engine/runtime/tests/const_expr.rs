//! Objects that constant expressions make: they are there, they stay, and they are paid for.

use etalon_gas::Schedule;
use etalon_module::{Features, Module, Opcode};
use etalon_runtime::{
    Exhaustion, Extern, InstanceAddr, InstantiateError, Placement, Ref, RefKind, Stop, Store,
    StoreConfig, TierId, Value, instantiate,
};
use std::sync::Arc;

fn load(store: &mut Store, text: &str) -> Result<InstanceAddr, InstantiateError> {
    let module = Module::new(&wat::parse_str(text).unwrap(), Features::wasm3()).unwrap();
    // There are no functions, so there is no tier either.
    instantiate(store, &Arc::new(module), &[], &Placement::all(TierId(0)))
}

fn global(store: &Store, instance: InstanceAddr, name: &str) -> Ref {
    let Some(Extern::Global(addr)) = store.instance(instance).export(name) else {
        panic!("no global {name}");
    };
    let Value::Ref(r) = store.globals[addr.index()].get() else { panic!("{name} is a number") };
    r
}

const MODULE: &str = r#"(module
    (type $pair (struct (field i8) (field i64) (field (mut anyref))))
    (type $bytes (array i8))
    (type $vectors (array v128))
    (global (export "pair") anyref
        (struct.new $pair (i32.const 0x181) (i64.const -1) (ref.i31 (i32.const 5))))
    (global (export "default") anyref (struct.new_default $pair))
    (global (export "bytes") externref
        (extern.convert_any (array.new $bytes (i32.const 7) (i32.const 1000))))
    (global (export "zeros") (ref array) (array.new_default $bytes (i32.const 3)))
    (global (export "vectors") (ref array)
        (array.new_fixed $vectors 2 (v128.const i64x2 1 2) (v128.const i64x2 3 4)))
    (table 2 anyref)
    (elem (table 0) (i32.const 0) anyref
        (item (struct.new_default $pair))
        (item (array.new_default $bytes (i32.const 0)))))"#;

#[test]
fn what_they_make_stays() {
    let mut store =
        Store::new(StoreConfig { gc_stress: true, ..StoreConfig::unmetered() }).unwrap();
    let first = load(&mut store, MODULE).unwrap();
    let second = load(&mut store, MODULE).unwrap();
    store.collect(&());
    assert_eq!(store.heap.live_objects(), 2 * 7);
    for instance in [first, second] {
        let object = |name| match global(&store, instance, name).kind() {
            Some(RefKind::Struct(addr) | RefKind::Array(addr)) => addr,
            other => panic!("{name} is {other:?}"),
        };
        let pair = [0, 1, 2].map(|field| store.heap.struct_get(object("pair"), field).unwrap());
        assert_eq!(pair, [[0x81, 0], [u64::MAX, 0], [Ref::i31(5).to_bits(), 0]]);
        let pair = [0, 1, 2].map(|field| store.heap.struct_get(object("default"), field).unwrap());
        assert_eq!(pair, [[0, 0]; 3]);
        assert!(global(&store, instance, "bytes").is_externalised());
        assert_eq!(store.heap.array_len(object("bytes")), Some(1000));
        assert_eq!(store.heap.array_get(object("bytes"), 999), Some([7, 0]));
        assert_eq!(store.heap.get(object("zeros")).unwrap().bytes(), [0, 0, 0]);
        assert_eq!(store.heap.array_get(object("vectors"), 0), Some([1, 2]));
        assert_eq!(store.heap.array_get(object("vectors"), 1), Some([3, 4]));
    }
    let elements = [0, 1].map(|i| store.tables[0].get(i).and_then(Ref::kind));
    assert!(matches!(elements, [Some(RefKind::Struct(_)), Some(RefKind::Array(_))]));
}

fn array_of(len: u32) -> String {
    format!(
        r#"(module (type $bytes (array i8))
            (global anyref (array.new_default $bytes (i32.const {len}))))"#
    )
}

fn consumed(len: u32) -> u64 {
    let limit = 1_000_000_000;
    let mut store = Store::new(StoreConfig::metered(Some(limit))).unwrap();
    load(&mut store, &array_of(len)).unwrap();
    limit - store.meter().left().unwrap()
}

#[test]
fn they_pay_the_dynamic_charge() {
    let schedule = Schedule::builtin(Schedule::DEFAULT).unwrap();
    let rate = schedule.dynamic(Opcode::ArrayNewDefault).unwrap();
    assert!(rate.charge(100_000) > 0);
    assert_eq!(u128::from(consumed(100_000) - consumed(0)), rate.charge(100_000));
}

#[test]
fn room_is_checked_before_the_charge() {
    let mut store = Store::new(StoreConfig::metered(Some(100))).unwrap();
    let full = Stop::Exhausted(Exhaustion::Limit("the heap is full"));
    assert_eq!(load(&mut store, &array_of(u32::MAX)), Err(full.into()));
    let gas = Stop::Exhausted(Exhaustion::Gas);
    assert_eq!(load(&mut store, &array_of(1_000_000)), Err(gas.into()));
    assert_eq!(store.heap.allocated_bytes(), 0);
}
