//! What stays, what goes, and what nobody can tell from when it went.

use super::*;
use crate::reference::Ref;
use crate::segment::ElemInst;
use crate::store::{Store, StoreConfig};
use crate::value::Value;
use crate::{FuncAddr, HostFn, Stop};
use etalon_gas::Schedule;
use etalon_module::{
    AddrType, CompType, FieldType, FuncType, GlobalType, HeapType, Limits, RecGroup, RefType,
    StorageType, SubType, TableType, TypeUse, ValType,
};
use std::sync::{Arc, Mutex};

const ANY: RefType = RefType { nullable: true, heap: HeapType::Any };

/// A store and the types `(struct i64 anyref)`, `(array i8)`, `(array v128)`, `(array anyref)`.
struct Fixture {
    store: Store,
    node: TypeId,
    bytes: TypeId,
    vectors: TypeId,
    refs: TypeId,
}

fn field(storage: StorageType) -> FieldType {
    FieldType { mutable: true, storage }
}

fn fixture_of(config: StoreConfig) -> Fixture {
    let mut store = Store::new(config).unwrap();
    let i64 = field(StorageType::Val(ValType::I64));
    let any = field(StorageType::Val(ValType::Ref(ANY)));
    let comps = [
        CompType::Struct([i64, any].into()),
        CompType::Array(field(StorageType::I8)),
        CompType::Array(field(StorageType::Val(ValType::V128))),
        CompType::Array(any),
    ];
    let groups =
        comps.map(|comp| RecGroup(Box::new([SubType { is_final: true, supertype: None, comp }])));
    let ids = store.types.intern_groups(&groups);
    Fixture { store, node: ids[0], bytes: ids[1], vectors: ids[2], refs: ids[3] }
}

fn fixture() -> Fixture {
    fixture_of(StoreConfig::unmetered())
}

impl Fixture {
    fn node(&mut self, value: u64, next: Ref) -> Ref {
        Ref::structure(self.store.alloc_struct(self.node, &[value, next.to_bits()]).unwrap())
    }

    fn link(&mut self, from: Ref, to: Ref) {
        let Some(crate::RefKind::Struct(addr)) = from.kind() else { panic!("{from:?}") };
        self.store.heap.struct_set(addr, 1, [to.to_bits(), 0]).unwrap();
    }

    fn value(&self, r: Ref) -> Option<u64> {
        let Some(crate::RefKind::Struct(addr)) = r.kind() else { return None };
        self.store.heap.struct_get(addr, 0).map(|slots| slots[0])
    }

    fn live(&self) -> usize {
        self.store.heap.live_objects()
    }

    fn collect(&mut self) -> usize {
        self.store.collect(&());
        self.live()
    }
}

#[test]
fn cycles_are_freed() {
    let mut f = fixture();
    let a = f.node(1, Ref::NULL);
    let b = f.node(2, a);
    f.link(a, b);
    let own = f.node(3, Ref::NULL);
    f.link(own, own);
    f.store.collect(&vec![b]);
    assert_eq!(f.live(), 2);
    assert_eq!((f.value(a), f.value(b), f.value(own)), (Some(1), Some(2), None));
    assert_eq!(f.collect(), 0);
}

#[test]
fn depth_does_not_matter() {
    let length = if cfg!(miri) { 1_000 } else { 1_000_000 };
    let mut f = fixture();
    let mut head = Ref::NULL;
    for i in 0..length {
        head = f.node(i, head);
    }
    let handle = f.store.root(head);
    assert_eq!(f.collect() as u64, length);
    assert_eq!(f.value(head), Some(length - 1));
    f.store.unroot(handle);
    assert_eq!(f.collect(), 0);
}

#[test]
fn handles_hold_until_given_back() {
    let mut f = fixture();
    let node = f.node(7, Ref::NULL);
    let (one, two) = (f.store.root(node), f.store.root(node.externalise()));
    assert_ne!(one, two);
    f.node(8, Ref::NULL);
    assert_eq!(f.collect(), 1);
    assert_eq!(f.store.unroot(one), Some(node));
    assert_eq!(f.collect(), 1);
    assert_eq!(f.store.rooted(one), None);
    assert_eq!(f.store.rooted(two), Some(node.externalise()));
    assert_eq!(f.store.unroot(two), Some(node.externalise()));
    assert_eq!(f.collect(), 0);
}

