//! The record of `etalon bench`.

use serde::{Deserialize, Serialize};

use crate::row::is_false;
use crate::{EngineInfo, Format, Kind, Tool, Value};

/// Kernels on several engines, measured in one run. All numbers except the checksums differ from run to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BenchRecord {
    /// Always [`Kind::Bench`].
    pub record: Kind,
    /// The version of the document.
    pub format: Format,
    /// The program that wrote it.
    pub tool: Tool,
    /// The architecture that the engines ran on.
    pub arch: String,
    /// The engine that the others are compared with.
    pub against: String,
    /// How often each engine was measured on each kernel.
    pub rounds: u64,
    /// Whether a signal ended it; the record is then of what was done until then.
    #[serde(default, skip_serializing_if = "is_false")]
    pub interrupted: bool,
    /// The engines that ran.
    pub engines: Vec<EngineInfo>,
    /// The kernels, by name.
    pub kernels: Vec<KernelRows>,
    /// Each engine over all kernels.
    pub means: Vec<BenchMean>,
}

impl BenchRecord {
    /// A record without kernels.
    #[must_use]
    pub fn new(tool: Tool, arch: impl Into<String>, against: impl Into<String>) -> Self {
        Self {
            record: Kind::Bench,
            format: Format::default(),
            tool,
            arch: arch.into(),
            against: against.into(),
            rounds: 0,
            interrupted: false,
            engines: Vec::new(),
            kernels: Vec::new(),
            means: Vec::new(),
        }
    }
}

/// A kernel: a module whose export does a given amount of work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KernelRows {
    /// The kernel's name.
    pub name: String,
    /// What it was called with.
    pub n: i32,
    /// What every engine returned.
    pub checksum: Value,
    /// A row for each engine.
    pub rows: Vec<BenchRow>,
}

/// An engine on a kernel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BenchRow {
    /// The engine's name.
    pub engine: String,
    /// Why there are no numbers, if the engine cannot load the kernel.
    #[serde(default)]
    pub refused: Option<String>,
    /// The median of the processor's time for a call, in nanoseconds.
    #[serde(default)]
    pub nanoseconds: Option<f64>,
    /// Its time divided by that of the engine that it is compared with.
    #[serde(default)]
    pub ratio: Option<Ratio>,
}

/// The ratio of two engines' times, taken in each round: other load of the machine slows both alike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ratio {
    /// The median.
    pub median: f64,
    /// The first quartile.
    pub low: f64,
    /// The third quartile.
    pub high: f64,
}

/// An engine over all kernels that both it and the engine that it is compared with can load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BenchMean {
    /// The engine's name.
    pub engine: String,
    /// The geometric mean of the median ratios.
    pub ratio: f64,
    /// How many kernels the mean is over.
    pub kernels: u64,
}
