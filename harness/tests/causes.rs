//! Differences that are made: the instruction at fault is named, and what is left of the module is short.
//!
//! Each row is a module whose export `f` is called with arguments, and a fault of an engine.

mod support;

use etalon_adapters::{Adapter, Features, adapter};
use etalon_harness::diff::{Call, Case, DiffOptions, Differ, Difference, RunOptions, Verdict};
use etalon_harness::localise::localise;
use etalon_harness::reduce::{Budget, Reduced, reduce};
use etalon_harness::settings::usual_gas;
use etalon_harness::value::parse_value;
use std::collections::BTreeSet;
use support::{Falsified, Fault};

struct Row {
    name: &'static str,
    fault: Fault,
    args: &'static [&'static str],
    module: &'static str,
    /// Lines of text that may be left.
    lines: usize,
}

const fn fault(operator: &'static str, becomes: &'static [u8]) -> Fault {
    Fault { operator, becomes, after: None }
}

const ROWS: &[Row] = &[
    Row {
        name: "in a loop, and the trap that follows",
        fault: fault("i32.shl", &[0x76]),
        args: &["i32:9"],
        module: r#"(func (export "f") (param $n i32) (result i32) (local $sum i32)
            (local.set $sum (i32.const 1))
            (loop $again
              (local.set $sum (i32.add (local.get $sum) (i32.mul (local.get $sum) (i32.const 3))))
              (local.set $n (i32.sub (local.get $n) (i32.const 1)))
              (br_if $again (local.get $n)))
            (if (i32.ne (i32.shl (local.get $sum) (i32.const 3)) (i32.const 2097152))
              (then unreachable))
            (i32.const 5))"#,
        lines: 10,
    },
    Row {
        name: "in a callee that is called before",
        fault: fault("i32.div_u", &[0x6d]),
        args: &["i32:-8"],
        module: r#"(func $g (param i32) (result i32)
              (i32.add (i32.div_u (local.get 0) (i32.const 3)) (i32.const 1)))
            (func $h (param i32) (result i32) (i32.xor (call $g (local.get 0)) (i32.const 77)))
            (func (export "f") (param i32) (result i32)
              (drop (call $h (i32.const 9)))
              (i32.and (call $h (local.get 0)) (i32.const -2)))"#,
        lines: 10,
    },
    Row {
        name: "through memory",
        fault: fault("i64.extend_i32_u", &[0xac]),
        args: &["i32:-5"],
        module: r#"(memory 1)
            (func (export "f") (param i32) (result i64)
              (i64.store offset=8 (i32.const 64) (i64.extend_i32_u (local.get 0)))
              (i64.store offset=24 (i32.const 64) (i64.const 3))
              (i64.add (i64.load offset=8 (i32.const 64)) (i64.load offset=24 (i32.const 64))))"#,
        lines: 10,
    },
    Row {
        name: "a store",
        fault: fault("i32.store16", &[0x36]),
        args: &["i32:305419896"],
        module: r#"(memory 1)
            (func (export "f") (param i32) (result i32)
              (i32.store16 align=1 (i32.const 16) (local.get 0))
              (i32.store8 (i32.const 80) (i32.const 7))
              (i32.or (i32.load (i32.const 16)) (i32.load (i32.const 80))))"#,
        lines: 12,
    },
    Row {
        name: "through a global",
        fault: fault("f64.min", &[0xa5]),
        args: &["f64:2"],
        module: r#"(global $g (mut f64) (f64.const 0))
            (func $set (param f64) (global.set $g (f64.min (local.get 0) (f64.const 1))))
            (func (export "f") (param f64) (result f64)
              (call $set (local.get 0)) (f64.mul (global.get $g) (f64.const 3)))"#,
        lines: 10,
    },
    Row {
        name: "a comparison that a branch is on",
        fault: fault("i32.lt_u", &[0x48]),
        args: &["i32:-1"],
        module: r#"(func (export "f") (param i32) (result i32)
              (block $out
                (br_if $out (i32.lt_u (local.get 0) (i32.const 10)))
                (return (i32.const 1)))
              (i32.const 2))"#,
        lines: 10,
    },
    Row {
        name: "a vector",
        fault: fault("i32x4.add", &[0xfd, 0xb1, 0x01]),
        args: &["i32:7"],
        module: r#"(func (export "f") (param i32) (result i32)
              (i32x4.extract_lane 2
                (i32x4.mul
                  (i32x4.add (i32x4.splat (local.get 0)) (v128.const i32x4 1 2 3 4))
                  (i32x4.splat (i32.const 3)))))"#,
        lines: 10,
    },
    Row {
        name: "a value that an exception carries",
        fault: fault("i32.rotl", &[0x78]),
        args: &["i32:3"],
        module: r#"(tag $e (param i32))
            (func $g (param i32) (throw $e (i32.rotl (local.get 0) (i32.const 4))))
            (func (export "f") (param i32) (result i32)
              (block $h (result i32)
                (try_table (catch $e $h) (call $g (local.get 0)))
                (i32.const 0)))"#,
        lines: 10,
    },
    Row {
        name: "a test of a reference",
        fault: fault("ref.test", &[0xfb, 0x15]),
        args: &[],
        module: r#"(func (export "f") (result i32)
              (i32.add (ref.test (ref i31) (ref.null any)) (i32.const 4)))"#,
        lines: 10,
    },
    Row {
        name: "after another instruction alone",
        fault: Fault { operator: "i32.eqz", becomes: &[0xc0], after: Some("i32.and") },
        args: &["i32:256"],
        module: r#"(func (export "f") (param i32) (result i32)
              (i32.add
                (i32.eqz (i32.xor (local.get 0) (i32.const 1)))
                (i32.mul (i32.eqz (i32.and (local.get 0) (i32.const 7))) (i32.const 5))))"#,
        lines: 12,
    },
    Row {
        name: "after a call that changes a table",
        fault: fault("i32.popcnt", &[0x67]),
        args: &["i32:1"],
        module: r#"(type $t (func (result i32))) (table 4 funcref) (elem declare func $one $two)
            (func $one (result i32) (i32.const 1)) (func $two (result i32) (i32.const 2))
            (func $put (param i32) (table.set (local.get 0) (ref.func $two)))
            (func (export "f") (param i32) (result i32)
              (table.set (i32.const 0) (ref.func $one))
              (call $put (i32.popcnt (i32.const 7)))
              (call_indirect (type $t) (i32.const 3)))"#,
        lines: 10,
    },
    Row {
        name: "a load, when memory is right",
        fault: fault("i64.load32_s", &[0x35]),
        args: &["i32:-9"],
        module: r#"(memory 1)
            (func (export "f") (param i32) (result i64)
              (i32.store (i32.const 8) (local.get 0))
              (i64.mul (i64.load32_s (i32.const 8)) (i64.const 3)))"#,
        lines: 14,
    },
    Row {
        name: "a trap where the other goes on",
        fault: fault("i32.trunc_f32_s", &[0xa9]),
        args: &["f32:-7.5"],
        module: r#"(func $g (param f32) (result i32) (i32.trunc_f32_s (f32.neg (f32.neg (local.get 0)))))
            (func (export "f") (param f32) (result i32)
              (i32.add (call $g (local.get 0)) (call $g (f32.const 3))))"#,
        lines: 10,
    },
    Row {
        name: "an element of an array",
        fault: fault("array.get_s", &[0xfb, 0x0d]),
        args: &["i32:200"],
        module: r#"(type $bytes (array (mut i8)))
            (func (export "f") (param i32) (result i32) (local $a (ref null $bytes))
              (local.set $a (array.new $bytes (i32.const 3) (i32.const 4)))
              (array.set $bytes (local.get $a) (i32.const 2) (local.get 0))
              (i32.sub (array.get_s $bytes (local.get $a) (i32.const 2)) (i32.const 1)))"#,
        // What the array holds is written in two steps.
        lines: 19,
    },
    Row {
        name: "an argument of a host function",
        fault: fault("i64.rotr", &[0x89]),
        args: &["i64:3"],
        module: r#"(import "env" "h" (func $h (param i64 i32)))
            (func (export "f") (param i64)
              (call $h (i64.const 1) (i32.const 1))
              (call $h (i64.rotr (local.get 0) (i64.const 9)) (i32.const 2)))"#,
        lines: 10,
    },
    Row {
        name: "in the fifth round of a loop",
        fault: fault("i32.shr_s", &[0x76]),
        args: &["i32:9"],
        module: r#"(func (export "f") (param $n i32) (result i32) (local $i i32)
            (loop $again
              (local.set $n (i32.shr_s (i32.sub (local.get $n) (i32.const 4)) (i32.const 1)))
              (local.set $i (i32.add (local.get $i) (i32.const 1)))
              (br_if $again (i32.lt_u (local.get $i) (i32.const 5))))
            (local.get $n))"#,
        lines: 10,
    },
    Row {
        name: "one of several results",
        fault: fault("f32.nearest", &[0x8f]),
        args: &["f32:1.75"],
        module: r#"(func $g (param f32) (result f32 i32 f32)
              (local.get 0) (i32.const 4) (f32.nearest (local.get 0)))
            (func (export "f") (param f32) (result f32 i32 f32) (call $g (local.get 0)))"#,
        lines: 10,
    },
    Row {
        name: "an operand that is the same twice, and a choice by it",
        fault: fault("i64.le_s", &[0x58]),
        args: &["i64:-1"],
        module: r#"(func (export "f") (param i64) (result i32)
              (if (result i32) (i64.le_s (local.get 0) (i64.mul (local.get 0) (local.get 0)))
                (then (select (i32.const 4) (i32.const 5) (i64.eqz (local.get 0))))
                (else (i32.const 6))))"#,
        lines: 10,
    },
    Row {
        name: "a field of one of several structures, which another function makes",
        fault: fault("struct.get_s", &[0xfb, 0x04]),
        args: &["i32:-3"],
        module: r#"(rec
              (type $a (sub (struct (field i32) (field f64))))
              (type $b (sub $a (struct
                (field i32) (field f64) (field v128) (field (mut i8)) (field (ref null $a))))))
            (func $make (param i32 i64 f32) (result (ref $b) i64)
              (struct.new $b (i32.const 1) (f64.const 2) (v128.const i64x2 1 2) (local.get 0)
                (struct.new $a (i32.const 4) (f64.const 5)))
              (local.get 1))
            (func (export "f") (param i32) (result i32) (local $r (ref null $b)) (local $n i64)
              (call $make (local.get 0) (i64.const 7) (f32.const 1))
              (local.set $n) (local.set $r)
              (i32.add (struct.get_s $b 3 (local.get $r)) (i32.wrap_i64 (local.get $n))))"#,
        lines: 11,
    },
    Row {
        name: "an element of a long array of a fixed length, through a local and a function",
        fault: fault("array.get_s", &[0xfb, 0x0d]),
        args: &["i32:-2"],
        module: r#"(type $t (array i16)) (type $u (array i16))
            (func $at (param (ref $t) i32 i64) (result i64 i32 i32)
              (local.get 2) (array.get_s $t (local.get 0) (local.get 1)) (i32.const 9))
            (func (export "f") (param i32) (result i32) (local $a (ref null $t)) (local $b i32)
              (local.set $a (array.new_fixed $t 8 (i32.const 1) (i32.const 2) (i32.const 3)
                (i32.const 4) (i32.const 5) (local.get 0) (i32.const 7) (i32.const 8)))
              (drop (array.new_default $u (i32.const 3)))
              (call $at (ref.as_non_null (local.get $a)) (i32.const 5) (i64.const 4))
              (drop) (local.set $b) (drop) (local.get $b))"#,
        lines: 12,
    },
    Row {
        name: "a load of what another function wrote",
        fault: fault("i32.load8_s", &[0x2d]),
        args: &["i32:200"],
        module: r#"(memory 1)
            (func $put (param $at i32) (param $n i32) (param i64) (result i64)
              (if (i32.eqz (local.get $n)) (then (return (i64.const 1))))
              (i32.store8 offset=3 (local.get $at) (local.get $n)) (local.get 2))
            (func $g (param i32) (result i32)
              (drop (call $put (i32.const 16) (local.get 0) (i64.const 5)))
              (i32.load8_s (i32.const 19)))
            (func (export "f") (param i32) (result i32)
              (i32.mul (call $g (local.get 0)) (i32.const 3)))"#,
        lines: 12,
    },
    Row {
        name: "a test for one of several types above each other",
        fault: fault("ref.test", &[0xfb, 0x15]),
        args: &["i32:0"],
        module: r#"(rec
              (type $a (sub (struct (field (mut i32)))))
              (type $b (sub $a (struct (field (mut i32)) (field i64))))
              (type $c (sub $b (struct (field (mut i32)) (field i64) (field f32)))))
            (table $t 4 (ref null $a))
            (func $put (param i32) (param (ref null $a)) (table.set $t (local.get 0) (local.get 1)))
            (func (export "f") (param i32) (result i32) (local $x (ref null $a))
              (call $put (i32.const 1) (struct.new $c (i32.const 5) (i64.const 6) (f32.const 7)))
              (local.set $x (table.get $t (local.get 0)))
              (i32.add (ref.test (ref $b) (local.get $x)) (struct.get $a 0 (table.get $t (i32.const 1)))))"#,
        lines: 10,
    },
];