#[test]
fn the_store_holds_what_it_refers_to() {
    let mut f = fixture();
    let in_global = f.node(1, Ref::NULL);
    let in_table = f.node(2, Ref::NULL);
    let in_segment = f.node(3, Ref::NULL);
    let ty = GlobalType { mutable: true, val: ValType::Ref(ANY) };
    let global = f.store.alloc_global(ty, Value::Ref(in_global));
    let ty = TableType {
        addr: AddrType::I32,
        limits: Limits { min: 3, max: None },
        element: RefType { nullable: true, heap: HeapType::Extern },
    };
    let table = f.store.alloc_table(ty, Ref::NULL).unwrap();
    f.store.tables[table.index()].set(2, in_table.externalise());
    f.store.elems.push(ElemInst { refs: [in_segment].into() });
    // A number that happens to be the word of a reference holds nothing.
    let lost = f.node(4, Ref::NULL);
    let ty = GlobalType { mutable: true, val: ValType::I64 };
    f.store.alloc_global(ty, Value::I64(lost.to_bits()));
    assert_eq!(f.collect(), 3);
    assert_eq!(f.value(lost), None);
    f.store.globals[global.index()].set(Value::Ref(Ref::NULL));
    assert_eq!(f.collect(), 2);
    f.store.elems[0] = ElemInst::default();
    assert_eq!(f.collect(), 1);
    f.store.tables[table.index()].set(2, Ref::NULL);
    assert_eq!(f.collect(), 0);
}

#[test]
fn exceptions_are_objects_too() {
    let mut f = fixture();
    let ty = f.store.types.intern_func(FuncType::new([ValType::I32, ValType::Ref(ANY)], []));
    let tag = f.store.alloc_tag(ty);
    let node = f.node(5, Ref::NULL);
    let before = f.store.heap.allocated_bytes();
    let exn = f.store.alloc_exn(tag, vec![Value::I32(9), Value::Ref(node)]).unwrap();
    assert_eq!(f.store.heap.allocated_bytes() - before, 32);
    f.store.collect(&vec![Ref::exn(exn)]);
    assert_eq!(f.store.exn(exn).unwrap().fields[1], Value::Ref(node));
    assert_eq!(f.value(node), Some(5));
    assert_eq!(f.collect(), 0);
    assert!(f.store.exn(exn).is_none());
}

#[test]
fn arrays_hold_their_elements_and_numbers_hold_nothing() {
    let mut f = fixture();
    let a = f.node(1, Ref::NULL);
    let b = f.node(2, Ref::NULL);
    let array = f.store.alloc_array_fixed(f.refs, &[a.to_bits(), 0, b.to_bits()]).unwrap();
    let lost = f.node(3, Ref::NULL);
    let word = lost.to_bits();
    let vectors = f.store.alloc_array(f.vectors, 2, [word, word]).unwrap();
    f.store.collect(&vec![Ref::array(array), Ref::array(vectors)]);
    assert_eq!((f.value(a), f.value(b), f.value(lost)), (Some(1), Some(2), None));
    assert_eq!(f.store.heap.array_get(vectors, 1), Some([word, word]));
}

#[test]
fn addresses_are_used_again_as_if_new() {
    let mut f = fixture();
    let kept = f.node(1, Ref::NULL);
    let handle = f.store.root(kept);
    let gone = f.node(2, kept);
    let last = f.node(3, kept);
    assert_eq!(f.collect(), 1);
    let Some(crate::RefKind::Struct(addr)) = gone.kind() else { panic!("{gone:?}") };
    // As large as a node.
    let array = f.store.alloc_array(f.bytes, 16, [0xff, 0]).unwrap();
    assert_eq!(array, addr);
    assert_eq!(f.store.heap.struct_get(addr, 0), None);
    // Who kept the reference without rooting it cannot pass the array for a structure.
    let structure = ValType::Ref(RefType { nullable: true, heap: HeapType::Struct });
    assert!(!f.store.has_type(Value::Ref(gone), structure));
    assert!(f.store.has_type(Value::Ref(kept), structure));
    assert!(!f.store.has_type(Value::Ref(last), structure));
    // A root that dangles is passed over.
    f.store.unroot(handle);
    f.store.collect(&vec![last, Ref::array(array)]);
    assert_eq!(f.live(), 1);
}

