//! What a thread keeps alive: what its locals, operands and caught exceptions refer to, and nothing else.
//!
//! Guests count what lives: `$live` collects and counts, `$count` counts only. Address 0 is the first
//! object's, and the word that refers to it is known: so numbers that look like it can be made.

mod common;

use common::module;
use etalon_module::{FuncType, ValType};
use etalon_oracle::{Oracle, PauseLimits, Progress};
use etalon_runtime::{
    Extern, FuncAddr, HeapAddr, HostFn, InstanceAddr, Placement, Ref, Stop, Store, StoreConfig,
    Value, instantiate,
};
use std::sync::Arc;

/// Types, imports and functions that cases share. Function 2 is `$again`, function 5 `$abroad`.
const PRELUDE: &str = r#"
    (type $n (struct (field (ref null $n))))
    (type $a (array (ref null $n)))
    (type $f (func (param (ref null $n) i64) (result i32)))
    (import "env" "live" (func $live (result i32)))
    (import "env" "count" (func $count (result i32)))
    (import "env" "again" (func $again (result i32)))
    (tag $e (param (ref null $n)))
    (elem declare func $like $take)
    (func $new (result (ref $n)) struct.new_default $n)
    (func $leave (local (ref null $n)) struct.new_default $n local.set 0)
    (func $abroad (param (ref null $n)) (result i32) ref.null $n local.set 0 call $live)
    (func (export "inner") (result i32) (local (ref null $n))
        struct.new_default $n local.set 0 call $live)
    (func $take (type $f) call $live)
    (func $like (type $f) (local i64) local.get 1 local.set 2 ref.null $n local.set 0 call $live)
    (func $away (result i32) (local (ref null $n)) struct.new_default $n local.set 0
        return_call $live)
    (func $inside (result i32) call $live)
    (func $handed (param (ref null $n) (ref null $n)) (result i32) local.get 1 i64.const 0
        return_call $take)
    (func $deep (param i32) (result i32)
        local.get 0 i32.eqz if call $live return end
        struct.new_default $n
        local.get 0 i32.const 1 i32.sub call $deep
        local.set 0 drop local.get 0)
    (func $throw (local (ref null $n)) struct.new_default $n local.set 0
        struct.new_default $n throw $e)
"#;

/// What a case is about, the type and body of a function, and how many objects it counts. Its
/// parameter is the word of the object at address 0.
type Case = (&'static str, &'static str, u32);

#[rustfmt::skip]
const DEAD: &[Case] = &[
    ("an operand that was dropped", "(result i32) struct.new_default $n drop call $live", 0),
    ("a frame that was left", "(result i32) call $leave call $live", 0),
    ("a number in a local", "(result i32) call $leave call $live", 0),
    ("a number in an operand", "(result i32) local.get 0 i64.const 0 i64.add call $leave call $live local.set 1 drop local.get 1", 0),
    ("numbers in a vector", "(result i32) (local v128) local.get 0 i64x2.splat local.tee 2 v128.not v128.not call $leave call $live local.set 1 drop local.get 1", 0),
    ("a local that was set anew", "(result i32) (local (ref null $n)) struct.new_default $n local.set 2 ref.null $n local.set 2 call $live", 0),
    ("what lies under a constant", "(result i32) struct.new_default $n drop ref.null $n call $live local.set 1 drop local.get 1", 0),
    ("what lies under a local's operand", "(result i32) (local (ref null $n)) struct.new_default $n drop local.get 2 call $live local.set 1 drop local.get 1", 0),
    ("what a callee no longer has", "(result i32) struct.new_default $n local.get 0 ref.func $like call_ref $f", 0),
    ("an argument that went abroad", "(result i32) struct.new_default $n call $abroad", 0),
    ("a frame replaced by a host function", "(result i32) call $away", 0),
    ("a frame replaced by another", "(result i32) struct.new_default $n ref.null $n call $handed", 0),
    ("a frame replaced in turn", "(result i32) struct.new_default $n struct.new_default $n call $handed", 1),
    ("an exception and what it left behind", "(result i32) block (result (ref null $n)) try_table (catch $e 0) call $throw end unreachable end drop call $live", 0),
    ("an outer machine's", "(result i32) struct.new_default $n drop call $again", 1),
];

