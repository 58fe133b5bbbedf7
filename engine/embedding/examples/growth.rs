//! Prints how the work on a module grows with the module, for each construct: the exponent of time and of memory from the first
//! size to eight times that. 1 is in proportion; `make growth` fails above the bound. Time is that of the processor. Where another
//! generator takes over at some size, a quantity may jump once, by a factor that is told; it has to grow in proportion on both sides.
//!
//! Usage: `growth [FACTOR [FAMILY [PHASE]]]`: the first size is `FACTOR` times that of the family.

#![allow(clippy::print_stdout, reason = "it is a program that prints")]

#[path = "../../jit/tests/support/families.rs"]
mod families;

use etalon::{Config, Engine, Instance, Module, ModuleError, ObjectError, OptLevel, Store, Tier};
use etalon_module::Module as ModuleData;
use families::{FAMILIES, Family, plain};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What is measured: it takes the bytes of a module.
type Phase = (&'static str, fn(&[u8]));

/// Of modules without what object files do not have.
const OBJECT: &str = "object file";

const PHASES: &[Phase] = &[
    ("decode and validate", |wasm| drop(ModuleData::new(wasm, Tier::Interp.features()).unwrap())),
    ("interp", |wasm| run(wasm, &config(Tier::Interp, OptLevel::Speed))),
    ("oracle", |wasm| run(wasm, &config(Tier::Oracle, OptLevel::Speed))),
    ("compile", |wasm| compile(wasm, &config(Tier::Jit, OptLevel::Speed))),
    ("compile, none", |wasm| compile(wasm, &config(Tier::Jit, OptLevel::None))),
    ("compile, no gas", |wasm| compile(wasm, Config::new().tier(Tier::Jit))),
    (OBJECT, object),
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
/// How often a slope is measured before it is believed.
const ATTEMPTS: u32 = 4;
/// The last is measured where the others do not tell a step from a slope.
const SIZES: [usize; 5] = [1, 2, 4, 8, 16];
/// Families of which 16 times the first size is more than a module may have.
const AT_MOST: &[&str] = &["params", "results"];

fn config(tier: Tier, opt: OptLevel) -> Config {
    let mut config = Config::new();
    config.tier(tier).opt_level(opt).consume_fuel(true);
    config
}

fn compile(wasm: &[u8], config: &Config) {
    Module::new(&Engine::new(config).unwrap(), wasm).unwrap();
}

fn object(wasm: &[u8]) {
    let made = Engine::new(&Config::new()).unwrap().object_file(wasm, None, "m");
    // They do not have all that a module may, and what the compiler leaves to other tiers is nowhere.
    let is_refused = matches!(
        made,
        Err(ModuleError::Object(ObjectError::Lacking(_) | ObjectError::NotCompiled(_)))
    );
    assert!(is_refused || made.is_ok(), "{made:?}");
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

/// The least time and memory of each size.
struct Least {
    times: Vec<f64>,
    bytes: Vec<f64>,
}

impl Least {
    fn of(sizes: usize) -> Least {
        Least { times: vec![f64::MAX; sizes], bytes: vec![f64::MAX; sizes] }
    }

    /// Measures each size some more times, in turn: what else the machine does only adds, and comes and goes.
    fn measure(&mut self, phase: fn(&[u8]), members: &[Vec<u8>]) {
        let mut spent = 0.0;
        for round in 0..MOST_ROUNDS {
            for (at, wasm) in members.iter().enumerate() {
                let seen = measure(phase, wasm);
                self.times[at] = seen.0.min(self.times[at]);
                self.bytes[at] = seen.1.min(self.bytes[at]);
                spent += seen.0;
            }
            if round + 1 >= LEAST_ROUNDS && spent > SECONDS {
                break;
            }
        }
    }

    /// How both grow, and the largest of each.
    fn growth(&self) -> [(Growth, f64); 2] {
        let of = |quantity: &[f64], least| {
            (Growth::of(quantity, least), quantity.last().copied().unwrap_or_default())
        };
        [of(&self.times, LEAST_SECONDS), of(&self.bytes, LEAST_BYTES)]
    }
}

/// The member of a family of a size, in the binary format. For an object file there is none if it needs what these do not have.
fn member(family: &Family, factor: usize, phase: &str, size: usize) -> Option<Vec<u8>> {
    let (name, first, text) = family;
    let text = text(size * first * factor);
    if phase == OBJECT {
        return wat::parse_str(plain(&text)).ok();
    }
    Some(wat::parse_str(text).unwrap_or_else(|e| panic!("{name}: {e}")))
}

/// The power of the size that a quantity grows as, from each size to the next, over the sizes where it is above noise.
fn slopes(quantity: &[f64], least: f64) -> Vec<f64> {
    let from = quantity.iter().position(|q| *q >= least).unwrap_or(quantity.len());
    quantity[from..].windows(2).map(|pair| (pair[1] / pair[0]).log2()).collect()
}

/// The slope of the straight line that lies nearest to the logarithms of a quantity and of the size.
fn exponent(slopes: &[f64]) -> f64 {
    // So many points lie before a slope, and so many behind: it moves each pair of them apart.
    let weight = |at: usize| ((at + 1) * (slopes.len() - at)) as f64;
    let sum: f64 = slopes.iter().enumerate().map(|(at, slope)| weight(at) * slope).sum();
    let weights: f64 = (0..slopes.len()).map(weight).sum();
    if slopes.is_empty() { 0.0 } else { sum / weights }
}

/// How a quantity grows.
struct Growth {
    exponent: f64,
    /// Where something else takes over, the quantity may jump once by a factor, and grow as before from there on.
    step: Option<f64>,
}

impl Growth {
    /// A step is no step at the largest size: it could be the beginning of a slope.
    fn of(quantity: &[f64], least: f64) -> Growth {
        let mut slopes = slopes(quantity, least);
        let all = exponent(&slopes);
        let steepest = (0..slopes.len()).max_by(|a, b| slopes[*a].total_cmp(&slopes[*b]));
        let step = match steepest {
            Some(at) if all > BOUND && at + 1 < slopes.len() => slopes.remove(at),
            _ => return Growth { exponent: all, step: None },
        };
        match slopes.iter().all(|slope| *slope <= BOUND) {
            true => Growth { exponent: exponent(&slopes), step: Some((step - 1.0).exp2()) },
            false => Growth { exponent: all, step: None },
        }
    }

    fn is_steep(&self) -> bool {
        self.exponent > BOUND
    }
}

impl std::fmt::Display for Growth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:5.2}", self.exponent)?;
        match self.step {
            Some(step) => write!(f, " and a step of {step:.1}"),
            None => Ok(()),
        }
    }
}