/// Makes a list, all of it garbage but for the last so many nodes; gives how many were made.
fn churn(f: &mut Fixture, keep: usize) -> (u64, Stop) {
    let mut made = 0;
    let mut held = Vec::new();
    loop {
        f.store.collect_if_needed(&held);
        let next = held.last().copied().unwrap_or(Ref::NULL);
        match f.store.alloc_struct(f.node, &[made, next.to_bits()]) {
            Ok(addr) => held.push(Ref::structure(addr)),
            Err(stop) => return (made, stop),
        }
        made += 1;
        if held.len() > keep {
            held.drain(..);
        }
    }
}

fn small_heap(config: StoreConfig) -> Fixture {
    let text = include_str!("../../../gas/schedules/default.toml");
    let text = text.replace("gc_heap_bytes = 1_073_741_824", "gc_heap_bytes = 64_000");
    let schedule = Arc::new(Schedule::parse(&text, "test").unwrap());
    fixture_of(StoreConfig { schedule, ..config })
}

#[test]
fn when_the_heap_is_full_does_not_depend_on_collections() {
    let full = Stop::Exhausted(Exhaustion::Limit("the heap is full"));
    let mut runs = Vec::new();
    for (stress, keep) in [(false, 3), (true, 3), (true, 100_000)] {
        let mut f = small_heap(StoreConfig { gc_stress: stress, ..StoreConfig::metered(None) });
        runs.push(churn(&mut f, keep));
        assert_eq!(f.store.heap.collections() > 0, stress);
        assert_eq!(f.store.room_for_array(f.bytes, 0), Err(full.clone()));
    }
    // 16 bytes of header and as many of fields, 32 in 64000.
    assert_eq!(runs, vec![(2000, full); 3]);
}

/// Without gas the cap is on what is alive: garbage of a hundred heaps is no matter.
#[test]
fn garbage_does_not_fill_a_heap_without_gas() {
    for gc_stress in [false, true] {
        let mut f = small_heap(StoreConfig { gc_stress, ..StoreConfig::unmetered() });
        for i in 0..200_000 {
            f.store.collect_if_needed(&());
            f.node(i, Ref::NULL);
        }
        assert!(f.store.heap.allocated_bytes() > 90 * 64_000);
        assert!(f.live() <= 2000);
        // An object that is larger than the cap never fits; one of half its size does, although garbage is there.
        let full = Err(Exhaustion::Limit("the heap is full").into());
        assert_eq!(f.store.room_for_array(f.bytes, 64_001), full);
        for _ in 0..10 {
            f.store.collect_if_needed(&());
            f.store.alloc_array(f.bytes, 32_000, [0, 0]).unwrap();
        }
    }
}

#[test]
fn what_is_alive_fills_a_heap_without_gas() {
    let full = Stop::Exhausted(Exhaustion::Limit("the heap is full"));
    for gc_stress in [false, true] {
        let mut f = small_heap(StoreConfig { gc_stress, ..StoreConfig::unmetered() });
        let (made, stop) = churn(&mut f, 100_000);
        assert_eq!(stop, full);
        // A collection tells that the last object is one too many, at the next.
        assert!((2000..=2001).contains(&made), "{made}");
        // Nothing holds the objects any more, and whoever goes on finds room.
        f.store.collect_if_needed(&());
        f.store.alloc_array(f.bytes, 32_000, [0, 0]).unwrap();
    }
}

#[test]
fn stress_collects_at_every_opportunity() {
    let mut f = small_heap(StoreConfig { gc_stress: true, ..StoreConfig::unmetered() });
    let handle = f.node(0, Ref::NULL);
    f.store.root(handle);
    for i in 1..=10 {
        f.store.collect_if_needed(&());
        assert_eq!((f.live(), f.store.heap.collections()), (1, i));
        f.node(i, Ref::NULL);
    }
}

#[test]
fn collections_come_when_the_heap_may_have_doubled() {
    let mut f = fixture();
    let large = (LEAST_INTERVAL / 4) as u32;
    let mut held = Vec::new();
    for _ in 0..16 {
        f.store.collect_if_needed(&held);
        held.push(Ref::array(f.store.alloc_array(f.bytes, large, [0, 0]).unwrap()));
    }
    // After 4 and 8 of them: the heap has doubled then, and it would have again after 16.
    assert_eq!(f.store.heap.collections(), 2);
    f.store.collect_if_needed(&());
    assert_eq!((f.store.heap.collections(), f.live()), (3, 0));
}