fn differ(fault: Fault) -> Differ {
    against(Falsified::engine(fault))
}

fn against(other: std::sync::Arc<dyn Adapter>) -> Differ {
    let engines: Vec<std::sync::Arc<dyn Adapter>> = vec![adapter("oracle").unwrap(), other];
    let features =
        engines.iter().fold(Features::all(), |set, engine| set.intersection(engine.features()));
    let run =
        RunOptions { features, gas: Some(usual_gas(Some(1_000_000))), state: true, time: None };
    Differ::new(
        engines,
        DiffOptions { run, policies: BTreeSet::new(), trap_prefix: false, laws: false },
    )
}

fn case(row: &Row) -> Case {
    let wasm = wat::parse_str(format!("(module {})", row.module)).unwrap();
    let args = row.args.iter().map(|text| parse_value(text).unwrap()).collect();
    Case::new(row.name, wasm, vec![Call { export: "f".into(), args }])
}

fn difference(differ: &Differ, case: &Case) -> Difference {
    match differ.judge(case).unwrap().verdict {
        Verdict::Diverged { engine: 1, difference } => difference,
        other => panic!("{}: {other:?}", case.name),
    }
}

#[test]
fn the_instruction_is_named() {
    for row in ROWS {
        let (differ, case) = (differ(row.fault), case(row));
        let cause = localise(&differ, &case, 1, &difference(&differ, &case)).unwrap();
        let cause = cause.unwrap_or_else(|| panic!("{}: nothing is named", row.name));
        assert_eq!(cause.operator, row.fault.operator, "{}: {cause:#?}", row.name);
    }
}

