//! The race: every engine on every kernel and every figure, in rounds.

use super::clock::processor_time;
use super::figures::{Figure, Part};
use super::kernel::Kernel;
use super::options::{BenchError, BenchOptions};
use super::pairs::Pairs;
use super::processor;
use super::rounds::{Measured, Runner, measure};
use super::statistics::{geometric_mean, median, ratio};
use crate::value::show_typed;
use etalon_adapters::{AdapterError, Loaded, Val};
use etalon_record::{
    BenchMean, BenchRecord, BenchRow, FigureRow, FigureRows, KernelRows, Ratio, Tool,
};
use std::time::Duration;

/// The largest argument of a kernel, which may multiply it by some thousands.
const MOST_WORK: i32 = 1 << 16;

/// How long a call may be made to take, however long samples are: other engines can take a hundred times as long for it.
const CALL: Duration = Duration::from_millis(25);

/// How often memory is weighed: it differs less than time does.
const WEIGHINGS: usize = 3;

/// A kernel that an engine has loaded, and what it is called with.
struct Called {
    loaded: Box<dyn Loaded>,
    n: i32,
}

impl Measured for Called {
    fn run(&mut self, times: u32) -> Result<(), AdapterError> {
        (0..times).try_for_each(|_| self.loaded.run(self.n).map(drop))
    }

    fn renew(&mut self) -> Result<(), AdapterError> {
        self.loaded.renew()?;
        // What a fresh instance needs once, such as its first pages, is no part of a call.
        self.loaded.run(1).map(drop)
    }
}

impl Runner<Called> {
    /// One call and its time; `None` if the engine has refused the kernel.
    fn call(&mut self, n: i32) -> Option<Result<(Val, Duration), AdapterError>> {
        let called = self.work.as_mut().ok()?;
        called.n = n;
        let start = processor_time();
        let value = called.loaded.run(n);
        Some(value.map(|value| (value, processor_time().saturating_sub(start))))
    }
}

/// Runs the kernels, then takes the figures. `done` receives the record so far: before the first kernel, and when the rows of a
/// further kernel or figure are known.
///
/// # Errors
/// If two engines disagree on a checksum, or the engine that the others are compared with cannot run a kernel.
pub fn bench(
    options: &BenchOptions<'_>,
    tool: Tool,
    mut done: impl FnMut(&BenchRecord),
) -> Result<BenchRecord, BenchError> {
    let engines: Vec<_> = options.engines.iter().map(|engine| engine.info()).collect();
    let against = engines.get(options.against).ok_or(BenchError::NothingToHoldAgainst)?;
    let mut record = BenchRecord::new(tool, std::env::consts::ARCH, &against.name);
    record.cpu = processor::features();
    record.rounds = options.rounds.max(1) as u64;
    record.engines = engines;
    done(&record);
    let mut pairs = Pairs::default();
    for kernel in &options.kernels {
        record.kernels.push(run_kernel(options, kernel, &mut pairs)?);
        let names = options.kernels_on.iter().map(|at| &record.engines[*at].name);
        record.means = names.map(|name| mean(name, &record.kernels)).collect();
        record.pairs = pairs.summary();
        done(&record);
    }
    for (figure, on) in &options.figures {
        record.figures.push(match figure.part {
            Part::Memory => weigh(options, figure, on),
            _ => take_figure(options, figure, on),
        });
        done(&record);
    }
    Ok(record)
}

/// How long a sample takes.
fn sample_time(options: &BenchOptions<'_>) -> Duration {
    options.time / u32::try_from(options.rounds.max(1)).unwrap_or(u32::MAX)
}

fn run_kernel(
    options: &BenchOptions<'_>,
    kernel: &Kernel,
    pairs: &mut Pairs,
) -> Result<KernelRows, BenchError> {
    let fault = |error| BenchError::Engine { kernel: kernel.name.clone(), error };
    let mut runners: Vec<Runner<Called>> = Vec::new();
    for engine in options.kernels_on.iter().map(|at| &options.engines[*at]) {
        let loaded = engine.load(&kernel.wasm);
        let work = loaded.map(|loaded| Called { loaded, n: 1 });
        runners.push(Runner::new(engine.info().name, work));
    }
    let against = options.kernels_on.iter().position(|at| *at == options.against);
    let against = against.ok_or(BenchError::NothingToHoldAgainst)?;
    let (rounds, sample) = (options.rounds.max(1), sample_time(options));
    let n = calibrate(&mut runners[against], CALL.min(sample / 2)).map_err(fault)?;
    let checksum = checksums(&mut runners, against, n, sample, rounds, kernel)?;
    measure(&mut runners, rounds);
    pairs.add(&kernel.name, kernel.group, &runners);
    let base = base(&runners, against);
    let rows = runners.into_iter().map(|runner| row(runner, base.as_deref())).collect();
    let (name, group) = (kernel.name.clone(), kernel.group);
    Ok(KernelRows { name, group, n, checksum: checksum.to_record(), rows })
}