#[derive(Debug)]
struct Machine(Vec<Ref>);

impl Roots for Machine {
    fn visit_roots(&self, _: &Store, visit: &mut dyn FnMut(Ref)) {
        self.0.iter().for_each(|r| visit(*r));
    }
}

#[test]
fn who_calls_out_leaves_its_roots_behind() {
    let mut f = fixture();
    let node = f.node(1, Ref::NULL);
    f.store.push_activation(Box::new(Machine(vec![node])));
    let inner = f.node(2, Ref::NULL);
    f.store.push_activation(Box::new(vec![inner]));
    assert_eq!(f.collect(), 2);
    // Taking back something else than was left is noticed.
    assert!(f.store.pop_activation::<Machine>().is_none());
    assert_eq!(f.collect(), 1);
    assert_eq!(f.store.pop_activation::<Machine>().unwrap().0, [node]);
    assert_eq!(f.collect(), 0);
}

#[test]
fn a_host_function_holds_its_arguments() {
    let mut f = fixture();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let report = Arc::clone(&seen);
    let host = HostFn::new("env", "look", move |caller, args| {
        caller.store.collect(&());
        let ty = ValType::Ref(RefType { nullable: false, heap: HeapType::Any });
        report.lock().unwrap().push(caller.store.has_type(args[0], ty));
        Ok(Vec::new())
    });
    let func: FuncAddr = f.store.alloc_host_func(FuncType::new([ValType::Ref(ANY)], []), host);
    let node = f.node(1, Ref::NULL);
    f.store.invoke(func, &[Value::Ref(node)]).unwrap();
    assert_eq!(*seen.lock().unwrap(), [true]);
    assert_eq!(f.collect(), 0);
}

#[test]
fn fields_are_as_wide_as_their_types() {
    let mut f = fixture();
    let any = RefType { nullable: true, heap: HeapType::Use(TypeUse::Def(f.node)) };
    let storages = [
        StorageType::I8,
        StorageType::I16,
        StorageType::Val(ValType::F32),
        StorageType::Val(ValType::V128),
        StorageType::Val(ValType::Ref(any)),
        StorageType::Val(ValType::F64),
    ];
    let comp = CompType::Struct(storages.map(field).into());
    let sub = SubType { is_final: true, supertype: None, comp };
    let ty = f.store.types.intern_groups(&[RecGroup(Box::new([sub]))])[0];
    let node = f.node(1, Ref::NULL);
    let (all, word) = (u64::MAX, node.to_bits());
    let slots = [all, 0x1_2345, all, 5, all, word, all];
    let addr = f.store.alloc_struct(ty, &slots).unwrap();
    let heap = &mut f.store.heap;
    assert_eq!(heap.get(addr).unwrap().bytes().len(), 1 + 2 + 4 + 16 + 8 + 8);
    let read: Vec<_> = (0..7).map(|i| heap.struct_get(addr, i)).collect();
    let value = |low, high| Some([low, high]);
    let expected = [
        value(0xff, 0),
        value(0x2345, 0),
        value(0xffff_ffff, 0),
        value(5, all),
        value(word, 0),
        value(all, 0),
        None,
    ];
    assert_eq!(read, expected);
    heap.struct_set(addr, 3, [1, 2]).unwrap();
    assert_eq!(heap.struct_get(addr, 3), value(1, 2));
    assert_eq!(heap.struct_get(addr, 4), value(word, 0));
    assert_eq!(heap.array_len(addr), None);
    f.store.collect(&vec![Ref::structure(addr)]);
    assert_eq!(f.value(node), Some(1));
    // Too few slots, and too many.
    assert!(matches!(f.store.alloc_struct(ty, &slots[1..]), Err(Stop::Crash(_))));
    assert!(matches!(f.store.alloc_struct(f.node, &slots), Err(Stop::Crash(_))));
    assert!(matches!(f.store.alloc_struct(f.bytes, &slots), Err(Stop::Crash(_))));
}

