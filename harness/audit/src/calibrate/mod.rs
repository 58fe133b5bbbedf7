//! What gas costs on this machine: the time of operators and kernels on the compiled tier beside what a schedule asks for them.
//!
//! An operator is measured in a chain, where each takes the result of the one before. What chains them, mostly `local.get` and
//! `local.set`, costs gas too, and no time; it is part of the price of a link, as it is in programs.

mod chains;

pub use chains::{ALL, Link};

use etalon::{Config, Engine, Error, Features, Func, Linker, Module, Schedule, Store, Tier, Val};
use etalon_harness::bench::processor_time;
use std::sync::Arc;
use std::time::Duration;

/// Gas and time of something.
#[derive(Clone, Debug)]
pub struct Rated {
    /// The class of an operator; of a kernel nothing.
    pub class: Option<&'static str>,
    /// The operator, or the kernel.
    pub name: String,
    /// Gas of a link, or of a kernel's turn.
    pub gas: f64,
    /// Nanoseconds of processor time of the same.
    pub nanoseconds: f64,
}

impl Rated {
    /// Nanoseconds for each gas.
    pub fn per_gas(&self) -> f64 {
        self.nanoseconds / self.gas
    }
}

/// The greatest cost of a gas over the least; 1 of nothing.
pub fn spread(rated: &[Rated]) -> f64 {
    let costs = rated.iter().map(Rated::per_gas);
    let (least, most) =
        costs.fold((f64::MAX, 0f64), |(least, most), cost| (least.min(cost), most.max(cost)));
    if most > 0.0 { most / least } else { 1.0 }
}

/// How long everything is measured, and how often; the least time counts.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Of one measurement.
    pub sample: Duration,
    /// How many there are.
    pub rounds: u32,
}

/// Rates an operator in a chain.
///
/// # Errors
/// If the chain cannot be run: its schedule may leave no gas for it.
pub fn rate_link(link: &Link, schedule: &Arc<Schedule>, effort: Effort) -> Result<Rated, Error> {
    let wasm = link.module();
    let rated = rate(wasm.as_bytes(), "run", schedule, effort)?;
    let links = f64::from(chains::LINKS);
    let (gas, nanoseconds) = (rated.0 / links, rated.1 / links);
    Ok(Rated { class: Some(link.class), name: link.operator.to_owned(), gas, nanoseconds })
}

/// Rates a kernel: a module whose export of a name takes how often it is to do its work.
///
/// # Errors
/// If it cannot be run.
pub fn rate_kernel(
    name: &str,
    wasm: &[u8],
    export: &str,
    schedule: &Arc<Schedule>,
    effort: Effort,
) -> Result<Rated, Error> {
    let (gas, nanoseconds) = rate(wasm, export, schedule, effort)?;
    Ok(Rated { class: None, name: name.to_owned(), gas, nanoseconds })
}

/// Gas and nanoseconds of one more turn.
fn rate(
    wasm: &[u8],
    export: &str,
    schedule: &Arc<Schedule>,
    effort: Effort,
) -> Result<(f64, f64), Error> {
    // Gas by one turn more, on the interpreter, which compiles nothing; time without a meter, which is not what is measured.
    let mut counted = Guest::new(wasm, export, schedule, Tier::Interp)?;
    let gas = (counted.gas(9)? - counted.gas(1)?) as f64 / 8.0;
    let mut timed = Guest::new(wasm, export, schedule, Tier::Jit)?;
    let mut turns = 1;
    while timed.time(turns)? < effort.sample && turns < i32::MAX / 2 {
        turns *= 2;
    }
    let mut least = Duration::MAX;
    for _ in 0..effort.rounds.max(1) {
        least = least.min(timed.time(turns)?);
    }
    Ok((gas, least.as_nanos() as f64 / f64::from(turns)))
}

struct Guest {
    store: Store<()>,
    run: Func,
}

impl Guest {
    fn new(
        wasm: &[u8],
        export: &str,
        schedule: &Arc<Schedule>,
        tier: Tier,
    ) -> Result<Guest, Error> {
        let mut config = Config::new();
        config.tier(tier).features(Features::all()).consume_fuel(tier == Tier::Interp);
        let engine = Engine::new(config.schedule(Arc::clone(schedule)))?;
        let module = Module::new(&engine, wasm)?;
        let mut store = Store::new(&engine, ());
        let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
        let run = instance.get_func(&mut store, export);
        let run = run.ok_or_else(|| Error::msg(format!("it exports no function {export}")))?;
        Ok(Guest { store, run })
    }

    fn call(&mut self, turns: i32) -> Result<(), Error> {
        let mut results = vec![Val::I32(0); self.run.ty(&self.store).results().len()];
        self.run.call(&mut self.store, &[Val::I32(turns)], &mut results)
    }

    fn gas(&mut self, turns: i32) -> Result<u64, Error> {
        let before = self.store.fuel_consumed().unwrap_or(0);
        self.call(turns)?;
        Ok(self.store.fuel_consumed().unwrap_or(0) - before)
    }

    fn time(&mut self, turns: i32) -> Result<Duration, Error> {
        let before = processor_time();
        self.call(turns)?;
        Ok(processor_time().saturating_sub(before))
    }
}