#[rustfmt::skip]
const LIVE: &[Case] = &[
    ("a local", "(result i32) (local (ref null $n)) struct.new_default $n local.set 2 call $live", 1),
    ("an operand below a call", "(result i32) struct.new_default $n call $live local.set 1 drop local.get 1", 1),
    ("an operand left in its local", "(result i32) (local (ref null $n)) struct.new_default $n local.set 2 local.get 2 call $live local.set 1 drop local.get 1", 1),
    ("an operand whose local was set anew", "(result i32) (local (ref null $n)) struct.new_default $n local.set 2 local.get 2 ref.null $n local.set 2 call $live local.set 1 drop local.get 1", 1),
    ("an operand beside vectors", "(result i32) (local v128) local.get 2 struct.new_default $n local.get 2 struct.new_default $n call $live local.set 1 drop drop drop drop local.get 1", 2),
    ("a block's parameter", "(result i32) struct.new_default $n block (param (ref $n)) call $live local.set 1 drop end local.get 1", 1),
    ("a block's result", "(result i32) block (result (ref $n)) struct.new_default $n local.get 1 i32.eqz br_if 0 end call $live local.set 1 drop local.get 1", 1),
    ("a result", "(result i32) call $new call $new call $live local.set 1 drop drop local.get 1", 2),
    ("what the instruction after a call takes", "(result i32) struct.new_default $n call $inside array.new $a array.len", 1),
    ("operands of callers", "(result i32) i32.const 9 call $deep", 9),
    ("an argument", "(result i32) struct.new_default $n local.get 0 call $take", 1),
    ("an argument by reference", "(result i32) struct.new_default $n local.get 0 ref.func $take call_ref $f", 1),
    ("an argument, and one below it", "(result i32) struct.new_default $n struct.new_default $n local.get 0 call $take local.set 1 drop local.get 1", 2),
    ("an exception's payload", "(result i32) block (result (ref null $n)) try_table (catch $e 0) call $throw end unreachable end call $live local.set 1 drop local.get 1", 1),
    ("an exception", "(result i32) (local exnref) block (result (ref null $n) exnref) try_table (catch_ref $e 0) call $throw end unreachable end local.set 2 drop call $live", 2),
    ("an exception that can be thrown again", "(result i32) (local v128) try call $throw catch $e drop i64.const 0 call $live local.set 1 drop end local.get 1", 2),
    ("an operand behind the slot of an exception", "(result i32) struct.new_default $n call $live local.set 1 drop try catch_all end local.get 1", 1),
    ("the inner and the outer exception", "(result i32) try call $throw catch_all try call $throw catch_all call $live local.set 1 end end local.get 1", 4),
    ("an outer machine's", "(result i32) struct.new_default $n call $again local.set 1 drop local.get 1", 2),
    ("an object and what it refers to", "(result i32) struct.new_default $n struct.new $n call $live local.set 1 drop local.get 1", 2),
    ("many operands", "(result i32) i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 struct.new_default $n call $live return", 1),
];

/// Every allocation collects first: these count without a collection of their own, so the object that
/// was allocated last is in the count.
#[rustfmt::skip]
const ALLOCATING: &[Case] = &[
    ("a structure's operand", "(result i32) struct.new_default $n struct.new $n drop call $count", 2),
    ("an array's operands", "(result i32) struct.new_default $n struct.new_default $n array.new_fixed $a 2 drop call $count", 3),
    ("an array's element", "(result i32) struct.new_default $n i32.const 3 array.new $a drop call $count", 2),
    ("an operand below", "(result i32) struct.new_default $n struct.new_default $n drop drop call $count", 2),
    ("an operand that was dropped", "(result i32) struct.new_default $n drop struct.new_default $n drop call $count", 1),
    ("a number that looks like it", "(result i32) (local i64) call $leave local.get 0 local.tee 2 i64.const 0 i64.add struct.new_default $n drop drop call $count", 1),
    ("what lies under a constant", "(result i32) struct.new_default $n drop ref.null $n struct.new_default $n drop drop call $count", 1),
    ("an exception's operand", "(result i32) block (result (ref null $n)) try_table (catch $e 0) struct.new_default $n throw $e end unreachable end drop call $count", 2),
    ("a thrower's frame", "(result i32) block (result (ref null $n)) try_table (catch $e 0) call $throw end unreachable end drop call $count", 3),
];

fn export(store: &Store, instance: InstanceAddr, name: &str) -> FuncAddr {
    match store.instance(instance).export(name) {
        Some(Extern::Func(func)) => func,
        other => panic!("{name}: {other:?}"),
    }
}

