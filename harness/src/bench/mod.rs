//! Speed, as a ratio to another engine in the same run. No test asserts any of it.

mod clock;
mod compare;
mod figures;
mod kernel;
mod memory;
mod modules;
mod options;
mod pairs;
mod processor;
mod race;
mod rounds;
mod statistics;

pub use clock::processor_time;
pub use compare::compare;
pub use figures::{Figure, Part, figures};
pub use kernel::{Kernel, KernelError, kernels};
pub use memory::weigh;
pub use options::{BenchError, BenchOptions, Weigh};
pub use race::bench;
