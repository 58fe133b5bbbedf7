//! What a bench is asked to do.

use super::kernel::Kernel;
use etalon_adapters::{AdapterError, Racer};
use std::time::Duration;
use thiserror::Error;

/// What a bench is asked to do.
pub struct BenchOptions {
    /// The engines.
    pub engines: Vec<Box<dyn Racer>>,
    /// Which of them the others are held against, by its index.
    pub against: usize,
    /// The kernels.
    pub kernels: Vec<Kernel>,
    /// How often each engine is measured on each kernel; at least once.
    pub rounds: usize,
    /// For how long each engine runs each kernel, all rounds together. A call takes as long as it takes.
    pub time: Duration,
}

impl std::fmt::Debug for BenchOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BenchOptions")
            .field("engines", &self.engines.len())
            .field("against", &self.against)
            .field("kernels", &self.kernels.len())
            .field("rounds", &self.rounds)
            .field("time", &self.time)
            .finish()
    }
}

/// Why a bench ended without a result.
#[derive(Debug, Error)]
pub enum BenchError {
    /// An engine cannot run a kernel that it has loaded, or the one to be held against cannot load it.
    #[error("{kernel}: {error}")]
    Engine {
        /// The kernel.
        kernel: String,
        /// Which engine, and why.
        error: AdapterError,
    },
    /// Two engines return different checksums: at least one of them is wrong, and its speed is worth nothing.
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
    /// There is no engine of the index to be held against.
    #[error("the engine to hold the others against is missing")]
    NothingToHoldAgainst,
}