/// The copies of these keep what they tell in globals. What was written to an object is told to the host alone.
#[test]
fn the_instruction_is_named_on_an_engine_that_takes_no_imports() {
    let mut tried = 0;
    for row in ROWS.iter().filter(|row| !row.module.contains("(import")) {
        let (differ, case) = (against(Falsified::closed(row.fault)), case(row));
        let cause = localise(&differ, &case, 1, &difference(&differ, &case)).unwrap();
        let cause = cause.unwrap_or_else(|| panic!("{}: nothing is named", row.name));
        assert_eq!(cause.operator, row.fault.operator, "{}: {cause:#?}", row.name);
        tried += 1;
    }
    assert!(tried > 10);
}

#[test]
fn what_is_left_is_short_and_names_the_same() {
    for row in ROWS {
        let (differ, case) = (differ(row.fault), case(row));
        let difference = difference(&differ, &case);
        let reduced = reduce(&differ, &case, 1, &difference, Budget::default()).unwrap();
        let text = wasmprinter::print_bytes(&reduced.case.wasm).unwrap();
        let cause = reduced.cause.as_ref();
        let named = cause.map(|cause| cause.operator.as_str());
        assert_eq!(named, Some(row.fault.operator), "{}: {text}", row.name);
        assert!(text.lines().count() <= row.lines, "{}: {} tries\n{text}", row.name, reduced.tries);
    }
}

