//! The record of `etalon bench`.

use serde::{Deserialize, Serialize};

use crate::row::is_false;
use crate::{EngineInfo, Format, Kind, Tool, Value};

/// Kernels and other figures on several engines, measured in one run. All numbers except the checksums differ from run to run.
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
    /// What the processor has, of what code generators ask for.
    #[serde(default)]
    pub cpu: Vec<String>,
    /// The engine that the others are compared with.
    pub against: String,
    /// How often each engine was measured; one whose calls take long, less often.
    pub rounds: u64,
    /// Whether a signal ended it; the record is then of what was done until then.
    #[serde(default, skip_serializing_if = "is_false")]
    pub interrupted: bool,
    /// The engines that ran.
    pub engines: Vec<EngineInfo>,
    /// The kernels, by name.
    pub kernels: Vec<KernelRows>,
    /// What else was measured.
    #[serde(default)]
    pub figures: Vec<FigureRows>,
    /// Each engine over all kernels.
    pub means: Vec<BenchMean>,
    /// One engine over another, over all kernels and over those of each group.
    #[serde(default)]
    pub pairs: Vec<BenchPair>,
    /// What differs from a stored record, if one was given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<BenchChange>,
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
            cpu: Vec::new(),
            against: against.into(),
            rounds: 0,
            interrupted: false,
            engines: Vec::new(),
            kernels: Vec::new(),
            figures: Vec::new(),
            means: Vec::new(),
            pairs: Vec::new(),
            changes: Vec::new(),
        }
    }
}

/// What a kernel mostly does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KernelGroup {
    /// Arithmetic on integers.
    Integer,
    /// Arithmetic on floats, vectors of them among it.
    Float,
    /// Loads and stores.
    Memory,
    /// Calls, direct, indirect and in tail position, and exceptions.
    Calls,
    /// Objects of the heap.
    Objects,
}

impl KernelGroup {
    /// All groups, in the order of tables.
    pub const ALL: [KernelGroup; 5] =
        [Self::Integer, Self::Float, Self::Memory, Self::Calls, Self::Objects];

    /// The name as it stands in the document.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Memory => "memory",
            Self::Calls => "calls",
            Self::Objects => "objects",
        }
    }
}

/// A kernel: a module whose export does a given amount of work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KernelRows {
    /// The kernel's name.
    pub name: String,
    /// Its group; none for a module of the user's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<KernelGroup>,
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

/// What a number of a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Nanoseconds of the processor's time.
    Nanoseconds,
    /// Bytes of memory.
    Bytes,
}

/// A figure besides the kernels: what one thing costs that an engine does, on several engines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FigureRows {
    /// What is measured: `compile`, `load`, `instantiate`, `call` or `memory`.
    pub part: String,
    /// What it is done with or how, which with the part names the figure.
    pub name: String,
    /// What its numbers count.
    pub unit: Unit,
    /// A row for each engine.
    pub rows: Vec<FigureRow>,
}

/// An engine in a figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FigureRow {
    /// The engine's name.
    pub engine: String,
    /// Why there is no number, if there is none.
    #[serde(default)]
    pub refused: Option<String>,
    /// The median.
    #[serde(default)]
    pub value: Option<f64>,
    /// Its number divided by that of the engine that it is compared with.
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

/// One engine over another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BenchPair {
    /// The engine whose time is divided.
    pub engine: String,
    /// The engine whose time it is divided by.
    pub over: String,
    /// The group; none for all kernels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<KernelGroup>,
    /// The geometric mean of the median ratios.
    pub ratio: f64,
    /// The highest of them.
    pub worst: f64,
    /// The kernel that it is of.
    pub kernel: String,
    /// How many kernels both engines ran.
    pub kernels: u64,
}

/// The ratio of an engine, now and in a stored record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BenchChange {
    /// `kernels`, or the part of the figure.
    pub part: String,
    /// The kernel or the figure.
    pub name: String,
    /// The engine's name.
    pub engine: String,
    /// The ratio in the stored record.
    pub then: Ratio,
    /// The ratio in this one.
    pub now: Ratio,
    /// The one divided by the other: above 1 is slower or larger than it was.
    pub change: f64,
    /// Whether the two lie further apart than the rounds of either.
    pub moved: bool,
}
