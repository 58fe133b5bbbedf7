//! Options of a benchmark.

use super::figures::Figure;
use super::kernel::Kernel;
use etalon_adapters::{AdapterError, Racer};
use std::time::Duration;
use thiserror::Error;

/// Weighs a figure of memory on the engine with a name, in a process of its own; or says why it cannot.
pub type Weigh<'a> = &'a dyn Fn(&str, &Figure) -> Result<f64, String>;

/// Options of a benchmark.
pub struct BenchOptions<'a> {
    /// The engines.
    pub engines: Vec<Box<dyn Racer>>,
    /// The index of the engine that the others are compared with.
    pub against: usize,
    /// The kernels.
    pub kernels: Vec<Kernel>,
    /// The indices of the engines that run the kernels.
    pub kernels_on: Vec<usize>,
    /// The figures, each with the indices of its engines.
    pub figures: Vec<(Figure, Vec<usize>)>,
    /// How figures of memory are taken.
    pub weigh: Weigh<'a>,
    /// How often each engine is measured on each kernel; at least once.
    pub rounds: usize,
    /// How long each engine runs each kernel, all rounds together. A call that has begun is never cut short.
    pub time: Duration,
}

impl std::fmt::Debug for BenchOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BenchOptions")
            .field("engines", &self.engines.len())
            .field("against", &self.against)
            .field("kernels", &self.kernels.len())
            .field("figures", &self.figures.len())
            .field("rounds", &self.rounds)
            .field("time", &self.time)
            .finish_non_exhaustive()
    }
}

/// Why a benchmark ended without a result.
#[derive(Debug, Error)]
pub enum BenchError {
    /// The engine that the others are compared with cannot run a kernel, or no engine can.
    #[error("{kernel}: {error}")]
    Engine {
        /// The kernel.
        kernel: String,
        /// Which engine, and why.
        error: AdapterError,
    },
    /// Two engines return different checksums: at least one is wrong, so its speed says nothing.
    #[error("{kernel}, n = {n}: {first}, {second}")]
    Checksum {
        /// The kernel.
        kernel: String,
        /// What it was called with.
        n: i32,
        /// An engine, and what it returned.
        first: String,
        /// Another, and what that returned.
        second: String,
    },
    /// There is no engine with the index of the one to compare with.
    #[error("the engine to compare the others with is missing")]
    NothingToHoldAgainst,
}