#[test]
fn the_number_of_threads_does_not_show() {
    for row in ROWS {
        let (differ, case) = (differ(row.fault), case(row));
        let difference = difference(&differ, &case);
        let [one, three] = [1, 3].map(|jobs| {
            let budget = Budget { tries: 150, jobs, time: None };
            let Reduced { case, tries, .. } =
                reduce(&differ, &case, 1, &difference, budget).unwrap();
            (case, tries)
        });
        assert_eq!(one, three, "{}", row.name);
    }
}

/// What depends on when the heap is collected is made small where that is at every allocation, and says so.
#[test]
fn what_needs_a_full_heap_is_reduced_under_stress() {
    let fault = fault("i32.popcnt", &[0x67]);
    let wasm = wat::parse_str(
        r#"(module
          (func (export "f") (param i32) (result i32) (i32.add (i32.popcnt (local.get 0)) (i32.const 1)))
          (func (export "g") (result i64) (i64.mul (i64.const 1234567890123) (i64.const 9876543210987))))"#,
    );
    let wasm = wasm.unwrap();
    let differ = against(Falsified::from(fault, wasm.len()));
    let call = Call { export: "f".into(), args: vec![parse_value("i32:7").unwrap()] };
    let case = Case::new("heap", wasm, vec![call]);
    let difference = difference(&differ, &case);
    let reduced = reduce(&differ, &case, 1, &difference, Budget::default()).unwrap();
    let names: Vec<&str> = reduced.under.as_ref().unwrap().names().collect();
    assert_eq!(names, ["oracle", "falsified?gc=stress"]);
    assert!(matches!(reduced.judged.verdict, Verdict::Diverged { engine: 1, .. }));
    let text = wasmprinter::print_bytes(&reduced.case.wasm).unwrap();
    assert!(text.lines().count() <= 8, "{text}");
    assert_eq!(reduced.cause.unwrap().operator, "i32.popcnt");
}
