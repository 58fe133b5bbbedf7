//! Prints how the work on a module grows with the module, for each construct: the exponent of time and of memory from the first
//! size to eight times that. 1 is in proportion; `make growth` fails above the bound. Time is that of the processor.
//!
//! Usage: `growth [FACTOR [FAMILY]]`: the first size is `FACTOR` times that of the family.

#![allow(clippy::print_stdout, reason = "it is a program that prints")]

#[path = "../../jit/tests/support/families.rs"]
mod families;

use etalon::{Config, Engine, Instance, Module, OptLevel, Store, Tier};
use etalon_module::Module as ModuleData;
use families::{FAMILIES, Family};
use peak_alloc::PeakAlloc;

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
/// Measurements of a size: at least so many, and more until those of all sizes took so long together.
const LEAST_ROUNDS: u32 = 5;
const MOST_ROUNDS: u32 = 25;
const SECONDS: f64 = 2.0;
const SIZES: [usize; 4] = [1, 2, 4, 8];

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

/// Seconds of the processor, in all threads of the process: what else the machine does takes none of them.
fn cpu_seconds() -> f64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

/// Seconds and bytes.
fn measure(phase: fn(&[u8]), wasm: &[u8]) -> (f64, f64) {
    ALLOCATOR.reset_peak_usage();
    let (start, before) = (cpu_seconds(), ALLOCATOR.current_usage());
    phase(wasm);
    (cpu_seconds() - start, ALLOCATOR.peak_usage().saturating_sub(before) as f64)
}

/// The least of some measurements of each size, in turn: what else the machine does only adds, and comes and goes.
fn least(phase: fn(&[u8]), members: &[Vec<u8>]) -> (Vec<f64>, Vec<f64>) {
    let mut times = vec![f64::MAX; members.len()];
    let (mut bytes, mut spent) = (times.clone(), 0.0);
    for round in 0..MOST_ROUNDS {
        for (at, wasm) in members.iter().enumerate() {
            let seen = measure(phase, wasm);
            times[at] = seen.0.min(times[at]);
            bytes[at] = seen.1.min(bytes[at]);
            spent += seen.0;
        }
        if round + 1 >= LEAST_ROUNDS && spent > SECONDS {
            break;
        }
    }
    (times, bytes)
}

/// The members of a family, so many times as large as the smallest.
fn members(family: &Family, factor: usize) -> Vec<Vec<u8>> {
    let (name, size, text) = family;
    let member = |n: &usize| wat::parse_str(text(n * size * factor));
    SIZES.iter().map(|n| member(n).unwrap_or_else(|e| panic!("{name}: {e}"))).collect()
}

/// The power of the size that a quantity grows as: the slope of the straight line that lies nearest to its logarithms, over the sizes
/// where it is above noise.
fn exponent(sizes: &[f64], quantity: &[f64], least: f64) -> f64 {
    let Some(from) = quantity.iter().position(|q| *q >= least) else { return 0.0 };
    let points: Vec<(f64, f64)> =
        sizes.iter().zip(quantity).skip(from).map(|(s, q)| (s.ln(), q.ln())).collect();
    let count = points.len() as f64;
    let (x, y) =
        points.iter().fold((0.0, 0.0), |sum, p| (sum.0 + p.0 / count, sum.1 + p.1 / count));
    let (over, under) = points
        .iter()
        .fold((0.0, 0.0), |sum, p| (sum.0 + (p.0 - x) * (p.1 - y), sum.1 + (p.0 - x) * (p.0 - x)));
    if points.len() < 2 { 0.0 } else { over / under }
}

fn main() {
    let mut args = std::env::args().skip(1);
    let factor: usize = args.next().and_then(|f| f.parse().ok()).unwrap_or(1);
    let only = args.next().unwrap_or_default();
    let mut worst = 0;
    for family in FAMILIES.iter().filter(|(name, ..)| name.contains(&only)) {
        let name = family.0;
        let members = members(family, factor);
        for (phase, run) in PHASES {
            let (times, bytes) = least(*run, &members);
            let sizes = SIZES.map(|size| size as f64);
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
