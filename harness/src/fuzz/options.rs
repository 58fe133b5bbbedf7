//! What a fuzz run is asked to do.

use crate::diff::DiffOptions;
use crate::generate::Profile;
use etalon_adapters::{Adapter, AdapterError};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// What a fuzz run is asked to do. Case i depends on `seed`, `profiles`, the engines' common features and i
/// alone.
#[derive(Clone)]
pub struct FuzzOptions {
    /// The seed of every case.
    pub seed: u64,
    /// How many cases; without it, `time` decides.
    pub cases: Option<u64>,
    /// For how long cases are begun. Without it and `cases`, there is no end.
    pub time: Option<Duration>,
    /// How many threads; at least one is used.
    pub jobs: usize,
    /// The engines; the first is the one that the others are held against.
    pub engines: Vec<Arc<dyn Adapter>>,
    /// The shapes of modules, which cases take in turn; at least one.
    pub profiles: Vec<&'static Profile>,
    /// How often each export is called.
    pub rounds: usize,
    /// How engines are run and compared.
    pub diff: DiffOptions,
    /// Where findings are saved; nowhere if absent.
    pub out: Option<PathBuf>,
    /// How many kinds of divergence are reduced and saved; further ones are counted with the kind that they resemble.
    pub keep: usize,
}

impl std::fmt::Debug for FuzzOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FuzzOptions")
            .field("seed", &self.seed)
            .field("cases", &self.cases)
            .field("time", &self.time)
            .field("jobs", &self.jobs)
            .field("engines", &self.engines.len())
            .field("profiles", &self.profiles.iter().map(|p| p.name).collect::<Vec<_>>())
            .field("out", &self.out)
            .finish_non_exhaustive()
    }
}

/// Who is told how a run goes on. Called from every thread of the run.
pub trait Progress: Sync {
    /// So many cases are done, and so many kinds of divergence known.
    fn done(&self, cases: u64, findings: usize);

    /// Whether to begin no further case.
    fn stopped(&self) -> bool {
        false
    }
}

/// Tells nobody.
#[derive(Clone, Copy, Debug)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn done(&self, _: u64, _: usize) {}
}

/// Why a fuzz run ended without a result.
#[derive(Debug, Error)]
pub enum FuzzError {
    /// An engine cannot be set up.
    #[error(transparent)]
    Adapter(#[from] AdapterError),
    /// A finding cannot be saved.
    #[error("{}: {error}", file.display())]
    Save {
        /// The file or folder.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A finding has no text form.
    #[error("the finding {id} cannot be written: {error}")]
    Text {
        /// The finding.
        id: String,
        /// Why.
        error: String,
    },
}