/// Measures a phase on the members of a family: time and memory, and the largest of both. What is steep is measured again, and the
/// least counts: a disturbance passes, a slope does not.
fn grow(phase: fn(&[u8]), members: &[Vec<u8>]) -> [(Growth, f64); 2] {
    let mut least = Least::of(members.len());
    for _ in 0..ATTEMPTS {
        least.measure(phase, members);
        if !is_steep(&least.growth()) {
            break;
        }
    }
    least.growth()
}

fn is_steep(seen: &[(Growth, f64)]) -> bool {
    seen.iter().any(|(growth, _)| growth.is_steep())
}

fn main() {
    let mut args = std::env::args().skip(1);
    let factor: usize = args.next().and_then(|f| f.parse().ok()).unwrap_or(1);
    let only = args.next().unwrap_or_default();
    let phases = args.next().unwrap_or_default();
    let mut worst = 0;
    for family in FAMILIES.iter().filter(|(name, ..)| name.contains(&only)) {
        let name = family.0;
        for (phase, run) in PHASES.iter().filter(|(name, _)| name.contains(&phases)) {
            let members = |sizes: &[usize]| -> Option<Vec<Vec<u8>>> {
                sizes.iter().map(|size| member(family, factor, phase, *size)).collect()
            };
            let Some(few) = members(&SIZES[..4]) else { continue };
            let mut seen = grow(*run, &few);
            if is_steep(&seen)
                && !AT_MOST.contains(&name)
                && let Some(all) = members(&SIZES)
            {
                seen = grow(*run, &all);
            }
            let mark = is_steep(&seen);
            worst += usize::from(mark);
            let [(time, seconds), (memory, bytes)] = seen;
            println!(
                "{name:26} {phase:19} time {time} ({seconds:.3} s)  memory {memory} ({:.1} MB){}",
                bytes / 1e6,
                if mark { "  <--" } else { "" }
            );
        }
    }
    println!("{worst} above {BOUND}");
    std::process::exit(i32::from(worst > 0));
}
