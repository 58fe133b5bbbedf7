//! Structures and arrays: values in and out, traps, gas, and what a collection leaves alone.

mod support;

use etalon_gas::Rate;
use etalon_module::FuncType;
use etalon_module::operator::Opcode;
use etalon_runtime::{Exhaustion, Extern, HostFn, Stop, StoreConfig, Trap, Value};
use support::{Machine, at_each_level, schedule};

const WAT: &str = r#"(module
  (import "host" "collect" (func $collect))
  (type $s (sub (struct (field (mut i8)) (field (mut i64)) (field (mut v128)) (field (mut f32)))))
  (type $t (sub $s (struct (field (mut i8)) (field (mut i64)) (field (mut v128)) (field (mut f32))
    (field (ref null $s)))))
  (type $a (array (mut i16)))
  (type $r (array (mut anyref)))
  (data $d "\01\02\03\04")
  (elem $e anyref (ref.i31 (i32.const 4)) (ref.null any))
  (func $make (result (ref $s))
    (struct.new $s (i32.const 0x1ff) (i64.const 2) (v128.const i64x2 3 4) (f32.const 1)))
  (func (export "signed") (result i32) (struct.get_s $s 0 (call $make)))
  (func (export "unsigned") (result i32) (struct.get_u $s 0 (call $make)))
  (func (export "wide") (result i64) (i64x2.extract_lane 1 (struct.get $s 2 (call $make))))
  (func (export "set") (result i64) (local $s (ref null $s))
    (local.set $s (call $make))
    (struct.set $s 1 (local.get $s) (i64.const 99))
    (struct.get $s 1 (local.get $s)))
  (func (export "kept") (result i64) (local $s (ref null $s))
    (local.set $s (call $make))
    (call $collect)
    (drop (call $make))
    (struct.get $s 1 (local.get $s)))
  (func (export "tests") (result i32) (local $x anyref)
    (local.set $x (struct.new_default $t))
    (i32.add (ref.test (ref $s) (local.get $x))
      (i32.add (ref.test (ref $a) (local.get $x))
        (i32.add (ref.test (ref null eq) (ref.null none)) (ref.test (ref $t) (call $make))))))
  (func (export "cast") (drop (ref.cast (ref $t) (call $make))))
  (func (export "null") (drop (struct.get $s 1 (ref.null $s))))
  (func (export "data") (param i32 i32) (result i32) (local $a (ref null $a))
    (local.set $a (array.new_data $a $d (i32.const 0) (local.get 0)))
    (array.get_u $a (local.get $a) (local.get 1)))
  (func (export "fill") (param i32) (local $a (ref null $a))
    (local.set $a (array.new $a (i32.const 7) (i32.const 100)))
    (array.fill $a (local.get $a) (i32.const 50) (i32.const 8) (local.get 0)))
  (func (export "elem") (result i32)
    (i31.get_s (ref.cast i31ref
      (array.get $r (array.new_elem $r $e (i32.const 0) (i32.const 2)) (i32.const 0)))))
  (func (export "many") (param i32)
    (loop $l
      (drop (array.new_default $r (i32.const 1000)))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "i31") (param i32) (result i32 i32)
    (i31.get_s (ref.i31 (local.get 0))) (i31.get_u (ref.i31 (local.get 0)))))"#;

fn machine(config: StoreConfig, opt: etalon_jit::OptLevel) -> Machine {
    machine_of(WAT, config, opt)
}

fn machine_of(wat: &str, config: StoreConfig, opt: etalon_jit::OptLevel) -> Machine {
    let mut m = Machine::empty(config, opt);
    let collect = HostFn::new("host", "collect", |caller, _| {
        caller.store.collect(&());
        Ok(Vec::new())
    });
    let collect = m.store.alloc_host_func(FuncType::new([], []), collect);
    m.linker.define("host", "collect", Extern::Func(collect));
    m.add(wat).unwrap();
    m
}