/// How much work a call does: it is doubled until a call takes a given time.
fn calibrate(runner: &mut Runner<Called>, long: Duration) -> Result<i32, AdapterError> {
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

/// Checks that all engines return the same checksum, and sets how many calls each makes in a sample. One that stops in the call
/// has no numbers, unless it is the one that the others are compared with.
fn checksums(
    runners: &mut [Runner<Called>],
    against: usize,
    n: i32,
    sample: Duration,
    rounds: usize,
    kernel: &Kernel,
) -> Result<Val, BenchError> {
    let mut seen: Option<(String, Val)> = None;
    for turn in 0..runners.len() {
        let runner = &mut runners[(against + turn) % runners.len()];
        let (value, time) = match runner.call(n) {
            None => continue,
            Some(Ok(called)) => called,
            Some(Err(error)) if turn == 0 => {
                return Err(BenchError::Engine { kernel: kernel.name.clone(), error });
            }
            Some(Err(error)) => {
                runner.work = Err(error);
                continue;
            }
        };
        runner.fit(time, sample, rounds);
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
    match (seen, runners[against].work.as_ref()) {
        (Some((_, value)), _) => Ok(value),
        (None, Err(error)) => {
            Err(BenchError::Engine { kernel: kernel.name.clone(), error: error.clone() })
        }
        (None, Ok(_)) => Err(BenchError::NothingToHoldAgainst),
    }
}

fn take_figure(options: &BenchOptions<'_>, figure: &Figure, on: &[usize]) -> FigureRows {
    let engines = on.iter().filter_map(|at| options.engines.get(*at));
    let (rounds, sample) = (options.rounds.max(1), sample_time(options));
    let mut runners: Vec<_> = engines
        .map(|engine| Runner::new(engine.info().name, engine.task(figure.work, &figure.wasm)))
        .collect();
    for runner in &mut runners {
        runner.calibrate(sample, rounds);
    }
    measure(&mut runners, rounds);
    let against = on.iter().position(|at| *at == options.against);
    let base = against.and_then(|against| base(&runners, against));
    figure_rows(figure, runners.into_iter().map(|runner| row(runner, base.as_deref())))
}

/// Weighs in processes of their own, in turns too.
fn weigh(options: &BenchOptions<'_>, figure: &Figure, on: &[usize]) -> FigureRows {
    let names: Vec<String> = on.iter().map(|at| options.engines[*at].info().name).collect();
    let mut weights: Vec<Result<Vec<Option<f64>>, String>> = vec![Ok(Vec::new()); names.len()];
    for _ in 0..WEIGHINGS.min(options.rounds.max(1)) {
        for (name, weights) in names.iter().zip(&mut weights) {
            let Ok(so_far) = weights else { continue };
            match (options.weigh)(name, figure) {
                Ok(bytes) => so_far.push(Some(bytes)),
                Err(reason) => *weights = Err(reason),
            }
        }
    }
    let against = on.iter().position(|at| *at == options.against);
    let base = against.and_then(|against| weights[against].clone().ok());
    let rows = names.into_iter().zip(weights).map(|(engine, weights)| match weights {
        Ok(weights) => BenchRow {
            engine,
            refused: None,
            nanoseconds: median(&weights),
            ratio: base.as_ref().and_then(|base| ratio(&weights, base)),
        },
        Err(reason) => BenchRow { engine, refused: Some(reason), nanoseconds: None, ratio: None },
    });
    figure_rows(figure, rows)
}

fn figure_rows(figure: &Figure, rows: impl Iterator<Item = BenchRow>) -> FigureRows {
    let rows = rows.map(|BenchRow { engine, refused, nanoseconds, ratio }| FigureRow {
        engine,
        refused,
        value: nanoseconds,
        ratio,
    });
    FigureRows {
        part: figure.part.name().to_owned(),
        name: figure.name.clone(),
        unit: figure.unit,
        rows: rows.collect(),
    }
}

/// The samples of the engine that the others are compared with, if it has any.
fn base<M: Measured>(runners: &[Runner<M>], against: usize) -> Option<Vec<Option<f64>>> {
    let runner = runners.get(against).filter(|runner| runner.work.is_ok())?;
    Some(runner.samples.clone())
}

fn row<M: Measured>(runner: Runner<M>, base: Option<&[Option<f64>]>) -> BenchRow {
    let refused = runner.work.err().map(|error| error.reason);
    let measured = refused.is_none();
    let found: Option<Ratio> = base.and_then(|base| ratio(&runner.samples, base));
    BenchRow {
        engine: runner.name,
        refused,
        nanoseconds: median(&runner.samples).filter(|_| measured),
        ratio: found.filter(|_| measured),
    }
}

fn mean(engine: &str, kernels: &[KernelRows]) -> BenchMean {
    let rows = kernels.iter().flat_map(|kernel| &kernel.rows).filter(|row| row.engine == engine);
    let ratios: Vec<f64> = rows.filter_map(|row| row.ratio).map(|ratio| ratio.median).collect();
    let (ratio, kernels) = (geometric_mean(&ratios), ratios.len() as u64);
    BenchMean { engine: engine.to_owned(), ratio, kernels }
}