#[test]
fn an_array_is_its_elements_and_nothing_behind_them() {
    let mut f = fixture();
    let array = f.store.alloc_array(f.bytes, 6, [7, 0]).unwrap();
    let refs = f.store.alloc_array(f.refs, 2, [0, 0]).unwrap();
    let node = f.node(1, Ref::NULL);
    let heap = &mut f.store.heap;
    assert_eq!((heap.array_len(array), heap.array_len(refs)), (Some(6), Some(2)));
    assert_eq!(heap.array_set(array, 5, [0x1ff, 0]), Some(()));
    assert_eq!(heap.array_set(array, 6, [0, 0]), None);
    assert_eq!(heap.array_get(array, 6), None);
    assert_eq!(heap.array_get(array, u32::MAX), None);
    assert_eq!(heap.get(array).unwrap().bytes(), [7, 7, 7, 7, 7, 0xff]);
    heap.get_mut(array).unwrap().bytes_mut()[1..3].copy_from_slice(&[8, 9]);
    assert_eq!([0, 1, 2].map(|i| heap.array_get(array, i)), [7, 8, 9].map(|n| Some([n, 0])));
    // A reference is its word, and what it refers to is found there.
    heap.get_mut(refs).unwrap().bytes_mut()[8..].copy_from_slice(&node.to_bits().to_le_bytes());
    assert_eq!(heap.array_get(refs, 1), Some([node.to_bits(), 0]));
    f.store.collect(&vec![Ref::array(refs)]);
    assert_eq!((f.live(), f.value(node)), (2, Some(1)));
}

/// Arrays of every class and larger ones come and go in no order. Each keeps its bytes as long as it is held, has zeros when it is
/// new, and is gone when it is not held.
#[test]
fn objects_of_all_sizes_come_and_go() {
    let rounds = if cfg!(miri) { 300 } else { 20_000 };
    let mut f = fixture();
    let mut random = 7_u64;
    let mut next = |below: u64| {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let mut held: Vec<(crate::HeapAddr, u32, u8)> = Vec::new();
    for round in 0..rounds {
        let len = match next(20) {
            0 => next(300_000),
            1..5 => next(20_000),
            _ => next(600),
        } as u32;
        let addr = f.store.alloc_array(f.bytes, len, [0, 0]).unwrap();
        let object = f.store.heap.get_mut(addr).unwrap().bytes_mut();
        assert!(object.iter().all(|byte| *byte == 0), "{len} bytes");
        let mark = round as u8 | 1;
        object.fill(mark);
        held.push((addr, len, mark));
        if next(100) == 0 {
            held.retain(|_| next(4) > 0);
            let roots: Vec<Ref> = held.iter().map(|(addr, ..)| Ref::array(*addr)).collect();
            f.store.collect(&roots);
            assert_eq!(f.live(), held.len());
            for (addr, len, mark) in &held {
                let bytes = f.store.heap.get(*addr).unwrap().bytes();
                assert!(bytes.len() == *len as usize && bytes.iter().all(|byte| byte == mark));
            }
        }
    }
    assert_eq!(f.collect(), 0);
    assert!(f.store.heap.is_empty());
}

/// Only the address of an object is one: nothing inside of an object, before the first or behind the last is taken for one.
#[test]
fn nothing_but_the_address_of_an_object_is_one() {
    let mut f = fixture();
    let word = Ref::i31(5).to_bits();
    let all =
        [f.store.alloc_array(f.bytes, 1000, [3, 0]), f.store.alloc_array(f.refs, 9000, [word, 0])];
    let all = all.map(Result::unwrap);
    for addr in (0..20_000).chain([u32::MAX - 1, u32::MAX]).map(crate::HeapAddr) {
        assert_eq!(f.store.heap.get(addr).is_some(), all.contains(&addr), "{addr:?}");
    }
}

#[test]
fn digests_do_not_show_addresses() {
    let mut digests = Vec::new();
    for (collect, value) in [(false, 2), (true, 2), (true, 3)] {
        let mut f = fixture();
        f.node(0, Ref::NULL);
        if collect {
            f.collect();
        }
        let a = f.node(1, Ref::NULL);
        let b = f.node(value, a);
        f.link(a, b);
        let ty = GlobalType { mutable: true, val: ValType::Ref(ANY) };
        f.store.alloc_global(ty, Value::Ref(b));
        f.store.alloc_global(ty, Value::Ref(a));
        digests.push(f.store.digest());
    }
    assert_eq!(digests[0], digests[1]);
    assert_ne!(digests[1].globals, digests[2].globals);
    assert_eq!(digests[1].tables, digests[2].tables);
}
