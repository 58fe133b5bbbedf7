//! Prints how the work on a module grows with the module, for each construct: the exponent of time and of memory from the first
//! size to eight times that. 1 is in proportion; `make growth` fails above the bound.
//!
//! Usage: `growth [FACTOR [FAMILY]]`: the first size is `FACTOR` times that of the family.

#![allow(clippy::print_stdout, reason = "it is a program that prints")]

#[path = "../../jit/tests/support/families.rs"]
mod families;

use etalon::{Config, Engine, Instance, Module, OptLevel, Store, Tier};
use etalon_module::Module as ModuleData;
use families::FAMILIES;
use peak_alloc::PeakAlloc;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What is measured: it takes the bytes of a module.
type Phase = (&'static str, fn(&[u8]));

const PHASES: &[Phase] = &[
    ("decode and validate", |wasm| drop(ModuleData::new(wasm, Tier::Interp.features()).unwrap())),
    ("interp", |wasm| run(wasm, &config(Tier::Interp, OptLevel::Speed))),
    ("oracle", |wasm| run(wasm, &config(Tier::Oracle, OptLevel::Speed))),
    ("compile", |wasm| compile(wasm, &config(Tier::Jit, OptLevel::Speed))),
    ("compile, none", |wasm| compile(wasm, &config(Tier::Jit, OptLevel::None))),
    ("compile, no gas", |wasm| compile(wasm, Config::new().tier(Tier::Jit))),
];

/// Times shorter than this are noise.
const LEAST_SECONDS: f64 = 0.02;
/// Memory below this is noise.
const LEAST_BYTES: f64 = 1e6;
const BOUND: f64 = 1.2;

fn config(tier: Tier, opt: OptLevel) -> Config {
    let mut config = Config::new();
    config.tier(tier).opt_level(opt).consume_fuel(true);
    config
}

fn compile(wasm: &[u8], config: &Config) {
    Module::new(&Engine::new(config).unwrap(), wasm).unwrap();
}

/// Prepares by running: what is not called is not prepared.
fn run(wasm: &[u8], config: &Config) {
    let engine = Engine::new(config).unwrap();
    let module = Module::new(&engine, wasm).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let f = instance.get_func(&store, "f").unwrap();
    let mut results = vec![etalon::Val::I32(0); f.ty(&store).results().len()];
    f.call(&mut store, &[etalon::Val::I32(0)], &mut results).unwrap();
}

/// Seconds and bytes.
fn measure(phase: fn(&[u8]), wasm: &[u8]) -> (f64, f64) {
    ALLOCATOR.reset_peak_usage();
    let (start, before) = (Instant::now(), ALLOCATOR.current_usage());
    phase(wasm);
    (start.elapsed().as_secs_f64(), ALLOCATOR.peak_usage().saturating_sub(before) as f64)
}

/// The least of some measurements: what else the machine does only adds.
fn least(phase: fn(&[u8]), wasm: &[u8]) -> (f64, f64) {
    let first = measure(phase, wasm);
    (0..2).fold(first, |least, _| {
        let (time, bytes) = measure(phase, wasm);
        (time.min(least.0), bytes.min(least.1))
    })
}

/// The power of the size that a quantity grows as, from one that is above noise.
fn exponent(sizes: &[f64], quantity: &[f64], least: f64) -> f64 {
    let Some(from) = quantity.iter().position(|q| *q >= least) else { return 0.0 };
    let last = quantity.len() - 1;
    if from == last {
        return 0.0;
    }
    (quantity[last] / quantity[from]).ln() / (sizes[last] / sizes[from]).ln()
}

fn main() {
    let mut args = std::env::args().skip(1);
    let factor: usize = args.next().and_then(|f| f.parse().ok()).unwrap_or(1);
    let only = args.next().unwrap_or_default();
    let mut worst = 0;
    for (name, size, text) in FAMILIES.iter().filter(|(name, ..)| name.contains(&only)) {
        let members: Vec<Vec<u8>> = [1, 2, 4, 8]
            .iter()
            .map(|n| {
                wat::parse_str(text(n * size * factor)).unwrap_or_else(|e| panic!("{name}: {e}"))
            })
            .collect();
        let sizes = [1.0, 2.0, 4.0, 8.0];
        for (phase, run) in PHASES {
            let seen: Vec<(f64, f64)> = members.iter().map(|wasm| least(*run, wasm)).collect();
            let (times, bytes): (Vec<f64>, Vec<f64>) = seen.into_iter().unzip();
            let time = exponent(&sizes, &times, LEAST_SECONDS);
            let memory = exponent(&sizes, &bytes, LEAST_BYTES);
            let mark = if time.max(memory) > BOUND { "  <--" } else { "" };
            worst += usize::from(!mark.is_empty());
            println!(
                "{name:28} {phase:20} time {time:5.2} ({:8.3} s)  memory {memory:5.2} ({:7.1} MB){mark}",
                times[3],
                bytes[3] / 1e6
            );
        }
    }
    println!("{worst} above {BOUND}");
    std::process::exit(i32::from(worst > 0));
}
