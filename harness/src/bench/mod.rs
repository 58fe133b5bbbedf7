//! Speed, as a ratio to another engine in the same run. No test asserts any of it.

mod clock;
mod kernel;
mod options;
mod race;
mod statistics;

pub use kernel::{Kernel, KernelError, kernels};
pub use options::{BenchError, BenchOptions};
pub use race::bench;
