//! The race: every engine on every kernel, in rounds, so that a slow minute of the machine affects all engines.

use super::clock::thread_time;
use super::kernel::Kernel;
use super::options::{BenchError, BenchOptions};
use super::statistics::{geometric_mean, quantile, ratio};
use crate::value::show_typed;
use etalon_adapters::{AdapterError, Loaded, Val};
use etalon_record::{BenchMean, BenchRecord, BenchRow, KernelRows, Tool};
use std::time::Duration;

/// The largest argument of a kernel, which may multiply it by some thousands.
const MOST_WORK: i32 = 1 << 16;

/// An engine that has loaded a kernel.
struct Runner {
    name: String,
    loaded: Result<Box<dyn Loaded>, AdapterError>,
    /// Calls in a sample.
    calls: u32,
    /// Nanoseconds for a call, round by round.
    samples: Vec<f64>,
}

impl Runner {
    /// One call and its time; `None` if the engine has refused the kernel.
    fn call(&mut self, n: i32) -> Option<Result<(Val, Duration), AdapterError>> {
        let loaded = self.loaded.as_mut().ok()?;
        let start = thread_time();
        Some(loaded.run(n).map(|value| (value, thread_time().saturating_sub(start))))
    }

    /// One sample.
    fn sample(&mut self, n: i32) -> Result<(), AdapterError> {
        let Ok(loaded) = &mut self.loaded else { return Ok(()) };
        let start = thread_time();
        for _ in 0..self.calls {
            loaded.run(n)?;
        }
        let time = thread_time().saturating_sub(start);
        self.samples.push(time.as_nanos() as f64 / f64::from(self.calls));
        Ok(())
    }
}

/// Runs the kernels. `done` receives the record so far: before the first kernel, and when the rows of a further one are known.
///
/// # Errors
/// If an engine fails, or two disagree on a checksum.
pub fn bench(
    options: &BenchOptions,
    tool: Tool,
    mut done: impl FnMut(&BenchRecord),
) -> Result<BenchRecord, BenchError> {
    let engines: Vec<_> = options.engines.iter().map(|engine| engine.info()).collect();
    let against = engines.get(options.against).ok_or(BenchError::NothingToHoldAgainst)?;
    let mut record = BenchRecord::new(tool, std::env::consts::ARCH, &against.name);
    record.rounds = options.rounds.max(1) as u64;
    record.engines = engines;
    done(&record);
    for kernel in &options.kernels {
        record.kernels.push(run_kernel(options, kernel)?);
        let engines = record.engines.iter();
        record.means = engines.map(|engine| mean(&engine.name, &record.kernels)).collect();
        done(&record);
    }
    Ok(record)
}

fn run_kernel(options: &BenchOptions, kernel: &Kernel) -> Result<KernelRows, BenchError> {
    let fault = |error| BenchError::Engine { kernel: kernel.name.clone(), error };
    let mut runners: Vec<Runner> = Vec::new();
    for engine in &options.engines {
        let loaded = engine.load(&kernel.wasm);
        runners.push(Runner { name: engine.info().name, loaded, calls: 1, samples: Vec::new() });
    }
    let rounds = options.rounds.max(1);
    let sample = options.time / u32::try_from(rounds).unwrap_or(u32::MAX);
    let n = calibrate(&mut runners[options.against], sample / 2).map_err(fault)?;
    let checksum = checksums(&mut runners, options.against, n, sample, kernel)?;
    for round in 0..rounds {
        for turn in 0..runners.len() {
            // No engine is always first, and none always finds the cache as the same other engine left it.
            let at = (round + turn) % runners.len();
            runners[at].sample(n).map_err(fault)?;
        }
    }
    let base = runners[options.against].samples.clone();
    let rows = runners.into_iter().map(|runner| row(runner, &base)).collect();
    Ok(KernelRows { name: kernel.name.clone(), n, checksum: checksum.to_record(), rows })
}

/// How much work a call does: it is doubled until a call takes a given time.
fn calibrate(runner: &mut Runner, long: Duration) -> Result<i32, AdapterError> {
    let mut n = 1;
    loop {
        match runner.call(n) {
            Some(Ok((_, time))) if time >= long || n >= MOST_WORK => return Ok(n),
            Some(Ok(_)) => n *= 2,
            Some(Err(error)) => return Err(error),
            // There are no times to compare with, but the other engines still run the kernel for its checksum.
            None => return Ok(1),
        }
    }
}

/// Checks that all engines return the same checksum, and sets how many calls each makes in a sample.
fn checksums(
    runners: &mut [Runner],
    against: usize,
    n: i32,
    sample: Duration,
    kernel: &Kernel,
) -> Result<Val, BenchError> {
    let mut seen: Option<(String, Val)> = None;
    for turn in 0..runners.len() {
        let runner = &mut runners[(against + turn) % runners.len()];
        let Some(called) = runner.call(n) else { continue };
        let (value, time) =
            called.map_err(|error| BenchError::Engine { kernel: kernel.name.clone(), error })?;
        let calls = sample.as_nanos() / time.as_nanos().max(1);
        runner.calls = u32::try_from(calls).unwrap_or(u32::MAX).max(1);
        match &seen {
            None => seen = Some((runner.name.clone(), value)),
            Some((_, expected)) if *expected == value => {}
            Some((first, expected)) => {
                let returns =
                    |name: &str, value: Val| format!("{name} returns {}", show_typed(value));
                return Err(BenchError::Checksum {
                    kernel: kernel.name.clone(),
                    n,
                    first: returns(first, *expected),
                    second: returns(&runner.name, value),
                });
            }
        }
    }
    match (seen, runners[against].loaded.as_ref()) {
        (Some((_, value)), _) => Ok(value),
        (None, Err(error)) => {
            Err(BenchError::Engine { kernel: kernel.name.clone(), error: error.clone() })
        }
        (None, Ok(_)) => Err(BenchError::NothingToHoldAgainst),
    }
}

fn row(runner: Runner, base: &[f64]) -> BenchRow {
    let refused = runner.loaded.err().map(|error| error.reason);
    let measured = refused.is_none();
    BenchRow {
        engine: runner.name,
        refused,
        nanoseconds: measured.then(|| quantile(&runner.samples, 0.5)),
        ratio: (measured && !base.is_empty()).then(|| ratio(&runner.samples, base)),
    }
}

fn mean(engine: &str, kernels: &[KernelRows]) -> BenchMean {
    let rows = kernels.iter().flat_map(|kernel| &kernel.rows).filter(|row| row.engine == engine);
    let ratios: Vec<f64> = rows.filter_map(|row| row.ratio).map(|ratio| ratio.median).collect();
    let (ratio, kernels) = (geometric_mean(&ratios), ratios.len() as u64);
    BenchMean { engine: engine.to_owned(), ratio, kernels }
}
