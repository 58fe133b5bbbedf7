//! How many instances of a small module a second of processor time makes, each with one call and in a store of its own.
//! `cargo run --release -p etalon --example instances` prints them on each tier, or on the one that is named behind it.
#![allow(clippy::print_stdout, missing_docs)]

use etalon::{Config, Engine, Error, Linker, Module, PoolConfig, Store, Tier};
use std::time::Instant;

const GUEST: &str = r#"(module
    (memory (export "memory") 1)
    (global $calls (mut i32) (i32.const 0))
    (data (i32.const 16) "one page")
    (func (export "run") (param i32) (result i32)
      (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
      (i32.store (i32.const 1024) (local.get 0))
      (i32.load (i32.const 1024))))"#;

/// How many instances are timed.
const INSTANCES: i32 = 20_000;
/// How often; the fastest counts.
const ROUNDS: usize = 5;

fn main() -> Result<(), Error> {
    let only = std::env::args().nth(1);
    println!("tier              instances a second    microseconds each");
    let tiers = [Tier::Oracle, Tier::Interp, Tier::Jit];
    for (tier, pooled) in tiers.into_iter().flat_map(|tier| [(tier, true), (tier, false)]) {
        if only.as_ref().is_some_and(|only| only != tier.name()) {
            continue;
        }
        let mut config = Config::new();
        config.tier(tier);
        if !pooled {
            config.pool(PoolConfig::new().memories(0));
        }
        let engine = Engine::new(&config)?;
        let module = Module::new(&engine, GUEST)?;
        let linker: Linker<()> = Linker::new(&engine);
        let mut best = f64::INFINITY;
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            for n in 0..INSTANCES {
                let mut store = Store::new(&engine, ());
                let instance = linker.instantiate(&mut store, &module)?;
                let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
                assert_eq!(run.call(&mut store, n)?, n);
            }
            best = best.min(begun.elapsed().as_secs_f64());
        }
        let each = best / f64::from(INSTANCES);
        let name = format!("{}{}", tier.name(), if pooled { "" } else { ", no pool" });
        println!("{name:<17} {:>18.0} {:>20.2}", 1.0 / each, each * 1e6);
    }
    Ok(())
}
