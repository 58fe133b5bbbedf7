//! Prints what regions of memories cost: how many times as long a kernel of loads and stores takes, on each tier, where the engine checks
//! regions as where it does not. Each figure is the median over pairs of runs, one of each kind right after the other, so that what
//! the machine does meanwhile is in both. Time is that of the processor.
//!
//! Usage: `regions [PAIRS]`, 15 if nothing is said.

#![allow(clippy::print_stdout, reason = "it is a program that prints")]

use etalon::{Config, Engine, Instance, Module, Protection, Result, Store, Tier, TypedFunc};

/// Each turn copies a word within 64 KiB, from the address 4,096 on, and adds up what was there.
const KERNEL: &str = r#"(module (memory (export "memory") 2)
  (func (export "run") (param $turns i32) (result i32) (local $at i32) (local $sum i32)
    (loop $again
      (local.set $at (i32.and (i32.mul (local.get $turns) (i32.const 68)) (i32.const 32764)))
      (i32.store offset=36864 (local.get $at)
        (i32.add (i32.load offset=36864 (local.get $at)) (local.get $turns)))
      (local.set $sum (i32.add (local.get $sum) (i32.load offset=4096 (local.get $at))))
      (br_if $again (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))
    (local.get $sum)))"#;

/// Tiers, and turns that take a moment on each.
const TIERS: &[(Tier, i32)] =
    &[(Tier::Oracle, 200_000), (Tier::Interp, 2_000_000), (Tier::Jit, 2_000_000)];

/// What there is to check: how many regions from which address on. Compiled code asks only between the first and the last.
const CASES: &[(&str, &[(u64, u64)])] = &[
    ("no region", &[]),
    ("256 regions behind", &[(256, 70_000)]),
    ("a region on either side", &[(1, 0), (1, 70_000)]),
    ("128 regions on either side", &[(128, 0), (128, 70_000)]),
];

struct Kernel {
    store: Store<()>,
    run: TypedFunc<i32, i32>,
}

impl Kernel {
    /// With what there is to check; `None` for an engine that does not.
    fn new(tier: Tier, regions: Option<&[(u64, u64)]>) -> Result<Kernel> {
        let engine = Engine::new(Config::new().tier(tier).memory_regions(regions.is_some()))?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &Module::new(&engine, KERNEL)?, &[])?;
        let memory = instance.get_memory(&store, "memory").expect("the kernel exports it");
        let lists = regions.unwrap_or_default().iter();
        for at in lists.flat_map(|(count, from)| (0..*count).map(move |n| from + 16 * n)) {
            let name = format!("at {at}");
            memory.protect(&mut store, at..at + 8, Protection::ReadOnly, &name)?;
        }
        let run = instance.get_typed_func(&store, "run")?;
        Ok(Kernel { store, run })
    }

    fn seconds(&mut self, turns: i32) -> Result<f64> {
        let begun = cpu_seconds();
        self.run.call(&mut self.store, turns)?;
        Ok(cpu_seconds() - begun)
    }
}

fn cpu_seconds() -> f64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

fn main() -> Result<()> {
    let pairs: usize = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(15).max(1);
    for (tier, turns) in TIERS {
        for (case, regions) in CASES {
            let mut off = Kernel::new(*tier, None)?;
            let mut on = Kernel::new(*tier, Some(regions))?;
            let mut ratios = Vec::with_capacity(pairs);
            // The first pair prepares the code.
            for pair in 0..=pairs {
                // Who is first takes turns.
                let (on, off) = match pair % 2 {
                    0 => (on.seconds(*turns)?, off.seconds(*turns)?),
                    _ => {
                        let off = off.seconds(*turns)?;
                        (on.seconds(*turns)?, off)
                    }
                };
                if pair > 0 {
                    ratios.push(on / off);
                }
            }
            ratios.sort_by(f64::total_cmp);
            let [low, middle, high] = [0, pairs / 2, pairs - 1].map(|at| ratios[at]);
            println!("{:6} {case:27} {middle:5.2}  ({low:.2} to {high:.2})", tier.name());
        }
    }
    Ok(())
}
