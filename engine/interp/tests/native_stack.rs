//! The stack of the host does not grow with what a guest executes, whether operations are a loop or jump to each other: see
//! `execution/flow.rs`. An operation that kept a frame would soon fill the small stack of these threads.

mod common;

use common::{Guest, access};
use etalon_module::{Class, Opcode, ValType};
use etalon_runtime::StoreConfig;

/// How often each operation is executed. One frame takes 16 bytes at least, so that many take more than the stack has.
const TIMES: u32 = if cfg!(debug_assertions) { 100 } else { 10_000 };
const STACK: usize = 128 << 10;

fn local(ty: ValType) -> &'static str {
    match ty {
        ValType::I32 => "local.get $i32 ",
        ValType::I64 => "local.get $i64 ",
        ValType::F32 => "local.get $f32 ",
        ValType::F64 => "local.get $f64 ",
        _ => "local.get $v128 ",
    }
}

/// An operator with the immediates that its text needs.
fn text(opcode: Opcode) -> String {
    match opcode {
        Opcode::V128Const => format!("{opcode} i64x2 1 2"),
        _ if opcode.name().ends_with(".const") => format!("{opcode} 1"),
        Opcode::I8x16Shuffle => format!("{opcode} 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"),
        _ if opcode.name().ends_with("_lane") || opcode.name().contains("extract_lane_") => {
            format!("{opcode} 0")
        }
        _ => opcode.name().to_owned(),
    }
}

/// What a loop does once, for each operator with fixed operands and for what compiles to operations of other kinds.
fn bodies() -> Vec<String> {
    let fixed = Opcode::ALL.iter().filter(|op| op.is_executed() && op.shape().is_some());
    let fixed = fixed.filter(|op| {
        // Waiting needs a shared memory, growth an end, and segments are named.
        let names = [
            "memory.atomic.wait32",
            "memory.atomic.wait64",
            "memory.grow",
            "memory.init",
            "data.drop",
            "elem.drop",
            "memory.discard",
        ];
        let plain = !matches!(op.class(), Some(Class::Control) | Some(Class::Call));
        let typed = op.shape().is_some_and(|shape| {
            shape.operands.iter().chain(shape.results).all(|ty| !matches!(ty, ValType::Ref(_)))
        });
        plain && typed && !names.contains(&op.name())
    });
    let mut bodies = Vec::new();
    let mut pairs = Vec::new();
    for op in fixed {
        let shape = op.shape().expect("it has one");
        let operands: String = shape.operands.iter().map(|ty| local(*ty)).collect();
        let drops = "drop ".repeat(shape.results.len());
        bodies.push(format!("{operands} {} {drops}", text(*op)));
        if let ([a, b], [c]) = (shape.operands, shape.results) {
            if (a, b) == (c, c) && !op.may_trap() {
                pairs.push((*op, *c));
            }
            if *c == ValType::I32 {
                bodies.push(format!("block {operands} {} br_if 0 end", text(*op)));
                bodies.push(format!("block {operands} {} i32.eqz br_if 0 end", text(*op)));
            }
        }
    }
    for (outer, ty) in &pairs {
        for (inner, _) in pairs.iter().filter(|(_, other)| other == ty) {
            let (a, outer, inner) = (local(*ty), text(*outer), text(*inner));
            bodies.push(format!("{a}{a}{a}{inner} {outer} drop"));
            bodies.push(format!("{a}{a}{inner} {a}{outer} drop"));
        }
    }
    bodies.extend(OTHERS.iter().map(|&body| body.to_owned()));
    bodies.extend(accesses(false));
    bodies
}

/// Loads and stores in memories of both kinds on all sides of the first, or in a first one with addresses of 64 bits.
fn accesses(is_wide: bool) -> Vec<String> {
    let mut bodies = Vec::new();
    let memories: &[_] = match is_wide {
        true => &[("i64", ""), ("i64", " local.get $i64 i64.add")],
        false => {
            &[("i32", ""), ("i32", "$low"), ("i64", "$low64"), ("i32", "$high"), ("i64", "$high64")]
        }
    };
    for op in Opcode::ALL {
        let Some((value, result)) = access(*op) else { continue };
        let (value, drops) = (value.map_or("", local), result.map_or("", |_| "drop"));
        for (ty, what) in memories {
            let (memory, sum) = if is_wide { ("", *what) } else { (*what, "") };
            let lane = if op.name().ends_with("_lane") { "0" } else { "" };
            bodies.push(format!("local.get ${ty}{sum} {value} {op} {memory} {lane} {drops}"));
        }
    }
    if is_wide {
        bodies.push("i64.const 8 i32.const 1 i64.const 8 memory.fill".to_owned());
        bodies.push("i64.const 8 i64.const 1 i64.const 8 memory.copy".to_owned());
        bodies.push("memory.size drop".to_owned());
    }
    bodies
}

