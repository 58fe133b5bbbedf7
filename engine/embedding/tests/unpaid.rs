//! A growth of a memory that is not paid for leaves nothing that a guest could find, on any tier.

mod support;

use etalon::{Config, Engine, Exhaustion, Instance, Result, Store, Tier, Trap, unstable};
use support::PLACEMENTS;

/// Memories that a guest grows, and where it looks for what it did not get.
const MEMORIES: &[(&str, &str)] = &[
    ("(memory 1)", "(i32.const 0x10000)"),
    ("(memory 0 9)", "(i32.const 0)"),
    ("(memory i64 1)", "(i64.const 0x10000)"),
    ("(memory 1 9 shared)", "(i32.const 0x1fffc)"),
    ("(memory 3 (pagesize 1))", "(i32.const 0)"),
];

/// The function that a mixed placement gives to one tier grows, and one of another looks.
fn guest(memory: &str, address: &str) -> String {
    let index = if memory.contains("i64") { "i64" } else { "i32" };
    format!(
        r#"(module {memory}
          (func $grow (export "grow") (drop (memory.grow ({index}.const 1))))
          (func $other)
          (func (export "load") (result i32) (i32.load {address}))
          (func (export "nested") (call $grow)))"#
    )
}

#[test]
fn what_was_not_paid_for_is_not_there() {
    for (name, tier_of) in PLACEMENTS {
        for (memory, address) in MEMORIES {
            for grow in ["grow", "nested"] {
                for interruptible in [false, true] {
                    check(name, *tier_of, &guest(memory, address), grow, interruptible);
                }
            }
        }
    }
}

fn check(name: &str, tier_of: fn(u32) -> Tier, text: &str, grow: &str, interruptible: bool) {
    let mut config = Config::new();
    config.tier(Tier::Jit).consume_fuel(true).interruptible(interruptible);
    let engine = Engine::new(&config).unwrap();
    let module = unstable::mixed(&engine, &wat::parse_str(text).unwrap(), tier_of).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let mut call = |name: &str, gas: u64| -> Result<()> {
        store.set_fuel(gas).unwrap();
        let func = instance.get_func(&store, name).unwrap();
        let mut results = vec![etalon::Val::I32(0); func.ty(&store).results().len()];
        func.call(&mut store, &[], &mut results)
    };
    // Enough for all but the growth itself.
    let error = call(grow, 500).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Exhaustion::Gas), "{name} {text}");
    let error = call("load", 10_000).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::MemoryOutOfBounds), "{name} {grow} {text}");
    call(grow, 10_000).unwrap();
}