fn imports(store: &mut Store) -> Vec<Extern> {
    let count = |store: &Store| Ok(vec![Value::I32(store.heap.live_objects() as u32)]);
    let host = [
        HostFn::new("env", "live", move |caller, _| {
            caller.store.collect(&());
            count(caller.store)
        }),
        HostFn::new("env", "count", move |caller, _| count(caller.store)),
        HostFn::new("env", "again", |caller, _| {
            let inner = export(caller.store, InstanceAddr(0), "inner");
            caller.store.invoke(inner, &[]).map_err(|error| Stop::crash(error.to_string()))
        }),
    ];
    let ty = || FuncType::new([], [ValType::I32]);
    host.map(|host| Extern::Func(store.alloc_host_func(ty(), host))).into()
}

/// A store whose only instance has the prelude and one function, `f`.
fn instance(oracle: &Arc<Oracle>, function: &str, gc_stress: bool) -> (Store, FuncAddr) {
    let config = StoreConfig { gc_stress, ..StoreConfig::metered(None) };
    let mut store = Store::new(config).unwrap();
    let tier = store.add_executor(Arc::clone(oracle) as Arc<_>);
    // To one oracle another is as any other tier.
    let abroad = store.add_executor(Arc::new(Oracle::new()));
    let imports = imports(&mut store);
    let wat = format!("(module {PRELUDE} (func (export \"f\") {function}))");
    let placement = Placement::all(tier).place(5, abroad);
    let instance = instantiate(&mut store, &module(&wat), &imports, &placement).unwrap();
    let func = export(&store, instance, "f");
    (store, func)
}

/// Runs a function in pieces of one instruction; `between` has the store before each.
fn in_pieces(
    (oracle, store): (&Oracle, &mut Store),
    func: FuncAddr,
    args: &[Value],
    mut between: impl FnMut(&mut Store),
) -> Vec<Value> {
    let execution = oracle.start(store, func, args).unwrap();
    loop {
        between(store);
        match oracle.resume(store, execution, &PauseLimits::instructions(1)).unwrap() {
            Progress::Paused(_) => {}
            Progress::Done(results) => return results,
            Progress::Waiting(wait) => panic!("{wait:?}"),
        }
    }
}

/// Runs each case in one piece and in many.
fn check(cases: &[Case], gc_stress: bool) {
    let word = Value::I64(Ref::structure(HeapAddr(0)).to_bits());
    for (what, function, expected) in cases {
        let function = match function.strip_prefix("(result i32)") {
            Some(rest) => format!("(param i64) (result i32) (local i32) {rest}"),
            None => panic!("{function}"),
        };
        let oracle = Arc::new(Oracle::new());
        let (mut store, func) = instance(&oracle, &function, gc_stress);
        let counted = store.invoke(func, &[word]);
        assert_eq!(counted, Ok(vec![Value::I32(*expected)]), "{what}");
        store.collect(&());
        assert_eq!(store.heap.live_objects(), 0, "{what}: when it is over");
        let counted = in_pieces((&oracle, &mut store), func, &[word], |_| ());
        assert_eq!(counted, [Value::I32(*expected)], "{what}: in pieces");
        store.collect(&());
        assert_eq!(store.heap.live_objects(), 0, "{what}: when its pieces are over");
    }
}

#[test]
fn what_is_in_use_no_more_is_freed() {
    check(DEAD, false);
}

#[test]
fn what_is_in_use_is_kept() {
    check(LIVE, false);
}

#[test]
fn an_allocation_keeps_its_operands() {
    check(ALLOCATING, true);
}

/// Counts what lives at every pause of a function.
fn paused(function: &str) -> Vec<usize> {
    let oracle = Arc::new(Oracle::new());
    let (mut store, func) = instance(&oracle, function, false);
    let mut counts = Vec::new();
    in_pieces((&oracle, &mut store), func, &[], |store| {
        store.collect(&());
        counts.push(store.heap.live_objects());
    });
    counts
}

#[test]
fn a_paused_execution_holds_what_its_next_instruction_finds() {
    // Before the first instruction, before the second, and so on: the `end`s too.
    let dropped = "struct.new_default $n struct.new_default $n drop drop";
    assert_eq!(paused(dropped), [0, 1, 2, 1, 0]);
    let local = "(local (ref null $n)) struct.new_default $n local.tee 0 struct.new $n drop
        ref.null $n local.set 0";
    assert_eq!(paused(local), [0, 1, 1, 2, 1, 1, 0]);
    // Before the call, in the callee before its allocation and its `end`, and after the call.
    let called = "struct.new_default $n call $new drop drop";
    assert_eq!(paused(called), [0, 1, 1, 2, 2, 1, 0]);
    let numbers = "(local i64) struct.new_default $n drop i64.const 0 local.set 0";
    assert_eq!(paused(numbers), [0, 1, 0, 0, 0]);
}
