//! Calls: recursion, depth, host functions, other instances, and where traps are.

mod common;

use common::{Guest, i32, module};
use etalon_module::{FuncType, ValType};
use etalon_oracle::Oracle;
use etalon_runtime::{
    Exhaustion, Extern, HostFn, Placement, Stop, Store, StoreConfig, Trap, Value, instantiate,
};
use std::sync::Arc;

const FIB: &str = "(module (func $fib (export \"f\") (param i32) (result i32)
    local.get 0 i32.const 2 i32.lt_s if (result i32) local.get 0 else
    local.get 0 i32.const 1 i32.sub call $fib
    local.get 0 i32.const 2 i32.sub call $fib i32.add end))";

#[test]
fn recursion_gives_results() {
    assert_eq!(Guest::new(FIB).call("f", &[i32(20)]), Ok(vec![i32(6765)]));
    let mut guest = Guest::metered(FIB, None);
    let instantiation = guest.store.meter().consumed();
    assert_eq!(guest.call("f", &[i32(15)]), Ok(vec![i32(610)]));
    assert_eq!(instantiation + guest.executed(), guest.store.meter().consumed());
}

#[test]
fn endless_recursion_is_exhaustion_at_a_fixed_depth() {
    let wat = "(module (global $n (export \"n\") (mut i32) (i32.const 0))
        (func $f (export \"f\") global.get $n i32.const 1 i32.add global.set $n call $f)
        (func (export \"n\") (result i32) global.get $n))"
        .replace("(export \"n\") (mut", "(mut");
    let mut guest = Guest::new(&wat);
    for round in 1..3 {
        assert_eq!(guest.call("f", &[]), Err(Stop::Exhausted(Exhaustion::Stack)));
        let depth = guest.store.schedule().depth();
        // Each frame takes F0 and the two operands that the body has at most.
        let frames = depth.max / (depth.frame + 2);
        assert_eq!(guest.call("n", &[]), Ok(vec![Value::I32(frames * round)]));
    }
}

#[test]
fn a_trap_tells_where_it_was_raised() {
    let wat = "(module (func $a (result i32) i32.const 1 i32.const 0 i32.div_u)
        (func (export \"f\") (result i32) nop call $a))";
    let mut guest = Guest::new(wat);
    let Err(Stop::Trap(trapped)) = guest.call("f", &[]) else { panic!("no trap") };
    assert_eq!(trapped.trap, Trap::IntegerDivideByZero);
    let site = trapped.site.unwrap();
    assert_eq!(site.func, 0);
    let module = Arc::clone(&guest.store.instance(guest.instance).module);
    assert_eq!(module.bytes()[site.offset as usize], 0x6e);
}

/// A module that counts with a host function which calls back into it.
#[test]
fn host_functions_are_called_and_may_call_back() {
    let mut store = Store::new(StoreConfig::metered(Some(100_000))).unwrap();
    let tier = store.add_executor(Arc::new(Oracle::new()));
    let ty = FuncType::new([ValType::I32], [ValType::I32]);
    let host = store.alloc_host_func(
        ty,
        HostFn::new("env", "down", |caller, args| {
            let Value::I32(n) = args[0] else { return Err(Stop::crash("not an i32")) };
            if n == 0 {
                return Ok(vec![Value::I32(1)]);
            }
            let instance = etalon_runtime::InstanceAddr(0);
            let Some(Extern::Func(f)) = caller.store.instance(instance).export("f") else {
                return Err(Stop::crash("no export"));
            };
            let back = caller.store.invoke(f, &[Value::I32(n - 1)]);
            back.map_err(|e| Stop::crash(e.to_string()))
        }),
    );
    let wat = "(module (import \"env\" \"down\" (func $down (param i32) (result i32)))
        (func (export \"f\") (param i32) (result i32)
            local.get 0 i32.const 2 i32.mul local.get 0 call $down i32.add))";
    let placement = Placement::all(tier);
    let instance =
        instantiate(&mut store, &module(wat), &[Extern::Func(host)], &placement).unwrap();
    let Some(Extern::Func(f)) = store.instance(instance).export("f") else { panic!("no export") };
    let result = store.invoke(f, &[i32(4)]);
    assert_eq!(result, Ok(vec![i32(8 + 6 + 4 + 2 + 1)]));
    let first = store.meter().consumed();
    store.invoke(f, &[i32(4)]).unwrap();
    assert_eq!(store.meter().consumed(), 2 * first);
    assert_eq!(store.depth_left(), u64::from(store.schedule().depth().max));
}

#[test]
fn instances_have_their_own_memories() {
    let mut store = Store::new(StoreConfig::unmetered()).unwrap();
    let tier = store.add_executor(Arc::new(Oracle::new()));
    let placement = Placement::all(tier);
    let inner = "(module (memory 1) (data (i32.const 0) \"\\05\")
        (func (export \"peek\") (param i32) (result i32) local.get 0 i32.load8_u))";
    let inner = instantiate(&mut store, &module(inner), &[], &placement).unwrap();
    let peek = store.instance(inner).export("peek").unwrap();
    let outer = "(module (import \"m\" \"peek\" (func $peek (param i32) (result i32)))
        (memory 1) (data (i32.const 0) \"\\09\") (table funcref (elem $peek))
        (type $t (func (param i32) (result i32)))
        (func (export \"f\") (result i32)
            i32.const 0 call $peek i32.const 100 i32.mul
            i32.const 0 i32.const 0 call_indirect (type $t) i32.const 10 i32.mul i32.add
            i32.const 0 i32.load8_u i32.add))";
    let outer = instantiate(&mut store, &module(outer), &[peek], &placement).unwrap();
    let Some(Extern::Func(f)) = store.instance(outer).export("f") else { panic!("no export") };
    assert_eq!(store.invoke(f, &[]), Ok(vec![i32(559)]));
}
