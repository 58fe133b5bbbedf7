//! Speed, as a ratio against another engine in the same run. Nothing here is ever asserted.

mod clock;
mod kernel;
mod options;
mod race;
mod statistics;

pub use kernel::{Kernel, KernelError, kernels};
pub use options::{BenchError, BenchOptions};
pub use race::bench;