fn trap(outcome: Result<Vec<Value>, Stop>) -> Trap {
    match outcome {
        Err(Stop::Trap(trapped)) => {
            assert!(trapped.site.is_some());
            trapped.trap
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn values_go_in_and_out() {
    at_each_level(|opt| values(StoreConfig::unmetered(), opt));
}

#[test]
fn values_go_in_and_out_while_everything_else_is_collected() {
    at_each_level(|opt| values(stress(), opt));
}

fn stress() -> StoreConfig {
    StoreConfig { gc_stress: true, ..StoreConfig::unmetered() }
}

fn values(config: StoreConfig, opt: etalon_jit::OptLevel) {
    use Value::{I32, I64};
    let mut m = machine(config, opt);
    assert_eq!(m.call("signed", &[]), Ok(vec![I32(u32::MAX)]));
    assert_eq!(m.call("unsigned", &[]), Ok(vec![I32(255)]));
    assert_eq!(m.call("wide", &[]), Ok(vec![I64(4)]));
    assert_eq!(m.call("set", &[]), Ok(vec![I64(99)]));
    assert_eq!(m.call("kept", &[]), Ok(vec![I64(2)]), "what code holds is not collected");
    assert_eq!(m.call("tests", &[]), Ok(vec![I32(2)]));
    assert_eq!(m.call("data", &[I32(2), I32(1)]), Ok(vec![I32(0x0403)]));
    assert_eq!(m.call("elem", &[]), Ok(vec![I32(4)]));
    let (signed, unsigned) = (I32(u32::MAX), I32(0x7fff_ffff));
    assert_eq!(m.call("i31", &[I32(u32::MAX)]), Ok(vec![signed, unsigned]));
    assert_eq!(trap(m.call("cast", &[])), Trap::CastFailure);
    assert_eq!(trap(m.call("null", &[])), Trap::NullStructureReference);
    assert_eq!(trap(m.call("data", &[I32(3), I32(0)])), Trap::MemoryOutOfBounds);
    assert_eq!(trap(m.call("data", &[I32(2), I32(2)])), Trap::ArrayOutOfBounds);
    assert_eq!(trap(m.call("fill", &[I32(51)])), Trap::ArrayOutOfBounds);
}

/// Allocates what is dropped at once, and a list that must stay, held by a local, by an operand, by an argument of
/// a caller, and by the field of an exception.
const ROOTS: &str = r#"(module
  (import "host" "collect" (func $collect))
  (type $l (struct (field i32) (field (ref null $l))))
  (type $a (array (mut (ref null $l))))
  (tag $e (param (ref null $l)))
  (func (export "garbage") (param $n i32)
    (loop $again
      (drop (struct.new $l (local.get $n) (ref.null $l)))
      (drop (array.new_default $a (i32.const 2)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func $list (param $n i32) (result (ref null $l)) (local $l (ref null $l))
    (loop $again
      (local.set $l (struct.new $l (local.get $n) (local.get $l)))
      (drop (array.new $a (local.get $l) (i32.const 3)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $l))
  (func $sum (param $l (ref null $l)) (result i32) (local $sum i32)
    (block $end
      (loop $again
        (br_if $end (ref.is_null (local.get $l)))
        (local.set $sum (i32.add (local.get $sum) (struct.get $l 0 (local.get $l))))
        (local.set $l (struct.get $l 1 (local.get $l)))
        (br $again)))
    (local.get $sum))
  (func (export "local") (param $n i32) (result i32) (call $sum (call $list (local.get $n))))
  (func (export "operand") (param $n i32) (result i32)
    (call $list (local.get $n))
    (call $sum (call $list (local.get $n)))
    (drop)
    (call $collect)
    (call $sum))
  (func $through (param $l (ref null $l)) (param $n i32) (result i32)
    (if (i32.eqz (local.get $n)) (then (call $collect) (return (i32.const 0))))
    (i32.add (call $through (call $list (i32.const 3)) (i32.sub (local.get $n) (i32.const 1)))
      (call $sum (local.get $l))))
  (func (export "callers") (param $n i32) (result i32)
    (call $through (call $list (i32.const 3)) (local.get $n)))
  (func (export "thrown") (param $n i32) (result i32)
    (block $h (result (ref null $l))
      (try_table (result (ref null $l)) (catch $e $h)
        (call $throw (local.get $n)) (ref.null $l)))
    (call $collect)
    (call $sum))
  (func $throw (param $n i32) (throw $e (call $list (local.get $n))))
  (func (export "array") (param $n i32) (result i32)
    (call $sum (array.get $a
      (array.new_fixed $a 2 (call $list (local.get $n)) (call $list (i32.const 1))) (i32.const 0)))))"#;

#[test]
fn what_code_holds_is_found_and_nothing_else() {
    at_each_level(|opt| {
        let mut m = machine_of(ROOTS, stress(), opt);
        for name in ["local", "operand", "thrown", "array"] {
            assert_eq!(m.call(name, &[Value::I32(50)]), Ok(vec![Value::I32(1275)]), "{name}");
        }
        assert_eq!(m.call("callers", &[Value::I32(50)]), Ok(vec![Value::I32(300)]));
        m.call("garbage", &[Value::I32(100)]).unwrap();
        assert!(m.store.heap.live_objects() <= 2, "{} objects", m.store.heap.live_objects());
    });
}

#[test]
fn garbage_is_freed_while_code_runs() {
    at_each_level(|opt| {
        let mut m = machine_of(ROOTS, StoreConfig::unmetered(), opt);
        m.call("garbage", &[Value::I32(1_000_000)]).unwrap();
        // Some bytes are allocated from one collection to the next, and this many objects do not fit in them.
        assert!(m.store.heap.collections() > 5);
        assert!(m.store.heap.live_objects() < 400_000, "{} objects", m.store.heap.live_objects());
    });
}

#[test]
fn the_heap_has_a_cap_and_gas_is_paid_by_element() {
    at_each_level(|opt| {
        // What the loop allocates is garbage, which counts under gas-1 alone.
        let mut m = machine(StoreConfig::unmetered(), opt);
        assert_eq!(m.call("many", &[Value::I32(200_000)]), Ok(vec![]));
        let mut m = machine(StoreConfig::metered(None), opt);
        let full = m.call("many", &[Value::I32(200_000)]);
        assert!(matches!(full, Err(Stop::Exhausted(Exhaustion::Limit(_)))), "{full:?}");

        let mut m = machine(StoreConfig::metered(None), opt);
        let rate: Rate = schedule().dynamic(Opcode::ArrayFill).unwrap();
        let mut cost = |n| {
            m.store.meter_mut().set_limit(None).unwrap();
            m.call("fill", &[Value::I32(n)]).unwrap();
            m.store.meter().consumed()
        };
        let difference = cost(50) - cost(0);
        assert_eq!(u128::from(difference), rate.charge(50));
    });
}

/// Storage types of elements, each with two values, how an element is read, and how it is compared.
const ELEMENTS: [(&str, &str, &str, &str, &str); 9] = [
    ("i8", "i32.const 0x81", "i32.const 7", "array.get_u", "i32.ne"),
    ("i16", "i32.const 0x8123", "i32.const 7", "array.get_u", "i32.ne"),
    ("i32", "i32.const 0x81234567", "i32.const 7", "array.get", "i32.ne"),
    ("f32", "f32.const -1.5", "f32.const 2", "array.get", "f32.ne"),
    ("i64", "i64.const 0x8123456789abcdef", "i64.const 7", "array.get", "i64.ne"),
    ("f64", "f64.const -1.5", "f64.const 2", "array.get", "f64.ne"),
    ("i31ref", "ref.i31 (i32.const 5)", "ref.i31 (i32.const 6)", "array.get", "call $differ"),
    ("v128", "v128.const i64x2 3 -4", "v128.const i64x2 5 6", "array.get", "call $unlike"),
    ("eqref", "ref.i31 (i32.const 5)", "ref.null eq", "array.get", "call $differ"),
];

/// Three arrays of so many elements, one after the other: of a value, of another, and of zeros. Gives 0 if each has its own.
fn elements(element: &str, value: &str, other: &str, get: &str, differs: &str) -> String {
    let operand = if matches!(element, "i8" | "i16") { "i32" } else { element };
    format!(
        r#"(module (type $a (array (mut {element})))
      (func $differ (param eqref eqref) (result i32)
        (i32.eqz (ref.eq (local.get 0) (local.get 1))))
      (func $unlike (param v128 v128) (result i32)
        (v128.any_true (v128.xor (local.get 0) (local.get 1))))
      (func $check (param $a (ref null $a)) (param $v {operand}) (param $n i32) (result i32)
        (if (i32.ne (array.len (local.get $a)) (local.get $n)) (then (return (i32.const 1))))
        (block $end
          (loop $l
            (br_if $end (i32.eqz (local.get $n)))
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (if ({differs} ({get} $a (local.get $a) (local.get $n)) (local.get $v))
              (then (return (i32.const 2))))
            (br $l)))
        (i32.const 0))
      (func (export "f") (param $n i32) (result i32)
        (local $a (ref null $a)) (local $b (ref null $a)) (local $c (ref null $a)) (local $zero {operand})
        (local.set $a (array.new $a ({value}) (local.get $n)))
        (local.set $b (array.new $a ({other}) (local.get $n)))
        (local.set $c (array.new_default $a (local.get $n)))
        (i32.add (call $check (local.get $a) ({value}) (local.get $n))
          (i32.add (call $check (local.get $b) ({other}) (local.get $n))
            (call $check (local.get $c) (local.get $zero) (local.get $n))))))"#,
    )
}

#[test]
fn new_arrays_have_their_elements_and_write_no_others() {
    at_each_level(|opt| {
        for (element, value, other, get, differs) in ELEMENTS {
            let wat = elements(element, value, other, get, differs);
            for config in [StoreConfig::unmetered(), StoreConfig::metered(None)] {
                let mut m = Machine::new(config, opt, &wat);
                // Twice, so that each size was there before.
                for n in (0..80).chain(0..80).chain([500, 600, 3000]) {
                    let outcome = m.call("f", &[Value::I32(n)]);
                    assert_eq!(outcome, Ok(vec![Value::I32(0)]), "{n} of {element}");
                }
            }
        }
    });
}

/// Types of so many supertypes one above the other, the first of none.
fn tower(levels: usize) -> String {
    let mut text = String::from("(type $t0 (sub (struct)))");
    for level in 1..levels {
        text += &format!("(type $t{level} (sub $t{} (struct)))", level - 1);
    }
    text
}

#[test]
fn subtypes_are_told_at_every_depth() {
    const LEVELS: usize = 12;
    let mut text = tower(LEVELS) + "(type $other (sub $t3 (struct (field i32))))";
    let mut expected = Vec::new();
    for (made, wanted) in
        (0..=LEVELS).flat_map(|made| (0..=LEVELS).map(move |wanted| (made, wanted)))
    {
        let name =
            |level: usize| if level == LEVELS { "$other".to_owned() } else { format!("$t{level}") };
        text += &format!(
            r#"(func (export "{made} {wanted}") (result i32)
              (ref.test (ref {}) (select (result anyref) (struct.new_default {}) (ref.null any) (i32.const 1))))"#,
            name(wanted),
            name(made)
        );
        let is_below = match (made, wanted) {
            (LEVELS, LEVELS) => true,
            (LEVELS, wanted) => wanted <= 3,
            (_, LEVELS) => false,
            (made, wanted) => wanted <= made,
        };
        expected.push((format!("{made} {wanted}"), is_below));
    }
    at_each_level(|opt| {
        let mut m = Machine::new(StoreConfig::unmetered(), opt, &format!("(module {text})"));
        for (name, is_below) in &expected {
            assert_eq!(m.call(name, &[]), Ok(vec![Value::I32((*is_below).into())]), "{name}");
        }
    });
}