const OTHERS: &[&str] = &[
    "nop",
    "i32.const 70000 local.set $i32 i32.const 1 local.set $i32",
    "i64.const 0x123456789abc local.set $i64 i64.const 1 local.set $i64",
    "v128.const i64x2 1 2 local.set $v128",
    "local.get $v128 local.get $v128 local.get $i32 select drop",
    "local.get $i32 local.get $i32 local.get $i32 select drop",
    "global.get $g global.set $g global.get $v global.set $v",
    "i32.const 0 i32.const 0 table.get $t table.set $t",
    "i32.const 0 table.get $t ref.is_null drop",
    "local.get $i32 if nop else nop end",
    "block (result i32) local.get $i32 local.get $i32 local.get $i32 br_if 0 drop end drop",
    "block (result i32) i32.const 5 local.get $i32 local.get $i32 br_if 0 drop end drop",
    "block block local.get $i32 br_table 0 1 0 end end",
    "block (result i32) i64.const 2 local.get $i32 local.get $i32 br_table 0 0 end drop",
    "block i32.const 0 table.get $t br_on_null 0 drop end",
    "block (result funcref) ref.func $one br_on_non_null 0 ref.null func end drop",
    "local.get $i32 call $one drop",
    "local.get $i32 i32.const 0 call_indirect $t (param i32) (result i32) drop",
    "local.get $i32 ref.func $one call_ref $f drop",
    "call $many drop drop drop",
    "call $locals",
    "i32.const 8 local.set $n loop local.get $n i32.const 1 i32.sub local.tee $n br_if 0 end",
    "i32.const 0 local.set $n loop block local.get $n i32.const 9 i32.ge_s br_if 0 local.get $n i32.const 2 i32.add
     local.set $n br 1 end end",
    "local.get $i32 local.get $i32 i32.add i32.load offset=4 drop",
    "local.get $i32 return_call $one",
    "local.get $i32 i32.const 0 return_call_indirect $t (type $f)",
    "local.get $i32 ref.func $one return_call_ref $f",
    "global.get $o struct.get $s 0 drop global.get $o struct.get_s $s 1 drop global.get $o struct.get_u $s 1 drop",
    "global.get $o struct.get_s $s 2 drop global.get $o local.get $i32 struct.set $s 2",
    "global.get $a local.get $i32 array.get $n drop global.get $a local.get $i32 local.get $i64 array.set $n",
    "global.get $b local.get $i32 array.get_s $m drop global.get $c local.get $i32 array.get_s $l drop",
    "block (result (ref null $n)) global.get $a br_on_cast 0 (ref null $n) (ref $n) end drop",
    "block (result (ref null $n)) global.get $a br_on_cast_fail 0 (ref null $n) (ref $n) end drop",
    "block (result (ref null $n)) global.get $a br_on_cast_fail 0 (ref null $n) (ref none) end drop",
    "global.get $a array.len drop global.get $a ref.as_non_null drop",
    "local.get $i32 ref.i31 i31.get_s drop local.get $i32 ref.i31 i31.get_u drop",
    "global.get $a ref.test (ref $n) drop global.get $a ref.cast (ref null array) drop",
];

fn module(home: &str, bodies: &[String]) -> String {
    let mut text = format!(
        "(module (import \"\" \"{home}\" (memory {} 1)) (import \"\" \"low\" (memory $low 1)) (import \"\" \"low64\" (memory $low64 i64 1))
         (memory $high 1) (memory $high64 i64 1) (global $g (mut i64) (i64.const 0)) (global $v (mut v128) (v128.const i64x2 0 0))
         (table $t 2 funcref) (type $f (func (param i32) (result i32)))
         (type $s (struct (field (mut i64)) (field (mut i8)) (field (mut i16)))) (type $n (array (mut i64)))
         (type $m (array (mut i8))) (type $l (array (mut i16)))
         (global $o (mut (ref null $s)) (struct.new_default $s))
         (global $a (mut (ref null $n)) (array.new_default $n (i32.const 4)))
         (global $b (mut (ref null $m)) (array.new_default $m (i32.const 4)))
         (global $c (mut (ref null $l)) (array.new_default $l (i32.const 4))) (elem (table $t) (i32.const 0) func $one)
         (func $one (param i32) (result i32) local.get 0)
         (func $many (result i32 i32 i32) i32.const 1 i32.const 2 i32.const 3)
         (func $locals (local i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64))\n",
        if home == "home64" { "i64" } else { "" },
    );
    for (i, body) in bodies.iter().enumerate() {
        let in_loop = format!(
            "loop $again {body} local.get $count i32.const 1 i32.sub local.tee $count br_if $again end"
        );
        // A tail call is repeated by its caller.
        let (inside, body) = match body.contains("return_call") {
            true => (body.clone(), in_loop.replace(body, &format!("call $once{i} drop"))),
            false => ("i32.const 0".to_owned(), in_loop),
        };
        let locals = "(local $i32 i32) (local $i64 i64) (local $f32 f32) (local $f64 f64)
             (local $v128 v128) (local $n i32)
             i32.const 1 local.set $i32 i64.const 1 local.set $i64
             f32.const 1 local.set $f32 f64.const 1 local.set $f64";
        text.push_str(&format!("(func $once{i} (result i32) {locals} {inside})\n"));
        text.push_str(&format!("(func (export \"f{i}\") (param $count i32) {locals} {body})\n"));
    }
    text + ")"
}

fn run_all(config: fn() -> StoreConfig) {
    let all = bodies();
    assert!(all.len() > 1_000, "{}", all.len());
    run("home", all, config());
    run("home64", accesses(true), config());
}

fn run(home: &str, bodies: Vec<String>, config: StoreConfig) {
    // What it imports has addresses in the store in this order.
    let memories = "(module (memory (export \"low\") 1) (memory (export \"low64\") i64 1) (memory (export \"home\") 1)
         (memory (export \"home64\") i64 1))";
    let mut guest =
        Guest::importing(&module(home, &bodies), memories, &[home, "low", "low64"], config);
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(move || {
        for (i, body) in bodies.iter().enumerate() {
            let name = format!("f{i}");
            guest
                .call(&name, &[common::i32(TIMES as i32)])
                .unwrap_or_else(|e| panic!("{body}: {e}"));
        }
    });
    thread.expect("a thread starts").join().expect("nothing fails");
}

#[test]
fn the_stack_does_not_grow() {
    run_all(StoreConfig::unmetered);
}

#[test]
fn the_stack_does_not_grow_where_gas_is_charged() {
    run_all(|| StoreConfig::metered(None));
}
