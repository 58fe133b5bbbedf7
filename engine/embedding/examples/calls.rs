//! What calls across the border cost: a guest that calls functions of the host, and a host that calls one of the guest.
//! `cargo run --release -p etalon --example calls` prints nanoseconds a call, on each tier, or on the one that is named behind it.
#![allow(clippy::print_stdout, missing_docs)]

use etalon::{Caller, Config, Engine, Error, Linker, Module, Store, Tier};
use std::time::Instant;

const GUEST: &str = r#"(module
    (import "host" "plain" (func $plain (param i32) (result i32)))
    (import "host" "caller" (func $caller (param i32 i64) (result i64)))
    (func (export "empty"))
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "plain") (param $n i32) (result i32) (local $sum i32)
      (loop $again
        (local.set $sum (call $plain (local.get $sum)))
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $sum))
    (func (export "caller") (param $n i32) (result i32) (local $sum i64)
      (loop $again
        (local.set $sum (call $caller (local.get $n) (local.get $sum)))
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (i32.wrap_i64 (local.get $sum))))"#;

/// How many calls are timed.
const CALLS: i32 = 1_000_000;
/// How often; the fastest counts.
const ROUNDS: usize = 5;

/// Nanoseconds a call of the fastest round.
fn fastest(mut round: impl FnMut() -> Result<(), Error>) -> Result<f64, Error> {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        round()?;
        best = best.min(begun.elapsed().as_secs_f64());
    }
    Ok(best * 1e9 / f64::from(CALLS))
}

fn main() -> Result<(), Error> {
    println!(
        "nanoseconds a call    host, plain    host, with its caller    guest, empty    guest, two numbers"
    );
    let only = std::env::args().nth(1);
    for (tier, metered) in
        [(Tier::Oracle, false), (Tier::Interp, false), (Tier::Jit, false), (Tier::Jit, true)]
    {
        if only.as_ref().is_some_and(|only| only != tier.name()) {
            continue;
        }
        let engine = Engine::new(Config::new().tier(tier).consume_fuel(metered))?;
        let module = Module::new(&engine, GUEST)?;
        let mut linker: Linker<u64> = Linker::new(&engine);
        linker.func_wrap("host", "plain", |n: i32| n.wrapping_add(1))?;
        linker.func_wrap("host", "caller", |mut caller: Caller<'_, u64>, n: i32, sum: i64| {
            *caller.data_mut() += 1;
            sum.wrapping_add(i64::from(n))
        })?;
        let mut store = Store::new(&engine, 0);
        if metered {
            store.set_fuel(u64::MAX >> 2)?;
        }
        let instance = linker.instantiate(&mut store, &module)?;
        let plain = instance.get_typed_func::<i32, i32>(&mut store, "plain")?;
        let caller = instance.get_typed_func::<i32, i32>(&mut store, "caller")?;
        let empty = instance.get_typed_func::<(), ()>(&mut store, "empty")?;
        let add = instance.get_typed_func::<(i32, i32), i32>(&mut store, "add")?;
        let figures = [
            fastest(|| plain.call(&mut store, CALLS).map(drop))?,
            fastest(|| caller.call(&mut store, CALLS).map(drop))?,
            fastest(|| (0..CALLS).try_for_each(|_| empty.call(&mut store, ())))?,
            fastest(|| (0..CALLS).try_for_each(|n| add.call(&mut store, (n, 1)).map(drop)))?,
        ];
        let name = format!("{}{}", tier.name(), if metered { ", metered" } else { "" });
        let [a, b, c, d] = figures;
        println!("{name:<18} {a:>14.1} {b:>24.1} {c:>15.1} {d:>20.1}");
    }
    Ok(())
}
